/*
 * test_space.c - the space layer: exact rules, exact statuses, exact regions.
 *
 * After every change the whole table is compared with itself, and with the host's mappings.
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <hostmem/wintypes.h>

#include "space/account.h"
#include "space/space.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)
#define GIB ((size_t)1 << 30)
#define TIB (GIB << 10)

/* ThreadSanitizer keeps most of the address space for itself. */
#ifdef __SANITIZE_THREAD__
enum { ROOM_FOR_TEBIBYTES = 0 };
#else
enum { ROOM_FOR_TEBIBYTES = 1 };
#endif

static size_t page;
static size_t granule;

static void set_up(void)
{
    page = hm_space_page_size();
    granule = hm_space_granularity();
}

static void check_table(void)
{
    const char *fault = hm_space_check(true);
    ck_assert_msg(!fault, "%s", fault);
}

/* --- Calls. --- */

static struct hm_request make_request(uintptr_t base, size_t size, uint32_t type, uint32_t protect)
{
    struct hm_request request = {.base = base,
                                 .size = size,
                                 .type = type,
                                 .protect = protect,
                                 .account = HM_ACCOUNT_PROCESS,
                                 .highest = UINTPTR_MAX};
    return request;
}

static uintptr_t allocate(uintptr_t base, size_t size, uint32_t type, uint32_t protect)
{
    struct hm_request request = make_request(base, size, type, protect);
    ck_assert_int_eq(hm_space_allocate(&request), HM_STATUS_SUCCESS);
    if (base)
        ck_assert_uint_eq(request.base,
                          type & MEM_RESERVE ? base & ~(granule - 1) : base & ~(page - 1));
    ck_assert_uint_eq(request.size % page, 0);
    ck_assert_uint_ge(request.base + request.size, base + size);
    return request.base;
}

static uintptr_t reserve(size_t size)
{
    return allocate(0, size, MEM_RESERVE, PAGE_READWRITE);
}

static uintptr_t commit(uintptr_t base, size_t size, uint32_t protect)
{
    return allocate(base, size, MEM_COMMIT, protect);
}

/* Fails with this status and leaves the request alone. */
static void allocate_fails(uintptr_t base, size_t size, uint32_t type, hm_status status)
{
    struct hm_request request = make_request(base, size, type, PAGE_READWRITE);
    struct hm_request before = request;
    ck_assert_int_eq(hm_space_allocate(&request), status);
    ck_assert_mem_eq(&request, &before, sizeof request);
    check_table();
}

static void free_range(uintptr_t base, size_t size, uint32_t type)
{
    ck_assert_int_eq(hm_space_free(&base, &size, type), HM_STATUS_SUCCESS);
}

static void release(uintptr_t base)
{
    free_range(base, 0, MEM_RELEASE);
    check_table();
}

static void free_fails(uintptr_t base, size_t size, uint32_t type, hm_status status)
{
    uintptr_t seen_base = base;
    size_t seen_size = size;
    ck_assert_int_eq(hm_space_free(&seen_base, &seen_size, type), status);
    ck_assert_uint_eq(seen_base, base);
    ck_assert_uint_eq(seen_size, size);
    check_table();
}

static void protect_range(uintptr_t base, size_t size, uint32_t protect, uint32_t old)
{
    uint32_t seen = 0;
    ck_assert_int_eq(hm_space_protect(&base, &size, protect, &seen), HM_STATUS_SUCCESS);
    ck_assert_uint_eq(seen, old);
    check_table();
}

/* --- What a query must show. --- */

static void expect(uintptr_t address, size_t size, uint32_t state, uint32_t protect, uintptr_t base)
{
    struct hm_region region;
    struct hm_region owned;
    ck_assert_int_eq(hm_space_query(address, &region), HM_STATUS_SUCCESS);
    ck_assert_uint_eq(region.base, address & ~(page - 1));
    ck_assert_uint_eq(region.state, state);
    if (size)
        ck_assert_uint_eq(region.size, size);
    ck_assert_uint_eq(region.protect, protect);
    ck_assert_uint_eq(region.allocation_base, base);
    ck_assert_uint_eq(region.type, state == MEM_FREE ? 0 : MEM_PRIVATE);
    ck_assert(hm_space_query_owned(address, &owned) == (state != MEM_FREE));
    if (state != MEM_FREE)
        ck_assert_mem_eq(&owned, &region, sizeof region);
}

static void expect_reserved(uintptr_t address, size_t size, uintptr_t base)
{
    expect(address, size, MEM_RESERVE, 0, base);
}

static void expect_committed(uintptr_t address, size_t size, uintptr_t base)
{
    expect(address, size, MEM_COMMIT, PAGE_READWRITE, base);
}

