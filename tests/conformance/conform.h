/*
 * conform.h - what a conformance row is written against.
 *
 * A row is one fact about Win32 virtual memory: a name (A01), the fact in words, a function that
 * tests all of it. Rows speak Windows names through struct conform_api and nothing else, so that the
 * same sources run against hostmem's flat functions, through the slots of any IHostMemoryManager,
 * and as a Windows program. No test framework is known here; runners judge what conform_run says.
 *
 * A row stops at its first mismatch. Whatever it allocated through the helpers is released then.
 *
 * The helpers hold every call to the rules that all functions share: success leaves the last error
 * as it was, failure sets the error that the row names and leaves the window (the addresses that the
 * row works in) as it was: every region, every byte.
 */
#ifndef CONFORM_H
#define CONFORM_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef _WIN32
#    include <windows.h>
#    define CONFORM_CALL WINAPI
#else
#    include <hostmem/wintypes.h>
#    define CONFORM_CALL
#endif

struct conform_api {
    const char *name;
    bool coarse_errors; /* 8 and 1455 arrive as one error: E_OUTOFMEMORY stands for both */
    SIZE_T page_size;   /* as known otherwise than from GetSystemInfo */

    LPVOID(CONFORM_CALL *VirtualAlloc)(LPVOID address, SIZE_T size, DWORD type, DWORD protect);
    BOOL(CONFORM_CALL *VirtualFree)(LPVOID address, SIZE_T size, DWORD type);
    BOOL(CONFORM_CALL *VirtualProtect)(LPVOID address, SIZE_T size, DWORD protect, PDWORD old);
    SIZE_T(CONFORM_CALL *VirtualQuery)
    (LPCVOID address, PMEMORY_BASIC_INFORMATION buffer, SIZE_T length);
    void(CONFORM_CALL *GetSystemInfo)(LPSYSTEM_INFO info);
    DWORD(CONFORM_CALL *GetLastError)(void);
    void(CONFORM_CALL *SetLastError)(DWORD error);

    /* Past what Win32 names reach; NULL where a face has no Nt names. */
    LONG(CONFORM_CALL *NtFreeVirtualMemory)
    (HANDLE process, PVOID *address, SIZE_T *size, ULONG type);

    /* What the processor says: does an access work? On a guard page the first one does not. */
    bool (*can_read)(const void *address);
    bool (*can_write)(void *address);
};

enum conform_verdict {
    CONFORM_PASS,
    CONFORM_FAIL,
    CONFORM_SKIP, /* the fact cannot be observed on this host; `what` says why */
    CONFORM_LATER /* the row needs an interface that does not exist yet */
};

struct conform_result {
    enum conform_verdict verdict;
    char what[160];
    char seen[64];
    char expected[64];
};

enum { CONFORM_RUNS = 64, CONFORM_OWNED = 64 };

/* What a failing call must not change. */
struct conform_state {
    size_t count;
    uint64_t contents; /* a hash of every readable byte */
    MEMORY_BASIC_INFORMATION runs[CONFORM_RUNS];
};

/* One run of one row. */
struct conform {
    const struct conform_api *api;
    SIZE_T page;
    SIZE_T granularity;
    uintptr_t highest; /* lpMaximumApplicationAddress */
    char *window;      /* the addresses that the row works in */
    SIZE_T window_size;
    char *owned[CONFORM_OWNED]; /* bases to release when the row ends */
    size_t owned_count;
    struct conform_state before;
    struct conform_state after;
    struct conform_result result;
    jmp_buf leave;
};

enum conform_flags {
    CONFORM_OPEN = 1,   /* no source settles the fact; the row says what is taken to follow */
    CONFORM_WINE_8 = 2, /* known: Wine 8.0 differs from Windows */
    CONFORM_WINE_10 = 4 /* known: Wine 10.0 differs from Windows */
};

struct conform_row {
    const char *id;
    const char *text;
    void (*run)(struct conform *t); /* NULL: the row waits for an interface to come */
    unsigned flags;
};

struct conform_group {
    const char *letter;
    const char *title;
    const struct conform_row *rows; /* the last one has no id */
};

/* All rows; the last group has no letter. */
extern const struct conform_group conform_groups[];

extern const struct conform_row conform_rows_a[];
extern const struct conform_row conform_rows_b[];
extern const struct conform_row conform_rows_c[];
extern const struct conform_row conform_rows_d[];
extern const struct conform_row conform_rows_e[];

/* Runs one row in this process. */
void conform_run(const struct conform_api *api, const struct conform_row *row,
                 struct conform_result *result);

/* --- Expectations. Each leaves the row at a mismatch. --- */

#define expect_eq(t, what, seen, expected)                                                         \
    conform_equal(t, what, (uint64_t)(uintptr_t)(seen), (uint64_t)(uintptr_t)(expected))
#define expect_true(t, what, condition) conform_true(t, what, condition)

void conform_equal(struct conform *t, const char *what, uint64_t seen, uint64_t expected);
void conform_true(struct conform *t, const char *what, bool condition);

/* Leaves the row without a verdict when the host cannot show the fact. */
void conform_need(struct conform *t, bool condition, const char *why);

/* --- Calls. --- */

/* Reserves somewhere; the window becomes the granules that the allocation touches. */
char *reserve(struct conform *t, SIZE_T size, DWORD protect);

/* The same, committed. */
char *reserve_commit(struct conform *t, SIZE_T size, DWORD protect);

/* A free range at the granularity, found by reserving and releasing it; the window is this range. */
char *arena(struct conform *t, SIZE_T size);

/* VirtualAlloc that must return `expected` (NULL: anything but NULL). */
char *alloc_ok(struct conform *t, void *address, SIZE_T size, DWORD type, DWORD protect,
               const void *expected);
void alloc_fails(struct conform *t, void *address, SIZE_T size, DWORD type, DWORD protect,
                 DWORD error);

/* MEM_COMMIT in a reservation; must return the page of address. */
char *commit(struct conform *t, void *address, SIZE_T size, DWORD protect);

void free_ok(struct conform *t, void *address, SIZE_T size, DWORD type);
void free_fails(struct conform *t, void *address, SIZE_T size, DWORD type, DWORD error);

void protect_ok(struct conform *t, void *address, SIZE_T size, DWORD protect, DWORD old);

/* Returns what the call left in the old protection, CONFORM_UNTOUCHED if nothing. */
#define CONFORM_UNTOUCHED 0xA5A5A5A5u
DWORD protect_fails(struct conform *t, void *address, SIZE_T size, DWORD protect, DWORD error);

/* VirtualQuery that must succeed. */
MEMORY_BASIC_INFORMATION query(struct conform *t, const void *address);
void query_fails(struct conform *t, const void *address, SIZE_T length, DWORD error);

/* --- What a query must show: every field, and what the processor allows at both ends. --- */

void expect_reserved(struct conform *t, const void *address, SIZE_T size, const void *base,
                     DWORD allocation_protect);
void expect_committed(struct conform *t, const void *address, SIZE_T size, DWORD protect,
                      const void *base, DWORD allocation_protect);
/* size 0: any, but not nothing */
void expect_free(struct conform *t, const void *address, SIZE_T size);

/* --- Contents. --- */

void fill(void *address, SIZE_T size, unsigned seed);
void expect_filled(struct conform *t, const void *address, SIZE_T size, unsigned seed);
void expect_zero(struct conform *t, const void *address, SIZE_T size);

/* --- Numbers. --- */

SIZE_T pages_up(const struct conform *t, SIZE_T bytes);
SIZE_T granules_up(const struct conform *t, SIZE_T bytes);

#endif
