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
 * - A process handle is GetCurrentProcess(); NULL gives ERROR_INVALID_HANDLE, any other handle
 *   ERROR_ACCESS_DENIED: memory of other processes is out of reach.
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

/* By their tags, so that programs whose own Windows types lack them can use the rest. */
struct MEM_EXTENDED_PARAMETER;
struct _WIN32_MEMORY_RANGE_ENTRY;
struct _MEMORYSTATUSEX;

HOSTMEM_API LPVOID hostmem_VirtualAlloc(LPVOID address, SIZE_T size, DWORD type, DWORD protect);
HOSTMEM_API BOOL hostmem_VirtualFree(LPVOID address, SIZE_T size, DWORD type);
HOSTMEM_API BOOL hostmem_VirtualProtect(LPVOID address, SIZE_T size, DWORD protect, PDWORD old);
HOSTMEM_API SIZE_T hostmem_VirtualQuery(LPCVOID address, PMEMORY_BASIC_INFORMATION buffer,
                                        SIZE_T length);
HOSTMEM_API void hostmem_GetSystemInfo(LPSYSTEM_INFO info);
HOSTMEM_API DWORD hostmem_GetLastError(void);
HOSTMEM_API void hostmem_SetLastError(DWORD error);
HOSTMEM_API HANDLE hostmem_GetCurrentProcess(void);
HOSTMEM_API LPVOID hostmem_VirtualAllocEx(HANDLE process, LPVOID address, SIZE_T size, DWORD type,
                                          DWORD protect);
HOSTMEM_API BOOL hostmem_VirtualFreeEx(HANDLE process, LPVOID address, SIZE_T size, DWORD type);
HOSTMEM_API BOOL hostmem_VirtualProtectEx(HANDLE process, LPVOID address, SIZE_T size,
                                          DWORD protect, PDWORD old);
HOSTMEM_API SIZE_T hostmem_VirtualQueryEx(HANDLE process, LPCVOID address,
                                          PMEMORY_BASIC_INFORMATION buffer, SIZE_T length);
HOSTMEM_API PVOID hostmem_VirtualAlloc2(HANDLE process, PVOID address, SIZE_T size, ULONG type,
                                        ULONG protect, struct MEM_EXTENDED_PARAMETER *parameters,
                                        ULONG count);
HOSTMEM_API PVOID hostmem_VirtualAllocFromApp(PVOID address, SIZE_T size, ULONG type,
                                              ULONG protect);
HOSTMEM_API PVOID hostmem_VirtualAlloc2FromApp(HANDLE process, PVOID address, SIZE_T size,
                                               ULONG type, ULONG protect,
                                               struct MEM_EXTENDED_PARAMETER *parameters,
                                               ULONG count);
HOSTMEM_API BOOL hostmem_VirtualProtectFromApp(PVOID address, SIZE_T size, ULONG protect,
                                               ULONG *old);
HOSTMEM_API BOOL hostmem_VirtualLock(LPVOID address, SIZE_T size);
HOSTMEM_API BOOL hostmem_VirtualUnlock(LPVOID address, SIZE_T size);
HOSTMEM_API DWORD hostmem_DiscardVirtualMemory(PVOID address, SIZE_T size);
HOSTMEM_API BOOL hostmem_PrefetchVirtualMemory(HANDLE process, uintptr_t count,
                                               struct _WIN32_MEMORY_RANGE_ENTRY *ranges,
                                               ULONG flags);
HOSTMEM_API BOOL hostmem_IsBadReadPtr(LPCVOID memory, size_t size);
HOSTMEM_API BOOL hostmem_IsBadWritePtr(LPVOID memory, size_t size);
HOSTMEM_API BOOL hostmem_IsBadCodePtr(intptr_t(HOSTMEM_STDCALL *code)(void));
HOSTMEM_API BOOL hostmem_IsBadStringPtrA(const char *string, size_t most);
HOSTMEM_API BOOL hostmem_IsBadStringPtrW(const uint16_t *string, size_t most);
HOSTMEM_API BOOL hostmem_GlobalMemoryStatusEx(struct _MEMORYSTATUSEX *status);

