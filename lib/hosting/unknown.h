/*
 * unknown.h - what every object of this face does alike: count references, tell its interfaces.
 */
#ifndef HM_HOSTING_UNKNOWN_H
#define HM_HOSTING_UNKNOWN_H

#include <stdatomic.h>
#include <stdbool.h>

#include <hostmem/mscoree.h>

typedef _Atomic uint32_t hm_references;

/* One more; nobody can make the last reference go away meanwhile, because the caller has one. */
static inline ULONG hm_reference_add(hm_references *references)
{
    return atomic_fetch_add_explicit(references, 1, memory_order_relaxed) + 1;
}

/* One less. Whoever gets 0 destroys the object, and sees all that the others did to it. */
static inline ULONG hm_reference_drop(hm_references *references)
{
    return atomic_fetch_sub_explicit(references, 1, memory_order_acq_rel) - 1;
}

bool hm_same_iid(REFIID a, REFIID b);

/* QueryInterface of an object that has IUnknown and one interface of its own. */
HRESULT hm_query_interface(void *object, hm_references *references, REFIID own, REFIID wanted,
                           void **result);

#endif
