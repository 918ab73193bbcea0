#include "space/place.h"

#include <errno.h>

/* How often a range may be snatched away between being found and being taken. */
enum { ATTEMPTS = 64 };

/* Where the last reservation was put: below it is usually room, and the host finds it at once. */
static _Atomic hm_addr hint;

static hm_status place_status(int error)
{
    return error == EEXIST ? HM_STATUS_CONFLICTING_ADDRESSES : HM_STATUS_NO_MEMORY;
}

static bool is_free(const void *context, const struct hm_cell *cell)
{
    (void)context;
    return !hm_word_is_allocated(cell->word);
}

static hm_status claim_free(hm_addr start, hm_addr end, bool wait)
{
    struct hm_claim claim = {start, end, is_free, NULL, wait};
    switch (hm_claim(&claim)) {
    case HM_CLAIMED:
        return HM_STATUS_SUCCESS;
    case HM_CLAIM_NO_MEMORY:
        return HM_STATUS_NO_MEMORY;
    default:
        return HM_STATUS_CONFLICTING_ADDRESSES;
    }
}

static hm_addr granules(hm_addr length)
{
    hm_addr granularity = hm_space_granularity();
    return (length + granularity - 1) & ~(granularity - 1);
}

/* The last granule of user space is cut short by its end. */
static hm_addr mappable_end(hm_addr end)
{
    hm_addr limit = (hm_addr)hm_space_highest_address() + 1;
    return end < limit ? end : limit;
}

/* The next part of a claimed range that the library does not hold yet; false when there is none. */
static bool next_unheld(hm_addr at, hm_addr limit, struct hm_range *run)
{
    const struct hm_geometry *geometry = hm_geometry();
    run->start = hm_scan_past(at, limit, HM_CODE_HELD);
    run->end = run->start;
    while (run->end < limit) {
        struct hm_cell cell;
        hm_table_find(run->end, &cell);
        if (hm_word_code(cell.word) == HM_CODE_HELD)
            break;
        run->end = hm_cell_end(geometry, &cell);
    }
    if (run->end > limit)
        run->end = limit;
    return run->start < run->end;
}

static void unmap_claimed(hm_addr start, hm_addr end)
{
    struct hm_range run;
    for (; next_unheld(start, end, &run); start = run.end)
        (void)hm_os_backend()->release((uintptr_t)run.start, (size_t)(run.end - run.start));
}

/* Takes from the host what the library does not already hold of a claimed range. */
static int map_claimed(hm_addr start, hm_addr end)
{
    struct hm_range run;
    for (hm_addr at = start; next_unheld(at, end, &run); at = run.end) {
        uintptr_t base;
        int error =
            hm_os_backend()->reserve((uintptr_t)run.start, (size_t)(run.end - run.start), &base);
        if (error != 0) {
            unmap_claimed(start, run.start);
            return error;
        }
    }
    return 0;
}

static hm_status place_at(hm_addr start, hm_addr length, bool wait, struct hm_place *place)
{
    hm_addr end = start + granules(length);
    hm_status status = claim_free(start, end, wait);
    if (status != HM_STATUS_SUCCESS)
        return status;
    hm_addr mapped = mappable_end(end);
    int error = mapped == end || hm_split_claimed(mapped) ? map_claimed(start, mapped) : ENOMEM;
    if (error == EEXIST && start + length < mapped) {
        /* Somebody's mapping in the rest of the last granule is no obstacle here. */
        mapped = start + length;
        error = hm_split_claimed(mapped) ? map_claimed(start, mapped) : ENOMEM;
    }
    if (error != 0) {
        hm_unclaim(start, end);
        return place_status(error);
    }
    *place = (struct hm_place){start, end, mapped};
    return HM_STATUS_SUCCESS;
}

hm_status hm_place_at(hm_addr start, hm_addr length, struct hm_place *place)
{
    return place_at(start, length, true, place);
}

/* What lies before and behind the aligned part of a mapping that was made too large. */
static void trim_ends(hm_addr got, hm_addr got_end, hm_addr start, hm_addr end)
{
    const struct hm_os *os = hm_os_backend();
    /* A host that cannot cut keeps the ends mapped: inaccessible, without memory, and foreign. */
    if (got < start)
        (void)os->release((uintptr_t)got, (size_t)(start - got));
    if (end < got_end)
        (void)os->release((uintptr_t)end, (size_t)(got_end - end));
}

/* Aligned address space from the host, wherever it likes. */
static int map_aligned(hm_addr size, hm_addr alignment, hm_addr *start)
{
    const struct hm_os *os = hm_os_backend();
    uintptr_t got;
    hm_addr last = atomic_load_explicit(&hint, memory_order_relaxed);
    int error = ENOMEM;
    if (last > size + alignment) {
        hm_addr wanted = (last - size) & ~(alignment - 1);
        error = os->reserve_hint((uintptr_t)wanted, (size_t)size, &got);
        if (error == 0 && (got & (alignment - 1)) != 0) {
            if (os->release(got, (size_t)size) != 0)
                return ENOMEM;
            error = ENOMEM;
        }
    }
    if (error != 0) {
        hm_addr more = size + alignment - hm_space_page_size();
        if (more < size || more > SIZE_MAX)
            return ENOMEM;
        error = os->reserve(0, (size_t)more, &got);
        if (error != 0)
            return error;
        hm_addr aligned = ((hm_addr)got + alignment - 1) & ~(alignment - 1);
        trim_ends(got, got + more, aligned, aligned + size);
        got = (uintptr_t)aligned;
    }
    atomic_store_explicit(&hint, got, memory_order_relaxed);
    *start = got;
    return 0;
}

