/* <hostmem/win32.h> alone, twice: its functions are inline and must not clash between files. */
#include <hostmem/win32.h>

#include <hostmem/win32.h>

#include "headers.h"

int32_t headers_win32(void)
{
    DWORD old;
    char *page = VirtualAlloc(NULL, 1, MEM_COMMIT, PAGE_READWRITE);
    if (!page || page[0] != 0)
        return E_FAIL;
    if (!VirtualProtect(page, 1, PAGE_READONLY, &old) || old != PAGE_READWRITE)
        return E_FAIL;
    return VirtualFree(page, 0, MEM_RELEASE) ? S_OK : E_FAIL;
}
