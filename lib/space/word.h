/*
 * word.h - one entry of the page table: everything there is to know about a page, in 64 bits.
 *
 * An entry stands at one of five levels and speaks for the whole range that it covers: 4 KiB, 64 KiB,
 * 2 MiB, 1 GiB or 512 GiB. Because it holds the state, the protection, the distance to the
 * allocation's base and the protection given at reservation all at once, one atomic load answers a
 * query, and the answer was true at the moment of the load.
 *
 *   bits  0-3   code: enum hm_code
 *   bit   4     SPLIT: the entries one level down speak instead; those that are INHERIT still mean
 *               this word
 *   bit   5     CLAIM: an operation is changing these pages; everybody else waits or turns away, but
 *               queries answer from the rest of the word, which still is the old state
 *   bit   6     GUARD: PAGE_GUARD
 *   bit   7     RESET: had contents when it was reset
 *   bits  8-10  free for per-page marks
 *   bits 11-16  protection given at reservation: access index (3), guard, nocache, writecombine
 *   bit  17     PLACEHOLDER: the allocation only keeps its range
 *   bit  18     REPLACED: it took a placeholder's place, and may become one again
 *   bit  19     free for a mark of the allocation
 *   bits 20-27  account that pays
 *   bits 28-63  distance in pages from the allocation's base to the first page of this entry
 *
 * INHERIT (code 0) is the exception: it holds only a tag in bits 16 to 63, different each time the
 * entry becomes INHERIT again. A compare-and-swap that expects an INHERIT word therefore fails when
 * the level above was merged and split in between. All zero is an INHERIT word, so that fresh table
 * memory needs no filling.
 */
#ifndef HM_SPACE_WORD_H
#define HM_SPACE_WORD_H

#include <stdbool.h>
#include <stdint.h>

typedef uint64_t hm_word;

enum hm_code {
    HM_CODE_INHERIT = 0,  /* as the entry above says */
    HM_CODE_FREE = 1,     /* not the library's: the kernel knows */
    HM_CODE_HELD = 2,     /* address space the library holds, inaccessible; free to callers */
    HM_CODE_LEAVING = 3,  /* free to callers, on its way back to the kernel */
    HM_CODE_MARKED = 4,   /* not the library's, made inaccessible by it (a guard page, or
                             PAGE_NOACCESS); how is in the protection bits */
    HM_CODE_RESERVED = 5, /* allocated, not committed */
    HM_CODE_COMMITTED = 6 /* HM_CODE_COMMITTED + access index: committed */
};

/* Access indexes: the position of the bit in the PAGE_ value. */
enum {
    HM_ACCESS_NOACCESS,
    HM_ACCESS_READONLY,
    HM_ACCESS_READWRITE,
    HM_ACCESS_WRITECOPY,
    HM_ACCESS_EXECUTE,
    HM_ACCESS_EXECUTE_READ,
    HM_ACCESS_EXECUTE_READWRITE,
    HM_ACCESS_EXECUTE_WRITECOPY
};

#define HM_WORD_CODE_MASK      ((hm_word)0xf)
#define HM_WORD_SPLIT          ((hm_word)1 << 4)
#define HM_WORD_CLAIM          ((hm_word)1 << 5)
#define HM_WORD_GUARD          ((hm_word)1 << 6)
#define HM_WORD_RESET          ((hm_word)1 << 7)
#define HM_WORD_PLACEHOLDER    ((hm_word)1 << 17)
#define HM_WORD_REPLACED       ((hm_word)1 << 18)
#define HM_WORD_PROTECT_SHIFT  11
#define HM_WORD_PROTECT_MASK   ((hm_word)0x3f << HM_WORD_PROTECT_SHIFT)
#define HM_WORD_ACCOUNT_SHIFT  20
#define HM_WORD_ACCOUNT_MASK   ((hm_word)0xff << HM_WORD_ACCOUNT_SHIFT)
#define HM_WORD_DISTANCE_SHIFT 28
#define HM_WORD_TAG_SHIFT      16

/* What says what a page is, as opposed to who is at work on it or where else to look. */
#define HM_WORD_MEANING (~(HM_WORD_SPLIT | HM_WORD_CLAIM))

/* The part of the meaning that queries show. */
#define HM_WORD_SHOWN (HM_WORD_MEANING & ~HM_WORD_RESET)

static inline unsigned hm_word_code(hm_word word)
{
    return (unsigned)(word & HM_WORD_CODE_MASK);
}

static inline bool hm_word_is_inherit(hm_word word)
{
    return hm_word_code(word) == HM_CODE_INHERIT;
}

static inline bool hm_word_is_allocated(hm_word word)
{
    return hm_word_code(word) >= HM_CODE_RESERVED;
}

static inline bool hm_word_is_committed(hm_word word)
{
    return hm_word_code(word) >= HM_CODE_COMMITTED;
}

static inline int hm_word_account(hm_word word)
{
    return (int)((word & HM_WORD_ACCOUNT_MASK) >> HM_WORD_ACCOUNT_SHIFT);
}

static inline uint64_t hm_word_distance(hm_word word)
{
    return word >> HM_WORD_DISTANCE_SHIFT;
}

/* The word of a range that begins `pages` further on in the same allocation (or free range). */
static inline hm_word hm_word_advance(hm_word word, uint64_t pages)
{
    word &= HM_WORD_MEANING;
    return hm_word_is_allocated(word) ? word + (pages << HM_WORD_DISTANCE_SHIFT) : word;
}

/* PAGE_ value <-> the six bits of HM_WORD_PROTECT_MASK. */
uint32_t hm_word_allocation_protect(hm_word word);

/* PAGE_ value of a committed word, with the modifiers that belong to the allocation; 0 if reserved. */
uint32_t hm_word_page_protect(hm_word word);

/* The word of an allocation's first page, reserved. */
hm_word hm_word_make_reserved(uint32_t allocation_protect, int account);

/* A foreign page that is a guard page now; what it was protected with, guard included. */
hm_word hm_word_make_marked(uint32_t protect);

/* The same page committed with `protect` (modifiers other than PAGE_GUARD stay the allocation's),
 * or only reserved. */
hm_word hm_word_with_commit(hm_word word, uint32_t protect);
hm_word hm_word_with_decommit(hm_word word);

/* What the processor must allow: HM_OS_READ | ...; nothing for reserved and guarded pages. */
unsigned hm_word_access(hm_word word);

#endif
