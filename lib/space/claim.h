/*
 * claim.h - taking pages for a change, and publishing what they have become.
 *
 * An operation claims every entry of its range in ascending order by compare-and-swap, works, and
 * publishes. While it holds them nobody else changes these pages; queries go on answering the old
 * state. A thread that is stopped meanwhile holds back only operations on those very pages.
 */
#ifndef HM_SPACE_CLAIM_H
#define HM_SPACE_CLAIM_H

#include "space/op.h"
#include "space/table.h"

/* May this entry be claimed? Called before each claim; must depend on cell->word only. */
typedef bool (*hm_claim_test)(const void *context, const struct hm_cell *cell);

enum hm_claim_result {
    HM_CLAIMED,
    HM_CLAIM_REFUSED, /* the test said no */
    HM_CLAIM_BUSY, /* another operation has some of the pages, and the caller did not want to wait */
    HM_CLAIM_NO_MEMORY /* for the table's nodes */
};

struct hm_claim {
    hm_addr start;
    hm_addr end;
    hm_claim_test test;
    const void *context;
    bool wait; /* for other operations on the same pages */
};

/* All of [start, end), or nothing. */
enum hm_claim_result hm_claim(const struct hm_claim *claim);

/* Gives claimed entries back unchanged. */
void hm_unclaim(hm_addr start, hm_addr end);

/* What a claimed entry becomes: gets its meaning, returns the new one. */
typedef hm_word (*hm_change)(const void *context, const struct hm_cell *cell);

/* Publishes changed meanings of a claimed range and ends the claim. Entries that have become alike
 * are merged as far as the range reaches. */
void hm_publish(const struct hm_op *op, hm_addr start, hm_addr end, hm_change change,
                const void *context);

/*
 * Where the entries around address have become alike, merges them into the one above, up to an entry
 * of level `highest`. Claims pages that the caller's operation did not ask for, so signals are
 * blocked meanwhile.
 */
void hm_merge_around(const struct hm_op *op, hm_addr address, int highest);

/* Turns LEAVING entries with this tag in the range into `left`, wherever nobody took them meanwhile. */
void hm_settle_leaving(hm_addr start, hm_addr end, hm_word leaving, hm_word left);

/* Cuts a claimed entry so that one begins at address; all the parts are claimed. False: no memory
 * for the table. */
bool hm_split_claimed(hm_addr address);

#endif
