/*
 * Decommitting and releasing.
 */
#include "space/work.h"

static hm_word make_reserved(const void *context, const struct hm_cell *cell)
{
    (void)context;
    return hm_word_with_decommit(cell->word);
}

/* The claimed range becomes reserved. */
static hm_status decommit_claimed(const struct hm_op *op, struct hm_range range)
{
    uint64_t committed = hm_work_committed_bytes(range);
    if (committed == 0) {
        hm_unclaim(range.start, range.end);
        return HM_STATUS_SUCCESS;
    }
    struct hm_cell first;
    hm_table_find(range.start, &first);
    if (hm_os_backend()->decommit((uintptr_t)range.start, (size_t)(range.end - range.start)) != 0) {
        hm_work_restore_access(range);
        hm_unclaim(range.start, range.end);
        return HM_STATUS_NO_MEMORY;
    }
    hm_publish(op, range.start, range.end, make_reserved, NULL);
    hm_account_uncommit(hm_word_account(first.word), committed);
    hm_work_merge(op, range);
    return HM_STATUS_SUCCESS;
}

/* What stays behind a released part is an allocation of its own, with its base where it begins. */
struct remainder {
    hm_addr start;
    uint64_t pages; /* from the old base to the new one */
};

static hm_word rebase(const void *context, const struct hm_cell *cell)
{
    const struct remainder *remainder = context;
    return cell->word - (remainder->pages << HM_WORD_DISTANCE_SHIFT);
}

static bool is_held(const void *context, const struct hm_cell *cell)
{
    (void)context;
    return hm_word_code(cell->word) == HM_CODE_HELD;
}

/* Adds the held rest of the range's last granule to the claimed range. */
static void claim_slack(struct hm_range *range)
{
    hm_addr granularity = hm_space_granularity();
    hm_addr limit = (hm_addr)hm_space_highest_address() + 1;
    hm_addr end = (range->end + granularity - 1) & ~(granularity - 1);
    end = end < limit ? end : limit;
    struct hm_claim slack = {range->end, end, is_held, NULL, .wait = false};
    if (range->end < end && hm_claim(&slack) == HM_CLAIMED)
        range->end = end;
}

/* Part and, where the allocation goes on to `end`, the rest behind it are claimed. */
static void release_claimed(const struct hm_op *op, struct hm_range part, hm_addr base, hm_addr end)
{
    struct hm_cell first;
    hm_table_find(part.start, &first);
    int account = hm_word_account(first.word);
    uint64_t committed = hm_work_committed_bytes(part);
    uint64_t bytes = part.end - part.start;
    if (part.end < end) {
        struct remainder remainder = {part.end, (part.end - base) >> hm_geometry()->page_shift};
        hm_publish(op, part.end, end, rebase, &remainder);
    } else {
        claim_slack(&part);
    }
    hm_work_give_back(op, part);
    hm_account_uncommit(account, committed);
    hm_account_unreserve(account, bytes);
    hm_merge_around(op, part.start, HM_LEVEL_LARGE);
}

/*
 * Claims what a free changes: the part and, when it is released, the rest behind it, whose base
 * changes. REFUSED as well when `end` is not the allocation's end any more. All, or nothing.
 */
static enum hm_claim_result claim_for_free(struct hm_range part, hm_addr base, hm_addr end,
                                           uint32_t type)
{
    enum hm_claim_result result = hm_work_claim_allocation(part, base);
    hm_addr claimed = part.end;
    if (result == HM_CLAIMED && type == MEM_RELEASE && part.end < end) {
        result = hm_work_claim_allocation((struct hm_range){part.end, end}, base);
        claimed = result == HM_CLAIMED ? end : part.end;
        if (result != HM_CLAIMED)
            hm_unclaim(part.start, part.end);
    }
    if (result == HM_CLAIMED && claimed == end && hm_work_goes_on(base, end)) {
        hm_unclaim(part.start, end);
        result = HM_CLAIM_REFUSED;
    }
    return result;
}

enum attempt { DONE, CHANGED_MEANWHILE };

/* What is asked for, as the allocation is now; may be wrong if another thread is changing it. */
static hm_status inspect(struct hm_range *part, bool whole, hm_addr base, hm_addr end)
{
    if (whole && part->start != base)
        return HM_STATUS_FREE_VM_NOT_AT_BASE;
    if (whole)
        part->end = end;
    return part->start < part->end && part->end <= end ? HM_STATUS_SUCCESS
                                                       : HM_STATUS_UNABLE_TO_FREE_VM;
}

static hm_status free_claimed(const struct hm_op *op, struct hm_range part, hm_addr base,
                              hm_addr end, uint32_t type)
{
    if (type == MEM_DECOMMIT)
        return decommit_claimed(op, part);
    release_claimed(op, part, base, end);
    return HM_STATUS_SUCCESS;
}

/* One try; *status counts only when DONE. */
static enum attempt try_free(struct hm_range *part, bool whole, uint32_t type, hm_status *status)
{
    struct hm_cell cell;
    hm_table_find(part->start, &cell);
    *status = HM_STATUS_MEMORY_NOT_ALLOCATED;
    if (!hm_word_is_allocated(cell.word))
        return DONE;
    hm_addr base = hm_cell_base(hm_geometry(), &cell);
    hm_addr end = hm_scan_allocation(base);
    *status = inspect(part, whole, base, end);
    if (*status != HM_STATUS_SUCCESS) {
        /* True if the page has kept its place in the allocation while its end was looked for. */
        struct hm_cell again;
        hm_table_find(part->start, &again);
        return !(cell.raw & HM_WORD_CLAIM) && again.raw == cell.raw ? DONE : CHANGED_MEANWHILE;
    }
    struct hm_op op;
    hm_op_enter(&op);
    enum hm_claim_result result = claim_for_free(*part, base, end, type);
    *status =
        result == HM_CLAIMED ? free_claimed(&op, *part, base, end, type) : HM_STATUS_NO_MEMORY;
    hm_op_leave(&op);
    return result == HM_CLAIM_REFUSED ? CHANGED_MEANWHILE : DONE;
}

hm_status hm_space_free(uintptr_t *base, size_t *size, uint32_t type)
{
    if (type & MEM_PRESERVE_PLACEHOLDER)
        return hm_space_preserve(base, size);
    if (type & MEM_COALESCE_PLACEHOLDERS)
        return hm_space_coalesce(base, size);
    bool whole = *size == 0;
    struct hm_range part = hm_work_pages(*base, whole ? 1 : *size);
    hm_status status;
    /* Another thread that frees part of the allocation at the same time changes what is asked for;
     * look again then: the answer is the one for what it left. */
    for (unsigned round = 0; try_free(&part, whole, type, &status) == CHANGED_MEANWHILE; round++)
        hm_os_backend()->wait_step(round);
    if (status != HM_STATUS_SUCCESS)
        return status;
    if (part.end - part.start >= hm_level_size(hm_geometry(), HM_LEVEL_LARGE))
        hm_trim_now(part.start, part.end);
    hm_trim_collected();
    /* Decommitting all of an allocation reports no size, as Windows does. */
    *size = whole && type == MEM_DECOMMIT ? 0 : (size_t)(part.end - part.start);
    *base = (uintptr_t)part.start;
    return HM_STATUS_SUCCESS;
}
