/*
 * sim.c - the simulation's table: each primitive is traced, limited, and done by the real backend.
 */
#include "platform/sim/sim_parts.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct hm_os *real;
static struct hm_os simulated;
static bool partial;
static _Atomic uint64_t physical_total; /* 0: the truth */
static _Atomic uint64_t physical_available;

const struct hm_os *hm_sim_real(void)
{
    return real;
}

size_t hm_sim_page_size(void)
{
    return simulated.page_size;
}

static unsigned hm_sim_facilities(void)
{
    return real->facilities();
}

static int take(size_t size, int error)
{
    if (error == 0)
        error = hm_sim_limits_new();
    return error == 0 ? hm_sim_limits_take(size) : error;
}

static int hm_sim_reserve(uintptr_t wanted, size_t size, uintptr_t *base)
{
    struct hm_sim_call call;

    int error = take(size, hm_sim_begin(&call, HM_SIM_RESERVE, wanted, size, 0));
    if (error != 0)
        return hm_sim_end(&call, error);
    if (wanted != 0)
        error = real->reserve(wanted, size, base);
    else
        error = hm_sim_pages_reserve(0, size, base);
    if (error != 0)
        hm_sim_limits_return(size);
    else
        call.address = *base;
    return hm_sim_end(&call, error);
}

static int hm_sim_reserve_hint(uintptr_t hint, size_t size, uintptr_t *base)
{
    struct hm_sim_call call;

    int error = take(size, hm_sim_begin(&call, HM_SIM_RESERVE_HINT, hint, size, 0));
    if (error != 0)
        return hm_sim_end(&call, error);
    error = hm_sim_pages_reserve(hint, size, base);
    if (error != 0)
        hm_sim_limits_return(size);
    else
        call.address = *base;
    return hm_sim_end(&call, error);
}

static int hm_sim_release(uintptr_t base, size_t size)
{
    struct hm_sim_call call;

    int error = hm_sim_begin(&call, HM_SIM_RELEASE, base, size, 0);
    if (error == 0)
        error = hm_sim_limits_hole(base, size);
    if (error == 0)
        error = real->release(base, size);
    if (error == 0)
        hm_sim_limits_return(size);
    return hm_sim_end(&call, error);
}

static int hm_sim_protect(uintptr_t base, size_t size, unsigned prot)
{
    struct hm_sim_call call;

    int error = hm_sim_begin(&call, HM_SIM_PROTECT, base, size, prot);
    if (error != 0) {
        size_t prefix = size / 2 / simulated.page_size * simulated.page_size;
        if (partial && prefix != 0)
            (void)real->protect(base, prefix, prot);
        return hm_sim_end(&call, error);
    }
    error = hm_sim_limits_cut(base, size, prot);
    if (error == 0)
        error = real->protect(base, size, prot);
    return hm_sim_end(&call, error);
}

static int hm_sim_decommit(uintptr_t base, size_t size)
{
    struct hm_sim_call call;

    int error = hm_sim_begin(&call, HM_SIM_DECOMMIT, base, size, 0);
    if (error != 0) {
        if (partial)
            (void)real->protect(base, size, HM_OS_NONE);
        return hm_sim_end(&call, error);
    }
    error = hm_sim_limits_cut(base, size, HM_OS_NONE);
    if (error == 0)
        error = real->decommit(base, size);
    return hm_sim_end(&call, error);
}

/* A larger page has contents when one of the machine's pages in it has. */
static int hm_sim_has_contents(uintptr_t base, size_t size, unsigned char *has)
{
    struct hm_sim_call call;
    unsigned char part[64];

    int error = hm_sim_begin(&call, HM_SIM_HAS_CONTENTS, base, size, 0);
    for (size_t at = 0; at < size && error == 0; at += simulated.page_size) {
        error = real->has_contents(base + at, simulated.page_size, part);
        size_t parts = simulated.page_size / real->page_size;
        has[at / simulated.page_size] = memchr(part, 1, parts) != NULL;
    }
    return hm_sim_end(&call, error);
}

static int hm_sim_reset(uintptr_t base, size_t size)
{
    struct hm_sim_call call;

    int error = hm_sim_begin(&call, HM_SIM_RESET, base, size, 0);
    if (error == 0)
        error = real->reset(base, size);
    return hm_sim_end(&call, error);
}

static int hm_sim_keep(uintptr_t base, size_t size, const unsigned char *has, bool *kept)
{
    struct hm_sim_call call;

    int error = hm_sim_begin(&call, HM_SIM_KEEP, base, size, 0);
    *kept = true;
    for (size_t at = 0; at < size && error == 0; at += simulated.page_size) {
        /* Which part of a larger page had the contents is not known any more: any will do. */
        bool any = !has[at / simulated.page_size];
        for (size_t part = 0; part < simulated.page_size && error == 0; part += real->page_size) {
            bool still;
            error =
                real->keep(base + at + part, real->page_size, (const unsigned char *)"\1", &still);
            any |= still;
        }
        *kept &= any;
    }
    return hm_sim_end(&call, error);
}

static int hm_sim_lock(uintptr_t base, size_t size)
{
    struct hm_sim_call call;

    int error = hm_sim_begin(&call, HM_SIM_LOCK, base, size, 0);
    if (error == 0)
        error = real->lock(base, size);
    return hm_sim_end(&call, error);
}

static int hm_sim_unlock(uintptr_t base, size_t size)
{
    struct hm_sim_call call;

    int error = hm_sim_begin(&call, HM_SIM_UNLOCK, base, size, 0);
    if (error == 0)
        error = real->unlock(base, size);
    return hm_sim_end(&call, error);
}

