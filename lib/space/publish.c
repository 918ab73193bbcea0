/*
 * Publishing: new words into claimed entries, and folding entries that became alike into the one
 * above them. Inside a claimed range that needs no further claim: whoever holds every entry below a
 * SPLIT word is the only one who may merge it.
 *
 * The order is from the last page to the first. An allocation is taken for whole from the moment at
 * which its first page says so: whoever frees it looks from there for its end.
 */
#include <assert.h>

#include "space/claim.h"

struct publication {
    const struct hm_geometry *geometry;
    const struct hm_op *op;
    hm_addr start;
    hm_addr end;
    hm_change change;
    const void *context;
};

/* Are all entries below this one claimed, whole, and one run? Gives the run's first word. */
static bool children_alike(const struct hm_geometry *geometry, hm_addr start, int level,
                           hm_word *meaning)
{
    uint64_t pages = hm_level_size(geometry, level - 1) >> geometry->page_shift;
    hm_slot *child = hm_table_slot(start, level - 1);
    *meaning = atomic_load_explicit(child, memory_order_relaxed) & ~HM_WORD_CLAIM;
    for (unsigned i = 0; i < geometry->fanout[level]; i++) {
        hm_word word = atomic_load_explicit(&child[i], memory_order_relaxed);
        if ((word & ~HM_WORD_CLAIM) != hm_word_advance(*meaning, i * pages))
            return false;
    }
    return true;
}

/* The entry takes its children's meaning; keep: it stays claimed, for the entry above to go on. */
static void fold(const struct publication *p, hm_addr start, int level, hm_word meaning, bool keep)
{
    hm_slot *slot = hm_table_slot(start, level);
    hm_slot *child = hm_table_slot(start, level - 1);
    hm_word inherit = hm_op_inherit_tag(p->op);
    atomic_store_explicit(slot, meaning | HM_WORD_CLAIM, memory_order_release);
    for (unsigned i = 0; i < p->geometry->fanout[level]; i++)
        atomic_store_explicit(&child[i], inherit, memory_order_release);
    if (!keep)
        atomic_store_explicit(slot, meaning, memory_order_release);
}

/* Ends the claims of direct children; deeper ones have ended theirs when they could not be folded. */
static void end_children_claims(const struct publication *p, hm_addr start, int level)
{
    hm_slot *child = hm_table_slot(start, level - 1);
    for (unsigned i = 0; i < p->geometry->fanout[level]; i++) {
        hm_word word = atomic_load_explicit(&child[i], memory_order_relaxed);
        if (word & HM_WORD_CLAIM)
            atomic_store_explicit(&child[i], word & ~HM_WORD_CLAIM, memory_order_release);
    }
}

static void publish_entry(const struct publication *p, hm_addr start, int level, bool keep)
{
    const struct hm_geometry *geometry = p->geometry;
    hm_slot *slot = hm_table_slot(start, level);
    hm_word raw = atomic_load_explicit(slot, memory_order_relaxed);
    if (!(raw & HM_WORD_SPLIT)) {
        assert(raw & HM_WORD_CLAIM);
        struct hm_cell cell = {slot, start, level, raw, raw & HM_WORD_MEANING};
        hm_word word = p->change(p->context, &cell);
        atomic_store_explicit(slot, keep ? word | HM_WORD_CLAIM : word, memory_order_release);
        return;
    }
    hm_addr end = start + hm_level_size(geometry, level);
    bool whole = p->start <= start && end <= p->end;
    hm_addr step = hm_level_size(geometry, level - 1);
    hm_addr first = p->start > start ? p->start & ~(step - 1) : start;
    hm_addr last = ((p->end < end ? p->end : end) - 1) & ~(step - 1);
    for (hm_addr at = last + step; at > first; at -= step)
        publish_entry(p, at - step, level - 1, whole);
    if (!whole)
        return;
    hm_word meaning;
    if (children_alike(geometry, start, level, &meaning))
        fold(p, start, level, meaning, keep);
    else
        end_children_claims(p, start, level);
}

void hm_publish(const struct hm_op *op, hm_addr start, hm_addr end, hm_change change,
                const void *context)
{
    const struct hm_geometry *geometry = hm_geometry();
    struct hm_cell cell;
    hm_table_find(start, &cell);
    /* The frequent case: one entry is the whole range. */
    if (cell.start == start && hm_cell_end(geometry, &cell) == end) {
        assert(cell.raw & HM_WORD_CLAIM);
        cell.word &= HM_WORD_MEANING;
        atomic_store_explicit(cell.slot, change(context, &cell), memory_order_release);
        return;
    }
    struct publication p = {geometry, op, start, end, change, context};
    hm_addr giant = hm_level_size(geometry, HM_LEVEL_GIANT);
    for (hm_addr at = ((end - 1) & ~(giant - 1)) + giant; at > start; at -= giant)
        publish_entry(&p, at - giant, HM_LEVEL_GIANT, false);
}
