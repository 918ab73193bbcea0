/*
 * region.h - a whole allocation, where a query tells of one run of like pages.
 */
#ifndef HM_POLICY_REGION_H
#define HM_POLICY_REGION_H

#include "policy/policy.h"

/* Sizes in bytes. */
struct hm_allocation {
    uintptr_t base;
    size_t size;
    size_t committed;
    uint32_t protect; /* given at reservation */
};

/*
 * The allocation, or mapping of others, that address is in. INVALID_ADDRESS: that is free;
 * INVALID_PARAMETER: above the highest address. Put together from one query for each run: every run
 * was true when it was read, their sum may not be when other threads change the allocation. Waits
 * for nobody and is async-signal-safe.
 */
hm_status hm_policy_allocation(uintptr_t address, struct hm_allocation *allocation);

#endif
