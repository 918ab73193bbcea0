/*
 * Functions about what is in physical memory. The order of the checks is: handle, arguments, memory.
 */
#include <hostmem/win32.h>

#include "policy/process.h"
#include "policy/resident.h"
#include "policy/status_map.h"
#include "win32/last_error.h"

BOOL hostmem_VirtualLock(LPVOID address, SIZE_T size)
{
    uintptr_t base = (uintptr_t)address;
    return hm_win32_finish(hm_policy_lock(&base, &size));
}

BOOL hostmem_VirtualUnlock(LPVOID address, SIZE_T size)
{
    uintptr_t base = (uintptr_t)address;
    return hm_win32_finish(hm_policy_unlock(&base, &size));
}

DWORD hostmem_DiscardVirtualMemory(PVOID address, SIZE_T size)
{
    return hm_status_to_win32(hm_policy_discard((uintptr_t)address, size));
}

BOOL hostmem_PrefetchVirtualMemory(HANDLE process, uintptr_t count,
                                   struct _WIN32_MEMORY_RANGE_ENTRY *ranges, ULONG flags)
{
    hm_status status = hm_policy_check_process(process);
    if (status == HM_STATUS_SUCCESS && flags != 0)
        status = HM_STATUS_INVALID_PARAMETER;
    if (status == HM_STATUS_SUCCESS)
        status = hm_policy_prefetch(count, ranges);
    return hm_win32_finish(status);
}
