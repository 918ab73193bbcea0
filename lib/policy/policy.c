#include "policy/policy.h"

#include <hostmem/wintypes.h>

#include "space/rules.h"

hm_status hm_policy_allocate(int account, uintptr_t base, size_t size, uint32_t type,
                             uint32_t protect, int level, uintptr_t *result)
{
    hm_status status = hm_rules_allocate(base, size, type, protect);
    if (status != HM_STATUS_SUCCESS)
        return status;
    if (base == 0 && (type & MEM_COMMIT) != 0)
        type |= MEM_RESERVE;
    struct hm_request request = {
        .base = base,
        .size = size,
        .type = type,
        .protect = protect,
        .account = account,
        .urgency = level,
        .lowest = 0,
        .highest = UINTPTR_MAX,
        .alignment = 0,
    };
    status = hm_space_allocate(&request);
    if (status == HM_STATUS_SUCCESS)
        *result = request.base;
    return status;
}

hm_status hm_policy_free(uintptr_t base, size_t size, uint32_t type)
{
    hm_status status = hm_rules_free(base, size, type);
    if (status != HM_STATUS_SUCCESS)
        return status;
    return hm_space_free(&base, &size, type);
}

hm_status hm_policy_protect_range(uintptr_t *base, size_t *size, uint32_t protect, uint32_t *old)
{
    hm_status status = hm_rules_protect(*base, *size, protect);
    if (status == HM_STATUS_INVALID_PAGE_PROTECTION)
        return status;
    if (old == NULL)
        return HM_STATUS_ACCESS_VIOLATION;
    if (status != HM_STATUS_SUCCESS)
        return status;
    uint32_t before = PAGE_NOACCESS;
    status = hm_space_protect(base, size, protect, &before);
    if (status == HM_STATUS_SUCCESS)
        *old = before;
    else if (status == HM_STATUS_NOT_COMMITTED || status == HM_STATUS_CONFLICTING_ADDRESSES)
        *old = PAGE_NOACCESS;
    return status;
}

hm_status hm_policy_protect(uintptr_t base, size_t size, uint32_t protect, uint32_t *old)
{
    return hm_policy_protect_range(&base, &size, protect, old);
}
