#include "policy/access.h"

#include <string.h>

#include <hostmem/wintypes.h>

#define WRITABLE (PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)
#define READABLE (WRITABLE | PAGE_READONLY | PAGE_EXECUTE_READ)

/* The end of the run that address is in, if its pages have one of these protections; else 0. */
static uintptr_t run_end(uintptr_t address, uint32_t protections)
{
    struct hm_region region;
    if (hm_policy_query(address, &region) != HM_STATUS_SUCCESS || region.state != MEM_COMMIT ||
        region.protect & PAGE_GUARD || !(region.protect & protections))
        return 0;
    return region.base + region.size;
}

static bool can_access(uintptr_t base, size_t size, uint32_t protections)
{
    if (size == 0)
        return true;
    uintptr_t last = base + (size - 1);
    if (last < base)
        return false;
    do {
        base = run_end(base, protections);
        if (base == 0)
            return false;
    } while (base <= last);
    return true;
}

bool hm_policy_can_read(uintptr_t base, size_t size)
{
    return can_access(base, size, READABLE);
}

bool hm_policy_can_write(uintptr_t base, size_t size)
{
    return can_access(base, size, WRITABLE);
}

bool hm_policy_is_string(uintptr_t base, size_t most, size_t width)
{
    static const unsigned char zero[2];
    uintptr_t readable = base; /* what lies below, from base on */
    for (size_t i = 0; i < most; i++, base += width) {
        while (readable - base < width) {
            readable = run_end(readable, READABLE);
            if (readable == 0)
                return false;
        }
        if (memcmp((const void *)base, zero, width) == 0)
            return true;
    }
    return true;
}
