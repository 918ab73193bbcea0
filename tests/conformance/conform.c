/*
 * conform.c - runs one row, and everything rows are made of.
 */
#include "conform.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#ifdef __GNUC__
#    define CONFORM_PRINTF(format, first) __attribute__((__format__(__printf__, format, first)))
#else
#    define CONFORM_PRINTF(format, first)
#endif

/* A last error that no call sets: bit 29 is the application's. */
#define UNTOUCHED_ERROR ((DWORD)0x20001234u)

/* Contents are compared up to here; rows commit little. */
#define CONTENTS_LIMIT ((SIZE_T)16 << 20)

SIZE_T pages_up(const struct conform *t, SIZE_T bytes)
{
    return (bytes + t->page - 1) / t->page * t->page;
}

SIZE_T granules_up(const struct conform *t, SIZE_T bytes)
{
    return (bytes + t->granularity - 1) / t->granularity * t->granularity;
}

static char *page_of(const struct conform *t, const void *address)
{
    return (char *)((uintptr_t)address / t->page * t->page);
}

/* A message that does not fit is cut. */
static void CONFORM_PRINTF(3, 4) put(char *text, size_t size, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(text, size, format, list);
    va_end(list);
}

/* --- Verdicts. --- */

static void format_value(char *text, size_t size, uint64_t value)
{
    if (value < 10)
        put(text, size, "%u", (unsigned)value);
    else
        put(text, size, "0x%llx (%llu)", (unsigned long long)value, (unsigned long long)value);
}

static void leave(struct conform *t, enum conform_verdict verdict, const char *what)
{
    t->result.verdict = verdict;
    put(t->result.what, sizeof t->result.what, "%s", what);
    longjmp(t->leave, 1);
}

void conform_equal(struct conform *t, const char *what, uint64_t seen, uint64_t expected)
{
    if (seen == expected)
        return;
    format_value(t->result.seen, sizeof t->result.seen, seen);
    format_value(t->result.expected, sizeof t->result.expected, expected);
    leave(t, CONFORM_FAIL, what);
}

void conform_true(struct conform *t, const char *what, bool condition)
{
    if (condition)
        return;
    put(t->result.seen, sizeof t->result.seen, "not so");
    put(t->result.expected, sizeof t->result.expected, "so");
    leave(t, CONFORM_FAIL, what);
}

void conform_need(struct conform *t, bool condition, const char *why)
{
    if (!condition)
        leave(t, CONFORM_SKIP, why);
}

/* --- Names of calls, for messages: addresses as X+offset, X being the window. --- */

struct name {
    char text[96];
};

static struct name name_address(const struct conform *t, const void *address)
{
    struct name name;
    uintptr_t window = (uintptr_t)t->window;
    uintptr_t a = (uintptr_t)address;
    if (t->window && a >= window && a - window <= t->window_size)
        put(name.text, sizeof name.text, "X+0x%llx", (unsigned long long)(a - window));
    else
        put(name.text, sizeof name.text, "0x%llx", (unsigned long long)a);
    return name;
}

static struct name name_call(const struct conform *t, const char *function, const void *address,
                             SIZE_T size, DWORD type)
{
    struct name name;
    put(name.text, sizeof name.text, "%s(%s, 0x%llx, 0x%lx)", function,
        name_address(t, address).text, (unsigned long long)size, (unsigned long)type);
    return name;
}

static void compare(struct conform *t, struct name call, const char *field, uint64_t seen,
                    uint64_t expected)
{
    char what[sizeof t->result.what];
    if (seen == expected)
        return;
    put(what, sizeof what, "%s %s", call.text, field);
    conform_equal(t, what, seen, expected);
}

/* --- The state that failing calls must leave alone. --- */

static bool readable(const MEMORY_BASIC_INFORMATION *run)
{
    const DWORD reading =
        PAGE_READONLY | PAGE_READWRITE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE;
    return run->State == MEM_COMMIT && !(run->Protect & PAGE_GUARD) && (run->Protect & reading);
}

