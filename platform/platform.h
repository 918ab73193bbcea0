/*
 * platform.h - the whole seam between hostmem and an operating system.
 *
 * A backend is one `struct hm_os`: functions and facts. hm_os_backend() returns the one that serves
 * this process; nothing above this header calls mmap, reads /proc or knows which system it runs on.
 *
 * Rules for every primitive
 * - Addresses and sizes are multiples of the page size, sizes are not 0, ranges do not wrap.
 * - The result is 0 or an errno value; errno itself is left as the caller had it.
 * - All are safe from any thread at once, take no lock, call no malloc, and are async-signal-safe,
 *   but for those that say otherwise.
 * - "Unchanged on failure" means that protection and contents of every page are as before. Where a
 *   primitive cannot promise that it says what may have happened.
 */
#ifndef HM_PLATFORM_H
#define HM_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the processor allows on a page. Combinations that the host lacks are widened by it. */
enum { HM_OS_NONE = 0, HM_OS_READ = 1, HM_OS_WRITE = 2, HM_OS_EXEC = 4 };

/* What a mapping is made of. */
enum hm_os_kind {
    HM_OS_ANONYMOUS, /* private, no file behind it */
    HM_OS_STACK,     /* the kernel's main stack: grows by itself */
    HM_OS_FILE,      /* a file or shared memory that is not an executable image */
    HM_OS_IMAGE      /* part of an executable image or shared library */
};

/* One mapping of the process, whoever made it. [start, end) */
struct hm_os_mapping {
    uintptr_t start;
    uintptr_t end;
    uintptr_t allocation; /* lowest address of the thing it is part of: an image's first segment */
    unsigned prot;        /* HM_OS_READ | ... */
    bool shared;          /* writes are seen by others */
    enum hm_os_kind kind;
};

/* A saved signal mask; large enough for every system's sigset_t. */
struct hm_os_mask {
    uint64_t bits[16];
};

/* Facilities a backend found; each may be switched off to force its fallback. */
enum hm_os_facility {
    HM_OS_FACILITY_FIXED_NOREPLACE = 1u << 0, /* the kernel refuses to map over a mapping */
    HM_OS_FACILITY_MAPPING_QUERY = 1u << 1,   /* the kernel answers for one address */
    HM_OS_FACILITY_OVERCOMMIT = 1u << 2, /* memory is charged by pages in use, not by mapping */
    HM_OS_FACILITY_LAZY_RESET = 1u << 3  /* contents can be given up without being lost at once */
};

/* A limit that need not be there. */
struct hm_os_limit {
    bool set; /* false: there is none */
    uint64_t bytes;
    uint64_t used; /* of them; may be more, where the limit came later */
};

/*
 * How much memory there is, for the load, in bytes. Total and available are the machine's; what else
 * stands above this process has limits of its own. What the host does not tell (no file can be
 * opened, say) counts as no limit, or as nothing used: only a machine that is not known is an error.
 */
struct hm_os_load {
    uint64_t physical_total;
    uint64_t physical_available;
    uint64_t address_limit; /* resource limit on address space; UINT64_MAX: none */
    uint64_t address_used;
    struct hm_os_limit data;  /* resource limit on private writable memory */
    struct hm_os_limit group; /* the one with least left, of all that groups of processes have */
};

struct hm_os {
    /* --- Facts, fixed after hm_os_backend() has returned. --- */
    const char *name;
    size_t page_size;
    uintptr_t highest_address; /* last address that user memory can have, page-end aligned */
    uintptr_t lowest_address;  /* first address that this process may map at */
    size_t stack_growth;       /* room below the main stack that is left to it (0: none needed) */
    unsigned (*facilities)(void); /* hm_os_facility bits that work here and are not switched off */

    /* --- Address space. --- */

    /*
     * Takes address space: inaccessible, no memory behind it, not charged to anything.
     * wanted 0: anywhere. Else exactly there: EEXIST when something is mapped in the range, and what
     * is mapped there is never harmed. ENOMEM when there is no space. Unchanged on failure.
     */
    int (*reserve)(uintptr_t wanted, size_t size, uintptr_t *base);

    /* As reserve with wanted 0, but at hint, or near it, where the host finds that cheaply. Success
     * may be anywhere: the caller looks at *base, and releases what it has no use for. */
    int (*reserve_hint)(uintptr_t hint, size_t size, uintptr_t *base);

    /* Gives address space back, of one or of several reservations. ENOMEM when the host's table of
     * mappings is full and a mapping would have to be cut; unchanged then. */
    int (*release)(uintptr_t base, size_t size);

    /* --- Pages of a reservation, or of anybody's mapping (protect). --- */

    /*
     * Sets the protection; contents stay. Pages that never were accessible become so zeroed.
     * ENOMEM: no memory to back them, or the host's table of mappings is full (errno values are the
     * host's); EACCES: the mapping does not allow it. On failure a prefix of the range may have the
     * new protection.
     */
    int (*protect)(uintptr_t base, size_t size, unsigned prot);

