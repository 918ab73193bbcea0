/*
 * thread.h - small numbers for threads, to spread them over stripes of shared structures.
 */
#ifndef HM_POLICY_THREAD_H
#define HM_POLICY_THREAD_H

#include <stdint.h>

#include "compiler.h"

extern HM_THREAD_LOCAL uint32_t hm_thread_number_or_zero;

uint32_t hm_thread_number_assign(void);

/* From 1, in the order of first use; numbers of ended threads are not used again. */
static inline uint32_t hm_thread_number(void)
{
    uint32_t number = hm_thread_number_or_zero;
    return HM_LIKELY(number != 0) ? number : hm_thread_number_assign();
}

#endif
