#include "hosting/malloc.h"

#include "hosting/heap.h"
#include "hosting/hresult.h"
#include "policy/pool.h"

struct hm_malloc {
    IHostMalloc interface;
    hm_references references;
    struct hm_manager *manager;
    struct hm_heap heap;
};

static struct hm_pool pool = HM_POOL(sizeof(struct hm_malloc));

static struct hm_malloc *from(IHostMalloc *This)
{
    return (struct hm_malloc *)This;
}

static HRESULT HOSTMEM_STDCALL query_interface(IHostMalloc *This, REFIID riid, void **ppv)
{
    return hm_query_interface(This, &from(This)->references, &IID_IHostMalloc, riid, ppv);
}

static ULONG HOSTMEM_STDCALL add_reference(IHostMalloc *This)
{
    return hm_reference_add(&from(This)->references);
}

static ULONG HOSTMEM_STDCALL release(IHostMalloc *This)
{
    struct hm_malloc *object = from(This);
    ULONG left = hm_reference_drop(&object->references);
    if (left == 0) {
        struct hm_manager *manager = object->manager;
        hm_heap_close(&object->heap);
        hm_pool_give(&pool, object);
        hm_manager_release(manager);
    }
    return left;
}

static HRESULT HOSTMEM_STDCALL allocate(IHostMalloc *This, SIZE_T cbSize,
                                        EMemoryCriticalLevel eCriticalLevel, void **ppMem)
{
    if (HM_UNLIKELY(ppMem == NULL))
        return E_POINTER;
    *ppMem = NULL;
    if (HM_UNLIKELY(!hm_valid_level(eCriticalLevel)))
        return E_INVALIDARG;
    *ppMem = hm_heap_allocate(&from(This)->heap, cbSize, (int)eCriticalLevel);
    return HM_LIKELY(*ppMem != NULL) ? S_OK : E_OUTOFMEMORY;
}

static HRESULT HOSTMEM_STDCALL debug_allocate(IHostMalloc *This, SIZE_T cbSize,
                                              EMemoryCriticalLevel eCriticalLevel,
                                              char *pszFileName, int iLineNo, void **ppMem)
{
    HRESULT result = allocate(This, cbSize, eCriticalLevel, ppMem);
    if (result == S_OK && pszFileName != NULL)
        hm_heap_remember(&from(This)->heap, *ppMem, pszFileName, iLineNo);
    return result;
}

static HRESULT HOSTMEM_STDCALL give_back(IHostMalloc *This, void *pMem)
{
    if (pMem == NULL)
        return S_OK;
    return hm_hresult(hm_heap_free(&from(This)->heap, (uintptr_t)pMem));
}

static const IHostMallocVtbl vtable = {
    .QueryInterface = query_interface,
    .AddRef = add_reference,
    .Release = release,
    .Alloc = allocate,
    .DebugAlloc = debug_allocate,
    .Free = give_back,
};

IHostMalloc *hm_malloc_create(struct hm_manager *manager, DWORD type)
{
    struct hm_malloc *object = hm_pool_take(&pool);
    if (object == NULL)
        return NULL;
    uint32_t protect = (type & MALLOC_EXECUTABLE) != 0 ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
    hm_heap_open(&object->heap, manager->account, protect, (type & MALLOC_THREADSAFE) != 0);
    hm_manager_add_reference(manager);
    object->manager = manager;
    atomic_store(&object->references, 1);
    object->interface.lpVtbl = &vtable;
    return &object->interface;
}