/*
 * Reserves, commits, or both.
 *
 * address  NULL lets the library choose. With MEM_RESERVE it is rounded down to the granularity and
 *          the size grows to cover the request; with MEM_COMMIT alone to a page.
 * size     bytes; the pages touched by [address, address + size) are meant.
 * type     MEM_RESERVE, MEM_COMMIT (with NULL: both), or both; MEM_TOP_DOWN asks for the highest
 *          free address. MEM_RESET alone: the contents of the pages are not needed for now and stay
 *          only until the system wants the memory; MEM_RESET_UNDO alone: they are needed again.
 * protect  one access value, with PAGE_GUARD, PAGE_NOCACHE or PAGE_WRITECOMBINE where they combine.
 *
 * Returns the start of the allocated pages, or NULL with
 *   ERROR_INVALID_PARAMETER (87)   size 0, an unknown or impossible type or protection, an explicit
 *                                  address below 64 KiB, a range beyond the highest address
 *   ERROR_INVALID_ADDRESS (487)    the range is in use (reserve), or is not wholly inside one
 *                                  allocation (commit)
 *   ERROR_NOT_ENOUGH_MEMORY (8)    no address space, or no memory for the library's own table
 *   ERROR_COMMITMENT_LIMIT (1455)  the system or a quota refuses the commit
 *   ERROR_NOT_SUPPORTED (50)       MEM_WRITE_WATCH or MEM_PHYSICAL where hostmem_capabilities says
 *                                  unavailable
 *   ERROR_BUSY (170)               MEM_RESET_UNDO: some of the contents are lost (zero now)
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

/* The handle that means the calling process: -1. It is never closed. */
static inline HANDLE GetCurrentProcess(void)
{
    return hostmem_GetCurrentProcess();
}

/* --- The same functions with a process handle, which is looked at first. --- */

static inline LPVOID VirtualAllocEx(HANDLE process, LPVOID address, SIZE_T size, DWORD type,
                                    DWORD protect)
{
    return hostmem_VirtualAllocEx(process, address, size, type, protect);
}

static inline BOOL VirtualFreeEx(HANDLE process, LPVOID address, SIZE_T size, DWORD type)
{
    return hostmem_VirtualFreeEx(process, address, size, type);
}

static inline BOOL VirtualProtectEx(HANDLE process, LPVOID address, SIZE_T size, DWORD protect,
                                    PDWORD old)
{
    return hostmem_VirtualProtectEx(process, address, size, protect, old);
}

static inline SIZE_T VirtualQueryEx(HANDLE process, LPCVOID address,
                                    PMEMORY_BASIC_INFORMATION buffer, SIZE_T length)
{
    return hostmem_VirtualQueryEx(process, address, buffer, length);
}

/*
 * As VirtualAlloc, with placeholders and with wishes about the address.
 *
 * process     GetCurrentProcess() or, here alone, NULL.
 * parameters  an array of `count`, each of another type:
 *               MemExtendedParameterAddressRequirements  Pointer to a MEM_ADDRESS_REQUIREMENTS; only
 *                                                        with a NULL address, unless all of it is 0
 *               MemExtendedParameterNumaNode             accepted: a preference, which the host's own
 *                                                        placement of pages stands for
 *               MemExtendedParameterAttributeFlags       must be 0
 * type        also
 *   MEM_RESERVE | MEM_RESERVE_PLACEHOLDER  with PAGE_NOACCESS: keeps a range, in which nothing can be
 *                                          committed
 *   MEM_RESERVE | MEM_REPLACE_PLACEHOLDER  with or without MEM_COMMIT: puts an allocation where
 *                                          exactly one placeholder is; address and size are then page
 *                                          granular
 * VirtualFree splits a placeholder (MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER on part of it), turns all
 * of an allocation that replaced one back into it (the same on the whole), and joins two or more
 * that make up exactly the range (MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS).
 *
 * Errors as VirtualAlloc, and
 *   ERROR_INVALID_PARAMETER (87)  a parameter type that is 0, unknown or there twice, a count without
 *                                 an array, requirements that make no sense or stand beside an
 *                                 address, attribute flags, impossible placeholder types
 *   ERROR_INVALID_ADDRESS (487)   there is not exactly one placeholder to be replaced
 *   ERROR_NOT_ENOUGH_MEMORY (8)   nothing is free where the requirements want it
 *   ERROR_INVALID_HANDLE (6)      a partition or physical memory handle: none here is one
 *   ERROR_NOACCESS (998)          requirements that are not there (NULL)
 *
 *     MEM_ADDRESS_REQUIREMENTS low = {NULL, (PVOID)0x7fffffff, 0};
 *     MEM_EXTENDED_PARAMETER wish = {.Type = MemExtendedParameterAddressRequirements};
 *     wish.Pointer = &low;
 *     void *p = VirtualAlloc2(NULL, NULL, 1 << 20, MEM_RESERVE, PAGE_READWRITE, &wish, 1);
 */
static inline PVOID VirtualAlloc2(HANDLE process, PVOID address, SIZE_T size, ULONG type,
                                  ULONG protect, struct MEM_EXTENDED_PARAMETER *parameters,
                                  ULONG count)
{
    return hostmem_VirtualAlloc2(process, address, size, type, protect, parameters, count);
}

/* --- For app containers: an executable protection gives ERROR_INVALID_PARAMETER before anything
 * else is looked at; the rest is the same. --- */

static inline PVOID VirtualAllocFromApp(PVOID address, SIZE_T size, ULONG type, ULONG protect)
{
    return hostmem_VirtualAllocFromApp(address, size, type, protect);
}

static inline PVOID VirtualAlloc2FromApp(HANDLE process, PVOID address, SIZE_T size, ULONG type,
                                         ULONG protect, struct MEM_EXTENDED_PARAMETER *parameters,
                                         ULONG count)
{
    return hostmem_VirtualAlloc2FromApp(process, address, size, type, protect, parameters, count);
}

