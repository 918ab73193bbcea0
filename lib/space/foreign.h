/*
 * foreign.h - memory that the library does not own: stacks, code, files, other people's mappings,
 * and what nobody has. The kernel knows; the table says only where it is worth asking.
 */
#ifndef HM_SPACE_FOREIGN_H
#define HM_SPACE_FOREIGN_H

#include "space/work.h"

/* The region at a page that the table does not call allocated: foreign or free.
 * INSUFFICIENT_RESOURCES when the host cannot be asked just now. */
hm_status hm_foreign_query(hm_addr address, struct hm_region *region);

/* Protects pages that belong to one foreign thing. */
hm_status hm_foreign_protect(struct hm_range range, uint32_t protect, uint32_t *old);

#endif
