#include "policy/process.h"

#include <stddef.h>
#include <stdint.h>

hm_status hm_policy_check_process(const void *process)
{
    if ((intptr_t)process == -1)
        return HM_STATUS_SUCCESS;
    return process == NULL ? HM_STATUS_INVALID_HANDLE : HM_STATUS_ACCESS_DENIED;
}
