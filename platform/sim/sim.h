/*
 * sim.h - a backend for tests that wraps the real one.
 *
 * It makes happen what a healthy machine does not show: the n-th call of a primitive fails, the
 * host's tables are full, pages are 16 or 64 KiB large, a thread is stopped exactly between two
 * system calls. It also checks every precondition that platform.h states, and ends the process with
 * a message where one is broken.
 *
 *     hm_sim_install(&(struct hm_sim_config){.page_size = 65536});
 *     hm_sim_fail_at(HM_SIM_PROTECT | HM_SIM_DECOMMIT, 3, ENOMEM);
 *     ... the third of these calls fails ...
 *     ck_assert(hm_sim_fired());
 *     hm_sim_remove();
 *
 * Primitives may be called from many threads at once, and from signal handlers. Install, remove and
 * the settings are for one thread while no other is in a primitive.
 */
#ifndef HM_PLATFORM_SIM_H
#define HM_PLATFORM_SIM_H

#include "platform/platform.h"

/* One bit per primitive, to be or-ed into a set. */
enum hm_sim_primitive {
    HM_SIM_RESERVE = 1 << 0,
    HM_SIM_RESERVE_HINT = 1 << 1,
    HM_SIM_RELEASE = 1 << 2,
    HM_SIM_PROTECT = 1 << 3,
    HM_SIM_DECOMMIT = 1 << 4,
    HM_SIM_FIND_MAPPING = 1 << 5,
    HM_SIM_LOAD = 1 << 6,
    HM_SIM_META_MAP = 1 << 7,
    HM_SIM_ON_FORK = 1 << 8,
    HM_SIM_HAS_CONTENTS = 1 << 9,
    HM_SIM_RESET = 1 << 10,
    HM_SIM_KEEP = 1 << 11,
    HM_SIM_LOCK = 1 << 12,
    HM_SIM_UNLOCK = 1 << 13,
    HM_SIM_FLUSH = 1 << 14,
    HM_SIM_CAN_FAIL = (1 << 15) - 1, /* all of the above */
    HM_SIM_PREFETCH = 1 << 15,
    HM_SIM_META_UNMAP = 1 << 16,
    HM_SIM_META_DISCARD = 1 << 17,
    HM_SIM_MASK_SIGNALS = 1 << 18,
    HM_SIM_RESTORE_SIGNALS = 1 << 19,
    HM_SIM_WAIT_STEP = 1 << 20,
    HM_SIM_PRIMITIVES = 21,
    HM_SIM_ALL = (1 << HM_SIM_PRIMITIVES) - 1,
    /* What changes the address space and can fail: the usual set to go through call by call. */
    HM_SIM_CHANGES = HM_SIM_RESERVE | HM_SIM_RESERVE_HINT | HM_SIM_RELEASE | HM_SIM_PROTECT |
                     HM_SIM_DECOMMIT | HM_SIM_META_MAP | HM_SIM_HAS_CONTENTS | HM_SIM_RESET |
                     HM_SIM_KEEP
};

/* A call of a primitive, as the hook sees it and the log keeps it. */
struct hm_sim_call {
    enum hm_sim_primitive primitive;
    uint64_t number;   /* of the call, over all primitives, from 1 */
    uintptr_t address; /* as passed; where one was asked for: the answer, once there is one */
    size_t size;
    unsigned argument; /* protection of protect, round of wait_step */
    int result;        /* 0 or an errno value; HM_SIM_UNDER_WAY before the call */
};
enum { HM_SIM_UNDER_WAY = -1 };

/* Called in the calling thread before each primitive (result is HM_SIM_UNDER_WAY) and after it. It
 * may call primitives itself; these are not reported to it. */
typedef void (*hm_sim_hook)(const struct hm_sim_call *call, void *context);

struct hm_sim_config {
    size_t page_size;        /* a multiple of the real one; 0: the real one */
    size_t more_mappings;    /* so many mappings beyond those of now, then ENOMEM; 0: no limit */
    uint64_t address_space;  /* bytes that reservations may take; 0: no limit */
    uint64_t physical_total; /* what load says; 0: the truth */
    uint64_t physical_available;
    bool partial; /* a failure leaves behind as much as platform.h allows it to */
    hm_sim_hook hook;
    void *context;
};

/* Makes hm_os_backend() return the simulation. NULL: every setting as its default. Calling it again
 * replaces the settings and forgets counts, log and faults. */
void hm_sim_install(const struct hm_sim_config *config);

/* The real backend serves again. */
void hm_sim_remove(void);

/* Lets the n-th call from now on, of primitives in this set, fail with this errno value; n 0: none.
 * Counts, and whether it fired, start anew. */
void hm_sim_fail_at(unsigned primitives, uint64_t n, int error);

/* The same for the n-th call and all that follow. */
void hm_sim_fail_from(unsigned primitives, uint64_t n, int error);

/* How many calls of primitives in this set there were since install or the last fail_at. */
uint64_t hm_sim_calls(unsigned primitives);

/* How often a fault set by fail_at or fail_from made a call fail. */
uint64_t hm_sim_fired(void);

/* New values for what the model otherwise knows from install. */
void hm_sim_set_load(uint64_t physical_total, uint64_t physical_available);
void hm_sim_set_limits(size_t more_mappings, uint64_t address_space);
void hm_sim_set_hook(hm_sim_hook hook, void *context);

/* Bytes that are reserved now through the simulation. */
uint64_t hm_sim_reserved(void);

/* The log holds the last calls that ended; back 0 is the latest. False: none so far back, or it is
 * just being written. */
enum { HM_SIM_LOG_SIZE = 1024 };
bool hm_sim_log(size_t back, struct hm_sim_call *call);

#endif
