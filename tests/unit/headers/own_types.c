/*
 * The Windows-named headers in a program that has its own Windows types, as embedders with a pal.h
 * or windef.h do. The types differ from hostmem's in their spelling, not in their width.
 */
#include <stddef.h>
#include <stdint.h>

typedef unsigned int DWORD, ULONG, UINT, *PDWORD;
typedef int LONG, BOOL, HRESULT;
typedef unsigned short WORD;
typedef void *LPVOID, *PVOID, *HANDLE;
typedef const void *LPCVOID;
typedef uintptr_t SIZE_T, DWORD_PTR;

typedef struct {
    unsigned int Data1;
    unsigned short Data2, Data3;
    unsigned char Data4[8];
} GUID, IID;
typedef const IID *REFIID;

typedef struct {
    PVOID BaseAddress, AllocationBase;
    DWORD AllocationProtect;
    SIZE_T RegionSize;
    DWORD State, Protect, Type;
} MEMORY_BASIC_INFORMATION, *PMEMORY_BASIC_INFORMATION;

typedef struct {
    DWORD dwOemId, dwPageSize;
    LPVOID lpMinimumApplicationAddress, lpMaximumApplicationAddress;
    DWORD_PTR dwActiveProcessorMask;
    DWORD dwNumberOfProcessors, dwProcessorType, dwAllocationGranularity;
    WORD wProcessorLevel, wProcessorRevision;
} SYSTEM_INFO, *LPSYSTEM_INFO;

#define HOSTMEM_NO_WIN32_TYPES
#include <hostmem/mscoree.h>

#include <hostmem/win32.h>

#include "headers.h"

#if defined(MEM_COMMIT) || defined(S_OK)
#    error "HOSTMEM_NO_WIN32_TYPES does not keep the constants out"
#endif

int32_t headers_own_types(void)
{
    IHostMemoryManager *manager = NULL;
    MEMORY_BASIC_INFORMATION region;
    SYSTEM_INFO info;
    void *memory = NULL;
    GetSystemInfo(&info);
    if (hostmem_create(NULL, &manager) != 0)
        return -1;
    HRESULT result =
        IHostMemoryManager_VirtualAlloc(manager, NULL, 1, 0x3000, 4, eTaskCritical, &memory);
    if (result == 0 && (VirtualQuery(memory, &region, sizeof region) != sizeof region ||
                        region.RegionSize != info.dwPageSize || region.Protect != 4))
        result = -1;
    IHostMemoryManager_VirtualFree(manager, memory, 0, 0x8000);
    IHostMemoryManager_Release(manager);
    return result;
}
