/*
 * table.h - the page table: what every page of the address space is.
 *
 * Shape. Five levels, as hardware has them: 512 GiB, 1 GiB, 2 MiB, 64 KiB and the page. An entry
 * that is not SPLIT speaks for its whole range, whatever its level. The two inner nodes are
 * - a `giant` (512 GiB): its 1 GiB entries and the way to their nodes;
 * - a `gig` (1 GiB): its 2 MiB, 64 KiB and page entries in three arrays, side by side in one sparse
 *   mapping of which only the touched parts have memory.
 * A node, once made, stays where it is for the life of the process (its memory is given back, its
 * addresses are not): a reader or writer can never hold an entry that has come to mean other pages,
 * and nothing has to wait until nobody looks.
 *
 * Splitting an entry is one compare-and-swap that sets SPLIT; the entries below are INHERIT and mean
 * what the word above says until somebody changes them.
 *
 * Invariants
 *   1. Below an entry that is neither SPLIT nor CLAIMed everything is INHERIT.
 *   2. An entry that is not INHERIT has a parent that is SPLIT, or CLAIMed while it is being merged.
 *   3. A SPLIT word's meaning does not change while it is SPLIT.
 * From 3 and the tags of INHERIT words follows what find relies on: when the word above is the same
 * before and after an INHERIT entry was read, the page had that meaning at some moment between.
 */
#ifndef HM_SPACE_TABLE_H
#define HM_SPACE_TABLE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "space/word.h"

enum { HM_LEVEL_PAGE, HM_LEVEL_BLOCK, HM_LEVEL_LARGE, HM_LEVEL_GIG, HM_LEVEL_GIANT, HM_LEVELS };

typedef _Atomic hm_word hm_slot;

/* An address or the end of a range: 64 bits everywhere, so that the end of a 32-bit address space
 * and the size of a giant are ordinary numbers. */
typedef uint64_t hm_addr;

/* One entry as found: where it stands, what it covers, what it means. */
struct hm_cell {
    hm_slot *slot;
    hm_addr start; /* first address that it covers */
    int level;
    hm_word raw;  /* as stored: may be INHERIT */
    hm_word word; /* meaning for `start`, never INHERIT nor SPLIT; CLAIM as in raw */
};

/* The table's measures, which follow from the page size. */
struct hm_geometry {
    unsigned page_shift;
    int leaf;                   /* the lowest level that entries stand at */
    unsigned shift[HM_LEVELS];  /* log2 of the range of an entry */
    unsigned fanout[HM_LEVELS]; /* entries of the level below in one entry */
};

/* Sets up on first use; every function of the space that may be called first calls it. */
const struct hm_geometry *hm_geometry(void);

static inline hm_addr hm_level_size(const struct hm_geometry *geometry, int level)
{
    return (hm_addr)1 << geometry->shift[level];
}

/* The entry that speaks for address. Takes no lock, allocates nothing, async-signal-safe. */
void hm_table_find(hm_addr address, struct hm_cell *cell);

/* The first address after the range that a cell covers. */
static inline hm_addr hm_cell_end(const struct hm_geometry *geometry, const struct hm_cell *cell)
{
    return cell->start + hm_level_size(geometry, cell->level);
}

/* The entry of that level for that address. Its node must exist: some entry above it was seen SPLIT,
 * or hm_table_grow made it. */
hm_slot *hm_table_slot(hm_addr address, int level);

/* Has the node been made that the entries of `level` at `address` stand in? */
bool hm_table_exists(hm_addr address, int level);

/* Makes the node that the entries of `level` at `address` stand in; false: no memory. */
bool hm_table_grow(hm_addr address, int level);

/* Gives back the table's own memory wherever it holds nothing but INHERIT entries in [start, end).
 * Only while nobody is at work (hm_op_close). */
void hm_table_trim(hm_addr start, hm_addr end);

/* Bytes of address space that the table's nodes take; what has memory is less. */
size_t hm_table_footprint(void);

#endif
