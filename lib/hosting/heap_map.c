#include "hosting/heap_map.h"

#include "platform/platform.h"
#include "space/space.h"

_Atomic(hm_map_entry *) hm_map_root;
_Atomic uintptr_t hm_map_highest;

static size_t root_bytes(void)
{
    uintptr_t granules = (hm_space_highest_address() >> HM_MAP_GRANULE_BITS) + 1;
    size_t entries = (granules + HM_MAP_LEAF_SPANS - 1) / HM_MAP_LEAF_SPANS;
    size_t page = hm_os_backend()->page_size;
    return (entries * sizeof(hm_map_entry) + page - 1) & ~(page - 1);
}

static hm_map_entry *have_root(void)
{
    hm_map_entry *root = atomic_load_explicit(&hm_map_root, memory_order_acquire);
    if (root != NULL)
        return root;
    void *fresh;
    size_t bytes = root_bytes();
    if (hm_os_backend()->meta_map(bytes, &fresh) != 0)
        return NULL;
    atomic_store_explicit(&hm_map_highest, hm_space_highest_address(), memory_order_relaxed);
    if (atomic_compare_exchange_strong(&hm_map_root, &root, (hm_map_entry *)fresh))
        return fresh;
    hm_os_backend()->meta_unmap(fresh, bytes);
    return root;
}

static struct hm_map_leaf *have_leaf(hm_map_entry *entry)
{
    struct hm_map_leaf *leaf = atomic_load_explicit(entry, memory_order_acquire);
    if (leaf != NULL)
        return leaf;
    void *fresh;
    if (hm_os_backend()->meta_map(sizeof *leaf, &fresh) != 0)
        return NULL;
    if (atomic_compare_exchange_strong(entry, &leaf, (struct hm_map_leaf *)fresh))
        return fresh;
    hm_os_backend()->meta_unmap(fresh, sizeof *leaf);
    return leaf;
}

bool hm_map_enter(uintptr_t base, size_t bytes, struct hm_span *span)
{
    hm_map_entry *root = have_root();
    if (root == NULL)
        return false;
    uintptr_t last = (base + (bytes - 1)) >> HM_MAP_GRANULE_BITS;
    for (uintptr_t granule = base >> HM_MAP_GRANULE_BITS; granule <= last; granule++) {
        struct hm_map_leaf *leaf = have_leaf(&root[granule / HM_MAP_LEAF_SPANS]);
        if (leaf == NULL) {
            if (granule > base >> HM_MAP_GRANULE_BITS)
                hm_map_remove(base, (granule << HM_MAP_GRANULE_BITS) - base);
            return false;
        }
        atomic_store_explicit(&leaf->spans[granule % HM_MAP_LEAF_SPANS], span,
                              memory_order_release);
    }
    return true;
}

void hm_map_remove(uintptr_t base, size_t bytes)
{
    hm_map_entry *root = atomic_load_explicit(&hm_map_root, memory_order_acquire);
    uintptr_t last = (base + (bytes - 1)) >> HM_MAP_GRANULE_BITS;
    for (uintptr_t granule = base >> HM_MAP_GRANULE_BITS; granule <= last; granule++) {
        struct hm_map_leaf *leaf =
            atomic_load_explicit(&root[granule / HM_MAP_LEAF_SPANS], memory_order_acquire);
        atomic_store_explicit(&leaf->spans[granule % HM_MAP_LEAF_SPANS], NULL,
                              memory_order_release);
    }
}
