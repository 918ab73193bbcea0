/*
 * slot_call.h - calls a COM method by the number of its slot, with nothing but libffi: no header of
 * the library says how the call looks.
 */
#ifndef SLOT_CALL_H
#define SLOT_CALL_H

#include <stdint.h>

/*
 * Calls slot `number` of object with the platform's default convention. `signature` has a letter
 * for each argument behind the object itself: p pointer, z SIZE_T, u 32 bits unsigned, i int.
 * Returns the 32 bits that the method returned.
 */
uint32_t call_slot(void *object, unsigned number, const char *signature, ...);

#endif
