/*
 * sim_parts.h - what the files of the simulation share.
 */
#ifndef HM_PLATFORM_SIM_PARTS_H
#define HM_PLATFORM_SIM_PARTS_H

#include "platform/sim/sim.h"

/* The backend underneath. */
const struct hm_os *hm_sim_real(void);
size_t hm_sim_page_size(void);

/* --- trace.c: counts, faults, log, hook. --- */

/* Begins a call: counts it, checks it, reports it. The result is the errno value that the call shall
 * fail with, or 0. */
int hm_sim_begin(struct hm_sim_call *call, enum hm_sim_primitive primitive, uintptr_t address,
                 size_t size, unsigned argument);

/* Ends it: reports and keeps it. Returns the result. */
int hm_sim_end(struct hm_sim_call *call, int result);

void hm_sim_trace_reset(void);

/* Ends the process unless the condition holds that platform.h demands. */
void hm_sim_require(bool holds, const char *demand, const struct hm_sim_call *call);

/* --- pages.c: pages larger than the machine's. --- */

int hm_sim_pages_reserve(uintptr_t hint, size_t size, uintptr_t *base);
int hm_sim_pages_find(uintptr_t address, struct hm_os_mapping *mapping);
int hm_sim_pages_meta_map(size_t size, void **base);

/* --- limits.c: tables and address spaces smaller than the machine's. --- */

void hm_sim_limits_reset(void);

/* May a call add a mapping, cut some, or take address space? 0 or ENOMEM. take also charges. */
int hm_sim_limits_new(void);
int hm_sim_limits_cut(uintptr_t base, size_t size, unsigned prot);
int hm_sim_limits_hole(uintptr_t base, size_t size);
int hm_sim_limits_take(size_t size);
void hm_sim_limits_return(size_t size);
uint64_t hm_sim_limits_address_space(void);

#endif
