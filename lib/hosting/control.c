#include "hosting/control.h"

#include "hosting/unknown.h"
#include "policy/pool.h"

struct hm_control {
    IHostControl interface;
    hm_references references;
    IHostMemoryManager *manager;
};

static struct hm_pool pool = HM_POOL(sizeof(struct hm_control));

static struct hm_control *from(IHostControl *This)
{
    return (struct hm_control *)This;
}

static HRESULT HOSTMEM_STDCALL query_interface(IHostControl *This, REFIID riid, void **ppv)
{
    return hm_query_interface(This, &from(This)->references, &IID_IHostControl, riid, ppv);
}

static ULONG HOSTMEM_STDCALL add_reference(IHostControl *This)
{
    return hm_reference_add(&from(This)->references);
}

static ULONG HOSTMEM_STDCALL release(IHostControl *This)
{
    struct hm_control *control = from(This);
    ULONG left = hm_reference_drop(&control->references);
    if (left == 0) {
        IHostMemoryManager *manager = control->manager;
        hm_pool_give(&pool, control);
        IHostMemoryManager_Release(manager);
    }
    return left;
}

static HRESULT HOSTMEM_STDCALL get_host_manager(IHostControl *This, REFIID riid, void **ppObject)
{
    if (ppObject == NULL)
        return E_POINTER;
    *ppObject = NULL;
    if (riid == NULL)
        return E_POINTER;
    if (!hm_same_iid(riid, &IID_IHostMemoryManager))
        return E_NOINTERFACE;
    IHostMemoryManager *manager = from(This)->manager;
    IHostMemoryManager_AddRef(manager);
    *ppObject = manager;
    return S_OK;
}

/* Memory is the process's, whatever domains it has: there is nothing to do for one. */
static HRESULT HOSTMEM_STDCALL set_domain_manager(IHostControl *This, DWORD dwAppDomainID,
                                                  IUnknown *pUnkAppDomainManager)
{
    (void)This;
    (void)dwAppDomainID;
    return pUnkAppDomainManager != NULL ? S_OK : E_POINTER;
}

static const IHostControlVtbl vtable = {
    .QueryInterface = query_interface,
    .AddRef = add_reference,
    .Release = release,
    .GetHostManager = get_host_manager,
    .SetAppDomainManager = set_domain_manager,
};

IHostControl *hm_control_create(IHostMemoryManager *manager)
{
    struct hm_control *control = hm_pool_take(&pool);
    if (control == NULL)
        return NULL;
    IHostMemoryManager_AddRef(manager);
    control->manager = manager;
    atomic_store(&control->references, 1);
    control->interface.lpVtbl = &vtable;
    return &control->interface;
}
