/*
 * policy.h - what a manager adds to the bare address space: whose quota pays, what a request that
 * does not fit gets, how loaded the host is. The faces call this layer for every change.
 */
#ifndef HM_POLICY_H
#define HM_POLICY_H

#include "space/space.h"

/*
 * VirtualAlloc and friends on behalf of an account, argument rules included. level is an
 * EMemoryCriticalLevel (0 to 2), already validated by the face.
 */
hm_status hm_policy_allocate(int account, uintptr_t base, size_t size, uint32_t type,
                             uint32_t protect, int level, uintptr_t *result);
hm_status hm_policy_free(uintptr_t base, size_t size, uint32_t type);

/*
 * The order of the checks is Windows': protection, then old (NULL: HM_STATUS_ACCESS_VIOLATION),
 * then the range. Where pages are not committed, or belong to two allocations, *old becomes
 * PAGE_NOACCESS; other failures leave it alone.
 */
hm_status hm_policy_protect(uintptr_t base, size_t size, uint32_t protect, uint32_t *old);

/* The same; *base and *size come back rounded. */
hm_status hm_policy_protect_range(uintptr_t *base, size_t *size, uint32_t protect, uint32_t *old);

/* The run of like pages at address; HM_STATUS_INVALID_PARAMETER above the highest address. */
hm_status hm_policy_query(uintptr_t address, struct hm_region *region);

/*
 * The same as a MEMORY_BASIC_INFORMATION into buffer, of any alignment. The order of the checks is
 * Windows': length (also when buffer is NULL), buffer, address. *written is the size of the
 * structure, or 0 on failure. Async-signal-safe.
 */
hm_status hm_policy_query_basic(uintptr_t address, void *buffer, size_t length, size_t *written);

/* Bytes from address to the end of the mapping or allocation that it lies in; 0: it is free. */
size_t hm_policy_extent(uintptr_t address);

/* Whether [base, base + size) is free; for base 0, whether so much can be reserved anywhere now. */
bool hm_policy_has_room(uintptr_t base, size_t size);

/* Percentage of physical memory in use and bytes available to this account; see GetMemoryLoad. */
hm_status hm_policy_load(int account, uint32_t *percent, uint64_t *available);

/* What the machine has, and what this process may still take; bytes. */
struct hm_memory_status {
    uint32_t percent; /* of physical memory in use */
    uint64_t physical;
    uint64_t physical_available;
    uint64_t space; /* address space: the application's, or the resource limit on it */
    uint64_t space_available;
};

/* INSUFFICIENT_RESOURCES: the host could not be asked. Not async-signal-safe. */
hm_status hm_policy_memory_status(struct hm_memory_status *memory);

#endif
