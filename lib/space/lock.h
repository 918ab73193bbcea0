/*
 * lock.h - pages that stay in memory (VirtualLock), and contents that are not needed any more
 * (DiscardVirtualMemory). Neither changes what a query shows.
 */
#ifndef HM_SPACE_LOCK_H
#define HM_SPACE_LOCK_H

#include "space/space.h"

/*
 * Locks the pages that [*base, *base + *size) touches, the library's and others' alike, and writes
 * the rounded range back. There is no count. ACCESS_VIOLATION: some page is not committed or
 * inaccessible; GUARD_PAGE_VIOLATION: the first page that is either of these or a guard page is a
 * guard page, which now is an ordinary one; WORKING_SET_QUOTA: the host does not allow so much. Where
 * the range spans several allocations and a later one fails, the pages of the earlier ones are
 * unlocked, also if they had been locked before.
 */
hm_status hm_space_lock(uintptr_t *base, size_t *size);

/* NOT_LOCKED: some page is not, as far as the host can tell; nothing is unlocked then. */
hm_status hm_space_unlock(uintptr_t *base, size_t *size);

/* Drops the contents of committed pages of one allocation, all PAGE_READWRITE, which stay committed.
 * NOT_COMMITTED, INVALID_PAGE_PROTECTION, CONFLICTING_ADDRESSES (not one allocation). */
hm_status hm_space_discard(uintptr_t base, size_t size);

#endif
