/*
 * heap_map.h - from any address to the span that it lies in.
 *
 * A two-level table over the whole address space with an entry for each 64 KiB: no two allocations
 * share such a granule, so an entry has one span. It answers for every heap of the process and for
 * any pointer a caller may pass, without touching the memory that it points to.
 */
#ifndef HM_HOSTING_HEAP_MAP_H
#define HM_HOSTING_HEAP_MAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hm_span;

enum { HM_MAP_GRANULE_BITS = 16, HM_MAP_LEAF_BITS = 13, HM_MAP_LEAF_SPANS = 1 << HM_MAP_LEAF_BITS };

struct hm_map_leaf {
    _Atomic(struct hm_span *) spans[HM_MAP_LEAF_SPANS];
};

typedef _Atomic(struct hm_map_leaf *) hm_map_entry;

/* NULL until the first span is entered; the highest address is set before it. */
extern _Atomic(hm_map_entry *) hm_map_root;
extern _Atomic uintptr_t hm_map_highest;

/* Enters a span for every granule that [base, base + bytes) touches; false when there is no memory
 * for the table, nothing is entered then. */
bool hm_map_enter(uintptr_t base, size_t bytes, struct hm_span *span);
void hm_map_remove(uintptr_t base, size_t bytes);

static inline struct hm_span *hm_map_find(uintptr_t address)
{
    hm_map_entry *root = atomic_load_explicit(&hm_map_root, memory_order_acquire);
    if (root == NULL || address > atomic_load_explicit(&hm_map_highest, memory_order_relaxed))
        return NULL;
    uintptr_t granule = address >> HM_MAP_GRANULE_BITS;
    struct hm_map_leaf *leaf =
        atomic_load_explicit(&root[granule / HM_MAP_LEAF_SPANS], memory_order_acquire);
    if (leaf == NULL)
        return NULL;
    return atomic_load_explicit(&leaf->spans[granule % HM_MAP_LEAF_SPANS], memory_order_acquire);
}

#endif
