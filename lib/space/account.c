#include "space/account.h"

#include <assert.h>

enum hm_account_state { ACCOUNT_UNUSED, ACCOUNT_OPEN, ACCOUNT_CLOSED };

static struct hm_account accounts[HM_ACCOUNT_COUNT];

/* The process's account is open from the start and has no limit of its own. */
static bool has_limit(const struct hm_meter *meter, uint64_t *limit)
{
    *limit = atomic_load_explicit(&meter->limit, memory_order_relaxed);
    return *limit != 0;
}

/* Limits are stored plus one, so that zeroed memory means none and a limit of 0 can be told. */
static void set_limit(struct hm_meter *meter, uint64_t limit)
{
    atomic_store_explicit(&meter->limit, limit == UINT64_MAX ? 0 : limit + 1, memory_order_relaxed);
}

uint64_t hm_meter_limit(const struct hm_meter *meter)
{
    uint64_t limit;
    return has_limit(meter, &limit) ? limit - 1 : UINT64_MAX;
}

struct hm_account *hm_account_get(int number)
{
    assert(number >= 0 && number < HM_ACCOUNT_COUNT);
    return &accounts[number];
}

static void reset_meter(struct hm_meter *meter, uint64_t limit)
{
    atomic_store_explicit(&meter->now, 0, memory_order_relaxed);
    atomic_store_explicit(&meter->peak, 0, memory_order_relaxed);
    set_limit(meter, limit);
}

static bool take(struct hm_account *account)
{
    int state = ACCOUNT_UNUSED;
    if (atomic_compare_exchange_strong(&account->state, &state, ACCOUNT_OPEN))
        return true;
    /* A closed account is free again when nothing is reserved: then no page carries its number. */
    return state == ACCOUNT_CLOSED && atomic_load(&account->reserved.now) == 0 &&
           atomic_compare_exchange_strong(&account->state, &state, ACCOUNT_OPEN);
}

int hm_account_open(uint64_t commit_limit, uint64_t reserve_limit, uint64_t headroom)
{
    for (int number = HM_ACCOUNT_PROCESS + 1; number < HM_ACCOUNT_COUNT; number++) {
        struct hm_account *account = &accounts[number];
        if (take(account)) {
            reset_meter(&account->reserved, reserve_limit);
            reset_meter(&account->committed, commit_limit);
            atomic_store_explicit(&account->headroom, headroom, memory_order_relaxed);
            atomic_store_explicit(&account->refused, 0, memory_order_relaxed);
            return number;
        }
    }
    return -1;
}

void hm_account_close(int number)
{
    assert(number > HM_ACCOUNT_PROCESS);
    atomic_store(&hm_account_get(number)->state, ACCOUNT_CLOSED);
}

static void raise_peak(struct hm_meter *meter, uint64_t now)
{
    uint64_t peak = atomic_load_explicit(&meter->peak, memory_order_relaxed);
    while (peak < now && !atomic_compare_exchange_weak_explicit(
                             &meter->peak, &peak, now, memory_order_relaxed, memory_order_relaxed))
        ;
}

/* A compare-and-swap and not add-then-check: a charge that is refused must not for a moment stand
 * in the way of another that fits. */
static bool charge(struct hm_account *account, struct hm_meter *meter, uint64_t bytes,
                   uint64_t kept_back)
{
    uint64_t limit = hm_meter_limit(meter);
    if (limit != UINT64_MAX)
        limit = limit > kept_back ? limit - kept_back : 0;
    uint64_t now = atomic_load_explicit(&meter->now, memory_order_relaxed);
    do {
        if (bytes > limit || now > limit - bytes) {
            atomic_fetch_add_explicit(&account->refused, 1, memory_order_relaxed);
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(&meter->now, &now, now + bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    raise_peak(meter, now + bytes);
    return true;
}

static void uncharge(struct hm_meter *meter, uint64_t bytes)
{
    uint64_t before = atomic_fetch_sub_explicit(&meter->now, bytes, memory_order_relaxed);
    assert(before >= bytes);
    (void)before;
}

bool hm_account_reserve(int number, uint64_t bytes)
{
    struct hm_account *account = hm_account_get(number);
    return charge(account, &account->reserved, bytes, 0);
}

bool hm_account_commit(int number, uint64_t bytes, int urgency)
{
    struct hm_account *account = hm_account_get(number);
    uint64_t headroom = atomic_load_explicit(&account->headroom, memory_order_relaxed);
    uint64_t kept_back = urgency == 0 ? headroom : urgency == 1 ? headroom / 2 : 0;
    return bytes == 0 || charge(account, &account->committed, bytes, kept_back);
}

void hm_account_unreserve(int number, uint64_t bytes)
{
    uncharge(&hm_account_get(number)->reserved, bytes);
}

void hm_account_uncommit(int number, uint64_t bytes)
{
    if (bytes != 0)
        uncharge(&hm_account_get(number)->committed, bytes);
}

void hm_account_move(int from, int to, uint64_t reserved)
{
    if (from == to)
        return;
    struct hm_meter *meter = &hm_account_get(to)->reserved;
    uint64_t now =
        atomic_fetch_add_explicit(&meter->now, reserved, memory_order_relaxed) + reserved;
    raise_peak(meter, now);
    uncharge(&hm_account_get(from)->reserved, reserved);
}

void hm_account_forget_charges(void)
{
    for (int number = 0; number < HM_ACCOUNT_COUNT; number++) {
        atomic_store_explicit(&accounts[number].reserved.now, 0, memory_order_relaxed);
        atomic_store_explicit(&accounts[number].committed.now, 0, memory_order_relaxed);
    }
}

void hm_account_recount(int number, uint64_t reserved, uint64_t committed)
{
    struct hm_account *account = hm_account_get(number);
    atomic_fetch_add_explicit(&account->reserved.now, reserved, memory_order_relaxed);
    atomic_fetch_add_explicit(&account->committed.now, committed, memory_order_relaxed);
}
