/*
 * heap_class.h - the sizes of a heap's small blocks.
 *
 * Eight classes 16 bytes apart up to 128, then four for each doubling up to 32 KiB: a block is at
 * most a quarter larger than what was asked. All sizes are multiples of 16.
 */
#ifndef HM_HOSTING_HEAP_CLASS_H
#define HM_HOSTING_HEAP_CLASS_H

#include <stddef.h>
#include <stdint.h>

#include "compiler.h"

enum {
    HM_HEAP_UNIT = 16,
    HM_HEAP_LARGEST_SMALL = 32768,
    HM_HEAP_CLASSES = 40,
    HM_HEAP_FINE_CLASSES = 8
};

/* The class whose blocks hold size bytes; size is at most HM_HEAP_LARGEST_SMALL. */
static inline unsigned hm_heap_class(size_t size)
{
    /* One below the number of units, so that a class's own size is still in it. */
    unsigned last = (unsigned)(size - (size != 0)) / HM_HEAP_UNIT;
    if (last < HM_HEAP_FINE_CLASSES)
        return last;
    unsigned doubling = hm_highest_bit(last); /* 3 for 9 to 16 units */
    return HM_HEAP_FINE_CLASSES + (doubling - 3) * 4 + ((last >> (doubling - 2)) & 3);
}

static inline uint32_t hm_heap_class_size(unsigned kind)
{
    if (kind < HM_HEAP_FINE_CLASSES)
        return (kind + 1) * HM_HEAP_UNIT;
    unsigned doubling = (kind - HM_HEAP_FINE_CLASSES) / 4 + 3;
    unsigned quarter = (kind - HM_HEAP_FINE_CLASSES) % 4;
    return ((5 + quarter) << (doubling - 2)) * HM_HEAP_UNIT;
}

#endif
