/*
 * places.h - addresses for tests that want a certain neighbourhood. Sanitizers keep much of the address
 * space for their own memory; what is left differs.
 */
#ifndef TESTS_PLACES_H
#define TESTS_PLACES_H

#include <stdint.h>

#if defined(__SANITIZE_THREAD__)
/* ThreadSanitizer lets programs have only the top 1.5 TiB and little else. */
#    define TEST_PLACE      ((uintptr_t)0x7e90 << 32)
#    define TEST_PLACE_STEP ((uintptr_t)1 << 30)
#else
#    define TEST_PLACE      ((uintptr_t)0x28 << 40)
/* Far enough apart for nodes of the page table of their own. */
#    define TEST_PLACE_STEP ((uintptr_t)1 << 39)
#endif

#endif
