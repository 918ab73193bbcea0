/*
 * MEM_RESET and MEM_RESET_UNDO: group G of the facts, and that undoing tells the truth. MADV_PAGEOUT
 * makes the host take back at once what it may take back.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <hostmem/win32.h>

#include "platform/platform.h"
#include "space/space.h"

#ifndef MADV_PAGEOUT
#    define MADV_PAGEOUT 21
#endif

enum { PAGE = 4096, PAGES = 64, SIZE = PAGES * PAGE };

static char *mem;

/* Pages 0 to 47 committed; of these 0 to 39 written. */
static void setup(void)
{
    mem = VirtualAlloc(NULL, SIZE, MEM_RESERVE, PAGE_READWRITE);
    ck_assert_ptr_nonnull(VirtualAlloc(mem, 48 * PAGE, MEM_COMMIT, PAGE_READWRITE));
    for (int i = 0; i < 40; i++)
        memset(mem + i * PAGE, i + 1, PAGE);
}

static void teardown(void)
{
    ck_assert_ptr_null(hm_space_check(true));
    ck_assert(VirtualFree(mem, 0, MEM_RELEASE));
}

static bool reset(int first, int count)
{
    return VirtualAlloc(mem + first * PAGE, (size_t)count * PAGE, MEM_RESET, PAGE_READWRITE) ==
           mem + first * PAGE;
}

static bool undo(int first, int count)
{
    return VirtualAlloc(mem + first * PAGE, (size_t)count * PAGE, MEM_RESET_UNDO, PAGE_READWRITE) ==
           mem + first * PAGE;
}

/* The host takes back what it may. */
static void squeeze(int first, int count)
{
    ck_assert_int_eq(madvise(mem + first * PAGE, (size_t)count * PAGE, MADV_PAGEOUT), 0);
}

static void assert_contents(int first, int count)
{
    for (int i = first; i < first + count; i++)
        for (int k = 0; k < PAGE; k += 512)
            ck_assert_int_eq(mem[i * PAGE + k], i < 40 ? i + 1 : 0);
}

/* Without the facility contents are dropped at once, and undoing says so. */
static bool lazy(void)
{
    return hm_os_backend()->facilities() & HM_OS_FACILITY_LAZY_RESET;
}

START_TEST(g01_reset_keeps_state_and_protection)
{
    MEMORY_BASIC_INFORMATION before;
    MEMORY_BASIC_INFORMATION after;
    VirtualQuery(mem, &before, sizeof(before));
    SetLastError(77);
    ck_assert_ptr_eq(VirtualAlloc(mem + 3 * PAGE + 5, 1, MEM_RESET, PAGE_READONLY), mem + 3 * PAGE);
    ck_assert_uint_eq(GetLastError(), 77);
    VirtualQuery(mem, &after, sizeof(after));
    ck_assert_mem_eq(&before, &after, sizeof(before));
    ck_assert(mem[3 * PAGE] == 4 || mem[3 * PAGE] == 0);
    assert_contents(0, 3);
    assert_contents(4, 44);
}
END_TEST

START_TEST(g02_reset_of_reserved_pages_succeeds)
{
    MEMORY_BASIC_INFORMATION info;
    ck_assert(reset(50, 4));
    ck_assert(reset(46, 4)); /* over the border */
    VirtualQuery(mem + 50 * PAGE, &info, sizeof(info));
    ck_assert_uint_eq(info.State, MEM_RESERVE);
    ck_assert(undo(46, 8));
}
END_TEST

START_TEST(g03_reset_past_the_end_fails)
{
    ck_assert(!reset(60, 5));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_ADDRESS);
    assert_contents(0, 48);
}
END_TEST

