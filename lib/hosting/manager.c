#include "hosting/manager.h"

#include "hosting/hresult.h"
#include "hosting/malloc.h"
#include "policy/policy.h"
#include "policy/pool.h"
#include "space/account.h"

static struct hm_pool pool = HM_POOL(sizeof(struct hm_manager));

static struct hm_manager *from(IHostMemoryManager *This)
{
    return (struct hm_manager *)This;
}

/* --- References. --- */

void hm_manager_add_reference(struct hm_manager *manager)
{
    hm_reference_add(&manager->references);
}

static ULONG drop(struct hm_manager *manager)
{
    ULONG left = hm_reference_drop(&manager->references);
    if (left == 0) {
        hm_callbacks_clear(&manager->callbacks);
        hm_ranges_close(&manager->ranges);
        hm_account_close(manager->account);
        hm_pool_give(&pool, manager);
    }
    return left;
}

void hm_manager_release(struct hm_manager *manager)
{
    drop(manager);
}

static HRESULT HOSTMEM_STDCALL query_interface(IHostMemoryManager *This, REFIID riid, void **ppv)
{
    return hm_query_interface(This, &from(This)->references, &IID_IHostMemoryManager, riid, ppv);
}

static ULONG HOSTMEM_STDCALL add_reference(IHostMemoryManager *This)
{
    return hm_reference_add(&from(This)->references);
}

static ULONG HOSTMEM_STDCALL release(IHostMemoryManager *This)
{
    return drop(from(This));
}

/* --- Heaps and virtual memory. --- */

static HRESULT HOSTMEM_STDCALL create_malloc(IHostMemoryManager *This, DWORD dwMallocType,
                                             IHostMalloc **ppMalloc)
{
    if (ppMalloc == NULL)
        return E_POINTER;
    *ppMalloc = NULL;
    if ((dwMallocType & ~(DWORD)(MALLOC_THREADSAFE | MALLOC_EXECUTABLE)) != 0)
        return E_INVALIDARG;
    *ppMalloc = hm_malloc_create(from(This), dwMallocType);
    return *ppMalloc != NULL ? S_OK : E_OUTOFMEMORY;
}

static HRESULT HOSTMEM_STDCALL virtual_alloc(IHostMemoryManager *This, void *pAddress,
                                             SIZE_T dwSize, DWORD flAllocationType, DWORD flProtect,
                                             EMemoryCriticalLevel eCriticalLevel, void **ppMem)
{
    if (ppMem == NULL)
        return E_POINTER;
    *ppMem = NULL;
    if (!hm_valid_level(eCriticalLevel))
        return E_INVALIDARG;
    uintptr_t result = 0;
    hm_status status =
        hm_policy_allocate(from(This)->account, (uintptr_t)pAddress, dwSize, flAllocationType,
                           flProtect, (int)eCriticalLevel, &result);
    *ppMem = (void *)result;
    return hm_hresult(status);
}

static HRESULT HOSTMEM_STDCALL virtual_free(IHostMemoryManager *This, LPVOID lpAddress,
                                            SIZE_T dwSize, DWORD dwFreeType)
{
    (void)This; /* the page table knows who paid */
    return hm_hresult(hm_policy_free((uintptr_t)lpAddress, dwSize, dwFreeType));
}

static HRESULT HOSTMEM_STDCALL virtual_query(IHostMemoryManager *This, void *lpAddress,
                                             void *lpBuffer, SIZE_T dwLength, SIZE_T *pResult)
{
    (void)This;
    size_t written;
    hm_status status = hm_policy_query_basic((uintptr_t)lpAddress, lpBuffer, dwLength, &written);
    if (pResult != NULL)
        *pResult = written;
    return hm_hresult(status);
}

static HRESULT HOSTMEM_STDCALL virtual_protect(IHostMemoryManager *This, void *lpAddress,
                                               SIZE_T dwSize, DWORD flNewProtect,
                                               DWORD *pflOldProtect)
{
    (void)This;
    return hm_hresult(hm_policy_protect((uintptr_t)lpAddress, dwSize, flNewProtect, pflOldProtect));
}

