/*
 * Placeholders: allocations that only keep their range, to be split, joined and replaced without the
 * range ever being free for anybody else. Splitting and joining change nothing but the table.
 */
#include "space/work.h"

/* Pages that become (part of) the allocation that begins at base with the word `first`. */
struct piece {
    hm_addr base;
    hm_word first;
};

static hm_word make_piece(const void *context, const struct hm_cell *cell)
{
    const struct piece *piece = context;
    return hm_word_advance(piece->first, (cell->start - piece->base) >> hm_geometry()->page_shift);
}

static void publish_piece(const struct hm_op *op, struct hm_range range, hm_word first)
{
    struct piece piece = {range.start, first};
    if (range.start < range.end)
        hm_publish(op, range.start, range.end, make_piece, &piece);
}

/* The word of the first page of a placeholder that this account pays for. */
static hm_word placeholder_word(int account)
{
    return hm_word_make_reserved(PAGE_NOACCESS, account) | HM_WORD_PLACEHOLDER;
}

/* The allocation around a page, as it was when looked at. */
static bool find_allocation(hm_addr at, struct hm_range *allocation, hm_word *word)
{
    struct hm_cell cell;
    hm_table_find(at, &cell);
    if (!hm_word_is_allocated(cell.word))
        return false;
    *word = cell.word;
    allocation->start = hm_cell_base(hm_geometry(), &cell);
    allocation->end = hm_scan_allocation(allocation->start);
    return allocation->start < allocation->end;
}

static hm_status refusal(enum hm_claim_result result)
{
    return result == HM_CLAIM_NO_MEMORY ? HM_STATUS_NO_MEMORY : HM_STATUS_CONFLICTING_ADDRESSES;
}

/* Claims all of an allocation, cut where `part` begins and ends; or nothing. */
static enum hm_claim_result claim_in_parts(struct hm_range allocation, struct hm_range part)
{
    const hm_addr cuts[] = {allocation.start, part.start, part.end, allocation.end};
    for (int i = 0; i < 3; i++) {
        struct hm_range range = {cuts[i], cuts[i + 1]};
        if (range.start == range.end)
            continue;
        enum hm_claim_result result = hm_work_claim_allocation(range, allocation.start);
        if (result != HM_CLAIMED) {
            hm_unclaim(allocation.start, range.start);
            return result;
        }
    }
    return HM_CLAIMED;
}

/* Between looking and claiming, the allocation may have become another one at the same base. */
static bool still_is(struct hm_range claimed, hm_word kind)
{
    struct hm_cell cell;
    hm_table_find(claimed.start, &cell);
    return cell.word & kind && !hm_work_goes_on(claimed.start, claimed.end);
}

/* A part of a placeholder becomes one of its own, and so do what is in front and behind. */
static hm_status split(const struct hm_op *op, struct hm_range whole, struct hm_range part,
                       int account)
{
    enum hm_claim_result result = claim_in_parts(whole, part);
    if (result != HM_CLAIMED)
        return refusal(result);
    if (!still_is(whole, HM_WORD_PLACEHOLDER)) {
        hm_unclaim(whole.start, whole.end);
        return HM_STATUS_CONFLICTING_ADDRESSES;
    }
    hm_word first = placeholder_word(account);
    publish_piece(op, (struct hm_range){whole.start, part.start}, first);
    publish_piece(op, part, first);
    publish_piece(op, (struct hm_range){part.end, whole.end}, first);
    return HM_STATUS_SUCCESS;
}

/* An allocation that had replaced a placeholder becomes one again; its contents are gone. */
static hm_status put_back(const struct hm_op *op, struct hm_range whole, int account)
{
    enum hm_claim_result result = hm_work_claim_allocation(whole, whole.start);
    if (result != HM_CLAIMED)
        return refusal(result);
    if (!still_is(whole, HM_WORD_REPLACED)) {
        hm_unclaim(whole.start, whole.end);
        return HM_STATUS_CONFLICTING_ADDRESSES;
    }
    uint64_t committed = hm_work_committed_bytes(whole);
    size_t size = (size_t)(whole.end - whole.start);
    if (committed != 0 && hm_os_backend()->decommit((uintptr_t)whole.start, size) != 0) {
        hm_work_restore_access(whole);
        hm_unclaim(whole.start, whole.end);
        return HM_STATUS_NO_MEMORY;
    }
    publish_piece(op, whole, placeholder_word(account));
    hm_account_uncommit(account, committed);
    return HM_STATUS_SUCCESS;
}

hm_status hm_space_preserve(uintptr_t *base, size_t *size)
{
    struct hm_range part = hm_work_pages(*base, *size);
    struct hm_range whole;
    hm_word word;
    if (!find_allocation(part.start, &whole, &word) || part.end > whole.end)
        return HM_STATUS_CONFLICTING_ADDRESSES;
    bool all = part.start == whole.start && part.end == whole.end;
    int account = hm_word_account(word);
    hm_status status = HM_STATUS_CONFLICTING_ADDRESSES;
    struct hm_op op;
    hm_op_enter(&op);
    if (word & HM_WORD_PLACEHOLDER && !all)
        status = split(&op, whole, part, account);
    else if (word & HM_WORD_REPLACED && all)
        status = put_back(&op, whole, account);
    hm_op_leave(&op);
    if (status == HM_STATUS_SUCCESS) {
        *base = (uintptr_t)part.start;
        *size = (size_t)(part.end - part.start);
    }
    return status;
}

