/*
 * hostmem/win32.h - Win32 virtual memory under its Windows names.
 *
 * The names are inline functions over hostmem_ exports, never macros: a macro called VirtualAlloc
 * would also rename the member of IHostMemoryManager's vtable.
 *
 * Rules that hold for all of them
 * - The unit of protection is a page (GetSystemInfo: dwPageSize), that of reservation is the
 *   allocation granularity (dwAllocationGranularity, at least 64 KiB). Addresses and sizes need no
 *   alignment; they are rounded as each function says.
 * - Failure is told by the result; GetLastError then gives the reason. Success leaves the last error
 *   as it was. A call that fails has changed nothing.
 * - All may be called from any thread, and by a thread that has stopped others by a signal,
 *   wherever they were stopped: only a call on the very pages that a stopped thread is changing
 *   waits for it. VirtualQuery never waits, and may be called in a signal handler.
 *
 * Follows the Windows API reference, "Memory management functions".
 */
#ifndef HOSTMEM_WIN32_H
#define HOSTMEM_WIN32_H

#include <hostmem/hostmem.h>
#include <hostmem/wintypes.h>

#ifdef __cplusplus
extern "C" {
#endif

HOSTMEM_API LPVOID hostmem_VirtualAlloc(LPVOID address, SIZE_T size, DWORD type, DWORD protect);
HOSTMEM_API BOOL hostmem_VirtualFree(LPVOID address, SIZE_T size, DWORD type);
HOSTMEM_API BOOL hostmem_VirtualProtect(LPVOID address, SIZE_T size, DWORD protect, PDWORD old);
HOSTMEM_API SIZE_T hostmem_VirtualQuery(LPCVOID address, PMEMORY_BASIC_INFORMATION buffer,
                                        SIZE_T length);
HOSTMEM_API void hostmem_GetSystemInfo(LPSYSTEM_INFO info);
HOSTMEM_API DWORD hostmem_GetLastError(void);
HOSTMEM_API void hostmem_SetLastError(DWORD error);

/*
 * Reserves, commits, or both.
 *
 * address  NULL lets the library choose. With MEM_RESERVE it is rounded down to the granularity and
 *          the size grows to cover the request; with MEM_COMMIT alone to a page.
 * size     bytes; the pages touched by [address, address + size) are meant.
 * type     MEM_RESERVE, MEM_COMMIT (with NULL: both), or both; MEM_TOP_DOWN asks for the highest
 *          free address.
 * protect  one access value, with PAGE_GUARD, PAGE_NOCACHE or PAGE_WRITECOMBINE where they combine.
 *
 * Returns the start of the allocated pages, or NULL with
 *   ERROR_INVALID_PARAMETER (87)   size 0, an unknown or impossible type or protection, an explicit
 *                                  address below 64 KiB, a range beyond the highest address
 *   ERROR_INVALID_ADDRESS (487)    the range is in use (reserve), or is not wholly inside one
 *                                  allocation (commit)
 *   ERROR_NOT_ENOUGH_MEMORY (8)    no address space, or no memory for the library's own table
 *   ERROR_COMMITMENT_LIMIT (1455)  the system or a quota refuses the commit
 *   ERROR_NOT_SUPPORTED (50)       MEM_WRITE_WATCH, MEM_PHYSICAL or MEM_RESET where
 *                                  hostmem_capabilities says unavailable
 *   ERROR_PRIVILEGE_NOT_HELD (1314) MEM_LARGE_PAGES
 *
 *     char *p = VirtualAlloc(NULL, 1 << 20, MEM_RESERVE, PAGE_READWRITE);
 *     VirtualAlloc(p + 8192, 1, MEM_COMMIT, PAGE_READWRITE);   // one page, zeroed
 */
static inline LPVOID VirtualAlloc(LPVOID address, SIZE_T size, DWORD type, DWORD protect)
{
    return hostmem_VirtualAlloc(address, size, type, protect);
}

/*
 * Gives pages back.
 *
 * type MEM_DECOMMIT  the pages touched by [address, address + size) become reserved, their contents
 *                    are lost and their memory is returned at once; size 0 with an address in the
 *                    allocation's first page means the whole allocation. Pages that are not
 *                    committed are left as they are.
 * type MEM_RELEASE   the whole allocation that begins at address's page becomes free; size must be 0.
 *
 * Returns nonzero, or 0 with ERROR_INVALID_PARAMETER (other types, MEM_RELEASE with a size, a range
 * that leaves its allocation) or ERROR_INVALID_ADDRESS (free memory, memory that hostmem did not
 * allocate, not the base where one is asked for).
 */
static inline BOOL VirtualFree(LPVOID address, SIZE_T size, DWORD type)
{
    return hostmem_VirtualFree(address, size, type);
}

/*
 * Changes the protection of committed pages; contents survive every change.
 *
 * The pages touched by [address, address + size) must be committed and belong to one allocation;
 * memory that hostmem did not allocate (stacks, code, other people's mmap) is served too. *old
 * receives the protection of the first page. PAGE_NOCACHE and PAGE_WRITECOMBINE belong to the
 * allocation and are neither added nor removed.
 *
 * Returns nonzero, or 0 with ERROR_INVALID_PARAMETER (size 0, bad protection), ERROR_NOACCESS (old
 * is NULL), ERROR_INVALID_ADDRESS (some page is not committed, or the range spans two allocations;
 * *old is then PAGE_NOACCESS), ERROR_COMMITMENT_LIMIT or ERROR_NOT_ENOUGH_MEMORY where the system
 * refuses.
 */
static inline BOOL VirtualProtect(LPVOID address, SIZE_T size, DWORD protect, PDWORD old)
{
    return hostmem_VirtualProtect(address, size, protect, old);
}

/*
 * Tells about the run of like pages that begins with the page of `address`.
 *
 * length must be at least sizeof(MEMORY_BASIC_INFORMATION). Any address from 0 to
 * lpMaximumApplicationAddress may be asked, memory of others included. Never waits, makes no system
 * call for memory that hostmem allocated, and is async-signal-safe.
 *
 * Returns sizeof(MEMORY_BASIC_INFORMATION), or 0 with ERROR_BAD_LENGTH (length too small),
 * ERROR_NOACCESS (buffer is NULL), ERROR_INVALID_PARAMETER (address beyond the highest) or, only
 * about memory that hostmem did not allocate, ERROR_NOT_ENOUGH_MEMORY (the system could not be
 * asked, because the process has no file descriptor left, say).
 */
static inline SIZE_T VirtualQuery(LPCVOID address, PMEMORY_BASIC_INFORMATION buffer, SIZE_T length)
{
    return hostmem_VirtualQuery(address, buffer, length);
}

/* Page size, granularity, lowest and highest application address, processors. NULL is ignored. */
static inline void GetSystemInfo(LPSYSTEM_INFO info)
{
    hostmem_GetSystemInfo(info);
}

/* The calling thread's last error, set by the functions above when they fail. */
static inline DWORD GetLastError(void)
{
    return hostmem_GetLastError();
}

static inline void SetLastError(DWORD error)
{
    hostmem_SetLastError(error);
}

#ifdef __cplusplus
}
#endif

#endif