static uint64_t hash(uint64_t seed, const unsigned char *bytes, SIZE_T size)
{
    for (SIZE_T i = 0; i < size; i++)
        seed = (seed ^ bytes[i]) * 0x100000001b3u;
    return seed;
}

static void take_state(struct conform *t, struct conform_state *state)
{
    uintptr_t at = (uintptr_t)t->window;
    uintptr_t end = at + t->window_size;
    memset(state, 0, sizeof *state);
    state->contents = 0xcbf29ce484222325u;
    while (at < end && state->count < CONFORM_RUNS) {
        MEMORY_BASIC_INFORMATION *run = &state->runs[state->count++];
        if (!t->api->VirtualQuery((const void *)at, run, sizeof *run) || !run->RegionSize)
            leave(t, CONFORM_FAIL, "a query inside the window failed");
        if (run->RegionSize > end - at)
            run->RegionSize = end - at;
        if (readable(run) && run->RegionSize <= CONTENTS_LIMIT)
            state->contents = hash(state->contents, (const unsigned char *)at, run->RegionSize);
        at += run->RegionSize;
    }
}

static void expect_same_run(struct conform *t, struct name call,
                            const MEMORY_BASIC_INFORMATION *seen,
                            const MEMORY_BASIC_INFORMATION *expected)
{
    struct name name;
    put(name.text, sizeof name.text, "%.70s changed %.16s", call.text,
        name_address(t, expected->BaseAddress).text);
    compare(t, name, "BaseAddress", (uintptr_t)seen->BaseAddress, (uintptr_t)expected->BaseAddress);
    compare(t, name, "AllocationBase", (uintptr_t)seen->AllocationBase,
            (uintptr_t)expected->AllocationBase);
    compare(t, name, "AllocationProtect", seen->AllocationProtect, expected->AllocationProtect);
    compare(t, name, "RegionSize", seen->RegionSize, expected->RegionSize);
    compare(t, name, "State", seen->State, expected->State);
    compare(t, name, "Protect", seen->Protect, expected->Protect);
    compare(t, name, "Type", seen->Type, expected->Type);
}

static void expect_same_state(struct conform *t, struct name call)
{
    take_state(t, &t->after);
    for (size_t i = 0; i < t->before.count && i < t->after.count; i++)
        expect_same_run(t, call, &t->after.runs[i], &t->before.runs[i]);
    compare(t, call, "changed the number of regions", t->after.count, t->before.count);
    compare(t, call, "changed contents", t->after.contents, t->before.contents);
}

/* --- Calls. --- */

static void expect_error(struct conform *t, struct name call, DWORD seen, DWORD expected)
{
    bool no_memory = expected == ERROR_NOT_ENOUGH_MEMORY || expected == ERROR_COMMITMENT_LIMIT;
    if (t->api->coarse_errors && no_memory &&
        (seen == ERROR_NOT_ENOUGH_MEMORY || seen == ERROR_COMMITMENT_LIMIT))
        return;
    compare(t, call, "last error", seen, expected);
}

static void own(struct conform *t, char *base)
{
    if (t->owned_count == CONFORM_OWNED)
        leave(t, CONFORM_FAIL, "the row allocates too often");
    t->owned[t->owned_count++] = base;
}

static void disown(struct conform *t, const char *base)
{
    for (size_t i = 0; i < t->owned_count; i++)
        if (t->owned[i] == base)
            t->owned[i] = NULL;
}

char *alloc_ok(struct conform *t, void *address, SIZE_T size, DWORD type, DWORD protect,
               const void *expected)
{
    struct name call = name_call(t, "VirtualAlloc", address, size, type);
    t->api->SetLastError(UNTOUCHED_ERROR);
    char *result = t->api->VirtualAlloc(address, size, type, protect);
    DWORD error = t->api->GetLastError();
    if (result && (!address || (type & MEM_RESERVE)))
        own(t, result);
    if (!result)
        compare(t, call, "failed, last error", error, 0);
    compare(t, call, "last error after success", error, UNTOUCHED_ERROR);
    if (expected)
        compare(t, call, "result", (uintptr_t)result, (uintptr_t)expected);
    else if (!address)
        compare(t, call, "result modulo the granularity", (uintptr_t)result % t->granularity, 0);
    return result;
}

