#include <hostmem/hostmem.h>
#include <hostmem/mscoree.h>

#include "hosting/control.h"
#include "hosting/manager.h"
#include "hosting/sized.h"
#include "space/space.h"

/* Size of the structure in the first version that had it. */
enum { FIRST_OPTIONS_SIZE = offsetof(hostmem_options, flags) + sizeof(uint64_t) };

static bool valid_options(const hostmem_options *options)
{
    return options->size >= FIRST_OPTIONS_SIZE &&
           hm_sized_rest_is_zero(options, options->size, sizeof *options) && options->flags == 0;
}

static uint64_t limit(uint64_t option)
{
    return option != 0 ? option : UINT64_MAX;
}

/* A sixty-fourth of the limit in whole granules: nothing of a limit that is too small to spare it. */
enum { HEADROOM_SHARE = 64 };

static uint64_t headroom(const hostmem_options *options)
{
    if (options->critical_headroom == HOSTMEM_NO_HEADROOM)
        return 0;
    if (options->critical_headroom != 0)
        return options->critical_headroom;
    uint64_t share = options->commit_limit / HEADROOM_SHARE;
    return share - share % hm_space_granularity();
}

int32_t hostmem_create(const hostmem_options *options, IHostMemoryManager **manager)
{
    if (manager == NULL)
        return E_POINTER;
    *manager = NULL;
    const hostmem_options defaults = {.size = sizeof defaults};
    if (options == NULL)
        options = &defaults;
    if (!valid_options(options))
        return E_INVALIDARG;
    struct hm_manager *object = hm_manager_create(limit(options->commit_limit),
                                                  limit(options->reserve_limit), headroom(options));
    if (object == NULL)
        return E_OUTOFMEMORY;
    *manager = &object->interface;
    return S_OK;
}

int32_t hostmem_create_host_control(IHostMemoryManager *manager, IHostControl **control)
{
    if (control == NULL)
        return E_POINTER;
    *control = NULL;
    if (manager == NULL)
        return E_POINTER;
    *control = hm_control_create(manager);
    return *control != NULL ? S_OK : E_OUTOFMEMORY;
}
