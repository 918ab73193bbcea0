/*
 * The functions for app containers: the same, but nothing that can be executed.
 */
#include <hostmem/win32.h>

#include "win32/last_error.h"

#define EXECUTABLE                                                                                 \
    (PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)

static bool is_allowed(ULONG protect)
{
    return hm_win32_finish(protect & EXECUTABLE ? HM_STATUS_INVALID_PARAMETER : HM_STATUS_SUCCESS);
}

PVOID hostmem_VirtualAllocFromApp(PVOID address, SIZE_T size, ULONG type, ULONG protect)
{
    return is_allowed(protect) ? hostmem_VirtualAlloc(address, size, type, protect) : NULL;
}

PVOID hostmem_VirtualAlloc2FromApp(HANDLE process, PVOID address, SIZE_T size, ULONG type,
                                   ULONG protect, struct MEM_EXTENDED_PARAMETER *parameters,
                                   ULONG count)
{
    if (!is_allowed(protect))
        return NULL;
    return hostmem_VirtualAlloc2(process, address, size, type, protect, parameters, count);
}

BOOL hostmem_VirtualProtectFromApp(PVOID address, SIZE_T size, ULONG protect, PULONG old)
{
    return is_allowed(protect) && hostmem_VirtualProtect(address, size, protect, old);
}