void alloc_fails(struct conform *t, void *address, SIZE_T size, DWORD type, DWORD protect,
                 DWORD error)
{
    struct name call = name_call(t, "VirtualAlloc", address, size, type);
    take_state(t, &t->before);
    t->api->SetLastError(UNTOUCHED_ERROR);
    char *result = t->api->VirtualAlloc(address, size, type, protect);
    DWORD seen = t->api->GetLastError();
    if (result && (!address || (type & MEM_RESERVE)))
        own(t, result);
    compare(t, call, "result", (uintptr_t)result, 0);
    expect_error(t, call, seen, error);
    expect_same_state(t, call);
}

char *commit(struct conform *t, void *address, SIZE_T size, DWORD protect)
{
    return alloc_ok(t, address, size, MEM_COMMIT, protect, page_of(t, address));
}

static char *reserve_as(struct conform *t, SIZE_T size, DWORD type, DWORD protect)
{
    t->window = alloc_ok(t, NULL, size, type, protect, NULL);
    t->window_size = granules_up(t, size);
    return t->window;
}

char *reserve(struct conform *t, SIZE_T size, DWORD protect)
{
    return reserve_as(t, size, MEM_RESERVE, protect);
}

char *reserve_commit(struct conform *t, SIZE_T size, DWORD protect)
{
    return reserve_as(t, size, MEM_RESERVE | MEM_COMMIT, protect);
}

char *arena(struct conform *t, SIZE_T size)
{
    char *base = reserve(t, granules_up(t, size), PAGE_NOACCESS);
    free_ok(t, base, 0, MEM_RELEASE);
    return base;
}

void free_ok(struct conform *t, void *address, SIZE_T size, DWORD type)
{
    struct name call = name_call(t, "VirtualFree", address, size, type);
    t->api->SetLastError(UNTOUCHED_ERROR);
    BOOL result = t->api->VirtualFree(address, size, type);
    DWORD error = t->api->GetLastError();
    if (!result)
        compare(t, call, "failed, last error", error, 0);
    if (type == MEM_RELEASE)
        disown(t, page_of(t, address));
    compare(t, call, "last error after success", error, UNTOUCHED_ERROR);
}

void free_fails(struct conform *t, void *address, SIZE_T size, DWORD type, DWORD error)
{
    struct name call = name_call(t, "VirtualFree", address, size, type);
    take_state(t, &t->before);
    t->api->SetLastError(UNTOUCHED_ERROR);
    BOOL result = t->api->VirtualFree(address, size, type);
    DWORD seen = t->api->GetLastError();
    compare(t, call, "result", (uint64_t)(result != 0), 0);
    expect_error(t, call, seen, error);
    expect_same_state(t, call);
}

void protect_ok(struct conform *t, void *address, SIZE_T size, DWORD protect, DWORD old)
{
    struct name call = name_call(t, "VirtualProtect", address, size, protect);
    DWORD seen_old = CONFORM_UNTOUCHED;
    t->api->SetLastError(UNTOUCHED_ERROR);
    BOOL result = t->api->VirtualProtect(address, size, protect, &seen_old);
    DWORD error = t->api->GetLastError();
    if (!result)
        compare(t, call, "failed, last error", error, 0);
    compare(t, call, "last error after success", error, UNTOUCHED_ERROR);
    compare(t, call, "old protection", seen_old, old);
}

