#include "policy/thread.h"

#include <stdatomic.h>

HM_THREAD_LOCAL uint32_t hm_thread_number_or_zero;

static _Atomic uint32_t last_number;

uint32_t hm_thread_number_assign(void)
{
    uint32_t number = atomic_fetch_add_explicit(&last_number, 1, memory_order_relaxed) + 1;
    if (number == 0) /* after 2^32 threads */
        number = 1;
    hm_thread_number_or_zero = number;
    return number;
}
