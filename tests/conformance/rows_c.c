/*
 * rows_c.c - group C: VirtualQuery.
 */
#include "conform.h"

#include <string.h>

static void c01(struct conform *t)
{
    const DWORD protections[] = {PAGE_NOACCESS,
                                 PAGE_READONLY,
                                 PAGE_READWRITE,
                                 PAGE_EXECUTE,
                                 PAGE_EXECUTE_READ,
                                 PAGE_EXECUTE_READWRITE,
                                 PAGE_READWRITE | PAGE_GUARD};
    for (size_t i = 0; i < sizeof protections / sizeof protections[0]; i++) {
        char *p = reserve(t, 4 * t->page, protections[i]);
        expect_reserved(t, p, 4 * t->page, p, protections[i]);
        expect_reserved(t, p + 3 * t->page, t->page, p, protections[i]);
    }
}

/* 16 pages reserved READWRITE, of which pages 4 and 5 are committed READONLY. */
static char *four_two_ten(struct conform *t)
{
    char *p = reserve(t, 16 * t->page, PAGE_READWRITE);
    commit(t, p + 4 * t->page, 2 * t->page, PAGE_READONLY);
    return p;
}

static void c02(struct conform *t)
{
    char *p = four_two_ten(t);
    expect_reserved(t, p, 4 * t->page, p, PAGE_READWRITE);
}

static void c03(struct conform *t)
{
    char *p = four_two_ten(t);
    expect_committed(t, p + 4 * t->page, 2 * t->page, PAGE_READONLY, p, PAGE_READWRITE);
}

static void c04(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = four_two_ten(t);
    expect_reserved(t, p + page, 3 * page, p, PAGE_READWRITE);
    expect_reserved(t, p + 2 * page - 1, 3 * page, p, PAGE_READWRITE);
    expect_reserved(t, p + 3 * page + 123, page, p, PAGE_READWRITE);
    expect_committed(t, p + 5 * page + 1, page, PAGE_READONLY, p, PAGE_READWRITE);
    expect_reserved(t, p + 15 * page + 1, page, p, PAGE_READWRITE);
}

static void c05(struct conform *t)
{
    char *p = four_two_ten(t);
    expect_reserved(t, p + 6 * t->page, 10 * t->page, p, PAGE_READWRITE);
}

static void c06(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = four_two_ten(t);
    free_ok(t, p + 4 * page, page, MEM_DECOMMIT);
    expect_reserved(t, p, 5 * page, p, PAGE_READWRITE);
    expect_committed(t, p + 5 * page, page, PAGE_READONLY, p, PAGE_READWRITE);
    free_ok(t, p + 5 * page, page, MEM_DECOMMIT);
    expect_reserved(t, p, 16 * page, p, PAGE_READWRITE);
}

static void c07(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = reserve_commit(t, 8 * page, PAGE_READWRITE);
    protect_ok(t, p + 3 * page, page, PAGE_READONLY, PAGE_READWRITE);
    expect_committed(t, p, 3 * page, PAGE_READWRITE, p, PAGE_READWRITE);
    expect_committed(t, p + 3 * page, page, PAGE_READONLY, p, PAGE_READWRITE);
    expect_committed(t, p + 4 * page, 4 * page, PAGE_READWRITE, p, PAGE_READWRITE);
}

static void c08(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = reserve_commit(t, 8 * page, PAGE_READWRITE);
    protect_ok(t, p + 3 * page, page, PAGE_READONLY, PAGE_READWRITE);
    protect_ok(t, p + 3 * page, page, PAGE_READWRITE, PAGE_READONLY);
    expect_committed(t, p, 8 * page, PAGE_READWRITE, p, PAGE_READWRITE);
    expect_committed(t, p + 3 * page, 5 * page, PAGE_READWRITE, p, PAGE_READWRITE);
}

static void c09(struct conform *t)
{
    struct {
        MEMORY_BASIC_INFORMATION region;
        unsigned char more[64];
    } buffer;
    char *p = reserve(t, t->page, PAGE_READWRITE);
    memset(&buffer, 0xA5, sizeof buffer);
    if (sizeof(void *) == 8)
        expect_eq(t, "sizeof(MEMORY_BASIC_INFORMATION)", sizeof buffer.region, 48);
    SIZE_T result = t->api->VirtualQuery(p, &buffer.region, sizeof buffer);
    expect_eq(t, "result with a bigger buffer", result, sizeof buffer.region);
    expect_eq(t, "BaseAddress", buffer.region.BaseAddress, p);
    expect_eq(t, "RegionSize", buffer.region.RegionSize, t->page);
    for (size_t i = 0; i < sizeof buffer.more; i++)
        expect_eq(t, "a byte behind the structure", buffer.more[i], 0xA5);
    result = t->api->VirtualQuery(p, &buffer.region, sizeof buffer.region);
    expect_eq(t, "result with the exact buffer", result, sizeof buffer.region);
}

