/*
 * NtQueryVirtualMemory: one function for each class of information.
 */
#include <hostmem/nt.h>

#include <string.h>

#include "policy/policy.h"
#include "policy/process.h"
#include "policy/region.h"

/* A buffer that ends before CommitSize gets what comes before it, as on Windows. */
static hm_status query_region(uintptr_t address, void *buffer, size_t length, size_t *written)
{
    if (length < offsetof(MEMORY_REGION_INFORMATION, CommitSize))
        return HM_STATUS_INFO_LENGTH_MISMATCH;
    if (buffer == NULL)
        return HM_STATUS_ACCESS_VIOLATION;
    struct hm_allocation allocation;
    hm_status status = hm_policy_allocation(address, &allocation);
    if (status != HM_STATUS_SUCCESS)
        return status;
    MEMORY_REGION_INFORMATION information;
    memset(&information, 0, sizeof information);
    information.AllocationBase = (PVOID)allocation.base;
    information.AllocationProtect = allocation.protect;
    information.RegionSize = allocation.size;
    information.CommitSize = allocation.committed;
    *written = length < sizeof information ? length & ~(sizeof(SIZE_T) - 1) : sizeof information;
    memcpy(buffer, &information, *written);
    return HM_STATUS_SUCCESS;
}

NTSTATUS hostmem_NtQueryVirtualMemory(HANDLE process, LPCVOID base, int32_t what, PVOID buffer,
                                      SIZE_T length, PSIZE_T written)
{
    size_t filled = 0;
    hm_status status = hm_policy_check_process(process);
    if (status != HM_STATUS_SUCCESS)
        return status;
    switch (what) {
    case MemoryBasicInformation:
        status = hm_policy_query_basic((uintptr_t)base, buffer, length, &filled);
        break;
    case MemoryRegionInformation:
        status = query_region((uintptr_t)base, buffer, length, &filled);
        break;
    default:
        status = STATUS_INVALID_INFO_CLASS;
        break;
    }
    if (written != NULL && status == HM_STATUS_SUCCESS)
        *written = filled;
    return status;
}
