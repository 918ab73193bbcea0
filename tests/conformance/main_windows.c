/*
 * main_windows.c - the rows as a Windows program, for Windows itself and for Wine.
 *
 *     conform.exe [--json] [--row ID]...
 *
 * Prints id, verdict and fact of every row, or of those named (a letter names its group). On Wine,
 * rows that are known to differ from Windows are reported as known deviations.
 *
 * Ends with 1 if a row failed, or passed that is known to fail; with 2 if nothing could be run.
 */
#include "faces_windows.h"
#include "known_wine.h"
#include "report.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <string.h>

enum { MAX_WORDS = 256 };

static const char *wine; /* its version; NULL: this is Windows */

static const struct conform_known *known(const struct conform_row *row)
{
    return wine ? conform_known_wine(row, wine) : NULL;
}

/* A row in a process of its own: conform.exe --isolated ID MAPPING */
static int run_isolated(const char *id, const char *mapping)
{
    const struct conform_row *row = conform_find(id);
    if (!row)
        return 2;
    return conform_run_for_parent(conform_windows(), row, mapping) ? 0 : 2;
}

static int usage(const char *wrong)
{
    fprintf(stderr, "conform: %s\nusage: conform [--json] [--row ID]...\n", wrong);
    return 2;
}

int main(int argc, char **argv)
{
    static char system[64] = "Windows";
    static const char *words[MAX_WORDS + 1];
    size_t count = 0;
    struct conform_plan plan = {.known = known, .system = system};
    if (argc == 4 && strcmp(argv[1], "--isolated") == 0)
        return run_isolated(argv[2], argv[3]);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            plan.json = true;
        } else if (strcmp(argv[i], "--row") == 0 && i + 1 < argc && count < MAX_WORDS) {
            words[count++] = argv[++i];
            if (!conform_is_word(argv[i]))
                return usage("there is no such row");
        } else {
            return usage("what does that mean?");
        }
    }
    if (conform_forgotten_wine()) {
        fprintf(stderr, "conform: known_wine.c and the flags of row %s do not agree\n",
                conform_forgotten_wine());
        return 2;
    }
    wine = conform_wine_version();
    if (wine)
        snprintf(system, sizeof system, "Wine %s", wine);
    plan.passes_surprise = wine && conform_knows_wine(wine);
    plan.api = conform_windows();
    plan.words = count ? words : NULL;
    /* The same bytes as elsewhere. */
    _setmode(_fileno(stdout), _O_BINARY);
    return conform_report(&plan);
}
