/*
 * hostmem/hostmem.h - making memory managers and asking what this host can do.
 *
 * Only C99 types and hostmem_ names: safe to include beside any Windows-like header. The interfaces
 * themselves are in <hostmem/mscoree.h>, the Win32 functions in <hostmem/win32.h>.
 *
 *     IHostMemoryManager *manager;
 *     if (hostmem_create(NULL, &manager) == 0) {
 *         void *mem;
 *         manager->lpVtbl->VirtualAlloc(manager, NULL, 1 << 20, MEM_RESERVE | MEM_COMMIT,
 *                                       PAGE_READWRITE, eTaskCritical, &mem);
 *         ...
 *         manager->lpVtbl->Release(manager);
 *     }
 *
 * No call is needed before the first use of any function, and none after the last. All functions
 * here are safe to call from any thread. None installs a signal handler.
 */
#ifndef HOSTMEM_HOSTMEM_H
#define HOSTMEM_HOSTMEM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
struct IHostMemoryManager;
struct IHostControl;
#elif !defined(HOSTMEM_INTERFACE_NAMES)
/* Once only, here or in mscoree.h: C99 knows no second typedef. */
#    define HOSTMEM_INTERFACE_NAMES
typedef struct IHostMemoryManager IHostMemoryManager;
typedef struct IHostControl IHostControl;
#endif

#if defined(__GNUC__)
#    define HOSTMEM_API __attribute__((__visibility__("default")))
#else
#    define HOSTMEM_API
#endif

#define HOSTMEM_NO_HEADROOM UINT64_MAX

/*
 * How a manager is to be made. Set `size` to sizeof(hostmem_options) and everything else to zero,
 * then what you want: fields added in later versions are read only when `size` covers them.
 */
typedef struct hostmem_options {
    size_t size;           /* sizeof(hostmem_options), as the caller compiled it */
    uint64_t commit_limit; /* bytes this manager may have committed at a time; 0: no limit */
    uint64_t
        reserve_limit; /* bytes it may have reserved at a time, committed or not; 0: no limit */
    /* Bytes of commit_limit that eTaskCritical requests leave alone and eAppDomainCritical ones leave
     * half of, so that the runtime gets memory where its failure would cost more. 0: a sixty-fourth
     * of the limit in whole granules; HOSTMEM_NO_HEADROOM: none. */
    uint64_t critical_headroom;
    uint64_t flags; /* no flag is defined yet; must be 0 */
} hostmem_options;

/*
 * Makes a memory manager over the process's one address space.
 *
 * options  NULL means defaults: no limits.
 * manager  receives an owned reference; the caller gives it back with Release. Memory that the
 *          manager allocated lives on after that, until it is freed through any other manager or
 *          through <hostmem/win32.h>.
 *
 * Returns an HRESULT: S_OK (0); E_POINTER when manager is NULL; E_INVALIDARG when options->size is
 * smaller than any published version of the structure, when a flag is unknown, or when bytes beyond
 * the fields this version knows are not zero; E_OUTOFMEMORY when there is no memory for the object
 * or when 255 managers exist; a released one counts until its memory is free. On failure *manager is NULL.
 *
 * Threads: any. Not async-signal-safe.
 */
HOSTMEM_API int32_t hostmem_create(const hostmem_options *options, IHostMemoryManager **manager);

/*
 * Makes the object that a CLR asks for its host's managers (ICLRRuntimeHost::SetHostControl).
 *
 * manager  handed out by GetHostManager(IID_IHostMemoryManager); the control keeps a reference.
 * control  receives an owned reference.
 *
 * Returns an HRESULT: S_OK; E_POINTER when either argument is NULL; E_OUTOFMEMORY. On failure
 * *control is NULL when control is not.
 */
HOSTMEM_API int32_t hostmem_create_host_control(IHostMemoryManager *manager,
                                                IHostControl **control);

/* Where an answer or a facility comes from; see hostmem_capability_info. */
enum {
    HOSTMEM_UNAVAILABLE = 0,   /* calls that need it fail with the error Windows gives */
    HOSTMEM_BY_KERNEL = 1,     /* a dedicated facility of the kernel */
    HOSTMEM_BY_PROTECTION = 2, /* page protection, with no help of a fault handler */
    HOSTMEM_BY_FAULT = 3,      /* page protection and a fault handler */
    HOSTMEM_BY_TEXT = 4        /* parsing what the kernel prints, /proc/self/maps for instance */
};

/* What this host offers and what hostmem makes of it. */
typedef struct hostmem_capability_info {
    size_t size;               /* in: sizeof(hostmem_capability_info) */
    uint64_t page_size;        /* bytes */
    uint64_t granularity;      /* allocation granularity: 64 KiB or one page, the larger one */
    uint64_t highest_address;  /* lpMaximumApplicationAddress */
    uint32_t foreign_query;    /* HOSTMEM_BY_KERNEL (PROCMAP_QUERY) or HOSTMEM_BY_TEXT */
    uint32_t fixed_noreplace;  /* HOSTMEM_BY_KERNEL, or HOSTMEM_BY_PROTECTION: map and compare */
    uint32_t commit;           /* how commit works: HOSTMEM_BY_PROTECTION */
    uint32_t write_watch;      /* MEM_WRITE_WATCH */
    uint32_t guard_exceptions; /* PAGE_GUARD raises STATUS_GUARD_PAGE_VIOLATION; where unavailable
                                  guard pages are kept inaccessible until they are reprotected */
    uint32_t large_pages;      /* MEM_LARGE_PAGES */
    uint32_t physical;         /* MEM_PHYSICAL (AWE) */
    uint32_t reset;            /* MEM_RESET: HOSTMEM_BY_KERNEL keeps contents until the memory is
                                  wanted; HOSTMEM_BY_PROTECTION drops them at once */
    uint32_t placeholders;     /* VirtualAlloc2's placeholders */
} hostmem_capability_info;

/*
 * Fills *info. Returns 0, or E_POINTER / E_INVALIDARG when info is NULL or its size is smaller than
 * any published version of the structure.
 */
HOSTMEM_API int32_t hostmem_capabilities(hostmem_capability_info *info);

/* What one manager's memory amounts to. All in bytes; peaks since the manager was made. */
typedef struct hostmem_statistics {
    size_t size; /* in: sizeof(hostmem_statistics) */
    uint64_t reserved;
    uint64_t reserved_peak;
    uint64_t committed;
    uint64_t committed_peak;
    uint64_t commit_limit; /* 0: none */
    uint64_t refused;      /* requests that a limit refused */
} hostmem_statistics;

/*
 * Reads a manager's counters without a lock. manager NULL: those of the memory that
 * <hostmem/win32.h> allocated. Returns 0, E_POINTER or E_INVALIDARG as hostmem_capabilities does.
 */
HOSTMEM_API int32_t hostmem_get_statistics(IHostMemoryManager *manager, hostmem_statistics *stats);

/* The library's version: major << 16 | minor << 8 | patch. */
HOSTMEM_API uint32_t hostmem_version(void);

#ifdef __cplusplus
}
#endif

#endif