START_TEST(g04_g07_reset_stands_alone)
{
    static const DWORD others[] = {MEM_COMMIT, MEM_RESERVE, MEM_TOP_DOWN, MEM_WRITE_WATCH};
    for (int i = 0; i < 4; i++) {
        ck_assert_ptr_null(VirtualAlloc(mem, PAGE, MEM_RESET | others[i], PAGE_READWRITE));
        ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
        ck_assert_ptr_null(VirtualAlloc(mem, PAGE, MEM_RESET_UNDO | others[i], PAGE_READWRITE));
        ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    }
    ck_assert_ptr_null(VirtualAlloc(mem, PAGE, MEM_RESET | MEM_RESET_UNDO, PAGE_READWRITE));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(g05_reset_needs_a_valid_protection)
{
    ck_assert_ptr_null(VirtualAlloc(mem, PAGE, MEM_RESET, 0));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(g06_undo_succeeds_while_contents_are_there)
{
    ck_assert(reset(0, 48));
    if (!lazy()) {
        ck_assert(!undo(0, 48));
        ck_assert_uint_eq(GetLastError(), ERROR_BUSY);
        ck_assert_int_eq(mem[0], 0);
        return;
    }
    ck_assert(undo(0, 48));
    /* They are ordinary pages again: the host may not drop them any more. */
    squeeze(0, 48);
    assert_contents(0, 48);
}
END_TEST

START_TEST(g06_undo_fails_when_contents_are_gone)
{
    if (!lazy())
        return;
    ck_assert(reset(8, 16));
    squeeze(12, 2);
    ck_assert(!undo(8, 16));
    ck_assert_uint_eq(GetLastError(), ERROR_BUSY);
    ck_assert_int_eq(mem[12 * PAGE], 0);
    assert_contents(0, 12);
    assert_contents(14, 34);
    /* What was left is ordinary again, and there is nothing more to undo. */
    squeeze(0, 48);
    assert_contents(14, 34);
    ck_assert(undo(8, 16));
}
END_TEST

START_TEST(pages_never_written_cannot_be_lost)
{
    ck_assert(reset(40, 8));
    squeeze(40, 8);
    ck_assert(undo(40, 8));
}
END_TEST

START_TEST(a_write_ends_the_reset)
{
    ck_assert(reset(4, 4));
    mem[5 * PAGE] = 99;
    squeeze(5, 1);
    ck_assert_int_eq(mem[5 * PAGE], 99);
    ck_assert(undo(5, 1));
    ck_assert_int_eq(mem[5 * PAGE], 99);
}
END_TEST

START_TEST(protection_and_recommit_do_not_hide_a_loss)
{
    DWORD old;
    if (!lazy())
        return;
    ck_assert(reset(0, 8));
    ck_assert(VirtualProtect(mem, 8 * PAGE, PAGE_READONLY, &old));
    squeeze(2, 1);
    ck_assert(!undo(0, 8));
    MEMORY_BASIC_INFORMATION info;
    VirtualQuery(mem, &info, sizeof(info));
    ck_assert_uint_eq(info.Protect, PAGE_READONLY);
    ck_assert_uint_eq(info.RegionSize, 8 * PAGE);
    ck_assert(reset(10, 2));
    squeeze(10, 2);
    ck_assert_ptr_nonnull(VirtualAlloc(mem + 10 * PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE));
    ck_assert(!undo(10, 2));
    /* Decommitting is the end of it. */
    ck_assert(reset(12, 2));
    squeeze(12, 2);
    ck_assert(VirtualFree(mem + 12 * PAGE, 2 * PAGE, MEM_DECOMMIT));
    ck_assert(undo(12, 2));
}
END_TEST

START_TEST(g08_reset_of_free_memory_fails)
{
    char *gone = VirtualAlloc(NULL, PAGE, MEM_RESERVE, PAGE_READWRITE);
    ck_assert(VirtualFree(gone, 0, MEM_RELEASE));
    ck_assert_ptr_null(VirtualAlloc(gone, PAGE, MEM_RESET, PAGE_READWRITE));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_ADDRESS);
    ck_assert_ptr_null(VirtualAlloc(NULL, PAGE, MEM_RESET, PAGE_READWRITE));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_ADDRESS);
}
END_TEST

START_TEST(undo_does_not_claim_what_it_cannot_tell)
{
    struct rlimit none = {0, 0};
    if (!lazy())
        return;
    ck_assert(reset(0, 8));
    /* Without the right to lock pages, root's right included, nobody can look without racing. */
    ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &none), 0);
    SetLastError(0);
    if (!undo(0, 8))
        ck_assert_uint_eq(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    assert_contents(0, 48);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reset");
    TCase *tcase = tcase_create("reset");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, g01_reset_keeps_state_and_protection);
    tcase_add_test(tcase, g02_reset_of_reserved_pages_succeeds);
    tcase_add_test(tcase, g03_reset_past_the_end_fails);
    tcase_add_test(tcase, g04_g07_reset_stands_alone);
    tcase_add_test(tcase, g05_reset_needs_a_valid_protection);
    tcase_add_test(tcase, g06_undo_succeeds_while_contents_are_there);
    tcase_add_test(tcase, g06_undo_fails_when_contents_are_gone);
    tcase_add_test(tcase, pages_never_written_cannot_be_lost);
    tcase_add_test(tcase, a_write_ends_the_reset);
    tcase_add_test(tcase, protection_and_recommit_do_not_hide_a_loss);
    tcase_add_test(tcase, g08_reset_of_free_memory_fails);
    tcase_add_test(tcase, undo_does_not_claim_what_it_cannot_tell);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
