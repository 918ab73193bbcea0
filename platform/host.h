/*
 * host.h - what the files of one backend define together.
 *
 * A backend is put together at link time: posix/ defines the primitives that every POSIX system
 * shares, the system's own folder defines the rest, all under the names below. One that is missing
 * does not link, one that differs from the seam does not compile. What each does is said in
 * platform.h.
 */
#ifndef HM_PLATFORM_HOST_H
#define HM_PLATFORM_HOST_H

#include "platform/platform.h"

/* Fills in a backend's facts and functions. May run in several threads at once, each with its own
 * table, and in a signal handler; what it finds out must be the same each time. */
void hm_host_describe(struct hm_os *os);

unsigned hm_host_facilities(void);
int hm_host_reserve(uintptr_t wanted, size_t size, uintptr_t *base);
int hm_host_reserve_hint(uintptr_t hint, size_t size, uintptr_t *base);
int hm_host_release(uintptr_t base, size_t size);
int hm_host_protect(uintptr_t base, size_t size, unsigned prot);
int hm_host_decommit(uintptr_t base, size_t size);
int hm_host_has_contents(uintptr_t base, size_t size, unsigned char *has);
int hm_host_reset(uintptr_t base, size_t size);
int hm_host_keep(uintptr_t base, size_t size, const unsigned char *has, bool *kept);
int hm_host_lock(uintptr_t base, size_t size);
int hm_host_unlock(uintptr_t base, size_t size);
void hm_host_prefetch(uintptr_t base, size_t size);
int hm_host_flush(uintptr_t base, size_t size);
int hm_host_find_mapping(uintptr_t address, struct hm_os_mapping *mapping);
int hm_host_load(struct hm_os_load *load);
int hm_host_meta_map(size_t size, void **base);
void hm_host_meta_unmap(void *base, size_t size);
void hm_host_meta_discard(void *base, size_t size);
void hm_host_mask_signals(struct hm_os_mask *saved);
void hm_host_restore_signals(const struct hm_os_mask *saved);
void hm_host_wait_step(unsigned round);
int hm_host_on_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void));
unsigned hm_host_processor_count(void);

#endif
