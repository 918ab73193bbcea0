/*
 * malloc.h - the object behind IHostMalloc: a heap that keeps a reference to its manager.
 */
#ifndef HM_HOSTING_MALLOC_H
#define HM_HOSTING_MALLOC_H

#include "hosting/manager.h"

/* A heap with one reference; type is any or-ing of MALLOC_TYPE. NULL: no memory. */
IHostMalloc *hm_malloc_create(struct hm_manager *manager, DWORD type);

#endif
