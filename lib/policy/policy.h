/*
 * policy.h - what a manager adds to the bare address space: whose quota pays, what a request that
 * does not fit gets, how loaded the host is. The faces call this layer for every change.
 */
#ifndef HM_POLICY_H
#define HM_POLICY_H

#include "space/space.h"

/*
 * VirtualAlloc and friends on behalf of an account, argument rules included. level is an
 * EMemoryCriticalLevel (0 to 2).
 */
hm_status hm_policy_allocate(int account, uintptr_t base, size_t size, uint32_t type,
                             uint32_t protect, int level, uintptr_t *result);
hm_status hm_policy_free(uintptr_t base, size_t size, uint32_t type);
hm_status hm_policy_protect(uintptr_t base, size_t size, uint32_t protect, uint32_t *old);

/* MEMORY_BASIC_INFORMATION for address; HM_STATUS_INVALID_PARAMETER above the highest address. */
hm_status hm_policy_query(uintptr_t address, struct hm_region *region);

/* Percentage of physical memory in use and bytes available to this account; see GetMemoryLoad. */
hm_status hm_policy_load(int account, uint32_t *percent, uint64_t *available);

#endif
