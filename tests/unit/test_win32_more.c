/*
 * test_win32_more.c - the Win32 and Nt functions beyond the five of memory management: VirtualAlloc2
 * and placeholders, process handles, locking, hints, pointers, the host's memory, whole allocations.
 *
 * The numbers in the names are those of the facts that a test stands for. Uses the library that is
 * shipped.
 */
#include <check.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <hostmem/nt.h>

#define MARK 0xdeadbeefu

static size_t page;
static size_t granule;
static uintptr_t highest;

static void set_up(void)
{
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    page = info.dwPageSize;
    granule = info.dwAllocationGranularity;
    highest = (uintptr_t)info.lpMaximumApplicationAddress;
    SetLastError(MARK);
}

/* --- Calls and what must come of them. --- */

/* A call gave this; its failure is told by 0. */
static void fails(uintptr_t result, DWORD error)
{
    ck_assert_uint_eq(result, 0);
    ck_assert_uint_eq(GetLastError(), error);
    SetLastError(MARK);
}

static void works(uintptr_t result)
{
    ck_assert_msg(result != 0, "failed with %u", GetLastError());
    ck_assert_uint_eq(GetLastError(), MARK);
}

#define FAILS(call, error) fails((uintptr_t)(call), (error))
#define WORKS(call)        works((uintptr_t)(call))

static void gives(NTSTATUS status, NTSTATUS wanted)
{
    ck_assert_msg(status == wanted, "status %#x, not %#x", (unsigned)status, (unsigned)wanted);
}

static char *alloc2(void *address, size_t size, ULONG type, ULONG protect)
{
    return VirtualAlloc2(NULL, address, size, type, protect, NULL, 0);
}

static char *placeholder(size_t pages)
{
    char *p = alloc2(NULL, pages * page, MEM_RESERVE | MEM_RESERVE_PLACEHOLDER, PAGE_NOACCESS);
    WORKS(p);
    return p;
}

/* Puts memory in a placeholder's place. */
static char *replace(char *at, size_t pages)
{
    char *p = alloc2(at, pages * page, MEM_RESERVE | MEM_COMMIT | MEM_REPLACE_PLACEHOLDER,
                     PAGE_READWRITE);
    WORKS(p);
    ck_assert_ptr_eq(p, at);
    return p;
}

static BOOL preserve(char *at, size_t pages)
{
    return VirtualFree(at, pages * page, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER);
}

static BOOL coalesce(char *at, size_t pages)
{
    return VirtualFree(at, pages * page, MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS);
}

static MEMORY_BASIC_INFORMATION query(const void *address)
{
    MEMORY_BASIC_INFORMATION region;
    ck_assert_uint_eq(VirtualQuery(address, &region, sizeof region), sizeof region);
    return region;
}

/* One whole allocation in one state. */
static void expect(const char *base, size_t pages, DWORD state, DWORD protect)
{
    MEMORY_BASIC_INFORMATION region = query(base);
    ck_assert_ptr_eq(region.BaseAddress, base);
    ck_assert_ptr_eq(region.AllocationBase, base);
    ck_assert_uint_eq(region.RegionSize, pages * page);
    ck_assert_uint_eq(region.State, state);
    ck_assert_uint_eq(region.AllocationProtect, protect);
    ck_assert_uint_eq(region.Protect, state == MEM_COMMIT ? protect : 0);
    ck_assert_uint_eq(region.Type, MEM_PRIVATE);
}

static void expect_placeholder(const char *base, size_t pages)
{
    expect(base, pages, MEM_RESERVE, PAGE_NOACCESS);
}

static char *commit(size_t pages, DWORD protect)
{
    char *p = VirtualAlloc(NULL, pages * page, MEM_RESERVE | MEM_COMMIT, protect);
    WORKS(p);
    return p;
}

static void free_all(void *base)
{
    WORKS(VirtualFree(base, 0, MEM_RELEASE));
}

/* --- VirtualAlloc2 and placeholders. --- */

START_TEST(p01_process_null_is_self)
{
    char *p = VirtualAlloc2(NULL, NULL, page, MEM_COMMIT, PAGE_READWRITE, NULL, 0);
    WORKS(p);
    p[0] = 1;
    expect(p, 1, MEM_COMMIT, PAGE_READWRITE);
    free_all(p);
    p = VirtualAlloc2(GetCurrentProcess(), NULL, page, MEM_RESERVE, PAGE_READONLY, NULL, 0);
    WORKS(p);
    expect(p, 1, MEM_RESERVE, PAGE_READONLY);
    free_all(p);
    FAILS(VirtualAlloc2((HANDLE)4, NULL, page, MEM_COMMIT, PAGE_READWRITE, NULL, 0),
          ERROR_ACCESS_DENIED);
}
END_TEST

