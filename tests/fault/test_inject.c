/*
 * Every primitive that an operation calls fails in turn, each with every error that it may give, with
 * and without leaving half of its work behind. Afterwards the call has failed with an error that Windows
 * knows, everything is as before (table, host, contents, accounts) and the same call then succeeds; or
 * it has succeeded in spite of the failure, and everything is as it says.
 */
#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <hostmem/win32.h>

#include "platform/sim/sim.h"
#include "tests/model/places.h"
#include "space/account.h"
#include "space/space.h"
#include "space/table.h"

enum { PAGE = 4096, GRANULE = 65536, REGION = 4 * GRANULE, REGIONS_MAX = 64 };

/* What queries say about the area, what its readable pages hold, what the account has been charged. */
struct snapshot {
    MEMORY_BASIC_INFORMATION run[REGIONS_MAX];
    int runs;
    unsigned char content[REGION / PAGE];
    uint64_t reserved;
    uint64_t committed;
};

static char *area; /* REGION bytes where the scenarios take place */

static bool readable(const MEMORY_BASIC_INFORMATION *info)
{
    return info->State == MEM_COMMIT &&
           info->Protect & (PAGE_READONLY | PAGE_READWRITE | PAGE_EXECUTE_READ);
}

static void take_snapshot(struct snapshot *snapshot)
{
    memset(snapshot, 0, sizeof(*snapshot));
    for (char *at = area; at < area + REGION;) {
        MEMORY_BASIC_INFORMATION *info = &snapshot->run[snapshot->runs++];
        ck_assert_int_le(snapshot->runs, REGIONS_MAX);
        ck_assert_uint_eq(VirtualQuery(at, info, sizeof(*info)), sizeof(*info));
        char *end = at + info->RegionSize;
        if (end > area + REGION) {
            end = area + REGION;
            info->RegionSize = (size_t)(end - at); /* free memory may go on beyond */
        }
        for (; at < end; at += PAGE)
            if (readable(info))
                snapshot->content[(at - area) / PAGE] = (unsigned char)*at;
    }
    const struct hm_account *account = hm_account_get(HM_ACCOUNT_PROCESS);
    snapshot->reserved = atomic_load(&account->reserved.now);
    snapshot->committed = atomic_load(&account->committed.now);
}

static void assert_same(const struct snapshot *a, const struct snapshot *b, const char *when)
{
    ck_assert_msg(a->runs == b->runs, "%s: %d runs, %d before", when, b->runs, a->runs);
    ck_assert_msg(memcmp(a->run, b->run, sizeof(a->run)) == 0, "%s: queries differ", when);
    ck_assert_msg(memcmp(a->content, b->content, sizeof(a->content)) == 0, "%s: contents differ",
                  when);
    ck_assert_msg(a->reserved == b->reserved, "%s: reserved %llu, %llu before", when,
                  (unsigned long long)b->reserved, (unsigned long long)a->reserved);
    ck_assert_msg(a->committed == b->committed, "%s: committed %llu, %llu before", when,
                  (unsigned long long)b->committed, (unsigned long long)a->committed);
}

static void assert_agreement(const char *when)
{
    const char *fault = hm_space_check(true);
    ck_assert_msg(fault == NULL, "%s: %s", when, fault);
}

/* Four granules: pages 0-3 written read-write, 4 read-only, 5 inaccessible, 8-9 read-write, the rest
 * reserved. */
static void prepare_mixed(void)
{
    DWORD old;
    ck_assert_ptr_eq(VirtualAlloc(area, REGION, MEM_RESERVE, PAGE_READWRITE), area);
    ck_assert_ptr_nonnull(VirtualAlloc(area, 6 * PAGE, MEM_COMMIT, PAGE_READWRITE));
    ck_assert_ptr_nonnull(VirtualAlloc(area + 8 * PAGE, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE));
    for (int i = 0; i < 10; i++)
        if (i < 6 || i > 7)
            area[i * PAGE] = (char)(i + 1);
    ck_assert(VirtualProtect(area + 4 * PAGE, 1, PAGE_READONLY, &old));
    ck_assert(VirtualProtect(area + 5 * PAGE, 1, PAGE_NOACCESS, &old));
}

static void prepare_nothing(void) {}

static void release_area(void)
{
    MEMORY_BASIC_INFORMATION info;
    for (char *at = area; at < area + REGION; at += info.RegionSize) {
        ck_assert(VirtualQuery(at, &info, sizeof(info)));
        if (info.State != MEM_FREE)
            ck_assert(VirtualFree(info.AllocationBase, 0, MEM_RELEASE));
    }
}

/* The operations; each answers whether it succeeded. Where it gives memory, that is in `given`. */
static char *given;

static bool reserve_there(void)
{
    return VirtualAlloc(area, REGION - PAGE, MEM_RESERVE, PAGE_READWRITE) == area;
}

