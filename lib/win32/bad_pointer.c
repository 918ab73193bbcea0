/*
 * The IsBad functions: what a query tells, as one bit.
 */
#include <hostmem/win32.h>

#include "policy/access.h"

BOOL hostmem_IsBadReadPtr(LPCVOID memory, size_t size)
{
    return !hm_policy_can_read((uintptr_t)memory, size);
}

BOOL hostmem_IsBadWritePtr(LPVOID memory, size_t size)
{
    return !hm_policy_can_write((uintptr_t)memory, size);
}

BOOL hostmem_IsBadCodePtr(intptr_t(HOSTMEM_STDCALL *code)(void))
{
    return !hm_policy_can_read((uintptr_t)code, 1);
}

BOOL hostmem_IsBadStringPtrA(const char *string, size_t most)
{
    return !hm_policy_is_string((uintptr_t)string, most, sizeof(char));
}

BOOL hostmem_IsBadStringPtrW(const uint16_t *string, size_t most)
{
    return !hm_policy_is_string((uintptr_t)string, most, sizeof(uint16_t));
}
