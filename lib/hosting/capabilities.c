#include <hostmem/hostmem.h>
#include <hostmem/mscoree.h>

#include "hosting/manager.h"
#include "hosting/sized.h"
#include "hosting/version.h"
#include "platform/platform.h"
#include "space/account.h"
#include "space/space.h"

/* Sizes of the structures in the first version that had them, and one that is surely a mistake. */
enum {
    FIRST_CAPABILITY_SIZE = offsetof(hostmem_capability_info, placeholders) + sizeof(uint32_t),
    FIRST_STATISTICS_SIZE = offsetof(hostmem_statistics, refused) + sizeof(uint64_t),
    LARGEST_SIZE = 4096
};

int32_t hostmem_capabilities(hostmem_capability_info *info)
{
    if (info == NULL)
        return E_POINTER;
    if (info->size < FIRST_CAPABILITY_SIZE || info->size > LARGEST_SIZE)
        return E_INVALIDARG;
    unsigned facilities = hm_os_backend()->facilities();
    hostmem_capability_info answer = {
        .page_size = hm_space_page_size(),
        .granularity = hm_space_granularity(),
        .highest_address = hm_space_highest_address(),
        .foreign_query =
            (facilities & HM_OS_FACILITY_MAPPING_QUERY) != 0 ? HOSTMEM_BY_KERNEL : HOSTMEM_BY_TEXT,
        .fixed_noreplace = (facilities & HM_OS_FACILITY_FIXED_NOREPLACE) != 0
                               ? HOSTMEM_BY_KERNEL
                               : HOSTMEM_BY_PROTECTION,
        .commit = HOSTMEM_BY_PROTECTION,
        .write_watch = HOSTMEM_UNAVAILABLE,
        .guard_exceptions = HOSTMEM_UNAVAILABLE,
        .large_pages = HOSTMEM_UNAVAILABLE,
        .physical = HOSTMEM_UNAVAILABLE,
        .reset = (facilities & HM_OS_FACILITY_LAZY_RESET) != 0 ? HOSTMEM_BY_KERNEL
                                                               : HOSTMEM_BY_PROTECTION,
        .placeholders = HOSTMEM_BY_PROTECTION,
    };
    hm_sized_answer(info, info->size, &answer, sizeof answer);
    return S_OK;
}

int32_t hostmem_get_statistics(IHostMemoryManager *manager, hostmem_statistics *stats)
{
    if (stats == NULL)
        return E_POINTER;
    if (stats->size < FIRST_STATISTICS_SIZE || stats->size > LARGEST_SIZE)
        return E_INVALIDARG;
    int number = HM_ACCOUNT_PROCESS;
    if (manager != NULL) {
        struct hm_manager *object = hm_manager_of(manager);
        if (object == NULL)
            return E_INVALIDARG;
        number = object->account;
    }
    struct hm_account *account = hm_account_get(number);
    uint64_t limit = hm_meter_limit(&account->committed);
    hostmem_statistics answer = {
        .reserved = atomic_load(&account->reserved.now),
        .reserved_peak = atomic_load(&account->reserved.peak),
        .committed = atomic_load(&account->committed.now),
        .committed_peak = atomic_load(&account->committed.peak),
        .commit_limit = limit != UINT64_MAX ? limit : 0,
        .refused = atomic_load(&account->refused),
    };
    hm_sized_answer(stats, stats->size, &answer, sizeof answer);
    return S_OK;
}

uint32_t hostmem_version(void)
{
    return HM_VERSION_MAJOR << 16 | HM_VERSION_MINOR << 8 | HM_VERSION_PATCH;
}
