/*
 * hostmem/nt.h - the Nt names of the same memory, for compatibility layers.
 *
 * These tell more than the Win32 functions: an NTSTATUS instead of a last error, and the rounded
 * range in *base and *size, which are written on success only. The names are inline functions over
 * hostmem_ exports. Threads, signals and stopped threads: as in <hostmem/win32.h>.
 *
 * process is NtCurrentProcess(); NULL gives STATUS_INVALID_HANDLE, any other handle
 * STATUS_ACCESS_DENIED: memory of other processes is out of reach.
 *
 * Follows: the Windows driver kit's ntifs.h reference (ZwAllocateVirtualMemory and friends).
 */
#ifndef HOSTMEM_NT_H
#define HOSTMEM_NT_H

#include <hostmem/win32.h>

#ifndef HOSTMEM_NO_WIN32_TYPES
typedef LONG NTSTATUS;

#    define STATUS_SUCCESS                 ((NTSTATUS)0x00000000)
#    define STATUS_GUARD_PAGE_VIOLATION    ((NTSTATUS)0x80000001u)
#    define STATUS_INVALID_INFO_CLASS      ((NTSTATUS)0xC0000003u)
#    define STATUS_INFO_LENGTH_MISMATCH    ((NTSTATUS)0xC0000004u)
#    define STATUS_ACCESS_VIOLATION        ((NTSTATUS)0xC0000005u)
#    define STATUS_INVALID_HANDLE          ((NTSTATUS)0xC0000008u)
#    define STATUS_INVALID_PARAMETER       ((NTSTATUS)0xC000000Du)
#    define STATUS_NO_MEMORY               ((NTSTATUS)0xC0000017u)
#    define STATUS_CONFLICTING_ADDRESSES   ((NTSTATUS)0xC0000018u)
#    define STATUS_NOT_MAPPED_VIEW         ((NTSTATUS)0xC0000019u)
#    define STATUS_UNABLE_TO_FREE_VM       ((NTSTATUS)0xC000001Au)
#    define STATUS_ACCESS_DENIED           ((NTSTATUS)0xC0000022u)
#    define STATUS_NOT_LOCKED              ((NTSTATUS)0xC000002Au)
#    define STATUS_NOT_COMMITTED           ((NTSTATUS)0xC000002Du)
#    define STATUS_INVALID_PAGE_PROTECTION ((NTSTATUS)0xC0000045u)
#    define STATUS_PRIVILEGE_NOT_HELD      ((NTSTATUS)0xC0000061u)
#    define STATUS_NOT_MAPPED_DATA         ((NTSTATUS)0xC0000088u)
#    define STATUS_FREE_VM_NOT_AT_BASE     ((NTSTATUS)0xC000009Fu)
#    define STATUS_MEMORY_NOT_ALLOCATED    ((NTSTATUS)0xC00000A0u)
#    define STATUS_WORKING_SET_QUOTA       ((NTSTATUS)0xC00000A1u)
#    define STATUS_NOT_SUPPORTED           ((NTSTATUS)0xC00000BBu)
#    define STATUS_INVALID_PARAMETER_1     ((NTSTATUS)0xC00000EFu)
#    define STATUS_INVALID_PARAMETER_2     ((NTSTATUS)0xC00000F0u)
#    define STATUS_INVALID_PARAMETER_3     ((NTSTATUS)0xC00000F1u)
#    define STATUS_INVALID_PARAMETER_4     ((NTSTATUS)0xC00000F2u)
#    define STATUS_INVALID_PARAMETER_5     ((NTSTATUS)0xC00000F3u)
#    define STATUS_INVALID_PARAMETER_6     ((NTSTATUS)0xC00000F4u)
#    define STATUS_COMMITMENT_LIMIT        ((NTSTATUS)0xC000012Du)
#    define STATUS_INVALID_ADDRESS         ((NTSTATUS)0xC0000141u)
#    define STATUS_IO_DEVICE_ERROR         ((NTSTATUS)0xC0000185u)

/* What NtQueryVirtualMemory is asked for. */
typedef enum _MEMORY_INFORMATION_CLASS {
    MemoryBasicInformation = 0,
    MemoryRegionInformation = 3
} MEMORY_INFORMATION_CLASS;

