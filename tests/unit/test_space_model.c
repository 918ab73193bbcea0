/*
 * test_space_model.c - random calls on the space layer, compared with the model step by step.
 *
 * HOSTMEM_TEST_SEED chooses another sequence, HOSTMEM_TEST_STEPS a longer one. The seed is printed; a failure
 * names seed and step.
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hostmem/wintypes.h>

#include "../model/model.h"
#include "platform/sim/sim.h"
#include "space/account.h"
#include "space/space.h"

enum { DEFAULT_SEED = 20240229, DEFAULT_STEPS = 6000, PROBES = 6, FULL_COMPARISON = 500 };

/* One window of the address space, the model of it, and the source of chance. */
static struct model model;
static uintptr_t window;
static uint64_t chance;
static unsigned seed;
static unsigned step;
static uint64_t reserved_before;
static uint64_t committed_before;

static unsigned setting(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);
    return text && *text ? (unsigned)strtoul(text, NULL, 0) : otherwise;
}

/* xorshift64* */
static unsigned random_below(unsigned limit)
{
    chance ^= chance >> 12;
    chance ^= chance << 25;
    chance ^= chance >> 27;
    return (unsigned)((chance * 0x2545F4914F6CDD1Du) >> 33) % limit;
}

/* Not ck_assert, which reports to Check's parent process each time. */
#define require(what, seen, expected)                                                              \
    do {                                                                                           \
        if ((uint64_t)(seen) != (uint64_t)(expected))                                              \
            disagree(what, (uint64_t)(seen), (uint64_t)(expected));                                \
    } while (0)

static void disagree(const char *what, uint64_t seen, uint64_t expected)
{
    ck_abort_msg("seed %u, step %u: %s: seen 0x%llx, the model says 0x%llx", seed, step, what,
                 (unsigned long long)seen, (unsigned long long)expected);
}

/* --- Comparison. --- */

static void compare_region(size_t index)
{
    struct model_region expected = model_query(&model, index * model.page);
    size_t window_end = window + MODEL_PAGES * model.page;
    struct hm_region seen;
    require("query", hm_space_query(window + index * model.page, &seen), HM_STATUS_SUCCESS);
    if (seen.base + seen.size > window_end)
        seen.size = window_end - seen.base;
    require("base", seen.base - window, expected.base);
    require("state", seen.state, expected.like.state);
    require("size", seen.size, expected.size);
    if (expected.like.state == MEM_FREE)
        return;
    require("allocation base", seen.allocation_base - window, expected.allocation_base);
    require("allocation protection", seen.allocation_protect, expected.like.allocation_protect);
    require("protection", seen.protect, expected.like.protect);
    require("type", seen.type, MEM_PRIVATE);
}

static uint64_t *stamp_of(size_t index)
{
    return (uint64_t *)(window + index * model.page);
}

static void compare_contents(size_t index)
{
    struct model_page *page = &model.pages[index];
    if (model_readable(page))
        require("contents", *stamp_of(index), page->stamp);
    if (model_writable(page)) {
        page->stamp = (uint64_t)step << 16 | (index & 0xffff) | 1;
        *stamp_of(index) = page->stamp;
    }
}

static void compare_charges(void)
{
    struct hm_account *account = hm_account_get(HM_ACCOUNT_PROCESS);
    require("reserved bytes", account->reserved.now - reserved_before, model_reserved(&model));
    require("committed bytes", account->committed.now - committed_before, model_committed(&model));
}

static void compare(bool all)
{
    const char *fault = hm_space_check(all);
    if (fault)
        ck_abort_msg("seed %u, step %u: %s", seed, step, fault);
    for (size_t i = 0; i < (all ? (size_t)MODEL_PAGES : (size_t)PROBES); i++) {
        size_t index = all ? i : random_below(MODEL_PAGES);
        compare_region(index);
        compare_contents(index);
    }
    compare_charges();
}

/* --- Random arguments. --- */

static uint32_t random_protection(void)
{
    static const uint32_t all[] = {PAGE_READWRITE,
                                   PAGE_READWRITE,
                                   PAGE_READWRITE,
                                   PAGE_READWRITE,
                                   PAGE_NOACCESS,
                                   PAGE_READONLY,
                                   PAGE_EXECUTE,
                                   PAGE_EXECUTE_READ,
                                   PAGE_EXECUTE_READWRITE,
                                   PAGE_READONLY,
                                   PAGE_READWRITE | PAGE_GUARD,
                                   PAGE_READWRITE | PAGE_NOCACHE};
    return all[random_below(sizeof all / sizeof all[0])];
}

/* Mostly a few pages, sometimes many; ends that are not at pages; inside the window. */
static void random_range(size_t *offset, size_t *size)
{
    static const unsigned most[] = {2, 5, 20, 40, 600, 1500};
    unsigned pages = 1 + random_below(most[random_below(6)]);
    unsigned first = random_below(MODEL_PAGES);
    if (random_below(3) == 0)
        first -= first % (unsigned)model.granule;
    if (pages > MODEL_PAGES - first)
        pages = MODEL_PAGES - first;
    *offset = first * model.page;
    *size = pages * model.page;
    if (random_below(4) == 0 && *size > model.page) {
        *offset += random_below(100);
        *size -= 100 + random_below(100);
    }
}

/* The base of some allocation, for calls that want one. */
static size_t random_base(void)
{
    unsigned index = random_below(MODEL_PAGES);
    return model.pages[index].state == MEM_FREE ? index * model.page
                                                : model.pages[index].base * model.page;
}

/* --- Steps: the same call to both. --- */

static void require_range(hm_status status, uintptr_t base, size_t size, size_t offset,
                          size_t expected_size, uintptr_t asked_base, size_t asked_size)
{
    bool good = status == HM_STATUS_SUCCESS;
    require("range's base", base, good ? window + offset : asked_base);
    require("range's size", size, good ? expected_size : asked_size);
}

