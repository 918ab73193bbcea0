/*
 * flush.h - writing changed pages of file mappings to their files.
 */
#ifndef HM_POLICY_FLUSH_H
#define HM_POLICY_FLUSH_H

#include "policy/policy.h"

/*
 * The pages that [*base, *base + *size) touches; *size 0 means up to the end of the mapping. Writes
 * the rounded range back. NOT_MAPPED_VIEW: some page is free; NOT_MAPPED_DATA: some page is no data
 * mapping; INVALID_PARAMETER_2 or _3: the range leaves the address space; IO_DEVICE_ERROR. Waits
 * until the data is written.
 */
hm_status hm_policy_flush(uintptr_t *base, size_t *size);

#endif
