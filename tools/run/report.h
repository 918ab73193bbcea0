/*
 * report.h - what `hostmem run` tells at the end.
 *
 * The report is written from an exit handler, which also runs when the program calls
 * Environment.Exit. Mono may then have stopped other threads inside malloc or stdio, so the report
 * is made without either: into memory set aside, and out by write.
 */
#ifndef HM_TOOLS_RUN_REPORT_H
#define HM_TOOLS_RUN_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include <hostmem/hostmem.h>

#include "calls.h"
#include "glue.h"
#include "survey.h"

/* Everything that is told, gathered before any of it is written. */
struct hm_report {
    uint64_t calls[HM_METHOD_COUNT];
    hostmem_statistics statistics;
    struct hm_survey survey;
    uint64_t passed[HM_PASSED_COUNT];
    uint64_t notified;
    uint64_t collections;
};

const char *hm_passed_name(enum hm_passed what);

/* A short name for the HRESULTs that the manager's methods give; NULL for others. */
const char *hm_hresult_name(HRESULT result);

/* Opens the place of the report, NULL meaning standard error, and arranges for it to be written
 * at exit. Returns 0 or an errno value. A report that cannot be written then makes the exit code
 * HM_EXIT_USAGE. path must live until the end of the process. */
int hm_report_at_exit(const char *path, bool json);

/* Give it that nothing is to be told: the program was not run. */
void hm_report_cancel(void);

/* Writes to a file descriptor, through short writes and interruptions. False when that failed; it is
 * noted then, and nothing more is written. */
bool hm_report_write(int fd, const char *text, size_t length);

/* Writes to standard error; a failure there concerns nobody. */
void hm_report_say(const char *text, size_t length);

/* Notes an errno value: the report is not complete. The first one counts. */
void hm_report_failed(int error);

void hm_report_text(const struct hm_report *report, int fd);
void hm_report_json(const struct hm_report *report, int fd);

#endif
