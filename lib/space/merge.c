/*
 * Merging upwards: entries that became alike one by one, each by an operation of its own, are folded
 * into the entry above. It keeps queries short and the table small; nothing depends on it.
 */
#include "space/claim.h"
#include "space/trim.h"

#include "platform/platform.h"

/* The largest fanout: entries of 2 MiB in one gig. */
enum { CHILDREN_MAX = 512 };

struct family {
    hm_slot *parent;
    hm_word parent_raw;
    hm_slot *child;
    unsigned count;
    uint64_t pages; /* of one child */
};

static hm_word child_meaning(const struct family *family, hm_word raw, unsigned i)
{
    if (hm_word_is_inherit(raw))
        return hm_word_advance(family->parent_raw, i * family->pages);
    return raw;
}

/*
 * The children's words, if they are one run that nobody is working on; tells the run's first word.
 * The first two are enough to say no in most cases. The parent is read again at the end: only then
 * is it certain that the INHERIT words seen mean what it says.
 */
static bool alike(const struct family *family, hm_word *raw, hm_word *meaning)
{
    for (unsigned i = 0; i < family->count; i++) {
        raw[i] = atomic_load_explicit(&family->child[i], memory_order_acquire);
        hm_word word = child_meaning(family, raw[i], i);
        if (i == 0)
            *meaning = word;
        if (word & (HM_WORD_SPLIT | HM_WORD_CLAIM) ||
            word != hm_word_advance(*meaning, i * family->pages))
            return false;
    }
    return atomic_load_explicit(family->parent, memory_order_acquire) == family->parent_raw;
}

/* Claims all children as they were read; false and none claimed when one has changed. */
static bool claim_family(const struct family *family, hm_word *raw)
{
    for (unsigned i = 0; i < family->count; i++) {
        hm_word word = child_meaning(family, raw[i], i);
        if (!atomic_compare_exchange_strong_explicit(&family->child[i], &raw[i],
                                                     word | HM_WORD_CLAIM, memory_order_acq_rel,
                                                     memory_order_relaxed)) {
            while (i-- > 0) {
                word = atomic_load_explicit(&family->child[i], memory_order_relaxed);
                atomic_store_explicit(&family->child[i], word & ~HM_WORD_CLAIM,
                                      memory_order_release);
            }
            return false;
        }
    }
    return true;
}

static bool merge_family(const struct hm_op *op, const struct family *family, hm_word *raw,
                         hm_word meaning)
{
    if (!claim_family(family, raw))
        return false;
    hm_word inherit = hm_op_inherit_tag(op);
    atomic_store_explicit(family->parent, meaning | HM_WORD_CLAIM, memory_order_release);
    for (unsigned i = 0; i < family->count; i++)
        atomic_store_explicit(&family->child[i], inherit, memory_order_release);
    atomic_store_explicit(family->parent, meaning, memory_order_release);
    return true;
}

/* The entry of `level` around address, when it can be merged. */
static bool find_family(hm_addr address, int level, struct family *family)
{
    const struct hm_geometry *geometry = hm_geometry();
    family->parent = hm_table_slot(address, level);
    family->parent_raw = atomic_load_explicit(family->parent, memory_order_acquire);
    if (!(family->parent_raw & HM_WORD_SPLIT))
        return false;
    hm_addr start = address & ~(hm_level_size(geometry, level) - 1);
    family->child = hm_table_slot(start, level - 1);
    family->count = geometry->fanout[level];
    family->pages = hm_level_size(geometry, level - 1) >> geometry->page_shift;
    return true;
}

void hm_merge_around(const struct hm_op *op, hm_addr address, int highest)
{
    const struct hm_os *os = hm_os_backend();
    hm_word raw[CHILDREN_MAX];
    struct hm_cell cell;
    hm_table_find(address, &cell);
    for (int level = cell.level + 1; level <= highest; level++) {
        struct family family;
        hm_word meaning = 0;
        if (!find_family(address, level, &family) || !alike(&family, raw, &meaning))
            return;
        struct hm_os_mask mask;
        os->mask_signals(&mask);
        bool merged = merge_family(op, &family, raw, meaning);
        os->restore_signals(&mask);
        if (!merged)
            return;
        if (level == HM_LEVEL_LARGE)
            hm_trim_later(address);
    }
}
