/*
 * rows_e.c - group E: VirtualFree.
 */
#include "conform.h"

/* 8 pages reserved, 0 to 3 committed with contents, in an arena with free memory behind. */
static char *half_committed(struct conform *t)
{
    char *x = arena(t, granules_up(t, 8 * t->page) + t->granularity);
    alloc_ok(t, x, 8 * t->page, MEM_RESERVE, PAGE_READWRITE, x);
    commit(t, x, 4 * t->page, PAGE_READWRITE);
    fill(x, 4 * t->page, 1);
    return x;
}

/* A free type that is none: with and without size, anywhere in the allocation. */
static void expect_bad_type(struct conform *t, DWORD type)
{
    char *p = half_committed(t);
    free_fails(t, p, 0, type, ERROR_INVALID_PARAMETER);
    free_fails(t, p, t->page, type, ERROR_INVALID_PARAMETER);
    free_fails(t, p + t->page, t->page, type, ERROR_INVALID_PARAMETER);
    expect_filled(t, p, 4 * t->page, 1);
}

static void e01(struct conform *t)
{
    expect_bad_type(t, 0);
}

static void e02(struct conform *t)
{
    expect_bad_type(t, MEM_FREE);
}

static void e03(struct conform *t)
{
    char *p = half_committed(t);
    free_fails(t, p, 1, MEM_RELEASE, ERROR_INVALID_PARAMETER);
    free_fails(t, p, t->page, MEM_RELEASE, ERROR_INVALID_PARAMETER);
    free_fails(t, p + t->page, t->page, MEM_RELEASE, ERROR_INVALID_PARAMETER);
    free_fails(t, p, 9 * t->page, MEM_RELEASE, ERROR_INVALID_PARAMETER);
}

static void e04(struct conform *t)
{
    char *p = half_committed(t);
    free_fails(t, p, 8 * t->page, MEM_RELEASE, ERROR_INVALID_PARAMETER);
}

static void e05(struct conform *t)
{
    expect_bad_type(t, MEM_RELEASE | MEM_DECOMMIT);
}

static void e06(struct conform *t)
{
    char *p = half_committed(t);
    free_fails(t, p + t->page, 0, MEM_RELEASE, ERROR_INVALID_ADDRESS);
    free_fails(t, p + 5 * t->page, 0, MEM_RELEASE, ERROR_INVALID_ADDRESS);
    free_fails(t, p + 8 * t->page - 1, 0, MEM_RELEASE, ERROR_INVALID_ADDRESS);
}

static void e07(struct conform *t)
{
    char *p = half_committed(t);
    free_fails(t, p + t->page, 0, MEM_DECOMMIT, ERROR_INVALID_ADDRESS);
    free_fails(t, p + 7 * t->page, 0, MEM_DECOMMIT, ERROR_INVALID_ADDRESS);
}

static void e08(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = half_committed(t);
    free_ok(t, p + 2 * page - 1, 2, MEM_DECOMMIT);
    expect_committed(t, p, page, PAGE_READWRITE, p, PAGE_READWRITE);
    expect_reserved(t, p + page, 2 * page, p, PAGE_READWRITE);
    expect_committed(t, p + 3 * page, page, PAGE_READWRITE, p, PAGE_READWRITE);
    expect_filled(t, p, page, 1);
}

static void e09(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = half_committed(t);
    free_ok(t, p + page, page, MEM_DECOMMIT);
    free_ok(t, p, 6 * page, MEM_DECOMMIT);
    expect_reserved(t, p, 8 * page, p, PAGE_READWRITE);
    commit(t, p, 8 * page, PAGE_READWRITE);
    expect_zero(t, p, 8 * page);
}

static void e10(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = half_committed(t);
    free_ok(t, p + 5 * page, page, MEM_DECOMMIT);
    free_ok(t, p, page, MEM_DECOMMIT);
    free_ok(t, p, page, MEM_DECOMMIT);
    expect_reserved(t, p, page, p, PAGE_READWRITE);
    expect_committed(t, p + page, 3 * page, PAGE_READWRITE, p, PAGE_READWRITE);
    expect_reserved(t, p + 4 * page, 4 * page, p, PAGE_READWRITE);
}

static void e11(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = half_committed(t);
    free_fails(t, p, 8 * page + 1, MEM_DECOMMIT, ERROR_INVALID_PARAMETER);
    free_fails(t, p + 7 * page, page + 1, MEM_DECOMMIT, ERROR_INVALID_PARAMETER);
    free_fails(t, p + page, SIZE_MAX / 2, MEM_DECOMMIT, ERROR_INVALID_PARAMETER);
}

static void e12(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = half_committed(t);
    free_fails(t, p, 8 * page + 1, MEM_DECOMMIT, ERROR_INVALID_PARAMETER);
    expect_committed(t, p, 4 * page, PAGE_READWRITE, p, PAGE_READWRITE);
    expect_reserved(t, p + 4 * page, 4 * page, p, PAGE_READWRITE);
    expect_filled(t, p, 4 * page, 1);
}

