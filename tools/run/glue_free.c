/* glue_free.c - mono_vfree by IHostMemoryManager::VirtualFree. */
#include "glue.h"

#include "calls.h"
#include "ledger.h"

/*
 * The end of the part of [address, end) that lies in the allocation at base. Mono may free in one
 * call what it got in several, when that happens to be contiguous.
 */
static uintptr_t part_end(uintptr_t base, uintptr_t address, uintptr_t end)
{
    MEMORY_BASIC_INFORMATION info;

    while (address < end && hm_call_query(address, &info) && (uintptr_t)info.AllocationBase == base)
        address = (uintptr_t)info.BaseAddress + info.RegionSize;
    return address < end ? address : end;
}

/* Frees pages that all belong to the allocation at base. */
static bool free_part(uintptr_t base, uintptr_t address, size_t length)
{
    size_t pages = hm_glue_pages(address, length);

    if (hm_ledger_take_all(base, pages))
        return hm_call_free((void *)base, 0, MEM_RELEASE) == S_OK;
    /* Decommitted before it is subtracted: after that, another thread's free may be the last one
     * and release the allocation. */
    if (hm_call_free((void *)address, length, MEM_DECOMMIT) != S_OK)
        return false;
    switch (hm_ledger_take(base, pages)) {
    case HM_LEDGER_LAST:
        return hm_call_free((void *)base, 0, MEM_RELEASE) == S_OK;
    case HM_LEDGER_SOME:
        return true;
    default:
        return false;
    }
}

int __wrap_mono_vfree(void *address, size_t length, int kind)
{
    uintptr_t at = (uintptr_t)address;
    uintptr_t end = at + length;
    bool good = true;

    if (!hm_glue_started())
        return __real_mono_vfree(address, length, kind);
    while (at < end) {
        MEMORY_BASIC_INFORMATION info;
        uintptr_t base;
        uintptr_t stop;

        if (!hm_call_query(at, &info))
            return -1;
        base = (uintptr_t)info.AllocationBase;
        stop = (uintptr_t)info.BaseAddress + info.RegionSize;
        if (info.State == MEM_FREE || !hm_ledger_knows(base)) {
            /* Not from the manager: from before it served, or replaced by MAP_FIXED. */
            hm_glue_note_passed(HM_PASSED_FOREIGN_FREE);
            stop = stop < end ? stop : end;
            good &= __real_mono_vfree((void *)at, stop - at, kind) == 0;
        } else {
            stop = stop < end ? part_end(base, stop, end) : end;
            good &= free_part(base, at, stop - at);
        }
        at = stop;
    }
    return good ? 0 : -1;
}
