/*
 * manager.h - the object behind IHostMemoryManager.
 *
 * All managers of a process work on its one address space; what is a manager's own is the account
 * that pays, the callbacks and the list of the runtime's own mappings.
 */
#ifndef HM_HOSTING_MANAGER_H
#define HM_HOSTING_MANAGER_H

#include "hosting/callbacks.h"
#include "hosting/ranges.h"
#include "hosting/unknown.h"

struct hm_manager {
    IHostMemoryManager interface; /* first: a pointer to one is a pointer to the other */
    hm_references references;
    int account;
    struct hm_callbacks callbacks;
    struct hm_ranges ranges;
};

/* A manager with one reference, or NULL. Limits are bytes; UINT64_MAX: none. */
struct hm_manager *hm_manager_create(uint64_t commit_limit, uint64_t reserve_limit,
                                     uint64_t headroom);

/* The object behind an interface pointer; NULL when the interface is somebody else's. */
struct hm_manager *hm_manager_of(IHostMemoryManager *interface);

void hm_manager_add_reference(struct hm_manager *manager);
void hm_manager_release(struct hm_manager *manager);

/* Whether a critical level is one; it comes from the caller and may be anything. */
static inline bool hm_valid_level(EMemoryCriticalLevel level)
{
    return (unsigned)level <= (unsigned)eProcessCritical;
}

#endif
