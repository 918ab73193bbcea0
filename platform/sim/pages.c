/*
 * pages.c - pages larger than the machine's.
 *
 * What the simulation hands out is aligned to its pages by taking more and giving the ends back.
 * What others mapped is shown as a machine with such pages could have it: rounded outwards, and a
 * page that several mappings share belongs to the lowest of them.
 */
#include "platform/sim/sim_parts.h"

#include <errno.h>

static uintptr_t round_up(uintptr_t address)
{
    uintptr_t page = hm_sim_page_size();

    return (address + page - 1) / page * page;
}

static uintptr_t round_down(uintptr_t address)
{
    return address / hm_sim_page_size() * hm_sim_page_size();
}

/* How much too much must be taken so that an aligned part is in it. */
static size_t slack(void)
{
    return hm_sim_page_size() - hm_sim_real()->page_size;
}

int hm_sim_pages_reserve(uintptr_t hint, size_t size, uintptr_t *base)
{
    const struct hm_os *real = hm_sim_real();
    uintptr_t got;

    int error = real->reserve_hint(hint, size, &got);
    if (error != 0)
        return error;
    if (got != round_up(got)) {
        (void)real->release(got, size);
        if (size > SIZE_MAX - slack())
            return ENOMEM;
        error = real->reserve(0, size + slack(), &got);
        if (error != 0)
            return error;
        uintptr_t aligned = round_up(got);
        uintptr_t end = got + size + slack();
        if (aligned != got)
            (void)real->release(got, aligned - got);
        if (aligned + size != end)
            (void)real->release(aligned + size, end - aligned - size);
        got = aligned;
    }
    *base = got;
    return 0;
}

int hm_sim_pages_meta_map(size_t size, void **base)
{
    const struct hm_os *real = hm_sim_real();
    void *got;

    if (size > SIZE_MAX - slack())
        return ENOMEM;
    int error = real->meta_map(size + slack(), &got);
    if (error != 0)
        return error;
    char *first = got;
    size_t before = round_up((uintptr_t)first) - (uintptr_t)first;
    if (before != 0)
        real->meta_unmap(first, before);
    if (before != slack())
        real->meta_unmap(first + before + size, slack() - before);
    *base = first + before;
    return 0;
}

/* Does this page belong to the mapping that starts in it, or does a lower one reach into it? */
static bool owns_page(uintptr_t page, uintptr_t start)
{
    struct hm_os_mapping lowest;

    return hm_sim_real()->find_mapping(page, &lowest) != 0 || lowest.start >= start;
}

int hm_sim_pages_find(uintptr_t address, struct hm_os_mapping *mapping)
{
    uintptr_t user_end = round_down(hm_sim_real()->highest_address + 1);
    uintptr_t page = round_down(address);

    if (address >= user_end)
        return ENOENT;
    int error = hm_sim_real()->find_mapping(page, mapping);
    if (error != 0)
        return error;
    if (mapping->start >= user_end)
        return ENOENT;
    uintptr_t start = round_down(mapping->start);
    if (start < page && !owns_page(start, mapping->start))
        start = round_up(mapping->start);
    if (mapping->allocation >= mapping->start)
        mapping->allocation = start;
    else
        mapping->allocation = round_down(mapping->allocation);
    mapping->start = start;
    mapping->end = round_up(mapping->end);
    if (mapping->end > user_end)
        mapping->end = user_end;
    return 0;
}
