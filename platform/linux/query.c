/*
 * query.c - asking the kernel for the VMA at one address (PROCMAP_QUERY, Linux 6.11).
 *
 * The question is put to an open /proc/self/maps, kept open between queries: it costs a fifth of a
 * microsecond then, and works where no file can be opened any more. The file's number is ours only
 * by habit: programs close numbers that they did not open, and reuse them. So any error but "no such
 * VMA" makes us open the file again; a number once given to the cache is never closed.
 *
 * After fork the child's copy still speaks about the parent. The cache therefore lies in a page that
 * the kernel wipes in the child, which serves for every way to fork.
 */
#include "platform/host.h"
#include "platform/linux/linux.h"
#include "platform/linux/maps.h"
#include "platform/posix/posix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#ifndef MADV_WIPEONFORK
#    define MADV_WIPEONFORK 18 /* Linux 4.14 */
#endif

/* As in <linux/fs.h> of Linux 6.11; the names are ours, so that newer headers do no harm. */
struct query {
    uint64_t size; /* of this */
    uint64_t query_flags;
    uint64_t query_addr;
    uint64_t vma_start;
    uint64_t vma_end;
    uint64_t vma_flags;
    uint64_t vma_page_size;
    uint64_t vma_offset;
    uint64_t inode;
    uint32_t dev_major;
    uint32_t dev_minor;
    uint32_t vma_name_size; /* in: of the buffer; out: of the name, with its NUL */
    uint32_t build_id_size;
    uint64_t vma_name_addr;
    uint64_t build_id_addr;
};
_Static_assert(sizeof(struct query) == 104, "layout of struct procmap_query");

#define QUERY_IOCTL _IOWR('f', 17, struct query)

enum {
    QUERY_READABLE = 0x01, /* in vma_flags */
    QUERY_WRITABLE = 0x02,
    QUERY_EXECUTABLE = 0x04,
    QUERY_SHARED = 0x08,
    QUERY_OR_NEXT = 0x10 /* in query_flags: the next VMA where none covers the address */
};

/* Numbers from here up: programs that put files at fixed low numbers leave ours alone. */
enum { FIRST_FILE = 100 };

/* The open file's number plus 1, or 0, in the page that is wiped. */
static _Atomic(atomic_int *) cache;

static const char maps_path[] = "/proc/self/maps";

static int ask_file(int fd, struct query *query)
{
    int saved = errno;
    int error = 0;

    while (ioctl(fd, QUERY_IOCTL, query) != 0) {
        error = errno;
        if (error != EINTR)
            break;
        error = 0;
    }
    errno = saved;
    return error;
}

