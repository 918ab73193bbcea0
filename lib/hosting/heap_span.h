/*
 * heap_span.h - a span: one allocation of address space that a heap cuts into blocks of one size,
 * or hands out whole as one large block.
 *
 * What is known about the blocks stands here, outside of them: a bit for each, set while the block
 * is free. To take a block is to clear its bit, to give it back is to set it; both are one atomic
 * operation, and the bit that was there before tells a block that was given back twice. So there
 * is no list that a wild store of the heap's user could bend, nothing that must be read at an
 * address that may not be ours, and nothing that a thread stopped half-way keeps from others.
 *
 * Records of spans come from pools: one that a thread still looks at stays readable, whatever it
 * has become since.
 */
#ifndef HM_HOSTING_HEAP_SPAN_H
#define HM_HOSTING_HEAP_SPAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hosting/heap_class.h"
#include "compiler.h"

struct hm_heap;

enum {
    HM_SPAN_LARGE = HM_HEAP_CLASSES, /* the class of a span that is one block */
    HM_SPAN_WORDS = 64,
    HM_SPAN_BLOCKS = HM_SPAN_WORDS * 64,
    HM_SPAN_BYTES = 1 << 20 /* the largest span of small blocks */
};

/* Where DebugAlloc was called; file is the caller's string. */
struct hm_place {
    _Atomic(const char *) file;
    _Atomic int line;
};

struct hm_span {
    _Atomic(struct hm_heap *) heap; /* NULL while the record is in a pool */
    _Atomic uintptr_t base;
    /* Words that may have a set bit. One that has is never missing for long: whoever clears a bit
     * here looks at the word once more, whoever sets a bit in a word looks here afterwards. */
    _Atomic uint64_t summary;
    _Atomic(struct hm_place *) places; /* one for each block, from the first DebugAlloc on */
    uint64_t reciprocal;               /* 2^32 / (block_size / 16), rounded up */
    uint32_t block_size;
    uint32_t block_count;
    uint32_t kind; /* size class, or HM_SPAN_LARGE */
    /* Nonzero while a stripe allocates from the span or its class's stack offers it. */
    _Atomic uint32_t offered;
    _Atomic uint32_t stack_link;
    uint32_t next_of_heap;
    size_t bytes;
    struct hm_place own_place; /* of a large block */
    /* The blocks' bits; of a large block: number of uses << 1 | live. */
    _Atomic uint64_t words[];
};

/* A reference is a number that names a record for ever; 0 names none. */
uint32_t hm_span_reference(const struct hm_span *span);
struct hm_span *hm_span_at(uint32_t reference);

/* For stacks of spans; context is not used. */
_Atomic uint32_t *hm_span_link(void *context, uint32_t reference);

/* A record with room for the bits of block_count blocks, or NULL; back to its pool. */
struct hm_span *hm_span_create(uint32_t block_count);
void hm_span_destroy(struct hm_span *span);

/* Makes a record describe [base, base + bytes) cut into class's blocks, all free. */
void hm_span_cut(struct hm_span *span, unsigned kind, uintptr_t base, size_t bytes);

static inline bool hm_span_index(const struct hm_span *span, uintptr_t address, uint32_t *index)
{
    uint64_t offset = address - atomic_load_explicit(&span->base, memory_order_relaxed);
    uint64_t number = (offset / HM_HEAP_UNIT * span->reciprocal) >> 32;
    *index = (uint32_t)number;
    return number < span->block_count && number * span->block_size == offset;
}

/* Forgets where the former owner of a block called DebugAlloc. */
static inline void hm_span_clear_place(struct hm_span *span, uint32_t index)
{
    struct hm_place *places = atomic_load_explicit(&span->places, memory_order_relaxed);
    if (HM_UNLIKELY(places != NULL))
        atomic_store_explicit(&places[index].file, NULL, memory_order_relaxed);
}

/* A word turned out empty: takes it out of the summary, unless a block came back meanwhile. */
static inline void hm_span_word_empty(struct hm_span *span, unsigned number)
{
    atomic_fetch_and(&span->summary, ~(UINT64_C(1) << number));
    if (atomic_load(&span->words[number]) != 0)
        atomic_fetch_or(&span->summary, UINT64_C(1) << number);
}

/* Takes a free block, the lowest one; NULL when there is none. */
static inline void *hm_span_take(struct hm_span *span)
{
    uint64_t summary;
    while ((summary = atomic_load_explicit(&span->summary, memory_order_relaxed)) != 0) {
        unsigned number = hm_lowest_bit(summary);
        uint64_t word = atomic_load_explicit(&span->words[number], memory_order_relaxed);
        while (word != 0) {
            uint64_t rest = word & (word - 1);
            if (atomic_compare_exchange_weak_explicit(&span->words[number], &word, rest,
                                                      memory_order_acquire, memory_order_relaxed)) {
                uint32_t index = number * 64 + hm_lowest_bit(word);
                hm_span_clear_place(span, index);
                return (void *)(atomic_load_explicit(&span->base, memory_order_relaxed) +
                                (uintptr_t)index * span->block_size);
            }
        }
        hm_span_word_empty(span, number);
    }
    return NULL;
}

/* Gives a block back; false, and nothing changed, when the address is not that of a live block. */
static inline bool hm_span_give(struct hm_span *span, uintptr_t address)
{
    uint32_t index;
    if (!hm_span_index(span, address, &index))
        return false;
    uint64_t bit = UINT64_C(1) << (index & 63);
    if ((atomic_fetch_or(&span->words[index / 64], bit) & bit) != 0)
        return false;
    uint64_t summary_bit = UINT64_C(1) << (index / 64);
    if ((atomic_load(&span->summary) & summary_bit) == 0)
        atomic_fetch_or(&span->summary, summary_bit);
    return true;
}

#endif