static bool allocate_there(void)
{
    return VirtualAlloc(area + GRANULE, 5 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) ==
           area + GRANULE;
}

static bool reserve_anywhere(void)
{
    given = VirtualAlloc(NULL, 3 * GRANULE + 1, MEM_RESERVE, PAGE_READWRITE);
    return given != NULL;
}

static bool allocate_anywhere(void)
{
    given = VirtualAlloc(NULL, 5 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    return given != NULL;
}

static bool allocate_top_down(void)
{
    given = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT | MEM_TOP_DOWN, PAGE_READWRITE);
    return given != NULL;
}

static bool commit_mixed(void)
{
    return VirtualAlloc(area + PAGE, 10 * PAGE, MEM_COMMIT, PAGE_READONLY) != NULL;
}

static bool commit_fresh(void)
{
    return VirtualAlloc(area + 2 * GRANULE, PAGE, MEM_COMMIT, PAGE_READWRITE) != NULL;
}

static bool decommit_mixed(void)
{
    return VirtualFree(area + PAGE, 8 * PAGE, MEM_DECOMMIT);
}

static bool decommit_all(void)
{
    return VirtualFree(area, 0, MEM_DECOMMIT);
}

static bool protect_mixed(void)
{
    DWORD old;
    return VirtualProtect(area, 6 * PAGE, PAGE_EXECUTE_READ, &old);
}

static bool protect_guard(void)
{
    DWORD old;
    return VirtualProtect(area + PAGE, PAGE, PAGE_READWRITE | PAGE_GUARD, &old);
}

static bool release_all(void)
{
    return VirtualFree(area, 0, MEM_RELEASE);
}

static bool release_part(void)
{
    uintptr_t base = (uintptr_t)area + 3 * PAGE;
    size_t size = 6 * PAGE;
    hm_status status = hm_space_free(&base, &size, MEM_RELEASE);
    if (status != HM_STATUS_SUCCESS)
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    return status == HM_STATUS_SUCCESS;
}

struct scenario {
    const char *name;
    void (*prepare)(void);
    bool (*operate)(void);
};

static const struct scenario scenarios[] = {
    {"reserve at an address", prepare_nothing, reserve_there},
    {"allocate at an address", prepare_nothing, allocate_there},
    {"reserve anywhere", prepare_nothing, reserve_anywhere},
    {"allocate anywhere", prepare_nothing, allocate_anywhere},
    {"allocate top down", prepare_nothing, allocate_top_down},
    {"commit over mixed pages", prepare_mixed, commit_mixed},
    {"commit a fresh page", prepare_mixed, commit_fresh},
    {"decommit mixed pages", prepare_mixed, decommit_mixed},
    {"decommit everything", prepare_mixed, decommit_all},
    {"protect mixed pages", prepare_mixed, protect_mixed},
    {"make a guard page", prepare_mixed, protect_guard},
    {"release", prepare_mixed, release_all},
    {"release a part", prepare_mixed, release_part},
};

static const int errors[] = {ENOMEM, EAGAIN, EINVAL, EACCES, EEXIST, EPERM};

static bool known_error(DWORD error)
{
    return error == ERROR_NOT_ENOUGH_MEMORY || error == ERROR_COMMITMENT_LIMIT ||
           error == ERROR_INVALID_ADDRESS;
}

/* One failure at the n-th call; false when the operation made fewer calls. */
static bool fail_once(const struct scenario *scenario, uint64_t n, int error)
{
    static struct snapshot before;
    static struct snapshot after;
    char when[120];
    (void)snprintf(when, sizeof(when), "%s, call %u fails with %d", scenario->name, (unsigned)n,
                   error);
    scenario->prepare();
    take_snapshot(&before);
    given = NULL;
    SetLastError(0);
    hm_sim_fail_at(HM_SIM_CHANGES, n, error);
    bool succeeded = scenario->operate();
    bool fired = hm_sim_fired() != 0;
    hm_sim_fail_at(HM_SIM_CHANGES, 0, 0);
    assert_agreement(when);
    if (!succeeded) {
        ck_assert_msg(fired, "%s: failed without a reason", when);
        ck_assert_msg(known_error(GetLastError()), "%s: last error %u", when, GetLastError());
        ck_assert_msg(given == NULL, "%s: memory given by a failed call", when);
        take_snapshot(&after);
        assert_same(&before, &after, when);
        ck_assert_msg(scenario->operate(), "%s: not even afterwards (%u)", when, GetLastError());
        assert_agreement(when);
    }
    if (given)
        ck_assert(VirtualFree(given, 0, MEM_RELEASE));
    release_area();
    take_snapshot(&after);
    ck_assert_msg(after.reserved == 0 && after.committed == 0, "%s: still charged", when);
    return fired;
}

