/*
 * wait.c - waiting for another thread without a lock to wait on.
 *
 * What is waited for usually lasts less than a microsecond, so the processor is asked to pause
 * first. A thread that needs the processor to finish gets it next. Whoever still has to wait then
 * waits for a thread that was stopped, and sleeps longer each time.
 */
#include "platform/host.h"

#include <errno.h>
#include <sched.h>
#include <time.h>

enum {
    PAUSE_ROUNDS = 64,
    YIELD_ROUNDS = 16,
    FIRST_SLEEP_NS = 2000,
    LONGEST_SLEEP_NS = 1000000,
};

static void cpu_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || (defined(__arm__) && __ARM_ARCH >= 7)
    __asm__ volatile("yield" ::: "memory");
#elif defined(__riscv)
    /* "pause" of Zihintpause; processors without it take it for a fence that does nothing. */
    __asm__ volatile(".4byte 0x0100000f" ::: "memory");
#else
    __asm__ volatile("" ::: "memory");
#endif
}

/* Doubles with every fourth round, so that early sleeps stay short. */
static long sleep_length(unsigned round)
{
    unsigned doublings = round / 4;

    if (doublings > 9)
        return LONGEST_SLEEP_NS;
    long length = (long)FIRST_SLEEP_NS << doublings;
    return length < LONGEST_SLEEP_NS ? length : LONGEST_SLEEP_NS;
}

void hm_host_wait_step(unsigned round)
{
    if (round < PAUSE_ROUNDS) {
        cpu_pause();
        return;
    }
    int saved = errno;
    round -= PAUSE_ROUNDS;
    if (round < YIELD_ROUNDS) {
        sched_yield();
    } else {
        struct timespec length = {.tv_nsec = sleep_length(round - YIELD_ROUNDS)};
        nanosleep(&length, NULL); /* a signal may end it early, which is as good */
    }
    errno = saved;
}
