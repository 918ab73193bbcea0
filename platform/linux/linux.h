/*
 * linux.h - what the files of the Linux backend share.
 *
 * Everything here keeps errno, takes no lock, calls no malloc and may run in a signal handler. int
 * results are 0 or an errno value.
 */
#ifndef HM_PLATFORM_LINUX_H
#define HM_PLATFORM_LINUX_H

#include "platform/platform.h"

#include <sys/mman.h>
#include <sys/types.h>

/* What the C library's headers may be too old for. */
#ifndef MAP_FIXED_NOREPLACE
#    define MAP_FIXED_NOREPLACE 0x100000 /* Linux 4.17 */
#endif
#ifndef MADV_DONTNEED_LOCKED
#    define MADV_DONTNEED_LOCKED 24 /* Linux 5.18 */
#endif

/* --- proc_file.c: small files of /proc. --- */

/* open for reading, and close, as one would expect but for errno. */
int hm_linux_open(const char *path, int *fd);
void hm_linux_close(int fd);

/* Up to size bytes at this offset, fewer only at the end of the file. */
int hm_linux_read_at(int fd, char *buffer, size_t size, off_t offset, size_t *got);

/* The start of a file as a string; size counts the final NUL. */
int hm_linux_read_file(const char *path, char *buffer, size_t size);

/* The first decimal number of the text; false where it starts with none. */
bool hm_linux_parse_number(const char *text, uint64_t *number);

/* --- address_limits.c: where user memory can be. --- */

uintptr_t hm_linux_lowest_address(size_t page_size);
uintptr_t hm_linux_highest_address(size_t page_size);
size_t hm_linux_stack_growth(size_t page_size);

/* --- facts.c: found out at start. --- */

size_t hm_linux_page_size(void);
uintptr_t hm_linux_user_end(void); /* the first address that is not the user's; 0: not known */

/* Does the kernel refuse to call these pages less recently used? It does where some are locked; and,
 * before Linux 5.4, everywhere. */
bool hm_linux_refuses_cold(uintptr_t page, size_t size);

#endif
