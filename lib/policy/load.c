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

hm_status hm_policy_memory_status(struct hm_memory_status *memory)
{
    struct hm_os_load load;
    if (hm_os_backend()->load(&load) != 0)
        return HM_STATUS_INSUFFICIENT_RESOURCES;
    uint64_t space = (uint64_t)hm_space_highest_address() + 1 - hm_space_granularity();
    memory->percent = percent_used(load.physical_total, load.physical_available);
    memory->physical = load.physical_total;
    memory->physical_available = load.physical_available;
    memory->space = smaller(space, load.address_limit);
    memory->space_available = remaining(memory->space, load.address_used);
    return HM_STATUS_SUCCESS;
}

/* What a limit leaves; UINT64_MAX where there is none. */
static uint64_t limit_remaining(const struct hm_os_limit *limit)
{
    return limit->set ? remaining(limit->bytes, limit->used) : UINT64_MAX;
}

/*
 * Physical memory in use of whichever stops this process first: the machine or the group with least
 * left. In a small container on a large machine the machine's percentage would tell nothing, and the
 * answer would be at odds with the bytes that are available. Not the larger of the percentages: a
 * machine that is nearly full but has more left than the group may take holds nobody up.
 */
static uint32_t percent_of_tightest(const struct hm_os_load *load)
{
    uint64_t left = limit_remaining(&load->group);
    if (left < load->physical_available)
        return load->group.bytes != 0 ? percent_used(load->group.bytes, left) : 100;
    return percent_used(load->physical_total, load->physical_available);
}

hm_status hm_policy_load(int account, uint32_t *percent, uint64_t *available)
{
    struct hm_os_load load;
    if (hm_os_backend()->load(&load) != 0)
        return HM_STATUS_INSUFFICIENT_RESOURCES;
    *percent = percent_of_tightest(&load);
    uint64_t physical = smaller(load.physical_available, limit_remaining(&load.group));
    uint64_t space = remaining(load.address_limit, load.address_used);
    uint64_t resources = smaller(space, limit_remaining(&load.data));
    *available = smaller(smaller(physical, resources), account_remaining(account));
    return HM_STATUS_SUCCESS;
}
