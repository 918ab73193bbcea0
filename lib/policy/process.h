/*
 * process.h - which process a handle means.
 *
 * Both faces that take process handles serve the calling process only, by its pseudo handle.
 */
#ifndef HM_POLICY_PROCESS_H
#define HM_POLICY_PROCESS_H

#include "space/status.h"

/* SUCCESS for the pseudo handle -1; INVALID_HANDLE for NULL; ACCESS_DENIED for any other: the memory
 * of other processes is out of reach, whatever the value may stand for. */
hm_status hm_policy_check_process(const void *process);

#endif
