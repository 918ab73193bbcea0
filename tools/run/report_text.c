/* report_text.c - the report for people. */
#include "report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* One line at a time: snprintf of integers and strings needs no malloc, unlike stdio's streams. */
static void line(int fd, const char *format, ...) __attribute__((__format__(__printf__, 2, 3)));

static void line(int fd, const char *format, ...)
{
    char text[256];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0)
        hm_report_write(fd, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

static uint64_t kib(uint64_t bytes)
{
    return bytes >> 10;
}

static void write_calls(const struct hm_report *report, int fd)
{
    struct hm_failure failure;

    line(fd, "calls of IHostMemoryManager\n");
    for (int i = 0; i < HM_METHOD_COUNT; i++)
        if (report->calls[i])
            line(fd, "  %-35s %12" PRIu64 "\n", hm_method_name((enum hm_method)i),
                 report->calls[i]);
    for (unsigned i = 0; hm_calls_failure(i, &failure); i++) {
        const char *name = hm_hresult_name(failure.result);

        line(fd, "%s  %-18s 0x%08x %-22s %8" PRIu64 "\n", i == 0 ? "failures\n" : "",
             hm_method_name(failure.method), (unsigned)failure.result, name ? name : "",
             failure.count);
    }
}

static void write_memory(const struct hm_report *report, int fd)
{
    const hostmem_statistics *memory = &report->statistics;

    line(fd, "memory, KiB                    now         peak\n");
    line(fd, "  reserved            %12" PRIu64 " %12" PRIu64 "\n", kib(memory->reserved),
         kib(memory->reserved_peak));
    line(fd, "  committed           %12" PRIu64 " %12" PRIu64 "\n", kib(memory->committed),
         kib(memory->committed_peak));
    if (memory->commit_limit)
        line(fd, "  limit               %12" PRIu64 "   (%" PRIu64 " requests refused)\n",
             kib(memory->commit_limit), memory->refused);
}

static void write_row(int fd, const char *name, const struct hm_survey_row *row)
{
    line(fd,
         "  %-24s %6" PRIu64 " %10" PRIu64 " %10" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64
         " %7" PRIu64 "\n",
         name, row->allocations, kib(row->bytes[HM_USE_RESERVED]),
         kib(row->bytes[HM_USE_READ_WRITE]), kib(row->bytes[HM_USE_EXECUTE]),
         kib(row->bytes[HM_USE_READ_ONLY]), kib(row->bytes[HM_USE_NO_ACCESS]),
         kib(row->bytes[HM_USE_GUARD]));
}

static void write_survey(const struct hm_report *report, int fd)
{
    line(fd, "live allocations, KiB     number   reserved read-write   execute read-only no-access"
             "   guard\n");
    for (int i = 0; i < HM_KIND_COUNT; i++)
        if (report->survey.kinds[i].allocations)
            write_row(fd, mono_mem_account_type_name(i), &report->survey.kinds[i]);
}

void hm_report_text(const struct hm_report *report, int fd)
{
    line(fd, "\nhostmem run\n");
    write_calls(report, fd);
    write_memory(report, fd);
    write_survey(report, fd);
    if (report->notified)
        line(fd, "notifications %" PRIu64 ", collections for them %" PRIu64 "\n", report->notified,
             report->collections);
    for (int i = 0; i < HM_PASSED_COUNT; i++)
        if (report->passed[i])
            line(fd, "not served: %s %" PRIu64 "\n", hm_passed_name((enum hm_passed)i),
                 report->passed[i]);
}
