#include "policy/region.h"

#include <hostmem/wintypes.h>

hm_status hm_policy_allocation(uintptr_t address, struct hm_allocation *allocation)
{
    struct hm_region run;
    hm_status status = hm_policy_query(address, &run);
    if (status != HM_STATUS_SUCCESS)
        return status;
    if (run.state == MEM_FREE)
        return HM_STATUS_INVALID_ADDRESS;
    *allocation = (struct hm_allocation){.base = run.allocation_base};
    for (uintptr_t at = run.allocation_base;; at = run.base + run.size) {
        uintptr_t base = allocation->base;
        status = hm_policy_query(at, &run);
        if (status != HM_STATUS_SUCCESS || run.state == MEM_FREE || run.allocation_base != base)
            break;
        if (at == base)
            allocation->protect = run.allocation_protect;
        allocation->size += run.size;
        allocation->committed += run.state == MEM_COMMIT ? run.size : 0;
    }
    /* Above the highest address, or where the host could not be asked about what follows. */
    if (status != HM_STATUS_SUCCESS && status != HM_STATUS_INVALID_PARAMETER)
        return status;
    /* Another thread may have released it meanwhile. */
    return allocation->size != 0 ? HM_STATUS_SUCCESS : HM_STATUS_INVALID_ADDRESS;
}
