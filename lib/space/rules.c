#include "space/rules.h"

#include <hostmem/wintypes.h>

#define KINDS       (MEM_COMMIT | MEM_RESERVE | MEM_RESET | MEM_RESET_UNDO)
#define KNOWN_TYPES (KINDS | MEM_TOP_DOWN | MEM_WRITE_WATCH | MEM_PHYSICAL | MEM_LARGE_PAGES)
#define MODIFIERS   (PAGE_GUARD | PAGE_NOCACHE | PAGE_WRITECOMBINE)

static bool one_bit(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

bool hm_rules_valid_protection(uint32_t protect)
{
    uint32_t access = protect & 0xff;
    uint32_t modifiers = protect & MODIFIERS;
    if (protect & ~(0xffu | MODIFIERS) || !one_bit(access))
        return false;
    /* Copy on write needs something to copy from. */
    if (access & (PAGE_WRITECOPY | PAGE_EXECUTE_WRITECOPY))
        return false;
    if (access == PAGE_NOACCESS)
        return modifiers == 0;
    return modifiers == 0 || one_bit(modifiers);
}

static hm_status check_types(uint32_t type, uint32_t protect)
{
    if (type & ~KNOWN_TYPES || !(type & KINDS))
        return HM_STATUS_INVALID_PARAMETER_5;
    /* Resetting stands alone. */
    if (type & (MEM_RESET | MEM_RESET_UNDO) && !one_bit(type))
        return HM_STATUS_INVALID_PARAMETER_5;
    if (type & MEM_WRITE_WATCH && !(type & MEM_RESERVE))
        return HM_STATUS_INVALID_PARAMETER_5;
    if (type & MEM_LARGE_PAGES &&
        (!(type & MEM_COMMIT) || type & (MEM_PHYSICAL | MEM_RESET | MEM_WRITE_WATCH)))
        return HM_STATUS_INVALID_PARAMETER_5;
    if (type & MEM_PHYSICAL) {
        if ((type & ~MEM_TOP_DOWN) != (MEM_RESERVE | MEM_PHYSICAL))
            return HM_STATUS_INVALID_PARAMETER_5;
        if (protect != PAGE_READWRITE)
            return HM_STATUS_INVALID_PARAMETER_6;
    }
    return HM_STATUS_SUCCESS;
}

/* Size 0, or a range that does not fit below the end of user space. */
static hm_status check_range(uintptr_t base, size_t size)
{
    uintptr_t highest = hm_space_highest_address();
    if (base > highest)
        return HM_STATUS_INVALID_PARAMETER_2;
    if (size == 0 || size - 1 > highest - base)
        return HM_STATUS_INVALID_PARAMETER_3;
    return HM_STATUS_SUCCESS;
}

/* What is well-formed, but cannot be had on this host. */
static hm_status check_offered(uint32_t type)
{
    if (type & MEM_LARGE_PAGES)
        return HM_STATUS_PRIVILEGE_NOT_HELD;
    if (type & (MEM_WRITE_WATCH | MEM_PHYSICAL | MEM_RESET | MEM_RESET_UNDO))
        return HM_STATUS_NOT_SUPPORTED;
    return HM_STATUS_SUCCESS;
}

hm_status hm_rules_allocate(uintptr_t base, size_t size, uint32_t type, uint32_t protect)
{
    hm_status status = check_types(type, protect);
    if (status == HM_STATUS_SUCCESS && !hm_rules_valid_protection(protect))
        status = HM_STATUS_INVALID_PAGE_PROTECTION;
    if (status == HM_STATUS_SUCCESS)
        status = check_range(base, size);
    if (status != HM_STATUS_SUCCESS)
        return status;
    /* The lowest 64 KiB are never given out, so that small integers stay bad pointers. */
    if (type & MEM_RESERVE && base != 0 && base < hm_space_granularity())
        return HM_STATUS_INVALID_PARAMETER_2;
    return check_offered(type);
}

hm_status hm_rules_free_part(uintptr_t base, size_t size, uint32_t type)
{
    if (type != MEM_DECOMMIT && type != MEM_RELEASE)
        return HM_STATUS_INVALID_PARAMETER_4;
    return check_range(base, size == 0 ? 1 : size);
}

hm_status hm_rules_free(uintptr_t base, size_t size, uint32_t type)
{
    if (type == MEM_RELEASE && size != 0)
        return HM_STATUS_INVALID_PARAMETER_3;
    return hm_rules_free_part(base, size, type);
}

hm_status hm_rules_protect(uintptr_t base, size_t size, uint32_t protect)
{
    /* Windows looks at the protection before it looks at the range. */
    if (!hm_rules_valid_protection(protect))
        return HM_STATUS_INVALID_PAGE_PROTECTION;
    return check_range(base, size);
}
