/*
 * work.h - what the operations on claimed pages share: counting, undoing, giving back.
 *
 * Every change runs plan, charge, apply, publish: pages are claimed and the request checked against
 * them; the accounts are charged; the host is asked; the table is told. A step that fails undoes the
 * ones before it.
 */
#ifndef HM_SPACE_WORK_H
#define HM_SPACE_WORK_H

#include <hostmem/wintypes.h>

#include "platform/platform.h"
#include "space/account.h"
#include "space/claim.h"
#include "space/scan.h"
#include "space/space.h"
#include "space/trim.h"

/* [start, end), page aligned. */
struct hm_range {
    hm_addr start;
    hm_addr end;
};

/* The pages that [base, base + size) touches; base + size must not wrap. */
struct hm_range hm_work_pages(uintptr_t base, size_t size);

/* Claims range if all of it belongs to the allocation that begins at base; waits for others. */
enum hm_claim_result hm_work_claim_allocation(struct hm_range range, hm_addr base);

/*
 * Claims range if all of it belongs to the allocation that its first page belongs to. While a part of
 * an allocation is released, what is left behind it takes a new base, page by page: a claim that was
 * refused for that reason is tried again with the base that the first page has now.
 */
enum hm_claim_result hm_work_claim_around(struct hm_range range);

/*
 * Does the allocation that begins at base, and whose pages up to end are claimed, go on behind end?
 * Its end was looked for before the claim; it may have made way for a longer one at the same base.
 */
bool hm_work_goes_on(hm_addr base, hm_addr end);

/* Bytes of a claimed range that are committed. */
uint64_t hm_work_committed_bytes(struct hm_range range);

/* Are all pages of the claimed range that accessible already? Then the host need not be asked. */
bool hm_work_has_access(struct hm_range range, unsigned access);

/* Gives every page of a claimed range the access that the table still says. */
void hm_work_restore_access(struct hm_range range);

/* Merges entries at both ends of a published range with what stands around them. */
void hm_work_merge(const struct hm_op *op, struct hm_range range);

/* Returns claimed pages' addresses to the host and publishes them as free. Their memory is gone in
 * any case; where the host cannot take the addresses, the library holds them. */
void hm_work_give_back(const struct hm_op *op, struct hm_range range);

#endif
