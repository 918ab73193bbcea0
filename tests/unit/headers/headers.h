/*
 * headers.h - one function from each file that includes the public headers in its own way; all
 * return 0 when what they try works.
 */
#ifndef TEST_HEADERS_H
#define TEST_HEADERS_H

#include <stdint.h>

int32_t headers_hostmem(void);
int32_t headers_wintypes(void);
int32_t headers_mscoree(void);
int32_t headers_win32(void);
int32_t headers_nt(void);
int32_t headers_all(void);
int32_t headers_own_types(void);

#endif
