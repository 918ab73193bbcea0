/*
 * resident.h - what of the memory is, stays or comes into physical memory: the argument rules of
 * VirtualLock, PrefetchVirtualMemory and DiscardVirtualMemory.
 */
#ifndef HM_POLICY_RESIDENT_H
#define HM_POLICY_RESIDENT_H

#include "space/space.h"

/* *base and *size come back rounded. For what they answer see hm_space_lock; INVALID_PARAMETER_2 or
 * _3 for a range that is empty or leaves the address space. */
hm_status hm_policy_lock(uintptr_t *base, size_t *size);
hm_status hm_policy_unlock(uintptr_t *base, size_t *size);

/* The range must begin and end with a page. */
hm_status hm_policy_discard(uintptr_t base, size_t size);

/*
 * Asks for these ranges to be brought into memory; what is not mapped there is skipped. ranges is an
 * array of `count` pairs of an address and a size, as WIN32_MEMORY_RANGE_ENTRY. INVALID_PARAMETER_3:
 * count is 0; ACCESS_VIOLATION: ranges is NULL; INVALID_PARAMETER_4: a size is 0.
 */
hm_status hm_policy_prefetch(uintptr_t count, const void *ranges);

#endif
