/*
 * The flat functions. Each hands its arguments to the policy layer, where the rules and the order
 * of the checks are, on behalf of the process's own account. A program that calls them has nobody
 * who would tell how critical its request is: it gets the highest level.
 */
#include <hostmem/mscoree.h>
#include <hostmem/win32.h>

#include "policy/policy.h"
#include "space/account.h"
#include "win32/last_error.h"

LPVOID hostmem_VirtualAlloc(LPVOID address, SIZE_T size, DWORD type, DWORD protect)
{
    uintptr_t result = 0;
    hm_status status = hm_policy_allocate(HM_ACCOUNT_PROCESS, (uintptr_t)address, size, type,
                                          protect, eProcessCritical, &result);
    return hm_win32_finish(status) ? (LPVOID)result : NULL;
}

BOOL hostmem_VirtualFree(LPVOID address, SIZE_T size, DWORD type)
{
    return hm_win32_finish(hm_policy_free((uintptr_t)address, size, type));
}

BOOL hostmem_VirtualProtect(LPVOID address, SIZE_T size, DWORD protect, PDWORD old)
{
    return hm_win32_finish(hm_policy_protect((uintptr_t)address, size, protect, old));
}

SIZE_T hostmem_VirtualQuery(LPCVOID address, PMEMORY_BASIC_INFORMATION buffer, SIZE_T length)
{
    size_t written;
    hm_win32_finish(hm_policy_query_basic((uintptr_t)address, buffer, length, &written));
    return written;
}