DWORD protect_fails(struct conform *t, void *address, SIZE_T size, DWORD protect, DWORD error)
{
    struct name call = name_call(t, "VirtualProtect", address, size, protect);
    DWORD old = CONFORM_UNTOUCHED;
    take_state(t, &t->before);
    t->api->SetLastError(UNTOUCHED_ERROR);
    BOOL result = t->api->VirtualProtect(address, size, protect, &old);
    DWORD seen = t->api->GetLastError();
    compare(t, call, "result", (uint64_t)(result != 0), 0);
    expect_error(t, call, seen, error);
    expect_same_state(t, call);
    return old;
}

MEMORY_BASIC_INFORMATION query(struct conform *t, const void *address)
{
    MEMORY_BASIC_INFORMATION region;
    struct name call = name_call(t, "VirtualQuery", address, sizeof region, 0);
    memset(&region, 0xA5, sizeof region);
    t->api->SetLastError(UNTOUCHED_ERROR);
    SIZE_T result = t->api->VirtualQuery(address, &region, sizeof region);
    DWORD error = t->api->GetLastError();
    compare(t, call, "result", result, sizeof region);
    compare(t, call, "last error after success", error, UNTOUCHED_ERROR);
    compare(t, call, "BaseAddress", (uintptr_t)region.BaseAddress, (uintptr_t)page_of(t, address));
    return region;
}

void query_fails(struct conform *t, const void *address, SIZE_T length, DWORD error)
{
    struct name call = name_call(t, "VirtualQuery", address, length, 0);
    MEMORY_BASIC_INFORMATION region;
    MEMORY_BASIC_INFORMATION untouched;
    memset(&region, 0xA5, sizeof region);
    memset(&untouched, 0xA5, sizeof untouched);
    t->api->SetLastError(UNTOUCHED_ERROR);
    SIZE_T result = t->api->VirtualQuery(address, &region, length);
    DWORD seen = t->api->GetLastError();
    compare(t, call, "result", result, 0);
    expect_error(t, call, seen, error);
    compare(t, call, "wrote to the buffer",
            (uint64_t)(memcmp(&region, &untouched, sizeof region) != 0), 0);
}

/* --- What a query must show. --- */

/* The protections of which the processor's part can be told from outside. */
static void expect_access(struct conform *t, const void *address, DWORD protect)
{
    struct name name = name_address(t, address);
    DWORD access = protect & 0xff;
    bool writing = access == PAGE_READWRITE || access == PAGE_EXECUTE_READWRITE;
    if (protect & PAGE_GUARD)
        return;
    if (access != PAGE_EXECUTE)
        compare(t, name, "can be read", t->api->can_read(address), access > PAGE_NOACCESS);
    compare(t, name, "can be written", t->api->can_write((void *)(uintptr_t)address), writing);
}

static void expect_access_at_ends(struct conform *t, const char *start, SIZE_T size, DWORD protect)
{
    expect_access(t, start, protect);
    if (size)
        expect_access(t, start + size - 1, protect);
}

static void expect_region(struct conform *t, const void *address,
                          const MEMORY_BASIC_INFORMATION *expected)
{
    struct name call = name_call(t, "VirtualQuery", address, sizeof *expected, 0);
    MEMORY_BASIC_INFORMATION seen = query(t, address);
    compare(t, call, "State", seen.State, expected->State);
    compare(t, call, "Protect", seen.Protect, expected->Protect);
    compare(t, call, "AllocationBase", (uintptr_t)seen.AllocationBase,
            (uintptr_t)expected->AllocationBase);
    compare(t, call, "AllocationProtect", seen.AllocationProtect, expected->AllocationProtect);
    compare(t, call, "Type", seen.Type, expected->Type);
    if (expected->RegionSize)
        compare(t, call, "RegionSize", seen.RegionSize, expected->RegionSize);
    compare(t, call, "RegionSize is nothing or part of a page",
            (uint64_t)(seen.RegionSize == 0 || seen.RegionSize % t->page != 0), 0);
}

