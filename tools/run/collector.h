/* collector.h - a full collection when the host says that memory is low. */
#ifndef HM_TOOLS_RUN_COLLECTOR_H
#define HM_TOOLS_RUN_COLLECTOR_H

#include <stdint.h>

#include <hostmem/mscoree.h>

/* The object to register; static, so its reference count means nothing. */
ICLRMemoryNotificationCallback *hm_collector_callback(void);

/* Starts the thread that collects; before the runtime starts. Returns 0 or an errno value. */
int hm_collector_start(void);

/* The runtime is up: collections may happen. The runtime is about to go: no more begin. */
void hm_collector_enable(void);
void hm_collector_disable(void);

/* Notifications received and collections made for them. */
uint64_t hm_collector_notified(void);
uint64_t hm_collector_collections(void);

#endif
