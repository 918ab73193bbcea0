/* report.c - gathers what `hostmem run` tells at the end, when the process exits. */
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../commands.h"
#include "collector.h"

static int report_fd = -1;
static const char *report_path;
static int report_error; /* an errno value; 0: all was written so far */
static bool report_json;
static atomic_bool wanted;

const char *hm_passed_name(enum hm_passed what)
{
    static const char *const names[HM_PASSED_COUNT] = {
        [HM_PASSED_FIXED] = "fixed mapping of foreign memory",
        [HM_PASSED_FOREIGN_FREE] = "free of foreign memory",
        [HM_PASSED_FOREIGN_DISCARD] = "discard of foreign memory",
    };
    return names[what];
}

const char *hm_hresult_name(HRESULT result)
{
    switch ((uint32_t)result) {
    case 0x8007000eu:
        return "E_OUTOFMEMORY";
    case 0x80070057u:
        return "E_INVALIDARG";
    case 0x800701e7u:
        return "ERROR_INVALID_ADDRESS";
    case 0x80070005u:
        return "ERROR_ACCESS_DENIED";
    case 0x800703e6u:
        return "ERROR_NOACCESS";
    case 0x80070032u:
        return "ERROR_NOT_SUPPORTED";
    default:
        return NULL;
    }
}

/* Returns 0 or an errno value. */
static int write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, text, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? errno : EIO;
        text += written;
        length -= (size_t)written;
    }
    return 0;
}

void hm_report_say(const char *text, size_t length)
{
    (void)write_all(STDERR_FILENO, text, length);
}

void hm_report_failed(int error)
{
    if (report_error == 0)
        report_error = error;
}

bool hm_report_write(int fd, const char *text, size_t length)
{
    if (report_error == 0)
        report_error = write_all(fd, text, length);
    return report_error == 0;
}

static void gather(struct hm_report *report)
{
    /* Before the survey, whose queries are none of the program's. */
    for (int i = 0; i < HM_METHOD_COUNT; i++)
        report->calls[i] = hm_calls_made((enum hm_method)i);
    for (int i = 0; i < HM_PASSED_COUNT; i++)
        report->passed[i] = hm_glue_passed((enum hm_passed)i);
    report->notified = hm_collector_notified();
    report->collections = hm_collector_collections();
    report->statistics.size = sizeof report->statistics;
    hostmem_get_statistics(hm_calls_manager(), &report->statistics);
    hm_survey_take(&report->survey);
}

/* Not strerror, which may take locks of the C library. */
static const char *reason(int error)
{
    switch (error) {
    case ENOSPC:
        return "no space left on device";
    case EDQUOT:
        return "disk quota exceeded";
    case EFBIG:
        return "file too large";
    case EPIPE:
        return "nobody reads it";
    case ENOMEM:
        return "not enough memory set aside";
    default:
        return "input/output error";
    }
}

/*
 * An exit handler has no return value, so that only _exit can change the code. What it leaves out
 * and matters is the buffer of standard output, where native code may have printed; a thread that
 * was stopped inside printf may hold it, and is not waited for.
 */
static _Noreturn void leave_without_report(void)
{
    const char *const parts[] = {"hostmem run: cannot write the report to '",
                                 report_path ? report_path : "standard error",
                                 "': ", reason(report_error), "\n"};

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        hm_report_say(parts[i], strlen(parts[i]));
    if (ftrylockfile(stdout) == 0)
        fflush_unlocked(stdout);
    _exit(HM_EXIT_USAGE);
}

static void write_at_exit(void)
{
    static struct hm_report report;

    if (!atomic_exchange(&wanted, false))
        return;
    hm_collector_disable();
    gather(&report);
    if (report_json)
        hm_report_json(&report, report_fd);
    else
        hm_report_text(&report, report_fd);
    /* Some file systems tell only now that there is no room. */
    if (close(report_fd) != 0 && errno != EINTR)
        hm_report_failed(errno);
    if (report_error != 0)
        leave_without_report();
}

int hm_report_at_exit(const char *path, bool json)
{
    /* A copy of standard error, because the runtime closes files of its own accord at its end. */
    report_fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)
                     : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (report_fd < 0)
        return path ? errno : 0; /* a program may well run with standard error closed */
    report_json = json;
    report_path = path;
    atomic_store(&wanted, true);
    return atexit(write_at_exit) == 0 ? 0 : ENOMEM;
}

void hm_report_cancel(void)
{
    atomic_store(&wanted, false);
}
