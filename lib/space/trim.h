/*
 * trim.h - giving the table's own memory back when what it described is gone.
 *
 * Only while nobody is at work on the table can memory under it go: a writer may be about to compare
 * with an INHERIT word that trimming would turn into zero. When somebody is at work (or stopped in the
 * middle) the memory is kept until a later occasion; nobody waits.
 */
#ifndef HM_SPACE_TRIM_H
#define HM_SPACE_TRIM_H

#include "space/table.h"

/* For a large range that was just released or merged. Not while the caller is itself in an hm_op. */
void hm_trim_now(hm_addr start, hm_addr end);

/* For the 2 MiB around address; done together with others, so that memory which is soon needed
 * again is not given back and taken again each time. */
void hm_trim_later(hm_addr address);

/* Does what hm_trim_later collected, if it is enough. Not while the caller is in an hm_op. */
void hm_trim_collected(void);

#endif
