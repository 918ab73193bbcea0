/*
 * hostmem/wintypes.h - the Windows scalar types and structures that the Windows-named headers use.
 *
 * Included by <hostmem/mscoree.h>, <hostmem/win32.h> and <hostmem/nt.h>. Defines nothing when
 * HOSTMEM_NO_WIN32_TYPES is defined: an embedder that already has pal.h, windef.h or mingw's
 * headers keeps its own, which must have the widths below (DWORD, ULONG and LONG are 32 bits wide
 * also on LP64 systems, BOOL is int, SIZE_T is as wide as a pointer, HRESULT is a 32-bit signed
 * integer).
 */
#ifndef HOSTMEM_WINTYPES_H
#define HOSTMEM_WINTYPES_H

#include <stddef.h>
#include <stdint.h>

/* The calling convention of COM methods: __stdcall where that differs from the C convention. */
#if defined(_WIN32)
#    define HOSTMEM_STDCALL __stdcall
#elif defined(__i386__)
#    define HOSTMEM_STDCALL __attribute__((__stdcall__))
#else
#    define HOSTMEM_STDCALL
#endif

#ifndef HOSTMEM_NO_WIN32_TYPES

/* Windows' structures have members without a name, and bit-fields wider than int. */
#    if defined(__GNUC__)
#        define HOSTMEM_EXTENSION  __extension__
#        define HOSTMEM_ALIGNED(n) __attribute__((__aligned__(n)))
#    else
#        define HOSTMEM_EXTENSION
#        define HOSTMEM_ALIGNED(n)
#    endif

typedef void *LPVOID;
typedef void *PVOID;
typedef const void *LPCVOID;
typedef void *HANDLE;
typedef uint8_t BYTE;
typedef uint16_t WORD;
typedef uint32_t DWORD;
typedef uint32_t ULONG;
typedef uint32_t UINT;
typedef int32_t LONG;
typedef uint64_t DWORDLONG;
typedef uint64_t DWORD64;
typedef uint16_t WCHAR; /* wchar_t has 32 bits on such systems */
typedef const char *LPCSTR;
typedef const WCHAR *LPCWSTR;
typedef DWORD *PDWORD;
typedef ULONG *PULONG;
typedef int BOOL;
typedef size_t SIZE_T;
typedef size_t *PSIZE_T;
typedef uintptr_t DWORD_PTR;
typedef uintptr_t ULONG_PTR;
typedef uintptr_t UINT_PTR;
typedef intptr_t INT_PTR;
typedef int32_t HRESULT;
typedef INT_PTR(HOSTMEM_STDCALL *FARPROC)(void);

#    ifndef TRUE
#        define TRUE 1
#    endif
#    ifndef FALSE
#        define FALSE 0
#    endif

typedef struct _GUID {
    uint32_t Data1;
    uint16_t Data2;
    uint16_t Data3;
    uint8_t Data4[8];
} GUID;
typedef GUID IID;

#    ifdef __cplusplus
typedef const IID &REFIID;
#    else
typedef const IID *REFIID;
#    endif

/* What VirtualQuery writes: 48 bytes on 64-bit systems, 28 on 32-bit ones. */
typedef struct _MEMORY_BASIC_INFORMATION {
    PVOID BaseAddress;       /* the queried address rounded down to a page */
    PVOID AllocationBase;    /* what VirtualAlloc returned when the allocation was reserved */
    DWORD AllocationProtect; /* the protection given at reservation */
#    if UINTPTR_MAX > 0xffffffffu
    WORD PartitionId; /* always 0 */
#    endif
    SIZE_T RegionSize; /* bytes from BaseAddress to the end of the run of like pages */
    DWORD State;       /* MEM_COMMIT, MEM_RESERVE or MEM_FREE */
    DWORD Protect;     /* the pages' protection; 0 for reserved pages */
    DWORD Type;        /* MEM_PRIVATE, MEM_MAPPED, MEM_IMAGE; 0 for free pages */
} MEMORY_BASIC_INFORMATION, *PMEMORY_BASIC_INFORMATION;

