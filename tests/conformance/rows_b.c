/*
 * rows_b.c - group B: what VirtualAlloc takes, and what it refuses.
 */
#include "conform.h"

/* Not in every set of headers. */
#define TYPE_AT_ROUND_TO_PAGE       ((DWORD)0x40000000u)
#define TYPE_RESERVE_PLACEHOLDER    ((DWORD)0x00040000u)
#define ERROR_WITHOUT_THE_PRIVILEGE ((DWORD)1314)
#define ERROR_OF_A_MISSING_FACILITY ((DWORD)50)
#define PLAIN_RESERVE_COMMIT        ((DWORD)(MEM_RESERVE | MEM_COMMIT))

static void b01(struct conform *t)
{
    char *x = arena(t, t->granularity);
    alloc_fails(t, NULL, 0, MEM_RESERVE, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
    alloc_fails(t, NULL, 0, MEM_COMMIT, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
    alloc_fails(t, NULL, 0, PLAIN_RESERVE_COMMIT, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
    alloc_fails(t, x, 0, MEM_RESERVE, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
    expect_free(t, x, 0);
}

static void b02(struct conform *t)
{
    char *p = reserve(t, 4 * t->page, PAGE_READWRITE);
    alloc_fails(t, p, 0, MEM_COMMIT, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
    alloc_fails(t, p + t->page, 0, MEM_COMMIT, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
    expect_reserved(t, p, 4 * t->page, p, PAGE_READWRITE);
}

/* A type that is no type: anywhere, on a reservation, on committed pages. */
static void expect_bad_type(struct conform *t, DWORD type)
{
    char *p = reserve(t, 4 * t->page, PAGE_READWRITE);
    commit(t, p, t->page, PAGE_READWRITE);
    fill(p, t->page, 1);
    alloc_fails(t, NULL, t->page, type, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
    alloc_fails(t, p, t->page, type, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
    alloc_fails(t, p + t->page, t->page, type, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
}

static void b03(struct conform *t)
{
    expect_bad_type(t, 0);
}

static void b04(struct conform *t)
{
    expect_bad_type(t, MEM_TOP_DOWN);
}

static void b05(struct conform *t)
{
    char *p = reserve(t, 4 * t->page, PAGE_READWRITE);
    alloc_fails(t, p, t->page, MEM_WRITE_WATCH, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
    alloc_fails(t, NULL, t->page, MEM_WRITE_WATCH, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
}

static void b06(struct conform *t)
{
    char *p = reserve(t, 4 * t->page, PAGE_READWRITE);
    alloc_fails(t, p, t->page, MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE,
                ERROR_INVALID_PARAMETER);
    alloc_fails(t, NULL, t->page, MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE,
                ERROR_INVALID_PARAMETER);
}

static void b07(struct conform *t)
{
    char *x = arena(t, t->granularity);
    DWORD type = MEM_RESERVE | TYPE_AT_ROUND_TO_PAGE;
    alloc_fails(t, NULL, t->page, type, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
    alloc_fails(t, x, t->page, type, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
    alloc_fails(t, x, t->page, type | MEM_COMMIT, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
}

/* A protection that VirtualAlloc refuses, for every kind of request. */
static void expect_bad_protection(struct conform *t, DWORD protect)
{
    char *p = t->window;
    alloc_fails(t, NULL, t->page, MEM_RESERVE, protect, ERROR_INVALID_PARAMETER);
    alloc_fails(t, NULL, t->page, PLAIN_RESERVE_COMMIT, protect, ERROR_INVALID_PARAMETER);
    alloc_fails(t, NULL, t->page, MEM_COMMIT, protect, ERROR_INVALID_PARAMETER);
    alloc_fails(t, p, t->page, MEM_COMMIT, protect, ERROR_INVALID_PARAMETER);
    alloc_fails(t, p + t->page, t->page, MEM_COMMIT, protect, ERROR_INVALID_PARAMETER);
}

/* A committed page with contents, then a reserved one. */
static char *committed_and_reserved(struct conform *t)
{
    char *p = reserve(t, 2 * t->page, PAGE_READWRITE);
    commit(t, p, t->page, PAGE_READWRITE);
    fill(p, t->page, 2);
    return p;
}

static void b08(struct conform *t)
{
    char *x = arena(t, t->granularity);
    alloc_fails(t, NULL, t->page, MEM_RESERVE, 0, ERROR_INVALID_PARAMETER);
    alloc_fails(t, NULL, t->page, PLAIN_RESERVE_COMMIT, 0, ERROR_INVALID_PARAMETER);
    alloc_fails(t, x, t->page, MEM_RESERVE, 0, ERROR_INVALID_PARAMETER);
}

static void b09(struct conform *t)
{
    char *p = committed_and_reserved(t);
    alloc_fails(t, NULL, t->page, MEM_COMMIT, 0, ERROR_INVALID_PARAMETER);
    alloc_fails(t, p, t->page, MEM_COMMIT, 0, ERROR_INVALID_PARAMETER);
    alloc_fails(t, p + t->page, t->page, MEM_COMMIT, 0, ERROR_INVALID_PARAMETER);
}

static void b10(struct conform *t)
{
    committed_and_reserved(t);
    expect_bad_protection(t, PAGE_READONLY | PAGE_EXECUTE);
}

static bool is_private_access(DWORD protect)
{
    switch (protect) {
    case PAGE_NOACCESS:
    case PAGE_READONLY:
    case PAGE_READWRITE:
    case PAGE_EXECUTE:
    case PAGE_EXECUTE_READ:
    case PAGE_EXECUTE_READWRITE:
        return true;
    default:
        return false;
    }
}

static void b11(struct conform *t)
{
    committed_and_reserved(t);
    for (DWORD protect = 1; protect < 0x100; protect++)
        if (!is_private_access(protect))
            expect_bad_protection(t, protect);
}

static void b12(struct conform *t)
{
    committed_and_reserved(t);
    expect_bad_protection(t, PAGE_GUARD);
    expect_bad_protection(t, PAGE_NOCACHE);
    expect_bad_protection(t, PAGE_WRITECOMBINE);
}

static void b13(struct conform *t)
{
    committed_and_reserved(t);
    expect_bad_protection(t, PAGE_NOACCESS | PAGE_GUARD);
}

static void b14(struct conform *t)
{
    committed_and_reserved(t);
    expect_bad_protection(t, PAGE_NOACCESS | PAGE_NOCACHE);
}

static void b15(struct conform *t)
{
    committed_and_reserved(t);
    expect_bad_protection(t, PAGE_READWRITE | PAGE_GUARD | PAGE_NOCACHE);
    expect_bad_protection(t, PAGE_READONLY | PAGE_GUARD | PAGE_NOCACHE);
}

/* The documentation excludes all three partners of PAGE_WRITECOMBINE in one sentence. */
static void b16(struct conform *t)
{
    committed_and_reserved(t);
    expect_bad_protection(t, PAGE_READWRITE | PAGE_NOCACHE | PAGE_WRITECOMBINE);
    expect_bad_protection(t, PAGE_READWRITE | PAGE_GUARD | PAGE_WRITECOMBINE);
    expect_bad_protection(t, PAGE_NOACCESS | PAGE_WRITECOMBINE);
}

static void b17(struct conform *t)
{
    DWORD protect = PAGE_READWRITE | PAGE_WRITECOMBINE;
    char *p = reserve_commit(t, 2 * t->page, protect);
    expect_committed(t, p, 2 * t->page, protect, p, protect);
    expect_zero(t, p, 2 * t->page);
}

static void b18(struct conform *t)
{
    char *p = alloc_ok(t, NULL, t->page + 1, MEM_COMMIT, PAGE_READWRITE, NULL);
    expect_eq(t, "base modulo the granularity", (uintptr_t)p % t->granularity, 0);
    expect_committed(t, p, 2 * t->page, PAGE_READWRITE, p, PAGE_READWRITE);
    expect_zero(t, p, 2 * t->page);
}

static void b19(struct conform *t)
{
    char *x = arena(t, 2 * t->granularity);
    alloc_fails(t, x, t->page, MEM_COMMIT, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
    alloc_fails(t, x + t->page, 2 * t->page, MEM_COMMIT, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
    expect_free(t, x, 0);
}

/* Pages: committed (with contents), reserved, reserved, committed, then nothing of this allocation. */
static char *before_the_end(struct conform *t)
{
    SIZE_T page = t->page;
    char *x = arena(t, granules_up(t, 4 * page) + t->granularity);
    alloc_ok(t, x, 4 * page, MEM_RESERVE, PAGE_READWRITE, x);
    commit(t, x, page, PAGE_READWRITE);
    commit(t, x + 3 * page, page, PAGE_READONLY);
    fill(x, page, 3);
    return x;
}

static void b20(struct conform *t)
{
    char *x = before_the_end(t);
    SIZE_T page = t->page;
    alloc_fails(t, x + page, 4 * page, MEM_COMMIT, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
    alloc_fails(t, x + 4 * page - 1, 2, MEM_COMMIT, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
    alloc_fails(t, x, granules_up(t, 4 * page) + page, MEM_COMMIT, PAGE_READWRITE,
                ERROR_INVALID_ADDRESS);
}

static void b21(struct conform *t)
{
    char *x = before_the_end(t);
    SIZE_T page = t->page;
    alloc_fails(t, x, 5 * page, MEM_COMMIT, PAGE_EXECUTE_READ, ERROR_INVALID_ADDRESS);
    expect_committed(t, x, page, PAGE_READWRITE, x, PAGE_READWRITE);
    expect_reserved(t, x + page, 2 * page, x, PAGE_READWRITE);
    expect_committed(t, x + 3 * page, page, PAGE_READONLY, x, PAGE_READWRITE);
    expect_filled(t, x, page, 3);
}

static void b22(struct conform *t)
{
    char *p = reserve(t, 4 * t->granularity, PAGE_READWRITE);
    SIZE_T granule = t->granularity;
    alloc_fails(t, p, 4 * granule, MEM_RESERVE, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
    alloc_fails(t, p, t->page, MEM_RESERVE, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
    alloc_fails(t, p + granule, granule, MEM_RESERVE, PAGE_READONLY, ERROR_INVALID_ADDRESS);
}

static void b23(struct conform *t)
{
    char *p = reserve(t, 4 * t->granularity, PAGE_READWRITE);
    alloc_fails(t, p, t->page, PLAIN_RESERVE_COMMIT, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
    alloc_fails(t, p, 4 * t->granularity, PLAIN_RESERVE_COMMIT, PAGE_READWRITE,
                ERROR_INVALID_ADDRESS);
    expect_reserved(t, p, 4 * t->granularity, p, PAGE_READWRITE);
}

static void b24(struct conform *t)
{
    const uintptr_t low[] = {1, 0x1000, 0x8000, 0xFFFF};
    for (size_t i = 0; i < sizeof low / sizeof low[0]; i++) {
        void *address = (void *)low[i];
        alloc_fails(t, address, 1, MEM_RESERVE, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
        alloc_fails(t, address, 1, PLAIN_RESERVE_COMMIT, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
    }
    expect_free(t, (void *)0x1000, 0);
}

static void b25(struct conform *t)
{
    const uintptr_t beyond = t->highest + 1;
    const uintptr_t kernel = (uintptr_t)1 << (sizeof beyond * 8 - 1);
    void *last = (void *)(t->highest / t->granularity * t->granularity);
    alloc_fails(t, (void *)beyond, t->page, MEM_RESERVE, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
    alloc_fails(t, (void *)(beyond + t->granularity), t->page, PLAIN_RESERVE_COMMIT, PAGE_READWRITE,
                ERROR_INVALID_PARAMETER);
    alloc_fails(t, (void *)kernel, t->page, MEM_RESERVE, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
    alloc_fails(t, (void *)kernel, t->page, MEM_COMMIT, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
    alloc_fails(t, (void *)(UINTPTR_MAX - t->page + 1), t->page, MEM_RESERVE, PAGE_READWRITE,
                ERROR_INVALID_PARAMETER);
    /* Begins inside, ends beyond. */
    alloc_fails(t, last, 2 * t->granularity, MEM_RESERVE, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
    alloc_fails(t, last, SIZE_MAX, MEM_RESERVE, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
}

/* Two reservations of one granule, side by side, all committed, each with its own contents. */
static char *two_neighbours(struct conform *t, DWORD type)
{
    SIZE_T granule = t->granularity;
    char *x = arena(t, 4 * granule);
    alloc_ok(t, x, granule, type, PAGE_READWRITE, x);
    alloc_ok(t, x + granule, granule, type, PAGE_READWRITE, x + granule);
    if (type & MEM_COMMIT) {
        fill(x, granule, 4);
        fill(x + granule, granule, 5);
    }
    return x;
}

static void b26(struct conform *t)
{
    char *x = two_neighbours(t, MEM_RESERVE);
    SIZE_T granule = t->granularity;
    alloc_fails(t, x + granule - t->page, 2 * t->page, MEM_COMMIT, PAGE_READWRITE,
                ERROR_INVALID_ADDRESS);
    alloc_fails(t, x, 2 * granule, MEM_COMMIT, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
}

static void b27(struct conform *t)
{
    char *x = two_neighbours(t, MEM_RESERVE);
    SIZE_T granule = t->granularity;
    expect_reserved(t, x, granule, x, PAGE_READWRITE);
    expect_reserved(t, x + granule, granule, x + granule, PAGE_READWRITE);
    commit(t, x, granule, PAGE_READWRITE);
    commit(t, x + granule, granule, PAGE_READWRITE);
    expect_committed(t, x, granule, PAGE_READWRITE, x, PAGE_READWRITE);
    expect_committed(t, x + granule, granule, PAGE_READWRITE, x + granule, PAGE_READWRITE);
}

static void b28(struct conform *t)
{
    char *x = two_neighbours(t, PLAIN_RESERVE_COMMIT);
    protect_fails(t, x + t->granularity - t->page, 2 * t->page, PAGE_READONLY,
                  ERROR_INVALID_ADDRESS);
    protect_fails(t, x, 2 * t->granularity, PAGE_READONLY, ERROR_INVALID_ADDRESS);
}

static void b29(struct conform *t)
{
    char *x = two_neighbours(t, PLAIN_RESERVE_COMMIT);
    SIZE_T granule = t->granularity;
    protect_fails(t, x + granule - 1, 2, PAGE_NOACCESS, ERROR_INVALID_ADDRESS);
    expect_committed(t, x, granule, PAGE_READWRITE, x, PAGE_READWRITE);
    expect_committed(t, x + granule, granule, PAGE_READWRITE, x + granule, PAGE_READWRITE);
    expect_filled(t, x, granule, 4);
    expect_filled(t, x + granule, granule, 5);
}

static void b30(struct conform *t)
{
    char *x = two_neighbours(t, PLAIN_RESERVE_COMMIT);
    SIZE_T granule = t->granularity;
    free_fails(t, x + granule - t->page, 2 * t->page, MEM_DECOMMIT, ERROR_INVALID_PARAMETER);
    free_fails(t, x, 2 * granule, MEM_DECOMMIT, ERROR_INVALID_PARAMETER);
    free_fails(t, x + granule, granule + 1, MEM_DECOMMIT, ERROR_INVALID_PARAMETER);
    expect_committed(t, x, granule, PAGE_READWRITE, x, PAGE_READWRITE);
}

static void b31(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = reserve_commit(t, 3 * page, PAGE_READWRITE);
    fill(p, 3 * page, 6);
    commit(t, p + page, page, PAGE_READONLY);
    expect_committed(t, p, page, PAGE_READWRITE, p, PAGE_READWRITE);
    expect_committed(t, p + page, page, PAGE_READONLY, p, PAGE_READWRITE);
    expect_committed(t, p + 2 * page, page, PAGE_READWRITE, p, PAGE_READWRITE);
    expect_filled(t, p, 3 * page, 6);
}

static void b32(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = reserve(t, 6 * page, PAGE_READWRITE);
    commit(t, p + page, page, PAGE_READWRITE);
    commit(t, p + 3 * page, page, PAGE_EXECUTE_READWRITE);
    fill(p + page, page, 7);
    fill(p + 3 * page, page, 8);
    commit(t, p, 5 * page, PAGE_READONLY);
    expect_committed(t, p, 5 * page, PAGE_READONLY, p, PAGE_READWRITE);
    expect_reserved(t, p + 5 * page, page, p, PAGE_READWRITE);
    expect_zero(t, p, page);
    expect_filled(t, p + page, page, 7);
    expect_zero(t, p + 2 * page, page);
    expect_filled(t, p + 3 * page, page, 8);
    expect_zero(t, p + 4 * page, page);
}

static void b33(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = reserve_commit(t, 4 * page, PAGE_READWRITE);
    fill(p, 4 * page, 9);
    free_ok(t, p + page, 2 * page, MEM_DECOMMIT);
    expect_reserved(t, p + page, 2 * page, p, PAGE_READWRITE);
    commit(t, p + page, 2 * page, PAGE_READWRITE);
    expect_zero(t, p + page, 2 * page);
    expect_filled(t, p, page, 9);
    expect_committed(t, p, 4 * page, PAGE_READWRITE, p, PAGE_READWRITE);
}

static void b34(struct conform *t)
{
    char *x = arena(t, t->granularity);
    DWORD type = MEM_RESERVE | TYPE_RESERVE_PLACEHOLDER;
    alloc_fails(t, NULL, t->page, type, PAGE_NOACCESS, ERROR_INVALID_PARAMETER);
    alloc_fails(t, x, t->page, type, PAGE_NOACCESS, ERROR_INVALID_PARAMETER);
    alloc_fails(t, NULL, t->page, type, PAGE_READWRITE, ERROR_INVALID_PARAMETER);
    alloc_fails(t, NULL, t->page, TYPE_RESERVE_PLACEHOLDER, PAGE_NOACCESS, ERROR_INVALID_PARAMETER);
}

static void b35(struct conform *t)
{
    const SIZE_T size = (SIZE_T)2 << 20;
    const DWORD large = PLAIN_RESERVE_COMMIT | MEM_LARGE_PAGES;
    const DWORD types[] = {MEM_LARGE_PAGES,
                           MEM_RESERVE | MEM_LARGE_PAGES,
                           large | MEM_PHYSICAL,
                           large | MEM_RESET,
                           large | MEM_WRITE_WATCH,
                           MEM_RESERVE | MEM_LARGE_PAGES | MEM_WRITE_WATCH,
                           MEM_RESERVE | MEM_LARGE_PAGES | MEM_PHYSICAL,
                           MEM_RESET | MEM_LARGE_PAGES};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        alloc_fails(t, NULL, size, types[i], PAGE_READWRITE, ERROR_INVALID_PARAMETER);
}

/* A call that may succeed or fail with one of two errors; nothing else. */
static char *alloc_large(struct conform *t, SIZE_T size, DWORD error, DWORD other)
{
    t->api->SetLastError(0);
    char *p =
        t->api->VirtualAlloc(NULL, size, PLAIN_RESERVE_COMMIT | MEM_LARGE_PAGES, PAGE_READWRITE);
    DWORD seen = t->api->GetLastError();
    if (!p && seen != other)
        expect_eq(t, "VirtualAlloc(MEM_LARGE_PAGES) last error", seen, error);
    return p;
}

/*
 * Open. Taken to follow from the documentation: who lacks the privilege gets 1314; who has it gets
 * committed memory, aligned as large pages are.
 */
static void b36(struct conform *t)
{
    const SIZE_T large = (SIZE_T)2 << 20;
    char *p = alloc_large(t, large, ERROR_WITHOUT_THE_PRIVILEGE, ERROR_WITHOUT_THE_PRIVILEGE);
    if (!p)
        return;
    expect_eq(t, "base modulo the large page", (uintptr_t)p % large, 0);
    expect_committed(t, p, large, PAGE_READWRITE, p, PAGE_READWRITE);
    free_ok(t, p, 0, MEM_RELEASE);
}

/*
 * Open. The documentation makes the size a rule of the argument, but does not say whether the
 * privilege is looked at first: 87 or 1314, and never memory.
 */
static void b37(struct conform *t)
{
    char *p = alloc_large(t, ((SIZE_T)2 << 20) + t->page, ERROR_INVALID_PARAMETER,
                          ERROR_WITHOUT_THE_PRIVILEGE);
    expect_eq(t, "VirtualAlloc(MEM_LARGE_PAGES) with an odd size", p, 0);
}

/*
 * What Windows does with the one valid form needs a privilege and further functions. hostmem refuses
 * it as not supported; a host that has it may serve it.
 */
static void b38(struct conform *t)
{
    const DWORD types[] = {MEM_PHYSICAL, MEM_COMMIT | MEM_PHYSICAL,
                           PLAIN_RESERVE_COMMIT | MEM_PHYSICAL,
                           MEM_RESERVE | MEM_PHYSICAL | MEM_WRITE_WATCH, MEM_RESET | MEM_PHYSICAL};
    const DWORD protections[] = {PAGE_READONLY, PAGE_NOACCESS, PAGE_EXECUTE_READWRITE,
                                 PAGE_READWRITE | PAGE_GUARD};
    const SIZE_T size = t->granularity;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        alloc_fails(t, NULL, size, types[i], PAGE_READWRITE, ERROR_INVALID_PARAMETER);
    for (size_t i = 0; i < sizeof protections / sizeof protections[0]; i++)
        alloc_fails(t, NULL, size, MEM_RESERVE | MEM_PHYSICAL, protections[i],
                    ERROR_INVALID_PARAMETER);

    t->api->SetLastError(0);
    char *p = t->api->VirtualAlloc(NULL, size, MEM_RESERVE | MEM_PHYSICAL, PAGE_READWRITE);
    if (p)
        free_ok(t, p, 0, MEM_RELEASE);
    else
        expect_eq(t, "VirtualAlloc(MEM_RESERVE|MEM_PHYSICAL) last error", t->api->GetLastError(),
                  ERROR_OF_A_MISSING_FACILITY);
}

/* Calls visit(region) for everything from address up to the highest. */
static void walk(struct conform *t, uintptr_t address,
                 void (*visit)(struct conform *t, const MEMORY_BASIC_INFORMATION *region,
                               void *data),
                 void *data)
{
    while (address <= t->highest) {
        MEMORY_BASIC_INFORMATION region = query(t, (void *)address);
        expect_true(t, "a walk makes progress", region.RegionSize >= t->page);
        visit(t, &region, data);
        address = (uintptr_t)region.BaseAddress + region.RegionSize;
    }
    expect_eq(t, "a walk ends behind the highest address", address, t->highest + 1);
}

static void find_largest_gap(struct conform *t, const MEMORY_BASIC_INFORMATION *region, void *data)
{
    SIZE_T *largest = data;
    (void)t;
    if (region->State == MEM_FREE && region->RegionSize > *largest)
        *largest = region->RegionSize;
}

/* Taken to follow: it works where the address space has a gap as large, else there is no memory. */
static void b39(struct conform *t)
{
    conform_need(t, sizeof(void *) > 4, "a 32-bit address space has no 64 TiB");
    const SIZE_T size = (SIZE_T)1 << 23 << 23;
    SIZE_T largest = 0;
    walk(t, 0x10000, find_largest_gap, &largest);
    if (largest < size + 2 * t->granularity) {
        alloc_fails(t, NULL, size, MEM_RESERVE, PAGE_READWRITE, ERROR_NOT_ENOUGH_MEMORY);
        return;
    }
    char *p = reserve(t, size, PAGE_READWRITE);
    expect_reserved(t, p, size, p, PAGE_READWRITE);
    expect_reserved(t, p + size / 2 + 1, size / 2, p, PAGE_READWRITE);
    commit(t, p + size - t->page, t->page, PAGE_READWRITE);
    expect_reserved(t, p, size - t->page, p, PAGE_READWRITE);
    expect_committed(t, p + size - 1, t->page, PAGE_READWRITE, p, PAGE_READWRITE);
    free_ok(t, p, 0, MEM_RELEASE);
    expect_free(t, p, 0);
}

/* Taken to follow: it fails, as a size that is none (87) or as space that is not there (8). */
static void b40(struct conform *t)
{
    const SIZE_T size = SIZE_MAX / 4 + 1;
    t->api->SetLastError(0);
    char *p = t->api->VirtualAlloc(NULL, size, MEM_RESERVE, PAGE_READWRITE);
    DWORD error = t->api->GetLastError();
    expect_eq(t, "VirtualAlloc of 2^62 bytes", p, 0);
    if (error != ERROR_INVALID_PARAMETER &&
        !(t->api->coarse_errors && error == ERROR_COMMITMENT_LIMIT))
        expect_eq(t, "last error", error, ERROR_NOT_ENOUGH_MEMORY);
}

/* A free region has no place for a granule when a reservation at its highest place fails. */
static void expect_no_place(struct conform *t, const MEMORY_BASIC_INFORMATION *region, void *data)
{
    uintptr_t start = (uintptr_t)region->BaseAddress;
    uintptr_t place = (start + region->RegionSize) / t->granularity * t->granularity;
    (void)data;
    if (region->State != MEM_FREE || place < start + t->granularity)
        return;
    void *p = t->api->VirtualAlloc((void *)(place - t->granularity), t->granularity, MEM_RESERVE,
                                   PAGE_READWRITE);
    if (!p)
        return;
    t->api->VirtualFree(p, 0, MEM_RELEASE);
    expect_eq(t, "a granule higher than MEM_TOP_DOWN's can be reserved", p, 0);
}

static void b41(struct conform *t)
{
    SIZE_T granule = t->granularity;
    char *first = alloc_ok(t, NULL, granule, MEM_RESERVE | MEM_TOP_DOWN, PAGE_READWRITE, NULL);
    walk(t, (uintptr_t)first + granule, expect_no_place, NULL);
    expect_reserved(t, first, granule, first, PAGE_READWRITE);
    char *second = alloc_ok(t, NULL, 1, PLAIN_RESERVE_COMMIT | MEM_TOP_DOWN, PAGE_READWRITE, NULL);
    expect_true(t, "a second MEM_TOP_DOWN allocation lies lower", second < first);
    expect_committed(t, second, t->page, PAGE_READWRITE, second, PAGE_READWRITE);
}

/* The helpers watch the last error in every row; here is every kind of success, once. */
static void b42(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = reserve(t, 4 * page, PAGE_READWRITE);
    commit(t, p, 2 * page, PAGE_READWRITE);
    commit(t, p, 2 * page, PAGE_READONLY);
    protect_ok(t, p, page, PAGE_READWRITE, PAGE_READONLY);
    query(t, p);
    query(t, &page);
    free_ok(t, p, page, MEM_DECOMMIT);
    free_ok(t, p, 0, MEM_DECOMMIT);
    free_ok(t, p, 0, MEM_RELEASE);
    query(t, p);
    alloc_ok(t, NULL, page, PLAIN_RESERVE_COMMIT | MEM_TOP_DOWN, PAGE_READWRITE, NULL);
}

static void b43(struct conform *t)
{
    SIZE_T size = 3 * t->granularity;
    char *x = reserve(t, size, PAGE_READWRITE);
    for (int i = 0; i < 8; i++) {
        DWORD type = i % 2 ? PLAIN_RESERVE_COMMIT : MEM_RESERVE;
        free_ok(t, x, 0, MEM_RELEASE);
        alloc_ok(t, x, size, type, PAGE_READWRITE, x);
        if (i % 2)
            fill(x, size, 10);
    }
    free_ok(t, x, 0, MEM_RELEASE);
    char *p = x + t->granularity;
    alloc_ok(t, p, t->page, MEM_RESERVE, PAGE_READONLY, p);
    expect_reserved(t, p, t->page, p, PAGE_READONLY);
    /* A page, then the whole granule that it had for itself. */
    free_ok(t, p, 0, MEM_RELEASE);
    alloc_ok(t, p, t->granularity, PLAIN_RESERVE_COMMIT, PAGE_READWRITE, p);
    expect_committed(t, p, t->granularity, PAGE_READWRITE, p, PAGE_READWRITE);
}

static void b44(struct conform *t)
{
    SIZE_T size = 64 * t->page;
    char *x = reserve_commit(t, size, PAGE_READWRITE);
    expect_zero(t, x, size);
    fill(x, size, 11);
    free_ok(t, x, 0, MEM_RELEASE);
    alloc_ok(t, x, size, PLAIN_RESERVE_COMMIT, PAGE_READWRITE, x);
    expect_zero(t, x, size);
    fill(x, size, 12);
    free_ok(t, x, 0, MEM_RELEASE);
    alloc_ok(t, x, size, PLAIN_RESERVE_COMMIT, PAGE_READONLY, x);
    expect_zero(t, x, size);
}

static void b45(struct conform *t)
{
    SIZE_T granule = t->granularity;
    char *x = arena(t, 6 * granule);
    char *p = x + granule;
    alloc_ok(t, p, 4 * granule, MEM_RESERVE, PAGE_READWRITE, p);
    commit(t, p + granule, granule, PAGE_READWRITE);
    alloc_fails(t, p + granule, granule, MEM_RESERVE, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
    alloc_fails(t, p + 3 * granule, granule, MEM_RESERVE, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
    alloc_fails(t, p + 3 * granule, 2 * granule, MEM_RESERVE, PAGE_READWRITE,
                ERROR_INVALID_ADDRESS);
    alloc_fails(t, x, 2 * granule, MEM_RESERVE, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
    alloc_fails(t, x, 6 * granule, MEM_RESERVE, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
}

const struct conform_row conform_rows_b[] = {
    {"B01", "size 0 is refused", b01, 0},
    {"B02", "commit with size 0 inside a reservation is refused", b02, 0},
    {"B03", "allocation type 0 is refused", b03, 0},
    {"B04", "MEM_TOP_DOWN alone is refused", b04, 0},
    {"B05", "MEM_WRITE_WATCH without MEM_RESERVE is refused", b05, 0},
    {"B06", "MEM_COMMIT|MEM_WRITE_WATCH is refused", b06, CONFORM_WINE_8 | CONFORM_WINE_10},
    {"B07", "AT_ROUND_TO_PAGE is refused", b07, 0},
    {"B08", "MEM_RESERVE with protection 0 is refused", b08, 0},
    {"B09", "MEM_COMMIT with protection 0 is refused", b09, 0},
    {"B10", "two access bits together are refused", b10, 0},
    {"B11", "every other multi-bit value and the WRITECOPY values are refused", b11, 0},
    {"B12", "PAGE_GUARD without an access value is refused", b12, 0},
    {"B13", "PAGE_NOACCESS|PAGE_GUARD is refused", b13, CONFORM_WINE_8 | CONFORM_WINE_10},
    {"B14", "PAGE_NOACCESS|PAGE_NOCACHE is refused", b14, CONFORM_WINE_8 | CONFORM_WINE_10},
    {"B15", "PAGE_GUARD|PAGE_NOCACHE is refused", b15, CONFORM_WINE_8 | CONFORM_WINE_10},
    {"B16", "PAGE_NOCACHE|PAGE_WRITECOMBINE is refused", b16, CONFORM_WINE_8 | CONFORM_WINE_10},
    {"B17", "PAGE_READWRITE|PAGE_WRITECOMBINE is valid", b17, CONFORM_WINE_8},
    {"B18", "MEM_COMMIT at NULL reserves and commits", b18, 0},
    {"B19", "MEM_COMMIT alone on free memory fails", b19, 0},
    {"B20", "MEM_COMMIT past the end of the reservation fails", b20, 0},
    {"B21", "and commits no page of the range", b21, 0},
    {"B22", "MEM_RESERVE on reserved memory fails", b22, 0},
    {"B23", "MEM_RESERVE|MEM_COMMIT on reserved memory fails", b23, 0},
    {"B24", "an address below 64 KiB is refused", b24, 0},
    {"B25", "an address beyond user space is refused", b25, 0},
    {"B26", "commit across two adjacent reservations fails", b26, 0},
    {"B27", "VirtualQuery never merges two allocations", b27, 0},
    {"B28", "VirtualProtect across two reservations fails", b28, CONFORM_WINE_8 | CONFORM_WINE_10},
    {"B29", "and changes nothing", b29, CONFORM_WINE_8 | CONFORM_WINE_10},
    {"B30", "MEM_DECOMMIT across two reservations or past the end fails", b30, 0},
    {"B31", "committing a committed page keeps contents, sets the protection", b31, 0},
    {"B32", "commit over committed and reserved pages", b32, 0},
    {"B33", "decommit and commit give zero pages", b33, 0},
    {"B34", "VirtualAlloc refuses MEM_RESERVE_PLACEHOLDER", b34, 0},
    {"B34-2", "VirtualAlloc2 takes MEM_RESERVE_PLACEHOLDER", NULL, 0},
    {"B35", "MEM_LARGE_PAGES needs MEM_COMMIT and excludes others", b35, 0},
    {"B36", "MEM_LARGE_PAGES without the privilege: 1314", b36, CONFORM_OPEN | CONFORM_WINE_8},
    {"B37", "MEM_LARGE_PAGES with a size that is no multiple fails", b37, CONFORM_OPEN},
    {"B38", "MEM_PHYSICAL only as MEM_RESERVE|MEM_PHYSICAL, PAGE_READWRITE", b38, CONFORM_WINE_8},
    {"B38-2", "MEM_RESERVE|MEM_PHYSICAL is served", NULL, 0},
    {"B39", "reserve 64 TiB", b39, CONFORM_WINE_8},
    {"B40", "reserve 2^62 bytes", b40, 0},
    {"B41", "MEM_TOP_DOWN picks the highest possible address", b41, 0},
    {"B42", "success leaves the last error untouched", b42, 0},
    {"B43", "a released address can be reserved again at once", b43, 0},
    {"B44", "new memory reads as zero", b44, 0},
    {"B45", "reserving a part of an existing allocation fails", b45, 0},
    {NULL, NULL, NULL, 0},
};