void expect_reserved(struct conform *t, const void *address, SIZE_T size, const void *base,
                     DWORD allocation_protect)
{
    MEMORY_BASIC_INFORMATION expected;
    memset(&expected, 0, sizeof expected);
    expected.AllocationBase = (void *)(uintptr_t)base;
    expected.AllocationProtect = allocation_protect;
    expected.RegionSize = size;
    expected.State = MEM_RESERVE;
    expected.Type = MEM_PRIVATE;
    expect_region(t, address, &expected);
    expect_access_at_ends(t, page_of(t, address), size, PAGE_NOACCESS);
}

void expect_committed(struct conform *t, const void *address, SIZE_T size, DWORD protect,
                      const void *base, DWORD allocation_protect)
{
    MEMORY_BASIC_INFORMATION expected;
    memset(&expected, 0, sizeof expected);
    expected.AllocationBase = (void *)(uintptr_t)base;
    expected.AllocationProtect = allocation_protect;
    expected.RegionSize = size;
    expected.State = MEM_COMMIT;
    expected.Protect = protect;
    expected.Type = MEM_PRIVATE;
    expect_region(t, address, &expected);
    expect_access_at_ends(t, page_of(t, address), size, protect);
}

void expect_free(struct conform *t, const void *address, SIZE_T size)
{
    MEMORY_BASIC_INFORMATION expected;
    memset(&expected, 0, sizeof expected);
    expected.RegionSize = size;
    expected.State = MEM_FREE;
    expected.Protect = PAGE_NOACCESS;
    expect_region(t, address, &expected);
    expect_access(t, address, PAGE_NOACCESS);
}

/* --- Contents: a pattern that differs from page to page and from seed to seed. --- */

static unsigned char pattern(SIZE_T offset, unsigned seed)
{
    return (unsigned char)((offset * 0x9E3779B1u >> 7) + seed * 37 + 1);
}

void fill(void *address, SIZE_T size, unsigned seed)
{
    unsigned char *bytes = address;
    for (SIZE_T i = 0; i < size; i++)
        bytes[i] = pattern(i, seed);
}

void expect_filled(struct conform *t, const void *address, SIZE_T size, unsigned seed)
{
    const unsigned char *bytes = address;
    for (SIZE_T i = 0; i < size; i++)
        if (bytes[i] != pattern(i, seed))
            compare(t, name_address(t, bytes + i), "contents", bytes[i], pattern(i, seed));
}

void expect_zero(struct conform *t, const void *address, SIZE_T size)
{
    const unsigned char *bytes = address;
    for (SIZE_T i = 0; i < size; i++)
        if (bytes[i] != 0)
            compare(t, name_address(t, bytes + i), "contents", bytes[i], 0);
}

/* --- A run. --- */

static void start(struct conform *t, const struct conform_api *api)
{
    SYSTEM_INFO info;
    memset(t, 0, sizeof *t);
    memset(&info, 0, sizeof info);
    t->api = api;
    api->GetSystemInfo(&info);
    t->page = info.dwPageSize;
    t->granularity = info.dwAllocationGranularity;
    t->highest = (uintptr_t)info.lpMaximumApplicationAddress;
}

/* Only what still is the allocation that the row made is released. */
static void release_owned(struct conform *t)
{
    for (size_t i = 0; i < t->owned_count; i++) {
        MEMORY_BASIC_INFORMATION region;
        char *base = t->owned[i];
        if (!base || !t->api->VirtualQuery(base, &region, sizeof region))
            continue;
        if (region.State != MEM_FREE && region.AllocationBase == base)
            t->api->VirtualFree(base, 0, MEM_RELEASE);
    }
}

void conform_run(const struct conform_api *api, const struct conform_row *row,
                 struct conform_result *result)
{
    static struct conform t; /* too large for a small stack; rows run one at a time */
    memset(result, 0, sizeof *result);
    if (!row->run) {
        result->verdict = CONFORM_LATER;
        put(result->what, sizeof result->what, "waits for an interface to come");
        return;
    }
    start(&t, api);
    if (setjmp(t.leave) == 0)
        row->run(&t);
    release_owned(&t);
    *result = t.result;
}