START_TEST(p02_placeholder_protection)
{
    FAILS(alloc2(NULL, page, MEM_RESERVE | MEM_RESERVE_PLACEHOLDER, PAGE_READWRITE),
          ERROR_INVALID_PARAMETER);
    FAILS(alloc2(NULL, page, MEM_RESERVE | MEM_RESERVE_PLACEHOLDER, PAGE_READONLY),
          ERROR_INVALID_PARAMETER);
    FAILS(alloc2(NULL, page, MEM_RESERVE | MEM_RESERVE_PLACEHOLDER | MEM_COMMIT, PAGE_NOACCESS),
          ERROR_INVALID_PARAMETER);
    FAILS(alloc2(NULL, page, MEM_RESERVE_PLACEHOLDER, PAGE_NOACCESS), ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(p03_p06_p07_p08_placeholder)
{
    char *p = placeholder(16);
    expect_placeholder(p, 16);
    FAILS(alloc2(p, page, MEM_COMMIT, PAGE_READWRITE), ERROR_INVALID_ADDRESS);
    FAILS(VirtualAlloc(p, page, MEM_COMMIT, PAGE_READWRITE), ERROR_INVALID_ADDRESS);
    FAILS(alloc2(p, 16 * page, MEM_RESERVE, PAGE_READWRITE), ERROR_INVALID_ADDRESS);
    FAILS(alloc2(p, 16 * page, MEM_RESERVE | MEM_RESERVE_PLACEHOLDER, PAGE_NOACCESS),
          ERROR_INVALID_ADDRESS);
    expect_placeholder(p, 16);
    free_all(p);
    ck_assert_uint_eq(query(p).State, MEM_FREE);
}
END_TEST

START_TEST(p04_p05_p12_p13_split)
{
    char *p = placeholder(8);
    FAILS(preserve(p, 8), ERROR_INVALID_ADDRESS);
    FAILS(preserve(p, 0), ERROR_INVALID_PARAMETER);
    FAILS(preserve(p + 4 * page, 5), ERROR_INVALID_ADDRESS);
    WORKS(preserve(p + 3 * page, 2));
    expect_placeholder(p, 3);
    expect_placeholder(p + 3 * page, 2);
    expect_placeholder(p + 5 * page, 3);
    free_all(p + 3 * page);
    free_all(p);
    free_all(p + 5 * page);
}
END_TEST

START_TEST(p09_p10_p11_replace_refused)
{
    char *p = placeholder(4);
    DWORD replace_type = MEM_RESERVE | MEM_REPLACE_PLACEHOLDER;
    FAILS(alloc2(p, 3 * page, replace_type, PAGE_READWRITE), ERROR_INVALID_ADDRESS);
    FAILS(alloc2(p, 5 * page, replace_type, PAGE_READWRITE), ERROR_INVALID_ADDRESS);
    FAILS(alloc2(p + page, 3 * page, replace_type, PAGE_READWRITE), ERROR_INVALID_ADDRESS);
    FAILS(alloc2(p, 4 * page, MEM_REPLACE_PLACEHOLDER, PAGE_READWRITE), ERROR_INVALID_PARAMETER);
    FAILS(alloc2(p, 4 * page, MEM_COMMIT | MEM_REPLACE_PLACEHOLDER, PAGE_READWRITE),
          ERROR_INVALID_PARAMETER);
    FAILS(alloc2(NULL, 4 * page, replace_type, PAGE_READWRITE), ERROR_INVALID_PARAMETER);
    expect_placeholder(p, 4);
    free_all(p);
    p = commit(4, PAGE_READWRITE);
    FAILS(alloc2(p, 4 * page, replace_type, PAGE_READWRITE), ERROR_INVALID_ADDRESS);
    free_all(p);
}
END_TEST

START_TEST(p14_p15_p26_replace)
{
    char *p = placeholder(8);
    WORKS(preserve(p + page, 4));
    char *middle = replace(p + page, 4);
    expect(middle, 4, MEM_COMMIT, PAGE_READWRITE);
    memset(middle, 7, 4 * page);
    /* An ordinary allocation: decommitted, committed, protected as any other. */
    WORKS(VirtualFree(middle + page, page, MEM_DECOMMIT));
    ck_assert_uint_eq(query(middle + page).State, MEM_RESERVE);
    WORKS(VirtualAlloc(middle + page, page, MEM_COMMIT, PAGE_READWRITE));
    ck_assert_int_eq(middle[page], 0);
    ck_assert_int_eq(middle[2 * page], 7);
    free_all(middle);
    ck_assert_uint_eq(query(middle).State, MEM_FREE);
    ck_assert_uint_eq(query(middle).RegionSize, 4 * page);
    free_all(p);
    free_all(p + 5 * page);
}
END_TEST

START_TEST(p16_p20_to_p24_coalesce)
{
    char *p = placeholder(10);
    FAILS(coalesce(p, 10), ERROR_INVALID_ADDRESS);
    WORKS(preserve(p + 2 * page, 2));
    WORKS(preserve(p + 6 * page, 2)); /* 2, 2, 2, 2, 2 */
    FAILS(coalesce(p, 3), ERROR_INVALID_ADDRESS);
    FAILS(coalesce(p, 11), ERROR_INVALID_ADDRESS);
    FAILS(coalesce(p + page, 3), ERROR_INVALID_ADDRESS);
    replace(p + 4 * page, 2);
    FAILS(coalesce(p, 10), ERROR_INVALID_ADDRESS);
    expect_placeholder(p + 6 * page, 2);
    WORKS(preserve(p + 4 * page, 2));
    WORKS(coalesce(p, 10));
    expect_placeholder(p, 10);
    free_all(p);
}
END_TEST

START_TEST(p17_p25_p27_put_back)
{
    char *p = placeholder(4);
    memset(replace(p, 4), 5, 4 * page);
    FAILS(preserve(p, 2), ERROR_INVALID_ADDRESS);
    ck_assert_int_eq(p[0], 5);
    WORKS(preserve(p, 4));
    expect_placeholder(p, 4);
    replace(p, 4);
    ck_assert_int_eq(p[0], 0);
    ck_assert_int_eq(p[4 * page - 1], 0);
    free_all(p);
    p = commit(4, PAGE_READWRITE);
    FAILS(preserve(p, 4), ERROR_INVALID_ADDRESS);
    FAILS(preserve(p, 1), ERROR_INVALID_ADDRESS);
    free_all(p);
}
END_TEST

START_TEST(p18_p19_free_types)
{
    char *p = placeholder(4);
    FAILS(VirtualFree(p, 4 * page, MEM_COALESCE_PLACEHOLDERS), ERROR_INVALID_PARAMETER);
    FAILS(VirtualFree(p, 4 * page, MEM_PRESERVE_PLACEHOLDER), ERROR_INVALID_PARAMETER);
    FAILS(VirtualFree(p, page, MEM_DECOMMIT | MEM_PRESERVE_PLACEHOLDER), ERROR_INVALID_PARAMETER);
    FAILS(VirtualFree(p, page, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER | MEM_COALESCE_PLACEHOLDERS),
          ERROR_INVALID_PARAMETER);
    FAILS(coalesce(p, 0), ERROR_INVALID_PARAMETER);
    FAILS(VirtualFree(p, page, MEM_RELEASE), ERROR_INVALID_PARAMETER);
    expect_placeholder(p, 4);
    free_all(p);
}
END_TEST

START_TEST(p28_watched_replacement)
{
    /* A type that makes sense: refused only where there is no write watch at all. */
    hostmem_capability_info info = {.size = sizeof info};
    ck_assert_int_eq(hostmem_capabilities(&info), 0);
    char *p = placeholder(2);
    char *q = alloc2(p, 2 * page, MEM_RESERVE | MEM_REPLACE_PLACEHOLDER | MEM_WRITE_WATCH,
                     PAGE_READWRITE);
    if (info.write_watch == HOSTMEM_UNAVAILABLE)
        FAILS(q, ERROR_NOT_SUPPORTED);
    else
        WORKS(q);
    free_all(p);
}
END_TEST

/* --- Address requirements and other extended parameters. --- */

static PVOID with(unsigned type, uint64_t value, void *base, ULONG kind)
{
    MEM_EXTENDED_PARAMETER parameter;
    memset(&parameter, 0, sizeof parameter);
    parameter.Type = type & 0xff;
    parameter.ULong64 = value;
    return VirtualAlloc2(NULL, base, page, kind, PAGE_READWRITE, &parameter, 1);
}

static PVOID require(uintptr_t low, uintptr_t high, size_t alignment)
{
    MEM_ADDRESS_REQUIREMENTS wanted = {(PVOID)low, (PVOID)high, alignment};
    return with(MemExtendedParameterAddressRequirements, (uintptr_t)&wanted, NULL,
                MEM_RESERVE | MEM_COMMIT);
}

/* The page-end aligned highest address of the lowest n bytes. */
static uintptr_t end_of(uintptr_t bytes)
{
    return bytes - 1;
}

START_TEST(p29_no_requirement)
{
    void *p = require(0, 0, 0);
    WORKS(p);
    MEM_ADDRESS_REQUIREMENTS none = {NULL, NULL, 0};
    ULONG type = MemExtendedParameterAddressRequirements;
    free_all(p);
    /* Also beside an address. */
    ck_assert_ptr_eq(with(type, (uintptr_t)&none, p, MEM_RESERVE), p);
    ck_assert_ptr_eq(with(type, (uintptr_t)&none, p, MEM_COMMIT), p);
    free_all(p);
    FAILS(with(type, 0, NULL, MEM_RESERVE), ERROR_NOACCESS);
}
END_TEST

START_TEST(p30_p31_p32_highest)
{
    FAILS(require(0, end_of(0x20000000) + 2, 0), ERROR_INVALID_PARAMETER);
    FAILS(require(0, end_of(0x20000000) - 1, 0), ERROR_INVALID_PARAMETER);
    char *p = require(0, end_of(0x20000000), 0);
    WORKS(p);
    ck_assert_uint_le((uintptr_t)p + page - 1, end_of(0x20000000));
    free_all(p);
}
END_TEST

START_TEST(p33_p34_highest_of_all)
{
    FAILS(require(0, highest + page, 0), ERROR_INVALID_PARAMETER);
    char *p = require(0, highest, 0);
    WORKS(p);
    free_all(p);
}
END_TEST

START_TEST(p35_p36_p37_alignment)
{
    FAILS(require(0, 0, granule / 2), ERROR_INVALID_PARAMETER);
    FAILS(require(0, 0, 3 * granule), ERROR_INVALID_PARAMETER);
    for (int i = 0; i < 8; i++) {
        char *p = require(0, 0, 4 * granule);
        WORKS(p);
        ck_assert_uint_eq((uintptr_t)p % (4 * granule), 0);
    }
}
END_TEST

START_TEST(p38_nothing_fits)
{
    MEM_ADDRESS_REQUIREMENTS low = {NULL, (PVOID)(16 * granule - 1), 0};
    MEM_EXTENDED_PARAMETER parameter;
    memset(&parameter, 0, sizeof parameter);
    parameter.Type = MemExtendedParameterAddressRequirements;
    parameter.Pointer = &low;
    FAILS(VirtualAlloc2(NULL, NULL, 17 * granule, MEM_RESERVE, PAGE_READWRITE, &parameter, 1),
          ERROR_NOT_ENOUGH_MEMORY);
}
END_TEST

START_TEST(p39_p40_p42_lowest)
{
    FAILS(require(granule + page, 0, 0), ERROR_INVALID_PARAMETER);
    FAILS(require(0x40000000, end_of(0x20000000), 0), ERROR_INVALID_PARAMETER);
    FAILS(require((highest + 1 + granule) & ~(granule - 1), 0, 0), ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(p41_window)
{
    char *p = require(0x30000000, end_of(0x38000000), 0);
    WORKS(p);
    ck_assert_uint_ge((uintptr_t)p, 0x30000000);
    ck_assert_uint_le((uintptr_t)p + page - 1, end_of(0x38000000));
    free_all(p);
}
END_TEST

START_TEST(p43_z12_requirements_beside_an_address)
{
    MEM_ADDRESS_REQUIREMENTS wanted = {NULL, NULL, granule};
    ULONG type = MemExtendedParameterAddressRequirements;
    char *p = VirtualAlloc(NULL, page, MEM_RESERVE, PAGE_READWRITE);
    FAILS(with(type, (uintptr_t)&wanted, p, MEM_COMMIT), ERROR_INVALID_PARAMETER);
    free_all(p);
    FAILS(with(type, (uintptr_t)&wanted, p, MEM_RESERVE), ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(p44_p45_parameter_types)
{
    FAILS(with(MemExtendedParameterInvalidType, 0, NULL, MEM_RESERVE), ERROR_INVALID_PARAMETER);
    FAILS(with(MemExtendedParameterMax, 0, NULL, MEM_RESERVE), ERROR_INVALID_PARAMETER);
    FAILS(with(MemExtendedParameterMax + 1, 0, NULL, MEM_RESERVE), ERROR_INVALID_PARAMETER);
    FAILS(with(255, 0, NULL, MEM_RESERVE), ERROR_INVALID_PARAMETER);
    FAILS(with(MemExtendedParameterImageMachine, 0, NULL, MEM_RESERVE), ERROR_INVALID_PARAMETER);
    FAILS(with(MemExtendedParameterPartitionHandle, 4, NULL, MEM_RESERVE), ERROR_INVALID_HANDLE);
    FAILS(with(MemExtendedParameterUserPhysicalHandle, 4, NULL, MEM_RESERVE), ERROR_INVALID_HANDLE);
    MEM_EXTENDED_PARAMETER parameter;
    memset(&parameter, 0, sizeof parameter);
    parameter.Type = MemExtendedParameterNumaNode;
    parameter.Reserved = 1;
    FAILS(VirtualAlloc2(NULL, NULL, page, MEM_RESERVE, PAGE_READWRITE, &parameter, 1),
          ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(numa_node)
{
    void *p = with(MemExtendedParameterNumaNode, 0, NULL, MEM_RESERVE);
    WORKS(p);
    free_all(p);
    p = with(MemExtendedParameterNumaNode, NUMA_NO_PREFERRED_NODE, NULL, MEM_RESERVE);
    WORKS(p);
    free_all(p);
    FAILS(with(MemExtendedParameterNumaNode, 64, NULL, MEM_RESERVE), ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(p46_p47_z11_parameter_array)
{
    MEM_ADDRESS_REQUIREMENTS none = {NULL, NULL, 0};
    MEM_EXTENDED_PARAMETER two[2];
    memset(two, 0, sizeof two);
    two[0].Type = two[1].Type = MemExtendedParameterAddressRequirements;
    two[0].Pointer = two[1].Pointer = &none;
    FAILS(VirtualAlloc2(NULL, NULL, page, MEM_RESERVE, PAGE_READWRITE, two, 2),
          ERROR_INVALID_PARAMETER);
    FAILS(VirtualAlloc2(NULL, NULL, page, MEM_RESERVE, PAGE_READWRITE, NULL, 1),
          ERROR_INVALID_PARAMETER);
    two[1].Type = MemExtendedParameterAttributeFlags;
    two[1].ULong64 = 0;
    void *p = VirtualAlloc2(NULL, NULL, page, MEM_RESERVE, PAGE_READWRITE, two, 2);
    WORKS(p);
    free_all(p);
    two[1].ULong64 = MEM_EXTENDED_PARAMETER_EC_CODE;
    FAILS(VirtualAlloc2(NULL, NULL, page, MEM_RESERVE, PAGE_READWRITE, two, 2),
          ERROR_INVALID_PARAMETER);
    two[0] = two[1];
    two[0].ULong64 = two[1].ULong64 = 0;
    PVOID base = NULL;
    SIZE_T size = page;
    gives(NtAllocateVirtualMemoryEx(NtCurrentProcess(), &base, &size, MEM_RESERVE, PAGE_READWRITE,
                                    two, 2),
          STATUS_INVALID_PARAMETER);
    gives(NtAllocateVirtualMemoryEx(NtCurrentProcess(), &base, &size, MEM_RESERVE, PAGE_READWRITE,
                                    two, 1),
          STATUS_SUCCESS);
    free_all(base);
}
END_TEST

/* --- Process handles, and app containers. --- */

START_TEST(x01_no_code_from_apps)
{
    static const ULONG executable[] = {PAGE_EXECUTE, PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE,
                                       PAGE_EXECUTE_WRITECOPY, PAGE_EXECUTE_READ | PAGE_GUARD};
    DWORD old = 99;
    char *p = VirtualAllocFromApp(NULL, page, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    WORKS(p);
    for (size_t i = 0; i < sizeof executable / sizeof executable[0]; i++) {
        FAILS(VirtualAllocFromApp(NULL, page, MEM_COMMIT, executable[i]), ERROR_INVALID_PARAMETER);
        FAILS(VirtualAlloc2FromApp(NULL, NULL, page, MEM_COMMIT, executable[i], NULL, 0),
              ERROR_INVALID_PARAMETER);
        FAILS(VirtualProtectFromApp(p, page, executable[i], &old), ERROR_INVALID_PARAMETER);
    }
    ck_assert_uint_eq(old, 99);
    WORKS(VirtualProtectFromApp(p, page, PAGE_READONLY, &old));
    ck_assert_uint_eq(old, PAGE_READWRITE);
    FAILS(VirtualAllocFromApp(NULL, 0, MEM_COMMIT, PAGE_READWRITE), ERROR_INVALID_PARAMETER);
    free_all(p);
    p = VirtualAlloc2FromApp(NULL, NULL, page, MEM_RESERVE, PAGE_READWRITE, NULL, 0);
    WORKS(p);
    free_all(p);
}
END_TEST

START_TEST(x02_bad_handles)
{
    static const struct {
        intptr_t handle;
        DWORD error;
    } bad[] = {{0, ERROR_INVALID_HANDLE}, {4, ERROR_ACCESS_DENIED}, {-2, ERROR_ACCESS_DENIED}};
    char *p = commit(1, PAGE_READWRITE);
    MEMORY_BASIC_INFORMATION region;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        HANDLE process = (HANDLE)bad[i].handle;
        WIN32_MEMORY_RANGE_ENTRY range = {p, page};
        DWORD old = 99;
        FAILS(VirtualAllocEx(process, NULL, page, MEM_COMMIT, PAGE_READWRITE), bad[i].error);
        FAILS(VirtualFreeEx(process, p, 0, MEM_RELEASE), bad[i].error);
        FAILS(VirtualProtectEx(process, p, page, PAGE_READONLY, &old), bad[i].error);
        FAILS(VirtualQueryEx(process, p, &region, sizeof region), bad[i].error);
        FAILS(PrefetchVirtualMemory(process, 1, &range, 0), bad[i].error);
        ck_assert_uint_eq(old, 99);
    }
    expect(p, 1, MEM_COMMIT, PAGE_READWRITE);
    free_all(p);
}
END_TEST

START_TEST(x03_ex_forms)
{
    HANDLE self = GetCurrentProcess();
    ck_assert_ptr_eq(self, (HANDLE)(intptr_t)-1);
    ck_assert_ptr_eq(self, NtCurrentProcess());
    char *p = VirtualAllocEx(self, NULL, 2 * page, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    WORKS(p);
    DWORD old = 0;
    WORKS(VirtualProtectEx(self, p, page, PAGE_READONLY, &old));
    ck_assert_uint_eq(old, PAGE_READWRITE);
    MEMORY_BASIC_INFORMATION region;
    ck_assert_uint_eq(VirtualQueryEx(self, p, &region, sizeof region), sizeof region);
    ck_assert_uint_eq(region.RegionSize, page);
    ck_assert_uint_eq(region.Protect, PAGE_READONLY);
    FAILS(VirtualQueryEx(self, p, &region, 1), ERROR_BAD_LENGTH);
    FAILS(VirtualProtectEx(self, p, page, PAGE_READONLY, NULL), ERROR_NOACCESS);
    FAILS(VirtualAllocEx(self, p, 2 * page, MEM_RESERVE, PAGE_READWRITE), ERROR_INVALID_ADDRESS);
    FAILS(VirtualAllocEx(self, NULL, page, MEM_RESERVE | MEM_RESERVE_PLACEHOLDER, PAGE_NOACCESS),
          ERROR_INVALID_PARAMETER);
    FAILS(VirtualFreeEx(self, p, page, MEM_RELEASE), ERROR_INVALID_PARAMETER);
    WORKS(VirtualFreeEx(self, p, 0, MEM_RELEASE));
}
END_TEST

/* --- Locking. --- */

/* Bytes that the kernel says are locked; SIZE_MAX: it does not say. */
static size_t read_locked(void)
{
    char text[4096];
    int fd = open("/proc/self/status", O_RDONLY);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    close(fd);
    text[got < 0 ? 0 : got] = 0;
    const char *line = strstr(text, "VmLck:");
    return line != NULL ? strtoul(line + 6, NULL, 10) * 1024 : SIZE_MAX;
}

static size_t locked(void)
{
    size_t bytes = read_locked();
    ck_assert_uint_ne(bytes, SIZE_MAX);
    return bytes;
}

START_TEST(j05_lock)
{
    char *p = commit(8, PAGE_READWRITE);
    size_t before = locked();
    p[0] = 3;
    WORKS(VirtualLock(p + page + 1, 2 * page));
    ck_assert_uint_eq(locked() - before, 3 * page);
    ck_assert_int_eq(p[0], 3);
    /* No count: locked twice, unlocked by one call. */
    WORKS(VirtualLock(p + page, page));
    WORKS(VirtualUnlock(p + page, page));
    ck_assert_uint_eq(locked() - before, 2 * page);
    FAILS(VirtualUnlock(p + page, page), ERROR_NOT_LOCKED);
    FAILS(VirtualUnlock(p + page, 3 * page), ERROR_NOT_LOCKED);
    FAILS(VirtualUnlock(p + 3 * page, 2 * page), ERROR_NOT_LOCKED);
    ck_assert_uint_eq(locked() - before, 2 * page);
    WORKS(VirtualUnlock(p + 2 * page, 2 * page));
    ck_assert_uint_eq(locked(), before);
    /* Queries show nothing of it. */
    WORKS(VirtualLock(p, page));
    expect(p, 8, MEM_COMMIT, PAGE_READWRITE);
    free_all(p);
    ck_assert_uint_eq(locked(), before);
}
END_TEST

START_TEST(j05_lock_refused)
{
    char *p = VirtualAlloc(NULL, 8 * page, MEM_RESERVE, PAGE_READWRITE);
    DWORD old;
    WORKS(p);
    WORKS(VirtualAlloc(p, 4 * page, MEM_COMMIT, PAGE_READWRITE));
    size_t before = locked();
    FAILS(VirtualLock(p, 5 * page), ERROR_NOACCESS);
    FAILS(VirtualLock(p + 4 * page, page), ERROR_NOACCESS);
    FAILS(VirtualLock(NULL, page), ERROR_NOACCESS);
    FAILS(VirtualLock(p, 0), ERROR_INVALID_PARAMETER);
    FAILS(VirtualLock(p, highest), ERROR_INVALID_PARAMETER);
    FAILS(VirtualUnlock(p, 0), ERROR_INVALID_PARAMETER);
    FAILS(VirtualUnlock(p + 4 * page, page), ERROR_NOT_LOCKED);
    FAILS(VirtualUnlock(NULL, page), ERROR_NOT_LOCKED);
    WORKS(VirtualProtect(p + page, page, PAGE_NOACCESS, &old));
    FAILS(VirtualLock(p, 4 * page), ERROR_NOACCESS);
    ck_assert_uint_eq(locked(), before);
    free_all(p);
    FAILS(VirtualLock(p, page), ERROR_NOACCESS);
}
END_TEST

START_TEST(j05_decommit_unlocks)
{
    char *p = commit(4, PAGE_READWRITE);
    size_t before = locked();
    memset(p, 1, 4 * page);
    WORKS(VirtualLock(p, 4 * page));
    WORKS(VirtualFree(p + page, page, MEM_DECOMMIT));
    FAILS(VirtualUnlock(p + page, page), ERROR_NOT_LOCKED);
    WORKS(VirtualAlloc(p + page, page, MEM_COMMIT, PAGE_READWRITE));
    ck_assert_int_eq(p[page], 0);
    FAILS(VirtualUnlock(p + page, page), ERROR_NOT_LOCKED);
    WORKS(VirtualLock(p, 4 * page));
    WORKS(VirtualUnlock(p, 4 * page));
    ck_assert_uint_eq(locked(), before);
    free_all(p);
}
END_TEST

START_TEST(h05_lock_and_guard)
{
    char *p = commit(4, PAGE_READWRITE);
    DWORD old;
    WORKS(VirtualProtect(p + page, 2 * page, PAGE_READWRITE | PAGE_GUARD, &old));
    size_t before = locked();
    FAILS(VirtualLock(p, 4 * page), (DWORD)STATUS_GUARD_PAGE_VIOLATION);
    ck_assert_uint_eq(query(p + page).Protect, PAGE_READWRITE);
    ck_assert_uint_eq(query(p + 2 * page).Protect, PAGE_READWRITE | PAGE_GUARD);
    ck_assert_uint_eq(locked(), before);
    FAILS(VirtualLock(p, 4 * page), (DWORD)STATUS_GUARD_PAGE_VIOLATION);
    WORKS(VirtualLock(p, 4 * page));
    p[page] = 1;
    p[2 * page] = 1;
    free_all(p);
    /* What comes first counts. */
    p = VirtualAlloc(NULL, 2 * page, MEM_RESERVE, PAGE_READWRITE);
    WORKS(VirtualAlloc(p + page, page, MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD));
    FAILS(VirtualLock(p, 2 * page), ERROR_NOACCESS);
    ck_assert_uint_eq(query(p + page).Protect, PAGE_READWRITE | PAGE_GUARD);
    free_all(p);
}
END_TEST

START_TEST(j05_lock_quota)
{
    struct rlimit none = {4 * page, 4 * page};
    char *p = commit(16, PAGE_READWRITE);
    ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &none), 0);
    /* The limit does not hold for the superuser. */
    if (geteuid() == 0)
        ck_assert_int_eq(seteuid(65534), 0);
    FAILS(VirtualLock(p, 16 * page), ERROR_WORKING_SET_QUOTA);
    FAILS(VirtualUnlock(p, 16 * page), ERROR_NOT_LOCKED);
    WORKS(VirtualLock(p, 2 * page));
    PVOID base = p;
    SIZE_T size = 16 * page;
    gives(NtLockVirtualMemory(NtCurrentProcess(), &base, &size, 1), STATUS_WORKING_SET_QUOTA);
    ck_assert_uint_eq(size, 16 * page);
    free_all(p);
}
END_TEST

static char *map_file(int *fd, int sharing)
{
    char name[] = "/tmp/hostmem-test-XXXXXX";
    *fd = mkstemp(name);
    ck_assert_int_ge(*fd, 0);
    unlink(name);
    ck_assert_int_eq(ftruncate(*fd, (off_t)(4 * page)), 0);
    char *p = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, sharing, *fd, 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    return p;
}

START_TEST(j05_lock_memory_of_others)
{
    char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    size_t before = locked();
    WORKS(VirtualLock(p, 2 * page));
    ck_assert_uint_eq(locked() - before, 2 * page);
    WORKS(VirtualUnlock(p, page));
    FAILS(VirtualUnlock(p, 2 * page), ERROR_NOT_LOCKED);
    DWORD old;
    WORKS(VirtualProtect(p + page, page, PAGE_READWRITE | PAGE_GUARD, &old));
    FAILS(VirtualLock(p, 2 * page), (DWORD)STATUS_GUARD_PAGE_VIOLATION);
    WORKS(VirtualLock(p, 2 * page));
    ck_assert_int_eq(munmap(p, 2 * page), 0);
    FAILS(VirtualUnlock(p + page, page), ERROR_NOT_LOCKED);
    ck_assert_uint_eq(locked(), before);
    int fd;
    p = map_file(&fd, MAP_SHARED);
    WORKS(VirtualLock(p, 2 * page));
    ck_assert_uint_eq(locked() - before, 2 * page);
    ck_assert_int_eq(mprotect(p + 2 * page, 2 * page, PROT_NONE), 0);
    FAILS(VirtualLock(p, 3 * page), ERROR_NOACCESS);
    munmap(p, 4 * page);
    close(fd);
}
END_TEST

START_TEST(lock_several_allocations)
{
    char *p = VirtualAlloc(NULL, 2 * granule, MEM_RESERVE, PAGE_READWRITE);
    free_all(p);
    ck_assert_ptr_eq(VirtualAlloc(p, granule, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE), p);
    char *q = p + granule;
    ck_assert_ptr_eq(VirtualAlloc(q, granule, MEM_RESERVE | MEM_COMMIT, PAGE_READONLY), q);
    size_t before = locked();
    WORKS(VirtualLock(q - page, 2 * page));
    ck_assert_uint_eq(locked() - before, 2 * page);
    WORKS(VirtualUnlock(q - page, 2 * page));
    ck_assert_uint_eq(locked(), before);
    free_all(p);
    free_all(q);
}
END_TEST

START_TEST(nt_lock)
{
    HANDLE self = NtCurrentProcess();
    char *p = commit(2, PAGE_READWRITE);
    PVOID base = p + page - 1;
    SIZE_T size = 2;
    gives(NtLockVirtualMemory(NULL, &base, &size, 1), STATUS_INVALID_HANDLE);
    gives(NtLockVirtualMemory(self, &base, &size, 0), STATUS_INVALID_PARAMETER);
    gives(NtLockVirtualMemory(self, &base, &size, 4), STATUS_INVALID_PARAMETER);
    gives(NtLockVirtualMemory(self, &base, &size, 2), STATUS_PRIVILEGE_NOT_HELD);
    gives(NtLockVirtualMemory(self, NULL, &size, 1), STATUS_ACCESS_VIOLATION);
    gives(NtUnlockVirtualMemory(self, &base, NULL, 1), STATUS_ACCESS_VIOLATION);
    gives(NtUnlockVirtualMemory(self, &base, &size, 1), STATUS_NOT_LOCKED);
    ck_assert_ptr_eq(base, p + page - 1);
    gives(NtLockVirtualMemory(self, &base, &size, 1), STATUS_SUCCESS);
    ck_assert_ptr_eq(base, p);
    ck_assert_uint_eq(size, 2 * page);
    gives(NtUnlockVirtualMemory(self, &base, &size, 1), STATUS_SUCCESS);
    DWORD old;
    WORKS(VirtualProtect(p, page, PAGE_READWRITE | PAGE_GUARD, &old));
    gives(NtLockVirtualMemory(self, &base, &size, 1), STATUS_GUARD_PAGE_VIOLATION);
    WORKS(VirtualFree(p, page, MEM_DECOMMIT));
    gives(NtLockVirtualMemory(self, &base, &size, 1), STATUS_ACCESS_VIOLATION);
    free_all(p);
}
END_TEST

/* --- Contents and hints. --- */

static size_t resident_pages(char *p, size_t pages)
{
    unsigned char state[64];
    size_t count = 0;
    ck_assert_int_eq(mincore(p, pages * page, state), 0);
    for (size_t i = 0; i < pages; i++)
        count += state[i] & 1;
    return count;
}

START_TEST(j01_discard)
{
    char *p = commit(8, PAGE_READWRITE);
    DWORD old;
    memset(p, 1, 8 * page);
    ck_assert_uint_eq(DiscardVirtualMemory(p + page, 2 * page), ERROR_SUCCESS);
    expect(p, 8, MEM_COMMIT, PAGE_READWRITE);
    ck_assert_uint_eq(resident_pages(p + page, 2), 0);
    ck_assert_int_eq(p[0], 1);
    ck_assert_int_eq(p[3 * page], 1);
    p[page] = 2;
    ck_assert_int_eq(p[page], 2);
    ck_assert_uint_eq(DiscardVirtualMemory(p + 1, page), ERROR_INVALID_PARAMETER);
    ck_assert_uint_eq(DiscardVirtualMemory(p, page + 1), ERROR_INVALID_PARAMETER);
    ck_assert_uint_eq(DiscardVirtualMemory(p, 0), ERROR_INVALID_PARAMETER);
    ck_assert_uint_eq(DiscardVirtualMemory(p, 9 * page), ERROR_INVALID_ADDRESS);
    WORKS(VirtualProtect(p + 5 * page, page, PAGE_READONLY, &old));
    ck_assert_uint_eq(DiscardVirtualMemory(p + 4 * page, 2 * page), ERROR_INVALID_PARAMETER);
    WORKS(VirtualProtect(p + 5 * page, page, PAGE_READWRITE | PAGE_GUARD, &old));
    ck_assert_uint_eq(DiscardVirtualMemory(p + 4 * page, 2 * page), ERROR_INVALID_PARAMETER);
    ck_assert_int_eq(p[4 * page], 1);
    WORKS(VirtualFree(p + 5 * page, page, MEM_DECOMMIT));
    ck_assert_uint_eq(DiscardVirtualMemory(p + 4 * page, 2 * page), ERROR_INVALID_ADDRESS);
    ck_assert_int_eq(p[4 * page], 1);
    free_all(p);
    ck_assert_uint_eq(DiscardVirtualMemory(p, page), ERROR_INVALID_ADDRESS);
    ck_assert_uint_eq(GetLastError(), MARK);
}
END_TEST

START_TEST(j01_discard_locked)
{
    char *p = commit(2, PAGE_READWRITE);
    memset(p, 1, 2 * page);
    WORKS(VirtualLock(p, 2 * page));
    ck_assert_uint_eq(DiscardVirtualMemory(p, page), ERROR_SUCCESS);
    p[0] = 2;
    ck_assert_int_eq(p[page], 1);
    WORKS(VirtualUnlock(p, 2 * page));
    free_all(p);
}
END_TEST

START_TEST(j04_prefetch)
{
    HANDLE self = GetCurrentProcess();
    char *p = commit(4, PAGE_READWRITE);
    p[0] = 1;
    WIN32_MEMORY_RANGE_ENTRY ranges[] = {
        {p + 1, 2 * page},                   /* unaligned */
        {NULL, page},                        /* not mapped */
        {(PVOID)highest, SIZE_MAX},          /* beyond all */
        {(PVOID)(highest + 1), page},        /* above */
        {(PVOID)(uintptr_t)set_up, granule}, /* code of others */
        {p, 0},
    };
    WORKS(PrefetchVirtualMemory(self, 5, ranges, 0));
    FAILS(PrefetchVirtualMemory(self, 6, ranges, 0), ERROR_INVALID_PARAMETER);
    FAILS(PrefetchVirtualMemory(self, 0, ranges, 0), ERROR_INVALID_PARAMETER);
    FAILS(PrefetchVirtualMemory(self, 1, ranges, 1), ERROR_INVALID_PARAMETER);
    FAILS(PrefetchVirtualMemory(self, 1, NULL, 0), ERROR_NOACCESS);
    ck_assert_int_eq(p[0], 1);
    expect(p, 4, MEM_COMMIT, PAGE_READWRITE);
    free_all(p);
}
END_TEST

START_TEST(z10_nt_prefetch)
{
    HANDLE self = NtCurrentProcess();
    char *p = commit(4, PAGE_READWRITE);
    MEMORY_RANGE_ENTRY ranges[] = {{p, page}, {NULL, page}, {p, 0}};
    VIRTUAL_MEMORY_INFORMATION_CLASS unknown = (VIRTUAL_MEMORY_INFORMATION_CLASS)1;
    ULONG flags = 0;
    gives(NtSetInformationVirtualMemory(self, VmPrefetchInformation, 2, ranges, &flags, 4),
          STATUS_SUCCESS);
    gives(NtSetInformationVirtualMemory(NULL, VmPrefetchInformation, 2, ranges, &flags, 4),
          STATUS_INVALID_HANDLE);
    gives(NtSetInformationVirtualMemory(self, unknown, 2, ranges, &flags, 4),
          STATUS_INVALID_PARAMETER_2);
    gives(NtSetInformationVirtualMemory(self, VmPrefetchInformation, 0, ranges, &flags, 4),
          STATUS_INVALID_PARAMETER_3);
    gives(NtSetInformationVirtualMemory(self, VmPrefetchInformation, 3, ranges, &flags, 4),
          STATUS_INVALID_PARAMETER_4);
    gives(NtSetInformationVirtualMemory(self, VmPrefetchInformation, 2, ranges, NULL, 4),
          STATUS_INVALID_PARAMETER_5);
    gives(NtSetInformationVirtualMemory(self, VmPrefetchInformation, 2, ranges, &flags, 8),
          STATUS_INVALID_PARAMETER_6);
    gives(NtSetInformationVirtualMemory(self, VmPrefetchInformation, 2, NULL, &flags, 4),
          STATUS_ACCESS_VIOLATION);
    flags = 1;
    gives(NtSetInformationVirtualMemory(self, VmPrefetchInformation, 2, ranges, &flags, 4),
          STATUS_INVALID_PARAMETER_5);
    free_all(p);
}
END_TEST

START_TEST(nt_flush)
{
    HANDLE self = NtCurrentProcess();
    int fd;
    char *p = map_file(&fd, MAP_SHARED);
    IO_STATUS_BLOCK result = {.Information = 9};
    PVOID base = p + page + 1;
    SIZE_T size = 1;
    p[page] = 'x';
    gives(NtFlushVirtualMemory(self, &base, &size, &result), STATUS_SUCCESS);
    ck_assert_ptr_eq(base, p + page);
    ck_assert_uint_eq(size, page);
    ck_assert_int_eq(result.Status, STATUS_SUCCESS);
    ck_assert_uint_eq(result.Information, 0);
    char byte = 0;
    ck_assert_int_eq(pread(fd, &byte, 1, (off_t)page), 1);
    ck_assert_int_eq(byte, 'x');
    size = 0; /* to the end */
    gives(NtFlushVirtualMemory(self, &base, &size, &result), STATUS_SUCCESS);
    ck_assert_uint_eq(size, 3 * page);
    gives(NtFlushVirtualMemory(NULL, &base, &size, &result), STATUS_INVALID_HANDLE);
    gives(NtFlushVirtualMemory(self, &base, &size, NULL), STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(munmap(p, 4 * page), 0);
    close(fd);
    p = commit(2, PAGE_READWRITE);
    base = p;
    size = page;
    gives(NtFlushVirtualMemory(self, &base, &size, &result), STATUS_NOT_MAPPED_DATA);
    ck_assert_int_eq(result.Status, STATUS_NOT_MAPPED_DATA);
    size = 0;
    gives(NtFlushVirtualMemory(self, &base, &size, &result), STATUS_NOT_MAPPED_DATA);
    free_all(p);
    gives(NtFlushVirtualMemory(self, &base, &size, &result), STATUS_NOT_MAPPED_VIEW);
    base = (PVOID)(highest + 1);
    gives(NtFlushVirtualMemory(self, &base, &size, &result), STATUS_INVALID_PARAMETER_2);
}
END_TEST

/* --- Is a pointer good? --- */

START_TEST(bad_pointers)
{
    char *p = VirtualAlloc(NULL, 8 * page, MEM_RESERVE, PAGE_READWRITE);
    DWORD old;
    WORKS(VirtualAlloc(p, 4 * page, MEM_COMMIT, PAGE_READWRITE));
    WORKS(VirtualProtect(p + 2 * page, page, PAGE_READONLY, &old));
    WORKS(VirtualProtect(p + 3 * page, page, PAGE_READWRITE | PAGE_GUARD, &old));
    ck_assert(!IsBadReadPtr(p, 3 * page));
    ck_assert(!IsBadWritePtr(p, 2 * page));
    ck_assert(IsBadWritePtr(p, 2 * page + 1));
    ck_assert(IsBadReadPtr(p, 3 * page + 1));
    ck_assert(IsBadReadPtr(p + 3 * page, 1));
    ck_assert_uint_eq(query(p + 3 * page).Protect, PAGE_READWRITE | PAGE_GUARD);
    ck_assert(IsBadReadPtr(p + 4 * page, 1));
    ck_assert(IsBadReadPtr(NULL, 1));
    ck_assert(!IsBadReadPtr(NULL, 0));
    ck_assert(!IsBadWritePtr(p + 4 * page, 0));
    ck_assert(IsBadReadPtr(p, SIZE_MAX));
    ck_assert(IsBadReadPtr((LPVOID)highest, 2));
    WORKS(VirtualProtect(p, page, PAGE_NOACCESS, &old));
    ck_assert(IsBadReadPtr(p, 1));
    ck_assert(IsBadWritePtr(p, 1));
    WORKS(VirtualProtect(p, page, PAGE_EXECUTE_READ, &old));
    ck_assert(!IsBadReadPtr(p, 1));
    ck_assert(IsBadWritePtr(p, 1));
    ck_assert(!IsBadCodePtr((FARPROC)(uintptr_t)p));
    ck_assert(!IsBadCodePtr((FARPROC)(uintptr_t)set_up));
    ck_assert(IsBadCodePtr(NULL));
    ck_assert(!IsBadWritePtr(&old, sizeof old));
    ck_assert(IsBadWritePtr((LPVOID)(uintptr_t)set_up, 1));
    ck_assert_uint_eq(GetLastError(), MARK);
    free_all(p);
}
END_TEST

START_TEST(bad_strings)
{
    char *p = VirtualAlloc(NULL, 2 * page, MEM_RESERVE, PAGE_READWRITE);
    WORKS(VirtualAlloc(p, page, MEM_COMMIT, PAGE_READWRITE));
    char *end = p + page;
    memset(p, 'a', page);
    ck_assert(!IsBadStringPtrA(end - 4, 4));
    ck_assert(IsBadStringPtrA(end - 4, 5));
    ck_assert(!IsBadStringPtrA(NULL, 0));
    ck_assert(IsBadStringPtrA(NULL, 1));
    ck_assert(IsBadStringPtrA(end, 1));
    end[-1] = 0;
    ck_assert(!IsBadStringPtrA(end - 4, SIZE_MAX));
    const uint16_t *wide = (const uint16_t *)(void *)(end - 4);
    ck_assert(!IsBadStringPtrW(wide, 2));
    ck_assert(IsBadStringPtrW(wide, 3)); /* one zero byte ends no wide string */
    end[-2] = 0;
    ck_assert(!IsBadStringPtrW(wide, SIZE_MAX));
    /* A unit that half lies in the next page. */
    ck_assert(IsBadStringPtrW((const uint16_t *)(uintptr_t)(end - 1), 1));
    WORKS(VirtualAlloc(end, page, MEM_COMMIT, PAGE_READONLY));
    ck_assert(!IsBadStringPtrW((const uint16_t *)(uintptr_t)(end - 1), SIZE_MAX));
    ck_assert_uint_eq(GetLastError(), MARK);
    free_all(p);
}
END_TEST

/* --- The host's memory. --- */

START_TEST(memory_status)
{
    MEMORYSTATUSEX status = {.dwLength = sizeof status};
    WORKS(GlobalMemoryStatusEx(&status));
    ck_assert_uint_eq(status.dwLength, sizeof status);
    ck_assert_uint_le(status.dwMemoryLoad, 100);
    ck_assert_uint_gt(status.ullTotalPhys, 1 << 20);
    ck_assert_uint_gt(status.ullAvailPhys, 0);
    ck_assert_uint_le(status.ullAvailPhys, status.ullTotalPhys);
    ck_assert_uint_le(status.ullAvailPageFile, status.ullTotalPageFile);
    ck_assert_uint_le(status.ullAvailVirtual, status.ullTotalVirtual);
    ck_assert_uint_le(status.ullTotalVirtual, (uint64_t)highest + 1);
    ck_assert_uint_eq(status.ullAvailExtendedVirtual, 0);
    uint64_t before = status.ullAvailVirtual;
    char *p = VirtualAlloc(NULL, (SIZE_T)1 << 28, MEM_RESERVE, PAGE_NOACCESS);
    WORKS(p);
    WORKS(GlobalMemoryStatusEx(&status));
    ck_assert_uint_lt(status.ullAvailVirtual, before);
    free_all(p);
    status.dwLength = sizeof status - 1;
    FAILS(GlobalMemoryStatusEx(&status), ERROR_INVALID_PARAMETER);
    FAILS(GlobalMemoryStatusEx(NULL), ERROR_NOACCESS);
}
END_TEST

/* --- Nt: zero bits, codes, whole allocations. --- */

static NTSTATUS nt_allocate(PVOID *base, ULONG_PTR zero_bits, SIZE_T size, ULONG type)
{
    return NtAllocateVirtualMemory(NtCurrentProcess(), base, zero_bits, &size, type,
                                   PAGE_READWRITE);
}

START_TEST(z01_z02_zero_bits)
{
    for (unsigned n = 1; n <= 21; n++) {
        PVOID base = NULL;
        NTSTATUS status = nt_allocate(&base, n, page, MEM_RESERVE);
        if (status == STATUS_SUCCESS) {
            ck_assert_uint_eq((uintptr_t)base >> (32 - n), 0);
            free_all(base);
        } else {
            gives(status, STATUS_NO_MEMORY);
            ck_assert_uint_gt(n, 8); /* much lower there may be nothing for this process */
        }
    }
    PVOID base = NULL;
    for (unsigned n = 22; n <= 31; n++)
        gives(nt_allocate(&base, n, page, MEM_RESERVE), STATUS_INVALID_PARAMETER_3);
    ck_assert_ptr_null(base);
}
END_TEST

START_TEST(z03_zero_bits_mask)
{
    static const ULONG_PTR masks[] = {0x1aaaaaaa, 0x10000000, 0x7fffffff, 0x1aaaaaaaa};
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        PVOID base = NULL;
        gives(nt_allocate(&base, masks[i], page, MEM_RESERVE), STATUS_SUCCESS);
        uintptr_t limit = 1;
        while (limit <= masks[i])
            limit <<= 1;
        ck_assert_uint_lt((uintptr_t)base, limit);
        free_all(base);
    }
    PVOID base = NULL;
    gives(nt_allocate(&base, 0x20, page, MEM_RESERVE), STATUS_NO_MEMORY);
}
END_TEST

START_TEST(z04_zero_bits_and_address)
{
    PVOID base = NULL;
    gives(nt_allocate(&base, 1, page, MEM_RESERVE), STATUS_SUCCESS);
    PVOID inside = (char *)base + page;
    gives(nt_allocate(&inside, 0, page, MEM_RESERVE), STATUS_CONFLICTING_ADDRESSES);
    gives(nt_allocate(&inside, 1, page, MEM_RESERVE), STATUS_CONFLICTING_ADDRESSES);
    gives(nt_allocate(&inside, 25, page, MEM_RESERVE), STATUS_INVALID_PARAMETER_3);
    ck_assert_ptr_eq(inside, (char *)base + page);
    free_all(base);
    gives(nt_allocate(&base, 1, page, MEM_RESERVE), STATUS_SUCCESS);
    free_all(base);
}
END_TEST

START_TEST(z05_refused_types)
{
    PVOID base = NULL;
    SIZE_T size = page;
    gives(nt_allocate(&base, 0, page, MEM_RESERVE | 0x40000000), STATUS_INVALID_PARAMETER_5);
    gives(NtAllocateVirtualMemory(NtCurrentProcess(), &base, 0, &size,
                                  MEM_RESERVE | MEM_RESERVE_PLACEHOLDER, PAGE_NOACCESS),
          STATUS_INVALID_PARAMETER_5);
}
END_TEST

START_TEST(z06_z07_nt_protect)
{
    HANDLE self = NtCurrentProcess();
    char *p = VirtualAlloc(NULL, 4 * page, MEM_RESERVE, PAGE_READWRITE);
    WORKS(VirtualAlloc(p, 2 * page, MEM_COMMIT, PAGE_READWRITE));
    PVOID base = p + 1;
    SIZE_T size = 1;
    ULONG old = 0;
    gives(NtProtectVirtualMemory(NULL, &base, &size, PAGE_READONLY, &old), STATUS_INVALID_HANDLE);
    gives(NtProtectVirtualMemory(self, &base, &size, PAGE_READONLY, NULL), STATUS_ACCESS_VIOLATION);
    gives(NtProtectVirtualMemory(self, &base, &size, 0, &old), STATUS_INVALID_PAGE_PROTECTION);
    ck_assert_ptr_eq(base, p + 1);
    gives(NtProtectVirtualMemory(self, &base, &size, PAGE_READONLY, &old), STATUS_SUCCESS);
    ck_assert_ptr_eq(base, p);
    ck_assert_uint_eq(size, page);
    ck_assert_uint_eq(old, PAGE_READWRITE);
    base = p + 2 * page;
    gives(NtProtectVirtualMemory(self, &base, &size, PAGE_READONLY, &old), STATUS_NOT_COMMITTED);
    free_all(p);
}
END_TEST

static NTSTATUS region_of(const void *address, MEMORY_REGION_INFORMATION *region, SIZE_T length,
                          SIZE_T *written)
{
    memset(region, 0xee, sizeof *region);
    return NtQueryVirtualMemory(NtCurrentProcess(), address, MemoryRegionInformation, region,
                                length, written);
}

START_TEST(z08_region_information)
{
    MEMORY_REGION_INFORMATION region;
    SIZE_T written = 0;
    char *p = VirtualAlloc(NULL, 8 * page, MEM_RESERVE, PAGE_EXECUTE_READ);
    WORKS(VirtualAlloc(p + page, 2 * page, MEM_COMMIT, PAGE_READWRITE));
    WORKS(VirtualAlloc(p + 5 * page, page, MEM_COMMIT, PAGE_READONLY));
    gives(region_of(p + 3 * page + 5, &region, sizeof region, &written), STATUS_SUCCESS);
    ck_assert_uint_eq(written, sizeof region);
    ck_assert_ptr_eq(region.AllocationBase, p);
    ck_assert_uint_eq(region.AllocationProtect, PAGE_EXECUTE_READ);
    ck_assert_uint_eq(region.RegionType, 0);
    ck_assert_uint_eq(region.RegionSize, 8 * page);
    ck_assert_uint_eq(region.CommitSize, 3 * page);
    ck_assert_uint_eq(region.PartitionId, 0);
    SIZE_T least = offsetof(MEMORY_REGION_INFORMATION, CommitSize);
    gives(region_of(p, &region, least - 1, NULL), STATUS_INFO_LENGTH_MISMATCH);
    gives(region_of(p, &region, least, &written), STATUS_SUCCESS);
    ck_assert_uint_eq(written, least);
    ck_assert_uint_eq(region.RegionSize, 8 * page);
    ck_assert_uint_eq(region.CommitSize, (SIZE_T)0xeeeeeeeeeeeeeeee);
    gives(NtQueryVirtualMemory(NtCurrentProcess(), p, MemoryRegionInformation, NULL, sizeof region,
                               NULL),
          STATUS_ACCESS_VIOLATION);
    gives(NtQueryVirtualMemory(NULL, p, MemoryRegionInformation, &region, sizeof region, NULL),
          STATUS_INVALID_HANDLE);
    gives(NtQueryVirtualMemory(NtCurrentProcess(), p, (MEMORY_INFORMATION_CLASS)2, &region,
                               sizeof region, NULL),
          STATUS_INVALID_INFO_CLASS);
    free_all(p);
    gives(region_of(p, &region, sizeof region, NULL), STATUS_INVALID_ADDRESS);
    gives(region_of((void *)(highest + 1), &region, sizeof region, NULL), STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(z08_region_of_others)
{
    MEMORY_REGION_INFORMATION region;
    gives(region_of(&region, &region, sizeof region, NULL), STATUS_SUCCESS);
    ck_assert_ptr_eq(region.AllocationBase, query(&region).AllocationBase);
    char *base = region.AllocationBase;
    ck_assert((char *)&region >= base && (char *)&region < base + region.RegionSize);
    int fd;
    char *p = map_file(&fd, MAP_SHARED);
    ck_assert_int_eq(mprotect(p + page, page, PROT_READ), 0);
    gives(region_of(p, &region, sizeof region, NULL), STATUS_SUCCESS);
    ck_assert_ptr_eq(region.AllocationBase, p);
    ck_assert_uint_ge(region.RegionSize, page);
    munmap(p, 4 * page);
    close(fd);
}
END_TEST

START_TEST(z09_region_of_placeholders)
{
    MEMORY_REGION_INFORMATION region;
    char *p = placeholder(6);
    WORKS(preserve(p, 2));
    gives(region_of(p + page, &region, sizeof region, NULL), STATUS_SUCCESS);
    ck_assert_ptr_eq(region.AllocationBase, p);
    ck_assert_uint_eq(region.RegionSize, 2 * page);
    ck_assert_uint_eq(region.CommitSize, 0);
    gives(region_of(p + 5 * page, &region, sizeof region, NULL), STATUS_SUCCESS);
    ck_assert_ptr_eq(region.AllocationBase, p + 2 * page);
    ck_assert_uint_eq(region.RegionSize, 4 * page);
    ck_assert_uint_eq(region.CommitSize, 0);
    replace(p, 2);
    gives(region_of(p, &region, sizeof region, NULL), STATUS_SUCCESS);
    ck_assert_uint_eq(region.CommitSize, 2 * page);
    free_all(p);
    free_all(p + 2 * page);
}
END_TEST

static NTSTATUS nt_free(char *at, size_t pages, ULONG type)
{
    PVOID base = at;
    SIZE_T size = pages * page;
    NTSTATUS status = NtFreeVirtualMemory(NtCurrentProcess(), &base, &size, type);
    ck_assert_ptr_eq(base, at);
    ck_assert_uint_eq(size, pages * page);
    return status;
}

START_TEST(nt_placeholders)
{
    HANDLE self = NtCurrentProcess();
    PVOID base = NULL;
    SIZE_T size = 4 * page - 1;
    ULONG type = MEM_RESERVE | MEM_RESERVE_PLACEHOLDER;
    gives(NtAllocateVirtualMemoryEx(NULL, &base, &size, type, PAGE_NOACCESS, NULL, 0),
          STATUS_INVALID_HANDLE);
    gives(NtAllocateVirtualMemoryEx(self, NULL, &size, type, PAGE_NOACCESS, NULL, 0),
          STATUS_ACCESS_VIOLATION);
    gives(NtAllocateVirtualMemoryEx(self, &base, &size, type, PAGE_READWRITE, NULL, 0),
          STATUS_INVALID_PAGE_PROTECTION);
    gives(NtAllocateVirtualMemoryEx(self, &base, &size, type, PAGE_NOACCESS, NULL, 0),
          STATUS_SUCCESS);
    ck_assert_uint_eq(size, 4 * page);
    char *p = base;
    ULONG cut = MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER;
    ULONG join = MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS;
    gives(nt_free(p, 4, cut), STATUS_CONFLICTING_ADDRESSES);                     /* P04 */
    gives(nt_free(p, 0, cut), STATUS_INVALID_PARAMETER_3);                       /* P05 */
    gives(nt_free(p, 0, join), STATUS_INVALID_PARAMETER_3);                      /* P19 */
    gives(nt_free(p, 4, join), STATUS_CONFLICTING_ADDRESSES);                    /* P23 */
    gives(nt_free(p, 4, MEM_COALESCE_PLACEHOLDERS), STATUS_INVALID_PARAMETER_4); /* P18 */
    gives(nt_free(p, 1, cut), STATUS_SUCCESS);
    expect_placeholder(p, 1);
    gives(nt_free(p, 4, join), STATUS_SUCCESS);
    expect_placeholder(p, 4);
    gives(nt_free(p, 0, MEM_DECOMMIT | MEM_COALESCE_PLACEHOLDERS), STATUS_INVALID_PARAMETER_4);
    /* A part of a placeholder may be released, as of any allocation. */
    gives(nt_free(p + 3 * page, 1, MEM_RELEASE), STATUS_SUCCESS);
    expect_placeholder(p, 3);
    free_all(p);
}
END_TEST

static void add_case(Suite *suite, const char *name, const TTest *const *tests)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, set_up, NULL);
    for (; *tests != NULL; tests++)
        tcase_add_test(tcase, *tests);
    suite_add_tcase(suite, tcase);
}

/* Sanitizers replace the C library's mlock by one that does nothing. */
static bool host_locks(void)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t before = read_locked();
    bool works = mlock(p, size) == 0 && read_locked() > before;
    munmap(p, size);
    return works;
}

/* In the order of the file. */
#define ADD_CASE(suite, name, ...) add_case(suite, name, (const TTest *const[]){__VA_ARGS__, NULL})

static Suite *more_suite(void)
{
    Suite *suite = suite_create("win32 more");
    ADD_CASE(suite, "placeholders", p01_process_null_is_self, p02_placeholder_protection,
             p03_p06_p07_p08_placeholder, p04_p05_p12_p13_split, p09_p10_p11_replace_refused,
             p14_p15_p26_replace, p16_p20_to_p24_coalesce, p17_p25_p27_put_back, p18_p19_free_types,
             p28_watched_replacement);
    ADD_CASE(suite, "extended parameters", p29_no_requirement, p30_p31_p32_highest,
             p33_p34_highest_of_all, p35_p36_p37_alignment, p38_nothing_fits, p39_p40_p42_lowest,
             p41_window, p43_z12_requirements_beside_an_address, p44_p45_parameter_types, numa_node,
             p46_p47_z11_parameter_array);
    ADD_CASE(suite, "handles", x01_no_code_from_apps, x02_bad_handles, x03_ex_forms);
    if (host_locks())
        ADD_CASE(suite, "lock", j05_lock, j05_lock_refused, j05_decommit_unlocks,
                 h05_lock_and_guard, j05_lock_quota, j05_lock_memory_of_others,
                 lock_several_allocations, nt_lock, j01_discard_locked);
    ADD_CASE(suite, "contents", j01_discard, j04_prefetch, z10_nt_prefetch, nt_flush);
    ADD_CASE(suite, "pointers", bad_pointers, bad_strings);
    ADD_CASE(suite, "memory", memory_status);
    ADD_CASE(suite, "nt", z01_z02_zero_bits, z03_zero_bits_mask, z04_zero_bits_and_address,
             z05_refused_types, z06_z07_nt_protect, z08_region_information, z08_region_of_others,
             z09_region_of_placeholders, nt_placeholders);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(more_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
