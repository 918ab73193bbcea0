/* All headers in one file, in an order other than the usual, and their layout. */
#include <hostmem/nt.h>

#include <hostmem/win32.h>

#include <hostmem/mscoree.h>

#include <hostmem/hostmem.h>

#include "headers.h"

#define SIZE_IS(type, bytes)          _Static_assert(sizeof(type) == (bytes), "sizeof " #type)
#define OFFSET_IS(type, field, bytes) _Static_assert(offsetof(type, field) == (bytes), #field)
#define VALUE_IS(name, value)         _Static_assert((uint32_t)(name) == (value), #name)

SIZE_IS(DWORD, 4);
SIZE_IS(ULONG, 4);
SIZE_IS(LONG, 4);
SIZE_IS(UINT, 4);
SIZE_IS(BOOL, 4);
SIZE_IS(HRESULT, 4);
SIZE_IS(WORD, 2);
SIZE_IS(BYTE, 1);
SIZE_IS(DWORDLONG, 8);
SIZE_IS(SIZE_T, sizeof(void *));
SIZE_IS(DWORD_PTR, sizeof(void *));
SIZE_IS(ULONG_PTR, sizeof(void *));
SIZE_IS(HANDLE, sizeof(void *));
SIZE_IS(GUID, 16);
SIZE_IS(EMemoryAvailable, 4);
SIZE_IS(EMemoryCriticalLevel, 4);
SIZE_IS(MALLOC_TYPE, 4);

#if UINTPTR_MAX > 0xffffffffu
SIZE_IS(MEMORY_BASIC_INFORMATION, 48);
OFFSET_IS(MEMORY_BASIC_INFORMATION, BaseAddress, 0);
OFFSET_IS(MEMORY_BASIC_INFORMATION, AllocationBase, 8);
OFFSET_IS(MEMORY_BASIC_INFORMATION, AllocationProtect, 16);
OFFSET_IS(MEMORY_BASIC_INFORMATION, PartitionId, 20);
OFFSET_IS(MEMORY_BASIC_INFORMATION, RegionSize, 24);
OFFSET_IS(MEMORY_BASIC_INFORMATION, State, 32);
OFFSET_IS(MEMORY_BASIC_INFORMATION, Protect, 36);
OFFSET_IS(MEMORY_BASIC_INFORMATION, Type, 40);
SIZE_IS(SYSTEM_INFO, 48);
OFFSET_IS(SYSTEM_INFO, lpMinimumApplicationAddress, 8);
OFFSET_IS(SYSTEM_INFO, dwActiveProcessorMask, 24);
OFFSET_IS(SYSTEM_INFO, dwNumberOfProcessors, 32);
OFFSET_IS(SYSTEM_INFO, dwAllocationGranularity, 40);
OFFSET_IS(SYSTEM_INFO, wProcessorRevision, 46);
#else
SIZE_IS(MEMORY_BASIC_INFORMATION, 28);
SIZE_IS(SYSTEM_INFO, 36);
#endif

/* The slots, in the order of the Windows header. */
#define SLOT_IS(interface, method, number)                                                         \
    OFFSET_IS(interface##Vtbl, method, (number) * sizeof(void *))

SLOT_IS(IUnknown, QueryInterface, 0);
SLOT_IS(IUnknown, AddRef, 1);
SLOT_IS(IUnknown, Release, 2);
SIZE_IS(IUnknownVtbl, 3 * sizeof(void *));
SLOT_IS(IHostMalloc, Alloc, 3);
SLOT_IS(IHostMalloc, DebugAlloc, 4);
SLOT_IS(IHostMalloc, Free, 5);
SIZE_IS(IHostMallocVtbl, 6 * sizeof(void *));
SLOT_IS(ICLRMemoryNotificationCallback, OnMemoryNotification, 3);
SIZE_IS(ICLRMemoryNotificationCallbackVtbl, 4 * sizeof(void *));
SLOT_IS(IHostControl, GetHostManager, 3);
SLOT_IS(IHostControl, SetAppDomainManager, 4);
SIZE_IS(IHostControlVtbl, 5 * sizeof(void *));
SLOT_IS(IHostMemoryManager, CreateMalloc, 3);
SLOT_IS(IHostMemoryManager, VirtualAlloc, 4);
SLOT_IS(IHostMemoryManager, VirtualFree, 5);
SLOT_IS(IHostMemoryManager, VirtualQuery, 6);
SLOT_IS(IHostMemoryManager, VirtualProtect, 7);
SLOT_IS(IHostMemoryManager, GetMemoryLoad, 8);
SLOT_IS(IHostMemoryManager, RegisterMemoryNotificationCallback, 9);
SLOT_IS(IHostMemoryManager, NeedsVirtualAddressSpace, 10);
SLOT_IS(IHostMemoryManager, AcquiredVirtualAddressSpace, 11);
SLOT_IS(IHostMemoryManager, ReleasedVirtualAddressSpace, 12);
SIZE_IS(IHostMemoryManagerVtbl, 13 * sizeof(void *));

/* What check_windows_constants.py cannot ask mingw, whose headers lack it. */
VALUE_IS(MEM_REPLACE_PLACEHOLDER, 0x4000);
VALUE_IS(MEM_RESERVE_PLACEHOLDER, 0x40000);
VALUE_IS(eMemoryAvailableLow, 1);
VALUE_IS(eMemoryAvailableNeutral, 2);
VALUE_IS(eMemoryAvailableHigh, 3);
VALUE_IS(eTaskCritical, 0);
VALUE_IS(eAppDomainCritical, 1);
VALUE_IS(eProcessCritical, 2);
VALUE_IS(MALLOC_THREADSAFE, 1);
VALUE_IS(MALLOC_EXECUTABLE, 2);
VALUE_IS(MemoryBasicInformation, 0);

/* Versions of the library read a caller's structure as far as its size goes. */
OFFSET_IS(hostmem_options, size, 0);
OFFSET_IS(hostmem_capability_info, size, 0);
OFFSET_IS(hostmem_statistics, size, 0);

int32_t headers_all(void)
{
    IHostMemoryManager *manager = NULL;
    if (hostmem_create(NULL, &manager) != S_OK)
        return E_FAIL;
    return IHostMemoryManager_Release(manager) == 0 ? S_OK : E_FAIL;
}
