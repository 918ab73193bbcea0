/*
 * callbacks.h - the runtimes' objects that want to hear how much memory there is.
 *
 * A small set of pointers. No reference is taken: the objects' counts mean nothing (a CLR's returns
 * 1 always), so they must live as long as they are registered.
 */
#ifndef HM_HOSTING_CALLBACKS_H
#define HM_HOSTING_CALLBACKS_H

#include <stdatomic.h>
#include <stdbool.h>

#include <hostmem/mscoree.h>

enum { HM_CALLBACKS = 16 }; /* runtimes that one manager may serve at once */

struct hm_callbacks {
    _Atomic(ICLRMemoryNotificationCallback *) slots[HM_CALLBACKS];
};

/* Adds a callback unless it is there; false when there is no room. */
bool hm_callbacks_add(struct hm_callbacks *callbacks, ICLRMemoryNotificationCallback *callback);

/* Forgets all. */
void hm_callbacks_clear(struct hm_callbacks *callbacks);

#endif
