#include "space/foreign.h"

#include <assert.h>
#include <errno.h>

#include "space/rules.h"

/* How many of the host's mappings one protection change may span. */
enum { MAPPINGS_MAX = 32 };

static hm_addr space_end(void)
{
    return (hm_addr)hm_space_highest_address() + 1;
}

/* May the host have somebody else's mapping there? Entries that a reservation has claimed are free
 * until it publishes. */
static bool worth_asking(const struct hm_cell *cell)
{
    unsigned code = hm_word_code(cell->word);
    return (code == HM_CODE_FREE || code == HM_CODE_MARKED) && !(cell->word & HM_WORD_CLAIM);
}

/* The next address from `at` on, up to limit, that the table does not leave to the host. */
static hm_addr unknown_end(hm_addr at, hm_addr limit)
{
    while (at < limit) {
        struct hm_cell cell;
        hm_table_find(at, &cell);
        if (!worth_asking(&cell))
            return at;
        at = hm_cell_end(hm_geometry(), &cell);
    }
    return limit;
}

/* The host's mapping at or above address. ENOENT is an answer (none); other errors mean that nothing is
 * known, and claiming that memory is free would be a lie. */
static bool ask_host(hm_addr address, struct hm_os_mapping *mapping)
{
    int error = hm_os_backend()->find_mapping((uintptr_t)address, mapping);
    if (error == ENOENT)
        *mapping = (struct hm_os_mapping){.start = UINTPTR_MAX, .end = UINTPTR_MAX};
    return error == 0 || error == ENOENT;
}

/* The next address from `at` on, up to limit, that is left to the host but marked differently. */
static hm_addr alike_end(hm_addr at, hm_addr limit)
{
    struct hm_cell cell;
    hm_table_find(at, &cell);
    hm_word word = cell.word;
    while (at < limit) {
        hm_table_find(at, &cell);
        if (cell.word != word)
            return at;
        at = hm_cell_end(hm_geometry(), &cell);
    }
    return limit;
}

/* Where free memory that begins at `at` ends: at an allocation or at a foreign mapping. */
static bool free_end(hm_addr at, hm_addr *end)
{
    for (*end = space_end(); at < space_end();) {
        struct hm_cell cell;
        hm_table_find(at, &cell);
        hm_addr next = hm_cell_end(hm_geometry(), &cell);
        if (hm_word_is_allocated(cell.word)) {
            *end = at;
            break;
        }
        if (worth_asking(&cell)) {
            struct hm_os_mapping mapping;
            next = unknown_end(at, space_end());
            if (!ask_host(at, &mapping))
                return false;
            if (mapping.start < next) {
                *end = mapping.start > at ? mapping.start : at;
                break;
            }
        }
        at = next;
    }
    return true;
}

/* The host joins mappings that look alike, the library's with others' too: an allocation that is
 * not ours begins behind the last page before it that is. */
static hm_addr behind_owned(hm_addr from, hm_addr to)
{
    hm_addr base = from;
    while (from < to) {
        struct hm_cell cell;
        hm_table_find(from, &cell);
        from = hm_cell_end(hm_geometry(), &cell);
        if (!worth_asking(&cell))
            base = from;
    }
    return base;
}

static uint32_t page_protect(const struct hm_os_mapping *mapping)
{
    bool writable = mapping->prot & HM_OS_WRITE;
    bool executable = mapping->prot & HM_OS_EXEC;
    if (writable) {
        bool copies = mapping->kind == HM_OS_FILE && !mapping->shared;
        uint32_t protect = copies ? PAGE_WRITECOPY : PAGE_READWRITE;
        return executable ? protect << 4 : protect;
    }
    if (mapping->prot & HM_OS_READ)
        return executable ? PAGE_EXECUTE_READ : PAGE_READONLY;
    return executable ? PAGE_EXECUTE : PAGE_NOACCESS;
}

