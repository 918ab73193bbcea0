/*
 * ledger.c - which allocations Mono has, and how many of their pages it has not freed yet.
 *
 * An array over the address space with an entry for each 64 KiB, where an allocation may begin, in
 * two levels so that only the parts in use take memory.
 */
#include "ledger.h"

#include <stdatomic.h>

#include <hostmem/win32.h>

enum {
    GRANULE_BITS = 16, /* no host has a finer allocation granularity */
    LEAF_BITS = 15,    /* entries of a leaf: it covers 2 GiB and takes 256 KiB */
    KIND_SHIFT = 48
};

#if UINTPTR_MAX > 0xffffffffu
enum { ADDRESS_BITS = 48 };
#else
enum { ADDRESS_BITS = 32 };
#endif

#define LEAF_ENTRIES ((size_t)1 << LEAF_BITS)
#define TOP_ENTRIES  ((size_t)1 << (ADDRESS_BITS - GRANULE_BITS - LEAF_BITS))
#define PAGES_MASK   (((uint64_t)1 << KIND_SHIFT) - 1)

/* kind above KIND_SHIFT, pages below; 0: no allocation begins here. */
typedef _Atomic uint64_t entry;

static _Atomic(entry *) leaves[TOP_ENTRIES];

static size_t top_index(uintptr_t base)
{
    return (size_t)(base >> (GRANULE_BITS + LEAF_BITS));
}

static size_t leaf_index(uintptr_t base)
{
    return (size_t)(base >> GRANULE_BITS) & (LEAF_ENTRIES - 1);
}

/* The entry for a base, or NULL when its leaf was never needed. */
static entry *find(uintptr_t base)
{
    entry *leaf;

    if (top_index(base) >= TOP_ENTRIES)
        return NULL;
    leaf = atomic_load(&leaves[top_index(base)]);
    return leaf ? &leaf[leaf_index(base)] : NULL;
}

/*
 * Makes the leaf that a base needs. Its memory comes from the Win32 face and not from the manager,
 * so that the manager's counters and its limit are about the program only.
 */
static entry *make(uintptr_t base)
{
    entry *fresh;
    entry *seen = NULL;

    if (top_index(base) >= TOP_ENTRIES)
        return NULL;
    fresh =
        VirtualAlloc(NULL, LEAF_ENTRIES * sizeof *fresh, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (!fresh)
        return NULL;
    if (!atomic_compare_exchange_strong(&leaves[top_index(base)], &seen, fresh)) {
        VirtualFree(fresh, 0, MEM_RELEASE);
        fresh = seen;
    }
    return &fresh[leaf_index(base)];
}

bool hm_ledger_add(uintptr_t base, size_t pages, unsigned kind)
{
    entry *slot = find(base);

    if (!slot)
        slot = make(base);
    if (!slot)
        return false;
    atomic_store(slot, (uint64_t)kind << KIND_SHIFT | pages);
    return true;
}

bool hm_ledger_take_all(uintptr_t base, size_t pages)
{
    entry *slot = find(base);
    uint64_t seen = slot ? atomic_load(slot) : 0;

    /* The pages being freed are among those left, so an equal count means that they are the same;
     * and no other thread can be freeing any of them. */
    return pages != 0 && (seen & PAGES_MASK) == pages &&
           atomic_compare_exchange_strong(slot, &seen, 0);
}

bool hm_ledger_knows(uintptr_t base)
{
    entry *slot = find(base);

    return slot && (atomic_load(slot) & PAGES_MASK) != 0;
}

enum hm_ledger_rest hm_ledger_take(uintptr_t base, size_t pages)
{
    entry *slot = find(base);
    uint64_t seen = slot ? atomic_load(slot) : 0;
    uint64_t rest;

    do {
        if ((seen & PAGES_MASK) < pages || pages == 0)
            return HM_LEDGER_WRONG;
        rest = (seen & PAGES_MASK) == pages ? 0 : seen - pages;
    } while (!atomic_compare_exchange_weak(slot, &seen, rest));
    return rest == 0 ? HM_LEDGER_LAST : HM_LEDGER_SOME;
}

static void walk_leaf(entry *leaf, uintptr_t start, hm_ledger_visit *visit, void *context)
{
    for (size_t i = 0; i < LEAF_ENTRIES; i++) {
        uint64_t seen = atomic_load_explicit(&leaf[i], memory_order_relaxed);

        if ((seen & PAGES_MASK) != 0)
            visit(context, start + ((uintptr_t)i << GRANULE_BITS), (unsigned)(seen >> KIND_SHIFT));
    }
}

void hm_ledger_walk(hm_ledger_visit *visit, void *context)
{
    for (size_t i = 0; i < TOP_ENTRIES; i++) {
        entry *leaf = atomic_load(&leaves[i]);

        if (leaf)
            walk_leaf(leaf, (uintptr_t)i << (GRANULE_BITS + LEAF_BITS), visit, context);
    }
}
