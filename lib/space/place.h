/*
 * place.h - finding address space for a reservation and taking it from the host.
 */
#ifndef HM_SPACE_PLACE_H
#define HM_SPACE_PLACE_H

#include "space/work.h"

/* What was taken: the blocks [start, end) are claimed in the table and mapped by the host, but for a
 * tail from `mapped` on that somebody else has (which happens only below a wanted address). */
struct hm_place {
    hm_addr start;
    hm_addr end;
    hm_addr mapped;
};

/* Exactly at start (granularity aligned), length bytes: CONFLICTING_ADDRESSES when in use. Waits for
 * operations on these very addresses; the other two never wait. */
hm_status hm_place_at(hm_addr start, hm_addr length, struct hm_place *place);

/* Anywhere. */
hm_status hm_place_anywhere(hm_addr length, struct hm_place *place);

/* Inside [lowest, highest] at a multiple of alignment, from the top or the bottom. */
struct hm_window {
    hm_addr lowest;
    hm_addr highest;
    hm_addr alignment;
    bool from_top;
};
hm_status hm_place_in_window(hm_addr length, const struct hm_window *window,
                             struct hm_place *place);

/* Undoes any of these. */
void hm_place_undo(const struct hm_op *op, const struct hm_place *place);

#endif
