/*
 * model.h - Windows' memory manager as an array of pages: slow, small, and plain to check by eye.
 *
 * It speaks for a window of the address space and is the measure for the real thing: the same calls
 * go to both, and results, queries and contents must agree. Status codes are NTSTATUS values. Offsets
 * and sizes are bytes from the window's start; a range must lie inside the window.
 */
#ifndef TEST_MODEL_H
#define TEST_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "space/status.h"

enum { MODEL_PAGES = 4096 };

struct model_page {
    uint32_t state;              /* MEM_FREE, MEM_RESERVE, MEM_COMMIT */
    uint32_t protect;            /* committed: as a query shows it */
    uint32_t allocation_protect; /* of its allocation */
    uint32_t base;               /* index of the allocation's first page */
    uint64_t stamp;              /* what stands at the page's start; 0: never written */
};

struct model {
    size_t page;
    size_t granule; /* pages in one */
    struct model_page pages[MODEL_PAGES];
};

struct model_region {
    size_t base;
    size_t size; /* up to the window's end at most */
    size_t allocation_base;
    struct model_page like;
};

void model_init(struct model *model, size_t page, size_t granularity);

/* MEM_RESERVE, or MEM_RESERVE | MEM_COMMIT. *offset and *size come back rounded, on success. */
hm_status model_reserve(struct model *model, size_t *offset, size_t *size, int committed,
                        uint32_t protect);
hm_status model_commit(struct model *model, size_t *offset, size_t *size, uint32_t protect);

/* size 0: the whole allocation. */
hm_status model_decommit(struct model *model, size_t *offset, size_t *size);
hm_status model_release(struct model *model, size_t *offset, size_t *size);

hm_status model_protect(struct model *model, size_t *offset, size_t *size, uint32_t protect,
                        uint32_t *old);

struct model_region model_query(const struct model *model, size_t offset);

/* Bytes, as quotas count them. */
size_t model_reserved(const struct model *model);
size_t model_committed(const struct model *model);

/* Can the page be read, or read and written, without a fault? */
int model_readable(const struct model_page *page);
int model_writable(const struct model_page *page);

#endif
