/*
 * Locking, prefetching and flushing.
 */
#include <hostmem/nt.h>

#include <string.h>

#include "policy/flush.h"
#include "policy/process.h"
#include "policy/resident.h"

/* Kinds of lock: in the working set of the process, or in physical memory for good. */
enum { MAP_PROCESS = 1, MAP_SYSTEM = 2 };

static hm_status check_lock(HANDLE process, const PVOID *base, const SIZE_T *size, ULONG kind)
{
    hm_status status = hm_policy_check_process(process);
    if (status != HM_STATUS_SUCCESS)
        return status;
    if (kind == 0 || kind & ~(ULONG)(MAP_PROCESS | MAP_SYSTEM))
        return HM_STATUS_INVALID_PARAMETER;
    if (base == NULL || size == NULL)
        return HM_STATUS_ACCESS_VIOLATION;
    return kind & MAP_SYSTEM ? HM_STATUS_PRIVILEGE_NOT_HELD : HM_STATUS_SUCCESS;
}

NTSTATUS hostmem_NtLockVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size, ULONG kind)
{
    hm_status status = check_lock(process, base, size, kind);
    if (status != HM_STATUS_SUCCESS)
        return status;
    uintptr_t start = (uintptr_t)*base;
    status = hm_policy_lock(&start, size);
    if (status == HM_STATUS_SUCCESS)
        *base = (PVOID)start;
    return status;
}

NTSTATUS hostmem_NtUnlockVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size, ULONG kind)
{
    hm_status status = check_lock(process, base, size, kind);
    if (status != HM_STATUS_SUCCESS)
        return status;
    uintptr_t start = (uintptr_t)*base;
    status = hm_policy_unlock(&start, size);
    if (status == HM_STATUS_SUCCESS)
        *base = (PVOID)start;
    return status;
}

static hm_status prefetch(uintptr_t count, const void *ranges, const void *flags, ULONG length)
{
    uint32_t value;
    if (flags == NULL)
        return HM_STATUS_INVALID_PARAMETER_5;
    if (length != sizeof value)
        return HM_STATUS_INVALID_PARAMETER_6;
    memcpy(&value, flags, sizeof value);
    return value == 0 ? hm_policy_prefetch(count, ranges) : HM_STATUS_INVALID_PARAMETER_5;
}

NTSTATUS hostmem_NtSetInformationVirtualMemory(HANDLE process, int32_t what, uintptr_t count,
                                               struct _MEMORY_RANGE_ENTRY *ranges,
                                               PVOID information, ULONG length)
{
    hm_status status = hm_policy_check_process(process);
    if (status != HM_STATUS_SUCCESS)
        return status;
    if (what != VmPrefetchInformation)
        return HM_STATUS_INVALID_PARAMETER_2;
    return prefetch(count, ranges, information, length);
}

NTSTATUS hostmem_NtFlushVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size,
                                      struct _IO_STATUS_BLOCK *result)
{
    hm_status status = hm_policy_check_process(process);
    if (status != HM_STATUS_SUCCESS)
        return status;
    if (base == NULL || size == NULL || result == NULL)
        return HM_STATUS_ACCESS_VIOLATION;
    uintptr_t start = (uintptr_t)*base;
    status = hm_policy_flush(&start, size);
    if (status == HM_STATUS_SUCCESS)
        *base = (PVOID)start;
    result->Status = status;
    result->Information = 0;
    return status;
}
