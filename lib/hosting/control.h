/*
 * control.h - the object behind IHostControl: hands out the managers that the host has.
 */
#ifndef HM_HOSTING_CONTROL_H
#define HM_HOSTING_CONTROL_H

#include <hostmem/mscoree.h>

/* A control with one reference, which keeps one to the manager, ours or not. NULL: no memory. */
IHostControl *hm_control_create(IHostMemoryManager *manager);

#endif
