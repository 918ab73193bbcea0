/*
 * compiler.h - what the compiler offers beyond C11, in one place.
 *
 * Another compiler needs other definitions here and nowhere else in the portable core.
 */
#ifndef HM_COMPILER_H
#define HM_COMPILER_H

#include <stdint.h>

/*
 * A variable of each thread. The dynamic models allocate a thread's copy at its first use when the
 * library was loaded by dlopen, with malloc, perhaps in a signal handler or while the owner of
 * malloc's lock is stopped; initial-exec variables exist from the thread's start. Room for them is
 * scarce in a library that may be loaded late, so keep them few and small.
 */
#if defined(__ELF__)
#    define HM_THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))
#else
#    define HM_THREAD_LOCAL _Thread_local
#endif

/* Runs when the library is loaded. */
#define HM_CONSTRUCTOR __attribute__((constructor))

#define HM_LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define HM_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* Somewhere in the calling thread's stack. */
static inline uintptr_t hm_stack_address(void)
{
    return (uintptr_t)__builtin_frame_address(0);
}

/* Number of the lowest, of the highest set bit; how many are set. bits is not 0 for the first two. */
static inline unsigned hm_lowest_bit(uint64_t bits)
{
    return (unsigned)__builtin_ctzll(bits);
}

static inline unsigned hm_highest_bit(uint64_t bits)
{
    return 63u - (unsigned)__builtin_clzll(bits);
}

static inline unsigned hm_count_bits(uint64_t bits)
{
    return (unsigned)__builtin_popcountll(bits);
}

#endif
