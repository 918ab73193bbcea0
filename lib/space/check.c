/*
 * Does the table contradict itself, or the host? For tests and debug builds.
 */
#include "space/work.h"

#include <stdio.h>

static char verdict[160];

static const char *say(const char *what, hm_addr address, hm_word word)
{
    (void)snprintf(verdict, sizeof(verdict), "%s at 0x%llx, word 0x%llx", what,
                   (unsigned long long)address, (unsigned long long)word);
    return verdict;
}

/* Below an entry that speaks for itself everything must be INHERIT. */
static const char *check_below(hm_addr start, int level)
{
    const struct hm_geometry *geometry = hm_geometry();
    if (level == geometry->leaf || !hm_table_exists(start, level - 1))
        return NULL;
    hm_slot *child = hm_table_slot(start, level - 1);
    for (unsigned i = 0; i < geometry->fanout[level]; i++) {
        hm_word word = atomic_load_explicit(&child[i], memory_order_acquire);
        hm_addr at = start + i * hm_level_size(geometry, level - 1);
        if (!hm_word_is_inherit(word))
            return say("entry below one that is not split", at, word);
        if (word & 0xffff)
            return say("malformed INHERIT entry", at, word);
        const char *fault = check_below(at, level - 1);
        if (fault)
            return fault;
    }
    return NULL;
}

static const char *check_word(const struct hm_cell *cell)
{
    if (cell->raw & HM_WORD_CLAIM)
        return say("claimed entry while everybody rests", cell->start, cell->raw);
    if (hm_word_code(cell->word) == HM_CODE_LEAVING)
        return say("entry left LEAVING", cell->start, cell->word);
    if (!hm_word_is_allocated(cell->word))
        return NULL;
    hm_addr offset = hm_word_distance(cell->word) << hm_geometry()->page_shift;
    if (offset > cell->start)
        return say("base below zero", cell->start, cell->word);
    struct hm_cell base;
    hm_table_find(cell->start - offset, &base);
    if (!hm_word_is_allocated(base.word) ||
        hm_cell_base(hm_geometry(), &base) != cell->start - offset)
        return say("base that does not begin an allocation", cell->start, cell->word);
    return NULL;
}

/* The host must have the whole cell mapped with exactly the access that the table says. */
static const char *check_host(const struct hm_cell *cell)
{
    hm_word word = cell->word;
    if (!hm_word_is_allocated(word) && hm_word_code(word) != HM_CODE_HELD)
        return NULL;
    hm_addr end = hm_cell_end(hm_geometry(), cell);
    for (hm_addr at = cell->start; at < end;) {
        struct hm_os_mapping mapping;
        if (hm_os_backend()->find_mapping((uintptr_t)at, &mapping) != 0 || mapping.start > at)
            return say("page that the host has not mapped", at, word);
        if (mapping.prot != hm_word_access(word))
            return say("page with another protection in the host", at, word);
        at = mapping.end;
    }
    return NULL;
}

const char *hm_space_check(bool deep)
{
    const struct hm_geometry *geometry = hm_geometry();
    hm_addr end = (hm_addr)hm_space_highest_address() + 1;
    for (hm_addr at = 0; at < end;) {
        struct hm_cell cell;
        hm_table_find(at, &cell);
        const char *fault = check_word(&cell);
        if (!fault && !hm_word_is_inherit(cell.raw))
            fault = check_below(cell.start, cell.level);
        if (!fault && deep)
            fault = check_host(&cell);
        if (fault)
            return fault;
        at = hm_cell_end(geometry, &cell);
    }
    return NULL;
}
