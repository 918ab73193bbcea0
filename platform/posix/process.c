/*
 * process.c - fork, and how many processors there are.
 */
#include "platform/host.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

int hm_host_on_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    return pthread_atfork(prepare, parent, child);
}

unsigned hm_host_processor_count(void)
{
    int saved = errno;
    long count = sysconf(_SC_NPROCESSORS_ONLN);

    errno = saved;
    return count < 1 ? 1 : (unsigned)count;
}