static inline BOOL VirtualProtectFromApp(PVOID address, SIZE_T size, ULONG protect, ULONG *old)
{
    return hostmem_VirtualProtectFromApp(address, size, protect, old);
}

/*
 * Locks the pages touched by [address, address + size) in physical memory, memory of others
 * included. There is no count: one unlock ends any number of locks. So does decommitting or releasing
 * the pages; a child of fork has no locks.
 *
 * Returns nonzero, or 0 with
 *   ERROR_INVALID_PARAMETER (87)     size 0, a range beyond the highest address
 *   ERROR_NOACCESS (998)             some page is not committed, or PAGE_NOACCESS
 *   STATUS_GUARD_PAGE_VIOLATION (0x80000001)
 *                                    the first page in the way is a guard page; as after any access
 *                                    to it, it is an ordinary page now, and another try may succeed
 *   ERROR_WORKING_SET_QUOTA (1453)   the host does not allow so much (RLIMIT_MEMLOCK)
 */
static inline BOOL VirtualLock(LPVOID address, SIZE_T size)
{
    return hostmem_VirtualLock(address, size);
}

/*
 * Ends that. Returns nonzero, or 0 with ERROR_NOT_LOCKED (158: some page is not locked; nothing has
 * been unlocked) or ERROR_INVALID_PARAMETER. Hosts that cannot tell (Linux before 5.4) unlock what
 * is locked and call it success.
 */
static inline BOOL VirtualUnlock(LPVOID address, SIZE_T size)
{
    return hostmem_VirtualUnlock(address, size);
}

/*
 * Drops the contents of pages that stay committed; their memory is returned at once, and they read
 * as zero until they are written to. address and size must be multiples of the page size, the pages
 * PAGE_READWRITE and of one allocation.
 *
 * Returns an error code and leaves the last error alone: ERROR_SUCCESS, ERROR_INVALID_PARAMETER
 * (alignment, size 0, another protection), ERROR_INVALID_ADDRESS (not committed, not one allocation,
 * memory that hostmem did not allocate), ERROR_NOT_ENOUGH_MEMORY.
 */
static inline DWORD DiscardVirtualMemory(PVOID address, SIZE_T size)
{
    return hostmem_DiscardVirtualMemory(address, size);
}

/*
 * Asks for pages to be brought into physical memory before they are used: a hint that changes
 * nothing else. Ranges that are not mapped, in part or at all, do no harm.
 *
 * Returns nonzero, or 0 with ERROR_INVALID_PARAMETER (count 0, a range of 0 bytes, flags that are
 * not 0) or ERROR_NOACCESS (ranges is NULL).
 */
static inline BOOL PrefetchVirtualMemory(HANDLE process, uintptr_t count,
                                         struct _WIN32_MEMORY_RANGE_ENTRY *ranges, ULONG flags)
{
    return hostmem_PrefetchVirtualMemory(process, count, ranges, flags);
}

/*
 * Nonzero where some byte cannot be read (IsBadReadPtr, IsBadCodePtr: the first), written
 * (IsBadWritePtr), or read up to the terminating 0 or `most` units of a string.
 *
 * Unlike Windows' functions these touch nothing whose protection does not allow it: they ask as
 * VirtualQuery does. A guard page counts as bad and keeps its guard, an execute-only page as
 * unreadable. The last error is left alone. As on Windows the answer may be outdated when another
 * thread changes the memory. All are async-signal-safe.
 */
static inline BOOL IsBadReadPtr(LPCVOID memory, size_t size)
{
    return hostmem_IsBadReadPtr(memory, size);
}

static inline BOOL IsBadWritePtr(LPVOID memory, size_t size)
{
    return hostmem_IsBadWritePtr(memory, size);
}

static inline BOOL IsBadCodePtr(intptr_t(HOSTMEM_STDCALL *code)(void))
{
    return hostmem_IsBadCodePtr(code);
}

static inline BOOL IsBadStringPtrA(const char *string, size_t most)
{
    return hostmem_IsBadStringPtrA(string, most);
}

static inline BOOL IsBadStringPtrW(const uint16_t *string, size_t most)
{
    return hostmem_IsBadStringPtrW(string, most);
}

/*
 * How much memory there is: the host's physical memory, and the address space as far as a resource
 * limit leaves it. The page file members are the same as the physical ones: swap is not counted.
 *
 * status->dwLength must be sizeof(MEMORYSTATUSEX). Returns nonzero, or 0 with
 * ERROR_INVALID_PARAMETER (another length), ERROR_NOACCESS (NULL) or ERROR_NOT_ENOUGH_MEMORY (the
 * host could not be asked). Not async-signal-safe.
 */
static inline BOOL GlobalMemoryStatusEx(struct _MEMORYSTATUSEX *status)
{
    return hostmem_GlobalMemoryStatusEx(status);
}

#ifdef __cplusplus
}
#endif

#endif
