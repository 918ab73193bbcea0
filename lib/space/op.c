#include "space/op.h"

#include <stdio.h>
#include <stdlib.h>

#include "compiler.h"
#include "platform/platform.h"
#include "space/space.h"

enum { SLOTS = 64, SLOT_BITS = 6, CACHE_LINE = 64 };

struct hm_op_slot {
    _Alignas(CACHE_LINE) _Atomic unsigned active;
    _Atomic uint64_t tags;
};

static struct hm_op_slot slots[SLOTS];
static HM_THREAD_LOCAL struct hm_op *innermost;
static _Atomic unsigned closed;
static _Atomic unsigned trimming;

/* Threads have stacks of their own, so a stack address tells them apart well enough. */
static struct hm_op_slot *slot_of_caller(void)
{
    uintptr_t here = hm_stack_address() >> 16;
    return &slots[(here * 0x9E3779B1u >> 7) % SLOTS];
}

void hm_op_enter(struct hm_op *op)
{
    op->slot = slot_of_caller();
    op->counted = false;
    op->outer = innermost;
    innermost = op;
    for (unsigned round = 0;; round++) {
        /* Sequentially consistent on both sides: either close sees us, or we see close. */
        atomic_fetch_add(&op->slot->active, 1);
        if (HM_LIKELY(atomic_load(&closed) == 0)) {
            op->counted = true;
            return;
        }
        atomic_fetch_sub(&op->slot->active, 1);
        while (atomic_load(&closed) != 0)
            hm_os_backend()->wait_step(round++);
    }
}

#ifdef HM_TABLE_CHECKS
/* A debug build looks at the whole table after each change during which nobody else was at work. */
static void check_table(void)
{
    struct hm_os_mask mask;
    hm_os_backend()->mask_signals(&mask);
    if (hm_op_close(0)) {
        const char *fault = hm_space_check(false);
        if (fault) {
            (void)fprintf(stderr, "hostmem: page table: %s\n", fault);
            abort();
        }
    }
    hm_op_open();
    hm_os_backend()->restore_signals(&mask);
}
#else
static void check_table(void) {}
#endif

void hm_op_leave(struct hm_op *op)
{
    op->counted = false;
    atomic_fetch_sub_explicit(&op->slot->active, 1, memory_order_release);
    innermost = op->outer;
    check_table();
}

static uint64_t next_tag(const struct hm_op *op)
{
    uint64_t count = atomic_fetch_add_explicit(&op->slot->tags, 1, memory_order_relaxed) + 1;
    return count << SLOT_BITS | (uint64_t)(op->slot - slots);
}

hm_word hm_op_inherit_tag(const struct hm_op *op)
{
    return next_tag(op) << HM_WORD_TAG_SHIFT;
}

uint64_t hm_op_leaving_tag(const struct hm_op *op)
{
    return next_tag(op) & (((uint64_t)1 << 36) - 1);
}

static unsigned own_operations(void)
{
    unsigned count = 0;
    for (const struct hm_op *op = innermost; op; op = op->outer)
        count += op->counted;
    return count;
}

bool hm_op_is_inside(void)
{
    return innermost != NULL;
}

static bool others_active(void)
{
    unsigned count = 0;
    for (int i = 0; i < SLOTS; i++)
        count += atomic_load(&slots[i].active);
    return count > own_operations();
}

void hm_op_begin_trim(void)
{
    atomic_fetch_add(&trimming, 1);
}

void hm_op_end_trim(void)
{
    atomic_fetch_sub(&trimming, 1);
}

bool hm_op_close(unsigned patience)
{
    atomic_fetch_add(&closed, 1);
    for (unsigned round = 0; others_active() || (patience > 0 && atomic_load(&trimming) != 0);
         round++) {
        if (round >= patience)
            return false;
        hm_os_backend()->wait_step(round);
    }
    return true;
}

void hm_op_open(void)
{
    atomic_fetch_sub(&closed, 1);
}

void hm_op_forget_others(void)
{
    for (int i = 0; i < SLOTS; i++)
        atomic_store(&slots[i].active, 0);
    for (const struct hm_op *op = innermost; op; op = op->outer)
        if (op->counted)
            atomic_fetch_add(&op->slot->active, 1);
    atomic_store(&trimming, 0);
    atomic_store(&closed, 0);
}

/* Here and not in fork.c: every program that links the library statically needs this file, and with
 * it gets the other one. */
HM_CONSTRUCTOR static void on_load(void)
{
    hm_op_watch_forks();
}