static void c10(struct conform *t)
{
    char *p = reserve(t, t->page, PAGE_READWRITE);
    query_fails(t, p, sizeof(MEMORY_BASIC_INFORMATION) - 1, ERROR_BAD_LENGTH);
    query_fails(t, p, 1, ERROR_BAD_LENGTH);
    query_fails(t, p, 0, ERROR_BAD_LENGTH);
}

static void c11(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = reserve_commit(t, 8 * page, PAGE_READWRITE);
    free_ok(t, p, 0, MEM_RELEASE);
    expect_free(t, p, 0);
    expect_free(t, p + 3 * page + 7, 0);
    expect_free(t, p + 8 * page - 1, 0);
}

static void c12(struct conform *t)
{
    char *x = arena(t, 4 * t->granularity);
    MEMORY_BASIC_INFORMATION region = query(t, x + t->page);
    expect_eq(t, "State", region.State, MEM_FREE);
    expect_eq(t, "Protect", region.Protect, PAGE_NOACCESS);
    expect_eq(t, "AllocationBase", region.AllocationBase, 0);
    expect_eq(t, "AllocationProtect", region.AllocationProtect, 0);
    expect_eq(t, "Type", region.Type, 0);
}

static void c13(struct conform *t)
{
    SIZE_T granule = t->granularity;
    char *x = arena(t, 16 * granule);
    char *next = x + 9 * granule;
    alloc_ok(t, x, granule, MEM_RESERVE, PAGE_READWRITE, x);
    alloc_ok(t, next, granule, MEM_RESERVE, PAGE_READWRITE, next);
    expect_free(t, x + granule, 8 * granule);
    expect_free(t, x + granule + 5, 8 * granule);
    expect_free(t, x + 4 * granule + t->page, 5 * granule - t->page);
    expect_free(t, next - 1, t->page);
    free_ok(t, x, 0, MEM_RELEASE);
    expect_free(t, x, 9 * granule);
}

static void c14(struct conform *t)
{
    const uintptr_t beyond = t->highest + 1;
    query_fails(t, (void *)beyond, sizeof(MEMORY_BASIC_INFORMATION), ERROR_INVALID_PARAMETER);
    query_fails(t, (void *)(beyond + t->granularity), sizeof(MEMORY_BASIC_INFORMATION),
                ERROR_INVALID_PARAMETER);
}

static void c15(struct conform *t)
{
    const uintptr_t half = (uintptr_t)1 << (sizeof half * 8 - 1);
    query_fails(t, (void *)half, sizeof(MEMORY_BASIC_INFORMATION), ERROR_INVALID_PARAMETER);
    query_fails(t, (void *)(half | half >> 1), sizeof(MEMORY_BASIC_INFORMATION),
                ERROR_INVALID_PARAMETER);
    query_fails(t, (void *)UINTPTR_MAX, sizeof(MEMORY_BASIC_INFORMATION), ERROR_INVALID_PARAMETER);
}

static void c16(struct conform *t)
{
    MEMORY_BASIC_INFORMATION region = query(t, (void *)t->highest);
    expect_eq(t, "RegionSize", region.RegionSize, t->page);
    if (region.State == MEM_FREE)
        expect_free(t, (void *)t->highest, t->page);
}

static void c17(struct conform *t)
{
    MEMORY_BASIC_INFORMATION region = query(t, NULL);
    expect_eq(t, "BaseAddress", region.BaseAddress, 0);
    expect_free(t, NULL, region.RegionSize);
    expect_true(t, "nothing is allocated below 64 KiB", region.RegionSize >= 0x10000);
    MEMORY_BASIC_INFORMATION next = query(t, (void *)region.RegionSize);
    expect_true(t, "what follows is not free", next.State != MEM_FREE);
}

const struct conform_row conform_rows_c[] = {
    {"C01", "reserved pages: Protect 0, the reservation's AllocationProtect", c01, 0},
    {"C02", "a commit in the middle cuts the run: first 4 pages", c02, 0},
    {"C03", "the committed run: own Protect, the reservation's base", c03, 0},
    {"C04", "inside a run: from the queried page to the run's end", c04, 0},
    {"C05", "the last run: the remaining 10 reserved pages", c05, 0},
    {"C06", "after decommit equal neighbours merge", c06, CONFORM_WINE_8 | CONFORM_WINE_10},
    {"C07", "protecting one page splits the run", c07, 0},
    {"C08", "restoring the protection merges the runs", c08, 0},
    {"C09", "the result is 48 also for a bigger buffer", c09, 0},
    {"C10", "a buffer too small: 0, ERROR_BAD_LENGTH", c10, 0},
    {"C11", "released memory: MEM_FREE at the queried page", c11, 0},
    {"C12", "free memory: PAGE_NOACCESS and zeros", c12, 0},
    {"C13", "a free gap runs to the next allocation", c13, 0},
    {"C14", "above the highest application address: 0, 87", c14, 0},
    {"C15", "a kernel address: 0, 87", c15, 0},
    {"C16", "lpMaximumApplicationAddress itself can be queried", c16, CONFORM_WINE_8},
    {"C17", "NULL: MEM_FREE, BaseAddress 0", c17, 0},
    {NULL, NULL, NULL, 0},
};
