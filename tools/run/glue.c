/* glue.c - what the four functions that replace Mono's have in common. */
#include "glue.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <hostmem/win32.h>

#include "calls.h"
#include "ledger.h"
#include "report.h"

struct hm_glue_facts hm_glue_facts;

static atomic_bool started;
static atomic_uint_fast64_t passed[HM_PASSED_COUNT];

void hm_glue_start(void)
{
    SYSTEM_INFO info;

    GetSystemInfo(&info);
    hm_glue_facts.page = info.dwPageSize;
    hm_glue_facts.granularity = info.dwAllocationGranularity;
    hm_glue_facts.lowest = (uintptr_t)info.lpMinimumApplicationAddress;
    atomic_store(&started, true);
}

bool hm_glue_started(void)
{
    return atomic_load_explicit(&started, memory_order_acquire);
}

DWORD hm_glue_protection(int flags)
{
    switch (flags & (HM_MONO_READ | HM_MONO_WRITE | HM_MONO_EXEC)) {
    case 0:
        return PAGE_NOACCESS;
    case HM_MONO_READ:
        return PAGE_READONLY;
    case HM_MONO_WRITE: /* Windows has no write without read */
    case HM_MONO_READ | HM_MONO_WRITE:
        return PAGE_READWRITE;
    case HM_MONO_EXEC:
        return PAGE_EXECUTE;
    case HM_MONO_READ | HM_MONO_EXEC:
        return PAGE_EXECUTE_READ;
    default:
        return PAGE_EXECUTE_READWRITE;
    }
}

size_t hm_glue_pages(uintptr_t address, size_t length)
{
    size_t page = hm_glue_facts.page;
    size_t offset = address & (page - 1);

    return length / page + (length % page + offset + page - 1) / page;
}

HRESULT hm_glue_allocate(const struct hm_demand *demand, uintptr_t address, uintptr_t *base)
{
    void *mem = NULL;
    HRESULT result = hm_call_alloc((void *)address, demand->length, demand->type, demand->protect,
                                   demand->level, &mem);

    *base = 0;
    if (result != S_OK)
        return result;
    if (!hm_ledger_add((uintptr_t)mem, hm_glue_pages(address, demand->length), demand->kind)) {
        hm_call_free(mem, 0, MEM_RELEASE);
        return E_OUTOFMEMORY;
    }
    *base = (uintptr_t)mem;
    return S_OK;
}

void hm_glue_give_up(const struct hm_demand *demand)
{
    static atomic_flag taken = ATOMIC_FLAG_INIT;
    char text[160];
    int length = snprintf(text, sizeof text,
                          "hostmem run: %zu bytes for Mono's %s are refused; it cannot go on\n",
                          demand->length, mono_mem_account_type_name((int)demand->kind));

    /* The handlers of an exit are for one thread. */
    while (atomic_flag_test_and_set(&taken))
        pause();
    hm_report_say(text, (size_t)length);
    exit(EXIT_FAILURE);
}

void hm_glue_note_passed(enum hm_passed what)
{
    atomic_fetch_add_explicit(&passed[what], 1, memory_order_relaxed);
}

uint64_t hm_glue_passed(enum hm_passed what)
{
    return atomic_load_explicit(&passed[what], memory_order_relaxed);
}
