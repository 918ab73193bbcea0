/*
 * access.h - may memory be read or written? Answered from the table, and by the kernel about memory
 * of others, without touching it.
 */
#ifndef HM_POLICY_ACCESS_H
#define HM_POLICY_ACCESS_H

#include "policy/policy.h"

/*
 * Can every byte of [base, base + size) be read, or written? True for size 0; false for a range that
 * wraps. Guard pages and pages that are only executable count as unreadable. Async-signal-safe.
 */
bool hm_policy_can_read(uintptr_t base, size_t size);
bool hm_policy_can_write(uintptr_t base, size_t size);

/*
 * Is there a string at base: up to `most` units of `width` bytes (1 or 2), all of them readable up to
 * the one that is 0, or up to the last? Reads the units, none before its page is known to be readable.
 */
bool hm_policy_is_string(uintptr_t base, size_t most, size_t width);

#endif
