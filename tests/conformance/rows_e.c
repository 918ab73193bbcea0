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
    {"E19", "NtFreeVirtualMemory releases any range inside one allocation", NULL, CONFORM_WINE_8},
    {"E20", "the remainder's base is its new start", NULL, CONFORM_WINE_8},
    {"E21", "NtFreeVirtualMemory's status codes", NULL, CONFORM_WINE_8},
    {"E22", "NtFreeVirtualMemory(MEM_DECOMMIT, size 0) returns size 0", NULL, 0},
    {NULL, NULL, NULL, 0},
};
