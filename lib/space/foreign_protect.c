/*
 * Protecting memory of others.
 */
#include "space/foreign.h"

#include <assert.h>
#include <errno.h>

#include "space/rules.h"

/* How many of the host's mappings one change may span. */
enum { MAPPINGS_MAX = 32 };

/* The mappings that make up the range, if they cover it without a gap. */
static hm_status collect(struct hm_range range, struct hm_os_mapping *mapping, unsigned *count)
{
    assert(range.start < range.end);
    *count = 0;
    if (hm_foreign_end(range.start, range.end) < range.end)
        return HM_STATUS_CONFLICTING_ADDRESSES;
    for (hm_addr at = range.start; at < range.end; at = mapping[(*count)++].end) {
        if (*count == MAPPINGS_MAX)
            return HM_STATUS_CONFLICTING_ADDRESSES;
        struct hm_os_mapping *m = &mapping[*count];
        if (!hm_foreign_ask(at, m))
            return HM_STATUS_INSUFFICIENT_RESOURCES;
        if (m->start > at)
            return HM_STATUS_CONFLICTING_ADDRESSES;
        /* What others have only reserved has no protection to change. */
        if (hm_foreign_is_reserved((hm_addr)at, m))
            return HM_STATUS_NOT_COMMITTED;
        if (m->start < range.start)
            m->start = (uintptr_t)range.start;
        if (m->end > range.end)
            m->end = (uintptr_t)range.end;
    }
    return HM_STATUS_SUCCESS;
}

/* Copying on write needs a file behind the pages, and a view that does not write to it. */
static bool allows(const struct hm_os_mapping *mapping, unsigned count, uint32_t protect)
{
    if (hm_rules_valid_protection(protect))
        return true;
    for (unsigned i = 0; i < count; i++)
        if (mapping[i].shared || mapping[i].kind == HM_OS_ANONYMOUS ||
            mapping[i].kind == HM_OS_STACK)
            return false;
    return true;
}

static hm_status protect_mappings(struct hm_range range, const struct hm_os_mapping *mapping,
                                  unsigned count, uint32_t protect)
{
    const struct hm_os *os = hm_os_backend();
    unsigned access = hm_word_access(hm_word_with_commit(0, protect));
    int error = os->protect((uintptr_t)range.start, (size_t)(range.end - range.start), access);
    if (error == 0)
        return HM_STATUS_SUCCESS;
    for (unsigned i = 0; i < count; i++)
        (void)os->protect(mapping[i].start, mapping[i].end - mapping[i].start, mapping[i].prot);
    /* A file opened for reading cannot be made writable: a protection that the view does not allow. */
    return error == EACCES ? HM_STATUS_INVALID_PAGE_PROTECTION : HM_STATUS_NO_MEMORY;
}

static bool is_left_to_host(const void *context, const struct hm_cell *cell)
{
    (void)context;
    return hm_foreign_possible(cell);
}

static hm_word make_word(const void *context, const struct hm_cell *cell)
{
    (void)cell;
    return *(const hm_word *)context;
}

/* The same where guard pages come or go, which the table has to remember: the pages are claimed like
 * owned ones while it happens. */
static hm_status protect_marked(struct hm_range range, const struct hm_os_mapping *mapping,
                                unsigned count, uint32_t protect)
{
    struct hm_claim claim = {range.start, range.end, is_left_to_host, NULL, .wait = true};
    struct hm_op op;
    hm_op_enter(&op);
    enum hm_claim_result result = hm_claim(&claim);
    hm_status status = result == HM_CLAIMED ? protect_mappings(range, mapping, count, protect)
                       : result == HM_CLAIM_NO_MEMORY ? HM_STATUS_NO_MEMORY
                                                      : HM_STATUS_CONFLICTING_ADDRESSES;
    if (status == HM_STATUS_SUCCESS) {
        hm_word word =
            protect & (PAGE_GUARD | PAGE_NOACCESS) ? hm_word_make_marked(protect) : HM_CODE_FREE;
        hm_publish(&op, range.start, range.end, make_word, &word);
        hm_merge_around(&op, range.start, HM_LEVEL_LARGE);
    } else if (result == HM_CLAIMED) {
        hm_unclaim(range.start, range.end);
    }
    hm_op_leave(&op);
    return status;
}

hm_status hm_foreign_protect(struct hm_range range, uint32_t protect, uint32_t *old)
{
    struct hm_os_mapping mapping[MAPPINGS_MAX];
    unsigned count;
    hm_status status = collect(range, mapping, &count);
    if (status != HM_STATUS_SUCCESS)
        return status;
    if (!allows(mapping, count, protect))
        return HM_STATUS_INVALID_PAGE_PROTECTION;
    struct hm_cell first;
    hm_table_find(range.start, &first);
    uint32_t before = hm_foreign_page_protect(&first, &mapping[0]);
    bool marked = protect & (PAGE_GUARD | PAGE_NOACCESS) ||
                  hm_scan_past(range.start, range.end, HM_CODE_FREE) < range.end;
    status = marked ? protect_marked(range, mapping, count, protect)
                    : protect_mappings(range, mapping, count, protect);
    if (status == HM_STATUS_SUCCESS)
        *old = before;
    return status;
}
