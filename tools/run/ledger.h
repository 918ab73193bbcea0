/*
 * ledger.h - which allocations Mono has, and how many of their pages it has not freed yet.
 *
 * Mono frees the parts of an allocation one by one, on several threads; the interface releases an
 * allocation as a whole. So somebody must know which free is the last. Looking whether anything is
 * still committed cannot tell: two threads that free the last two parts at once would both see
 * nothing, and the later release could hit an allocation that a third thread got at the same base
 * in between. Here every free subtracts its pages from the allocation's count, and exactly one of
 * them brings it to zero.
 *
 * Lock-free, no malloc; usable on a thread that has stopped all others.
 */
#ifndef HM_TOOLS_RUN_LEDGER_H
#define HM_TOOLS_RUN_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Enters an allocation. base is its AllocationBase. False when there is no memory to note it. */
bool hm_ledger_add(uintptr_t base, size_t pages, unsigned kind);

/*
 * Strikes out the allocation if `pages` are all that is left of it. True: the caller, and nobody
 * else, must release it. False: nothing has changed.
 */
bool hm_ledger_take_all(uintptr_t base, size_t pages);

/* Whether an allocation at this base is entered. */
bool hm_ledger_knows(uintptr_t base);

/*
 * Subtracts pages whose memory has been given back. HM_LEDGER_LAST: nothing is left, and the
 * caller, and nobody else, must release the allocation.
 */
enum hm_ledger_rest { HM_LEDGER_SOME, HM_LEDGER_LAST, HM_LEDGER_WRONG };
enum hm_ledger_rest hm_ledger_take(uintptr_t base, size_t pages);

/* Calls visit for every allocation entered; those that come or go meanwhile may be missed. */
typedef void hm_ledger_visit(void *context, uintptr_t base, unsigned kind);
void hm_ledger_walk(hm_ledger_visit *visit, void *context);

#endif
