#include <hostmem/win32.h>

#include "policy/policy.h"
#include "win32/last_error.h"

static hm_status get_status(const struct _MEMORYSTATUSEX *answer, struct hm_memory_status *memory)
{
    if (answer == NULL)
        return HM_STATUS_ACCESS_VIOLATION;
    if (answer->dwLength != sizeof *answer)
        return HM_STATUS_INVALID_PARAMETER;
    return hm_policy_memory_status(memory);
}

BOOL hostmem_GlobalMemoryStatusEx(struct _MEMORYSTATUSEX *answer)
{
    struct hm_memory_status memory;
    if (!hm_win32_finish(get_status(answer, &memory)))
        return FALSE;
    *answer = (MEMORYSTATUSEX){
        .dwLength = sizeof *answer,
        .dwMemoryLoad = memory.percent,
        .ullTotalPhys = memory.physical,
        .ullAvailPhys = memory.physical_available,
        /* What swap adds is not known to the seam; without it the answer errs on the safe side. */
        .ullTotalPageFile = memory.physical,
        .ullAvailPageFile = memory.physical_available,
        .ullTotalVirtual = memory.space,
        .ullAvailVirtual = memory.space_available,
    };
    return TRUE;
}
