/*
 * rows_d.c - group D: VirtualProtect.
 */
#include "conform.h"

static void d01(struct conform *t)
{
    char *p = reserve(t, 4 * t->page, PAGE_READWRITE);
    protect_fails(t, p, t->page, PAGE_READONLY, ERROR_INVALID_ADDRESS);
    protect_fails(t, p, 4 * t->page, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
    expect_reserved(t, p, 4 * t->page, p, PAGE_READWRITE);
}

static void d02(struct conform *t)
{
    char *p = reserve(t, 4 * t->page, PAGE_READWRITE);
    DWORD old = protect_fails(t, p, t->page, PAGE_READONLY, ERROR_INVALID_ADDRESS);
    expect_eq(t, "old protection after failure", old, PAGE_NOACCESS);
}

/* Pages: committed READWRITE with contents, committed READWRITE, reserved, committed READONLY. */
static char *partly_committed(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = reserve(t, 4 * page, PAGE_READWRITE);
    commit(t, p, 2 * page, PAGE_READWRITE);
    commit(t, p + 3 * page, page, PAGE_READONLY);
    fill(p, page, 1);
    return p;
}

static void d03(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = partly_committed(t);
    protect_fails(t, p, 4 * page, PAGE_READONLY, ERROR_INVALID_ADDRESS);
    protect_fails(t, p + 2 * page, 2 * page, PAGE_READONLY, ERROR_INVALID_ADDRESS);
    protect_fails(t, p + 2 * page - 1, 2, PAGE_READONLY, ERROR_INVALID_ADDRESS);
}

static void d04(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = partly_committed(t);
    protect_fails(t, p, 4 * page, PAGE_NOACCESS, ERROR_INVALID_ADDRESS);
    expect_committed(t, p, 2 * page, PAGE_READWRITE, p, PAGE_READWRITE);
    expect_reserved(t, p + 2 * page, page, p, PAGE_READWRITE);
    expect_committed(t, p + 3 * page, page, PAGE_READONLY, p, PAGE_READWRITE);
    expect_filled(t, p, page, 1);
}

/* VirtualProtect without a place for the old protection. */
static void protect_without_old(struct conform *t, char *p, DWORD protect)
{
    t->api->SetLastError(0);
    BOOL result = t->api->VirtualProtect(p, t->page, protect, NULL);
    DWORD error = t->api->GetLastError();
    expect_eq(t, "VirtualProtect with lpflOldProtect NULL", result, 0);
    expect_eq(t, "last error", error, ERROR_NOACCESS);
}

static void d05(struct conform *t)
{
    char *p = reserve_commit(t, 2 * t->page, PAGE_READWRITE);
    protect_without_old(t, p, PAGE_READONLY);
    protect_without_old(t, p, PAGE_READWRITE);
}

static void d06(struct conform *t)
{
    char *p = reserve_commit(t, 2 * t->page, PAGE_READWRITE);
    fill(p, t->page, 2);
    protect_without_old(t, p, PAGE_READONLY);
    expect_committed(t, p, 2 * t->page, PAGE_READWRITE, p, PAGE_READWRITE);
    expect_filled(t, p, t->page, 2);
}

static void expect_bad_protection(struct conform *t, DWORD protect)
{
    char *p = reserve_commit(t, 2 * t->page, PAGE_READWRITE);
    fill(p, 2 * t->page, 3);
    protect_fails(t, p, t->page, protect, ERROR_INVALID_PARAMETER);
    protect_fails(t, p, 2 * t->page, protect, ERROR_INVALID_PARAMETER);
}

static void d07(struct conform *t)
{
    expect_bad_protection(t, 0);
}

static void d08(struct conform *t)
{
    expect_bad_protection(t, PAGE_READONLY | PAGE_EXECUTE);
    expect_bad_protection(t, PAGE_READWRITE | PAGE_READONLY);
    expect_bad_protection(t, PAGE_NOACCESS | PAGE_READWRITE);
    expect_bad_protection(t, 0xFF);
}

static void d09(struct conform *t)
{
    expect_bad_protection(t, PAGE_WRITECOPY);
}

static void d10(struct conform *t)
{
    expect_bad_protection(t, PAGE_EXECUTE_WRITECOPY);
}

static void d11(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = reserve_commit(t, 4 * page, PAGE_READWRITE);
    protect_ok(t, p + page, page, PAGE_READONLY, PAGE_READWRITE);
    protect_ok(t, p + 2 * page, page, PAGE_NOACCESS, PAGE_READWRITE);
    protect_ok(t, p + page, 3 * page, PAGE_EXECUTE_READ, PAGE_READONLY);
    expect_committed(t, p, page, PAGE_READWRITE, p, PAGE_READWRITE);
    expect_committed(t, p + page, 3 * page, PAGE_EXECUTE_READ, p, PAGE_READWRITE);
    protect_ok(t, p, 4 * page, PAGE_READONLY, PAGE_READWRITE);
    expect_committed(t, p, 4 * page, PAGE_READONLY, p, PAGE_READWRITE);
}

static void d12(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = reserve_commit(t, 4 * page, PAGE_READWRITE);
    protect_ok(t, p + 2 * page - 1, 2, PAGE_READONLY, PAGE_READWRITE);
    expect_committed(t, p, page, PAGE_READWRITE, p, PAGE_READWRITE);
    expect_committed(t, p + page, 2 * page, PAGE_READONLY, p, PAGE_READWRITE);
    expect_committed(t, p + 3 * page, page, PAGE_READWRITE, p, PAGE_READWRITE);
}

static void d13(struct conform *t)
{
    char *p = reserve_commit(t, 2 * t->page, PAGE_READWRITE);
    protect_fails(t, p, 0, PAGE_READONLY, ERROR_INVALID_PARAMETER);
    protect_fails(t, p + 1, 0, PAGE_READONLY, ERROR_INVALID_PARAMETER);
    expect_committed(t, p, 2 * t->page, PAGE_READWRITE, p, PAGE_READWRITE);
}

static void d14(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = reserve_commit(t, 4 * page, PAGE_READWRITE);
    fill(p, 4 * page, 4);
    protect_ok(t, p + page, 2 * page, PAGE_NOACCESS, PAGE_READWRITE);
    expect_committed(t, p + page, 2 * page, PAGE_NOACCESS, p, PAGE_READWRITE);
    protect_ok(t, p + page, 2 * page, PAGE_READONLY, PAGE_NOACCESS);
    expect_filled(t, p, 4 * page, 4);
    protect_ok(t, p + page, 2 * page, PAGE_READWRITE, PAGE_READONLY);
    expect_filled(t, p, 4 * page, 4);
}

static void d15(struct conform *t)
{
    const DWORD values[] = {PAGE_NOACCESS,     PAGE_READONLY,          PAGE_EXECUTE,
                            PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE, PAGE_READWRITE};
    char *p = reserve_commit(t, 2 * t->page, PAGE_READWRITE);
    DWORD old = PAGE_READWRITE;
    fill(p, 2 * t->page, 5);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        protect_ok(t, p, 2 * t->page, values[i], old);
        expect_committed(t, p, 2 * t->page, values[i], p, PAGE_READWRITE);
        old = values[i];
    }
    expect_filled(t, p, 2 * t->page, 5);
}