static void step_allocate(uint32_t type)
{
    size_t offset;
    size_t size;
    random_range(&offset, &size);
    uint32_t protect = random_protection();
    struct hm_request request = {.base = window + offset,
                                 .size = size,
                                 .type = type,
                                 .protect = protect,
                                 .account = HM_ACCOUNT_PROCESS,
                                 .highest = UINTPTR_MAX};
    struct hm_request asked = request;
    hm_status expected = type & MEM_RESERVE ? model_reserve(&model, &offset, &size,
                                                            (type & MEM_COMMIT) != 0, protect)
                                            : model_commit(&model, &offset, &size, protect);
    require("status of allocate", (uint32_t)hm_space_allocate(&request), (uint32_t)expected);
    require_range(expected, request.base, request.size, offset, size, asked.base, asked.size);
}

static void step_free(uint32_t type, bool whole)
{
    size_t offset;
    size_t size;
    random_range(&offset, &size);
    if (whole) {
        offset = random_below(4) ? random_base() + random_below((unsigned)model.page) : offset;
        size = 0;
    }
    uintptr_t base = window + offset;
    uintptr_t asked_base = base;
    size_t seen_size = size;
    size_t asked_size = size;
    hm_status expected = type == MEM_RELEASE ? model_release(&model, &offset, &size)
                                             : model_decommit(&model, &offset, &size);
    require("status of free", (uint32_t)hm_space_free(&base, &seen_size, type), (uint32_t)expected);
    require_range(expected, base, seen_size, offset, size, asked_base, asked_size);
}

static void step_protect(void)
{
    size_t offset;
    size_t size;
    random_range(&offset, &size);
    uintptr_t base = window + offset;
    uintptr_t asked_base = base;
    size_t seen_size = size;
    size_t asked_size = size;
    uint32_t protect = random_protection();
    uint32_t old = 0;
    uint32_t expected_old = 0;
    hm_status expected = model_protect(&model, &offset, &size, protect, &expected_old);
    hm_status status = hm_space_protect(&base, &seen_size, protect, &old);
    require("status of protect", (uint32_t)status, (uint32_t)expected);
    require_range(expected, base, seen_size, offset, size, asked_base, asked_size);
    if (expected == HM_STATUS_SUCCESS)
        require("old protection", old, expected_old);
}

static void take_step(void)
{
    unsigned choice = random_below(20);
    if (choice < 4)
        step_allocate(MEM_RESERVE);
    else if (choice < 6)
        step_allocate(MEM_RESERVE | MEM_COMMIT);
    else if (choice < 11)
        step_allocate(MEM_COMMIT);
    else if (choice < 14)
        step_free(MEM_DECOMMIT, choice == 13);
    else if (choice < 16)
        step_free(MEM_RELEASE, choice == 14);
    else
        step_protect();
}

/* --- Windows. --- */

/* Around an address that is a multiple of `boundary`, where entries of the table meet. */
static void open_window(size_t boundary)
{
    size_t page = hm_space_page_size();
    size_t size = MODEL_PAGES * page;
    struct hm_request request = {.size = size + 2 * boundary,
                                 .type = MEM_RESERVE,
                                 .protect = PAGE_NOACCESS,
                                 .account = HM_ACCOUNT_PROCESS,
                                 .highest = UINTPTR_MAX};
    ck_assert_int_eq(hm_space_allocate(&request), HM_STATUS_SUCCESS);
    uintptr_t middle = (request.base + size / 2 + boundary - 1) & ~(boundary - 1);
    window = middle - size / 2;
    request.size = 0;
    ck_assert_int_eq(hm_space_free(&request.base, &request.size, MEM_RELEASE), HM_STATUS_SUCCESS);
    model_init(&model, page, hm_space_granularity());
}

static void run(size_t boundary)
{
    unsigned steps = setting("HOSTMEM_TEST_STEPS", DEFAULT_STEPS);
    struct hm_account *account = hm_account_get(HM_ACCOUNT_PROCESS);
    seed = setting("HOSTMEM_TEST_SEED", DEFAULT_SEED);
    chance = seed * 0x9E3779B97F4A7C15u + boundary;
    open_window(boundary);
    reserved_before = account->reserved.now;
    committed_before = account->committed.now;
    for (step = 1; step <= steps; step++) {
        take_step();
        compare(step % FULL_COMPARISON == 0 || step == steps);
    }
}

START_TEST(around_2_mebibytes)
{
    run((size_t)2 << 20);
}
END_TEST

START_TEST(around_1_gibibyte)
{
    run((size_t)1 << 30);
}
END_TEST

START_TEST(around_512_gibibytes)
{
    run((size_t)512 << 30);
}
END_TEST

/* Larger pages than the host's; each test has a process of its own. */
START_TEST(with_larger_pages)
{
    static const size_t sizes[] = {16 << 10, 64 << 10};
    hm_sim_install(&(struct hm_sim_config){.page_size = sizes[_i]});
    run((size_t)1 << 30);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("space and model");
    TCase *tcase = tcase_create("random calls");
    printf("HOSTMEM_TEST_SEED=%u HOSTMEM_TEST_STEPS=%u\n",
           setting("HOSTMEM_TEST_SEED", DEFAULT_SEED),
           setting("HOSTMEM_TEST_STEPS", DEFAULT_STEPS));
    tcase_set_timeout(tcase, 600);
    tcase_add_test(tcase, around_2_mebibytes);
    tcase_add_test(tcase, around_1_gibibyte);
    tcase_add_test(tcase, around_512_gibibytes);
    tcase_add_loop_test(tcase, with_larger_pages, 0, 2);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
