/*
 * faces.h - what the rows can be run against on POSIX.
 */
#ifndef CONFORM_FACES_H
#define CONFORM_FACES_H

#include "conform.h"

/*
 * Makes the library believe in pages of this size, where the program is linked for that; false
 * where it is not. Comes before anything else. 0: the host's pages.
 */
bool conform_use_pages(size_t page_size);

/* hostmem's flat functions, as <hostmem/win32.h> offers them. page_size 0: the host's. */
const struct conform_api *conform_flat(size_t page_size);

/*
 * The slots of an IHostMemoryManager, called by number through libffi; `manager` is kept, not owned. Last errors are
 * what the HRESULTs stand for. What the interface does not tell (page size, granularity, highest
 * address) is the host's, the highest address being found by queries.
 */
const struct conform_api *conform_hosted(void *manager, size_t page_size);

/* Says how an access ends by trying it, with handlers for SIGSEGV and SIGBUS around it. */
bool conform_can_read(const void *address);
bool conform_can_write(void *address);

#endif
