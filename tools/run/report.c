/* report.c - gathers what `hostmem run` tells at the end, when the process exits. */
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector.h"

static int report_fd = -1;
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

void hm_report_write(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, text, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; /* nowhere to complain to */
        text += written;
        length -= (size_t)written;
    }
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
}

int hm_report_at_exit(const char *path, bool json)
{
    /* A copy of standard error, because the runtime closes files of its own accord at its end. */
    report_fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)
                     : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (report_fd < 0)
        return path ? errno : 0; /* a program may well run with standard error closed */
    report_json = json;
    atomic_store(&wanted, true);
    return atexit(write_at_exit) == 0 ? 0 : ENOMEM;
}

void hm_report_cancel(void)
{
    atomic_store(&wanted, false);
}
