/*
 * address_limits.c - the lowest and the highest address that user memory can have.
 *
 * Linux tells the upper limit nowhere, and it depends on the processor, on how many levels its page
 * tables have, and on the kernel's split of a 32-bit address space. Two things are known: the main
 * stack lies close under the limit, and a mapping beyond it is refused even where nothing is mapped.
 */
#include "platform/linux/linux.h"
#include "platform/posix/posix.h"

#include <errno.h>
#include <sys/auxv.h>
#include <sys/resource.h>

enum { LOWEST_WHERE_UNKNOWN = 0x10000 };

uintptr_t hm_linux_lowest_address(size_t page_size)
{
    uint64_t lowest = LOWEST_WHERE_UNKNOWN;
    uint64_t told;
    char text[32];

    if (hm_linux_read_file("/proc/sys/vm/mmap_min_addr", text, sizeof(text)) == 0 &&
        hm_linux_parse_number(text, &told))
        lowest = told;
    if (lowest < page_size)
        lowest = page_size;
    return (uintptr_t)((lowest + page_size - 1) / page_size * page_size);
}

/* Can a page be mapped here, or is one? */
static bool is_user_page(uintptr_t page, size_t page_size)
{
    uintptr_t got;
    int flags = MAP_NORESERVE | MAP_FIXED_NOREPLACE;

    int error = hm_posix_map(page, page_size, PROT_NONE, flags, &got);
    if (error == 0)
        hm_posix_unmap(got, page_size);
    return error == EEXIST || (error == 0 && got == page);
}

/* The last page that could be the user's, judged by a page that is: limits are powers of two, in a
 * 32-bit address space multiples of a quarter. */
static uintptr_t last_thinkable_page(uintptr_t known, size_t page_size)
{
    uintptr_t step = (uintptr_t)1 << 30;
    uintptr_t limit = 0;

#if UINTPTR_MAX > UINT32_MAX
    for (step = (uintptr_t)1 << 32; limit <= known; step *= 2)
        limit = step;
#else
    limit = (known / step + 1) * step; /* wraps to 0 in the last quarter */
#endif
    return limit - page_size;
}

/* Where probing tells nothing: the kernel keeps the last page of the address space to itself on
 * most processors. */
static uintptr_t highest_page(uintptr_t known, size_t page_size)
{
    uintptr_t low = known;
    uintptr_t high = last_thinkable_page(known, page_size);
    uintptr_t unused;

    /* An address space that is full, by resource limit say, would be taken for a short one. And
     * kernels that do not know the flag would answer anything. */
    if (!(hm_posix_map(0, page_size, PROT_NONE, MAP_NORESERVE, &unused) == 0 &&
          hm_posix_unmap(unused, page_size) == 0 && is_user_page(known, page_size)))
        return high - page_size;
    if (is_user_page(high, page_size))
        return high;
    if (is_user_page(high - page_size, page_size))
        return high - page_size;
    while (high - low > page_size) {
        uintptr_t middle = low + (high - low) / 2 / page_size * page_size;
        if (is_user_page(middle, page_size))
            low = middle;
        else
            high = middle;
    }
    return low;
}

uintptr_t hm_linux_highest_address(size_t page_size)
{
    /* Sixteen random bytes that the kernel puts on the main stack of every program. */
    uintptr_t known = (uintptr_t)getauxval(AT_RANDOM) / page_size * page_size;

    if (known == 0)
        known = (uintptr_t)&page_size / page_size * page_size;
    return highest_page(known, page_size) + page_size - 1;
}

/*
 * How far the main stack may grow. Its limit may be raised later, so where address space costs
 * nothing as much is left as the kernel itself leaves at least. Below a stack the kernel keeps a gap
 * free in addition, 256 pages unless it was told otherwise.
 */
size_t hm_linux_stack_growth(size_t page_size)
{
#if UINTPTR_MAX > UINT32_MAX
    const rlim_t least = (rlim_t)128 << 20;
    const rlim_t most = (rlim_t)4 << 30;
#else
    const rlim_t least = (rlim_t)8 << 20;
    const rlim_t most = (rlim_t)64 << 20;
#endif
    struct rlimit limit;
    rlim_t room = least;
    int saved = errno;

    if (getrlimit(RLIMIT_STACK, &limit) == 0)
        room = limit.rlim_cur; /* RLIM_INFINITY is the largest number */
    errno = saved;
    if (room < least)
        room = least;
    if (room > most)
        room = most;
    return ((size_t)room + page_size - 1) / page_size * page_size + 256 * page_size;
}
