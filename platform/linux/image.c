/*
 * image.c - how far an ELF image reaches, by its own headers.
 *
 * They are read through the kernel: another thread may unmap the image meanwhile, and a fault here
 * must not happen.
 */
#include "platform/linux/linux.h"
#include "platform/linux/maps.h"
#include "platform/posix/posix.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { HEADERS_AT_ONCE = 8, HEADERS_MAX = 128 };

static bool read_memory(uintptr_t address, void *to, size_t size)
{
    struct iovec local = {.iov_base = to, .iov_len = size};
    struct iovec remote = {.iov_base = hm_posix_pointer(address), .iov_len = size};
    int saved = errno;
    ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);

    errno = saved;
    return got >= 0 && (size_t)got == size;
}

struct span {
    uintptr_t low;
    uintptr_t high;
};

static void span_add(struct span *span, const ElfW(Phdr) * header)
{
    if (header->p_type != PT_LOAD || header->p_vaddr + header->p_memsz < header->p_vaddr)
        return;
    if (header->p_vaddr < span->low)
        span->low = header->p_vaddr;
    if (header->p_vaddr + header->p_memsz > span->high)
        span->high = header->p_vaddr + header->p_memsz;
}

/* The addresses that the image's segments ask for, before it was moved to where it is. */
static bool read_span(uintptr_t headers, size_t count, struct span *span)
{
    ElfW(Phdr) some[HEADERS_AT_ONCE];

    *span = (struct span){.low = UINTPTR_MAX, .high = 0};
    for (size_t first = 0; first < count; first += HEADERS_AT_ONCE) {
        size_t now = count - first < HEADERS_AT_ONCE ? count - first : HEADERS_AT_ONCE;
        if (!read_memory(headers + first * sizeof(some[0]), some, now * sizeof(some[0])))
            return false;
        for (size_t i = 0; i < now; i++)
            span_add(span, &some[i]);
    }
    return span->low < span->high;
}

uintptr_t hm_linux_image_end(uintptr_t start)
{
    uintptr_t page = hm_linux_page_size();
    struct span span;
    ElfW(Ehdr) elf;

    if (!read_memory(start, &elf, sizeof(elf)))
        return UINTPTR_MAX;
    if (memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0)
        return 0;
    if (elf.e_phentsize != sizeof(ElfW(Phdr)) || elf.e_phnum > HEADERS_MAX ||
        !read_span(start + elf.e_phoff, elf.e_phnum, &span))
        return UINTPTR_MAX;

    uintptr_t size = span.high - span.low / page * page;
    if (size > UINTPTR_MAX - page - start)
        return UINTPTR_MAX;
    return (start + size + page - 1) / page * page;
}
