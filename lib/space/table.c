#include "space/table.h"

#include <assert.h>

#include "compiler.h"
#include "platform/platform.h"

/* 2^48 bytes: all that any supported host gives a process without being asked for more. */
enum { GIANTS = 512, GIANT_SHIFT = 39, GIG_SHIFT = 30, LARGE_SHIFT = 21, BLOCK_SHIFT = 16 };
enum { GIGS = 1 << (GIANT_SHIFT - GIG_SHIFT), LARGES = 1 << (GIG_SHIFT - LARGE_SHIFT) };
enum { BLOCKS = 1 << (GIG_SHIFT - BLOCK_SHIFT) };

/* The entries of one gig: LARGES, then BLOCKS, then one for each page. */
typedef hm_slot *gig_node;

/* The way to a node; once set it stays. */
typedef _Atomic(void *) node_link;

struct giant_node {
    hm_slot word[GIGS];
    node_link gig[GIGS];
};

static hm_slot top_word[GIANTS];
static node_link top_node[GIANTS];
static _Atomic size_t footprint;

/* Constants, one for each page size that hosts have: choosing one is a single store, which several
 * threads may make at once. */
#define GEOMETRY(page)                                                                             \
    {                                                                                              \
        page, (page) < BLOCK_SHIFT ? HM_LEVEL_PAGE : HM_LEVEL_BLOCK,                               \
            {page, BLOCK_SHIFT, LARGE_SHIFT, GIG_SHIFT, GIANT_SHIFT},                              \
        {                                                                                          \
            0, 1u << (BLOCK_SHIFT - (page)), 1u << (LARGE_SHIFT - BLOCK_SHIFT),                    \
                1u << (GIG_SHIFT - LARGE_SHIFT), 1u << (GIANT_SHIFT - GIG_SHIFT)                   \
        }                                                                                          \
    }
static const struct hm_geometry geometries[] = {GEOMETRY(12), GEOMETRY(13), GEOMETRY(14),
                                                GEOMETRY(15), GEOMETRY(16)};
static _Atomic(const struct hm_geometry *) chosen;

const struct hm_geometry *hm_geometry(void)
{
    const struct hm_geometry *geometry = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (HM_LIKELY(geometry != NULL))
        return geometry;
    unsigned page_shift = hm_lowest_bit(hm_os_backend()->page_size);
    assert(page_shift >= 12 && page_shift <= BLOCK_SHIFT);
    geometry = &geometries[page_shift - 12];
    atomic_store_explicit(&chosen, geometry, memory_order_relaxed);
    return geometry;
}

static size_t gig_slots(const struct hm_geometry *geometry)
{
    size_t pages =
        geometry->leaf == HM_LEVEL_PAGE ? (size_t)1 << (GIG_SHIFT - geometry->page_shift) : 0;
    return LARGES + BLOCKS + pages;
}

static unsigned index_in(hm_addr address, unsigned shift, unsigned count)
{
    return (unsigned)(address >> shift) & (count - 1);
}

static hm_slot *slot_in_gig(gig_node node, hm_addr address, int level)
{
    hm_addr offset = address & (((hm_addr)1 << GIG_SHIFT) - 1);
    switch (level) {
    case HM_LEVEL_LARGE:
        return node + (offset >> LARGE_SHIFT);
    case HM_LEVEL_BLOCK:
        return node + LARGES + (offset >> BLOCK_SHIFT);
    default:
        return node + LARGES + BLOCKS + (offset >> hm_geometry()->page_shift);
    }
}

hm_slot *hm_table_slot(hm_addr address, int level)
{
    unsigned giant = index_in(address, GIANT_SHIFT, GIANTS);
    if (level == HM_LEVEL_GIANT)
        return &top_word[giant];
    struct giant_node *node = atomic_load_explicit(&top_node[giant], memory_order_acquire);
    unsigned gig = index_in(address, GIG_SHIFT, GIGS);
    if (level == HM_LEVEL_GIG)
        return &node->word[gig];
    return slot_in_gig(atomic_load_explicit(&node->gig[gig], memory_order_acquire), address, level);
}

bool hm_table_exists(hm_addr address, int level)
{
    unsigned giant = index_in(address, GIANT_SHIFT, GIANTS);
    struct giant_node *node = atomic_load_explicit(&top_node[giant], memory_order_acquire);
    if (level >= HM_LEVEL_GIG)
        return level == HM_LEVEL_GIANT || node;
    return node && atomic_load_explicit(&node->gig[index_in(address, GIG_SHIFT, GIGS)],
                                        memory_order_acquire);
}

/* Makes a node of that size unless somebody was quicker; NULL: no memory. */
static void *make_node(node_link *link, size_t size)
{
    void *node = atomic_load_explicit(link, memory_order_acquire);
    if (node)
        return node;
    const struct hm_os *os = hm_os_backend();
    void *fresh;
    if (os->meta_map(size, &fresh) != 0)
        return NULL;
    if (!atomic_compare_exchange_strong(link, &node, fresh)) {
        os->meta_unmap(fresh, size);
        return node;
    }
    atomic_fetch_add_explicit(&footprint, size, memory_order_relaxed);
    return fresh;
}

