/*
 * Locking pages in memory. The table knows nothing of it: the host keeps the locks, and ends them
 * where pages are decommitted or released.
 */
#include "space/lock.h"

#include <errno.h>

#include "space/work.h"

/* May the whole range be locked? Reads as Windows does, upwards, until a page says no. */
static hm_status inspect(struct hm_range range)
{
    while (range.start < range.end) {
        struct hm_region region;
        hm_status status = hm_space_query((uintptr_t)range.start, &region);
        if (status != HM_STATUS_SUCCESS)
            return status;
        if (region.state != MEM_COMMIT || region.protect & PAGE_NOACCESS)
            return HM_STATUS_ACCESS_VIOLATION;
        if (region.protect & PAGE_GUARD) {
            size_t page = hm_space_page_size();
            uint32_t old;
            (void)hm_space_protect(&region.base, &page, region.protect & ~PAGE_GUARD, &old);
            return HM_STATUS_GUARD_PAGE_VIOLATION;
        }
        range.start = (hm_addr)region.base + region.size;
    }
    return HM_STATUS_SUCCESS;
}

static hm_status lock_pages(struct hm_range range)
{
    int error = hm_os_backend()->lock((uintptr_t)range.start, (size_t)(range.end - range.start));
    return error == 0 ? HM_STATUS_SUCCESS : HM_STATUS_WORKING_SET_QUOTA;
}

static bool is_accessible(struct hm_range range)
{
    for (struct hm_cell cell; range.start < range.end;
         range.start = hm_cell_end(hm_geometry(), &cell)) {
        hm_table_find(range.start, &cell);
        if (hm_word_access(cell.word) == HM_OS_NONE)
            return false;
    }
    return true;
}

/* Claimed meanwhile, so that nobody gives the addresses to others before the host looks at them. */
static hm_status lock_owned(struct hm_range range)
{
    struct hm_op op;
    hm_op_enter(&op);
    hm_status status = HM_STATUS_ACCESS_VIOLATION;
    enum hm_claim_result claimed = hm_work_claim_around(range);
    if (claimed == HM_CLAIMED) {
        if (is_accessible(range))
            status = lock_pages(range);
        hm_unclaim(range.start, range.end);
        hm_work_merge(&op, range);
    } else if (claimed == HM_CLAIM_NO_MEMORY) {
        status = HM_STATUS_NO_MEMORY;
    }
    hm_op_leave(&op);
    return status;
}

/* Locks what lies at `at` and belongs together; *next is where that ends. */
static hm_status lock_piece(hm_addr at, hm_addr end, hm_addr *next)
{
    struct hm_cell cell;
    hm_table_find(at, &cell);
    if (hm_word_is_allocated(cell.word)) {
        hm_addr base = hm_cell_base(hm_geometry(), &cell);
        hm_addr last = hm_scan_allocation(base);
        *next = last > at && last < end ? last : end;
        return lock_owned((struct hm_range){at, *next});
    }
    for (*next = at; *next < end; *next = hm_cell_end(hm_geometry(), &cell)) {
        hm_table_find(*next, &cell);
        if (hm_word_is_allocated(cell.word))
            break;
    }
    *next = *next < end ? *next : end;
    return lock_pages((struct hm_range){at, *next});
}

hm_status hm_space_lock(uintptr_t *base, size_t *size)
{
    struct hm_range range = hm_work_pages(*base, *size);
    hm_status status = inspect(range);
    for (hm_addr at = range.start; status == HM_STATUS_SUCCESS && at < range.end;) {
        hm_addr next;
        status = lock_piece(at, range.end, &next);
        if (status == HM_STATUS_SUCCESS)
            at = next;
        else if (at > range.start)
            (void)hm_os_backend()->unlock((uintptr_t)range.start, (size_t)(at - range.start));
    }
    if (status == HM_STATUS_SUCCESS) {
        *base = (uintptr_t)range.start;
        *size = (size_t)(range.end - range.start);
    }
    return status;
}

hm_status hm_space_unlock(uintptr_t *base, size_t *size)
{
    struct hm_range range = hm_work_pages(*base, *size);
    int error = ENOLCK;
    /* The first page is never anybody's, and the seam takes no address 0. */
    if (range.start != 0)
        error = hm_os_backend()->unlock((uintptr_t)range.start, (size_t)(range.end - range.start));
    if (error != 0)
        return error == ENOLCK ? HM_STATUS_NOT_LOCKED : HM_STATUS_NO_MEMORY;
    *base = (uintptr_t)range.start;
    *size = (size_t)(range.end - range.start);
    return HM_STATUS_SUCCESS;
}