/* Large reservations start where large entries of the table do: they then need few of them. */
static hm_addr natural_alignment(hm_addr size)
{
    const struct hm_geometry *geometry = hm_geometry();
    if (size >= hm_level_size(geometry, HM_LEVEL_GIG))
        return hm_level_size(geometry, HM_LEVEL_GIG);
    if (size >= hm_level_size(geometry, HM_LEVEL_LARGE))
        return hm_level_size(geometry, HM_LEVEL_LARGE);
    return hm_space_granularity();
}

hm_status hm_place_anywhere(hm_addr length, struct hm_place *place)
{
    const struct hm_os *os = hm_os_backend();
    hm_addr size = granules(length);
    hm_addr aside[ATTEMPTS];
    unsigned tries = 0;
    hm_status status = HM_STATUS_NO_MEMORY;
    for (; tries < ATTEMPTS; tries++) {
        hm_addr start;
        if (map_aligned(size, natural_alignment(size), &start) != 0 &&
            map_aligned(size, hm_space_granularity(), &start) != 0) {
            status = HM_STATUS_NO_MEMORY;
            break;
        }
        status = claim_free(start, start + size, false);
        if (status == HM_STATUS_SUCCESS) {
            *place = (struct hm_place){start, start + size, start + size};
            break;
        }
        /* Another thread has claimed some of it for a reservation at that very address, and may be
         * stopped. Keep it mapped while asking again, so that the host gives something else. */
        aside[tries] = start;
        if (status == HM_STATUS_NO_MEMORY) {
            tries++;
            break;
        }
    }
    while (tries-- > 0)
        (void)os->release((uintptr_t)aside[tries], (size_t)size);
    return status == HM_STATUS_CONFLICTING_ADDRESSES ? HM_STATUS_NO_MEMORY : status;
}

/* The best start in the free gap [low, high) for that window, or UINT64_MAX. */
static hm_addr fit(hm_addr low, hm_addr high, hm_addr size, const struct hm_window *window)
{
    hm_addr mask = window->alignment - 1;
    low = low > window->lowest ? low : window->lowest;
    high = high - 1 < window->highest ? high : window->highest + 1;
    low = (low + mask) & ~mask;
    if (low >= high || high - low < size)
        return UINT64_MAX;
    return window->from_top ? (high - size) & ~mask : low;
}

/* The gap that begins at `at`: its end, and where the mapping behind it ends. The room below the main
 * stack is left to its growth. False: the host cannot be asked. */
static bool next_gap(hm_addr at, hm_addr *gap_end, hm_addr *next)
{
    const struct hm_os *os = hm_os_backend();
    struct hm_os_mapping mapping;
    *gap_end = *next = (hm_addr)os->highest_address + 1;
    int error = os->find_mapping((uintptr_t)at, &mapping);
    if (error != 0)
        return error == ENOENT;
    *gap_end = mapping.start;
    *next = mapping.end;
    if (mapping.kind == HM_OS_STACK)
        *gap_end = *gap_end > os->stack_growth ? *gap_end - os->stack_growth : 0;
    return true;
}

/* The best place for size bytes, going along the host's mappings; UINT64_MAX when there is none. */
static hm_addr find_gap(hm_addr size, const struct hm_window *window)
{
    hm_addr lowest = hm_os_backend()->lowest_address;
    hm_addr best = UINT64_MAX;
    hm_addr at = window->lowest > lowest ? window->lowest : lowest;
    while (at <= window->highest) {
        hm_addr gap_end;
        hm_addr next;
        if (!next_gap(at, &gap_end, &next))
            return UINT64_MAX;
        hm_addr start = gap_end > at ? fit(at, gap_end, size, window) : UINT64_MAX;
        if (start != UINT64_MAX) {
            best = start;
            if (!window->from_top)
                break;
        }
        at = next;
    }
    return best;
}

hm_status hm_place_in_window(hm_addr length, const struct hm_window *window, struct hm_place *place)
{
    struct hm_window w = *window;
    for (unsigned tries = 0; tries < ATTEMPTS; tries++) {
        hm_addr start = find_gap(granules(length), &w);
        if (start == UINT64_MAX)
            return HM_STATUS_NO_MEMORY;
        hm_status status = place_at(start, length, false, place);
        if (status != HM_STATUS_CONFLICTING_ADDRESSES)
            return status;
        /* Taken since it was seen, or claimed by a thread in the middle of taking it. */
        if (w.from_top)
            w.highest = start + granules(length) - 1 - w.alignment;
        else
            w.lowest = start + w.alignment;
    }
    return HM_STATUS_NO_MEMORY;
}

void hm_place_undo(const struct hm_op *op, const struct hm_place *place)
{
    if (place->mapped < place->end)
        hm_unclaim(place->mapped, place->end);
    hm_work_give_back(op, (struct hm_range){place->start, place->mapped});
}
