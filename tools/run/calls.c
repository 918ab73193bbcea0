/* calls.c - the manager as `hostmem run` calls it: by slot through the vtable, each call counted. */
#include "calls.h"

#include <stdatomic.h>
#include <stddef.h>

static IHostMemoryManager *the_manager;
static atomic_uint_fast64_t made[HM_METHOD_COUNT];

/*
 * Failures by method and result. A slot is claimed by writing its key; keys are never removed, and
 * a run has only a few, so that a linear search is enough. When all are taken, further kinds are
 * counted nowhere: the calls themselves still are.
 */
enum { FAILURE_SLOTS = 32 };
static struct {
    atomic_uint_fast64_t key; /* method + 1 above the result's 32 bits; 0: free */
    atomic_uint_fast64_t count;
} failures[FAILURE_SLOTS];

const char *hm_method_name(enum hm_method method)
{
    static const char *const names[HM_METHOD_COUNT] = {
        [HM_METHOD_CREATE_MALLOC] = "CreateMalloc",
        [HM_METHOD_VIRTUAL_ALLOC] = "VirtualAlloc",
        [HM_METHOD_VIRTUAL_FREE] = "VirtualFree",
        [HM_METHOD_VIRTUAL_QUERY] = "VirtualQuery",
        [HM_METHOD_VIRTUAL_PROTECT] = "VirtualProtect",
        [HM_METHOD_GET_MEMORY_LOAD] = "GetMemoryLoad",
        [HM_METHOD_REGISTER_CALLBACK] = "RegisterMemoryNotificationCallback",
        [HM_METHOD_NEEDS_SPACE] = "NeedsVirtualAddressSpace",
        [HM_METHOD_ACQUIRED_SPACE] = "AcquiredVirtualAddressSpace",
        [HM_METHOD_RELEASED_SPACE] = "ReleasedVirtualAddressSpace",
    };
    return names[method];
}

void hm_calls_use(IHostMemoryManager *manager)
{
    the_manager = manager;
}

IHostMemoryManager *hm_calls_manager(void)
{
    return the_manager;
}

static void note_failure(enum hm_method method, HRESULT result)
{
    uint_fast64_t key = ((uint_fast64_t)method + 1) << 32 | (uint32_t)result;

    for (unsigned i = 0; i < FAILURE_SLOTS; i++) {
        uint_fast64_t seen = 0;

        if (atomic_compare_exchange_strong(&failures[i].key, &seen, key) || seen == key) {
            atomic_fetch_add_explicit(&failures[i].count, 1, memory_order_relaxed);
            return;
        }
    }
}

static HRESULT note(enum hm_method method, HRESULT result)
{
    atomic_fetch_add_explicit(&made[method], 1, memory_order_relaxed);
    if (result != S_OK)
        note_failure(method, result);
    return result;
}

HRESULT hm_call_create_malloc(DWORD type, IHostMalloc **heap)
{
    return note(HM_METHOD_CREATE_MALLOC,
                the_manager->lpVtbl->CreateMalloc(the_manager, type, heap));
}

HRESULT hm_call_alloc(void *address, SIZE_T size, DWORD type, DWORD protect,
                      EMemoryCriticalLevel level, void **mem)
{
    return note(
        HM_METHOD_VIRTUAL_ALLOC,
        the_manager->lpVtbl->VirtualAlloc(the_manager, address, size, type, protect, level, mem));
}

HRESULT hm_call_free(void *address, SIZE_T size, DWORD type)
{
    return note(HM_METHOD_VIRTUAL_FREE,
                the_manager->lpVtbl->VirtualFree(the_manager, address, size, type));
}

HRESULT hm_call_protect(void *address, SIZE_T size, DWORD protect)
{
    DWORD old;

    return note(HM_METHOD_VIRTUAL_PROTECT,
                the_manager->lpVtbl->VirtualProtect(the_manager, address, size, protect, &old));
}

HRESULT hm_call_register(ICLRMemoryNotificationCallback *callback)
{
    return note(HM_METHOD_REGISTER_CALLBACK,
                the_manager->lpVtbl->RegisterMemoryNotificationCallback(the_manager, callback));
}

bool hm_call_query(uintptr_t address, MEMORY_BASIC_INFORMATION *info)
{
    SIZE_T written = 0;
    HRESULT result = note(HM_METHOD_VIRTUAL_QUERY,
                          the_manager->lpVtbl->VirtualQuery(the_manager, (void *)address, info,
                                                            sizeof *info, &written));

    return result == S_OK && written == sizeof *info;
}

uint64_t hm_calls_made(enum hm_method method)
{
    return atomic_load_explicit(&made[method], memory_order_relaxed);
}

bool hm_calls_failure(unsigned index, struct hm_failure *failure)
{
    uint_fast64_t key;

    if (index >= FAILURE_SLOTS)
        return false;
    key = atomic_load(&failures[index].key);
    if (key == 0)
        return false;
    failure->method = (enum hm_method)((key >> 32) - 1);
    failure->result = (HRESULT)(uint32_t)key;
    failure->count = atomic_load_explicit(&failures[index].count, memory_order_relaxed);
    return true;
}