/* A whole allocation. Sizes in bytes. */
typedef struct _MEMORY_REGION_INFORMATION {
    PVOID AllocationBase;
    ULONG AllocationProtect;
    ULONG RegionType;  /* always 0: the kind of memory is not told here */
    SIZE_T RegionSize; /* of all of the allocation, from its base */
    SIZE_T CommitSize; /* how much of it is committed */
    ULONG_PTR PartitionId;
    ULONG_PTR NodePreference;
} MEMORY_REGION_INFORMATION, *PMEMORY_REGION_INFORMATION;

/* What NtSetInformationVirtualMemory is to do. */
typedef enum _VIRTUAL_MEMORY_INFORMATION_CLASS {
    VmPrefetchInformation = 0
} VIRTUAL_MEMORY_INFORMATION_CLASS;

typedef struct _MEMORY_RANGE_ENTRY {
    PVOID VirtualAddress;
    SIZE_T NumberOfBytes;
} MEMORY_RANGE_ENTRY, *PMEMORY_RANGE_ENTRY;

typedef struct _IO_STATUS_BLOCK {
    HOSTMEM_EXTENSION union {
        NTSTATUS Status;
        PVOID Pointer;
    };
    ULONG_PTR Information;
} IO_STATUS_BLOCK, *PIO_STATUS_BLOCK;
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct _MEMORY_RANGE_ENTRY;
struct _IO_STATUS_BLOCK;

HOSTMEM_API int32_t hostmem_NtAllocateVirtualMemory(HANDLE process, PVOID *base,
                                                    ULONG_PTR zero_bits, PSIZE_T size, ULONG type,
                                                    ULONG protect);
HOSTMEM_API int32_t hostmem_NtFreeVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size,
                                                ULONG type);
HOSTMEM_API int32_t hostmem_NtProtectVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size,
                                                   ULONG protect, PULONG old);
HOSTMEM_API int32_t hostmem_NtQueryVirtualMemory(HANDLE process, LPCVOID base, int32_t what,
                                                 PVOID buffer, SIZE_T length, PSIZE_T written);
HOSTMEM_API int32_t hostmem_NtAllocateVirtualMemoryEx(HANDLE process, PVOID *base, PSIZE_T size,
                                                      ULONG type, ULONG protect,
                                                      struct MEM_EXTENDED_PARAMETER *parameters,
                                                      ULONG count);
HOSTMEM_API int32_t hostmem_NtLockVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size,
                                                ULONG kind);
HOSTMEM_API int32_t hostmem_NtUnlockVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size,
                                                  ULONG kind);
HOSTMEM_API int32_t hostmem_NtSetInformationVirtualMemory(HANDLE process, int32_t what,
                                                          uintptr_t count,
                                                          struct _MEMORY_RANGE_ENTRY *ranges,
                                                          PVOID information, ULONG length);
HOSTMEM_API int32_t hostmem_NtFlushVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size,
                                                 struct _IO_STATUS_BLOCK *result);

/* The handle that means the calling process. */
static inline HANDLE NtCurrentProcess(void)
{
    return (HANDLE)(intptr_t)-1;
}

/*
 * As VirtualAlloc. zero_bits 1 to 21 asks for an address whose highest n of 32 bits are zero; a
 * value above 31 (64-bit hosts) is a mask of which only the leading zeros count; 22 to 31 give
 * STATUS_INVALID_PARAMETER_3; STATUS_NO_MEMORY when nothing there is free. With an address in *base
 * it plays no part. Placeholders are refused (STATUS_INVALID_PARAMETER_5).
 */
static inline NTSTATUS NtAllocateVirtualMemory(HANDLE process, PVOID *base, ULONG_PTR zero_bits,
                                               PSIZE_T size, ULONG type, ULONG protect)
{
    return hostmem_NtAllocateVirtualMemory(process, base, zero_bits, size, type, protect);
}

/*
 * As VirtualFree, but MEM_RELEASE takes a size: any page range inside one allocation. What is left
 * in front keeps its base, what is left behind becomes an allocation of its own.
 *
 * STATUS_UNABLE_TO_FREE_VM: the range leaves the allocation; STATUS_MEMORY_NOT_ALLOCATED: it begins
 * in free or foreign memory; STATUS_FREE_VM_NOT_AT_BASE: size 0 away from the base. With
 * MEM_PRESERVE_PLACEHOLDER or MEM_COALESCE_PLACEHOLDERS see VirtualAlloc2: STATUS_INVALID_PARAMETER_3
 * for size 0, _4 without MEM_RELEASE, STATUS_CONFLICTING_ADDRESSES where the range is anything else.
 */
