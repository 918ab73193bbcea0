/* glue_alloc.c - mono_valloc and mono_valloc_aligned by IHostMemoryManager::VirtualAlloc. */
#include "glue.h"

#include "calls.h"
#include "ledger.h"

static struct hm_demand demand_for(size_t length, int flags, int kind)
{
    struct hm_demand demand = {
        .length = length,
        /* Pages that nobody may access are only reserved, which costs no quota; mono_mprotect
         * commits those that Mono opens later. */
        .type = MEM_RESERVE,
        .protect = hm_glue_protection(flags),
        /* A large object that is refused becomes an OutOfMemoryException; everything else that is
         * refused ends the process. */
        .level = kind == HM_KIND_LARGE_OBJECTS ? eTaskCritical : eProcessCritical,
        .kind = (unsigned)kind,
    };

    if (demand.protect != PAGE_NOACCESS)
        demand.type |= MEM_COMMIT;
    return demand;
}

/* Somewhere, preferably at the hint. */
static uintptr_t allocate_near(const struct hm_demand *demand, uintptr_t hint)
{
    uintptr_t base;

    if (hint && hint % hm_glue_facts.granularity == 0 &&
        hm_glue_allocate(demand, hint, &base) == S_OK)
        return base;
    hm_glue_allocate(demand, 0, &base);
    return base;
}

/*
 * Exactly there, whatever is there. Mono asks for it in one case: the guard pages of a main thread's
 * stack that has not grown to them, which hm_stack_map_whole makes rare. The manager must not serve
 * it: a reservation takes whole granules, and the stack has to grow right down to the pages.
 */
static void *allocate_fixed(void *address, size_t length, int flags, int kind)
{
    MEMORY_BASIC_INFORMATION info;

    if (!hm_call_query((uintptr_t)address, &info))
        return NULL;
    if (hm_ledger_knows((uintptr_t)info.AllocationBase))
        return __wrap_mono_mprotect(address, length, flags | HM_MONO_DISCARD) == 0 ? address : NULL;
    hm_glue_note_passed(HM_PASSED_FIXED);
    return __real_mono_valloc(address, length, flags, kind);
}

/* What Mono gets. It asserts that there is memory for these kinds: a refusal would end it by SIGABRT,
 * after pages about its insides. */
static void *answer(const struct hm_demand *demand, uintptr_t block)
{
    if (!block && (demand->kind == HM_KIND_HAZARD_POINTERS || demand->kind == HM_KIND_EXCEPTIONS))
        hm_glue_give_up(demand);
    return (void *)block;
}

void *__wrap_mono_valloc(void *address, size_t length, int flags, int kind)
{
    struct hm_demand demand;

    if (!hm_glue_started())
        return __real_mono_valloc(address, length, flags, kind);
    demand = demand_for(length, flags, kind);
    if (flags & HM_MONO_FIXED)
        return allocate_fixed(address, length, flags, kind);
    if (flags & HM_MONO_32BIT)
        return (void *)hm_glue_allocate_low(&demand, hm_glue_facts.granularity);
    return answer(&demand, allocate_near(&demand, (uintptr_t)address));
}

/*
 * Alignments above the granularity: reserves enough that an aligned block lies inside, and commits
 * the block. The rest stays reserved until the block is freed, which costs address space and
 * nothing else; giving it back at once would leave a moment in which another thread takes the
 * aligned address.
 */
static void *allocate_inside(const struct hm_demand *demand, size_t alignment)
{
    size_t slack = alignment - hm_glue_facts.granularity;
    void *mem = NULL;
    uintptr_t base;
    uintptr_t block;

    if (demand->length > SIZE_MAX - slack ||
        hm_call_alloc(NULL, demand->length + slack, MEM_RESERVE, demand->protect, demand->level,
                      &mem) != S_OK)
        return NULL;
    base = (uintptr_t)mem;
    block = hm_align_up(base, alignment);
    if ((!(demand->type & MEM_COMMIT) ||
         hm_call_alloc((void *)block, demand->length, MEM_COMMIT, demand->protect, demand->level,
                       &mem) == S_OK) &&
        hm_ledger_add(base, hm_glue_pages(block, demand->length), demand->kind))
        return (void *)block;
    hm_call_free((void *)base, 0, MEM_RELEASE);
    return NULL;
}

void *__wrap_mono_valloc_aligned(size_t length, size_t alignment, int flags, int kind)
{
    struct hm_demand demand;

    if (!hm_glue_started())
        return __real_mono_valloc_aligned(length, alignment, flags, kind);
    demand = demand_for(length, flags, kind);
    if (flags & HM_MONO_32BIT)
        return (void *)hm_glue_allocate_low(&demand, alignment);
    if (alignment <= hm_glue_facts.granularity)
        return answer(&demand, allocate_near(&demand, 0));
    return answer(&demand, (uintptr_t)allocate_inside(&demand, alignment));
}