typedef struct _SYSTEM_INFO {
    union {
        DWORD dwOemId;
        struct {
            WORD wProcessorArchitecture;
            WORD wReserved;
        } s;
    } u;
    DWORD dwPageSize;
    LPVOID lpMinimumApplicationAddress;
    LPVOID lpMaximumApplicationAddress;
    DWORD_PTR dwActiveProcessorMask;
    DWORD dwNumberOfProcessors;
    DWORD dwProcessorType;
    DWORD dwAllocationGranularity;
    WORD wProcessorLevel;
    WORD wProcessorRevision;
} SYSTEM_INFO, *LPSYSTEM_INFO;

/* What GlobalMemoryStatusEx writes; amounts in bytes. */
typedef struct _MEMORYSTATUSEX {
    DWORD dwLength;     /* in: sizeof(MEMORYSTATUSEX) */
    DWORD dwMemoryLoad; /* percentage of physical memory in use */
    DWORDLONG ullTotalPhys;
    DWORDLONG ullAvailPhys;
    DWORDLONG ullTotalPageFile; /* what can be committed */
    DWORDLONG ullAvailPageFile;
    DWORDLONG ullTotalVirtual; /* the address space */
    DWORDLONG ullAvailVirtual;
    DWORDLONG ullAvailExtendedVirtual; /* always 0 */
} MEMORYSTATUSEX, *LPMEMORYSTATUSEX;

/* A range for PrefetchVirtualMemory. */
typedef struct _WIN32_MEMORY_RANGE_ENTRY {
    PVOID VirtualAddress;
    SIZE_T NumberOfBytes;
} WIN32_MEMORY_RANGE_ENTRY, *PWIN32_MEMORY_RANGE_ENTRY;

/* Where VirtualAlloc2 may place a reservation; a member that is 0 asks for nothing. */
typedef struct _MEM_ADDRESS_REQUIREMENTS {
    PVOID LowestStartingAddress; /* a multiple of the allocation granularity */
    PVOID HighestEndingAddress;  /* the last byte that may be used, the last of a page */
    SIZE_T Alignment;            /* a power of two, at least the allocation granularity */
} MEM_ADDRESS_REQUIREMENTS, *PMEM_ADDRESS_REQUIREMENTS;

typedef enum MEM_EXTENDED_PARAMETER_TYPE {
    MemExtendedParameterInvalidType = 0,
    MemExtendedParameterAddressRequirements = 1, /* Pointer: MEM_ADDRESS_REQUIREMENTS */
    MemExtendedParameterNumaNode = 2,            /* ULong: the preferred node */
    MemExtendedParameterPartitionHandle = 3,
    MemExtendedParameterUserPhysicalHandle = 4,
    MemExtendedParameterAttributeFlags = 5, /* ULong64: MEM_EXTENDED_PARAMETER_* */
    MemExtendedParameterImageMachine = 6,
    MemExtendedParameterMax = 7
} MEM_EXTENDED_PARAMETER_TYPE,
    *PMEM_EXTENDED_PARAMETER_TYPE;

#    define MEM_EXTENDED_PARAMETER_TYPE_BITS 8

/* One wish beyond the arguments of VirtualAlloc2; Type says which, and which other member counts. */
typedef struct HOSTMEM_ALIGNED(8) MEM_EXTENDED_PARAMETER {
    HOSTMEM_EXTENSION struct {
        DWORD64 Type : MEM_EXTENDED_PARAMETER_TYPE_BITS;
        DWORD64 Reserved : 64 - MEM_EXTENDED_PARAMETER_TYPE_BITS;
    };
    HOSTMEM_EXTENSION union {
        DWORD64 ULong64;
        PVOID Pointer;
        SIZE_T Size;
        HANDLE Handle;
        DWORD ULong;
    };
} MEM_EXTENDED_PARAMETER, *PMEM_EXTENDED_PARAMETER;

