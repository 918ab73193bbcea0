/* options.h - the command line of `hostmem run`. */
#ifndef HM_TOOLS_RUN_OPTIONS_H
#define HM_TOOLS_RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The smallest limit that is taken. Mono needs about 21 MiB before the first line of a program runs,
 * and a refusal on the way there ends it with messages about its insides, or with a signal.
 */
#define HM_RUN_LEAST_LIMIT      (UINT64_C(24) << 20)
#define HM_RUN_LEAST_LIMIT_TEXT "24M"

struct hm_run_options {
    uint64_t commit_limit;   /* bytes, at least HM_RUN_LEAST_LIMIT; 0: none */
    const char *report_path; /* NULL: standard error */
    bool json;
    bool plain;       /* leave the memory to Mono, for comparison; nothing above goes with it */
    int program_argc; /* PROGRAM.exe and its arguments, as Main is to see them */
    char **program_argv;
};

/*
 * Reads the command line. Returns true when the program is to be run; else *status is the exit
 * code, and what there was to say has been said. What options point at lives until the end of the
 * process.
 */
bool hm_run_parse(int argc, const char **argv, struct hm_run_options *options, int *status);

#endif
