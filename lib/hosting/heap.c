#include "hosting/heap.h"

#include <hostmem/wintypes.h>

#include "platform/platform.h"
#include "policy/policy.h"
#include "policy/pool.h"

enum { FIRST_SPAN_BYTES = 16384, FIRST_SPAN_BLOCKS = 4 };

static struct hm_pool stripes = HM_POOL(sizeof(struct hm_heap_stripe));

/* --- Stripes. --- */

static void empty_stripe(struct hm_heap_stripe *stripe)
{
    for (unsigned kind = 0; kind < HM_HEAP_CLASSES; kind++)
        atomic_store_explicit(&stripe->current[kind], NULL, memory_order_relaxed);
}

/* The calling thread's stripe; the first one where there is no memory for another. */
static struct hm_heap_stripe *have_stripe(struct hm_heap *heap)
{
    uint32_t number = hm_thread_number() & heap->stripe_mask;
    struct hm_heap_stripe *stripe =
        atomic_load_explicit(&heap->stripes[number], memory_order_acquire);
    if (stripe != NULL)
        return stripe;
    struct hm_heap_stripe *fresh = hm_pool_take(&stripes);
    if (fresh == NULL)
        return &heap->first_stripe;
    empty_stripe(fresh);
    if (atomic_compare_exchange_strong(&heap->stripes[number], &stripe, fresh))
        return fresh;
    hm_pool_give(&stripes, fresh);
    return stripe;
}

/* More stripes than processors, because threads are spread by number and not by luck. */
static uint32_t stripe_count(void)
{
    uint32_t wanted = 2 * hm_os_backend()->processor_count();
    uint32_t count = 8;
    while (count < wanted && count < HM_HEAP_STRIPES)
        count *= 2;
    return count;
}

/* --- Spans of small blocks. --- */

void hm_heap_adopt(struct hm_heap *heap, struct hm_span *span)
{
    uint32_t reference = hm_span_reference(span);
    span->next_of_heap = atomic_load_explicit(&heap->spans, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&heap->spans, &span->next_of_heap, reference,
                                                  memory_order_release, memory_order_relaxed))
        ;
    atomic_store_explicit(&span->heap, heap, memory_order_release);
}

static size_t round_to_page(size_t size)
{
    size_t page = hm_space_page_size();
    return (size + page - 1) & ~(page - 1);
}

/* Bytes of a class's first span: little, so that a small heap stays small under its quota. */
static size_t first_span_bytes(size_t block_size)
{
    size_t bytes = block_size * FIRST_SPAN_BLOCKS;
    return round_to_page(bytes > FIRST_SPAN_BYTES ? bytes : FIRST_SPAN_BYTES);
}

static size_t span_bytes(struct hm_heap *heap, unsigned kind)
{
    size_t block_size = hm_heap_class_size(kind);
    size_t bytes = first_span_bytes(block_size);
    uint32_t made = atomic_load_explicit(&heap->span_count[kind], memory_order_relaxed);
    while (made-- > 0 && bytes < HM_SPAN_BYTES)
        bytes *= 2;
    size_t most = round_to_page(block_size * HM_SPAN_BLOCKS);
    return bytes < most ? bytes : most;
}

static struct hm_span *make_span(struct hm_heap *heap, unsigned kind, size_t bytes, int level)
{
    size_t blocks = bytes / hm_heap_class_size(kind);
    struct hm_span *span =
        hm_span_create((uint32_t)(blocks < HM_SPAN_BLOCKS ? blocks : HM_SPAN_BLOCKS));
    if (span == NULL)
        return NULL;
    uintptr_t base;
    if (hm_policy_allocate(heap->account, 0, bytes, MEM_RESERVE | MEM_COMMIT, heap->protect, level,
                           &base) != HM_STATUS_SUCCESS) {
        hm_span_destroy(span);
        return NULL;
    }
    hm_span_cut(span, kind, base, bytes);
    if (!hm_map_enter(base, bytes, span)) {
        hm_policy_free(base, 0, MEM_RELEASE);
        hm_span_destroy(span);
        return NULL;
    }
    atomic_store_explicit(&span->offered, 1, memory_order_relaxed);
    hm_heap_adopt(heap, span);
    atomic_fetch_add_explicit(&heap->span_count[kind], 1, memory_order_relaxed);
    return span;
}

/* A new span: as large as the class has grown to, or the smallest where a quota is that narrow. */
static struct hm_span *grow(struct hm_heap *heap, unsigned kind, int level)
{
    size_t bytes = span_bytes(heap, kind);
    struct hm_span *span = make_span(heap, kind, bytes, level);
    size_t least = first_span_bytes(hm_heap_class_size(kind));
    if (span == NULL && bytes > least)
        span = make_span(heap, kind, least, level);
    return span;
}

/* --- Handing spans around. --- */

/* A span is worth offering when a good part of some word is free: else threads would fetch it for
 * the sake of single blocks. Words below that are found by scavenge() in need. */