static inline NTSTATUS NtFreeVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size, ULONG type)
{
    return hostmem_NtFreeVirtualMemory(process, base, size, type);
}

/* As VirtualProtect. */
static inline NTSTATUS NtProtectVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size,
                                              ULONG protect, PULONG old)
{
    return hostmem_NtProtectVirtualMemory(process, base, size, protect, old);
}

/*
 * MemoryBasicInformation fills a MEMORY_BASIC_INFORMATION as VirtualQuery does.
 * MemoryRegionInformation fills a MEMORY_REGION_INFORMATION, or as much of it as a buffer takes that
 * reaches at least to CommitSize (a shorter one: STATUS_INFO_LENGTH_MISMATCH); STATUS_INVALID_ADDRESS
 * for free memory; while other threads change the allocation its sizes may be of different moments.
 * Other classes give STATUS_INVALID_INFO_CLASS. written may be NULL. Async-signal-safe.
 */
static inline NTSTATUS NtQueryVirtualMemory(HANDLE process, LPCVOID base,
                                            MEMORY_INFORMATION_CLASS what, PVOID buffer,
                                            SIZE_T length, PSIZE_T written)
{
    return hostmem_NtQueryVirtualMemory(process, base, (int32_t)what, buffer, length, written);
}

/* As VirtualAlloc2, but process must not be NULL; *base and *size come back rounded. */
static inline NTSTATUS NtAllocateVirtualMemoryEx(HANDLE process, PVOID *base, PSIZE_T size,
                                                 ULONG type, ULONG protect,
                                                 struct MEM_EXTENDED_PARAMETER *parameters,
                                                 ULONG count)
{
    return hostmem_NtAllocateVirtualMemoryEx(process, base, size, type, protect, parameters, count);
}

/*
 * As VirtualLock and VirtualUnlock; *base and *size come back rounded. kind is 1 (MAP_PROCESS);
 * with 2 (MAP_SYSTEM) STATUS_PRIVILEGE_NOT_HELD, anything else STATUS_INVALID_PARAMETER.
 *
 * STATUS_ACCESS_VIOLATION: some page is not committed or PAGE_NOACCESS; STATUS_GUARD_PAGE_VIOLATION;
 * STATUS_WORKING_SET_QUOTA; STATUS_NOT_LOCKED.
 */
static inline NTSTATUS NtLockVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size, ULONG kind)
{
    return hostmem_NtLockVirtualMemory(process, base, size, kind);
}

static inline NTSTATUS NtUnlockVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size, ULONG kind)
{
    return hostmem_NtUnlockVirtualMemory(process, base, size, kind);
}

/*
 * VmPrefetchInformation: as PrefetchVirtualMemory; information points to a ULONG that is 0.
 *
 * STATUS_INVALID_PARAMETER_2: another class; _3: count 0; _4: a range of 0 bytes; _5: information is
 * NULL or not 0; _6: length is not 4; STATUS_ACCESS_VIOLATION: ranges is NULL.
 */
static inline NTSTATUS NtSetInformationVirtualMemory(HANDLE process,
                                                     VIRTUAL_MEMORY_INFORMATION_CLASS what,
                                                     ULONG_PTR count,
                                                     struct _MEMORY_RANGE_ENTRY *ranges,
                                                     PVOID information, ULONG length)
{
    return hostmem_NtSetInformationVirtualMemory(process, (int32_t)what, count, ranges, information,
                                                 length);
}

/*
 * Writes what was changed in mappings of files (made by others: hostmem makes none) to the files, and
 * waits for it. *size 0: up to the end of the mapping. *base and *size come back rounded; result
 * receives the status too, and Information 0.
 *
 * STATUS_NOT_MAPPED_DATA: private memory or code; STATUS_NOT_MAPPED_VIEW: free memory;
 * STATUS_IO_DEVICE_ERROR; STATUS_ACCESS_VIOLATION: a pointer is NULL. Not for signal handlers.
 */
static inline NTSTATUS NtFlushVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size,
                                            struct _IO_STATUS_BLOCK *result)
{
    return hostmem_NtFlushVirtualMemory(process, base, size, result);
}

#ifdef __cplusplus
}
#endif

#endif
