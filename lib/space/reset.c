/*
 * MEM_RESET and MEM_RESET_UNDO: contents that are not needed for now. They stay until the host wants
 * the memory, and undoing tells truly whether they did.
 *
 * A page that had contents when it was reset carries a mark in its word. Pages without one read as
 * zero before and after, so nothing of theirs can be lost.
 */
#include "space/work.h"

#include <string.h>

/* Pages that the host is asked about at a time. */
enum { CHUNK = 256 };

/* Pieces of a claimed range: at most CHUNK pages of one entry. */
struct cursor {
    hm_addr at;
    hm_addr end;
    struct hm_cell cell;
};

static bool next_piece(struct cursor *cursor, struct hm_range *piece)
{
    if (cursor->at >= cursor->end)
        return false;
    const struct hm_geometry *geometry = hm_geometry();
    hm_addr most = (hm_addr)CHUNK << geometry->page_shift;
    hm_table_find(cursor->at, &cursor->cell);
    hm_addr end = hm_cell_end(geometry, &cursor->cell);
    piece->start = cursor->at;
    piece->end = end - cursor->at > most ? cursor->at + most : end;
    cursor->at = piece->end;
    return true;
}

/* Marks the entries of claimed pages; they stay claimed. */
static void mark(struct hm_range range, hm_word set, hm_word clear)
{
    while (range.start < range.end) {
        struct hm_cell cell;
        hm_table_find(range.start, &cell);
        atomic_store_explicit(cell.slot, (cell.raw & ~clear) | set, memory_order_release);
        range.start = hm_cell_end(hm_geometry(), &cell);
    }
}

/* Marks what has contents among the pages of one committed entry. */
static hm_status mark_contents(struct hm_range piece)
{
    unsigned char has[CHUNK];
    unsigned shift = hm_geometry()->page_shift;
    size_t pages = (size_t)((piece.end - piece.start) >> shift);
    if (hm_os_backend()->has_contents((uintptr_t)piece.start, pages << shift, has) != 0)
        return HM_STATUS_NO_MEMORY;
    for (size_t first = 0, last; first < pages; first = last) {
        for (last = first + 1; last < pages && has[last] == has[first]; last++)
            ;
        struct hm_range run = {piece.start + (first << shift), piece.start + (last << shift)};
        if (!has[first])
            continue;
        if (!hm_split_claimed(run.start) || (run.end < piece.end && !hm_split_claimed(run.end)))
            return HM_STATUS_NO_MEMORY;
        mark(run, HM_WORD_RESET, 0);
    }
    return HM_STATUS_SUCCESS;
}

static hm_status reset_claimed(struct hm_range range)
{
    struct cursor cursor = {.at = range.start, .end = range.end};
    struct hm_range piece;
    while (next_piece(&cursor, &piece)) {
        if (!hm_word_is_committed(cursor.cell.word))
            continue;
        /* The piece may end inside its entry; both sides are then looked at on their own. */
        if (piece.end < range.end && !hm_split_claimed(piece.end))
            return HM_STATUS_NO_MEMORY;
        hm_status status = mark_contents(piece);
        if (status != HM_STATUS_SUCCESS)
            return status;
    }
    /* A host that refuses (pages are locked, say) just keeps the contents, which is allowed. */
    (void)hm_os_backend()->reset((uintptr_t)range.start, (size_t)(range.end - range.start));
    return HM_STATUS_SUCCESS;
}

/* The marked pages of one entry; whether all of them kept their contents. */
static hm_status keep_piece(struct hm_range piece, unsigned access, bool *kept)
{
    const struct hm_os *os = hm_os_backend();
    unsigned char has[CHUNK];
    uintptr_t base = (uintptr_t)piece.start;
    size_t size = (size_t)(piece.end - piece.start);
    memset(has, 1, sizeof(has));
    bool writable = access & HM_OS_WRITE;
    if (!writable && os->protect(base, size, HM_OS_READ | HM_OS_WRITE) != 0)
        return HM_STATUS_NO_MEMORY;
    bool all = false;
    int error = os->keep(base, size, has, &all);
    if (!writable)
        (void)os->protect(base, size, access);
    *kept &= all;
    return error == 0 ? HM_STATUS_SUCCESS : HM_STATUS_NO_MEMORY;
}

static hm_status undo_claimed(struct hm_range range)
{
    struct cursor cursor = {.at = range.start, .end = range.end};
    struct hm_range piece;
    hm_status status = HM_STATUS_SUCCESS;
    bool kept = true;
    while (next_piece(&cursor, &piece) && status == HM_STATUS_SUCCESS)
        if (cursor.cell.word & HM_WORD_RESET)
            status = keep_piece(piece, hm_word_access(cursor.cell.word), &kept);
    if (status != HM_STATUS_SUCCESS)
        return status;
    mark(range, 0, HM_WORD_RESET);
    return kept ? HM_STATUS_SUCCESS : HM_STATUS_CONTENTS_LOST;
}

static hm_word unchanged(const void *context, const struct hm_cell *cell)
{
    (void)context;
    return cell->word;
}

hm_status hm_space_reset(uintptr_t *base, size_t *size, bool undo)
{
    struct hm_range range = hm_work_pages(*base, *size);
    struct hm_cell first;
    hm_table_find(range.start, &first);
    if (!hm_word_is_allocated(first.word))
        return HM_STATUS_CONFLICTING_ADDRESSES;
    struct hm_op op;
    hm_op_enter(&op);
    hm_status status = HM_STATUS_CONFLICTING_ADDRESSES;
    enum hm_claim_result claimed = hm_work_claim_around(range);
    if (claimed == HM_CLAIMED) {
        status = undo ? undo_claimed(range) : reset_claimed(range);
        hm_publish(&op, range.start, range.end, unchanged, NULL);
        hm_work_merge(&op, range);
    } else if (claimed == HM_CLAIM_NO_MEMORY) {
        status = HM_STATUS_NO_MEMORY;
    }
    hm_op_leave(&op);
    if (status == HM_STATUS_SUCCESS) {
        *base = (uintptr_t)range.start;
        *size = (size_t)(range.end - range.start);
    }
    return status;
}
