/*
 * test_conformance.c - every row as one Check test, named by its id.
 *
 *     test_conformance flat | hosted [PAGE_SIZE]
 *
 * Rows that cannot run are not counted as passed: those that wait for an interface are left out, and
 * those that the host cannot show are told by their child through shared memory, because Check knows
 * only passed and failed.
 */
#include "faces.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <hostmem/mscoree.h>

#include <hostmem/hostmem.h>

enum { MAX_ROWS = 512, SECONDS = 60 };

static const struct conform_api *api;
static const struct conform_row *rows[MAX_ROWS];
static TTest tests[MAX_ROWS];
static int row_count;
static bool *skipped; /* shared with the children */

static void run_row(int number)
{
    struct conform_result result;
    conform_run(api, rows[number], &result);
    if (result.verdict == CONFORM_SKIP)
        skipped[number] = true;
    ck_assert_msg(result.verdict != CONFORM_FAIL, "%s (%s): %s: seen %s, expected %s",
                  rows[number]->id, rows[number]->text, result.what, result.seen, result.expected);
}

static void add_row(TCase *tcase, const struct conform_row *row)
{
    int number = row_count++;
    if (number == MAX_ROWS)
        abort();
    rows[number] = row;
    tests[number] = (TTest){row->id, run_row, __FILE__, __LINE__};
    tcase_add_loop_test(tcase, &tests[number], number, number + 1);
}

static Suite *make_suite(void)
{
    Suite *suite = suite_create(api->name);
    for (const struct conform_group *group = conform_groups; group->letter; group++) {
        TCase *tcase = tcase_create(group->title);
        tcase_set_timeout(tcase, SECONDS);
        for (const struct conform_row *row = group->rows; row->id; row++)
            if (row->run)
                add_row(tcase, row);
        suite_add_tcase(suite, tcase);
    }
    return suite;
}

/* The last line is what the scripts count: rows that did not run are never passes. */
static void print_totals(int failed)
{
    int left_out = 0;
    int later = 0;
    for (int i = 0; i < row_count; i++) {
        if (!skipped[i])
            continue;
        printf("%s cannot be observed here\n", rows[i]->id);
        left_out++;
    }
    printf("rows that wait for an interface to come:");
    for (const struct conform_group *group = conform_groups; group->letter; group++) {
        for (const struct conform_row *row = group->rows; row->id; row++) {
            if (row->run)
                continue;
            printf(" %s", row->id);
            later++;
        }
    }
    printf("\ntotals: %d passed, %d failed, %d skipped\n", row_count - failed - left_out, failed,
           left_out + later);
}

static const struct conform_api *choose(const char *face, size_t page_size)
{
    IHostMemoryManager *manager = NULL;
    if (!conform_use_pages(page_size))
        return NULL;
    if (strcmp(face, "hosted") != 0)
        return conform_flat(page_size);
    return hostmem_create(NULL, &manager) == 0 ? conform_hosted(manager, page_size) : NULL;
}

int main(int argc, char **argv)
{
    api = choose(argc > 1 ? argv[1] : "flat", argc > 2 ? strtoul(argv[2], NULL, 0) : 0);
    skipped = mmap(NULL, MAX_ROWS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!api || skipped == MAP_FAILED)
        return 2;
    SRunner *runner = srunner_create(make_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    print_totals(failed);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
