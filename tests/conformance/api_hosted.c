/*
 * api_hosted.c - the slots of an IHostMemoryManager under flat names.
 *
 * The slots are called by number through libffi, with nothing of the library's headers but the
 * scalar types, so that any shared library's manager can be put to the rows.
 */
#include "faces.h"

#include <string.h>
#include <unistd.h>

#include "tests/unit/slot_call.h"

enum { SLOT_ALLOC = 4, SLOT_FREE = 5, SLOT_QUERY = 6, SLOT_PROTECT = 7 };

/* An error that no row expects: for HRESULTs that stand for no last error. */
#define STRANGE_ERROR ((DWORD)0x2000BAD0u)

static void *hosted_manager;
static size_t hosted_page;
static DWORD hosted_error;

/* For these two the contract wants E_OUTOFMEMORY. */
static bool means_no_memory(DWORD error)
{
    return error == ERROR_NOT_ENOUGH_MEMORY || error == ERROR_COMMITMENT_LIMIT;
}

/* True for S_OK, and for nothing else. */
static bool succeeded(uint32_t code)
{
    if (code == (uint32_t)S_OK)
        return true;
    if (code == (uint32_t)E_POINTER)
        hosted_error = ERROR_NOACCESS;
    else if (code == (uint32_t)E_OUTOFMEMORY)
        hosted_error = ERROR_NOT_ENOUGH_MEMORY;
    else if (code >> 16 == 0x8007 && !means_no_memory(code & 0xffff))
        hosted_error = code & 0xffff;
    else
        hosted_error = STRANGE_ERROR;
    return false;
}

static LPVOID hosted_alloc(LPVOID address, SIZE_T size, DWORD type, DWORD protect)
{
    void *memory = &memory; /* neither NULL nor memory that anybody allocates */
    succeeded(
        call_slot(hosted_manager, SLOT_ALLOC, "pzuuip", address, size, type, protect, 0, &memory));
    return memory; /* NULL after a failure, if the manager keeps its contract; else the row fails */
}

static BOOL hosted_free(LPVOID address, SIZE_T size, DWORD type)
{
    return succeeded(call_slot(hosted_manager, SLOT_FREE, "pzu", address, size, type));
}

static SIZE_T hosted_query(LPCVOID address, PMEMORY_BASIC_INFORMATION buffer, SIZE_T length)
{
    SIZE_T written = SIZE_MAX;
    succeeded(call_slot(hosted_manager, SLOT_QUERY, "ppzp", address, buffer, length, &written));
    return written;
}

static BOOL hosted_protect(LPVOID address, SIZE_T size, DWORD protect, PDWORD old)
{
    return succeeded(call_slot(hosted_manager, SLOT_PROTECT, "pzup", address, size, protect, old));
}

/* The last page that a query answers for: queries fail above it, all of them. */
static uintptr_t find_highest(size_t page)
{
    MEMORY_BASIC_INFORMATION region;
    uintptr_t low = 0;
    uintptr_t high = UINTPTR_MAX / page;
    while (low < high) {
        uintptr_t middle = low + (high - low + 1) / 2;
        if (hosted_query((void *)(middle * page), &region, sizeof region) == sizeof region)
            low = middle;
        else
            high = middle - 1;
    }
    return low * page + page - 1;
}

static void hosted_system_info(LPSYSTEM_INFO info)
{
    static uintptr_t highest;
    DWORD page = (DWORD)hosted_page;
    DWORD error = hosted_error;
    if (!highest)
        highest = find_highest(page);
    memset(info, 0, sizeof *info);
    info->dwPageSize = page;
    info->dwAllocationGranularity = page > 0x10000 ? page : 0x10000;
    info->lpMinimumApplicationAddress = (void *)0x10000;
    info->lpMaximumApplicationAddress = (void *)highest;
    hosted_error = error;
}

static DWORD hosted_get_error(void)
{
    return hosted_error;
}

static void hosted_set_error(DWORD error)
{
    hosted_error = error;
}

static struct conform_api hosted = {
    .name = "IHostMemoryManager",
    .coarse_errors = true,
    .VirtualAlloc = hosted_alloc,
    .VirtualFree = hosted_free,
    .VirtualProtect = hosted_protect,
    .VirtualQuery = hosted_query,
    .GetSystemInfo = hosted_system_info,
    .GetLastError = hosted_get_error,
    .SetLastError = hosted_set_error,
    .can_read = conform_can_read,
    .can_write = conform_can_write,
};

const struct conform_api *conform_hosted(void *manager, size_t page_size)
{
    hosted_manager = manager;
    hosted_page = page_size ? page_size : (size_t)sysconf(_SC_PAGESIZE);
    hosted.page_size = hosted_page;
    return &hosted;
}