static void hm_sim_prefetch(uintptr_t base, size_t size)
{
    struct hm_sim_call call;

    (void)hm_sim_begin(&call, HM_SIM_PREFETCH, base, size, 0);
    real->prefetch(base, size);
    (void)hm_sim_end(&call, 0);
}

static int hm_sim_flush(uintptr_t base, size_t size)
{
    struct hm_sim_call call;

    int error = hm_sim_begin(&call, HM_SIM_FLUSH, base, size, 0);
    if (error == 0)
        error = real->flush(base, size);
    return hm_sim_end(&call, error);
}

static int hm_sim_find_mapping(uintptr_t address, struct hm_os_mapping *mapping)
{
    struct hm_sim_call call;

    int error = hm_sim_begin(&call, HM_SIM_FIND_MAPPING, address, 0, 0);
    if (error == 0)
        error = hm_sim_pages_find(address, mapping);
    if (error == 0) {
        call.address = mapping->start;
        call.size = mapping->end - mapping->start;
        call.argument = mapping->prot;
    }
    return hm_sim_end(&call, error);
}

static int hm_sim_load(struct hm_os_load *load)
{
    struct hm_sim_call call;
    uint64_t total = atomic_load(&physical_total);

    int error = hm_sim_begin(&call, HM_SIM_LOAD, 0, 0, 0);
    if (error == 0)
        error = real->load(load);
    if (error == 0 && total != 0) {
        load->physical_total = total;
        load->physical_available = atomic_load(&physical_available);
        load->group = (struct hm_os_limit){0}; /* the host's own must not come through */
    }
    if (error == 0 && hm_sim_limits_address_space() != 0) {
        load->address_limit = hm_sim_limits_address_space();
        load->address_used = hm_sim_reserved();
    }
    return hm_sim_end(&call, error);
}

static int hm_sim_meta_map(size_t size, void **base)
{
    struct hm_sim_call call;

    int error = hm_sim_begin(&call, HM_SIM_META_MAP, 0, size, 0);
    if (error == 0)
        error = hm_sim_limits_new();
    if (error == 0)
        error = hm_sim_pages_meta_map(size, base);
    if (error == 0)
        call.address = (uintptr_t)*base;
    return hm_sim_end(&call, error);
}

static void hm_sim_meta_unmap(void *base, size_t size)
{
    struct hm_sim_call call;

    (void)hm_sim_begin(&call, HM_SIM_META_UNMAP, (uintptr_t)base, size, 0);
    real->meta_unmap(base, size);
    (void)hm_sim_end(&call, 0);
}

static void hm_sim_meta_discard(void *base, size_t size)
{
    struct hm_sim_call call;

    (void)hm_sim_begin(&call, HM_SIM_META_DISCARD, (uintptr_t)base, size, 0);
    real->meta_discard(base, size);
    (void)hm_sim_end(&call, 0);
}

static void hm_sim_mask_signals(struct hm_os_mask *saved)
{
    struct hm_sim_call call;

    (void)hm_sim_begin(&call, HM_SIM_MASK_SIGNALS, 0, 0, 0);
    real->mask_signals(saved);
    (void)hm_sim_end(&call, 0);
}

static void hm_sim_restore_signals(const struct hm_os_mask *saved)
{
    struct hm_sim_call call;

    (void)hm_sim_begin(&call, HM_SIM_RESTORE_SIGNALS, 0, 0, 0);
    real->restore_signals(saved);
    (void)hm_sim_end(&call, 0);
}

static void hm_sim_wait_step(unsigned round)
{
    struct hm_sim_call call;

    (void)hm_sim_begin(&call, HM_SIM_WAIT_STEP, 0, 0, round);
    real->wait_step(round);
    (void)hm_sim_end(&call, 0);
}

static int hm_sim_on_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    struct hm_sim_call call;

    int error = hm_sim_begin(&call, HM_SIM_ON_FORK, 0, 0, 0);
    if (error == 0)
        error = real->on_fork(prepare, parent, child);
    return hm_sim_end(&call, error);
}

static unsigned hm_sim_processor_count(void)
{
    return real->processor_count();
}

static uintptr_t round_up(uintptr_t value, size_t page)
{
    return (value + page - 1) / page * page;
}

void hm_sim_set_load(uint64_t total, uint64_t available)
{
    atomic_store(&physical_available, available);
    atomic_store(&physical_total, total);
}

void hm_sim_install(const struct hm_sim_config *config)
{
    static const struct hm_sim_config defaults;

    if (config == NULL)
        config = &defaults;
    hm_os_set_backend(NULL);
    real = hm_os_backend();
    size_t page = config->page_size != 0 ? config->page_size : real->page_size;
    if (page < real->page_size || (page & (page - 1)) != 0) {
        (void)fprintf(stderr, "hostmem sim: pages of %zu bytes cannot be had here\n", page);
        abort();
    }
    simulated = (struct hm_os){
        .name = "sim",
        .page_size = page,
        .highest_address = (real->highest_address + 1) / page * page - 1,
        .lowest_address = round_up(real->lowest_address, page),
        .stack_growth = round_up(real->stack_growth, page),
        HM_OS_FUNCTIONS(hm_sim_),
    };
    partial = config->partial;
    hm_sim_trace_reset();
    hm_sim_limits_reset();
    hm_sim_set_limits(config->more_mappings, config->address_space);
    hm_sim_set_load(config->physical_total, config->physical_available);
    hm_sim_set_hook(config->hook, config->context);
    hm_os_set_backend(&simulated);
}

void hm_sim_remove(void)
{
    hm_sim_set_hook(NULL, NULL);
    hm_os_set_backend(NULL);
}
