#include "hosting/heap_span.h"

#include "policy/pool.h"

/* Most spans have few blocks; the records of those need not have room for the bits of thousands. */
enum { FEW_WORDS = 8, POOL_BIT = 31 };

static struct hm_pool few = HM_POOL(sizeof(struct hm_span) + FEW_WORDS * sizeof(uint64_t));
static struct hm_pool many = HM_POOL(sizeof(struct hm_span) + HM_SPAN_WORDS * sizeof(uint64_t));

static struct hm_pool *pool_of(uint32_t block_count)
{
    return block_count <= FEW_WORDS * 64 ? &few : &many;
}

uint32_t hm_span_reference(const struct hm_span *span)
{
    uint32_t in_many = pool_of(span->block_count) == &many;
    return hm_pool_reference(span) | in_many << POOL_BIT;
}

struct hm_span *hm_span_at(uint32_t reference)
{
    struct hm_pool *pool = reference >> POOL_BIT != 0 ? &many : &few;
    return hm_pool_object(pool, reference & ~(UINT32_C(1) << POOL_BIT));
}

_Atomic uint32_t *hm_span_link(void *context, uint32_t reference)
{
    (void)context;
    return &hm_span_at(reference)->stack_link;
}

struct hm_span *hm_span_create(uint32_t block_count)
{
    struct hm_span *span = hm_pool_take(pool_of(block_count));
    if (span == NULL)
        return NULL;
    span->block_count = block_count;
    span->next_of_heap = 0;
    atomic_store_explicit(&span->places, NULL, memory_order_relaxed);
    atomic_store_explicit(&span->offered, 0, memory_order_relaxed);
    return span;
}

void hm_span_destroy(struct hm_span *span)
{
    atomic_store_explicit(&span->heap, NULL, memory_order_release);
    hm_pool_give(pool_of(span->block_count), span);
}

void hm_span_cut(struct hm_span *span, unsigned kind, uintptr_t base, size_t bytes)
{
    uint32_t units = hm_heap_class_size(kind) / HM_HEAP_UNIT;
    span->kind = kind;
    span->block_size = units * HM_HEAP_UNIT;
    span->reciprocal = ((UINT64_C(1) << 32) + units - 1) / units;
    span->bytes = bytes;
    atomic_store_explicit(&span->base, base, memory_order_relaxed);
    unsigned words = (span->block_count + 63) / 64;
    for (unsigned number = 0; number < words; number++) {
        unsigned left = span->block_count - number * 64;
        uint64_t free_bits = left >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << left) - 1;
        atomic_store_explicit(&span->words[number], free_bits, memory_order_relaxed);
    }
    uint64_t summary = words >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << words) - 1;
    atomic_store_explicit(&span->summary, summary, memory_order_relaxed);
}
