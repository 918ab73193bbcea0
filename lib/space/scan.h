/*
 * scan.h - reading the table along: runs, ends of allocations, what is used next. All without a
 * lock, by single atomic loads.
 */
#ifndef HM_SPACE_SCAN_H
#define HM_SPACE_SCAN_H

#include "space/table.h"

/* Base of the allocation that an allocated cell belongs to. */
static inline hm_addr hm_cell_base(const struct hm_geometry *geometry, const struct hm_cell *cell)
{
    return cell->start - (hm_word_distance(cell->word) << geometry->page_shift);
}

/* End of the run of pages that mean the same as the cell's, from address on. */
hm_addr hm_scan_run(hm_addr address, const struct hm_cell *cell);

/* End of the allocation that begins at base; base itself if none does. */
hm_addr hm_scan_allocation(hm_addr base);

/* The first cell at or after address, before limit, whose code is not `code`; its start, or limit. */
hm_addr hm_scan_past(hm_addr address, hm_addr limit, unsigned code);

#endif