static bool worth_offering(struct hm_span *span)
{
    unsigned least = span->block_count / 8;
    least = least < 1 ? 1 : least > 8 ? 8 : least;
    uint64_t summary = atomic_load(&span->summary);
    while (summary != 0) {
        unsigned number = hm_lowest_bit(summary);
        if (hm_count_bits(atomic_load(&span->words[number])) >= least)
            return true;
        summary &= summary - 1;
    }
    return false;
}

/* Puts a span that nobody uses on its class's stack, if it is worth it; whoever turns `offered` on
 * does. Called by each thread that gave a block back to a span that it saw unoffered, and by the
 * one that dropped the span, after it did: one of them sees the other's change. */
void hm_heap_offer(struct hm_heap *heap, struct hm_span *span)
{
    uint32_t unoffered = 0;
    if (worth_offering(span) &&
        atomic_compare_exchange_strong(&span->offered, &unoffered, UINT32_C(1)))
        hm_stack_push(&heap->partial[span->kind], hm_span_reference(span), &span->stack_link);
}

static void make_current(struct hm_heap *heap, struct hm_heap_stripe *stripe, unsigned kind,
                         struct hm_span *span)
{
    struct hm_span *dropped = atomic_exchange(&stripe->current[kind], span);
    if (dropped == NULL)
        return;
    atomic_store(&dropped->offered, UINT32_C(0));
    hm_heap_offer(heap, dropped);
}

/* The last resort before a refusal: a block from any span of the class, whoever uses it. */
static void *scavenge(struct hm_heap *heap, unsigned kind)
{
    uint32_t reference = atomic_load_explicit(&heap->spans, memory_order_acquire);
    while (reference != 0) {
        struct hm_span *span = hm_span_at(reference);
        void *block = span->kind == kind ? hm_span_take(span) : NULL;
        if (block != NULL)
            return block;
        reference = span->next_of_heap;
    }
    return NULL;
}

void *hm_heap_allocate_slow(struct hm_heap *heap, unsigned kind, int level)
{
    struct hm_heap_stripe *stripe = have_stripe(heap);
    for (;;) {
        struct hm_span *span = atomic_load_explicit(&stripe->current[kind], memory_order_acquire);
        void *block = span != NULL ? hm_span_take(span) : NULL;
        if (block != NULL)
            return block;
        uint32_t reference = hm_stack_pop(&heap->partial[kind], hm_span_link, NULL);
        if (reference == 0)
            break;
        make_current(heap, stripe, kind, hm_span_at(reference));
    }
    struct hm_span *fresh = grow(heap, kind, level);
    if (fresh == NULL) {
        void *block = scavenge(heap, kind);
        /* A single block needs fewer pages than a span. */
        return block != NULL ? block
                             : hm_heap_allocate_large(heap, hm_heap_class_size(kind), level);
    }
    void *block = hm_span_take(fresh); /* before others see the span: there is one */
    make_current(heap, stripe, kind, fresh);
    return block;
}

/* --- The heap. --- */

void hm_heap_open(struct hm_heap *heap, int account, uint32_t protect, bool many_threads)
{
    heap->account = account;
    heap->protect = protect;
    heap->stripe_mask = many_threads ? stripe_count() - 1 : 0;
    atomic_store_explicit(&heap->spans, 0, memory_order_relaxed);
    atomic_store_explicit(&heap->spare.head, 0, memory_order_relaxed);
    for (unsigned kind = 0; kind < HM_HEAP_CLASSES; kind++) {
        atomic_store_explicit(&heap->partial[kind].head, 0, memory_order_relaxed);
        atomic_store_explicit(&heap->span_count[kind], 0, memory_order_relaxed);
    }
    empty_stripe(&heap->first_stripe);
    for (unsigned number = 0; number < HM_HEAP_STRIPES; number++)
        atomic_store_explicit(&heap->stripes[number], NULL, memory_order_relaxed);
    atomic_store_explicit(&heap->stripes[0], &heap->first_stripe, memory_order_release);
}

static void close_span(struct hm_span *span)
{
    bool large = span->kind == HM_SPAN_LARGE;
    uintptr_t base = atomic_load(&span->base);
    if (!large || (atomic_load(&span->words[0]) & 1) != 0) {
        hm_map_remove(base, large ? 1 : span->bytes);
        hm_policy_free(base, 0, MEM_RELEASE);
    }
    hm_heap_forget(span);
    hm_span_destroy(span);
}

void hm_heap_close(struct hm_heap *heap)
{
    uint32_t reference = atomic_exchange(&heap->spans, UINT32_C(0));
    while (reference != 0) {
        struct hm_span *span = hm_span_at(reference);
        reference = span->next_of_heap;
        close_span(span);
    }
    for (unsigned number = 1; number < HM_HEAP_STRIPES; number++) {
        struct hm_heap_stripe *stripe = atomic_exchange(&heap->stripes[number], NULL);
        if (stripe != NULL)
            hm_pool_give(&stripes, stripe);
    }
}
