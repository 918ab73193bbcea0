/*
 * model.c - see model.h.
 */
#include "model.h"

#include <string.h>

#include <hostmem/wintypes.h>

/* Pages [first, end) of a call. */
struct range {
    size_t first;
    size_t end;
};

void model_init(struct model *model, size_t page, size_t granularity)
{
    memset(model, 0, sizeof *model);
    model->page = page;
    model->granule = granularity / page;
    for (size_t i = 0; i < MODEL_PAGES; i++)
        model->pages[i].state = MEM_FREE;
}

static struct range touched(const struct model *model, size_t offset, size_t size)
{
    struct range range = {offset / model->page, (offset + size + model->page - 1) / model->page};
    return range;
}

static void give_back(const struct model *model, struct range range, size_t *offset, size_t *size)
{
    *offset = range.first * model->page;
    *size = (range.end - range.first) * model->page;
}

static int is_free(const struct model *model, size_t index)
{
    return model->pages[index].state == MEM_FREE;
}

/* The page behind the last one of the allocation that contains index. */
static size_t allocation_end(const struct model *model, size_t index)
{
    uint32_t base = model->pages[index].base;
    while (index < MODEL_PAGES && !is_free(model, index) && model->pages[index].base == base)
        index++;
    return index;
}

/*
 * PAGE_NOCACHE and PAGE_WRITECOMBINE stay with the allocation. They do not show beside PAGE_NOACCESS,
 * with which they cannot be combined.
 */
static uint32_t shown_protect(const struct model_page *page, uint32_t protect)
{
    const uint32_t kept = PAGE_NOCACHE | PAGE_WRITECOMBINE;
    if (protect == PAGE_NOACCESS)
        return protect;
    return (protect & ~kept) | (page->allocation_protect & kept);
}

static void set_committed(struct model_page *page, uint32_t protect)
{
    if (page->state != MEM_COMMIT)
        page->stamp = 0;
    page->state = MEM_COMMIT;
    page->protect = shown_protect(page, protect);
}

static void set_reserved(struct model_page *page)
{
    page->state = MEM_RESERVE;
    page->protect = 0;
    page->stamp = 0;
}

hm_status model_reserve(struct model *model, size_t *offset, size_t *size, int committed,
                        uint32_t protect)
{
    struct range range = touched(model, *offset, *size);
    range.first -= range.first % model->granule;
    for (size_t i = range.first; i < MODEL_PAGES; i++) {
        if (i >= range.end && i % model->granule == 0)
            break;
        if (!is_free(model, i))
            return HM_STATUS_CONFLICTING_ADDRESSES;
    }
    for (size_t i = range.first; i < range.end; i++) {
        struct model_page *page = &model->pages[i];
        page->base = (uint32_t)range.first;
        page->allocation_protect = protect;
        set_reserved(page);
        if (committed)
            set_committed(page, protect);
    }
    give_back(model, range, offset, size);
    return HM_STATUS_SUCCESS;
}

hm_status model_commit(struct model *model, size_t *offset, size_t *size, uint32_t protect)
{
    struct range range = touched(model, *offset, *size);
    if (is_free(model, range.first) || allocation_end(model, range.first) < range.end)
        return HM_STATUS_CONFLICTING_ADDRESSES;
    for (size_t i = range.first; i < range.end; i++)
        set_committed(&model->pages[i], protect);
    give_back(model, range, offset, size);
    return HM_STATUS_SUCCESS;
}

/* The rules that MEM_DECOMMIT and MEM_RELEASE share. */
static hm_status find_range(const struct model *model, size_t offset, size_t size,
                            struct range *range)
{
    *range = touched(model, offset, size);
    if (is_free(model, range->first))
        return HM_STATUS_MEMORY_NOT_ALLOCATED;
    if (size == 0) {
        if (model->pages[range->first].base != range->first)
            return HM_STATUS_FREE_VM_NOT_AT_BASE;
        range->end = allocation_end(model, range->first);
    }
    if (allocation_end(model, range->first) < range->end)
        return HM_STATUS_UNABLE_TO_FREE_VM;
    return HM_STATUS_SUCCESS;
}

hm_status model_decommit(struct model *model, size_t *offset, size_t *size)
{
    struct range range;
    hm_status status = find_range(model, *offset, *size, &range);
    if (status != HM_STATUS_SUCCESS)
        return status;
    for (size_t i = range.first; i < range.end; i++)
        set_reserved(&model->pages[i]);
    if (*size == 0)
        range.end = range.first; /* as Windows since its version 1709 */
    give_back(model, range, offset, size);
    return HM_STATUS_SUCCESS;
}

hm_status model_release(struct model *model, size_t *offset, size_t *size)
{
    struct range range;
    hm_status status = find_range(model, *offset, *size, &range);
    if (status != HM_STATUS_SUCCESS)
        return status;
    /* What lies behind is an allocation of its own now. */
    size_t end = allocation_end(model, range.first);
    for (size_t i = range.end; i < end; i++)
        model->pages[i].base = (uint32_t)range.end;
    for (size_t i = range.first; i < range.end; i++) {
        memset(&model->pages[i], 0, sizeof model->pages[i]);
        model->pages[i].state = MEM_FREE;
    }
    give_back(model, range, offset, size);
    return HM_STATUS_SUCCESS;
}

hm_status model_protect(struct model *model, size_t *offset, size_t *size, uint32_t protect,
                        uint32_t *old)
{
    struct range range = touched(model, *offset, *size);
    if (is_free(model, range.first) || allocation_end(model, range.first) < range.end)
        return HM_STATUS_CONFLICTING_ADDRESSES;
    for (size_t i = range.first; i < range.end; i++)
        if (model->pages[i].state != MEM_COMMIT)
            return HM_STATUS_NOT_COMMITTED;
    *old = model->pages[range.first].protect;
    for (size_t i = range.first; i < range.end; i++)
        model->pages[i].protect = shown_protect(&model->pages[i], protect);
    give_back(model, range, offset, size);
    return HM_STATUS_SUCCESS;
}

static int alike(const struct model_page *a, const struct model_page *b)
{
    if (a->state != b->state)
        return 0;
    return a->state == MEM_FREE || (a->base == b->base && a->protect == b->protect);
}

struct model_region model_query(const struct model *model, size_t offset)
{
    size_t first = offset / model->page;
    size_t end = first + 1;
    struct model_region region;
    while (end < MODEL_PAGES && alike(&model->pages[first], &model->pages[end]))
        end++;
    region.base = first * model->page;
    region.size = (end - first) * model->page;
    region.allocation_base = model->pages[first].base * model->page;
    region.like = model->pages[first];
    return region;
}

static size_t count(const struct model *model, uint32_t state)
{
    size_t pages = 0;
    for (size_t i = 0; i < MODEL_PAGES; i++)
        pages += model->pages[i].state == state;
    return pages * model->page;
}

size_t model_reserved(const struct model *model)
{
    return MODEL_PAGES * model->page - count(model, MEM_FREE);
}

size_t model_committed(const struct model *model)
{
    return count(model, MEM_COMMIT);
}

int model_readable(const struct model_page *page)
{
    const uint32_t reading =
        PAGE_READONLY | PAGE_READWRITE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE;
    return page->state == MEM_COMMIT && (page->protect & reading) != 0 &&
           (page->protect & PAGE_GUARD) == 0;
}

int model_writable(const struct model_page *page)
{
    const uint32_t writing = PAGE_READWRITE | PAGE_EXECUTE_READWRITE;
    return model_readable(page) && (page->protect & writing) != 0;
}
