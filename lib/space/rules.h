/*
 * rules.h - which arguments make sense at all, before the address space is looked at.
 *
 * The one place for the rules on combinations of types and protections, shared by every face.
 */
#ifndef HM_SPACE_RULES_H
#define HM_SPACE_RULES_H

#include "space/space.h"

/* VirtualAlloc's rules on address, size, type and protection. */
hm_status hm_rules_allocate(uintptr_t base, size_t size, uint32_t type, uint32_t protect);

/* The same for VirtualAlloc2 and its kin, which also know placeholders. */
hm_status hm_rules_allocate_ex(uintptr_t base, size_t size, uint32_t type, uint32_t protect);

/* MEM_ADDRESS_REQUIREMENTS of a request; all zero means none. */
hm_status hm_rules_requirements(uintptr_t lowest, uintptr_t highest, size_t alignment);

/* VirtualFree's rules: one of MEM_DECOMMIT and MEM_RELEASE, the latter without a size. */
hm_status hm_rules_free(uintptr_t base, size_t size, uint32_t type);

/* NtFreeVirtualMemory's: MEM_RELEASE may name a part. Both know MEM_PRESERVE_PLACEHOLDER and
 * MEM_COALESCE_PLACEHOLDERS, which need MEM_RELEASE and a size. */
hm_status hm_rules_free_part(uintptr_t base, size_t size, uint32_t type);

/* VirtualProtect's rules on range and protection. */
hm_status hm_rules_protect(uintptr_t base, size_t size, uint32_t protect);

/* One access value with modifiers that combine with it, valid for private memory. */
bool hm_rules_valid_protection(uint32_t protect);

#endif
