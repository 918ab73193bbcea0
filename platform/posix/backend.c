/*
 * backend.c - the backend of this process: made once, found with one load.
 *
 * The first use may come from a signal handler that interrupted the first use, so nobody waits for
 * anybody: each thread that finds no backend fills a table of its own, and the first that is done
 * puts its table up for all.
 */
#include "platform/host.h"
#include "platform/posix/posix.h"

#include <stdatomic.h>
#include <stddef.h>

/* How many may be at it at once. One more waits for the first to finish. */
enum { TABLES = 16 };

static struct hm_os tables[TABLES];
static atomic_uint tables_taken;
static _Atomic(const struct hm_os *) host;    /* the real one */
static _Atomic(const struct hm_os *) current; /* that one, or a test's */

static const struct hm_os *host_backend(void)
{
    const struct hm_os *ready = atomic_load_explicit(&host, memory_order_acquire);
    if (ready != NULL)
        return ready;

    unsigned mine = atomic_fetch_add(&tables_taken, 1);
    if (mine < TABLES) {
        hm_posix_facilities_from_environment();
        hm_host_describe(&tables[mine]);
        if (atomic_compare_exchange_strong(&host, &ready, &tables[mine]))
            return &tables[mine];
        return ready;
    }
    for (unsigned round = 0; ready == NULL; round++) {
        hm_host_wait_step(round);
        ready = atomic_load_explicit(&host, memory_order_acquire);
    }
    return ready;
}

const struct hm_os *hm_os_backend(void)
{
    const struct hm_os *ready = atomic_load_explicit(&current, memory_order_acquire);
    if (ready != NULL)
        return ready;

    const struct hm_os *made = host_backend();
    if (atomic_compare_exchange_strong(&current, &ready, made))
        return made;
    return ready;
}

void hm_os_set_backend(const struct hm_os *backend)
{
    atomic_store_explicit(&current, backend, memory_order_release);
}

/* Where the loader runs constructors, the work is done before there are threads to do it twice. */
__attribute__((constructor)) static void make_early(void)
{
    hm_os_backend();
}
