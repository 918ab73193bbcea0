/* stack.h - the main thread's stack, made fit for guard pages. */
#ifndef HM_TOOLS_RUN_STACK_H
#define HM_TOOLS_RUN_STACK_H

/*
 * Makes the kernel map the whole of the calling thread's stack, which must be the main thread's.
 *
 * Mono protects guard pages at the low end of every thread's stack. The main thread's stack grows
 * on demand, so that there is nothing at its low end yet; Mono would map something there, which is
 * no request that the interface has. With the stack mapped its guard pages are protected like those
 * of all other threads. Costs address space, and one page. Does nothing for a stack without limit or
 * with a very high one.
 */
void hm_stack_map_whole(void);

#endif
