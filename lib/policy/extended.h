/*
 * extended.h - allocating with MEM_EXTENDED_PARAMETERs, for VirtualAlloc2 and
 * NtAllocateVirtualMemoryEx alike.
 */
#ifndef HM_POLICY_EXTENDED_H
#define HM_POLICY_EXTENDED_H

#include "policy/policy.h"

struct MEM_EXTENDED_PARAMETER;

/*
 * As hm_policy_allocate, with placeholders and `count` extended parameters. *base and *size come back
 * rounded; on failure they are as they were. The parameters are looked at before anything else:
 * INVALID_PARAMETER for a type that is 0, unknown or there twice, for values that it does not take,
 * and for requirements together with a base; ACCESS_VIOLATION for requirements that are not there;
 * INVALID_HANDLE for handles, since none here is one of a partition or of physical memory.
 */
hm_status hm_policy_allocate_extended(int account, uintptr_t *base, size_t *size, uint32_t type,
                                      uint32_t protect, int level,
                                      const struct MEM_EXTENDED_PARAMETER *parameters,
                                      uint32_t count);

#endif
