/*
 * meta.c - memory for the library's own tables.
 */
#include "platform/host.h"
#include "platform/linux/linux.h"
#include "platform/posix/posix.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#ifndef PR_SET_VMA
#    define PR_SET_VMA           0x53564d61 /* Linux 5.17 */
#    define PR_SET_VMA_ANON_NAME 0
#endif

int hm_host_meta_map(size_t size, void **base)
{
    uintptr_t got;

    int error = hm_posix_map(0, size, PROT_READ | PROT_WRITE, MAP_NORESERVE, &got);
    if (error != 0)
        return error;
    *base = hm_posix_pointer(got);

    int saved = errno;
    /* Tables are sparse: a huge page for each touched entry would multiply what they cost. Kernels
     * without huge pages, or without names, refuse, and nothing is lost. */
    (void)madvise(*base, size, MADV_NOHUGEPAGE);
    (void)prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, got, size, "hostmem");
    errno = saved;
    return 0;
}

void hm_host_meta_discard(void *base, size_t size)
{
    int saved = errno;

    /* A program that locks all its memory (mlockall) makes the first refuse. The caller relies on
     * zeros more than on the memory, so writing them is the last resort. */
    if (madvise(base, size, MADV_DONTNEED) != 0 && madvise(base, size, MADV_DONTNEED_LOCKED) != 0)
        memset(base, 0, size);
    errno = saved;
}
