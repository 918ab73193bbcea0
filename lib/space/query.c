/*
 * Questions about memory. No lock, no allocation, no system call for owned memory.
 */
#include "space/foreign.h"

/* Owned pages, from one load of the entry; the run's end from a walk along the table. */
static bool describe_owned(hm_addr address, struct hm_region *region)
{
    const struct hm_geometry *geometry = hm_geometry();
    struct hm_cell cell;
    hm_table_find(address, &cell);
    if (!hm_word_is_allocated(cell.word))
        return false;
    region->base = (uintptr_t)address;
    region->allocation_base = (uintptr_t)hm_cell_base(geometry, &cell);
    region->size = (size_t)(hm_scan_run(address, &cell) - address);
    region->allocation_protect = hm_word_allocation_protect(cell.word);
    region->state = hm_word_is_committed(cell.word) ? MEM_COMMIT : MEM_RESERVE;
    region->protect = hm_word_page_protect(cell.word);
    region->type = MEM_PRIVATE;
    return true;
}

static hm_addr page_of(uintptr_t address)
{
    return (hm_addr)address & ~((hm_addr)hm_space_page_size() - 1);
}

bool hm_space_query_owned(uintptr_t address, struct hm_region *region)
{
    return address <= hm_space_highest_address() && describe_owned(page_of(address), region);
}

hm_status hm_space_query(uintptr_t address, struct hm_region *region)
{
    hm_addr page = page_of(address);
    return describe_owned(page, region) ? HM_STATUS_SUCCESS : hm_foreign_query(page, region);
}