static int open_maps(int *fd)
{
    int error = hm_linux_open(maps_path, fd);
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

/* Keeps the file open for later queries, unless the cache changed since it held seen. */
static void keep_or_close(int fd, int seen)
{
    atomic_int *kept = atomic_load_explicit(&cache, memory_order_acquire);

    if (kept == NULL || !atomic_compare_exchange_strong(kept, &seen, fd + 1))
        hm_linux_close(fd);
}

static int ask(struct query *query)
{
    const atomic_int *kept = atomic_load_explicit(&cache, memory_order_acquire);
    int seen = kept != NULL ? atomic_load_explicit(kept, memory_order_relaxed) : 0;
    int error;
    int fd;

    if (seen != 0) {
        struct query attempt = *query;
        error = ask_file(seen - 1, &attempt);
        if (error == 0 || error == ENOENT || error == ENAMETOOLONG) {
            *query = attempt;
            return error;
        }
    }
    error = open_maps(&fd);
    if (error != 0)
        return error;
    error = ask_file(fd, query);
    if (error == ENOTTY || error == EINVAL || error == ENOSYS) {
        /* A file just opened cannot be the wrong one: this kernel does not answer. */
        hm_posix_facility_refused(HM_OS_FACILITY_MAPPING_QUERY);
        error = ENOSYS;
    }
    keep_or_close(fd, seen);
    return error;
}

/* The VMA that covers the address or, with or_next, the first above. */
static int query_vma(uintptr_t address, bool or_next, struct hm_linux_vma *vma)
{
    struct query query = {
        .size = sizeof(query),
        .query_flags = or_next ? QUERY_OR_NEXT : 0,
        .query_addr = address,
    };

    int error = ask(&query);
    if (error != 0)
        return error;
    *vma = (struct hm_linux_vma){
        .start = (uintptr_t)query.vma_start,
        .end = (uintptr_t)query.vma_end,
        .offset = query.vma_offset,
        .device = (uint64_t)query.dev_major << 32 | query.dev_minor,
        .inode = query.inode,
        .shared = (query.vma_flags & QUERY_SHARED) != 0,
    };
    if (query.vma_flags & QUERY_READABLE)
        vma->prot |= HM_OS_READ;
    if (query.vma_flags & QUERY_WRITABLE)
        vma->prot |= HM_OS_WRITE;
    if (query.vma_flags & QUERY_EXECUTABLE)
        vma->prot |= HM_OS_EXEC;
    return 0;
}

static enum hm_linux_name query_name(uintptr_t address)
{
    char text[HM_LINUX_NAME_SIZE];
    struct query query = {
        .size = sizeof(query),
        .query_addr = address,
        .vma_name_size = sizeof(text),
        .vma_name_addr = (uintptr_t)text,
    };

    /* Names that are too long for the text tell nothing (ENAMETOOLONG). */
    if (ask(&query) != 0 || query.vma_name_size == 0 || query.vma_name_size > sizeof(text))
        return HM_LINUX_NAME_OTHER;
    text[sizeof(text) - 1] = '\0';
    return hm_linux_name_of(text);
}

/*
 * The VMA next below one, if close enough to be part of the same image. The kernel finds VMAs at an
 * address and above it, never below: usually one ends where the other starts, else the space before
 * it is searched upwards.
 */
static bool query_below(uintptr_t start, struct hm_linux_vma *below)
{
    if (start == 0)
        return false;
    if (query_vma(start - 1, false, below) == 0)
        return true;

    uintptr_t from = start > HM_LINUX_IMAGE_GAP_MAX ? start - HM_LINUX_IMAGE_GAP_MAX : 0;
    struct hm_linux_vma next;
    bool found = false;
    for (unsigned i = 0; i < HM_LINUX_IMAGE_PARTS_MAX; i++) {
        if (query_vma(from, true, &next) != 0 || next.start >= start)
            return found;
        *below = next;
        found = true;
        from = next.end;
    }
    return false;
}

/* Where to start a walk so that it meets the whole image that the VMA may be part of. */
static uintptr_t first_of_image(const struct hm_linux_vma *vma)
{
    struct hm_linux_vma upper = *vma;
    struct hm_linux_vma below;

    if (hm_linux_may_be_image_tail(vma)) {
        if (query_vma(vma->start - 1, false, &below) != 0 || !hm_linux_is_private_file(&below))
            return vma->start;
        upper = below;
    }
    for (unsigned i = 0; hm_linux_is_private_file(&upper) && i < HM_LINUX_IMAGE_PARTS_MAX; i++) {
        if (!query_below(upper.start, &below) || !hm_linux_may_be_one_image(&below, &upper))
            break;
        upper = below;
    }
    return upper.start;
}

int hm_linux_find_by_query(uintptr_t address, struct hm_os_mapping *mapping)
{
    struct hm_linux_walk walk;
    struct hm_linux_vma vma;

    int error = query_vma(address, true, &vma);
    if (error != 0)
        return error;
    uintptr_t first = first_of_image(&vma);
    if (first != vma.start && (error = query_vma(first, true, &vma)) != 0)
        return error;

    hm_linux_walk_begin(&walk, address);
    while (hm_linux_walk_step(&walk, &vma)) {
        error = query_vma(vma.end, true, &vma);
        if (error == ENOENT)
            break;
        if (error != 0)
            return error;
    }
    if (hm_linux_walk_needs_name(&walk))
        walk.vma.name = query_name(walk.vma.start);
    return hm_linux_walk_end(&walk, mapping);
}

/* Makes the page for the cache; without it every query opens the file anew. */
static void make_cache(void)
{
    size_t size = hm_linux_page_size();
    atomic_int *none = NULL;
    uintptr_t page;

    if (atomic_load(&cache) != NULL || hm_posix_map(0, size, PROT_READ | PROT_WRITE, 0, &page) != 0)
        return;
    int saved = errno;
    bool wiped = madvise(hm_posix_pointer(page), size, MADV_WIPEONFORK) == 0;
    errno = saved;
    /* Another thread may have been faster. */
    if (!wiped ||
        !atomic_compare_exchange_strong(&cache, &none, (atomic_int *)hm_posix_pointer(page)))
        hm_posix_unmap(page, size);
}

bool hm_linux_query_probe(void)
{
    struct hm_linux_vma vma;

    make_cache();
    return query_vma((uintptr_t)&vma, true, &vma) == 0;
}

int hm_linux_query_spare_file(void)
{
    const atomic_int *kept = atomic_load_explicit(&cache, memory_order_acquire);

    return kept != NULL ? atomic_load_explicit(kept, memory_order_relaxed) - 1 : -1;
}