/* --- The state of the host. --- */

static HRESULT HOSTMEM_STDCALL get_memory_load(IHostMemoryManager *This, DWORD *pMemoryLoad,
                                               SIZE_T *pAvailableBytes)
{
    uint32_t percent = 0;
    uint64_t available = 0;
    hm_status status = hm_policy_load(from(This)->account, &percent, &available);
    if (pMemoryLoad != NULL)
        *pMemoryLoad = percent;
    if (pAvailableBytes != NULL)
        *pAvailableBytes = available < SIZE_MAX ? (SIZE_T)available : SIZE_MAX;
    return hm_hresult(status);
}

static HRESULT HOSTMEM_STDCALL register_callback(IHostMemoryManager *This,
                                                 ICLRMemoryNotificationCallback *pCallback)
{
    struct hm_callbacks *callbacks = &from(This)->callbacks;
    if (pCallback == NULL) {
        hm_callbacks_clear(callbacks);
        return S_OK;
    }
    return hm_callbacks_add(callbacks, pCallback) ? S_OK : E_OUTOFMEMORY;
}

/* --- Address space that the runtime maps itself. --- */

static HRESULT HOSTMEM_STDCALL needs_space(IHostMemoryManager *This, LPVOID startAddress,
                                           SIZE_T size)
{
    (void)This;
    return hm_policy_has_room((uintptr_t)startAddress, size) ? S_OK : E_OUTOFMEMORY;
}

static HRESULT HOSTMEM_STDCALL acquired_space(IHostMemoryManager *This, LPVOID startAddress,
                                              SIZE_T size)
{
    uintptr_t base = (uintptr_t)startAddress;
    if (size == 0)
        size = hm_policy_extent(base);
    if (size > UINTPTR_MAX - base)
        return E_INVALIDARG;
    /* Nothing is mapped in the first page, and what is not mapped is nothing to account. */
    if (base < hm_space_page_size() || size == 0)
        return S_OK;
    return hm_ranges_add(&from(This)->ranges, base, size) ? S_OK : E_OUTOFMEMORY;
}

static HRESULT HOSTMEM_STDCALL released_space(IHostMemoryManager *This, LPVOID startAddress)
{
    uintptr_t base = (uintptr_t)startAddress;
    if (base >= hm_space_page_size())
        hm_ranges_remove(&from(This)->ranges, base);
    return S_OK;
}

/* --- The object. --- */

static const IHostMemoryManagerVtbl vtable = {
    .QueryInterface = query_interface,
    .AddRef = add_reference,
    .Release = release,
    .CreateMalloc = create_malloc,
    .VirtualAlloc = virtual_alloc,
    .VirtualFree = virtual_free,
    .VirtualQuery = virtual_query,
    .VirtualProtect = virtual_protect,
    .GetMemoryLoad = get_memory_load,
    .RegisterMemoryNotificationCallback = register_callback,
    .NeedsVirtualAddressSpace = needs_space,
    .AcquiredVirtualAddressSpace = acquired_space,
    .ReleasedVirtualAddressSpace = released_space,
};

struct hm_manager *hm_manager_create(uint64_t commit_limit, uint64_t reserve_limit,
                                     uint64_t headroom)
{
    struct hm_manager *manager = hm_pool_take(&pool);
    if (manager == NULL)
        return NULL;
    manager->account = hm_account_open(commit_limit, reserve_limit, headroom);
    if (manager->account < 0) {
        hm_pool_give(&pool, manager);
        return NULL;
    }
    hm_callbacks_clear(&manager->callbacks);
    hm_ranges_open(&manager->ranges);
    atomic_store(&manager->references, 1);
    manager->interface.lpVtbl = &vtable;
    return manager;
}

struct hm_manager *hm_manager_of(IHostMemoryManager *interface)
{
    return interface->lpVtbl == &vtable ? from(interface) : NULL;
}
