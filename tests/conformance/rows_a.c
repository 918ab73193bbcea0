/*
 * rows_a.c - group A: rounding and alignment.
 *
 * The facts are written for 4 KiB pages and a granularity of 64 KiB; rows work with those of the
 * host, which give the same numbers where they are the same.
 */
#include "conform.h"

static void a01(struct conform *t)
{
    SYSTEM_INFO info;
    t->api->GetSystemInfo(&info);
    SIZE_T page = info.dwPageSize;
    expect_eq(t, "dwPageSize", page, t->api->page_size);
    expect_true(t, "the page size is a power of two", (page & (page - 1)) == 0);
    expect_eq(t, "dwAllocationGranularity", info.dwAllocationGranularity,
              page > 65536 ? page : 65536);
    expect_eq(t, "lpMinimumApplicationAddress", info.lpMinimumApplicationAddress, 0x10000);
    expect_eq(t, "lpMaximumApplicationAddress + 1 modulo the page",
              ((uintptr_t)info.lpMaximumApplicationAddress + 1) % page, 0);
}

static void a02(struct conform *t)
{
    char *p = reserve(t, 1, PAGE_READWRITE);
    expect_eq(t, "base modulo the granularity", (uintptr_t)p % t->granularity, 0);
    expect_reserved(t, p, t->page, p, PAGE_READWRITE);
}

static void a03(struct conform *t)
{
    char *p = reserve(t, 0xFFFC, PAGE_READWRITE);
    expect_reserved(t, p, pages_up(t, 0xFFFC), p, PAGE_READWRITE);
}

/* A reservation at an address that is not at the granularity. */
static void reserve_inside_granule(struct conform *t, SIZE_T offset, SIZE_T size)
{
    char *x = arena(t, 4 * t->granularity);
    SIZE_T covered = pages_up(t, offset + size);
    alloc_ok(t, x + offset, size, MEM_RESERVE, PAGE_READWRITE, x);
    expect_reserved(t, x, covered, x, PAGE_READWRITE);
    expect_free(t, x + covered, 0);
}

static void a04(struct conform *t)
{
    reserve_inside_granule(t, 0x8000, 1);
}

static void a05(struct conform *t)
{
    reserve_inside_granule(t, 0xFFFF, 0x3000);
}

static void a06(struct conform *t)
{
    reserve_inside_granule(t, 0x1010, 0xC000);
}

static void a07(struct conform *t)
{
    char *x = arena(t, 2 * t->granularity);
    SIZE_T covered = pages_up(t, 0x4080 + 0x1000);
    alloc_ok(t, x + 0x4080, 0x1000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE, x);
    expect_committed(t, x, covered, PAGE_READWRITE, x, PAGE_READWRITE);
    expect_zero(t, x, covered);
    expect_free(t, x + covered, 0);
}

static void a08(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = reserve(t, 4 * page, PAGE_READWRITE);
    alloc_ok(t, p + 2 * page - 1, 2, MEM_COMMIT, PAGE_READWRITE, p + page);
    expect_reserved(t, p, page, p, PAGE_READWRITE);
    expect_committed(t, p + page, 2 * page, PAGE_READWRITE, p, PAGE_READWRITE);
    expect_reserved(t, p + 3 * page, page, p, PAGE_READWRITE);
}

static void a09(struct conform *t)
{
    SIZE_T page = t->page;
    char *p = reserve(t, 8 * page, PAGE_READWRITE);
    alloc_ok(t, p + 3 * page + 5, 1, MEM_COMMIT, PAGE_READONLY, p + 3 * page);
    expect_reserved(t, p, 3 * page, p, PAGE_READWRITE);
    expect_committed(t, p + 3 * page, page, PAGE_READONLY, p, PAGE_READWRITE);
    expect_reserved(t, p + 4 * page, 4 * page, p, PAGE_READWRITE);
}

/* A reservation of one page at the start of a granule that has more. */
static char *short_reservation(struct conform *t)
{
    conform_need(t, t->granularity > t->page, "a page fills the whole granule");
    char *x = arena(t, 4 * t->granularity);
    return alloc_ok(t, x, t->page, MEM_RESERVE, PAGE_READWRITE, x);
}

static void a10(struct conform *t)
{
    char *x = short_reservation(t);
    SIZE_T rest = t->granularity - t->page;
    alloc_fails(t, x, t->page, MEM_RESERVE, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
    alloc_fails(t, x + t->page, t->page, MEM_RESERVE, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
    alloc_fails(t, x + rest, t->page, MEM_RESERVE, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
    alloc_fails(t, x + rest, t->page, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE,
                ERROR_INVALID_ADDRESS);
    alloc_fails(t, x + rest, 2 * t->page, MEM_RESERVE, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
}

static void a11(struct conform *t)
{
    char *x = short_reservation(t);
    SIZE_T rest = t->granularity - t->page;
    alloc_ok(t, x + t->granularity, t->page, MEM_RESERVE, PAGE_READWRITE, x + t->granularity);
    expect_reserved(t, x, t->page, x, PAGE_READWRITE);
    expect_free(t, x + t->page, rest);
    expect_free(t, x + rest, t->page);
    alloc_fails(t, x + t->page, rest, MEM_RESERVE, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
}

static void a12(struct conform *t)
{
    char *x = short_reservation(t);
    alloc_fails(t, x + t->page, t->page, MEM_COMMIT, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
    alloc_fails(t, x, 2 * t->page, MEM_COMMIT, PAGE_READWRITE, ERROR_INVALID_ADDRESS);
    expect_reserved(t, x, t->page, x, PAGE_READWRITE);
}

const struct conform_row conform_rows_a[] = {
    {"A01", "page size 4096, allocation granularity 65536 (or the host's)", a01, 0},
    {"A02", "reserve at NULL: base at the granularity, size rounded up to a page", a02, 0},
    {"A03", "reserve 0xFFFC gives RegionSize 0x10000", a03, 0},
    {"A04", "reserve at X+0x8000 size 1 gives base X, RegionSize 0x9000", a04, 0},
    {"A05", "reserve at X+0xFFFF size 0x3000 gives base X, RegionSize 0x13000", a05, 0},
    {"A06", "reserve at X+0x1010 size 0xC000 gives base X, RegionSize 0xE000", a06, 0},
    {"A07", "reserve and commit commits from the rounded-down base", a07, 0},
    {"A08", "commit of 2 bytes across a page boundary commits both pages", a08, 0},
    {"A09", "MEM_COMMIT alone rounds the address to a page", a09, 0},
    {"A10", "a second reservation in a used granule fails", a10, 0},
    {"A11", "the rest of a granule behind a short reservation queries as free", a11, 0},
    {"A12", "commit of the page just behind the reservation fails", a12, 0},
    {NULL, NULL, NULL, 0},
};