static void expect_free(uintptr_t address, size_t size)
{
    expect(address, size, MEM_FREE, PAGE_NOACCESS, 0);
}

static unsigned char *at(uintptr_t address)
{
    return (unsigned char *)address;
}

/* --- Tests. --- */

START_TEST(facts)
{
    ck_assert_uint_ge(page, 4096);
    ck_assert_uint_eq(page & (page - 1), 0);
    ck_assert_uint_eq(granule, page > 64 * KIB ? page : 64 * KIB);
    ck_assert_uint_eq((hm_space_highest_address() + 1) % page, 0);
}
END_TEST

START_TEST(life_of_an_allocation)
{
    uintptr_t p = reserve(10 * page + 1);
    expect_reserved(p, 11 * page, p);
    commit(p + 3 * page + 5, page, PAGE_READWRITE);
    check_table();
    expect_reserved(p, 3 * page, p);
    expect_committed(p + 3 * page, 2 * page, p);
    expect_reserved(p + 5 * page, 6 * page, p);
    memset(at(p + 3 * page), 1, 2 * page);
    protect_range(p + 4 * page, 1, PAGE_NOACCESS, PAGE_READWRITE);
    protect_range(p + 4 * page, 1, PAGE_READWRITE, PAGE_NOACCESS);
    ck_assert_int_eq(at(p + 4 * page)[7], 1);
    free_range(p + 4 * page, page, MEM_DECOMMIT);
    check_table();
    commit(p, 11 * page, PAGE_READWRITE);
    ck_assert_int_eq(at(p + 3 * page)[7], 1);
    ck_assert_int_eq(at(p + 4 * page)[7], 0);
    expect_committed(p, 11 * page, p);
    release(p);
    expect_free(p, 0);
}
END_TEST

START_TEST(failures_change_nothing)
{
    uintptr_t p = reserve(2 * granule);
    commit(p, page, PAGE_READWRITE);
    allocate_fails(p, page, MEM_RESERVE, HM_STATUS_CONFLICTING_ADDRESSES);
    allocate_fails(p + granule, granule, MEM_RESERVE, HM_STATUS_CONFLICTING_ADDRESSES);
    allocate_fails(p + 2 * granule - 1, 2, MEM_COMMIT, HM_STATUS_CONFLICTING_ADDRESSES);
    free_fails(p + page, 0, MEM_RELEASE, HM_STATUS_FREE_VM_NOT_AT_BASE);
    free_fails(p + page, 0, MEM_DECOMMIT, HM_STATUS_FREE_VM_NOT_AT_BASE);
    free_fails(p + granule, granule + 1, MEM_DECOMMIT, HM_STATUS_UNABLE_TO_FREE_VM);
    free_fails(p + granule, granule + 1, MEM_RELEASE, HM_STATUS_UNABLE_TO_FREE_VM);
    expect_committed(p, page, p);
    expect_reserved(p + page, 2 * granule - page, p);
    release(p);
    free_fails(p, 0, MEM_RELEASE, HM_STATUS_MEMORY_NOT_ALLOCATED);
    free_fails(p, page, MEM_DECOMMIT, HM_STATUS_MEMORY_NOT_ALLOCATED);
    free_fails(p, page, MEM_RELEASE, HM_STATUS_MEMORY_NOT_ALLOCATED);
    allocate_fails(p, page, MEM_COMMIT, HM_STATUS_CONFLICTING_ADDRESSES);
}
END_TEST

static void protect_fails(uintptr_t base, size_t size, hm_status status)
{
    uintptr_t seen_base = base;
    size_t seen_size = size;
    uint32_t old = 0;
    ck_assert_int_eq(hm_space_protect(&seen_base, &seen_size, PAGE_READONLY, &old), status);
    ck_assert_uint_eq(seen_base, base);
    ck_assert_uint_eq(seen_size, size);
    check_table();
}

