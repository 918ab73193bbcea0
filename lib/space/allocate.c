/*
 * Reserving and committing.
 */
#include "space/place.h"

struct fresh {
    hm_addr start;
    hm_addr end;   /* of the allocation; what is claimed beyond is held */
    hm_word first; /* the word of the allocation's first page */
};

static hm_word make_fresh(const void *context, const struct hm_cell *cell)
{
    const struct fresh *fresh = context;
    if (cell->start >= fresh->end)
        return HM_CODE_HELD;
    return hm_word_advance(fresh->first, (cell->start - fresh->start) >> hm_geometry()->page_shift);
}

static hm_status find_place(const struct hm_request *request, hm_addr length,
                            struct hm_place *place)
{
    hm_addr granularity = hm_space_granularity();
    if (request->base != 0)
        return hm_place_at(request->base & ~(granularity - 1), length, place);
    bool windowed = request->lowest != 0 || request->highest != UINTPTR_MAX ||
                    request->alignment > granularity || request->type & MEM_TOP_DOWN;
    if (!windowed)
        return hm_place_anywhere(length, place);
    hm_addr top = hm_space_highest_address();
    struct hm_window window = {
        .lowest = request->lowest,
        .highest = request->highest < top ? request->highest : top,
        .alignment = request->alignment > granularity ? request->alignment : granularity,
        .from_top = (request->type & MEM_TOP_DOWN) != 0,
    };
    return hm_place_in_window(length, &window, place);
}

/* Makes the claimed place what the request says; gives it back when the host refuses. */
static hm_status occupy(const struct hm_op *op, struct hm_request *request, hm_addr length,
                        const struct hm_place *place)
{
    struct fresh fresh = {place->start, place->start + length,
                          hm_word_make_reserved(request->protect, request->account)};
    if (request->type & MEM_RESERVE_PLACEHOLDER)
        fresh.first |= HM_WORD_PLACEHOLDER;
    if (request->type & MEM_COMMIT)
        fresh.first = hm_word_with_commit(fresh.first, request->protect);
    unsigned access = hm_word_access(fresh.first);
    if (fresh.end < place->mapped && !hm_split_claimed(fresh.end)) {
        hm_place_undo(op, place);
        return HM_STATUS_NO_MEMORY;
    }
    if (access != HM_OS_NONE &&
        hm_os_backend()->protect((uintptr_t)fresh.start, (size_t)length, access) != 0) {
        hm_place_undo(op, place);
        return HM_STATUS_COMMITMENT_LIMIT;
    }
    if (place->mapped < place->end)
        hm_unclaim(place->mapped, place->end);
    hm_publish(op, place->start, place->mapped, make_fresh, &fresh);
    request->base = (uintptr_t)place->start;
    request->size = (size_t)length;
    return HM_STATUS_SUCCESS;
}

static hm_status place_and_occupy(const struct hm_op *op, struct hm_request *request,
                                  hm_addr length)
{
    struct hm_place place;
    hm_status status = find_place(request, length, &place);
    return status == HM_STATUS_SUCCESS ? occupy(op, request, length, &place) : status;
}

static hm_status charge_and_place(const struct hm_op *op, struct hm_request *request,
                                  hm_addr length)
{
    if (!hm_account_reserve(request->account, length))
        return HM_STATUS_NO_MEMORY;
    uint64_t commit = request->type & MEM_COMMIT ? length : 0;
    hm_status status = HM_STATUS_COMMITMENT_LIMIT;
    if (hm_account_commit(request->account, commit, request->urgency)) {
        status = place_and_occupy(op, request, length);
        if (status == HM_STATUS_SUCCESS)
            return status;
        hm_account_uncommit(request->account, commit);
    }
    hm_account_unreserve(request->account, length);
    return status;
}

static hm_status reserve(struct hm_request *request)
{
    /* The base goes down to the granularity, and the size grows to cover what was asked. */
    hm_addr granularity = hm_space_granularity();
    struct hm_range pages = hm_work_pages(request->base, request->size);
    hm_addr length = pages.end - (request->base & ~(granularity - 1));
    struct hm_op op;
    hm_op_enter(&op);
    hm_status status = charge_and_place(&op, request, length);
    hm_op_leave(&op);
    return status;
}

static hm_word make_committed(const void *context, const struct hm_cell *cell)
{
    return hm_word_with_commit(cell->word, *(const uint32_t *)context);
}

/* The claimed range becomes committed; charges what was not. */
static hm_status commit_claimed(const struct hm_op *op, struct hm_range range,
                                const struct hm_request *request)
{
    uint32_t protect = request->protect;
    struct hm_cell first;
    hm_table_find(range.start, &first);
    /* A placeholder keeps a range and nothing else. */
    if (first.word & HM_WORD_PLACEHOLDER) {
        hm_unclaim(range.start, range.end);
        return HM_STATUS_CONFLICTING_ADDRESSES;
    }
    int account = hm_word_account(first.word);
    uint64_t size = range.end - range.start;
    uint64_t fresh = size - hm_work_committed_bytes(range);
    if (!hm_account_commit(account, fresh, request->urgency)) {
        hm_unclaim(range.start, range.end);
        return HM_STATUS_COMMITMENT_LIMIT;
    }
    unsigned access = hm_word_access(hm_word_with_commit(first.word, protect));
    if (!hm_work_has_access(range, access) &&
        hm_os_backend()->protect((uintptr_t)range.start, (size_t)size, access) != 0) {
        hm_work_restore_access(range);
        hm_account_uncommit(account, fresh);
        hm_unclaim(range.start, range.end);
        return HM_STATUS_COMMITMENT_LIMIT;
    }
    hm_publish(op, range.start, range.end, make_committed, &protect);
    hm_work_merge(op, range);
    return HM_STATUS_SUCCESS;
}

static hm_status commit(struct hm_request *request)
{
    struct hm_range range = hm_work_pages(request->base, request->size);
    struct hm_cell first;
    hm_table_find(range.start, &first);
    if (!hm_word_is_allocated(first.word))
        return HM_STATUS_CONFLICTING_ADDRESSES;
    struct hm_op op;
    hm_op_enter(&op);
    hm_status status = HM_STATUS_CONFLICTING_ADDRESSES;
    enum hm_claim_result claimed = hm_work_claim_around(range);
    if (claimed == HM_CLAIMED)
        status = commit_claimed(&op, range, request);
    else if (claimed == HM_CLAIM_NO_MEMORY)
        status = HM_STATUS_NO_MEMORY;
    hm_op_leave(&op);
    if (status == HM_STATUS_SUCCESS) {
        request->base = (uintptr_t)range.start;
        request->size = (size_t)(range.end - range.start);
    }
    return status;
}

hm_status hm_space_allocate(struct hm_request *request)
{
    if (request->type & (MEM_RESET | MEM_RESET_UNDO))
        return hm_space_reset(&request->base, &request->size,
                              (request->type & MEM_RESET_UNDO) != 0);
    if (request->type & MEM_REPLACE_PLACEHOLDER)
        return hm_space_replace(request);
    bool wants_new = request->type & MEM_RESERVE || request->base == 0;
    return wants_new ? reserve(request) : commit(request);
}
