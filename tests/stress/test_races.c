/*
 * Many threads on the same few addresses: whoever is given pages owns them alone, contents survive,
 * and when everybody rests the table, the host and the accounts agree.
 */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hostmem/win32.h>

#include "space/account.h"
#include "space/space.h"
#include "tests/model/places.h"

enum { THREADS = 8, PAGE = 4096, GRANULE = 65536, GRANULES = 48 };

static unsigned long rounds(void)
{
    const char *text = getenv("HOSTMEM_TEST_ROUNDS");
    return text ? strtoul(text, NULL, 10) : 20000;
}

/* Threads do not use Check's assertions: those take a lock, which hides races and which a forked child
 * finds taken for ever. */
#define must(condition) ((condition) ? (void)0 : broken(__LINE__, #condition))

static void broken(int line, const char *condition)
{
    fprintf(stderr, "%s:%d: %s (last error %u)\n", __FILE__, line, condition, GetLastError());
    abort();
}

struct random {
    uint64_t state;
};

static uint32_t next(struct random *random)
{
    random->state = random->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random->state >> 33);
}

static char *window; /* GRANULES of address space that the threads fight for */

/* Far from where the host puts thread stacks and the like, and at an odd place, so that entries of
 * several levels are involved. */
static char *find_window(void)
{
    char *at = (char *)TEST_PLACE - 7 * GRANULE;
    MEMORY_BASIC_INFORMATION info;
    ck_assert(VirtualQuery(at, &info, sizeof(info)));
    ck_assert_uint_eq(info.State, MEM_FREE);
    ck_assert_uint_ge(info.RegionSize, (size_t)64 << 20);
    return at;
}

static void assert_agreement(void)
{
    const char *fault = hm_space_check(true);
    ck_assert_msg(fault == NULL, "%s", fault);
}

/* Owns what it gets: marks each page, comes back, finds the marks. */
static void own_alone(struct random *random, uintptr_t mark)
{
    unsigned granule = next(random) % GRANULES;
    size_t size = (size_t)(1 + next(random) % 40) * PAGE;
    char *mem = VirtualAlloc(window + (size_t)granule * GRANULE, size, MEM_RESERVE | MEM_COMMIT,
                             PAGE_READWRITE);
    if (!mem) {
        must(GetLastError() == ERROR_INVALID_ADDRESS);
        return;
    }
    for (size_t at = 0; at < size; at += PAGE) {
        must(*(uintptr_t *)(mem + at) == 0);
        *(uintptr_t *)(mem + at) = mark + at;
    }
    DWORD old;
    size_t part = (next(random) % (size / PAGE)) * PAGE;
    must(VirtualProtect(mem + part, 1, PAGE_READONLY, &old));
    if (next(random) % 4 == 0)
        sched_yield();
    MEMORY_BASIC_INFORMATION info;
    must(VirtualQuery(mem + part, &info, sizeof(info)));
    must(info.AllocationBase == mem);
    must(info.Protect == PAGE_READONLY);
    for (size_t at = 0; at < size; at += PAGE)
        must(*(uintptr_t *)(mem + at) == mark + at);
    if (next(random) % 2)
        must(VirtualFree(mem + part, 1, MEM_DECOMMIT));
    must(VirtualFree(mem, 0, MEM_RELEASE));
}

static void *owner(void *argument)
{
    struct random random = {(uintptr_t)argument * 1234567};
    uintptr_t mark = (uintptr_t)argument << 32;
    for (unsigned long i = rounds(); i > 0; i--)
        own_alone(&random, mark + (i << 20));
    return NULL;
}

static void run_threads(void *(*body)(void *))
{
    pthread_t thread[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, body, (void *)(i + 1)), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
}

START_TEST(pages_belong_to_one_thread)
{
    window = find_window();
    uint64_t before = atomic_load(&hm_account_get(HM_ACCOUNT_PROCESS)->reserved.now);
    run_threads(owner);
    assert_agreement();
    ck_assert_uint_eq(atomic_load(&hm_account_get(HM_ACCOUNT_PROCESS)->reserved.now), before);
    ck_assert_uint_eq(atomic_load(&hm_account_get(HM_ACCOUNT_PROCESS)->committed.now), 0);
}
END_TEST

