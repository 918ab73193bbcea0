#include "hosting/ranges.h"

#include "policy/pool.h"

/* A record's base: no range, or being written. Neither is the address of any mapping. */
enum { VACANT = 0, BUSY = 1 };

struct range {
    _Atomic uintptr_t base;
    _Atomic size_t size; /* written only by the thread that made base BUSY */
    _Atomic uint32_t next;
};

static struct hm_pool pool = HM_POOL(sizeof(struct range));

static struct range *range_at(uint32_t reference)
{
    return hm_pool_object(&pool, reference);
}

static _Atomic uint32_t *bucket_of(struct hm_ranges *ranges, uintptr_t base)
{
    uint64_t hash = (uint64_t)(base >> 12) * UINT64_C(0x9E3779B97F4A7C15);
    return &ranges->buckets[hash >> 58];
}

/* Takes the first record of a bucket that has this base out of others' sight; NULL: none. */
static struct range *seize(const _Atomic uint32_t *bucket, uintptr_t base)
{
    uint32_t reference = atomic_load_explicit(bucket, memory_order_acquire);
    while (reference != 0) {
        struct range *range = range_at(reference);
        uintptr_t expected = base;
        if (atomic_compare_exchange_strong(&range->base, &expected, (uintptr_t)BUSY))
            return range;
        reference = atomic_load_explicit(&range->next, memory_order_relaxed);
    }
    return NULL;
}

static struct range *add_record(_Atomic uint32_t *bucket)
{
    struct range *range = hm_pool_take(&pool);
    if (range == NULL)
        return NULL;
    atomic_store_explicit(&range->base, (uintptr_t)BUSY, memory_order_relaxed);
    atomic_store_explicit(&range->size, (size_t)0, memory_order_relaxed);
    uint32_t head = atomic_load_explicit(bucket, memory_order_relaxed);
    do {
        atomic_store_explicit(&range->next, head, memory_order_relaxed);
    } while (!atomic_compare_exchange_weak_explicit(bucket, &head, hm_pool_reference(range),
                                                    memory_order_release, memory_order_relaxed));
    return range;
}

static void set_size(struct hm_ranges *ranges, struct range *range, size_t size)
{
    size_t before = atomic_exchange(&range->size, size);
    atomic_fetch_add(&ranges->bytes, (uint64_t)size - before); /* modulo 2^64 also when smaller */
}

void hm_ranges_open(struct hm_ranges *ranges)
{
    atomic_store_explicit(&ranges->bytes, 0, memory_order_relaxed);
    for (unsigned i = 0; i < HM_RANGE_BUCKETS; i++)
        atomic_store_explicit(&ranges->buckets[i], 0, memory_order_relaxed);
}

void hm_ranges_close(struct hm_ranges *ranges)
{
    for (unsigned i = 0; i < HM_RANGE_BUCKETS; i++) {
        uint32_t reference = atomic_exchange(&ranges->buckets[i], UINT32_C(0));
        while (reference != 0) {
            struct range *range = range_at(reference);
            reference = atomic_load_explicit(&range->next, memory_order_relaxed);
            hm_pool_give(&pool, range);
        }
    }
}

bool hm_ranges_add(struct hm_ranges *ranges, uintptr_t base, size_t size)
{
    _Atomic uint32_t *bucket = bucket_of(ranges, base);
    struct range *range = seize(bucket, base);
    if (range == NULL)
        range = seize(bucket, VACANT);
    if (range == NULL)
        range = add_record(bucket);
    if (range == NULL)
        return false;
    set_size(ranges, range, size);
    atomic_store(&range->base, base);
    return true;
}

void hm_ranges_remove(struct hm_ranges *ranges, uintptr_t base)
{
    struct range *range;
    /* More than one where two threads told of the same base at once. */
    while ((range = seize(bucket_of(ranges, base), base)) != NULL) {
        set_size(ranges, range, 0);
        atomic_store(&range->base, (uintptr_t)VACANT);
    }
}
