#include "space/trim.h"

#include "platform/platform.h"
#include "space/op.h"

/* How many 2 MiB ranges are kept waiting: up to 4 KiB of page entries each. */
enum { WAITING = 64 };

static _Atomic uint64_t waiting[WAITING]; /* address + 1; 0: empty */
static _Atomic unsigned waiting_count;

/* The gate is shut while the memory goes; a thread that held it shut and was stopped would hold up
 * everybody, hence the mask. */
static bool begin(struct hm_os_mask *mask)
{
    /* In a handler that interrupted an operation of this thread somebody is at work: this thread. */
    if (hm_op_is_inside())
        return false;
    hm_os_backend()->mask_signals(mask);
    hm_op_begin_trim();
    if (hm_op_close(0))
        return true;
    hm_op_open();
    hm_op_end_trim();
    hm_os_backend()->restore_signals(mask);
    return false;
}

static void end(const struct hm_os_mask *mask)
{
    hm_op_open();
    hm_op_end_trim();
    hm_os_backend()->restore_signals(mask);
}

void hm_trim_now(hm_addr start, hm_addr stop)
{
    struct hm_os_mask mask;
    if (!begin(&mask))
        return;
    hm_table_trim(start, stop);
    end(&mask);
}

void hm_trim_later(hm_addr address)
{
    unsigned i = atomic_fetch_add_explicit(&waiting_count, 1, memory_order_relaxed);
    atomic_store_explicit(&waiting[i % WAITING], address + 1, memory_order_relaxed);
}

void hm_trim_collected(void)
{
    if (atomic_load_explicit(&waiting_count, memory_order_relaxed) < WAITING)
        return;
    struct hm_os_mask mask;
    /* Not at every call, if somebody stands still inside an operation for long. */
    atomic_store_explicit(&waiting_count, WAITING / 2, memory_order_relaxed);
    if (!begin(&mask))
        return;
    atomic_store_explicit(&waiting_count, 0, memory_order_relaxed);
    const struct hm_geometry *geometry = hm_geometry();
    hm_addr size = hm_level_size(geometry, HM_LEVEL_LARGE);
    for (int i = 0; i < WAITING; i++) {
        uint64_t address = atomic_exchange_explicit(&waiting[i], 0, memory_order_relaxed);
        if (address != 0)
            hm_table_trim((address - 1) & ~(size - 1), ((address - 1) & ~(size - 1)) + size);
    }
    end(&mask);
}
