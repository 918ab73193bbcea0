/* host.c - the host's side: a manager, handed to the runtime as a host hands it to a CLR. */
#include "host.h"

#include <stdio.h>
#include <string.h>

#include <hostmem/hostmem.h>
#include <hostmem/mscoree.h>

#include "calls.h"
#include "collector.h"
#include "glue.h"

static bool complain(const char *step, HRESULT result)
{
    fprintf(stderr, "hostmem run: %s failed: 0x%08x\n", step, (unsigned)result);
    return false;
}

/* The runtime sees the control object only; the manager comes out of it. */
static HRESULT obtain_manager(const hostmem_options *options, IHostMemoryManager **manager)
{
    IHostMemoryManager *made;
    IHostControl *control;
    void *found = NULL;
    HRESULT result = hostmem_create(options, &made);

    if (result != S_OK)
        return result;
    result = hostmem_create_host_control(made, &control);
    made->lpVtbl->Release(made);
    if (result != S_OK)
        return result;
    result = control->lpVtbl->GetHostManager(control, &IID_IHostMemoryManager, &found);
    control->lpVtbl->Release(control);
    if (result == S_OK && !found)
        return E_NOINTERFACE;
    *manager = found;
    return result;
}

bool hm_host_start(uint64_t commit_limit)
{
    const hostmem_options options = {.size = sizeof options, .commit_limit = commit_limit};
    IHostMemoryManager *manager;
    IHostMalloc *heap;
    HRESULT result = obtain_manager(&options, &manager);
    int error;

    if (result != S_OK)
        return complain("making the memory manager", result);
    hm_calls_use(manager);
    result = hm_call_create_malloc(MALLOC_THREADSAFE, &heap);
    if (result != S_OK)
        return complain("IHostMemoryManager::CreateMalloc", result);
    error = hm_collector_start();
    if (error != 0) {
        fprintf(stderr, "hostmem run: no thread for collections: %s\n", strerror(error));
        return false;
    }
    result = hm_call_register(hm_collector_callback());
    if (result != S_OK)
        return complain("IHostMemoryManager::RegisterMemoryNotificationCallback", result);
    hm_glue_start();
    return true;
}