static bool is_placeholder(const void *context, const struct hm_cell *cell)
{
    (void)context;
    return hm_word_is_allocated(cell->word) && cell->word & HM_WORD_PLACEHOLDER;
}

/* Does the claimed range consist of two or more whole placeholders? */
static bool tiles(struct hm_range range)
{
    const struct hm_geometry *geometry = hm_geometry();
    unsigned count = 0;
    for (hm_addr at = range.start; at < range.end; count++) {
        struct hm_cell cell;
        hm_table_find(at, &cell);
        if (hm_cell_base(geometry, &cell) != at)
            return false;
        at = hm_scan_allocation(at);
        if (at > range.end)
            return false;
    }
    return count >= 2;
}

/* All placeholders of a claimed range are paid by one account from now on. */
static void gather_charges(struct hm_range range, int account)
{
    const struct hm_geometry *geometry = hm_geometry();
    while (range.start < range.end) {
        struct hm_cell cell;
        hm_table_find(range.start, &cell);
        hm_addr end = hm_cell_end(geometry, &cell);
        hm_account_move(hm_word_account(cell.word), account, end - range.start);
        range.start = end;
    }
}

hm_status hm_space_coalesce(uintptr_t *base, size_t *size)
{
    struct hm_range range = hm_work_pages(*base, *size);
    struct hm_claim claim = {range.start, range.end, is_placeholder, NULL, .wait = true};
    struct hm_op op;
    hm_op_enter(&op);
    enum hm_claim_result result = hm_claim(&claim);
    hm_status status = result == HM_CLAIMED ? HM_STATUS_SUCCESS : refusal(result);
    if (result == HM_CLAIMED && !tiles(range)) {
        hm_unclaim(range.start, range.end);
        status = HM_STATUS_CONFLICTING_ADDRESSES;
    } else if (result == HM_CLAIMED) {
        struct hm_cell first;
        hm_table_find(range.start, &first);
        int account = hm_word_account(first.word);
        gather_charges(range, account);
        publish_piece(&op, range, placeholder_word(account));
        *base = (uintptr_t)range.start;
        *size = (size_t)(range.end - range.start);
    }
    hm_op_leave(&op);
    return status;
}

/* The claimed placeholder becomes an allocation of the requester's. */
static hm_status replace_claimed(const struct hm_op *op, const struct hm_request *request,
                                 struct hm_range range, int payer)
{
    uint64_t size = range.end - range.start;
    uint64_t commit = request->type & MEM_COMMIT ? size : 0;
    hm_word first = hm_word_make_reserved(request->protect, request->account) | HM_WORD_REPLACED;
    if (commit)
        first = hm_word_with_commit(first, request->protect);
    if (request->account != payer && !hm_account_reserve(request->account, size))
        return HM_STATUS_NO_MEMORY;
    hm_status status = HM_STATUS_COMMITMENT_LIMIT;
    if (hm_account_commit(request->account, commit, request->urgency)) {
        unsigned access = hm_word_access(first);
        if (access == HM_OS_NONE ||
            hm_os_backend()->protect((uintptr_t)range.start, (size_t)size, access) == 0) {
            publish_piece(op, range, first);
            if (request->account != payer)
                hm_account_unreserve(payer, size);
            return HM_STATUS_SUCCESS;
        }
        hm_work_restore_access(range);
        hm_account_uncommit(request->account, commit);
    }
    if (request->account != payer)
        hm_account_unreserve(request->account, size);
    return status;
}

hm_status hm_space_replace(struct hm_request *request)
{
    struct hm_range range = hm_work_pages(request->base, request->size);
    struct hm_range whole;
    hm_word word;
    if (!find_allocation(range.start, &whole, &word) || !(word & HM_WORD_PLACEHOLDER) ||
        whole.start != range.start || whole.end != range.end)
        return HM_STATUS_CONFLICTING_ADDRESSES;
    struct hm_op op;
    hm_op_enter(&op);
    struct hm_claim claim = {range.start, range.end, is_placeholder, NULL, .wait = true};
    enum hm_claim_result result = hm_claim(&claim);
    hm_status status = result == HM_CLAIMED ? HM_STATUS_SUCCESS : refusal(result);
    if (result == HM_CLAIMED) {
        /* Somebody may have split or joined it since it was looked at. */
        bool same = find_allocation(range.start, &whole, &word) && whole.start == range.start &&
                    whole.end == range.end;
        status = same ? replace_claimed(&op, request, range, hm_word_account(word))
                      : HM_STATUS_CONFLICTING_ADDRESSES;
        if (status != HM_STATUS_SUCCESS)
            hm_unclaim(range.start, range.end);
    }
    hm_op_leave(&op);
    if (status == HM_STATUS_SUCCESS) {
        request->base = (uintptr_t)range.start;
        request->size = (size_t)(range.end - range.start);
    }
    return status;
}
