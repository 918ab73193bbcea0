/*
 * What is where the library has nothing.
 */
#include "space/foreign.h"

#include <errno.h>

static hm_addr space_end(void)
{
    return (hm_addr)hm_space_highest_address() + 1;
}

bool hm_foreign_possible(const struct hm_cell *cell)
{
    unsigned code = hm_word_code(cell->word);
    return (code == HM_CODE_FREE || code == HM_CODE_MARKED) && !(cell->word & HM_WORD_CLAIM);
}

hm_addr hm_foreign_end(hm_addr at, hm_addr limit)
{
    while (at < limit) {
        struct hm_cell cell;
        hm_table_find(at, &cell);
        if (!hm_foreign_possible(&cell))
            return at;
        at = hm_cell_end(hm_geometry(), &cell);
    }
    return limit;
}

bool hm_foreign_ask(hm_addr address, struct hm_os_mapping *mapping)
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
        if (hm_foreign_possible(&cell)) {
            struct hm_os_mapping mapping;
            next = hm_foreign_end(at, space_end());
            if (!hm_foreign_ask(at, &mapping))
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
        if (!hm_foreign_possible(&cell))
            base = from;
    }
    return base;
}

static uint32_t host_protect(const struct hm_os_mapping *mapping)
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

/* A mark counts as long as the page is as the library left it: inaccessible. It tells guard pages and
 * committed inaccessible ones from what was only reserved. */
static bool is_marked(const struct hm_cell *cell, const struct hm_os_mapping *mapping)
{
    return hm_word_code(cell->word) == HM_CODE_MARKED && mapping->prot == HM_OS_NONE;
}

uint32_t hm_foreign_page_protect(const struct hm_cell *cell, const struct hm_os_mapping *mapping)
{
    return is_marked(cell, mapping) ? hm_word_allocation_protect(cell->word)
                                    : host_protect(mapping);
}

bool hm_foreign_is_reserved(hm_addr address, const struct hm_os_mapping *mapping)
{
    struct hm_cell cell;
    hm_table_find(address, &cell);
    return is_reservation(mapping) && !is_marked(&cell, mapping);
}

static void describe(const struct hm_cell *cell, hm_addr address,
                     const struct hm_os_mapping *mapping, struct hm_region *region)
{
    bool reserved = !is_marked(cell, mapping) && is_reservation(mapping);
    uint32_t protect = hm_foreign_page_protect(cell, mapping);
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
    if (hm_foreign_possible(&cell)) {
        if (!hm_foreign_ask(address, &mapping))
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
