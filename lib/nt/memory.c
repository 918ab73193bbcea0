/*
 * Allocating, freeing and protecting. They add to the space what only this face has: zero_bits, and
 * release of a part.
 */
#include <hostmem/mscoree.h>
#include <hostmem/nt.h>

#include "compiler.h"
#include "policy/extended.h"
#include "policy/policy.h"
#include "policy/process.h"
#include "space/account.h"
#include "space/rules.h"

enum { ZERO_BITS_MAX = 21, ZERO_BITS_INVALID_MAX = 31 };

/* The last address that zero_bits allows; 0 for the values in between that mean nothing. */
static uintptr_t highest_allowed(ULONG_PTR zero_bits)
{
    if (zero_bits == 0)
        return UINTPTR_MAX;
    if (zero_bits <= ZERO_BITS_MAX)
        return (uintptr_t)0xffffffffu >> zero_bits;
    if (zero_bits <= ZERO_BITS_INVALID_MAX || UINTPTR_MAX <= 0xffffffffu)
        return 0;
    /* A mask: everything below its highest bit, that bit included. */
    return (uintptr_t)(((uint64_t)2 << hm_highest_bit(zero_bits)) - 1);
}

NTSTATUS hostmem_NtAllocateVirtualMemory(HANDLE process, PVOID *base, ULONG_PTR zero_bits,
                                         PSIZE_T size, ULONG type, ULONG protect)
{
    uintptr_t highest = highest_allowed(zero_bits);
    if (highest == 0)
        return HM_STATUS_INVALID_PARAMETER_3;
    hm_status status = hm_policy_check_process(process);
    if (status == HM_STATUS_SUCCESS && (base == NULL || size == NULL))
        status = HM_STATUS_ACCESS_VIOLATION;
    if (status != HM_STATUS_SUCCESS)
        return status;
    uintptr_t wanted = (uintptr_t)*base;
    status = hm_rules_allocate(wanted, *size, type, protect);
    if (status != HM_STATUS_SUCCESS)
        return status;
    struct hm_request request = {
        .base = wanted,
        .size = *size,
        .type = wanted == 0 && type & MEM_COMMIT ? type | MEM_RESERVE : type,
        .protect = protect,
        .account = HM_ACCOUNT_PROCESS,
        .urgency = eProcessCritical,
        .highest = highest,
    };
    status = hm_space_allocate(&request);
    if (status == HM_STATUS_SUCCESS) {
        *base = (PVOID)request.base;
        *size = request.size;
    }
    return status;
}

NTSTATUS hostmem_NtAllocateVirtualMemoryEx(HANDLE process, PVOID *base, PSIZE_T size, ULONG type,
                                           ULONG protect, struct MEM_EXTENDED_PARAMETER *parameters,
                                           ULONG count)
{
    hm_status status = hm_policy_check_process(process);
    if (status == HM_STATUS_SUCCESS && (base == NULL || size == NULL))
        status = HM_STATUS_ACCESS_VIOLATION;
    if (status != HM_STATUS_SUCCESS)
        return status;
    uintptr_t start = (uintptr_t)*base;
    status = hm_policy_allocate_extended(HM_ACCOUNT_PROCESS, &start, size, type, protect,
                                         eProcessCritical, parameters, count);
    if (status == HM_STATUS_SUCCESS)
        *base = (PVOID)start;
    return status;
}

NTSTATUS hostmem_NtFreeVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size, ULONG type)
{
    hm_status status = hm_policy_check_process(process);
    if (status == HM_STATUS_SUCCESS && (base == NULL || size == NULL))
        status = HM_STATUS_ACCESS_VIOLATION;
    if (status != HM_STATUS_SUCCESS)
        return status;
    uintptr_t start = (uintptr_t)*base;
    size_t length = *size;
    status = hm_rules_free_part(start, length, type);
    if (status == HM_STATUS_SUCCESS)
        status = hm_space_free(&start, &length, type);
    if (status == HM_STATUS_SUCCESS) {
        *base = (PVOID)start;
        *size = length;
    }
    return status;
}

NTSTATUS hostmem_NtProtectVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size, ULONG protect,
                                        PULONG old)
{
    hm_status status = hm_policy_check_process(process);
    if (status != HM_STATUS_SUCCESS)
        return status;
    if (base == NULL || size == NULL)
        return HM_STATUS_ACCESS_VIOLATION;
    uintptr_t start = (uintptr_t)*base;
    size_t length = *size;
    status = hm_policy_protect_range(&start, &length, protect, old);
    if (status == HM_STATUS_SUCCESS) {
        *base = (PVOID)start;
        *size = length;
    }
    return status;
}
