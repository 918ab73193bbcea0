/*
 * Large blocks: each is an allocation of its own, known by its first granule only, so that a
 * pointer into its middle finds nothing.
 *
 * A record outlives its block and serves the heap's next large block. The number of uses in its
 * word keeps a thread that is late with freeing the old block from freeing the new one.
 */
#include "hosting/heap.h"

#include <hostmem/wintypes.h>

#include "policy/policy.h"

static struct hm_span *take_record(struct hm_heap *heap)
{
    uint32_t reference = hm_stack_pop(&heap->spare, hm_span_link, NULL);
    if (reference != 0)
        return hm_span_at(reference);
    struct hm_span *span = hm_span_create(1);
    if (span == NULL)
        return NULL;
    span->kind = HM_SPAN_LARGE;
    /* The uses go on counting from whatever the record's former life left there. */
    atomic_fetch_and(&span->words[0], ~UINT64_C(1));
    hm_heap_adopt(heap, span);
    return span;
}

static void give_record(struct hm_heap *heap, struct hm_span *span)
{
    hm_stack_push(&heap->spare, hm_span_reference(span), &span->stack_link);
}

void *hm_heap_allocate_large(struct hm_heap *heap, size_t size, int level)
{
    if (size > hm_space_highest_address())
        return NULL;
    struct hm_span *span = take_record(heap);
    if (span == NULL)
        return NULL;
    uintptr_t base;
    if (hm_policy_allocate(heap->account, 0, size, MEM_RESERVE | MEM_COMMIT, heap->protect, level,
                           &base) != HM_STATUS_SUCCESS) {
        give_record(heap, span);
        return NULL;
    }
    atomic_store_explicit(&span->base, base, memory_order_relaxed);
    atomic_store_explicit(&span->own_place.file, NULL, memory_order_relaxed);
    uint64_t uses = atomic_load_explicit(&span->words[0], memory_order_relaxed);
    atomic_store_explicit(&span->words[0], uses + 3, memory_order_release); /* one more, live */
    if (!hm_map_enter(base, 1, span)) {
        atomic_store_explicit(&span->words[0], uses + 2, memory_order_release);
        hm_policy_free(base, 0, MEM_RELEASE);
        give_record(heap, span);
        return NULL;
    }
    return (void *)base;
}

hm_status hm_heap_free_large(struct hm_heap *heap, struct hm_span *span, uintptr_t address)
{
    uint64_t live = atomic_load_explicit(&span->words[0], memory_order_acquire);
    if ((live & 1) == 0 || atomic_load_explicit(&span->base, memory_order_relaxed) != address ||
        !atomic_compare_exchange_strong(&span->words[0], &live, live - 1))
        return HM_STATUS_INVALID_PARAMETER;
    /* Out of the map first: as soon as the memory is free its address may be another's. */
    hm_map_remove(address, 1);
    hm_status status = hm_policy_free(address, 0, MEM_RELEASE);
    if (status == HM_STATUS_SUCCESS) {
        give_record(heap, span);
        return status;
    }
    atomic_store_explicit(&span->words[0], live + 2, memory_order_release); /* live once more */
    hm_map_enter(address, 1, span); /* the table is there: this needs no memory */
    return status;
}
