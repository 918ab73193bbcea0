/*
 * glue.h - Mono's requests for memory, served by the host's manager.
 *
 * The linker directs Mono's calls of mono_valloc, mono_valloc_aligned, mono_vfree and mono_mprotect
 * to the __wrap_ functions here (-Wl,--wrap); __real_ are Mono's own. Mono stops threads by a
 * signal at any instruction and then allocates from the thread that stopped them. So nothing here
 * takes a lock, calls malloc or prints, hm_glue_give_up excepted.
 */
#ifndef HM_TOOLS_RUN_GLUE_H
#define HM_TOOLS_RUN_GLUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hostmem/mscoree.h>

/* Mono's flags, of mono/utils/mono-mmap.h, which is not installed. */
enum {
    HM_MONO_READ = 1 << 0,
    HM_MONO_WRITE = 1 << 1,
    HM_MONO_EXEC = 1 << 2,
    HM_MONO_DISCARD = 1 << 3, /* mono_mprotect: drop the contents, pages read as zero again */
    HM_MONO_FIXED = 1 << 7,
    HM_MONO_32BIT = 1 << 8 /* in the lowest 2 GiB, for code that is reached by near jumps */
};

/* What memory is for: MonoMemAccountType. Only those that are treated apart have a name. */
enum {
    HM_KIND_HAZARD_POINTERS = 1,
    HM_KIND_LARGE_OBJECTS = 5,
    HM_KIND_EXCEPTIONS = 11, /* signal stacks of threads */
    HM_KIND_COUNT = 14
};

void *__wrap_mono_valloc(void *address, size_t length, int flags, int kind);
void *__wrap_mono_valloc_aligned(size_t length, size_t alignment, int flags, int kind);
int __wrap_mono_vfree(void *address, size_t length, int kind);
int __wrap_mono_mprotect(void *address, size_t length, int flags);

void *__real_mono_valloc(void *address, size_t length, int flags, int kind);
void *__real_mono_valloc_aligned(size_t length, size_t alignment, int flags, int kind);
int __real_mono_vfree(void *address, size_t length, int kind);
int __real_mono_mprotect(void *address, size_t length, int flags);

const char *mono_mem_account_type_name(int kind);

/* Facts of the host. Valid after hm_glue_start. */
struct hm_glue_facts {
    size_t page;
    size_t granularity;
    uintptr_t lowest;
};
extern struct hm_glue_facts hm_glue_facts;

/* From now on Mono's requests go to the manager of calls.h; until then, to Mono itself. */
void hm_glue_start(void);
bool hm_glue_started(void);

/* One request for memory in terms of the interface. */
struct hm_demand {
    size_t length;
    DWORD type;    /* MEM_RESERVE, with MEM_COMMIT unless nothing may be accessed */
    DWORD protect; /* PAGE_* */
    EMemoryCriticalLevel level;
    unsigned kind;
};

DWORD hm_glue_protection(int flags);
size_t hm_glue_pages(uintptr_t address, size_t length);

static inline uintptr_t hm_align_up(uintptr_t address, size_t alignment)
{
    return (address + (alignment - 1)) & ~((uintptr_t)alignment - 1);
}

/* Allocates at address (0: anywhere) and enters the allocation in the ledger. On success *base is
 * its base, which may be below address; else 0. */
HRESULT hm_glue_allocate(const struct hm_demand *demand, uintptr_t address, uintptr_t *base);

/* Ends the process as Mono does when its collector gets no memory: a message, exit code 1. */
_Noreturn void hm_glue_give_up(const struct hm_demand *demand);

/* Allocates below 2 GiB. Returns 0 when there is no room or the memory is refused. */
uintptr_t hm_glue_allocate_low(const struct hm_demand *demand, size_t alignment);

/* Requests about memory that the manager cannot serve, done by Mono's own functions instead. */
enum hm_passed {
    HM_PASSED_FIXED,
    HM_PASSED_FOREIGN_FREE,
    HM_PASSED_FOREIGN_DISCARD,
    HM_PASSED_COUNT
};
void hm_glue_note_passed(enum hm_passed what);
uint64_t hm_glue_passed(enum hm_passed what);

#endif
