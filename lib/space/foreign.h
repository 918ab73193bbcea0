/*
 * foreign.h - memory that the library does not own: stacks, code, files, other people's mappings,
 * and what nobody has. The kernel knows; the table says only where it is worth asking, and which of
 * these pages were made guard pages.
 */
#ifndef HM_SPACE_FOREIGN_H
#define HM_SPACE_FOREIGN_H

#include "space/work.h"

/* May the host have somebody else's mapping there? Entries that a reservation has claimed are free
 * until it publishes. */
bool hm_foreign_possible(const struct hm_cell *cell);

/* The host's mapping at or above address. ENOENT is an answer (none: start and end are the highest
 * number); other errors mean that nothing is known, and calling the memory free would be a lie. */
bool hm_foreign_ask(hm_addr address, struct hm_os_mapping *mapping);

/* The next address from `at` on, up to limit, that the table does not leave to the host. */
hm_addr hm_foreign_end(hm_addr at, hm_addr limit);

/* PAGE_ value of the mapping's page that the cell speaks for, PAGE_GUARD included. */
uint32_t hm_foreign_page_protect(const struct hm_cell *cell, const struct hm_os_mapping *mapping);

/* Is the mapping's page there only address space that somebody keeps? */
bool hm_foreign_is_reserved(hm_addr address, const struct hm_os_mapping *mapping);

/* The region at a page that the table does not call allocated: foreign or free.
 * INSUFFICIENT_RESOURCES when the host cannot be asked just now. */
hm_status hm_foreign_query(hm_addr address, struct hm_region *region);

/* Protects pages that belong to one foreign thing. */
hm_status hm_foreign_protect(struct hm_range range, uint32_t protect, uint32_t *old);

#endif
