/*
 * test_headers.c - every public header compiles alone, and in every company; most of the test is
 * that headers/ compiles and links. Here each of those files is run.
 */
#include <check.h>
#include <stdlib.h>

#include "headers/headers.h"

START_TEST(hostmem_alone)
{
    ck_assert_int_eq(headers_hostmem(), 0);
}
END_TEST

START_TEST(wintypes_alone)
{
    ck_assert_int_eq(headers_wintypes(), 0);
}
END_TEST

START_TEST(mscoree_alone)
{
    ck_assert_int_eq(headers_mscoree(), 0);
}
END_TEST

START_TEST(win32_alone)
{
    ck_assert_int_eq(headers_win32(), 0);
}
END_TEST

START_TEST(nt_alone)
{
    ck_assert_int_eq(headers_nt(), 0);
}
END_TEST

START_TEST(all_together)
{
    ck_assert_int_eq(headers_all(), 0);
}
END_TEST

START_TEST(with_own_types)
{
    ck_assert_int_eq(headers_own_types(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("headers");
    TCase *tcase = tcase_create("compiled");
    tcase_add_test(tcase, hostmem_alone);
    tcase_add_test(tcase, wintypes_alone);
    tcase_add_test(tcase, mscoree_alone);
    tcase_add_test(tcase, win32_alone);
    tcase_add_test(tcase, nt_alone);
    tcase_add_test(tcase, all_together);
    tcase_add_test(tcase, with_own_types);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
