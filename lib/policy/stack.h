/*
 * stack.h - a lock-free stack of numbered things.
 *
 * Things are known by 32-bit references (0 means none) and carry their link themselves. The head
 * holds a reference and a count of changes, so that a thread that was stopped in the middle of a
 * pop cannot mistake a head that left and came back for one that stayed. The link of a thing that
 * another thread popped meanwhile may still be read: its memory must stay readable for ever.
 */
#ifndef HM_POLICY_STACK_H
#define HM_POLICY_STACK_H

#include <stdatomic.h>
#include <stdint.h>

struct hm_stack {
    _Atomic uint64_t head; /* changes << 32 | reference of the top */
};

typedef _Atomic uint32_t *(*hm_stack_link)(void *context, uint32_t reference);

static inline uint64_t hm_stack_next_head(uint64_t head, uint32_t top)
{
    return ((head >> 32) + 1) << 32 | top;
}

static inline void hm_stack_push(struct hm_stack *stack, uint32_t reference, _Atomic uint32_t *link)
{
    uint64_t head = atomic_load_explicit(&stack->head, memory_order_relaxed);
    do {
        atomic_store_explicit(link, (uint32_t)head, memory_order_relaxed);
    } while (!atomic_compare_exchange_weak_explicit(&stack->head, &head,
                                                    hm_stack_next_head(head, reference),
                                                    memory_order_acq_rel, memory_order_relaxed));
}

/* The reference that was on top, or 0. */
static inline uint32_t hm_stack_pop(struct hm_stack *stack, hm_stack_link link_of, void *context)
{
    uint64_t head = atomic_load_explicit(&stack->head, memory_order_acquire);
    for (;;) {
        uint32_t top = (uint32_t)head;
        if (top == 0)
            return 0;
        uint32_t below = atomic_load_explicit(link_of(context, top), memory_order_relaxed);
        if (atomic_compare_exchange_weak_explicit(&stack->head, &head,
                                                  hm_stack_next_head(head, below),
                                                  memory_order_acq_rel, memory_order_acquire))
            return top;
    }
}

#endif
