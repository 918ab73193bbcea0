/* glue_low.c - memory in the lowest 2 GiB, where Mono wants its code. */
#include "glue.h"

#include <stdatomic.h>

#include "calls.h"

#define LOW_END ((uintptr_t)0x80000000u)
/* Where the search begins: well above a fixed-address executable and the heap that grows behind
 * it, in the half that the kernel uses for MAP_32BIT too. */
#define LOW_START ((uintptr_t)0x40000000u)

/* Where the last search ended: what is free is most likely above it. Only a hint. */
static _Atomic uintptr_t cursor = LOW_START;

/*
 * Tries every free range in [from, to). Another thread may take a range between the query and the
 * call; the search then goes on above it. *refused: the manager has no memory for this, here or
 * elsewhere.
 */
static uintptr_t search(const struct hm_demand *demand, size_t alignment, uintptr_t from,
                        uintptr_t to, bool *refused)
{
    MEMORY_BASIC_INFORMATION info;
    uintptr_t at = hm_align_up(from, alignment);

    while (at < to && demand->length <= to - at && hm_call_query(at, &info)) {
        uintptr_t end = (uintptr_t)info.BaseAddress + info.RegionSize;

        if (info.State == MEM_FREE && demand->length <= end - at) {
            uintptr_t base;
            HRESULT result = hm_glue_allocate(demand, at, &base);

            if (result == S_OK)
                return base;
            if (result == E_OUTOFMEMORY) {
                *refused = true;
                return 0;
            }
            end = at + 1; /* taken meanwhile, by something that may be small */
        }
        at = hm_align_up(end, alignment);
    }
    return 0;
}

uintptr_t hm_glue_allocate_low(const struct hm_demand *demand, size_t alignment)
{
    uintptr_t from = atomic_load_explicit(&cursor, memory_order_relaxed);
    bool refused = false;
    uintptr_t base;

    if (alignment < hm_glue_facts.granularity)
        alignment = hm_glue_facts.granularity;
    base = search(demand, alignment, from, LOW_END, &refused);
    if (!base && !refused)
        base = search(demand, alignment, LOW_START, LOW_END, &refused);
    if (!base && !refused)
        base = search(demand, alignment, hm_glue_facts.lowest, LOW_START, &refused);
    if (base)
        atomic_store_explicit(&cursor, base + demand->length, memory_order_relaxed);
    return base;
}
