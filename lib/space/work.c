#include "space/work.h"

struct hm_range hm_work_pages(uintptr_t base, size_t size)
{
    hm_addr page = hm_space_page_size();
    hm_addr end = (hm_addr)base + size;
    return (struct hm_range){base & ~(page - 1), (end + page - 1) & ~(page - 1)};
}

static bool belongs_to(const void *context, const struct hm_cell *cell)
{
    const hm_addr *base = context;
    return hm_word_is_allocated(cell->word) && hm_cell_base(hm_geometry(), cell) == *base;
}

enum hm_claim_result hm_work_claim_allocation(struct hm_range range, hm_addr base)
{
    struct hm_claim claim = {range.start, range.end, belongs_to, &base, .wait = true};
    return hm_claim(&claim);
}

static bool find_base(hm_addr at, hm_addr *base)
{
    struct hm_cell cell;
    hm_table_find(at, &cell);
    *base = hm_word_is_allocated(cell.word) ? hm_cell_base(hm_geometry(), &cell) : 0;
    return hm_word_is_allocated(cell.word);
}

enum hm_claim_result hm_work_claim_around(struct hm_range range)
{
    hm_addr base;
    while (find_base(range.start, &base)) {
        hm_addr now;
        enum hm_claim_result result = hm_work_claim_allocation(range, base);
        if (result != HM_CLAIM_REFUSED || (find_base(range.start, &now) && now == base))
            return result;
    }
    return HM_CLAIM_REFUSED;
}

bool hm_work_goes_on(hm_addr base, hm_addr end)
{
    if (end > hm_space_highest_address())
        return false;
    struct hm_cell cell;
    hm_table_find(end, &cell);
    return belongs_to(&base, &cell);
}

uint64_t hm_work_committed_bytes(struct hm_range range)
{
    const struct hm_geometry *geometry = hm_geometry();
    uint64_t bytes = 0;
    while (range.start < range.end) {
        struct hm_cell cell;
        hm_table_find(range.start, &cell);
        hm_addr end = hm_cell_end(geometry, &cell);
        if (hm_word_is_committed(cell.word))
            bytes += end - range.start;
        range.start = end;
    }
    return bytes;
}

bool hm_work_has_access(struct hm_range range, unsigned access)
{
    const struct hm_geometry *geometry = hm_geometry();
    for (struct hm_cell cell; range.start < range.end; range.start = hm_cell_end(geometry, &cell)) {
        hm_table_find(range.start, &cell);
        if (hm_word_access(cell.word) != access)
            return false;
    }
    return true;
}

void hm_work_restore_access(struct hm_range range)
{
    const struct hm_geometry *geometry = hm_geometry();
    const struct hm_os *os = hm_os_backend();
    hm_addr at = range.start;
    while (at < range.end) {
        struct hm_cell cell;
        hm_table_find(at, &cell);
        unsigned access = hm_word_access(cell.word);
        hm_addr end = hm_cell_end(geometry, &cell);
        for (; end < range.end; end = hm_cell_end(geometry, &cell)) {
            hm_table_find(end, &cell);
            if (hm_word_access(cell.word) != access)
                break;
        }
        /* Going back to what was needs no more than the host had given before. */
        (void)os->protect((uintptr_t)at, (size_t)(end - at), access);
        at = end;
    }
}

void hm_work_merge(const struct hm_op *op, struct hm_range range)
{
    hm_addr block = hm_space_granularity();
    hm_merge_around(op, range.start, HM_LEVEL_GIG);
    if ((range.start ^ (range.end - 1)) & ~(block - 1))
        hm_merge_around(op, range.end - 1, HM_LEVEL_GIG);
}

static hm_word change_to(const void *context, const struct hm_cell *cell)
{
    (void)cell;
    return *(const hm_word *)context;
}

void hm_work_give_back(const struct hm_op *op, struct hm_range range)
{
    const struct hm_os *os = hm_os_backend();
    uintptr_t base = (uintptr_t)range.start;
    size_t size = (size_t)(range.end - range.start);
    hm_word leaving = HM_CODE_LEAVING | hm_op_leaving_tag(op) << HM_WORD_DISTANCE_SHIFT;
    /*
     * Published before the host takes the addresses: from then on it may give them to anybody, and
     * whoever gets them must not find them claimed by a thread that happens to be stopped here.
     */
    hm_publish(op, range.start, range.end, change_to, &leaving);
    hm_word left = HM_CODE_FREE;
    if (os->release(base, size) != 0) {
        /* Only a full table of mappings refuses. Nobody else can have the addresses then. */
        left = HM_CODE_HELD;
        if (os->decommit(base, size) != 0)
            (void)os->protect(base, size, HM_OS_NONE);
    }
    hm_settle_leaving(range.start, range.end, leaving, left);
}
