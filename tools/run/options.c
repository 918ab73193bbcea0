/* options.c - the command line of `hostmem run`. */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>

#include <popt.h>

#include "../commands.h"
#include "size.h"

static int complain(poptContext context, const char *subject, const char *what)
{
    fprintf(stderr, "hostmem run: %s: %s\n", subject, what);
    poptPrintUsage(context, stderr, 0);
    return HM_EXIT_USAGE;
}

/* Copies the words after the options; the context's own copy goes away with it. */
static bool copy_program(poptContext context, struct hm_run_options *options)
{
    const char **rest = poptGetArgs(context);
    int count = 0;

    while (rest && rest[count])
        count++;
    return count > 0 && poptDupArgv(count, rest, &options->program_argc,
                                    (const char ***)(void *)&options->program_argv) == 0;
}

/* Checks what popt has collected. Returns 0 or the exit code. */
static int check(poptContext context, int result, const char *limit, struct hm_run_options *options)
{
    const char *wrong;

    if (result < -1)
        return complain(context, poptBadOption(context, 0), poptStrerror(result));
    if (limit) {
        wrong = hm_size_parse(limit, &options->commit_limit);
        if (wrong) {
            fprintf(stderr, "hostmem run: --commit-limit: '%s' %s\n", limit, wrong);
            return HM_EXIT_USAGE;
        }
    }
    if (!copy_program(context, options))
        return complain(context, "no program", "which one is to be run?");
    return 0;
}

bool hm_run_parse(int argc, const char **argv, struct hm_run_options *options, int *status)
{
    int json = 0;
    int plain = 0;
    int help = 0;
    char *limit = NULL;
    char *report = NULL;
    const struct poptOption table[] = {
        {"commit-limit", 0, POPT_ARG_STRING, &limit, 0,
         "refuse to have more than this committed at a time; suffixes K, M, G", "SIZE"},
        {"report", 0, POPT_ARG_STRING, &report, 0,
         "write the report there instead of standard error", "FILE"},
        {"json", 0, POPT_ARG_NONE, &json, 0, "write the report as JSON", NULL},
        {"plain", 0, POPT_ARG_NONE | POPT_ARGFLAG_DOC_HIDDEN, &plain, 0, NULL, NULL},
        {"help", 'h', POPT_ARG_NONE, &help, 0, "tell about these options", NULL},
        POPT_TABLEEND};
    /* Options after PROGRAM.exe belong to the program. */
    poptContext context = poptGetContext(NULL, argc, argv, table, POPT_CONTEXT_POSIXMEHARDER);
    int result;

    poptSetOtherOptionHelp(context, "[OPTIONS] PROGRAM.exe [ARGUMENTS]");
    result = poptGetNextOpt(context);
    if (result == -1 && help) {
        poptPrintHelp(context, stdout, 0);
        *status = EXIT_SUCCESS;
    } else {
        *status = check(context, result, limit, options);
    }
    poptFreeContext(context);
    options->report_path = report;
    options->json = json != 0;
    options->plain = plain != 0;
    free(limit);
    return *status == 0 && !help;
}
