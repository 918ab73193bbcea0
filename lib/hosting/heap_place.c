/*
 * Where blocks were asked for: an array beside each span of which DebugAlloc gave a block. Blocks
 * of spans without one cost nothing.
 */
#include "hosting/heap.h"

#include "platform/platform.h"
#include "space/space.h"

static size_t array_bytes(const struct hm_span *span)
{
    size_t page = hm_space_page_size();
    return (span->block_count * sizeof(struct hm_place) + page - 1) & ~(page - 1);
}

/* NULL where there is no memory: then the place is not known, and that is all. */
static struct hm_place *have_places(struct hm_span *span)
{
    struct hm_place *places = atomic_load_explicit(&span->places, memory_order_acquire);
    if (places != NULL)
        return places;
    void *fresh;
    if (hm_os_backend()->meta_map(array_bytes(span), &fresh) != 0)
        return NULL;
    if (atomic_compare_exchange_strong(&span->places, &places, (struct hm_place *)fresh))
        return fresh;
    hm_os_backend()->meta_unmap(fresh, array_bytes(span));
    return places;
}

void hm_heap_forget(struct hm_span *span)
{
    struct hm_place *places = atomic_exchange(&span->places, NULL);
    if (places != NULL)
        hm_os_backend()->meta_unmap(places, array_bytes(span));
}

/* The span and number of a live block of this heap. */
static struct hm_span *find_live(struct hm_heap *heap, uintptr_t address, uint32_t *index)
{
    struct hm_span *span = hm_map_find(address);
    if (span == NULL || atomic_load_explicit(&span->heap, memory_order_acquire) != heap)
        return NULL;
    if (span->kind == HM_SPAN_LARGE) {
        *index = 0;
        bool live = (atomic_load(&span->words[0]) & 1) != 0;
        return live && atomic_load(&span->base) == address ? span : NULL;
    }
    if (!hm_span_index(span, address, index))
        return NULL;
    bool is_free = (atomic_load(&span->words[*index / 64]) >> (*index & 63) & 1) != 0;
    return is_free ? NULL : span;
}

void hm_heap_remember(struct hm_heap *heap, void *block, const char *file, int line)
{
    uint32_t index;
    struct hm_span *span = find_live(heap, (uintptr_t)block, &index);
    if (span == NULL)
        return;
    struct hm_place *places = span->kind == HM_SPAN_LARGE ? &span->own_place : have_places(span);
    if (places == NULL)
        return;
    atomic_store_explicit(&places[index].line, line, memory_order_relaxed);
    atomic_store_explicit(&places[index].file, file, memory_order_release);
}

bool hm_heap_place(struct hm_heap *heap, const void *block, const char **file, int *line)
{
    uint32_t index;
    struct hm_span *span = find_live(heap, (uintptr_t)block, &index);
    if (span == NULL)
        return false;
    struct hm_place *places = span->kind == HM_SPAN_LARGE
                                  ? &span->own_place
                                  : atomic_load_explicit(&span->places, memory_order_acquire);
    if (places == NULL)
        return false;
    *file = atomic_load_explicit(&places[index].file, memory_order_acquire);
    *line = atomic_load_explicit(&places[index].line, memory_order_relaxed);
    return *file != NULL;
}