/* Everybody changes the same allocations: any call may fail, none may break anything. */
static void *meddler(void *argument)
{
    struct random random = {(uintptr_t)argument * 7654321};
    for (unsigned long i = rounds(); i > 0; i--) {
        char *at = window + (size_t)(next(&random) % (GRANULES * 16)) * PAGE;
        size_t size = (size_t)(1 + next(&random) % 64) * PAGE;
        DWORD old;
        MEMORY_BASIC_INFORMATION info;
        switch (next(&random) % 8) {
        case 0:
            VirtualAlloc(at, size * 4, MEM_RESERVE, PAGE_READWRITE);
            break;
        case 1:
        case 2:
            VirtualAlloc(at, size, MEM_COMMIT, next(&random) % 2 ? PAGE_READWRITE : PAGE_READONLY);
            break;
        case 3:
            VirtualProtect(at, size, PAGE_NOACCESS, &old);
            break;
        case 4:
            VirtualFree(at, size, MEM_DECOMMIT);
            break;
        case 5: {
            /* The Nt layer's partial release. */
            uintptr_t base = (uintptr_t)at;
            size_t part = (size_t)(1 + next(&random) % 4) * PAGE;
            hm_space_free(&base, &part, MEM_RELEASE);
            break;
        }
        default:
            must(VirtualQuery(at, &info, sizeof(info)) == sizeof(info));
            if (info.State != MEM_FREE && next(&random) % 4 == 0)
                VirtualFree(info.AllocationBase, 0, MEM_RELEASE);
            break;
        }
    }
    return NULL;
}

static void release_window(void)
{
    MEMORY_BASIC_INFORMATION info;
    for (char *at = window - GRANULE; at < window + (GRANULES + 16) * GRANULE;
         at = (char *)info.BaseAddress + info.RegionSize) {
        ck_assert(VirtualQuery(at, &info, sizeof(info)));
        struct hm_region region;
        if (hm_space_query_owned((uintptr_t)at, &region))
            ck_assert(VirtualFree((void *)region.allocation_base, 0, MEM_RELEASE));
    }
}

START_TEST(meddling_breaks_nothing)
{
    window = find_window();
    run_threads(meddler);
    assert_agreement();
    release_window();
    assert_agreement();
    ck_assert_uint_eq(atomic_load(&hm_account_get(HM_ACCOUNT_PROCESS)->reserved.now), 0);
    ck_assert_uint_eq(atomic_load(&hm_account_get(HM_ACCOUNT_PROCESS)->committed.now), 0);
}
END_TEST

static _Atomic bool forks_done;

static void *until_forks_are_done(void *argument)
{
    struct random random = {(uintptr_t)argument * 31};
    while (!atomic_load(&forks_done))
        own_alone(&random, (uintptr_t)argument << 32 | (uintptr_t)next(&random) << 8);
    return NULL;
}

