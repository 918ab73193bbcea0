#include "space/claim.h"

#include <assert.h>

#include "platform/platform.h"

enum step { STEP_AGAIN, STEP_DONE, STEP_REFUSED, STEP_BUSY, STEP_NO_MEMORY };

/* Claims the entry at `at`, or splits it when it reaches beyond the range. */
static enum step claim_step(const struct hm_claim *claim, hm_addr at, struct hm_cell *cell)
{
    const struct hm_geometry *geometry = hm_geometry();
    hm_table_find(at, cell);
    if (cell->raw & HM_WORD_CLAIM)
        return STEP_BUSY;
    if (!claim->test(claim->context, cell))
        return STEP_REFUSED;
    hm_word raw = cell->raw;
    if (cell->start == at && hm_cell_end(geometry, cell) <= claim->end) {
        bool won =
            atomic_compare_exchange_strong_explicit(cell->slot, &raw, cell->word | HM_WORD_CLAIM,
                                                    memory_order_acq_rel, memory_order_relaxed);
        return won ? STEP_DONE : STEP_AGAIN;
    }
    if (!hm_table_grow(at, cell->level - 1))
        return STEP_NO_MEMORY;
    atomic_compare_exchange_strong_explicit(cell->slot, &raw, cell->word | HM_WORD_SPLIT,
                                            memory_order_acq_rel, memory_order_relaxed);
    return STEP_AGAIN;
}

enum hm_claim_result hm_claim(const struct hm_claim *claim)
{
    const struct hm_geometry *geometry = hm_geometry();
    static const enum hm_claim_result failure[] = {
        [STEP_REFUSED] = HM_CLAIM_REFUSED,
        [STEP_BUSY] = HM_CLAIM_BUSY,
        [STEP_NO_MEMORY] = HM_CLAIM_NO_MEMORY,
    };
    hm_addr at = claim->start;
    unsigned round = 0;
    while (at < claim->end) {
        struct hm_cell cell;
        enum step step = claim_step(claim, at, &cell);
        if (step == STEP_DONE) {
            at = hm_cell_end(geometry, &cell);
            round = 0;
        } else if (step == STEP_BUSY && claim->wait) {
            hm_os_backend()->wait_step(round++);
        } else if (step != STEP_AGAIN) {
            hm_unclaim(claim->start, at);
            return failure[step];
        }
    }
    return HM_CLAIMED;
}

void hm_unclaim(hm_addr start, hm_addr end)
{
    const struct hm_geometry *geometry = hm_geometry();
    while (start < end) {
        struct hm_cell cell;
        hm_table_find(start, &cell);
        assert(cell.raw & HM_WORD_CLAIM);
        /* Whoever made it LEAVING may have passed here while it was claimed, and not come back. */
        hm_word word =
            hm_word_code(cell.raw) == HM_CODE_LEAVING ? HM_CODE_FREE : cell.raw & ~HM_WORD_CLAIM;
        atomic_store_explicit(cell.slot, word, memory_order_release);
        start = hm_cell_end(geometry, &cell);
    }
}

bool hm_split_claimed(hm_addr address)
{
    const struct hm_geometry *geometry = hm_geometry();
    struct hm_cell cell;
    for (hm_table_find(address, &cell); cell.start != address; hm_table_find(address, &cell)) {
        assert(cell.raw & HM_WORD_CLAIM);
        int level = cell.level;
        if (!hm_table_grow(address, level - 1))
            return false;
        hm_slot *child = hm_table_slot(cell.start, level - 1);
        uint64_t pages = hm_level_size(geometry, level - 1) >> geometry->page_shift;
        for (unsigned i = 0; i < geometry->fanout[level]; i++)
            atomic_store_explicit(&child[i], hm_word_advance(cell.raw, i * pages) | HM_WORD_CLAIM,
                                  memory_order_relaxed);
        atomic_store_explicit(cell.slot, (cell.raw & ~HM_WORD_CLAIM) | HM_WORD_SPLIT,
                              memory_order_release);
    }
    return true;
}

void hm_settle_leaving(hm_addr start, hm_addr end, hm_word leaving, hm_word left)
{
    const struct hm_geometry *geometry = hm_geometry();
    while (start < end) {
        struct hm_cell cell;
        hm_table_find(start, &cell);
        hm_word raw = cell.raw;
        /* An entry that was split or claimed since belongs to whoever did it: a new reservation
         * of the same addresses. What remains LEAVING of it is made FREE entry by entry. */
        if ((cell.word & HM_WORD_MEANING) == leaving && !(raw & HM_WORD_CLAIM) &&
            !atomic_compare_exchange_strong(cell.slot, &raw, left))
            continue;
        start = hm_cell_end(geometry, &cell);
    }
}
