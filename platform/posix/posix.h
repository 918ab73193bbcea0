/*
 * posix.h - building blocks that every POSIX backend may use.
 *
 * All keep errno as it was and answer 0 or an errno value.
 */
#ifndef HM_PLATFORM_POSIX_H
#define HM_PLATFORM_POSIX_H

#include "platform/platform.h"

/* HM_OS_* bits as PROT_* bits. */
int hm_posix_prot(unsigned prot);

/* mmap of private anonymous memory; extra flags are or-ed in. */
int hm_posix_map(uintptr_t hint, size_t size, int prot, int extra_flags, uintptr_t *base);
int hm_posix_unmap(uintptr_t base, size_t size);

/* An address as the pointer that system calls want. */
void *hm_posix_pointer(uintptr_t address);

/* Records which facilities (enum hm_os_facility) the host has, or that one was refused after all. */
void hm_posix_facilities_found(unsigned facilities);
void hm_posix_facility_refused(enum hm_os_facility facility);

/* Switches off what HOSTMEM_DISABLE names. */
void hm_posix_facilities_from_environment(void);

#endif