/* The child of a fork in the middle of other threads' calls has a whole table and can go on. */
static int use_in_child(void)
{
    alarm(30);
    if (hm_space_check(true) != NULL)
        return 1;
    char *mem = VirtualAlloc(NULL, 1 << 20, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (!mem)
        return 2;
    memset(mem, 1, 1 << 20);
    if (!VirtualFree(mem, 0, MEM_RELEASE))
        return 3;
    struct random random = {5};
    for (int i = 0; i < 50; i++)
        VirtualAlloc(window + (size_t)(next(&random) % GRANULES) * GRANULE, PAGE,
                     MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    const char *fault = hm_space_check(true);
    if (fault)
        (void)!write(2, fault, strlen(fault));
    return fault ? 4 : 0;
}

START_TEST(children_of_fork_go_on)
{
    window = find_window();
    pthread_t thread[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, until_forks_are_done, (void *)(i + 1));
    for (int i = 0; i < 100; i++) {
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0)
            _exit(use_in_child());
        int status;
        waitpid(child, &status, 0);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "child %d: status %x", i,
                      (unsigned)status);
    }
    atomic_store(&forks_done, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    assert_agreement();
}
END_TEST

/*
 * One page's protection is stable in even phases, while entries around it are split and merged. A
 * query that begins and ends in the same even phase must tell it.
 */
static char *block;
static _Atomic unsigned long phase;
static _Atomic bool phases_done;
static _Atomic unsigned long judged;

static void *observer(void *argument)
{
    (void)argument;
    MEMORY_BASIC_INFORMATION info;
    while (!atomic_load_explicit(&phases_done, memory_order_relaxed)) {
        unsigned long before = atomic_load(&phase);
        must(VirtualQuery(block + 5 * PAGE, &info, sizeof(info)) == sizeof(info));
        if (before % 2 != 0 || atomic_load(&phase) != before)
            continue;
        must(info.Protect == PAGE_READWRITE);
        must(info.AllocationBase == block);
        atomic_fetch_add_explicit(&judged, 1, memory_order_relaxed);
    }
    return NULL;
}

START_TEST(queries_are_true_while_entries_split_and_merge)
{
    DWORD old;
    pthread_t thread;
    block = VirtualAlloc(NULL, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    ck_assert_ptr_nonnull(block);
    atomic_store(&phase, 1);
    pthread_create(&thread, NULL, observer, NULL);
    for (unsigned long i = rounds() * 20; i > 0; i--) {
        must(VirtualProtect(block, GRANULE, PAGE_READONLY, &old));
        must(VirtualProtect(block + PAGE, GRANULE - PAGE, PAGE_READWRITE, &old));
        atomic_fetch_add(&phase, 1);
        /* Makes the block one entry again. */
        must(VirtualProtect(block, PAGE, PAGE_READWRITE, &old));
        atomic_fetch_add(&phase, 1);
    }
    atomic_store(&phases_done, true);
    pthread_join(thread, NULL);
    printf("%lu answers judged\n", atomic_load(&judged));
    ck_assert_uint_gt(atomic_load(&judged), rounds());
    ck_assert(VirtualFree(block, 0, MEM_RELEASE));
}
END_TEST

/*
 * Two threads release every second page of one allocation each: no call may fail, since no two are
 * about the same page, although each changes the base of what is left behind.
 */
static _Atomic int turn;
static _Atomic int releases_done;

static void *release_every_second(void *argument)
{
    uintptr_t first = (uintptr_t)argument - 1;
    for (unsigned long round = 1; round <= rounds() / 4; round++) {
        while (atomic_load(&turn) != (int)(2 * round))
            sched_yield();
        for (uintptr_t page = first; page < 16; page += 2) {
            uintptr_t base = (uintptr_t)window + page * PAGE;
            size_t size = PAGE;
            must(hm_space_free(&base, &size, MEM_RELEASE) == HM_STATUS_SUCCESS);
        }
        atomic_fetch_add(&releases_done, 1);
    }
    return NULL;
}

START_TEST(disjoint_parts_are_released)
{
    pthread_t thread[2];
    window = find_window();
    for (uintptr_t i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, release_every_second, (void *)(i + 1));
    for (unsigned long round = 1; round <= rounds() / 4; round++) {
        must(VirtualAlloc(window, 16 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) == window);
        atomic_store(&releases_done, 0);
        atomic_store(&turn, (int)(2 * round));
        while (atomic_load(&releases_done) != 2)
            sched_yield();
    }
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    assert_agreement();
    ck_assert_uint_eq(atomic_load(&hm_account_get(HM_ACCOUNT_PROCESS)->reserved.now), 0);
}
END_TEST

/* A handler that forks, in the middle of a call of the thread that it interrupted: parent and child
 * both end that call and go on. */
static _Atomic int forks;
static _Atomic int bad_children;
static pid_t parent_process;

static void fork_here(int signal_number)
{
    (void)signal_number;
    if (getpid() != parent_process)
        return;
    pid_t child = fork();
    if (child == 0)
        return; /* goes on with the call, and ends in the loop below */
    int status = 0;
    waitpid(child, &status, 0);
    atomic_fetch_add(&forks, 1);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        atomic_fetch_add(&bad_children, 1);
}

static void live_once(struct random *random)
{
    DWORD old;
    size_t size = (size_t)(1 + next(random) % 40) * PAGE;
    char *mem = VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    must(mem != NULL);
    mem[size - 1] = 1;
    must(VirtualProtect(mem, 1, PAGE_READONLY, &old));
    must(VirtualFree(mem, 1, MEM_DECOMMIT));
    must(VirtualFree(mem, 0, MEM_RELEASE));
}

START_TEST(a_handler_may_fork_in_the_middle_of_a_call)
{
    struct random random = {77};
    parent_process = getpid();
    signal(SIGALRM, fork_here);
    while (atomic_load(&forks) < 200) {
        /* One signal at a time: a handler that is always due again leaves nobody else any time. */
        struct itimerval soon = {{0, 0}, {0, (suseconds_t)(1 + next(&random) % 60)}};
        int before = atomic_load(&forks);
        setitimer(ITIMER_REAL, &soon, NULL);
        while (atomic_load(&forks) == before && getpid() == parent_process)
            live_once(&random);
        if (getpid() != parent_process) {
            for (int i = 0; i < 20; i++)
                live_once(&random);
            _exit(hm_space_check(true) != NULL);
        }
    }
    ck_assert_int_eq(atomic_load(&bad_children), 0);
    assert_agreement();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("races");
    TCase *tcase = tcase_create("races");
    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, pages_belong_to_one_thread);
    tcase_add_test(tcase, meddling_breaks_nothing);
    tcase_add_test(tcase, disjoint_parts_are_released);
    tcase_add_test(tcase, a_handler_may_fork_in_the_middle_of_a_call);
    tcase_add_test(tcase, queries_are_true_while_entries_split_and_merge);
    tcase_add_test(tcase, children_of_fork_go_on);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
