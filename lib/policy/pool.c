#include "policy/pool.h"

#include "platform/platform.h"
#include "compiler.h"

enum { LINE = 64 };

/* What precedes each object. */
struct slot {
    _Atomic uint32_t link;
    uint32_t reference;
    uint64_t unused; /* keeps objects 16-byte aligned */
};

static size_t stride(const struct hm_pool *pool)
{
    return (sizeof(struct slot) + pool->object_size + LINE - 1) & ~(size_t)(LINE - 1);
}

static unsigned chunk_of(uint32_t index)
{
    return hm_highest_bit(((uint64_t)index + HM_POOL_FIRST) / HM_POOL_FIRST);
}

static size_t chunk_bytes(const struct hm_pool *pool, unsigned chunk)
{
    size_t page = hm_os_backend()->page_size;
    return (((size_t)HM_POOL_FIRST << chunk) * stride(pool) + page - 1) & ~(page - 1);
}

static struct slot *slot_at(struct hm_pool *pool, uint32_t reference)
{
    uint32_t index = reference - 1;
    unsigned chunk = chunk_of(index);
    size_t first = ((size_t)HM_POOL_FIRST << chunk) - HM_POOL_FIRST;
    unsigned char *base = atomic_load_explicit(&pool->chunks[chunk], memory_order_acquire);
    return (struct slot *)(void *)(base + (index - first) * stride(pool));
}

static _Atomic uint32_t *link_of(void *context, uint32_t reference)
{
    return &slot_at(context, reference)->link;
}

/* Makes sure that the chunk exists. Two threads may both map one; the loser's goes back. */
static bool have_chunk(struct hm_pool *pool, unsigned chunk)
{
    if (chunk >= HM_POOL_CHUNKS)
        return false;
    if (atomic_load_explicit(&pool->chunks[chunk], memory_order_acquire) != NULL)
        return true;
    void *fresh;
    size_t bytes = chunk_bytes(pool, chunk);
    if (hm_os_backend()->meta_map(bytes, &fresh) != 0)
        return false;
    unsigned char *expected = NULL;
    if (!atomic_compare_exchange_strong_explicit(&pool->chunks[chunk], &expected, fresh,
                                                 memory_order_acq_rel, memory_order_acquire))
        hm_os_backend()->meta_unmap(fresh, bytes);
    return true;
}

void *hm_pool_take(struct hm_pool *pool)
{
    uint32_t reference = hm_stack_pop(&pool->free, link_of, pool);
    if (reference != 0)
        return slot_at(pool, reference) + 1;
    uint32_t used = atomic_load_explicit(&pool->used, memory_order_relaxed);
    do {
        if (!have_chunk(pool, chunk_of(used)))
            return NULL;
    } while (!atomic_compare_exchange_weak_explicit(&pool->used, &used, used + 1,
                                                    memory_order_relaxed, memory_order_relaxed));
    struct slot *slot = slot_at(pool, used + 1);
    slot->reference = used + 1;
    return slot + 1;
}

void hm_pool_give(struct hm_pool *pool, void *object)
{
    struct slot *slot = (struct slot *)object - 1;
    hm_stack_push(&pool->free, slot->reference, &slot->link);
}

uint32_t hm_pool_reference(const void *object)
{
    return ((const struct slot *)object - 1)->reference;
}

void *hm_pool_object(struct hm_pool *pool, uint32_t reference)
{
    return slot_at(pool, reference) + 1;
}
