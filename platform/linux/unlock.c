/*
 * unlock.c - unlocking, with an error for what was not locked.
 *
 * munlock succeeds on any memory, and no query tells what is locked but the text of smaps, which
 * counts every page of the process. MADV_COLD tells it too: it refuses pages that are locked, and to
 * others does nothing but call them less recently used. One page of each mapping is asked about,
 * since the kernel never keeps locked and other pages in one mapping.
 */
#include "platform/host.h"
#include "platform/linux/linux.h"
#include "platform/posix/posix.h"

#include <errno.h>
#include <sys/mman.h>

#ifndef MADV_COLD
#    define MADV_COLD 20 /* Linux 5.4 */
#endif

bool hm_linux_refuses_cold(uintptr_t page, size_t size)
{
    int saved = errno;
    bool refused = madvise(hm_posix_pointer(page), size, MADV_COLD) != 0 && errno == EINVAL;

    errno = saved;
    return refused;
}

static bool is_locked(uintptr_t base, size_t size)
{
    struct hm_os_mapping mapping;

    for (uintptr_t at = base; at - base < size; at = mapping.end) {
        if (hm_host_find_mapping(at, &mapping) != 0 || mapping.start > at)
            return false;
        if (!hm_linux_refuses_cold(at, hm_linux_page_size()))
            return false;
    }
    return true;
}

int hm_host_unlock(uintptr_t base, size_t size)
{
    /* An older kernel refuses the advice as such, for no pages too: nothing is known then. */
    bool can_tell = !hm_linux_refuses_cold(base, 0);

    if (can_tell && !is_locked(base, size))
        return ENOLCK;
    int saved = errno;
    int error = munlock(hm_posix_pointer(base), size) == 0 ? 0 : errno;
    errno = saved;
    return error;
}
