#include "policy/policy.h"

#include <string.h>

#include <hostmem/wintypes.h>

#include "space/account.h"

/* Runs that one mapping may have before hm_policy_extent stops counting. */
enum { RUN_LIMIT = 65536 };

hm_status hm_policy_query(uintptr_t address, struct hm_region *region)
{
    if (address > hm_space_highest_address())
        return HM_STATUS_INVALID_PARAMETER;
    return hm_space_query(address, region);
}

/* Windows answers addresses as pointers; the core counts in integers. */
static void *pointer(uintptr_t address)
{
    return (void *)address;
}

hm_status hm_policy_query_basic(uintptr_t address, void *buffer, size_t length, size_t *written)
{
    *written = 0;
    if (length < sizeof(MEMORY_BASIC_INFORMATION))
        return HM_STATUS_INFO_LENGTH_MISMATCH;
    if (buffer == NULL)
        return HM_STATUS_ACCESS_VIOLATION;
    struct hm_region region;
    hm_status status = hm_policy_query(address, &region);
    if (status != HM_STATUS_SUCCESS)
        return status;
    MEMORY_BASIC_INFORMATION information;
    memset(&information, 0, sizeof information);
    information.BaseAddress = pointer(region.base);
    information.AllocationBase = pointer(region.allocation_base);
    information.AllocationProtect = region.allocation_protect;
    information.RegionSize = region.size;
    information.State = region.state;
    information.Protect = region.protect;
    information.Type = region.type;
    memcpy(buffer, &information, sizeof information);
    *written = sizeof information;
    return HM_STATUS_SUCCESS;
}

size_t hm_policy_extent(uintptr_t address)
{
    struct hm_region region;
    if (hm_policy_query(address, &region) != HM_STATUS_SUCCESS || region.state == MEM_FREE)
        return 0;
    uintptr_t allocation = region.allocation_base;
    uintptr_t end = region.base + region.size;
    for (unsigned run = 0; run < RUN_LIMIT; run++) {
        if (hm_policy_query(end, &region) != HM_STATUS_SUCCESS || region.state == MEM_FREE ||
            region.allocation_base != allocation)
            break;
        end = region.base + region.size;
    }
    return end - address;
}

static bool is_free(uintptr_t base, size_t size)
{
    uintptr_t last = base + (size - 1);
    if (last < base)
        return false;
    struct hm_region region;
    do {
        if (hm_policy_query(base, &region) != HM_STATUS_SUCCESS || region.state != MEM_FREE)
            return false;
        base = region.base + region.size;
    } while (base - 1 < last);
    return true;
}

bool hm_policy_has_room(uintptr_t base, size_t size)
{
    if (size == 0)
        return false;
    if (base != 0)
        return base >= hm_space_granularity() && is_free(base, size);
    /* Address space that the caller maps itself is no quota's business: the process's account, not
     * a manager's, stands for the attempt. */
    uintptr_t found;
    if (hm_policy_allocate(HM_ACCOUNT_PROCESS, 0, size, MEM_RESERVE, PAGE_NOACCESS, 2, &found) !=
        HM_STATUS_SUCCESS)
        return false;
    hm_policy_free(found, 0, MEM_RELEASE);
    return true;
}
