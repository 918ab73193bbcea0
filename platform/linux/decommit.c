/*
 * decommit.c - giving the memory of pages back.
 *
 * The steps stand in an order that keeps the contents until nothing can fail any more:
 * 1. Access is taken away. First, or a thread that still writes would fill pages again that were
 *    just emptied.
 * 2. The pages are dropped. The kernel refuses that for pages locked in memory (EINVAL), so these
 *    are unlocked, as Windows does it.
 * 3. Where the system never overcommits (vm.overcommit_memory is 2) the charge belongs to the
 *    mapping, not to its pages, and only a fresh mapping is free of it. By then the contents are
 *    gone, so a failure of this step is not one of the decommit: the charge then stays until the
 *    reservation is released.
 *
 * One case remains in which step 2 fails after some contents are gone: a kernel before 5.18, part of
 * the range locked, and no room in the table of mappings to unlock it.
 */
#include "platform/host.h"
#include "platform/linux/linux.h"
#include "platform/posix/posix.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int drop_pages(uintptr_t base, size_t size)
{
    void *pages = hm_posix_pointer(base);
    int saved = errno;
    int error = 0;

    if (madvise(pages, size, MADV_DONTNEED) != 0) {
        error = errno;
        if (error == EINVAL) {
            /* Unlocking may have to cut a mapping and find no room for that; dropping does not. */
            int advice =
                syscall(SYS_munlock, pages, size) == 0 ? MADV_DONTNEED : MADV_DONTNEED_LOCKED;
            error = madvise(pages, size, advice) == 0 ? 0 : errno;
        }
    }
    errno = saved;
    return error;
}

/*
 * Kernels before 6.12 unmap what is in the way before they know that they can map, and may leave a
 * hole. The second attempt fills it, and harms nothing where there is none.
 */
static void map_anew(uintptr_t base, size_t size)
{
    uintptr_t got;

    if (hm_posix_map(base, size, PROT_NONE, MAP_NORESERVE | MAP_FIXED, &got) != 0)
        (void)hm_host_reserve(base, size, &got);
}

int hm_host_decommit(uintptr_t base, size_t size)
{
    int error = hm_host_protect(base, size, HM_OS_NONE);
    if (error == 0)
        error = drop_pages(base, size);
    if (error == 0 && (hm_host_facilities() & HM_OS_FACILITY_OVERCOMMIT) == 0)
        map_anew(base, size);
    return error;
}
