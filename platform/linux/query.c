/*
 * query.c - asking the kernel for the VMA at one address (PROCMAP_QUERY, Linux 6.11).
 *
 * The question is put to the /proc/self/maps that maps_file.c keeps open: a fifth of a microsecond.
 * That number may have become another file, so any error but "no such VMA" makes us open the file
 * anew. What a file says that was just opened is believed.
 */
#include "platform/host.h"
#include "platform/linux/linux.h"
#include "platform/linux/maps.h"
#include "platform/posix/posix.h"

#include <errno.h>
#include <sys/ioctl.h>

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

/* Did it answer, if only that there is no such VMA, or that its name is too long? */
static bool is_answer(int error)
{
    return error == 0 || error == ENOENT || error == ENAMETOOLONG;
}

static bool is_refusal(int error)
{
    return error == ENOTTY || error == EINVAL || error == ENOSYS || error == EOPNOTSUPP ||
           error == EPERM || error == EACCES;
}

static int ask(struct query *query)
{
    int kept = hm_linux_maps_file_kept();
    int error;
    int fd;

    if (kept >= 0) {
        struct query attempt = *query; /* who knows what another file writes into it */
        error = ask_file(kept, &attempt);
        if (is_answer(error)) {
            *query = attempt;
            return error;
        }
    }
    error = hm_linux_maps_file_open(&fd);
    if (error != 0)
        return error;
    error = ask_file(fd, query);
    if (is_refusal(error)) {
        hm_posix_facility_refused(HM_OS_FACILITY_MAPPING_QUERY);
        error = ENOSYS;
    }
    /* One that does not answer can still be read some day when no other can be opened. */
    if (is_answer(error) || kept < 0)
        hm_linux_maps_file_keep_or_close(fd, kept);
    else
        hm_linux_close(fd);
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
 * The VMA next below an address, if it is not farther than an image's parts are from each other. The
 * kernel finds VMAs at an address and above it, never below: usually one ends where the other
 * starts, else the space before it is searched upwards.
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

/* The part of the same image next below this one; between them may be one VMA without the file. */
static bool query_part_below(const struct hm_linux_vma *part, struct hm_linux_vma *below)
{
    if (!query_below(part->start, below))
        return false;
    if (!hm_linux_is_private_file(below) && !query_below(below->start, below))
        return false;
    return hm_linux_may_be_one_image(below, part);
}

/* Where to start a walk so that it meets the whole image that the VMA may be part of. */
static uintptr_t first_of_image(const struct hm_linux_vma *vma)
{
    struct hm_linux_vma part = *vma;
    struct hm_linux_vma below;

    if (hm_linux_may_be_image_tail(vma)) {
        if (query_vma(vma->start - 1, false, &below) != 0)
            return vma->start;
        part = below;
    }
    if (!hm_linux_is_private_file(&part))
        return vma->start;
    for (unsigned i = 0; i < HM_LINUX_IMAGE_PARTS_MAX && query_part_below(&part, &below); i++)
        part = below;
    return part.start;
}

int hm_linux_find_by_query(uintptr_t address, struct hm_os_mapping *mapping)
{
    struct hm_linux_walk walk;
    struct hm_linux_vma vma;

    int error = query_vma(address, true, &vma);
    if (error != 0)
        return error;
    uintptr_t user_end = hm_linux_user_end();
    if (user_end != 0 && vma.start >= user_end)
        return ENOENT;
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

bool hm_linux_query_probe(void)
{
    struct hm_linux_vma vma;

    return query_vma((uintptr_t)&vma, true, &vma) == 0;
}
