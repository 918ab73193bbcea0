/* glue_protect.c - mono_mprotect by IHostMemoryManager::VirtualProtect. */
#include "glue.h"

#include "calls.h"
#include "ledger.h"

/* Pages of Mono's own that are committed: protect them, after emptying them where that is asked. */
static bool protect_committed(uintptr_t at, size_t size, DWORD protect, bool discard)
{
    void *mem;

    if (!discard)
        return hm_call_protect((void *)at, size, protect) == S_OK;
    return hm_call_free((void *)at, size, MEM_DECOMMIT) == S_OK &&
           hm_call_alloc((void *)at, size, MEM_COMMIT, protect, eProcessCritical, &mem) == S_OK;
}

/* Pages that mono_valloc only reserved: opening them is the moment to commit them. */
static bool open_reserved(uintptr_t at, size_t size, DWORD protect)
{
    void *mem;

    return protect == PAGE_NOACCESS ||
           hm_call_alloc((void *)at, size, MEM_COMMIT, protect, eProcessCritical, &mem) == S_OK;
}

/* Memory of others: stacks, whose guard pages Mono makes, and precompiled images. */
static bool protect_foreign(uintptr_t at, size_t size, int flags)
{
    if (flags & HM_MONO_DISCARD) {
        hm_glue_note_passed(HM_PASSED_FOREIGN_DISCARD);
        return __real_mono_mprotect((void *)at, size, flags) == 0;
    }
    return hm_call_protect((void *)at, size, hm_glue_protection(flags)) == S_OK;
}

static bool protect_run(const MEMORY_BASIC_INFORMATION *info, uintptr_t at, size_t size, int flags)
{
    DWORD protect = hm_glue_protection(flags);

    if (info->State == MEM_FREE)
        return false;
    if (!hm_ledger_knows((uintptr_t)info->AllocationBase))
        return protect_foreign(at, size, flags);
    if (info->State == MEM_RESERVE)
        return open_reserved(at, size, protect);
    return protect_committed(at, size, protect, (flags & HM_MONO_DISCARD) != 0);
}

/* Run by run, because VirtualProtect takes the committed pages of one allocation, and Mono's ranges
 * may be partly reserved or made of several allocations. */
int __wrap_mono_mprotect(void *address, size_t length, int flags)
{
    uintptr_t at = (uintptr_t)address;
    uintptr_t end = at + length;

    if (!hm_glue_started())
        return __real_mono_mprotect(address, length, flags);
    while (at < end) {
        MEMORY_BASIC_INFORMATION info;
        uintptr_t stop;

        if (!hm_call_query(at, &info))
            return -1;
        stop = (uintptr_t)info.BaseAddress + info.RegionSize;
        stop = stop < end ? stop : end;
        if (!protect_run(&info, at, stop - at, flags))
            return -1;
        at = stop;
    }
    return 0;
}
