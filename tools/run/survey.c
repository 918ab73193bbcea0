/* survey.c - what Mono's live memory looks like, seen through VirtualQuery. */
#include "survey.h"

#include <string.h>

#include "calls.h"
#include "ledger.h"

const char *hm_use_name(enum hm_use use)
{
    static const char *const names[HM_USE_COUNT] = {
        [HM_USE_RESERVED] = "reserved",   [HM_USE_READ_WRITE] = "read-write",
        [HM_USE_EXECUTE] = "execute",     [HM_USE_READ_ONLY] = "read-only",
        [HM_USE_NO_ACCESS] = "no-access", [HM_USE_GUARD] = "guard",
    };
    return names[use];
}

static enum hm_use classify(const MEMORY_BASIC_INFORMATION *info)
{
    if (info->State == MEM_RESERVE)
        return HM_USE_RESERVED;
    if (info->Protect & PAGE_GUARD)
        return HM_USE_GUARD;
    switch (info->Protect & 0xffu) {
    case PAGE_NOACCESS:
        return HM_USE_NO_ACCESS;
    case PAGE_READONLY:
        return HM_USE_READ_ONLY;
    case PAGE_READWRITE:
    case PAGE_WRITECOPY:
        return HM_USE_READ_WRITE;
    default:
        return HM_USE_EXECUTE;
    }
}

static void add_allocation(void *context, uintptr_t base, unsigned kind)
{
    struct hm_survey *survey = context;
    struct hm_survey_row *row = &survey->kinds[kind < HM_KIND_COUNT ? kind : HM_KIND_COUNT - 1];
    MEMORY_BASIC_INFORMATION info;
    uintptr_t at = base;

    while (hm_call_query(at, &info) && info.State != MEM_FREE &&
           (uintptr_t)info.AllocationBase == base) {
        row->bytes[classify(&info)] += info.RegionSize;
        at = (uintptr_t)info.BaseAddress + info.RegionSize;
    }
    row->allocations += at != base;
}

void hm_survey_take(struct hm_survey *survey)
{
    memset(survey, 0, sizeof *survey);
    hm_ledger_walk(add_allocation, survey);
}
