/*
 * pool.h - objects of one size, made and given back without malloc and without a lock.
 *
 * malloc's own lock may be held by a thread that is stopped, so the library's objects come from
 * here. A pool takes memory from the backend in chunks that double, never gives any back, and
 * never uses it for anything but slots of this pool: what once was an object can be read at any
 * later time. Objects lie apart by whole cache lines. Contents are zero at first use and those of
 * the former object later.
 */
#ifndef HM_POLICY_POOL_H
#define HM_POLICY_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "policy/stack.h"

enum { HM_POOL_CHUNKS = 20, HM_POOL_FIRST = 64 };

struct hm_pool {
    size_t object_size;
    struct hm_stack free;
    _Atomic uint32_t used;                           /* slots that ever were handed out */
    _Atomic(unsigned char *) chunks[HM_POOL_CHUNKS]; /* chunk k has HM_POOL_FIRST << k slots */
};

/* A static pool's initial value. */
#define HM_POOL(size)                                                                              \
    {                                                                                              \
        .object_size = (size)                                                                      \
    }

/* An object, 16-byte aligned, or NULL. */
void *hm_pool_take(struct hm_pool *pool);
void hm_pool_give(struct hm_pool *pool, void *object);

/* Each slot's number, from 1, the same as long as the process lives; and back. */
uint32_t hm_pool_reference(const void *object);
void *hm_pool_object(struct hm_pool *pool, uint32_t reference);

#endif
