/* report_json.c - the report for programs. */
#include "report.h"

#include <errno.h>
#include <stdalign.h>
#include <stdio.h>

#include <jansson.h>

/* jansson's memory: handed out in order and never taken back. A report's size does not depend on
 * the program, and takes about a tenth of this. */
static alignas(max_align_t) char pool[256 * 1024];
static size_t pool_used;

static void *pool_alloc(size_t size)
{
    size_t start = pool_used;

    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (size > sizeof pool - start)
        return NULL;
    pool_used = start + size;
    return pool + start;
}

static void pool_free(void *block)
{
    (void)block;
}

static int write_chunk(const char *text, size_t length, void *fd)
{
    return hm_report_write(*(const int *)fd, text, length) ? 0 : -1;
}

static void set_number(json_t *object, const char *key, uint64_t number)
{
    json_object_set_new(object, key, json_integer((json_int_t)number));
}

static json_t *calls(const struct hm_report *report)
{
    json_t *object = json_object();

    for (int i = 0; i < HM_METHOD_COUNT; i++)
        set_number(object, hm_method_name((enum hm_method)i), report->calls[i]);
    return object;
}

static json_t *failures(void)
{
    json_t *array = json_array();
    struct hm_failure failure;

    for (unsigned i = 0; hm_calls_failure(i, &failure); i++) {
        json_t *object = json_object();
        char hresult[16];

        snprintf(hresult, sizeof hresult, "0x%08x", (unsigned)failure.result);
        json_object_set_new(object, "method", json_string(hm_method_name(failure.method)));
        json_object_set_new(object, "hresult", json_string(hresult));
        set_number(object, "count", failure.count);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *memory(const hostmem_statistics *statistics)
{
    json_t *object = json_object();

    set_number(object, "reserved", statistics->reserved);
    set_number(object, "reserved_peak", statistics->reserved_peak);
    set_number(object, "committed", statistics->committed);
    set_number(object, "committed_peak", statistics->committed_peak);
    set_number(object, "commit_limit", statistics->commit_limit);
    set_number(object, "refused", statistics->refused);
    return object;
}

static json_t *allocations(const struct hm_survey *survey)
{
    json_t *array = json_array();

    for (int i = 0; i < HM_KIND_COUNT; i++) {
        const struct hm_survey_row *row = &survey->kinds[i];
        json_t *object;

        if (!row->allocations)
            continue;
        object = json_object();
        json_object_set_new(object, "kind", json_string(mono_mem_account_type_name(i)));
        set_number(object, "number", row->allocations);
        for (int use = 0; use < HM_USE_COUNT; use++)
            set_number(object, hm_use_name((enum hm_use)use), row->bytes[use]);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *not_served(const struct hm_report *report)
{
    json_t *object = json_object();

    for (int i = 0; i < HM_PASSED_COUNT; i++)
        set_number(object, hm_passed_name((enum hm_passed)i), report->passed[i]);
    return object;
}

void hm_report_json(const struct hm_report *report, int fd)
{
    json_t *root;

    json_set_alloc_funcs(pool_alloc, pool_free);
    root = json_object();
    json_object_set_new(root, "calls", calls(report));
    json_object_set_new(root, "failures", failures());
    json_object_set_new(root, "memory", memory(&report->statistics));
    json_object_set_new(root, "allocations", allocations(&report->survey));
    json_object_set_new(root, "not_served", not_served(report));
    set_number(root, "notifications", report->notified);
    set_number(root, "collections", report->collections);
    if (json_dump_callback(root, write_chunk, &fd, JSON_INDENT(2)) == 0)
        hm_report_write(fd, "\n", 1);
    else
        hm_report_failed(ENOMEM); /* unless a write has failed, and been noted */
}
