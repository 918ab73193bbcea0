/*
 * Threads are stopped by a signal at random moments inside allocation calls. Meanwhile another thread
 * queries their memory and allocates, commits, protects and frees on other memory: every call must
 * finish. This is what a runtime's stop-the-world does, and where emulations with a lock hang.
 */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <hostmem/win32.h>

#include "stopper.h"

enum { WORKERS = 2, PAGE = 4096, REGION = 64 * PAGE, WATCHDOG_SECONDS = 60 };

static _Atomic bool finished;
static _Atomic uintptr_t region_of[WORKERS];
static _Atomic int number_of[WORKERS];
static _Atomic unsigned long stops_in_calls;
static const char *_Atomic last_call = "";

struct random {
    uint64_t state;
};

static uint32_t next(struct random *random)
{
    random->state = random->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random->state >> 33);
}

/* One random change to the region, or a whole life of a small one; every call is marked. */
static void work_step(struct random *random, char *region)
{
    char *at = region + (size_t)(next(random) % 64) * PAGE;
    size_t size = (size_t)(1 + next(random) % 8) * PAGE;
    if (at + size > region + REGION)
        size = (size_t)(region + REGION - at);
    DWORD old;
    stopper_enter_call();
    switch (next(random) % 6) {
    case 0:
    case 1:
        VirtualAlloc(at, size, MEM_COMMIT, PAGE_READWRITE);
        break;
    case 2:
        VirtualFree(at, size, MEM_DECOMMIT);
        break;
    case 3:
        VirtualProtect(at, size, next(random) % 2 ? PAGE_READONLY : PAGE_READWRITE, &old);
        break;
    default: {
        static const size_t sizes[] = {PAGE, 65536, 1 << 20, 4 << 20};
        void *mem =
            VirtualAlloc(NULL, sizes[next(random) % 4], MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        VirtualFree(mem, 0, MEM_RELEASE);
        break;
    }
    }
    stopper_leave_call();
}

static void *worker(void *argument)
{
    int index = (int)(intptr_t)argument;
    struct random random = {(uint64_t)index * 77 + 5};
    char *region = VirtualAlloc(NULL, REGION, MEM_RESERVE, PAGE_READWRITE);
    atomic_store(&number_of[index], stopper_join());
    atomic_store(&region_of[index], (uintptr_t)region);
    while (!atomic_load_explicit(&finished, memory_order_relaxed))
        work_step(&random, region);
    return NULL;
}

/* A handler may not use stdio; it says which call hangs and ends the process. */
static void hang(int signal_number)
{
    (void)signal_number;
    static const char text[] = "a call did not finish while threads were stopped: ";
    const char *call = atomic_load(&last_call);
    (void)!write(2, text, sizeof(text) - 1);
    (void)!write(2, call, strlen(call));
    (void)!write(2, "\n", 1);
    _exit(1);
}

/* The stopped threads' memory, page by page: the runs must tile the region. */
static void query_stopped(uintptr_t region)
{
    uintptr_t at = region;
    atomic_store(&last_call, "VirtualQuery");
    while (at < region + REGION) {
        MEMORY_BASIC_INFORMATION info;
        ck_assert_uint_eq(VirtualQuery((void *)at, &info, sizeof(info)), sizeof(info));
        ck_assert_uint_eq((uintptr_t)info.BaseAddress, at);
        ck_assert_uint_eq((uintptr_t)info.AllocationBase, region);
        ck_assert(info.State == MEM_COMMIT || info.State == MEM_RESERVE);
        ck_assert_uint_gt(info.RegionSize, 0);
        at += info.RegionSize;
    }
    ck_assert_uint_eq(at, region + REGION);
}

/* A life on memory that no stopped thread has to do with. */
static void allocate_elsewhere(struct random *random)
{
    DWORD old;
    size_t size = (size_t)PAGE << next(random) % 9;
    atomic_store(&last_call, "VirtualAlloc(MEM_RESERVE)");
    char *mem = VirtualAlloc(NULL, size, MEM_RESERVE, PAGE_READWRITE);
    ck_assert_ptr_nonnull(mem);
    atomic_store(&last_call, "VirtualAlloc(MEM_COMMIT)");
    ck_assert_ptr_eq(VirtualAlloc(mem, size / 2 + 1, MEM_COMMIT, PAGE_READWRITE), mem);
    mem[0] = 1;
    atomic_store(&last_call, "VirtualProtect");
    ck_assert(VirtualProtect(mem, 1, PAGE_READONLY, &old));
    ck_assert_uint_eq(old, PAGE_READWRITE);
    ck_assert_int_eq(mem[0], 1);
    atomic_store(&last_call, "VirtualFree(MEM_DECOMMIT)");
    ck_assert(VirtualFree(mem, 1, MEM_DECOMMIT));
    atomic_store(&last_call, "VirtualFree(MEM_RELEASE)");
    ck_assert(VirtualFree(mem, 0, MEM_RELEASE));
}

static unsigned long wanted_stops(void)
{
    const char *text = getenv("HOSTMEM_TEST_STOPS");
    return text ? strtoul(text, NULL, 10) : 20000;
}

START_TEST(every_call_finishes_while_threads_are_stopped)
{
    pthread_t thread[WORKERS];
    signal(SIGALRM, hang);
    stopper_install();
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&thread[i], NULL, worker, (void *)(intptr_t)i);
    for (int i = 0; i < WORKERS; i++)
        while (atomic_load(&region_of[i]) == 0)
            usleep(100);
    struct random random = {99};
    unsigned long all = 0;
    while (atomic_load(&stops_in_calls) < wanted_stops()) {
        alarm(WATCHDOG_SECONDS);
        bool both = next(&random) % 4 == 0;
        int first = (int)(next(&random) % WORKERS);
        for (volatile unsigned spin = next(&random) % 3000; spin > 0; spin--)
            ;
        bool inside = stopper_stop(atomic_load(&number_of[first]));
        if (both)
            inside |= stopper_stop(atomic_load(&number_of[1 - first]));
        query_stopped(atomic_load(&region_of[0]));
        query_stopped(atomic_load(&region_of[1]));
        allocate_elsewhere(&random);
        stopper_resume(atomic_load(&number_of[first]));
        if (both)
            stopper_resume(atomic_load(&number_of[1 - first]));
        all++;
        atomic_fetch_add(&stops_in_calls, inside);
    }
    alarm(0);
    atomic_store(&finished, true);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(thread[i], NULL);
    printf("stopped %lu times, %lu of them inside a call\n", all, atomic_load(&stops_in_calls));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("suspend");
    TCase *tcase = tcase_create("stopped threads");
    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, every_call_finishes_while_threads_are_stopped);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