static void e13(struct conform *t)
{
    char *p = half_committed(t);
    free_ok(t, p + t->page - 2, 0, MEM_DECOMMIT);
    expect_reserved(t, p, 8 * t->page, p, PAGE_READWRITE);
}

static void e14(struct conform *t)
{
    char *p = half_committed(t);
    free_ok(t, p + t->page - 1, 0, MEM_RELEASE);
    expect_free(t, p, 0);
    expect_free(t, p + 8 * t->page - 1, 0);
}

static void e15(struct conform *t)
{
    char *p = half_committed(t);
    free_ok(t, p, 0, MEM_RELEASE);
    free_fails(t, p, 0, MEM_RELEASE, ERROR_INVALID_ADDRESS);
    free_fails(t, p + t->page, 0, MEM_RELEASE, ERROR_INVALID_ADDRESS);
}

static void e16(struct conform *t)
{
    char *p = half_committed(t);
    free_ok(t, p, 0, MEM_RELEASE);
    free_fails(t, p, t->page, MEM_DECOMMIT, ERROR_INVALID_ADDRESS);
    free_fails(t, p, 0, MEM_DECOMMIT, ERROR_INVALID_ADDRESS);
}

/*
 * Open. Taken to follow: it fails, NULL being free memory (487) or no base that an allocation can
 * have (87), and nothing is released.
 */
static void e17(struct conform *t)
{
    char *p = half_committed(t);
    t->api->SetLastError(0);
    BOOL result = t->api->VirtualFree(NULL, 0, MEM_RELEASE);
    DWORD error = t->api->GetLastError();
    expect_eq(t, "VirtualFree(NULL, 0, MEM_RELEASE)", result, 0);
    if (error != ERROR_INVALID_PARAMETER)
        expect_eq(t, "last error", error, ERROR_INVALID_ADDRESS);
    expect_filled(t, p, 4 * t->page, 1);
}

static void e18(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = half_committed(t);
    protect_ok(t, p + page, page, PAGE_NOACCESS, PAGE_READWRITE);
    protect_ok(t, p + 2 * page, page, PAGE_READONLY | PAGE_GUARD, PAGE_READWRITE);
    commit(t, p + 6 * page, page, PAGE_EXECUTE_READWRITE);
    free_ok(t, p, 0, MEM_RELEASE);
    for (SIZE_T i = 0; i < 8; i++)
        expect_free(t, p + i * page, 0);
    alloc_ok(t, p, 8 * page, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE, p);
    expect_committed(t, p, 8 * page, PAGE_READWRITE, p, PAGE_READWRITE);
    expect_zero(t, p, 8 * page);
}

/* --- NtFreeVirtualMemory, which releases parts. --- */

#define THIS_PROCESS           ((HANDLE)(intptr_t)-1)
#define RANGE_LEAVES           ((uint32_t)0xC000001Au) /* STATUS_UNABLE_TO_FREE_VM */
#define RANGE_NOT_AT_BASE      ((uint32_t)0xC000009Fu) /* STATUS_FREE_VM_NOT_AT_BASE */
#define RANGE_IS_NOT_ALLOCATED ((uint32_t)0xC00000A0u) /* STATUS_MEMORY_NOT_ALLOCATED */

static void need_nt(struct conform *t)
{
    conform_need(t, t->api->NtFreeVirtualMemory != NULL, "this face has no Nt names");
}

/* The rounded range must come back. */
static void nt_free_ok(struct conform *t, char *address, SIZE_T size, DWORD type, char *base,
                       SIZE_T freed)
{
    PVOID range = address;
    LONG status = t->api->NtFreeVirtualMemory(THIS_PROCESS, &range, &size, type);
    expect_eq(t, "NtFreeVirtualMemory", (uint32_t)status, 0);
    expect_eq(t, "returned address", range, base);
    expect_eq(t, "returned size", size, freed);
}

static void nt_free_fails(struct conform *t, char *address, SIZE_T size, DWORD type,
                          uint32_t expected)
{
    PVOID range = address;
    SIZE_T length = size;
    LONG status = t->api->NtFreeVirtualMemory(THIS_PROCESS, &range, &length, type);
    expect_eq(t, "NtFreeVirtualMemory", (uint32_t)status, expected);
    expect_eq(t, "address after failure", range, address);
    expect_eq(t, "size after failure", length, size);
}

/* 16 pages, all committed, with contents. */
static char *sixteen_pages(struct conform *t)
{
    char *x = arena(t, granules_up(t, 16 * t->page) + t->granularity);
    alloc_ok(t, x, 16 * t->page, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE, x);
    fill(x, 16 * t->page, 2);
    return x;
}

