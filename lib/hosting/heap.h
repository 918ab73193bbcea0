/*
 * heap.h - the allocator behind IHostMalloc.
 *
 * Small blocks (up to 32 KiB) are cut from spans of one size class, larger ones have an allocation
 * of their own. Threads are spread over stripes; each stripe has a current span for every class,
 * so that threads seldom meet at the same bits. A span that is used up is dropped by its stripe
 * and offered to all again, through its class's stack, when blocks came back to it.
 *
 * No path takes a lock or calls malloc; a thread that is stopped anywhere in here holds nothing
 * that another thread waits for. Memory comes from the policy layer and is charged to the heap's
 * account; small spans stay with the heap until it is closed, large blocks go back at once.
 */
#ifndef HM_HOSTING_HEAP_H
#define HM_HOSTING_HEAP_H

#include "hosting/heap_map.h"
#include "hosting/heap_span.h"
#include "policy/stack.h"
#include "policy/thread.h"
#include "space/status.h"

enum { HM_HEAP_STRIPES = 32 };

struct hm_heap_stripe {
    _Atomic(struct hm_span *) current[HM_HEAP_CLASSES];
};

struct hm_heap {
    int account;
    uint32_t protect;
    uint32_t stripe_mask;
    _Atomic uint32_t spans; /* reference of the newest of all spans; linked by next_of_heap */
    _Atomic(struct hm_heap_stripe *) stripes[HM_HEAP_STRIPES];
    struct hm_stack partial[HM_HEAP_CLASSES];     /* spans with free blocks that no stripe uses */
    _Atomic uint32_t span_count[HM_HEAP_CLASSES]; /* spans ever made: the next is larger */
    struct hm_stack spare;                        /* records of large blocks that were given back */
    struct hm_heap_stripe first_stripe;
};

/* Makes a heap of memory that is not a heap, whatever is in there. protect: of its pages. One
 * stripe when only one thread at a time will call, many when many may. */
void hm_heap_open(struct hm_heap *heap, int account, uint32_t protect, bool many_threads);

/* Frees every block and returns all memory. No other thread may use the heap any more. */
void hm_heap_close(struct hm_heap *heap);

/* The paths that are not short. */
void *hm_heap_allocate_slow(struct hm_heap *heap, unsigned kind, int level);
void hm_heap_offer(struct hm_heap *heap, struct hm_span *span);
void *hm_heap_allocate_large(struct hm_heap *heap, size_t size, int level);
hm_status hm_heap_free_large(struct hm_heap *heap, struct hm_span *span, uintptr_t address);

/* Remembers where a live block was asked for; reads it (false: not a live block of this heap, or
 * nothing remembered). */
void hm_heap_remember(struct hm_heap *heap, void *block, const char *file, int line);
bool hm_heap_place(struct hm_heap *heap, const void *block, const char **file, int *line);

/* Drops what is remembered of a span's blocks. */
void hm_heap_forget(struct hm_span *span);

/* Adds a new span's record to the list of all. For heap*.c only. */
void hm_heap_adopt(struct hm_heap *heap, struct hm_span *span);

/* A block of at least size bytes, 16-byte aligned, or NULL. */
static inline void *hm_heap_allocate(struct hm_heap *heap, size_t size, int level)
{
    if (HM_UNLIKELY(size > HM_HEAP_LARGEST_SMALL))
        return hm_heap_allocate_large(heap, size, level);
    unsigned kind = hm_heap_class(size);
    struct hm_heap_stripe *stripe = atomic_load_explicit(
        &heap->stripes[hm_thread_number() & heap->stripe_mask], memory_order_acquire);
    if (HM_LIKELY(stripe != NULL)) {
        struct hm_span *span = atomic_load_explicit(&stripe->current[kind], memory_order_acquire);
        if (HM_LIKELY(span != NULL)) {
            void *block = hm_span_take(span);
            if (HM_LIKELY(block != NULL))
                return block;
        }
    }
    return hm_heap_allocate_slow(heap, kind, level);
}

/* HM_STATUS_INVALID_PARAMETER, and nothing changed, when address is not a live block of the heap. */
static inline hm_status hm_heap_free(struct hm_heap *heap, uintptr_t address)
{
    struct hm_span *span = hm_map_find(address);
    if (span == NULL || atomic_load_explicit(&span->heap, memory_order_acquire) != heap)
        return HM_STATUS_INVALID_PARAMETER;
    if (HM_UNLIKELY(span->kind == HM_SPAN_LARGE))
        return hm_heap_free_large(heap, span, address);
    if (!hm_span_give(span, address))
        return HM_STATUS_INVALID_PARAMETER;
    if (HM_UNLIKELY(atomic_load(&span->offered) == 0))
        hm_heap_offer(heap, span);
    return HM_STATUS_SUCCESS;
}

#endif
