/*
 * api_flat.c - hostmem's flat functions.
 */
#include "faces.h"

#include <unistd.h>

#include <hostmem/nt.h>
#include <hostmem/win32.h>

static struct conform_api flat = {
    .name = "flat functions",
    .VirtualAlloc = hostmem_VirtualAlloc,
    .VirtualFree = hostmem_VirtualFree,
    .VirtualProtect = hostmem_VirtualProtect,
    .VirtualQuery = hostmem_VirtualQuery,
    .GetSystemInfo = hostmem_GetSystemInfo,
    .GetLastError = hostmem_GetLastError,
    .SetLastError = hostmem_SetLastError,
    .NtFreeVirtualMemory = hostmem_NtFreeVirtualMemory,
    .can_read = conform_can_read,
    .can_write = conform_can_write,
};

const struct conform_api *conform_flat(size_t page_size)
{
    flat.page_size = page_size ? page_size : (size_t)sysconf(_SC_PAGESIZE);
    return &flat;
}
