/*
 * trace.c - what every call of a primitive goes through: checked, counted, reported, made to fail.
 */
#include "platform/sim/sim_parts.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    atomic_uint primitives;
    _Atomic uint64_t nth; /* 0: no fault */
    atomic_bool lasting;
    atomic_int error;
    _Atomic uint64_t count; /* calls of these primitives so far */
    _Atomic uint64_t fired;
} fault;

static _Atomic uint64_t calls[HM_SIM_PRIMITIVES];
static _Atomic uint64_t calls_of_all;

static _Atomic(hm_sim_hook) hook;
static _Atomic(void *) hook_context;
static _Thread_local bool in_hook;

/* Each place in the log is written by one call at a time; a call that finds its place taken, by one
 * that was stopped a whole round ago, is not kept. */
static struct {
    atomic_flag busy;
    struct hm_sim_call call;
} entries[HM_SIM_LOG_SIZE];
static _Atomic uint64_t entries_written;

void hm_sim_require(bool holds, const char *demand, const struct hm_sim_call *call)
{
    char text[256];

    if (holds)
        return;
    int length = snprintf(text, sizeof(text),
                          "hostmem sim: primitive %#x(address %#lx, size %#lx, %u): %s\n",
                          (unsigned)call->primitive, (unsigned long)call->address,
                          (unsigned long)call->size, call->argument, demand);
    if (length > 0 && write(STDERR_FILENO, text, strlen(text)) < 0)
        abort();
    abort();
}

/* What platform.h says about ranges. */
static void require_range(const struct hm_sim_call *call)
{
    static const unsigned with_size = HM_SIM_RESERVE | HM_SIM_RESERVE_HINT | HM_SIM_RELEASE |
                                      HM_SIM_PROTECT | HM_SIM_DECOMMIT | HM_SIM_META_MAP |
                                      HM_SIM_META_UNMAP | HM_SIM_META_DISCARD | HM_SIM_LOCK |
                                      HM_SIM_UNLOCK | HM_SIM_PREFETCH | HM_SIM_FLUSH;
    static const unsigned with_base = HM_SIM_RELEASE | HM_SIM_PROTECT | HM_SIM_DECOMMIT |
                                      HM_SIM_META_UNMAP | HM_SIM_META_DISCARD | HM_SIM_LOCK |
                                      HM_SIM_UNLOCK | HM_SIM_FLUSH;
    size_t page = hm_sim_page_size();

    if ((call->primitive & with_size) == 0)
        return;
    hm_sim_require(call->size != 0, "the size is 0", call);
    hm_sim_require(call->size % page == 0, "the size is no multiple of the page size", call);
    hm_sim_require(call->address % page == 0, "the address is no multiple of the page size", call);
    hm_sim_require(call->size <= UINTPTR_MAX - call->address, "the range wraps", call);
    if (call->primitive & with_base)
        hm_sim_require(call->address != 0, "the address is 0", call);
    if (call->primitive == HM_SIM_PROTECT)
        hm_sim_require(call->argument <= 7, "unknown bits in the protection", call);
}

static void report(const struct hm_sim_call *call)
{
    hm_sim_hook function = atomic_load_explicit(&hook, memory_order_acquire);
    int saved = errno;

    if (function == NULL || in_hook)
        return;
    in_hook = true;
    function(call, atomic_load_explicit(&hook_context, memory_order_relaxed));
    in_hook = false;
    errno = saved;
}

static int next_fault(enum hm_sim_primitive primitive)
{
    uint64_t nth = atomic_load(&fault.nth);

    if ((atomic_load(&fault.primitives) & (unsigned)primitive) == 0 || nth == 0)
        return 0;
    uint64_t now = atomic_fetch_add(&fault.count, 1) + 1;
    if (now != nth && !(now > nth && atomic_load(&fault.lasting)))
        return 0;
    atomic_fetch_add(&fault.fired, 1);
    return atomic_load(&fault.error);
}

int hm_sim_begin(struct hm_sim_call *call, enum hm_sim_primitive primitive, uintptr_t address,
                 size_t size, unsigned argument)
{
    *call = (struct hm_sim_call){
        .primitive = primitive,
        .address = address,
        .size = size,
        .argument = argument,
        .result = HM_SIM_UNDER_WAY,
    };
    require_range(call);
    /* What a hook does belongs to the test, not to what is tested. */
    if (in_hook)
        return 0;
    call->number = atomic_fetch_add(&calls_of_all, 1) + 1;
    atomic_fetch_add(&calls[__builtin_ctz((unsigned)primitive)], 1);
    int error = next_fault(primitive);
    report(call);
    return error;
}

static void keep(const struct hm_sim_call *call)
{
    uint64_t place = atomic_fetch_add(&entries_written, 1) % HM_SIM_LOG_SIZE;

    if (atomic_flag_test_and_set_explicit(&entries[place].busy, memory_order_acquire))
        return;
    entries[place].call = *call;
    atomic_flag_clear_explicit(&entries[place].busy, memory_order_release);
}

int hm_sim_end(struct hm_sim_call *call, int result)
{
    call->result = result;
    if (!in_hook) {
        keep(call);
        report(call);
    }
    return result;
}

bool hm_sim_log(size_t back, struct hm_sim_call *call)
{
    uint64_t written = atomic_load(&entries_written);

    if (back >= HM_SIM_LOG_SIZE || back >= written)
        return false;
    uint64_t place = (written - 1 - back) % HM_SIM_LOG_SIZE;
    if (atomic_flag_test_and_set_explicit(&entries[place].busy, memory_order_acquire))
        return false;
    *call = entries[place].call;
    atomic_flag_clear_explicit(&entries[place].busy, memory_order_release);
    return true;
}

static void reset_counts(void)
{
    for (size_t i = 0; i < HM_SIM_PRIMITIVES; i++)
        atomic_store(&calls[i], 0);
    atomic_store(&fault.count, 0);
    atomic_store(&fault.fired, 0);
}

static void set_fault(unsigned primitives, uint64_t n, int error, bool lasting)
{
    atomic_store(&fault.nth, 0);
    reset_counts();
    atomic_store(&fault.primitives, primitives & HM_SIM_CAN_FAIL);
    atomic_store(&fault.error, error);
    atomic_store(&fault.lasting, lasting);
    atomic_store(&fault.nth, n);
}

void hm_sim_trace_reset(void)
{
    set_fault(0, 0, 0, false);
    atomic_store(&entries_written, 0);
    atomic_store(&calls_of_all, 0);
}

void hm_sim_fail_at(unsigned primitives, uint64_t n, int error)
{
    set_fault(primitives, n, error, false);
}

void hm_sim_fail_from(unsigned primitives, uint64_t n, int error)
{
    set_fault(primitives, n, error, true);
}

uint64_t hm_sim_calls(unsigned primitives)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < HM_SIM_PRIMITIVES; i++) {
        if (primitives & 1u << i)
            sum += atomic_load(&calls[i]);
    }
    return sum;
}

uint64_t hm_sim_fired(void)
{
    return atomic_load(&fault.fired);
}

void hm_sim_set_hook(hm_sim_hook function, void *context)
{
    atomic_store(&hook, (hm_sim_hook)NULL);
    atomic_store_explicit(&hook_context, context, memory_order_relaxed);
    atomic_store_explicit(&hook, function, memory_order_release);
}
