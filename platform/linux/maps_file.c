/*
 * maps_file.c - an open /proc/self/maps, kept for later.
 *
 * Asking a file that is open already costs a fifth of opening one, and works where no file can be
 * opened any more. Its number is ours only by habit: programs close numbers that they did not open,
 * and reuse them. So nothing here ever closes a number that was once put up for all, and who uses it
 * must be ready to find another file there.
 *
 * After fork the child's copy still speaks about the parent. The number therefore lies in a page
 * that the kernel wipes in the child, which serves for every way to fork. Where the kernel cannot
 * wipe (before 4.14) nothing is kept.
 */
#include "platform/linux/linux.h"
#include "platform/linux/maps.h"
#include "platform/posix/posix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#ifndef MADV_WIPEONFORK
#    define MADV_WIPEONFORK 18
#endif

/* Numbers from here up: programs that put files at fixed low numbers leave ours alone. */
enum { FIRST_FILE = 100 };

/* The file's number plus 1, or 0, in the page that is wiped. */
static _Atomic(atomic_int *) keeper;

void hm_linux_maps_file_prepare(void)
{
    size_t size = hm_linux_page_size();
    atomic_int *none = NULL;
    uintptr_t page;

    if (atomic_load(&keeper) != NULL ||
        hm_posix_map(0, size, PROT_READ | PROT_WRITE, 0, &page) != 0)
        return;
    int saved = errno;
    bool wiped = madvise(hm_posix_pointer(page), size, MADV_WIPEONFORK) == 0;
    errno = saved;
    /* Another thread may have been faster. */
    if (!wiped ||
        !atomic_compare_exchange_strong(&keeper, &none, (atomic_int *)hm_posix_pointer(page)))
        hm_posix_unmap(page, size);
}

int hm_linux_maps_file_kept(void)
{
    const atomic_int *kept = atomic_load_explicit(&keeper, memory_order_acquire);

    return kept != NULL ? atomic_load_explicit(kept, memory_order_relaxed) - 1 : -1;
}

int hm_linux_maps_file_open(int *fd)
{
    int error = hm_linux_open("/proc/self/maps", fd);
    if (error != 0)
        return error;

    int saved = errno;
    int higher = fcntl(*fd, F_DUPFD_CLOEXEC, FIRST_FILE);
    errno = saved;
    if (higher >= 0) {
        hm_linux_close(*fd);
        *fd = higher;
    }
    return 0;
}

void hm_linux_maps_file_keep_or_close(int fd, int instead_of)
{
    atomic_int *kept = atomic_load_explicit(&keeper, memory_order_acquire);
    int expected = instead_of + 1;

    if (kept == NULL || !atomic_compare_exchange_strong(kept, &expected, fd + 1))
        hm_linux_close(fd);
}

/* "before", then the number or text, then "after" */
static bool link_is(const char *path, const char *before, const char *middle, const char *after)
{
    const char *parts[] = {before, middle, after};
    char target[64];
    int saved = errno;
    ssize_t length = readlink(path, target, sizeof(target) - 1);

    errno = saved;
    if (length < 0)
        return false;
    target[length] = '\0';
    const char *rest = target;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        size_t size = strlen(parts[i]);
        if (strncmp(rest, parts[i], size) != 0)
            return false;
        rest += size;
    }
    return *rest == '\0';
}

/* "/proc/self/fd/" and the number. */
static void path_of_file(int fd, char *path, size_t size)
{
    char digits[16];
    size_t count = 0;

    do
        digits[count++] = (char)('0' + fd % 10);
    while ((fd /= 10) != 0);
    memset(path, 0, size);
    memcpy(path, "/proc/self/fd/", sizeof("/proc/self/fd/"));
    for (char *to = path + strlen(path); count > 0; to++)
        *to = digits[--count];
}

int hm_linux_maps_file_spare(void)
{
    char path[40];
    char self[32] = {0};
    int fd = hm_linux_maps_file_kept();

    if (fd < 0)
        return -1;
    int saved = errno;
    ssize_t length = readlink("/proc/self", self, sizeof(self) - 1);
    errno = saved;
    path_of_file(fd, path, sizeof(path));
    return length > 0 && link_is(path, "/proc/", self, "/maps") ? fd : -1;
}
