#include "policy/flush.h"

#include <errno.h>

#include <hostmem/wintypes.h>

#include "platform/platform.h"
#include "space/rules.h"

/* The pages [first, *end); *end 0: to the end of the mapping, which is found out then. */
static hm_status check_mapped(uintptr_t first, uintptr_t *end)
{
    bool whole = *end == 0;
    uintptr_t allocation = 0;
    for (uintptr_t at = first; whole || at < *end;) {
        struct hm_region run;
        hm_status status = hm_policy_query(at, &run);
        bool mapped = status == HM_STATUS_SUCCESS && run.type == MEM_MAPPED;
        if (whole && at != first && (!mapped || run.allocation_base != allocation)) {
            *end = at;
            break;
        }
        if (status != HM_STATUS_SUCCESS)
            return status;
        if (!mapped)
            return run.state == MEM_FREE ? HM_STATUS_NOT_MAPPED_VIEW : HM_STATUS_NOT_MAPPED_DATA;
        allocation = run.allocation_base;
        at = run.base + run.size;
    }
    return HM_STATUS_SUCCESS;
}

hm_status hm_policy_flush(uintptr_t *base, size_t *size)
{
    uintptr_t page = hm_space_page_size();
    hm_status status = hm_rules_protect(*base, *size != 0 ? *size : 1, PAGE_READONLY);
    if (status != HM_STATUS_SUCCESS)
        return status;
    uintptr_t first = *base & ~(page - 1);
    uintptr_t end = *size != 0 ? (*base + *size + page - 1) & ~(page - 1) : 0;
    status = check_mapped(first, &end);
    if (status != HM_STATUS_SUCCESS)
        return status;
    int error = hm_os_backend()->flush(first, end - first);
    if (error != 0) /* ENOMEM: unmapped meanwhile */
        return error == ENOMEM ? HM_STATUS_NOT_MAPPED_VIEW : HM_STATUS_IO_DEVICE_ERROR;
    *base = first;
    *size = end - first;
    return HM_STATUS_SUCCESS;
}
