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

/* Reads the limit. Returns 0 or the exit code. */
static int check_limit(const char *limit, uint64_t *bytes)
{
    const char *wrong = hm_size_parse(limit, bytes);

    if (!wrong && *bytes < HM_RUN_LEAST_LIMIT)
        wrong = "is less than " HM_RUN_LEAST_LIMIT_TEXT ": Mono itself could not start";
    if (!wrong)
        return 0;
    fprintf(stderr, "hostmem run: --commit-limit: '%s' %s\n", limit, wrong);
    return HM_EXIT_USAGE;
}

/* Checks what popt has collected. Returns 0 or the exit code. */
static int check(poptContext context, int result, const char *limit, struct hm_run_options *options)
{
    int status;

    if (result < -1)
        return complain(context, poptBadOption(context, 0), poptStrerror(result));
    if (limit) {
        status = check_limit(limit, &options->commit_limit);
        if (status != 0)
            return status;
    }
    /* There is no manager then that could have a limit or a report. */
    if (options->plain && (limit || options->report_path || options->json))
        return complain(context, "--plain", "no other option goes with it");
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
         "refuse to have more than this committed at a time; suffixes K, M, G; at "
         "least " HM_RUN_LEAST_LIMIT_TEXT,
         "SIZE"},
        {"report", 0, POPT_ARG_STRING, &report, 0,
         "write the report there instead of standard error", "FILE"},
        {"json", 0, POPT_ARG_NONE, &json, 0, "write the report as JSON", NULL},
        {"plain", 0, POPT_ARG_NONE, &plain, 0,
         "leave the memory to Mono, for comparison; no other option goes with it", NULL},
        {"help", 'h', POPT_ARG_NONE, &help, 0, "tell about these options", NULL},
        POPT_TABLEEND};
    /* Options after PROGRAM.exe belong to the program. */
    poptContext context = poptGetContext(NULL, argc, argv, table, POPT_CONTEXT_POSIXMEHARDER);
    int result;

    poptSetOtherOptionHelp(context, "[OPTIONS] PROGRAM.exe [ARGUMENTS]");
    result = poptGetNextOpt(context);
    options->report_path = report;
    options->json = json != 0;
    options->plain = plain != 0;
    if (result == -1 && help) {
        poptPrintHelp(context, stdout, 0);
        *status = EXIT_SUCCESS;
    } else {
        *status = check(context, result, limit, options);
    }
    poptFreeContext(context);
    free(limit);
    if (*status == 0 && !help)
        return true;
    free(report);
    options->report_path = NULL;
    return false;
}