/* Addresses where nothing has been yet, so that the table has to make its nodes there. */
static void choose_fresh_area(void)
{
    static uintptr_t at = TEST_PLACE;
    area = (char *)at + GRANULE;
    at += TEST_PLACE_STEP;
}

static void fail_every_call(int i, bool partial)
{
    hm_sim_install(&(struct hm_sim_config){.partial = partial});
    unsigned fired = 0;
    for (size_t e = 0; e < sizeof(errors) / sizeof(errors[0]); e++) {
        choose_fresh_area();
        for (uint64_t n = 1; fail_once(&scenarios[i], n, errors[e]); n++) {
            fired++;
            if (errors[e] == ENOMEM)
                choose_fresh_area();
        }
    }
    printf("%s%s: %u failures\n", scenarios[i].name, partial ? " (half done)" : "", fired);
    ck_assert_uint_gt(fired, 0);
    hm_sim_remove();
}

START_TEST(every_failing_call_is_undone)
{
    fail_every_call(_i, false);
}
END_TEST

START_TEST(every_half_done_call_is_undone)
{
    fail_every_call(_i, true);
}
END_TEST

/* A quota that is in the way is as harmless. */
START_TEST(refused_charges_leave_nothing)
{
    static struct snapshot before;
    static struct snapshot after;
    choose_fresh_area();
    int account = hm_account_open(8 * PAGE, UINT64_MAX, 0);
    ck_assert_int_gt(account, 0);
    struct hm_request request = {.base = (uintptr_t)area,
                                 .size = REGION,
                                 .type = MEM_RESERVE,
                                 .protect = PAGE_READWRITE,
                                 .account = account,
                                 .highest = UINTPTR_MAX};
    ck_assert_int_eq(hm_space_allocate(&request), HM_STATUS_SUCCESS);
    request = (struct hm_request){
        .base = (uintptr_t)area, .size = 5 * PAGE, .type = MEM_COMMIT, .protect = PAGE_READWRITE};
    ck_assert_int_eq(hm_space_allocate(&request), HM_STATUS_SUCCESS);
    memset(area, 7, 5 * PAGE);
    take_snapshot(&before);
    request.base += 2 * PAGE;
    request.size = 7 * PAGE;
    ck_assert_int_eq(hm_space_allocate(&request), HM_STATUS_COMMITMENT_LIMIT);
    take_snapshot(&after);
    assert_same(&before, &after, "refused commit");
    ck_assert_uint_eq(atomic_load(&hm_account_get(account)->committed.now), 5 * PAGE);
    ck_assert_uint_eq(atomic_load(&hm_account_get(account)->refused), 1);
    request.size = 6 * PAGE;
    ck_assert_int_eq(hm_space_allocate(&request), HM_STATUS_SUCCESS);
    ck_assert_int_eq(area[4 * PAGE], 7);
    release_area();
    ck_assert_uint_eq(atomic_load(&hm_account_get(account)->committed.now), 0);
    ck_assert_uint_eq(atomic_load(&hm_account_get(account)->reserved.now), 0);
    hm_account_close(account);
    assert_agreement("refused commit");
}
END_TEST

/* What the host does not tell is not made up; what the library owns it knows by itself. */
START_TEST(foreign_memory_is_not_guessed)
{
    static char foreign[2 * PAGE];
    MEMORY_BASIC_INFORMATION info;
    hm_sim_install(NULL);
    char *mem = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    hm_sim_fail_from(HM_SIM_FIND_MAPPING, 1, EMFILE);
    ck_assert_uint_eq(VirtualQuery(foreign, &info, sizeof(info)), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    ck_assert_uint_eq(VirtualQuery(NULL, &info, sizeof(info)), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    DWORD old = 77;
    ck_assert(!VirtualProtect(foreign, 1, PAGE_READONLY, &old));
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    ck_assert_ptr_null(VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_TOP_DOWN, PAGE_READWRITE));
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    ck_assert_uint_eq(VirtualQuery(mem, &info, sizeof(info)), sizeof(info));
    ck_assert_uint_eq(info.State, MEM_COMMIT);
    hm_sim_remove();
    ck_assert_uint_eq(VirtualQuery(foreign, &info, sizeof(info)), sizeof(info));
    ck_assert(VirtualFree(mem, 0, MEM_RELEASE));
}
END_TEST

int main(void)
{
    int count = (int)(sizeof(scenarios) / sizeof(scenarios[0]));
    Suite *suite = suite_create("injected failures");
    TCase *tcase = tcase_create("injected failures");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, every_failing_call_is_undone, 0, count);
    tcase_add_loop_test(tcase, every_half_done_call_is_undone, 0, count);
    tcase_add_test(tcase, foreign_memory_is_not_guessed);
    tcase_add_test(tcase, refused_charges_leave_nothing);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
