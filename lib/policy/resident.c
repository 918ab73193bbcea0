#include "policy/resident.h"

#include <hostmem/wintypes.h>

#include "platform/platform.h"
#include "space/lock.h"
#include "space/rules.h"

/* The rules on ranges are those of VirtualProtect; the protection plays no part. */
static hm_status check_range(uintptr_t base, size_t size)
{
    return hm_rules_protect(base, size, PAGE_READONLY);
}

hm_status hm_policy_lock(uintptr_t *base, size_t *size)
{
    hm_status status = check_range(*base, *size);
    return status == HM_STATUS_SUCCESS ? hm_space_lock(base, size) : status;
}

hm_status hm_policy_unlock(uintptr_t *base, size_t *size)
{
    hm_status status = check_range(*base, *size);
    return status == HM_STATUS_SUCCESS ? hm_space_unlock(base, size) : status;
}

hm_status hm_policy_discard(uintptr_t base, size_t size)
{
    if ((base | size) & (hm_space_page_size() - 1))
        return HM_STATUS_INVALID_PARAMETER;
    hm_status status = check_range(base, size);
    return status == HM_STATUS_SUCCESS ? hm_space_discard(base, size) : status;
}

static void prefetch(uintptr_t base, size_t size)
{
    uintptr_t page = hm_space_page_size();
    uintptr_t highest = hm_space_highest_address();
    uintptr_t first = base & ~(page - 1);
    if (base > highest)
        return;
    uintptr_t last = size - 1 < highest - base ? base + (size - 1) : highest;
    size_t pages = ((last & ~(page - 1)) - first) / page + 1;
    hm_os_backend()->prefetch(first, pages * page);
}

hm_status hm_policy_prefetch(uintptr_t count, const void *ranges)
{
    const WIN32_MEMORY_RANGE_ENTRY *entry = ranges;
    if (count == 0)
        return HM_STATUS_INVALID_PARAMETER_3;
    if (entry == NULL)
        return HM_STATUS_ACCESS_VIOLATION;
    for (uintptr_t i = 0; i < count; i++) {
        if (entry[i].NumberOfBytes == 0)
            return HM_STATUS_INVALID_PARAMETER_4;
    }
    for (uintptr_t i = 0; i < count; i++)
        prefetch((uintptr_t)entry[i].VirtualAddress, entry[i].NumberOfBytes);
    return HM_STATUS_SUCCESS;
}
