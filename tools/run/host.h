/* host.h - the host's side: a manager, handed to the runtime as a host hands it to a CLR. */
#ifndef HM_TOOLS_RUN_HOST_H
#define HM_TOOLS_RUN_HOST_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Makes a manager with this limit (0: none), obtains it through IHostControl, and does with it what
 * a CLR does at its start: a heap, and the callback for memory notifications. From then on it
 * serves Mono. False when some step failed; what happened has been said.
 */
bool hm_host_start(uint64_t commit_limit);

#endif
