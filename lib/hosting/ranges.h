/*
 * ranges.h - mappings that the runtime made itself and told its host of.
 *
 * A hash table of records that are never unlinked: one whose range was released serves the next
 * range that hashes alike. No lock, no malloc.
 */
#ifndef HM_HOSTING_RANGES_H
#define HM_HOSTING_RANGES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HM_RANGE_BUCKETS = 64 };

struct hm_ranges {
    _Atomic uint64_t bytes; /* in all ranges; those that overlap count twice */
    _Atomic uint32_t buckets[HM_RANGE_BUCKETS];
};

/* Starts with no range / forgets all ranges, when nobody else uses the table any more. */
void hm_ranges_open(struct hm_ranges *ranges);
void hm_ranges_close(struct hm_ranges *ranges);

/* Records a range; one with the same base is replaced. base is not 0. false: no memory. */
bool hm_ranges_add(struct hm_ranges *ranges, uintptr_t base, size_t size);

/* Forgets the range that begins at base, if there is one. */
void hm_ranges_remove(struct hm_ranges *ranges, uintptr_t base);

#endif
