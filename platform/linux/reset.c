/*
 * reset.c - contents that may be dropped: MADV_FREE, and telling whether they were.
 *
 * A page that the kernel dropped is neither present nor swapped out any more, which
 * /proc/self/pagemap shows. Looking and then writing would leave a moment for it to be dropped in
 * between, so pages are locked while they are looked at: mlock2 with MLOCK_ONFAULT keeps those that
 * are there and brings back none that is not.
 */
#include "platform/host.h"
#include "platform/linux/linux.h"
#include "platform/posix/posix.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MADV_FREE
#    define MADV_FREE 8
#endif
#ifndef MLOCK_ONFAULT
#    define MLOCK_ONFAULT 1
#endif

/* Pages looked at at a time: few enough for the smallest limits on locked memory. */
enum { BATCH = 8, PRESENT_OR_SWAPPED_SHIFT = 62 };

static int read_pagemap(uintptr_t base, size_t pages, unsigned char *has)
{
    uint64_t entry[BATCH];
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t got = 0;
    int fd;

    int error = hm_linux_open("/proc/self/pagemap", &fd);
    if (error != 0)
        return error;
    for (size_t i = 0; i < pages && error == 0; i += BATCH) {
        size_t count = pages - i < BATCH ? pages - i : BATCH;
        error = hm_linux_read_at(fd, (char *)entry, count * sizeof(entry[0]),
                                 (off_t)((base / page + i) * sizeof(entry[0])), &got);
        if (error == 0 && got != count * sizeof(entry[0]))
            error = EIO;
        for (size_t k = 0; k < count && error == 0; k++)
            has[i + k] = entry[k] >> PRESENT_OR_SWAPPED_SHIFT != 0;
    }
    hm_linux_close(fd);
    return error;
}

int hm_host_has_contents(uintptr_t base, size_t size, unsigned char *has)
{
    return read_pagemap(base, size / (size_t)sysconf(_SC_PAGESIZE), has);
}

int hm_host_reset(uintptr_t base, size_t size)
{
    int saved = errno;
    int error = 0;

    if (hm_host_facilities() & HM_OS_FACILITY_LAZY_RESET) {
        if (madvise((void *)base, size, MADV_FREE) == 0)
            return 0;
        error = errno;
        if (error != EINVAL) {
            errno = saved;
            return error;
        }
        /* EINVAL says either that the kernel is older than 4.5 or that pages are locked. Locked
         * pages make the next call fail too, and then their contents simply stay. */
    }
    error = madvise((void *)base, size, MADV_DONTNEED) == 0 ? 0 : errno;
    errno = saved;
    return error;
}

/*
 * Makes the page dirty without changing it, whoever else is writing to it. Not by or-ing nothing to it,
 * which compilers know how to do without writing.
 */
static void touch(uintptr_t page)
{
    volatile _Atomic unsigned char *byte = (volatile _Atomic unsigned char *)page;
    unsigned char value = atomic_load(byte);
    /* If it fails somebody else has written, which is as good. */
    (void)atomic_compare_exchange_strong(byte, &value, value);
}

static int look_and_touch(uintptr_t base, size_t pages, const unsigned char *has, bool *kept)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char still[BATCH];

    int error = read_pagemap(base, pages, still);
    for (size_t i = 0; i < pages && error == 0; i++) {
        if (has[i] && still[i])
            touch(base + i * page);
        else if (has[i])
            *kept = false;
    }
    return error;
}

static int keep_batch(uintptr_t base, size_t pages, const unsigned char *has, bool *kept)
{
    size_t size = pages * (size_t)sysconf(_SC_PAGESIZE);
    int saved = errno;

    if (syscall(SYS_mlock2, base, size, MLOCK_ONFAULT) != 0) {
        int error = errno;
        errno = saved;
        return error;
    }
    int error = look_and_touch(base, pages, has, kept);
    (void)syscall(SYS_munlock, base, size); /* sanitizers make munlock do nothing */
    errno = saved;
    return error;
}

/* What the caller has locked stays locked: it cannot have been dropped, and needs no lock of ours. */
static int keep_some(uintptr_t base, size_t pages, const unsigned char *has, bool *kept)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    int error = 0;

    if (!hm_linux_refuses_cold(base, pages * page))
        return keep_batch(base, pages, has, kept);
    for (size_t i = 0; i < pages && error == 0; i++) {
        if (!hm_linux_refuses_cold(base + i * page, page))
            error = keep_batch(base + i * page, 1, has + i, kept);
        else
            error = look_and_touch(base + i * page, 1, has + i, kept);
    }
    return error;
}

int hm_host_keep(uintptr_t base, size_t size, const unsigned char *has, bool *kept)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t pages = size / page;
    int error = 0;

    *kept = true;
    for (size_t i = 0; i < pages && error == 0; i += BATCH)
        error = keep_some(base + i * page, pages - i < BATCH ? pages - i : BATCH, has + i, kept);
    return error;
}
