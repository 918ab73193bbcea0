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
static HM_THREAD_LOCAL bool quiet; /* nobody was at work when the process forked */

static void prepare(void)
{
    hm_os_backend()->mask_signals(&saved_mask);
    quiet = hm_op_close(PATIENCE);
}

static void in_parent(void)
{
    hm_op_open();
    hm_os_backend()->restore_signals(&saved_mask);
}

/* An entry that was being folded or split has entries below it that mean nothing any more. */
static void clear_below(const struct hm_op *op, const struct hm_cell *cell)
{
    const struct hm_geometry *geometry = hm_geometry();
    if (cell->level == geometry->leaf || !hm_table_exists(cell->start, cell->level - 1))
        return;
    hm_slot *child = hm_table_slot(cell->start, cell->level - 1);
    hm_word inherit = hm_op_inherit_tag(op);
    for (unsigned i = 0; i < geometry->fanout[cell->level]; i++)
        atomic_store_explicit(&child[i], inherit, memory_order_relaxed);
}

/*
 * An entry that a thread of the parent was changing: the table's old word becomes true again. What
 * was on its way to or from the host is called free: whether the host has it is for the host to say,
 * and unmapping it here could hit what another thread has since been given.
 */
static void settle(const struct hm_op *op, const struct hm_cell *cell)
{
    hm_word word = cell->word & ~HM_WORD_CLAIM;
    if (hm_word_code(word) == HM_CODE_LEAVING)
        word = HM_CODE_FREE;
    else if (!(cell->raw & HM_WORD_CLAIM))
        return;
    if (hm_word_is_allocated(word)) {
        size_t size = (size_t)hm_level_size(hm_geometry(), cell->level);
        (void)hm_os_backend()->protect((uintptr_t)cell->start, size, hm_word_access(word));
    }
    if (cell->raw & HM_WORD_CLAIM)
        clear_below(op, cell);
    atomic_store_explicit(cell->slot, word, memory_order_relaxed);
}

/* Charges of operations that will never end are not returned by anybody: count anew. */
static void charge(const struct hm_cell *cell)
{
    uint64_t size = hm_level_size(hm_geometry(), cell->level);
    if (hm_word_is_allocated(cell->word))
        hm_account_recount(hm_word_account(cell->word), size,
                           hm_word_is_committed(cell->word) ? size : 0);
}

static void repair(void)
{
    struct hm_op op;
    hm_op_enter(&op);
    hm_account_forget_charges();
    hm_addr end = (hm_addr)hm_space_highest_address() + 1;
    for (hm_addr at = 0; at < end;) {
        struct hm_cell cell;
        hm_table_find(at, &cell);
        settle(&op, &cell);
        charge(&cell);
        at = hm_cell_end(hm_geometry(), &cell);
    }
    hm_op_leave(&op);
}

static void in_child(void)
{
    hm_op_forget_others();
    /* Inside an operation of its own, interrupted by the handler that forks, its claims cannot be told
     * from those that nobody will end: then these few pages stay as they are. */
    if (!quiet && !hm_op_is_inside())
        repair();
    hm_os_backend()->restore_signals(&saved_mask);
}

void hm_op_watch_forks(void)
{
    (void)hm_os_backend()->on_fork(prepare, in_parent, in_child);
}
