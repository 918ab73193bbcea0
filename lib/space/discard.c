/*
 * Dropping contents of committed pages.
 */
#include "space/lock.h"

#include "space/work.h"

/* Are all pages of the claimed range committed, readable and writable, and nothing else? */
static hm_status inspect(struct hm_range range)
{
    hm_status status = HM_STATUS_SUCCESS;
    for (struct hm_cell cell; range.start < range.end;
         range.start = hm_cell_end(hm_geometry(), &cell)) {
        hm_table_find(range.start, &cell);
        if (!hm_word_is_committed(cell.word))
            return HM_STATUS_NOT_COMMITTED;
        uint32_t protect = hm_word_page_protect(cell.word);
        if ((protect & ~(PAGE_NOCACHE | PAGE_WRITECOMBINE)) != PAGE_READWRITE)
            status = HM_STATUS_INVALID_PAGE_PROTECTION;
    }
    return status;
}

hm_status hm_space_discard(uintptr_t base, size_t size)
{
    struct hm_range range = hm_work_pages(base, size);
    struct hm_cell first;
    hm_table_find(range.start, &first);
    if (!hm_word_is_allocated(first.word))
        return HM_STATUS_CONFLICTING_ADDRESSES;
    struct hm_op op;
    hm_op_enter(&op);
    hm_status status = HM_STATUS_CONFLICTING_ADDRESSES;
    enum hm_claim_result claimed = hm_work_claim_around(range);
    if (claimed == HM_CLAIMED) {
        status = inspect(range);
        if (status == HM_STATUS_SUCCESS)
            hm_os_backend()->meta_discard((void *)(uintptr_t)range.start,
                                          (size_t)(range.end - range.start));
        hm_unclaim(range.start, range.end);
        hm_work_merge(&op, range);
    } else if (claimed == HM_CLAIM_NO_MEMORY) {
        status = HM_STATUS_NO_MEMORY;
    }
    hm_op_leave(&op);
    return status;
}