static void e19(struct conform *t)
{
    need_nt(t);
    SIZE_T page = t->page;
    char *p = sixteen_pages(t);
    nt_free_ok(t, p + 6 * page + 1, 2 * page - 2, MEM_RELEASE, p + 6 * page, 2 * page);
    expect_committed(t, p, 6 * page, PAGE_READWRITE, p, PAGE_READWRITE);
    expect_free(t, p + 6 * page, 2 * page);
    nt_free_ok(t, p + 14 * page, 2 * page, MEM_RELEASE, p + 14 * page, 2 * page);
    expect_committed(t, p + 8 * page, 6 * page, PAGE_READWRITE, p + 8 * page, PAGE_READWRITE);
    expect_free(t, p + 14 * page, 0);
    nt_free_ok(t, p, 1, MEM_RELEASE, p, page);
    expect_free(t, p, page);
    expect_committed(t, p + page, 5 * page, PAGE_READWRITE, p + page, PAGE_READWRITE);
    free_ok(t, p + page, 0, MEM_RELEASE);
    nt_free_ok(t, p + 8 * page, 0, MEM_RELEASE, p + 8 * page, 6 * page);
    expect_free(t, p, 0);
}

static void e20(struct conform *t)
{
    need_nt(t);
    SIZE_T page = t->page;
    char *p = sixteen_pages(t);
    nt_free_ok(t, p, 3 * page, MEM_RELEASE, p, 3 * page);
    expect_committed(t, p + 5 * page, 11 * page, PAGE_READWRITE, p + 3 * page, PAGE_READWRITE);
    free_fails(t, p + 4 * page, 0, MEM_RELEASE, ERROR_INVALID_ADDRESS);
    free_fails(t, p, 0, MEM_RELEASE, ERROR_INVALID_ADDRESS);
    free_ok(t, p + 3 * page, 0, MEM_RELEASE);
    expect_free(t, p + 3 * page, 0);
}

static void e21(struct conform *t)
{
    need_nt(t);
    SIZE_T page = t->page;
    char *p = sixteen_pages(t);
    nt_free_fails(t, p, 16 * page + 1, MEM_RELEASE, RANGE_LEAVES);
    nt_free_fails(t, p + 15 * page, 2 * page, MEM_DECOMMIT, RANGE_LEAVES);
    nt_free_fails(t, p + page, 0, MEM_RELEASE, RANGE_NOT_AT_BASE);
    nt_free_fails(t, p + page, 0, MEM_DECOMMIT, RANGE_NOT_AT_BASE);
    expect_committed(t, p, 16 * page, PAGE_READWRITE, p, PAGE_READWRITE);
    fill(p, page, 2);
    free_ok(t, p, 0, MEM_RELEASE);
    nt_free_fails(t, p, 0, MEM_RELEASE, RANGE_IS_NOT_ALLOCATED);
    nt_free_fails(t, p + page, page, MEM_RELEASE, RANGE_IS_NOT_ALLOCATED);
    nt_free_fails(t, p, page, MEM_DECOMMIT, RANGE_IS_NOT_ALLOCATED);
}

static void e22(struct conform *t)
{
    need_nt(t);
    char *p = sixteen_pages(t);
    nt_free_ok(t, p + 5, 0, MEM_DECOMMIT, p, 0);
    expect_reserved(t, p, 16 * t->page, p, PAGE_READWRITE);
}

const struct conform_row conform_rows_e[] = {
    {"E01", "type 0 is refused", e01, 0},
    {"E02", "type MEM_FREE is refused", e02, 0},
    {"E03", "MEM_RELEASE with a size is refused", e03, 0},
    {"E04", "MEM_RELEASE with the exact size is refused as well", e04, 0},
    {"E05", "MEM_RELEASE|MEM_DECOMMIT is refused", e05, 0},
    {"E06", "MEM_RELEASE at an interior page fails", e06, 0},
    {"E07", "MEM_DECOMMIT size 0 at an interior page fails", e07, 0},
    {"E08", "decommit of 2 bytes across a boundary takes both pages", e08, 0},
    {"E09", "decommit over committed and reserved pages succeeds", e09, 0},
    {"E10", "decommit of pages that are not committed succeeds", e10, 0},
    {"E11", "decommit one byte past the end fails", e11, 0},
    {"E12", "and leaves the state unchanged", e12, 0},
    {"E13", "decommit size 0 at base+0xFFE decommits everything", e13, 0},
    {"E14", "release at base+0xFFF releases the allocation", e14, 0},
    {"E15", "release of free memory fails with 487", e15, CONFORM_WINE_8},
    {"E16", "decommit of free memory fails with 487", e16, CONFORM_WINE_8},
    {"E17", "release of NULL fails", e17, CONFORM_OPEN},
    {"E18", "release with pages in different states frees all", e18, 0},
    {"E19", "NtFreeVirtualMemory releases any range inside one allocation", e19, CONFORM_WINE_8},
    {"E20", "the remainder's base is its new start", e20, CONFORM_WINE_8},
    {"E21", "NtFreeVirtualMemory's status codes", e21, CONFORM_WINE_8},
    {"E22", "NtFreeVirtualMemory(MEM_DECOMMIT, size 0) returns size 0", e22, 0},
    {NULL, NULL, NULL, 0},
};
