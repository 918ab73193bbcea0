/* size.h - sizes as people write them. */
#ifndef HM_TOOLS_RUN_SIZE_H
#define HM_TOOLS_RUN_SIZE_H

#include <stdint.h>

/*
 * Reads "4096", "64K", "512M" or "2G" (powers of 1024, either case) into *bytes. Returns NULL, or
 * what is wrong with the text; *bytes is untouched then. Zero is refused: in hostmem_options it
 * would mean "no limit", the opposite of what somebody who writes it expects.
 */
const char *hm_size_parse(const char *text, uint64_t *bytes);

#endif
