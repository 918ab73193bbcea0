/*
 * fork while another thread stands still in the middle of an operation, before and after each of its
 * system calls: the child's table and accounts are whole, and parent and child go on.
 */
#include <check.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hostmem/win32.h>

#include "platform/sim/sim.h"
#include "tests/model/places.h"
#include "space/account.h"
#include "space/space.h"

enum { PAGE = 4096, GRANULE = 65536 };

static char *area;
static sem_t stands_still;
static sem_t go_on;
static _Atomic unsigned long stop_at; /* which event of the worker: two for each call */
static _Atomic unsigned long events;
static pthread_t worker_thread;

static void hook(const struct hm_sim_call *call, void *context)
{
    (void)context;
    if (!(call->primitive & HM_SIM_CHANGES) || !pthread_equal(pthread_self(), worker_thread))
        return;
    if (atomic_fetch_add(&events, 1) + 1 == atomic_load(&stop_at)) {
        sem_post(&stands_still);
        sem_wait(&go_on);
    }
}

static void reserve(void)
{
    (void)VirtualAlloc(area + 4 * GRANULE, 5 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

static void reserve_anywhere(void)
{
    (void)VirtualAlloc(NULL, 3 << 20, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

static void commit(void)
{
    (void)VirtualAlloc(area + 2 * PAGE, 9 * PAGE, MEM_COMMIT, PAGE_READONLY);
}

static void decommit(void)
{
    (void)VirtualFree(area, 3 * PAGE, MEM_DECOMMIT);
}

static void protect(void)
{
    DWORD old;
    (void)VirtualProtect(area, 4 * PAGE, PAGE_NOACCESS, &old);
}

static void release(void)
{
    (void)VirtualFree(area, 0, MEM_RELEASE);
}

static void release_part(void)
{
    uintptr_t base = (uintptr_t)area + 2 * PAGE;
    size_t size = 2 * PAGE;
    (void)hm_space_free(&base, &size, MEM_RELEASE);
}

static void (*const operations[])(void) = {reserve, reserve_anywhere, commit,      decommit,
                                           protect, release,          release_part};
enum { OPERATIONS = sizeof(operations) / sizeof(operations[0]) };

static void *work(void *argument)
{
    worker_thread = pthread_self();
    operations[(intptr_t)argument]();
    sem_post(&stands_still); /* at its end at the latest */
    return NULL;
}

/* Sum over the whole table of what is reserved and committed. */
static void count(uint64_t *reserved, uint64_t *committed)
{
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    *reserved = *committed = 0;
    struct hm_region region;
    for (uintptr_t at = 0; at <= (uintptr_t)system.lpMaximumApplicationAddress;
         at = region.base + region.size) {
        if (hm_space_query(at, &region) != HM_STATUS_SUCCESS)
            return;
        if (hm_space_query_owned(at, &region)) {
            *reserved += region.size;
            *committed += region.state == MEM_COMMIT ? region.size : 0;
        }
    }
}

static int check_child(void)
{
    uint64_t reserved;
    uint64_t committed;
    const char *fault = hm_space_check(true);
    if (fault) {
        (void)!write(2, fault, strlen(fault));
        return 1;
    }
    count(&reserved, &committed);
    const struct hm_account *account = hm_account_get(HM_ACCOUNT_PROCESS);
    if (atomic_load(&account->reserved.now) != reserved)
        return 2;
    if (atomic_load(&account->committed.now) != committed)
        return 3;
    char *mem = VirtualAlloc(NULL, 1 << 20, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (!mem)
        return 4;
    memset(mem, 1, 1 << 20);
    if (!VirtualFree(mem, 0, MEM_RELEASE))
        return 5;
    /* What the stopped thread was changing can be used again. */
    if (hm_space_query_owned((uintptr_t)area, &(struct hm_region){0}) &&
        (!VirtualAlloc(area, PAGE, MEM_COMMIT, PAGE_READWRITE) ||
         !VirtualFree(area, 0, MEM_RELEASE)))
        return 6;
    return hm_space_check(true) ? 7 : 0;
}

static void prepare_area(void)
{
    ck_assert_ptr_eq(VirtualAlloc(area, 3 * GRANULE, MEM_RESERVE, PAGE_READWRITE), area);
    ck_assert_ptr_nonnull(VirtualAlloc(area, 6 * PAGE, MEM_COMMIT, PAGE_READWRITE));
    memset(area, 1, 6 * PAGE);
}

/* One fork with the worker standing at that event; false when it has fewer. */
static bool fork_at(int operation, unsigned long event)
{
    prepare_area();
    atomic_store(&events, 0);
    atomic_store(&stop_at, event);
    pthread_t thread;
    pthread_create(&thread, NULL, work, (void *)(intptr_t)operation);
    sem_wait(&stands_still);
    bool stands = atomic_load(&events) == event;
    pid_t child = fork();
    if (child == 0) {
        alarm(30);
        _exit(check_child());
    }
    int status;
    waitpid(child, &status, 0);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
                  "operation %d, event %lu: child's status %x", operation, event, (unsigned)status);
    if (stands) {
        sem_post(&go_on);
        sem_wait(&stands_still);
    }
    pthread_join(thread, NULL);
    const char *fault = hm_space_check(true);
    ck_assert_msg(fault == NULL, "parent: %s", fault);
    return stands;
}

START_TEST(child_is_whole)
{
    sem_init(&stands_still, 0, 0);
    sem_init(&go_on, 0, 0);
    hm_sim_install(&(struct hm_sim_config){.hook = hook});
    area = (char *)TEST_PLACE + GRANULE;
    unsigned long event = 1;
    while (fork_at(_i, event)) {
        event++;
        area += (uintptr_t)1 << 30;
    }
    printf("operation %d: %lu places\n", _i, event - 1);
    ck_assert_uint_gt(event, 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fork");
    TCase *tcase = tcase_create("fork");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, child_is_whole, 0, OPERATIONS);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
