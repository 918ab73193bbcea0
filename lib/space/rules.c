#include "space/rules.h"

#include <hostmem/wintypes.h>

#define KINDS       (MEM_COMMIT | MEM_RESERVE | MEM_RESET | MEM_RESET_UNDO)
#define KNOWN_TYPES (KINDS | MEM_TOP_DOWN | MEM_WRITE_WATCH | MEM_PHYSICAL | MEM_LARGE_PAGES)
#define MODIFIERS   (PAGE_GUARD | PAGE_NOCACHE | PAGE_WRITECOMBINE)

static bool one_bit(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* Copy on write included, which only views of files can have. */
static bool well_formed_protection(uint32_t protect)
{
    uint32_t access = protect & 0xff;
    uint32_t modifiers = protect & MODIFIERS;
    if (protect & ~(0xffu | MODIFIERS) || !one_bit(access))
        return false;
    if (access == PAGE_NOACCESS)
        return modifiers == 0;
    return modifiers == 0 || one_bit(modifiers);
}

bool hm_rules_valid_protection(uint32_t protect)
{
    return well_formed_protection(protect) &&
           !(protect & (PAGE_WRITECOPY | PAGE_EXECUTE_WRITECOPY));
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
    if (type & (MEM_WRITE_WATCH | MEM_PHYSICAL))
        return HM_STATUS_NOT_SUPPORTED;
    return HM_STATUS_SUCCESS;
}

/* What holds for a request whose type is already known to make sense. */
static hm_status check_request(uintptr_t base, size_t size, uint32_t type, uint32_t protect)
{
    hm_status status = HM_STATUS_INVALID_PAGE_PROTECTION;
    if (hm_rules_valid_protection(protect))
        status = check_range(base, size);
    if (status != HM_STATUS_SUCCESS)
        return status;
    /* The lowest 64 KiB are never given out, so that small integers stay bad pointers. */
    if (type & (MEM_RESERVE | MEM_COMMIT) && base != 0 && base < hm_space_granularity())
        return HM_STATUS_INVALID_PARAMETER_2;
    return check_offered(type);
}

hm_status hm_rules_allocate(uintptr_t base, size_t size, uint32_t type, uint32_t protect)
{
    hm_status status = check_types(type, protect);
    return status == HM_STATUS_SUCCESS ? check_request(base, size, type, protect) : status;
}

hm_status hm_rules_allocate_ex(uintptr_t base, size_t size, uint32_t type, uint32_t protect)
{
    uint32_t placeholder = type & (MEM_RESERVE_PLACEHOLDER | MEM_REPLACE_PLACEHOLDER);
    if (placeholder == 0)
        return hm_rules_allocate(base, size, type, protect);
    if (!one_bit(placeholder) || !(type & MEM_RESERVE))
        return HM_STATUS_INVALID_PARAMETER_5;
    uint32_t others = type & ~placeholder;
    if (placeholder == MEM_RESERVE_PLACEHOLDER) {
        if (others & ~(MEM_RESERVE | MEM_TOP_DOWN))
            return HM_STATUS_INVALID_PARAMETER_5;
        if (protect != PAGE_NOACCESS)
            return HM_STATUS_INVALID_PAGE_PROTECTION;
    } else if (others & ~(MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH)) {
        return HM_STATUS_INVALID_PARAMETER_5;
    } else if (base == 0) {
        return HM_STATUS_INVALID_PARAMETER_2;
    }
    return check_request(base, size, others, protect);
}

hm_status hm_rules_requirements(uintptr_t lowest, uintptr_t highest, size_t alignment)
{
    uintptr_t top = hm_space_highest_address();
    size_t granularity = hm_space_granularity();
    if (lowest & (granularity - 1) || lowest > top)
        return HM_STATUS_INVALID_PARAMETER;
    /* The highest address is inclusive and ends a page. */
    if (highest != 0 &&
        ((highest + 1) & (hm_space_page_size() - 1) || highest > top || lowest > highest))
        return HM_STATUS_INVALID_PARAMETER;
    if (alignment != 0 && (alignment < granularity || alignment & (alignment - 1)))
        return HM_STATUS_INVALID_PARAMETER;
    return HM_STATUS_SUCCESS;
}

static hm_status check_free_type(size_t size, uint32_t type)
{
    uint32_t placeholder = type & (MEM_PRESERVE_PLACEHOLDER | MEM_COALESCE_PLACEHOLDERS);
    uint32_t kind = type & ~placeholder;
    if (kind != MEM_DECOMMIT && kind != MEM_RELEASE)
        return HM_STATUS_INVALID_PARAMETER_4;
    if (placeholder == 0)
        return HM_STATUS_SUCCESS;
    if (kind != MEM_RELEASE || !one_bit(placeholder))
        return HM_STATUS_INVALID_PARAMETER_4;
    return size == 0 ? HM_STATUS_INVALID_PARAMETER_3 : HM_STATUS_SUCCESS;
}

hm_status hm_rules_free_part(uintptr_t base, size_t size, uint32_t type)
{
    hm_status status = check_free_type(size, type);
    return status == HM_STATUS_SUCCESS ? check_range(base, size == 0 ? 1 : size) : status;
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
    if (!well_formed_protection(protect))
        return HM_STATUS_INVALID_PAGE_PROTECTION;
    return check_range(base, size);
}