static uint32_t memory_type(enum hm_os_kind kind)
{
    switch (kind) {
    case HM_OS_IMAGE:
        return MEM_IMAGE;
    case HM_OS_FILE:
        return MEM_MAPPED;
    default:
        return MEM_PRIVATE;
    }
}

/* Inaccessible anonymous memory is how everybody on such a host reserves. */
static bool is_reservation(const struct hm_os_mapping *mapping)
{
    return mapping->prot == HM_OS_NONE && mapping->kind == HM_OS_ANONYMOUS;
}

/* A mark counts as long as the page is as the library left it: inaccessible. */
static bool is_guarded(const struct hm_cell *cell, const struct hm_os_mapping *mapping)
{
    return hm_word_code(cell->word) == HM_CODE_MARKED && mapping->prot == HM_OS_NONE;
}

static void describe(const struct hm_cell *cell, hm_addr address,
                     const struct hm_os_mapping *mapping, struct hm_region *region)
{
    bool guarded = is_guarded(cell, mapping);
    bool reserved = !guarded && is_reservation(mapping);
    uint32_t protect = guarded ? hm_word_allocation_protect(cell->word) : page_protect(mapping);
    region->base = (uintptr_t)address;
    region->allocation_base = (uintptr_t)behind_owned(mapping->allocation, address);
    region->size = (size_t)(alike_end(address, mapping->end) - address);
    region->allocation_protect = protect;
    region->state = reserved ? MEM_RESERVE : MEM_COMMIT;
    region->protect = reserved ? 0 : protect;
    region->type = memory_type(mapping->kind);
}

hm_status hm_foreign_query(hm_addr address, struct hm_region *region)
{
    struct hm_cell cell;
    struct hm_os_mapping mapping;
    hm_table_find(address, &cell);
    if (worth_asking(&cell)) {
        if (!ask_host(address, &mapping))
            return HM_STATUS_INSUFFICIENT_RESOURCES;
        if (mapping.start <= address) {
            describe(&cell, address, &mapping, region);
            return HM_STATUS_SUCCESS;
        }
    }
    hm_addr end;
    if (!free_end(address, &end))
        return HM_STATUS_INSUFFICIENT_RESOURCES;
    *region = (struct hm_region){
        .base = (uintptr_t)address,
        .size = (size_t)(end - address),
        .state = MEM_FREE,
        .protect = PAGE_NOACCESS,
    };
    return HM_STATUS_SUCCESS;
}

/* The mappings that make up the range, if they cover it without a gap. */
static hm_status collect(struct hm_range range, struct hm_os_mapping *mapping, unsigned *count)
{
    assert(range.start < range.end);
    *count = 0;
    if (unknown_end(range.start, range.end) < range.end)
        return HM_STATUS_CONFLICTING_ADDRESSES;
    for (hm_addr at = range.start; at < range.end; at = mapping[(*count)++].end) {
        if (*count == MAPPINGS_MAX)
            return HM_STATUS_CONFLICTING_ADDRESSES;
        struct hm_os_mapping *m = &mapping[*count];
        if (!ask_host(at, m))
            return HM_STATUS_INSUFFICIENT_RESOURCES;
        if (m->start > at)
            return HM_STATUS_CONFLICTING_ADDRESSES;
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
    return worth_asking(cell);
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
        hm_word word = protect & PAGE_GUARD ? hm_word_make_marked(protect) : HM_CODE_FREE;
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
    uint32_t before = is_guarded(&first, &mapping[0]) ? hm_word_allocation_protect(first.word)
                                                      : page_protect(&mapping[0]);
    bool marked =
        protect & PAGE_GUARD || hm_scan_past(range.start, range.end, HM_CODE_FREE) < range.end;
    status = marked ? protect_marked(range, mapping, count, protect)
                    : protect_mappings(range, mapping, count, protect);
    if (status == HM_STATUS_SUCCESS)
        *old = before;
    return status;
}
