#include "win32/last_error.h"

#include <hostmem/win32.h>

#include "compiler.h"
#include "policy/status_map.h"

static HM_THREAD_LOCAL DWORD last_error;

bool hm_win32_finish(hm_status status)
{
    if (status == HM_STATUS_SUCCESS)
        return true;
    last_error = hm_status_to_win32(status);
    return false;
}

DWORD hostmem_GetLastError(void)
{
    return last_error;
}

void hostmem_SetLastError(DWORD error)
{
    last_error = error;
}
