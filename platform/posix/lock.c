/*
 * lock.c - pages that must stay in memory, should come into it, or go to their files.
 */
#include "platform/host.h"
#include "platform/posix/posix.h"

#include <errno.h>
#include <sys/mman.h>

int hm_host_lock(uintptr_t base, size_t size)
{
    int saved = errno;
    int error = mlock(hm_posix_pointer(base), size) == 0 ? 0 : errno;

    errno = saved;
    return error;
}

void hm_host_prefetch(uintptr_t base, size_t size)
{
    /* What the range has mapped is brought in, whatever the result says about the rest. */
    (void)posix_madvise(hm_posix_pointer(base), size, POSIX_MADV_WILLNEED);
}

int hm_host_flush(uintptr_t base, size_t size)
{
    int saved = errno;
    int error = msync(hm_posix_pointer(base), size, MS_SYNC) == 0 ? 0 : errno;

    errno = saved;
    return error;
}