static size_t whole_pages(size_t size)
{
    size_t page = hm_os_backend()->page_size;
    return (size + page - 1) & ~(page - 1);
}

bool hm_table_grow(hm_addr address, int level)
{
    const struct hm_geometry *geometry = hm_geometry();
    if (level == HM_LEVEL_GIANT)
        return true;
    unsigned giant = index_in(address, GIANT_SHIFT, GIANTS);
    struct giant_node *node = make_node(&top_node[giant], whole_pages(sizeof(struct giant_node)));
    if (!node)
        return false;
    if (level == HM_LEVEL_GIG)
        return true;
    unsigned gig = index_in(address, GIG_SHIFT, GIGS);
    return make_node(&node->gig[gig], whole_pages(gig_slots(geometry) * sizeof(hm_slot))) != NULL;
}

/* How far the cell lies behind the start of the entry above it, in pages. */
static uint64_t pages_into(const struct hm_geometry *geometry, hm_addr address, int level)
{
    hm_addr above = address & (hm_level_size(geometry, level + 1) - 1);
    hm_addr start = above & ~(hm_level_size(geometry, level) - 1);
    return start >> geometry->page_shift;
}

/*
 * Walks down while entries are SPLIT. An INHERIT entry means what the word above it says, provided
 * that the word above has not changed meanwhile; if it has, somebody else made progress, and the
 * walk begins again: no thread that stands still can keep a reader here.
 */
void hm_table_find(hm_addr address, struct hm_cell *cell)
{
    const struct hm_geometry *geometry = hm_geometry();
    for (;;) {
        int level = HM_LEVEL_GIANT;
        hm_slot *slot = hm_table_slot(address, level);
        hm_word raw = atomic_load_explicit(slot, memory_order_acquire);
        hm_word word = hm_word_is_inherit(raw) ? HM_CODE_FREE : raw;
        bool settled = true;
        while (raw & HM_WORD_SPLIT) {
            hm_slot *above = slot;
            hm_word raw_above = raw;
            level--;
            slot = hm_table_slot(address, level);
            raw = word = atomic_load_explicit(slot, memory_order_acquire);
            if (hm_word_is_inherit(raw)) {
                word = hm_word_advance(raw_above, pages_into(geometry, address, level));
                settled = atomic_load_explicit(above, memory_order_acquire) == raw_above;
                break;
            }
        }
        if (settled) {
            cell->slot = slot;
            cell->start = address & ~(hm_level_size(geometry, level) - 1);
            cell->level = level;
            cell->raw = raw;
            cell->word = word;
            return;
        }
    }
}

/* Entries first to last of one array of a gig; whole pages that hold only INHERIT entries go. */
static void trim_slots(hm_slot *array, size_t first, size_t last)
{
    const struct hm_os *os = hm_os_backend();
    uintptr_t page = os->page_size;
    uintptr_t end = ((uintptr_t)(array + last) | (page - 1)) + 1;
    for (uintptr_t at = (uintptr_t)(array + first) & ~(page - 1); at < end; at += page) {
        hm_slot *slot = (hm_slot *)at;
        size_t count = page / sizeof(hm_slot);
        bool empty = true;
        bool touched = false;
        for (size_t i = 0; i < count && empty; i++) {
            hm_word word = atomic_load_explicit(&slot[i], memory_order_relaxed);
            empty = hm_word_is_inherit(word);
            touched |= word != 0;
        }
        if (empty && touched)
            os->meta_discard((void *)at, page);
    }
}

/* [start, end) lies inside the gig. */
static void trim_gig(gig_node node, hm_addr start, hm_addr end)
{
    for (int level = HM_LEVEL_LARGE; level >= hm_geometry()->leaf; level--) {
        hm_slot *first = slot_in_gig(node, start, level);
        hm_slot *last = slot_in_gig(node, end - 1, level);
        trim_slots(node, (size_t)(first - node), (size_t)(last - node));
    }
}

void hm_table_trim(hm_addr start, hm_addr end)
{
    const struct hm_geometry *geometry = hm_geometry();
    while (start < end) {
        int level = HM_LEVEL_GIANT;
        struct giant_node *giant = atomic_load_explicit(
            &top_node[index_in(start, GIANT_SHIFT, GIANTS)], memory_order_acquire);
        if (giant) {
            level = HM_LEVEL_GIG;
            gig_node gig = atomic_load_explicit(&giant->gig[index_in(start, GIG_SHIFT, GIGS)],
                                                memory_order_acquire);
            hm_addr gig_end = (start | (hm_level_size(geometry, level) - 1)) + 1;
            if (gig)
                trim_gig(gig, start, gig_end < end ? gig_end : end);
        }
        start = (start | (hm_level_size(geometry, level) - 1)) + 1;
    }
}

size_t hm_table_footprint(void)
{
    return atomic_load_explicit(&footprint, memory_order_relaxed);
}
