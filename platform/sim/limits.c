/*
 * limits.c - a host whose table of mappings, or whose address space, is nearly full.
 *
 * The table is counted by walking it, so that it never disagrees with the host. A call that would
 * have to cut a mapping counts the pieces, as Linux does: what merges afterwards does not help it.
 */
#include "platform/sim/sim_parts.h"

#include <errno.h>
#include <stdatomic.h>

static atomic_size_t mappings_max; /* 0: no limit */
static _Atomic uint64_t space_max; /* 0: no limit */
static _Atomic uint64_t space_taken;

static size_t count_mappings(void)
{
    struct hm_os_mapping mapping;
    size_t count = 0;

    for (uintptr_t at = 0; hm_sim_real()->find_mapping(at, &mapping) == 0; at = mapping.end)
        count++;
    return count;
}

void hm_sim_set_limits(size_t more_mappings, uint64_t address_space)
{
    atomic_store(&mappings_max, more_mappings == 0 ? 0 : count_mappings() + more_mappings);
    atomic_store(&space_max, address_space);
}

void hm_sim_limits_reset(void)
{
    atomic_store(&space_taken, 0);
}

static int room_for(size_t more)
{
    size_t most = atomic_load(&mappings_max);

    if (most == 0 || more == 0)
        return 0;
    return count_mappings() + more > most ? ENOMEM : 0;
}

int hm_sim_limits_new(void)
{
    return room_for(1);
}

/* Is the address inside a mapping, not at its start? */
static bool is_inside(uintptr_t address, struct hm_os_mapping *mapping)
{
    return hm_sim_real()->find_mapping(address, mapping) == 0 && mapping->start < address;
}

int hm_sim_limits_cut(uintptr_t base, size_t size, unsigned prot)
{
    struct hm_os_mapping mapping;
    size_t cuts = 0;

    if (atomic_load(&mappings_max) == 0)
        return 0;
    if (is_inside(base, &mapping) && mapping.prot != prot)
        cuts++;
    if (is_inside(base + size, &mapping) && mapping.prot != prot)
        cuts++;
    return room_for(cuts);
}

int hm_sim_limits_hole(uintptr_t base, size_t size)
{
    struct hm_os_mapping mapping;

    if (atomic_load(&mappings_max) == 0)
        return 0;
    return is_inside(base, &mapping) && mapping.end > base + size ? room_for(1) : 0;
}

int hm_sim_limits_take(size_t size)
{
    uint64_t most = atomic_load(&space_max);
    uint64_t taken = atomic_fetch_add(&space_taken, size);

    if (most == 0 || (taken <= most && size <= most - taken))
        return 0;
    atomic_fetch_sub(&space_taken, size);
    return ENOMEM;
}

void hm_sim_limits_return(size_t size)
{
    uint64_t taken = atomic_load(&space_taken);

    /* What was reserved before the simulation was installed is not in the count. */
    while (!atomic_compare_exchange_weak(&space_taken, &taken, taken > size ? taken - size : 0)) {
    }
}

uint64_t hm_sim_limits_address_space(void)
{
    return atomic_load(&space_max);
}

uint64_t hm_sim_reserved(void)
{
    return atomic_load(&space_taken);
}