START_TEST(protect_needs_committed_pages_of_one_allocation)
{
    uintptr_t x = reserve(4 * granule);
    release(x);
    allocate(x, granule, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    allocate(x + granule, granule, MEM_RESERVE, PAGE_READWRITE);
    commit(x + granule, page, PAGE_READWRITE);
    protect_fails(x, granule + 1, HM_STATUS_CONFLICTING_ADDRESSES);
    protect_fails(x + granule, 2 * page, HM_STATUS_NOT_COMMITTED);
    protect_fails(x + granule + page, page, HM_STATUS_NOT_COMMITTED);
    protect_fails(x + 2 * granule, page, HM_STATUS_CONFLICTING_ADDRESSES);
    expect_committed(x, granule, x);
    expect_committed(x + granule, page, x + granule);
    release(x);
    release(x + granule);
}
END_TEST

/* Rows E19 to E21 of the facts, which VirtualFree cannot reach. */
START_TEST(release_of_a_part)
{
    uintptr_t p = reserve(16 * page);
    commit(p, 16 * page, PAGE_READWRITE);
    for (size_t i = 0; i < 16; i++)
        at(p + i * page)[0] = (unsigned char)(i + 1);
    free_range(p + 6 * page, 2 * page, MEM_RELEASE); /* middle */
    check_table();
    expect_committed(p, 6 * page, p);
    expect_free(p + 6 * page, 2 * page);
    expect_committed(p + 8 * page, 8 * page, p + 8 * page);
    free_range(p, page, MEM_RELEASE); /* front */
    check_table();
    expect_free(p, page);
    expect_committed(p + page, 5 * page, p + page);
    free_range(p + 15 * page, 1, MEM_RELEASE); /* back */
    check_table();
    expect_committed(p + 8 * page, 7 * page, p + 8 * page);
    ck_assert_int_eq(at(p + page)[0], 2);
    ck_assert_int_eq(at(p + 14 * page)[0], 15);
    free_fails(p + 5 * page, 4 * page, MEM_RELEASE, HM_STATUS_UNABLE_TO_FREE_VM);
    free_fails(p + 9 * page, 0, MEM_RELEASE, HM_STATUS_FREE_VM_NOT_AT_BASE);
    release(p + page);
    release(p + 8 * page);
    expect_free(p, 0);
}
END_TEST

/* Row E22. */
START_TEST(decommit_of_everything)
{
    uintptr_t p = reserve(4 * page);
    uintptr_t base = p + page - 1;
    size_t size = 0;
    commit(p, 3 * page, PAGE_READWRITE);
    ck_assert_int_eq(hm_space_free(&base, &size, MEM_DECOMMIT), HM_STATUS_SUCCESS);
    ck_assert_uint_eq(base, p);
    ck_assert_uint_eq(size, 0);
    expect_reserved(p, 4 * page, p);
    release(p);
}
END_TEST

/* A page on each side of an address, on its own and together. */
static void split_at(uintptr_t base, size_t size, uintptr_t boundary)
{
    size_t before = boundary - base;
    size_t behind = base + size - boundary;
    commit(boundary - 1, 2, PAGE_READWRITE);
    check_table();
    expect_reserved(base, before - page, base);
    expect_committed(boundary - page, 2 * page, base);
    expect_reserved(boundary + page, behind - page, base);
    at(boundary)[-1] = 1;
    at(boundary)[0] = 2;
    protect_range(boundary, page, PAGE_READONLY, PAGE_READWRITE);
    expect_committed(boundary - page, page, base);
    expect(boundary, page, MEM_COMMIT, PAGE_READONLY, base);
    protect_range(boundary - page, 2 * page, PAGE_READWRITE, PAGE_READWRITE);
    expect_committed(boundary - page, 2 * page, base);
    ck_assert_int_eq(at(boundary)[-1], 1);
    ck_assert_int_eq(at(boundary)[0], 2);
    free_range(boundary - page, page, MEM_DECOMMIT);
    check_table();
    expect_reserved(base, before, base);
    expect_committed(boundary, page, base);
    free_range(boundary, page, MEM_DECOMMIT);
    check_table();
    expect_reserved(base, size, base);
    expect_reserved(boundary - page, behind + page, base);
    expect_reserved(boundary, behind, base);
}

static const size_t boundaries[] = {64 * KIB, 2 * MIB, GIB, 512 * GIB};

START_TEST(splits_at_boundaries)
{
    size_t step = boundaries[_i];
    uintptr_t base = reserve(3 * step + granule);
    uintptr_t boundary = (base + step) & ~(step - 1);
    split_at(base, 3 * step + granule, boundary == base ? boundary + step : boundary);
    release(base);
}
END_TEST

/* Long runs of committed pages, cut and healed at a boundary. Memory is not touched. */
START_TEST(long_runs)
{
    size_t step = boundaries[_i] > GIB ? GIB : boundaries[_i];
    size_t size = 3 * step + granule;
    uintptr_t base = reserve(size);
    uintptr_t boundary = (base + step + step - 1) & ~(step - 1);
    commit(base, size, PAGE_READONLY);
    check_table();
    expect(base, size, MEM_COMMIT, PAGE_READONLY, base);
    expect(base + page, size - page, MEM_COMMIT, PAGE_READONLY, base);
    protect_range(boundary, page, PAGE_NOACCESS, PAGE_READONLY);
    expect(base, boundary - base, MEM_COMMIT, PAGE_READONLY, base);
    expect(boundary + page, base + size - boundary - page, MEM_COMMIT, PAGE_READONLY, base);
    protect_range(boundary, page, PAGE_READONLY, PAGE_NOACCESS);
    expect(base, size, MEM_COMMIT, PAGE_READONLY, base);
    release(base);
}
END_TEST

START_TEST(sixteen_tebibytes)
{
    const size_t size = 16 * TIB;
    uintptr_t base = reserve(size);
    check_table();
    expect_reserved(base, size, base);
    expect_reserved(base + 5 * TIB + 12345, size - (5 * TIB + 12345) / page * page, base);
    split_at(base, size, base + 8 * TIB);
    commit(base + size - page, page, PAGE_READWRITE);
    expect_reserved(base, size - page, base);
    at(base + size)[-1] = 1;
    release(base);
    expect_free(base, 0);
    expect_free(base + size - page, 0);
}
END_TEST

START_TEST(places)
{
    struct hm_request request = make_request(0, granule, MEM_RESERVE, PAGE_READWRITE);
    request.alignment = 2 * MIB;
    ck_assert_int_eq(hm_space_allocate(&request), HM_STATUS_SUCCESS);
    ck_assert_uint_eq(request.base % (2 * MIB), 0);
    release(request.base);

    uintptr_t low = reserve(64 * MIB);
    release(low);
    request = make_request(0, granule, MEM_RESERVE, PAGE_READWRITE);
    request.lowest = low;
    request.highest = low + 64 * MIB - 1;
    ck_assert_int_eq(hm_space_allocate(&request), HM_STATUS_SUCCESS);
    ck_assert_uint_ge(request.base, low);
    ck_assert_uint_le(request.base + request.size - 1, low + 64 * MIB - 1);
    release(request.base);

    request = make_request(0, 128 * MIB, MEM_RESERVE, PAGE_READWRITE);
    request.lowest = low;
    request.highest = low + 64 * MIB - 1;
    ck_assert_int_eq(hm_space_allocate(&request), HM_STATUS_NO_MEMORY);
    check_table();
}
END_TEST

START_TEST(memory_of_others)
{
    struct hm_region region;
    char local = 0;
    char *foreign =
        mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(foreign, MAP_FAILED);
    ck_assert(!hm_space_query_owned((uintptr_t)foreign, &region));
    ck_assert(!hm_space_query_owned((uintptr_t)&local, &region));
    ck_assert(!hm_space_query_owned(0x10000, &region));
    free_fails((uintptr_t)foreign, 0, MEM_RELEASE, HM_STATUS_MEMORY_NOT_ALLOCATED);
    allocate_fails((uintptr_t)foreign, page, MEM_RESERVE, HM_STATUS_CONFLICTING_ADDRESSES);
    ck_assert_int_eq(foreign[0], 0);
    munmap(foreign, 4 * page);
}
END_TEST

START_TEST(charges)
{
    struct hm_account *account = hm_account_get(HM_ACCOUNT_PROCESS);
    uint64_t reserved = account->reserved.now;
    uint64_t committed = account->committed.now;
    uintptr_t p = reserve(10 * page);
    ck_assert_uint_eq(account->reserved.now - reserved, 10 * page);
    commit(p, 3 * page, PAGE_READWRITE);
    commit(p + 2 * page, 3 * page, PAGE_READONLY);
    ck_assert_uint_eq(account->committed.now - committed, 5 * page);
    free_range(p + 4 * page, 3 * page, MEM_DECOMMIT);
    ck_assert_uint_eq(account->committed.now - committed, 4 * page);
    free_range(p, page, MEM_RELEASE);
    ck_assert_uint_eq(account->reserved.now - reserved, 9 * page);
    ck_assert_uint_eq(account->committed.now - committed, 3 * page);
    release(p + page);
    ck_assert_uint_eq(account->reserved.now, reserved);
    ck_assert_uint_eq(account->committed.now, committed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("space");
    TCase *tcase = tcase_create("rules");
    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, facts);
    tcase_add_test(tcase, life_of_an_allocation);
    tcase_add_test(tcase, failures_change_nothing);
    tcase_add_test(tcase, protect_needs_committed_pages_of_one_allocation);
    tcase_add_test(tcase, release_of_a_part);
    tcase_add_test(tcase, decommit_of_everything);
    tcase_add_loop_test(tcase, splits_at_boundaries, 0, ROOM_FOR_TEBIBYTES ? 4 : 3);
    tcase_add_loop_test(tcase, long_runs, 0, 3);
    if (ROOM_FOR_TEBIBYTES)
        tcase_add_test(tcase, sixteen_tebibytes);
    tcase_add_test(tcase, places);
    tcase_add_test(tcase, memory_of_others);
    tcase_add_test(tcase, charges);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
