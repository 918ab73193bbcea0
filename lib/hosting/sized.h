/*
 * sized.h - public structures whose first member is their size: callers compiled against other
 * versions of the header have shorter or longer ones.
 */
#ifndef HM_HOSTING_SIZED_H
#define HM_HOSTING_SIZED_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a caller's structure asks for nothing beyond the known bytes; also false for a size that
 * no structure can have, which is more likely a member that was never set. */
bool hm_sized_rest_is_zero(const void *structure, size_t size, size_t known);

/* Copies an answer of `known` bytes into a caller's structure of `size` bytes, as much as fits; what
 * this version does not know becomes zero, and the size member stays the caller's. */
void hm_sized_answer(void *structure, size_t size, const void *answer, size_t known);

#endif
