/*
 * fork: the child has a copy of the table and of the memory, but none of the threads that were at
 * work on them.
 *
 * Before the fork new operations are kept out and the ones under way are given time to end, so that
 * usually nothing is under way when it happens. A thread that is stopped in the middle of an
 * operation does not end it: then the child finishes with its claims what the stopped thread cannot.
 * Signals are blocked while the gate is shut, so that nobody stops the thread that shut it.
 */
#include "space/work.h"

#include "compiler.h"

/* How many steps running operations are waited for: a good 200 ms, many times what the longest
 * ordinary one takes. */
enum { PATIENCE = 300 };

static HM_THREAD_LOCAL struct hm_os_mask saved_mask;

static void prepare(void)
{
    hm_os_backend()->mask_signals(&saved_mask);
    (void)hm_op_close(PATIENCE);
}

static void in_parent(void)
{
    hm_op_open();
    hm_os_backend()->restore_signals(&saved_mask);
}

/* An entry that a thread of the parent was changing: the table's old word becomes true again. */
static void settle_claim(const struct hm_cell *cell)
{
    size_t size = (size_t)hm_level_size(hm_geometry(), cell->level);
    hm_word word = cell->raw & ~HM_WORD_CLAIM;
    if (hm_word_is_allocated(word))
        (void)hm_os_backend()->protect((uintptr_t)cell->start, size, hm_word_access(word));
    else if (hm_word_code(word) == HM_CODE_LEAVING)
        word = HM_CODE_FREE;
    atomic_store_explicit(cell->slot, word, memory_order_relaxed);
}

static void in_child(void)
{
    hm_op_forget_others();
    hm_addr end = (hm_addr)hm_space_highest_address() + 1;
    for (hm_addr at = 0; at < end;) {
        struct hm_cell cell;
        hm_table_find(at, &cell);
        if (cell.raw & HM_WORD_CLAIM)
            settle_claim(&cell);
        at = hm_cell_end(hm_geometry(), &cell);
    }
    hm_os_backend()->restore_signals(&saved_mask);
}

HM_CONSTRUCTOR static void watch_forks(void)
{
    (void)hm_os_backend()->on_fork(prepare, in_parent, in_child);
}