/* Attribute flags. */
#    define MEM_EXTENDED_PARAMETER_GRAPHICS            0x00000001u
#    define MEM_EXTENDED_PARAMETER_NONPAGED            0x00000002u
#    define MEM_EXTENDED_PARAMETER_ZERO_PAGES_OPTIONAL 0x00000004u
#    define MEM_EXTENDED_PARAMETER_NONPAGED_LARGE      0x00000008u
#    define MEM_EXTENDED_PARAMETER_NONPAGED_HUGE       0x00000010u
#    define MEM_EXTENDED_PARAMETER_EC_CODE             0x00000040u

#    define NUMA_NO_PREFERRED_NODE 0xffffffffu

/* Allocation types and states. */
#    define MEM_COMMIT                0x00001000u
#    define MEM_RESERVE               0x00002000u
#    define MEM_REPLACE_PLACEHOLDER   0x00004000u
#    define MEM_RESERVE_PLACEHOLDER   0x00040000u
#    define MEM_RESET                 0x00080000u
#    define MEM_TOP_DOWN              0x00100000u
#    define MEM_WRITE_WATCH           0x00200000u
#    define MEM_PHYSICAL              0x00400000u
#    define MEM_RESET_UNDO            0x01000000u
#    define MEM_LARGE_PAGES           0x20000000u
#    define MEM_COALESCE_PLACEHOLDERS 0x00000001u
#    define MEM_PRESERVE_PLACEHOLDER  0x00000002u
#    define MEM_DECOMMIT              0x00004000u
#    define MEM_RELEASE               0x00008000u
#    define MEM_FREE                  0x00010000u

/* Types of memory in MEMORY_BASIC_INFORMATION. */
#    define MEM_PRIVATE 0x00020000u
#    define MEM_MAPPED  0x00040000u
#    define MEM_IMAGE   0x01000000u

/* Protections: one access value, and modifiers. */
#    define PAGE_NOACCESS          0x01u
#    define PAGE_READONLY          0x02u
#    define PAGE_READWRITE         0x04u
#    define PAGE_WRITECOPY         0x08u
#    define PAGE_EXECUTE           0x10u
#    define PAGE_EXECUTE_READ      0x20u
#    define PAGE_EXECUTE_READWRITE 0x40u
#    define PAGE_EXECUTE_WRITECOPY 0x80u
#    define PAGE_GUARD             0x100u
#    define PAGE_NOCACHE           0x200u
#    define PAGE_WRITECOMBINE      0x400u

/* Last errors. */
#    define ERROR_SUCCESS            0u
#    define ERROR_ACCESS_DENIED      5u
#    define ERROR_INVALID_HANDLE     6u
#    define ERROR_NOT_ENOUGH_MEMORY  8u
#    define ERROR_BAD_LENGTH         24u
#    define ERROR_NOT_SUPPORTED      50u
#    define ERROR_INVALID_PARAMETER  87u
#    define ERROR_NOT_LOCKED         158u
#    define ERROR_BUSY               170u
#    define ERROR_INVALID_ADDRESS    487u
#    define ERROR_NOACCESS           998u
#    define ERROR_MAPPED_ALIGNMENT   1132u
#    define ERROR_PRIVILEGE_NOT_HELD 1314u
#    define ERROR_WORKING_SET_QUOTA  1453u
#    define ERROR_COMMITMENT_LIMIT   1455u

/* HRESULTs; E_OUTOFMEMORY and friends are written as signed 32-bit values. */
#    define S_OK          ((HRESULT)0)
#    define S_FALSE       ((HRESULT)1)
#    define E_NOINTERFACE ((HRESULT)0x80004002u)
#    define E_POINTER     ((HRESULT)0x80004003u)
#    define E_FAIL        ((HRESULT)0x80004005u)
#    define E_OUTOFMEMORY ((HRESULT)0x8007000Eu)
#    define E_INVALIDARG  ((HRESULT)0x80070057u)
#    define SUCCEEDED(hr) ((HRESULT)(hr) >= 0)
#    define FAILED(hr)    ((HRESULT)(hr) < 0)

#endif /* HOSTMEM_NO_WIN32_TYPES */

#endif
