/*
 * space.h - the address space: what Windows' memory manager does, in terms of NTSTATUS.
 *
 * Everything above this layer (policy, faces) uses these functions and the accounts. Arguments
 * are already known to be well-formed (rules.h); this layer decides whether the address space
 * allows what they ask, and does it: all of it, or nothing.
 *
 * Types and protections are the Windows values of <hostmem/wintypes.h>.
 */
#ifndef HM_SPACE_H
#define HM_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "space/status.h"

/* A request for memory. base and size are in and out: what was asked, what was given (rounded). */
struct hm_request {
    uintptr_t base; /* 0: anywhere (reserve) */
    size_t size;
    uint32_t type;    /* MEM_RESERVE, MEM_COMMIT, both; MEM_TOP_DOWN, MEM_RESERVE_PLACEHOLDER */
    uint32_t protect; /* PAGE_* */
    int account;      /* pays for a new reservation; commits are paid by the allocation's account */
    int urgency;      /* 0 to 2, see hm_account_commit; a critical level */
    /* Where a reservation at no given address may lie; 0 and UINTPTR_MAX: anywhere. */
    uintptr_t lowest;
    uintptr_t highest; /* last address that the allocation may have */
    size_t alignment;  /* power of two, at least the granularity; 0: the granularity */
};

/* What a query tells: the fields of MEMORY_BASIC_INFORMATION. */
struct hm_region {
    uintptr_t base;
    uintptr_t allocation_base;
    size_t size;
    uint32_t allocation_protect;
    uint32_t state;
    uint32_t protect;
    uint32_t type;
};

/* Facts of the space, valid from the first call of anything here. */
size_t hm_space_page_size(void);
size_t hm_space_granularity(void);
uintptr_t hm_space_highest_address(void);

/* Reserves and/or commits. On failure nothing has changed and *request is as it was. */
hm_status hm_space_allocate(struct hm_request *request);

/*
 * Placeholders. preserve (MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER) cuts a range out of a placeholder as
 * one of its own, or turns all of an allocation that replaced one back into it. coalesce joins two or
 * more that make up exactly the range. replace (MEM_REPLACE_PLACEHOLDER) puts an allocation where
 * exactly one placeholder is. hm_space_free and hm_space_allocate hand these types on.
 * CONFLICTING_ADDRESSES where the range is anything else.
 */
hm_status hm_space_preserve(uintptr_t *base, size_t *size);
hm_status hm_space_coalesce(uintptr_t *base, size_t *size);
hm_status hm_space_replace(struct hm_request *request);

/*
 * MEM_RESET and MEM_RESET_UNDO; hm_space_allocate hands these types on. CONTENTS_LOST: some page that
 * was reset reads as zero now.
 */
hm_status hm_space_reset(uintptr_t *base, size_t *size, bool undo);

/*
 * MEM_DECOMMIT or MEM_RELEASE of the pages that [*base, *base + *size) touches; *size 0 means the
 * whole allocation, whose first page *base must then be in. Writes the rounded range back.
 */
hm_status hm_space_free(uintptr_t *base, size_t *size, uint32_t type);

/* Protects committed pages of one allocation, or foreign memory. *old is the first page's. */
hm_status hm_space_protect(uintptr_t *base, size_t *size, uint32_t protect, uint32_t *old);

/*
 * The run of like pages at address, which must not be above the highest address. Takes no lock,
 * makes no system call for owned memory, allocates nothing, async-signal-safe. About memory of
 * others INSUFFICIENT_RESOURCES is possible: the host could not be asked (no descriptor left, say).
 */
hm_status hm_space_query(uintptr_t address, struct hm_region *region);

/*
 * The run at address if the library owns that page (reserved or committed); false for free and
 * foreign memory, about which the kernel is not asked. Same guarantees as hm_space_query.
 */
bool hm_space_query_owned(uintptr_t address, struct hm_region *region);

/* Compares the whole table with itself (and, when deep, with the host's mappings); returns NULL or a
 * description of the first contradiction. For tests and debug builds; other threads must rest. */
const char *hm_space_check(bool deep);

#endif
