#include "policy/policy.h"

#include "platform/platform.h"
#include "space/account.h"

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t remaining(uint64_t limit, uint64_t used)
{
    if (limit == UINT64_MAX)
        return UINT64_MAX;
    return limit > used ? limit - used : 0;
}

/* What the account's limits leave to commit. Reserved memory that is not committed yet is still
 * there to be committed, so the reserve limit too is compared with what is committed. */
static uint64_t account_remaining(int number)
{
    struct hm_account *account = hm_account_get(number);
    uint64_t committed = atomic_load(&account->committed.now);
    return smaller(remaining(hm_meter_limit(&account->committed), committed),
                   remaining(hm_meter_limit(&account->reserved), committed));
}

static uint32_t percent_used(uint64_t total, uint64_t available)
{
    if (total == 0 || available >= total)
        return 0;
    uint64_t used = total - available;
    /* Divide first where the product could overflow; the loss is far below one percent then. */
    if (used > UINT64_MAX / 100)
        return (uint32_t)smaller(used / (total / 100), 100);
    return (uint32_t)(used * 100 / total);
}

hm_status hm_policy_load(int account, uint32_t *percent, uint64_t *available)
{
    struct hm_os_load load;
    if (hm_os_backend()->load(&load) != 0)
        return HM_STATUS_INSUFFICIENT_RESOURCES;
    *percent = percent_used(load.physical_total, load.physical_available);
    uint64_t space = remaining(load.address_limit, load.address_used);
    *available = smaller(smaller(load.physical_available, space), account_remaining(account));
    return HM_STATUS_SUCCESS;
}