    /* Makes pages of a reservation inaccessible, drops their contents, returns memory and charge.
     * On failure protections may have changed; contents are still there. */
    int (*decommit)(uintptr_t base, size_t size);

    /* --- Contents that are not needed for now (MEM_RESET). Pages of a reservation. --- */

    /* has[i] tells whether page i holds something that can be lost: it was written to, and has been
     * neither decommitted nor dropped since. On failure has is undefined. */
    int (*has_contents)(uintptr_t base, size_t size, unsigned char *has);

    /* From now on the host may drop the contents of the pages whenever it wants the memory, until
     * they are written to again: they read as zero then. Without HM_OS_FACILITY_LAZY_RESET that
     * happens at once. On failure nothing is dropped. */
    int (*reset)(uintptr_t base, size_t size);

    /* Takes that back for the pages with has[i] set, which must be writable: their contents, as far
     * as they are still there, stay. *kept: all of them still were. On failure it is unknown. */
    int (*keep)(uintptr_t base, size_t size, const unsigned char *has, bool *kept);

    /* --- What is in physical memory. Pages of anybody's mapping. --- */

    /*
     * Keeps accessible pages in memory until they are unlocked, decommitted or released; once more
     * changes nothing. ENOMEM, EPERM, EAGAIN: the host does not allow so much, or has not got it;
     * where it turns out only while pages are brought in, some may stay locked.
     */
    int (*lock)(uintptr_t base, size_t size);

    /* Ends that. ENOLCK, and unchanged: some page is not locked, as far as the host can tell. */
    int (*unlock)(uintptr_t base, size_t size);

    /* Asks for pages that are mapped to be brought into memory. What is not mapped, and an address
     * of 0, does no harm. A hint: nothing tells whether it was taken. */
    void (*prefetch)(uintptr_t base, size_t size);

    /* Writes what was changed in file mappings to the files. ENOMEM: some page is not mapped. */
    int (*flush)(uintptr_t base, size_t size);

    /* --- Questions. --- */

    /*
     * The mapping that contains address or, where none does, the first one above it; ENOENT when
     * there is none. Never waits for another thread of this process that is stopped by a signal.
     */
    int (*find_mapping)(uintptr_t address, struct hm_os_mapping *mapping);

    /* Fills *load. Not async-signal-safe. */
    int (*load)(struct hm_os_load *load);

    /* --- Memory for the library's own tables: readable, writable, zero, charged lazily. The last
     * one serves also for pages of a reservation that are readable and writable. --- */
    int (*meta_map)(size_t size, void **base);
    void (*meta_unmap)(void *base, size_t size);
    /* Makes whole pages read as zero again and returns their memory. */
    void (*meta_discard)(void *base, size_t size);

    /* --- Threads. --- */

    /* Blocks every signal for the calling thread, but for the ones that it raises itself by what it
     * does (SIGSEGV, SIGTRAP, SIGSYS and their like), which cannot wait; restores. Nests. */
    void (*mask_signals)(struct hm_os_mask *saved);
    void (*restore_signals)(const struct hm_os_mask *saved);

    /* One step of waiting for another thread: round counts up from 0; later rounds sleep longer,
     * at most a millisecond. */
    void (*wait_step)(unsigned round);

    /* Calls the three functions around every fork; once per process. Not async-signal-safe. */
    int (*on_fork)(void (*prepare)(void), void (*parent)(void), void (*child)(void));

    unsigned (*processor_count)(void);
};

/*
 * The backend for this process. First use fills its facts; any thread may make it, several at once
 * too. Never fails and never returns NULL.
 */
const struct hm_os *hm_os_backend(void);

/*
 * Makes hm_os_backend() return another backend, for tests (platform/sim), or the host's again (NULL).
 * Call it before anything else of the library runs, or between tests that share one page size.
 */
void hm_os_set_backend(const struct hm_os *backend);

/* Switches facilities off for the rest of the process, so that their fallbacks serve. */
void hm_os_disable(unsigned facilities);

/*
 * Declares a backend's table. Every member must be named: one that is missing, or misspelt, does not
 * compile.
 */
#define HM_OS_FUNCTIONS(prefix)                                                                    \
    .facilities = prefix##facilities, .reserve = prefix##reserve,                                  \
    .reserve_hint = prefix##reserve_hint, .release = prefix##release, .protect = prefix##protect,  \
    .decommit = prefix##decommit, .has_contents = prefix##has_contents, .reset = prefix##reset,    \
    .keep = prefix##keep, .lock = prefix##lock, .unlock = prefix##unlock,                          \
    .prefetch = prefix##prefetch, .flush = prefix##flush, .find_mapping = prefix##find_mapping,    \
    .load = prefix##load, .meta_map = prefix##meta_map, .meta_unmap = prefix##meta_unmap,          \
    .meta_discard = prefix##meta_discard, .mask_signals = prefix##mask_signals,                    \
    .restore_signals = prefix##restore_signals, .wait_step = prefix##wait_step,                    \
    .on_fork = prefix##on_fork, .processor_count = prefix##processor_count

#endif