static void d16(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = reserve_commit(t, 3 * page, PAGE_READWRITE);
    protect_ok(t, p + page, page, PAGE_READWRITE | PAGE_GUARD, PAGE_READWRITE);
    expect_committed(t, p, page, PAGE_READWRITE, p, PAGE_READWRITE);
    expect_committed(t, p + page, page, 0x104, p, PAGE_READWRITE);
    expect_committed(t, p + 2 * page, page, PAGE_READWRITE, p, PAGE_READWRITE);
    /* The first access fails, whatever tells of it. */
    expect_eq(t, "a guarded page can be read", t->api->can_read(p + page), 0);
}

static void d17(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = reserve_commit(t, 3 * page, PAGE_READWRITE);
    fill(p, 3 * page, 6);
    protect_ok(t, p + page, page, PAGE_READWRITE | PAGE_GUARD, PAGE_READWRITE);
    protect_ok(t, p + page, page, PAGE_READONLY | PAGE_GUARD, 0x104);
    protect_ok(t, p + page, page, PAGE_READWRITE, 0x102);
    expect_committed(t, p, 3 * page, PAGE_READWRITE, p, PAGE_READWRITE);
    expect_filled(t, p, 3 * page, 6);
}

static void d18(struct conform *t)
{
    char *x = arena(t, 4 * t->granularity);
    protect_fails(t, x, t->page, PAGE_READONLY, ERROR_INVALID_ADDRESS);
    protect_fails(t, x + t->page, 2 * t->granularity, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
    /* From committed pages into free ones. */
    alloc_ok(t, x, t->granularity, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE, x);
    protect_fails(t, x, t->granularity + 1, PAGE_READONLY, ERROR_INVALID_ADDRESS);
    expect_committed(t, x, t->granularity, PAGE_READWRITE, x, PAGE_READWRITE);
}

static char *uncached(struct conform *t)
{
    return reserve_commit(t, 4 * t->page, PAGE_READWRITE | PAGE_NOCACHE);
}

static void d19(struct conform *t)
{
    char *p = uncached(t);
    expect_committed(t, p, 4 * t->page, 0x204, p, 0x204);
    expect_zero(t, p, 4 * t->page);
}

static void d20(struct conform *t)
{
    char *p = uncached(t);
    protect_ok(t, p + t->page, t->page, PAGE_READWRITE, 0x204);
    expect_committed(t, p, 4 * t->page, 0x204, p, 0x204);
}

static void d21(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = uncached(t);
    protect_ok(t, p + page, page, PAGE_READONLY, 0x204);
    expect_committed(t, p, page, 0x204, p, 0x204);
    expect_committed(t, p + page, page, 0x202, p, 0x204);
    expect_committed(t, p + 2 * page, 2 * page, 0x204, p, 0x204);
}

static void d22(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = reserve_commit(t, 4 * page, PAGE_READWRITE);
    protect_ok(t, p + page, page, PAGE_READONLY | PAGE_NOCACHE, PAGE_READWRITE);
    expect_committed(t, p + page, page, PAGE_READONLY, p, PAGE_READWRITE);
    protect_ok(t, p + page, page, PAGE_READWRITE | PAGE_NOCACHE, PAGE_READONLY);
    expect_committed(t, p, 4 * page, PAGE_READWRITE, p, PAGE_READWRITE);
}

const struct conform_row conform_rows_d[] = {
    {"D01", "on reserved pages it fails", d01, 0},
    {"D02", "on that failure the old protection is PAGE_NOACCESS", d02,
     CONFORM_WINE_8 | CONFORM_WINE_10},
    {"D03", "on a range partly committed it fails", d03, 0},
    {"D04", "and the committed part keeps its protection", d04, 0},
    {"D05", "lpflOldProtect NULL: ERROR_NOACCESS", d05, 0},
    {"D06", "and the protection is not changed", d06, 0},
    {"D07", "new protection 0 is refused", d07, 0},
    {"D08", "two access bits are refused", d08, 0},
    {"D09", "PAGE_WRITECOPY on private memory is refused", d09, 0},
    {"D10", "PAGE_EXECUTE_WRITECOPY on private memory is refused", d10, 0},
    {"D11", "the old protection is the first page's; mixed ones are fine", d11, 0},
    {"D12", "2 bytes across a boundary change both pages", d12, 0},
    {"D13", "size 0 is refused", d13, CONFORM_WINE_8 | CONFORM_WINE_10},
    {"D14", "contents survive PAGE_NOACCESS", d14, 0},
    {"D15", "valid single values are reported back unchanged", d15, 0},
    {"D16", "PAGE_GUARD shows in Protect", d16, 0},
    {"D17", "and in the old protection", d17, 0},
    {"D18", "on free memory it fails with 487", d18, CONFORM_WINE_8 | CONFORM_WINE_10},
    {"D19", "PAGE_NOCACHE shows in Protect and AllocationProtect", d19, 0},
    {"D20", "VirtualProtect does not remove PAGE_NOCACHE", d20, 0},
    {"D21", "VirtualProtect(READONLY) gives READONLY|NOCACHE", d21, 0},
    {"D22", "VirtualProtect cannot add PAGE_NOCACHE", d22, 0},
    {NULL, NULL, NULL, 0},
};
