/*
 * The flat functions with a process handle, and VirtualAlloc2. The handle is looked at first; what
 * follows is the same as without.
 */
#include <hostmem/mscoree.h>
#include <hostmem/win32.h>

#include "policy/extended.h"
#include "policy/process.h"
#include "space/account.h"
#include "win32/last_error.h"

static bool is_self(HANDLE process)
{
    return hm_win32_finish(hm_policy_check_process(process));
}

HANDLE hostmem_GetCurrentProcess(void)
{
    return (HANDLE)(intptr_t)-1;
}

LPVOID hostmem_VirtualAllocEx(HANDLE process, LPVOID address, SIZE_T size, DWORD type,
                              DWORD protect)
{
    return is_self(process) ? hostmem_VirtualAlloc(address, size, type, protect) : NULL;
}

BOOL hostmem_VirtualFreeEx(HANDLE process, LPVOID address, SIZE_T size, DWORD type)
{
    return is_self(process) && hostmem_VirtualFree(address, size, type);
}

BOOL hostmem_VirtualProtectEx(HANDLE process, LPVOID address, SIZE_T size, DWORD protect,
                              PDWORD old)
{
    return is_self(process) && hostmem_VirtualProtect(address, size, protect, old);
}

SIZE_T hostmem_VirtualQueryEx(HANDLE process, LPCVOID address, PMEMORY_BASIC_INFORMATION buffer,
                              SIZE_T length)
{
    return is_self(process) ? hostmem_VirtualQuery(address, buffer, length) : 0;
}

PVOID hostmem_VirtualAlloc2(HANDLE process, PVOID address, SIZE_T size, ULONG type, ULONG protect,
                            struct MEM_EXTENDED_PARAMETER *parameters, ULONG count)
{
    /* Unlike all others, this one takes NULL for the calling process. */
    if (process != NULL && !is_self(process))
        return NULL;
    uintptr_t base = (uintptr_t)address;
    hm_status status = hm_policy_allocate_extended(HM_ACCOUNT_PROCESS, &base, &size, type, protect,
                                                   eProcessCritical, parameters, count);
    return hm_win32_finish(status) ? (PVOID)base : NULL;
}
