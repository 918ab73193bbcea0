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
#    define STATUS_INVALID_INFO_CLASS      ((NTSTATUS)0xC0000003u)
#    define STATUS_INFO_LENGTH_MISMATCH    ((NTSTATUS)0xC0000004u)
#    define STATUS_ACCESS_VIOLATION        ((NTSTATUS)0xC0000005u)
#    define STATUS_INVALID_HANDLE          ((NTSTATUS)0xC0000008u)
#    define STATUS_INVALID_PARAMETER       ((NTSTATUS)0xC000000Du)
#    define STATUS_NO_MEMORY               ((NTSTATUS)0xC0000017u)
#    define STATUS_CONFLICTING_ADDRESSES   ((NTSTATUS)0xC0000018u)
#    define STATUS_UNABLE_TO_FREE_VM       ((NTSTATUS)0xC000001Au)
#    define STATUS_ACCESS_DENIED           ((NTSTATUS)0xC0000022u)
#    define STATUS_NOT_COMMITTED           ((NTSTATUS)0xC000002Du)
#    define STATUS_INVALID_PAGE_PROTECTION ((NTSTATUS)0xC0000045u)
#    define STATUS_FREE_VM_NOT_AT_BASE     ((NTSTATUS)0xC000009Fu)
#    define STATUS_MEMORY_NOT_ALLOCATED    ((NTSTATUS)0xC00000A0u)
#    define STATUS_INVALID_PARAMETER_1     ((NTSTATUS)0xC00000EFu)
#    define STATUS_INVALID_PARAMETER_2     ((NTSTATUS)0xC00000F0u)
#    define STATUS_INVALID_PARAMETER_3     ((NTSTATUS)0xC00000F1u)
#    define STATUS_INVALID_PARAMETER_4     ((NTSTATUS)0xC00000F2u)
#    define STATUS_INVALID_PARAMETER_5     ((NTSTATUS)0xC00000F3u)
#    define STATUS_INVALID_PARAMETER_6     ((NTSTATUS)0xC00000F4u)
#    define STATUS_COMMITMENT_LIMIT        ((NTSTATUS)0xC000012Du)

/* What NtQueryVirtualMemory is asked for. */
typedef enum _MEMORY_INFORMATION_CLASS { MemoryBasicInformation = 0 } MEMORY_INFORMATION_CLASS;
#endif

#ifdef __cplusplus
extern "C" {
#endif

HOSTMEM_API int32_t hostmem_NtAllocateVirtualMemory(HANDLE process, PVOID *base,
                                                    ULONG_PTR zero_bits, PSIZE_T size, ULONG type,
                                                    ULONG protect);
HOSTMEM_API int32_t hostmem_NtFreeVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size,
                                                ULONG type);
HOSTMEM_API int32_t hostmem_NtProtectVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size,
                                                   ULONG protect, PULONG old);
HOSTMEM_API int32_t hostmem_NtQueryVirtualMemory(HANDLE process, LPCVOID base, int32_t what,
                                                 PVOID buffer, SIZE_T length, PSIZE_T written);

/* The handle that means the calling process. */
static inline HANDLE NtCurrentProcess(void)
{
    return (HANDLE)(intptr_t)-1;
}

/*
 * As VirtualAlloc. zero_bits 1 to 20 asks for an address whose highest n of 32 bits are zero; a
 * value above 31 (64-bit hosts) is a mask of which only the leading zeros count; 21 to 31 give
 * STATUS_INVALID_PARAMETER_3; STATUS_NO_MEMORY when nothing there is free.
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
 * in free or foreign memory; STATUS_FREE_VM_NOT_AT_BASE: size 0 away from the base.
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
 * MemoryBasicInformation fills a MEMORY_BASIC_INFORMATION as VirtualQuery does; other classes give
 * STATUS_INVALID_INFO_CLASS. written may be NULL.
 */
static inline NTSTATUS NtQueryVirtualMemory(HANDLE process, LPCVOID base,
                                            MEMORY_INFORMATION_CLASS what, PVOID buffer,
                                            SIZE_T length, PSIZE_T written)
{
    return hostmem_NtQueryVirtualMemory(process, base, (int32_t)what, buffer, length, written);
}

#ifdef __cplusplus
}
#endif

#endif
