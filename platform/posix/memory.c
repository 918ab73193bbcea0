/*
 * memory.c - mmap, munmap and mprotect as primitives of the seam.
 */
#include "platform/host.h"
#include "platform/posix/posix.h"

#include <errno.h>
#include <sys/mman.h>

int hm_posix_prot(unsigned prot)
{
    int bits = PROT_NONE;

    if (prot & HM_OS_READ)
        bits |= PROT_READ;
    if (prot & HM_OS_WRITE)
        bits |= PROT_WRITE;
    if (prot & HM_OS_EXEC)
        bits |= PROT_EXEC;
    return bits;
}

void *hm_posix_pointer(uintptr_t address)
{
    return (void *)address;
}

int hm_posix_map(uintptr_t hint, size_t size, int prot, int extra_flags, uintptr_t *base)
{
    int saved = errno;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | extra_flags;
    void *got = mmap(hm_posix_pointer(hint), size, prot, flags, -1, 0);
    int error = got == MAP_FAILED ? errno : 0;

    errno = saved;
    if (error == 0)
        *base = (uintptr_t)got;
    return error;
}

int hm_posix_unmap(uintptr_t base, size_t size)
{
    int saved = errno;
    int error = munmap(hm_posix_pointer(base), size) == 0 ? 0 : errno;

    errno = saved;
    return error;
}

int hm_host_release(uintptr_t base, size_t size)
{
    return hm_posix_unmap(base, size);
}

int hm_host_protect(uintptr_t base, size_t size, unsigned prot)
{
    int saved = errno;
    int error = mprotect(hm_posix_pointer(base), size, hm_posix_prot(prot)) == 0 ? 0 : errno;

    errno = saved;
    return error;
}

void hm_host_meta_unmap(void *base, size_t size)
{
    /* A full table of mappings refuses to cut one in two. Nobody could do anything about it: the
     * address space is lost then, its memory at least is not. */
    if (hm_posix_unmap((uintptr_t)base, size) != 0)
        hm_host_meta_discard(base, size);
}
