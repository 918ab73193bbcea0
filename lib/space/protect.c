/*
 * Changing protection.
 */
#include "space/foreign.h"
#include "space/rules.h"

static hm_word reprotect(const void *context, const struct hm_cell *cell)
{
    return hm_word_with_commit(cell->word, *(const uint32_t *)context);
}

static hm_status protect_claimed(const struct hm_op *op, struct hm_range range, uint32_t protect,
                                 uint32_t *old)
{
    uint64_t size = range.end - range.start;
    struct hm_cell first;
    hm_table_find(range.start, &first);
    hm_status status = HM_STATUS_SUCCESS;
    if (hm_work_committed_bytes(range) != size)
        status = HM_STATUS_NOT_COMMITTED;
    unsigned access = hm_word_access(hm_word_with_commit(first.word, protect));
    if (status == HM_STATUS_SUCCESS && !hm_work_has_access(range, access) &&
        hm_os_backend()->protect((uintptr_t)range.start, (size_t)size, access) != 0) {
        hm_work_restore_access(range);
        status = HM_STATUS_NO_MEMORY;
    }
    if (status != HM_STATUS_SUCCESS) {
        hm_unclaim(range.start, range.end);
        return status;
    }
    *old = hm_word_page_protect(first.word);
    hm_publish(op, range.start, range.end, reprotect, &protect);
    hm_work_merge(op, range);
    return HM_STATUS_SUCCESS;
}

static hm_status protect_owned(struct hm_range range, uint32_t protect, uint32_t *old)
{
    struct hm_op op;
    hm_op_enter(&op);
    hm_status status = HM_STATUS_CONFLICTING_ADDRESSES;
    enum hm_claim_result claimed = hm_work_claim_around(range);
    if (claimed == HM_CLAIMED)
        status = protect_claimed(&op, range, protect, old);
    else if (claimed == HM_CLAIM_NO_MEMORY)
        status = HM_STATUS_NO_MEMORY;
    hm_op_leave(&op);
    return status;
}

hm_status hm_space_protect(uintptr_t *base, size_t *size, uint32_t protect, uint32_t *old)
{
    struct hm_range range = hm_work_pages(*base, *size);
    struct hm_cell first;
    hm_table_find(range.start, &first);
    hm_status status;
    if (!hm_word_is_allocated(first.word))
        status = hm_foreign_protect(range, protect, old);
    else if (hm_rules_valid_protection(protect))
        status = protect_owned(range, protect, old);
    else
        status = HM_STATUS_INVALID_PAGE_PROTECTION; /* copy on write of private memory */
    if (status == HM_STATUS_SUCCESS) {
        *base = (uintptr_t)range.start;
        *size = (size_t)(range.end - range.start);
    }
    return status;
}
