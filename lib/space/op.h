/*
 * op.h - being at work on the table: who is, and unique tags.
 *
 * Every operation that changes the table enters and leaves. The counters are spread over slots by
 * the caller's stack, so that threads rarely share one, and need no thread-local memory. They serve
 * two rare operations that must know that nobody is at work: fork, and giving the memory of the
 * table itself back.
 */
#ifndef HM_SPACE_OP_H
#define HM_SPACE_OP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "space/word.h"

struct hm_op_slot;

struct hm_op {
    struct hm_op_slot *slot;
    struct hm_op *outer;   /* the operation of this thread that a signal handler interrupted */
    volatile bool counted; /* its slot knows of it; a handler may look in between */
};

void hm_op_enter(struct hm_op *op);
void hm_op_leave(struct hm_op *op);

/* A new INHERIT word, never used before in this process. */
hm_word hm_op_inherit_tag(const struct hm_op *op);

/* A number that no other LEAVING range in this process carries now. 36 bits. */
uint64_t hm_op_leaving_tag(const struct hm_op *op);

/*
 * Keeps new operations out and waits at most `patience` steps (hm_os wait_step: short at first, a
 * millisecond each later) until none is at work but the caller itself; true if so. hm_op_open follows, whatever it
 * answered. The caller has signals blocked: a thread stopped in between would keep everybody out.
 */
bool hm_op_close(unsigned patience);
void hm_op_open(void);

/* While the table's own memory is given back, no fork may copy it: begin and end of that. */
void hm_op_begin_trim(void);
void hm_op_end_trim(void);

/* Makes forks safe (fork.c); called when the library is loaded. */
void hm_op_watch_forks(void);

/* In a child of fork: nobody but the caller exists any more. Operations of its own, which a signal
 * handler that forks may have interrupted, go on. */
void hm_op_forget_others(void);

/* Is an operation of the calling thread under way? */
bool hm_op_is_inside(void);

#endif
