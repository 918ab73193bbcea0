/*
 * oracle.c - random sequences of calls on virtual memory, printed with all that they answer.
 *
 *     oracle [--seed N] [--sequences N] [--calls N]
 *
 * One source for hostmem and for Windows: which calls are made depends on the seed and on earlier
 * results only, so that two systems which behave alike print the same lines. Addresses are printed
 * as X+offset, X being the arena that a sequence works in, or N3+offset for the third allocation
 * that the system was asked to place. Sequence n of a run has the seed N + n.
 *
 * What is not called, and why
 * - Nothing that could fall on memory of others: calls at explicit addresses stay in the arena,
 *   which lies between two reservations (the fences), or start in a live allocation.
 * - MEM_WRITE_WATCH with MEM_RESERVE, MEM_LARGE_PAGES, MEM_PHYSICAL: they need what not every system
 *   has. MEM_RESET_UNDO alone and MEM_RESET with protection 0: no source says what comes of it.
 * - Pages are not read after MEM_RESET until they were written or seen to be no longer committed:
 *   they are old or zero. Guard pages are never touched: the first access would end the program.
 *
 * Doubtful calls are those that Windows refuses and some system is known to accept. Where one is
 * accepted it is undone, so that the sequence can go on as on Windows.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#    include <windows.h>

#    include <fcntl.h>
#    include <io.h>
#else
#    include <hostmem/win32.h>

#    include "tests/model/places.h"
#endif

#define PAGE    ((SIZE_T)4096)
#define GRANULE ((SIZE_T)65536)

/* Not in all headers. */
#define TYPE_RESET_UNDO          0x01000000u
#define TYPE_RESERVE_PLACEHOLDER 0x00040000u
#define TYPE_AT_ROUND_TO_PAGE    0x40000000u

/* A last error that no call sets, and what an old protection is before the call. */
#define UNTOUCHED_ERROR ((DWORD)0x20001234u)
#define UNTOUCHED_OLD   ((DWORD)0xA5A5A5A5u)

#define ANY_ALLOCATED ((DWORD)(MEM_RESERVE | MEM_COMMIT))

enum {
    ARENA_GRANULES = 32,
    ARENA_PAGES = ARENA_GRANULES * 16,
    ARENA_SIZE = ARENA_PAGES * 4096,
    SLOTS = 6,        /* allocations elsewhere */
    RANGE_PAGES = 64, /* more than any call's size has */
    CALLS_PER_WALK = 10
};

struct slot {
    char *base; /* NULL: none */
    SIZE_T size;
};

struct range {
    char *address;
    SIZE_T size;
};

static uint64_t random_state;
static unsigned call_number;
static char *arena;
static struct slot slots[SLOTS];
static bool uncertain[ARENA_PAGES]; /* contents: old or zero */

/* --- Chance. --- */

/* splitmix64 */
static uint32_t draw(uint32_t below)
{
    uint64_t z = random_state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (uint32_t)((z ^ (z >> 31)) >> 32) % below;
}

static bool percent(uint32_t chance)
{
    return draw(100) < chance;
}

#define ONE_OF(list) ((list)[draw(sizeof(list) / sizeof(list)[0])])

static char *draw_in_arena(void)
{
    char *page = arena + draw(ARENA_PAGES) * PAGE;
    if (percent(40))
        page = arena + (SIZE_T)(page - arena) / GRANULE * GRANULE;
    return percent(60) ? page : page + draw((uint32_t)PAGE);
}

static SIZE_T draw_size(uint32_t pages)
{
    SIZE_T size = (1 + draw(pages)) * PAGE;
    switch (draw(8)) {
    case 0:
        return 1 + draw((uint32_t)PAGE);
    case 1:
        return size - 1;
    case 2:
        return size + 1;
    default:
        return size;
    }
}

/*
 * Mostly the next page at or behind this one that is in a state of those wanted; else the same
 * address. Goes page by page, because a region's size is what C06 is about.
 */
static char *draw_next(char *address, DWORD states)
{
    bool seek = percent(80);
    for (SIZE_T i = 0; seek && i < RANGE_PAGES; i++) {
        MEMORY_BASIC_INFORMATION region;
        char *next = address + i * PAGE;
        if (next >= arena + ARENA_SIZE || !VirtualQuery(next, &region, sizeof region))
            return address;
        if (region.State & states)
            return next;
    }
    return address;
}

/* Somewhere in the arena, mostly in such a state, or in an allocation elsewhere. */
static char *draw_address(DWORD states)
{
    const struct slot *slot = &slots[draw(SLOTS)];
    char *inside = draw_next(draw_in_arena(), states);
    uint32_t offset = draw((uint32_t)(16 * PAGE));
    if (percent(75) || !slot->base)
        return inside;
    offset %= (uint32_t)slot->size;
    return slot->base + (percent(60) ? offset / PAGE * PAGE : offset);
}

/* An address that an allocation is likely to begin at. */
static char *draw_base(void)
{
    char *address = draw_address(ANY_ALLOCATED);
    MEMORY_BASIC_INFORMATION region;
    bool at_base = percent(80);
    uint32_t offset = percent(20) ? draw((uint32_t)PAGE) : 0;
    if (!at_base || !VirtualQuery(address, &region, sizeof region) || region.State == MEM_FREE)
        return address;
    return (char *)region.AllocationBase + offset;
}

static DWORD draw_access(void)
{
    static const DWORD plain[] = {PAGE_NOACCESS, PAGE_READONLY,     PAGE_READWRITE,
                                  PAGE_EXECUTE,  PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE};
    static const DWORD modified[] = {
        PAGE_READWRITE | PAGE_GUARD,    PAGE_READONLY | PAGE_GUARD,
        PAGE_EXECUTE_READ | PAGE_GUARD, PAGE_READWRITE | PAGE_NOCACHE,
        PAGE_READONLY | PAGE_NOCACHE,   PAGE_READWRITE | PAGE_WRITECOMBINE};
    DWORD one = ONE_OF(plain);
    DWORD other = ONE_OF(modified);
    switch (draw(8)) {
    case 0:
        return other;
    case 1:
    case 2:
    case 3:
        return one;
    default:
        return PAGE_READWRITE;
    }
}

static DWORD draw_protection(void)
{
    static const DWORD refused[] = {0,
                                    PAGE_WRITECOPY,
                                    PAGE_EXECUTE_WRITECOPY,
                                    PAGE_READONLY | PAGE_EXECUTE,
                                    PAGE_READWRITE | PAGE_NOACCESS,
                                    0xFF,
                                    PAGE_GUARD,
                                    PAGE_NOCACHE,
                                    PAGE_NOACCESS | PAGE_GUARD,
                                    PAGE_NOACCESS | PAGE_NOCACHE,
                                    PAGE_READWRITE | PAGE_GUARD | PAGE_NOCACHE,
                                    PAGE_READWRITE | PAGE_NOCACHE | PAGE_WRITECOMBINE};
    DWORD bad = ONE_OF(refused);
    DWORD good = draw_access();
    return percent(6) ? bad : good;
}

/* --- Names. --- */

struct name {
    char text[40];
};

static struct name name_of(const void *address)
{
    struct name name;
    uintptr_t at = (uintptr_t)address;
    uintptr_t start = (uintptr_t)arena;
    snprintf(name.text, sizeof name.text, "%s", address ? "elsewhere" : "0");
    if (at >= start && at <= start + ARENA_SIZE)
        snprintf(name.text, sizeof name.text, "X+0x%" PRIx64, (uint64_t)(at - start));
    else if (at < start && start - at <= GRANULE)
        snprintf(name.text, sizeof name.text, "X-0x%" PRIx64, (uint64_t)(start - at));
    for (int i = 0; i < SLOTS; i++) {
        uintptr_t base = (uintptr_t)slots[i].base;
        if (base && at >= base && at < base + slots[i].size)
            snprintf(name.text, sizeof name.text, "N%d+0x%" PRIx64, i, (uint64_t)(at - base));
    }
    return name;
}

static void print_call(const char *function, const void *address, SIZE_T size)
{
    printf("%u %s %s 0x%" PRIx64, call_number, function, name_of(address).text, (uint64_t)size);
}

/* Success must leave the last error alone. */
static void print_success(DWORD error)
{
    if (error == UNTOUCHED_ERROR)
        printf(" ok");
    else
        printf(" ok, last error %u", (unsigned)error);
}

/* --- Doubtful calls and how they are undone. --- */

static bool is_doubtful_protection(DWORD protect)
{
    DWORD access = protect & 0xff;
    DWORD modifiers = protect & (PAGE_GUARD | PAGE_NOCACHE | PAGE_WRITECOMBINE);
    return (access == PAGE_NOACCESS && modifiers) || (modifiers & (modifiers - 1));
}

static bool is_doubtful_type(DWORD type)
{
    if ((type & MEM_RESET) && type != MEM_RESET)
        return true;
    return (type & MEM_WRITE_WATCH) && !(type & MEM_RESERVE);
}

/* What the pages of a range were. */
struct snapshot {
    char *first;
    SIZE_T count;
    DWORD states[RANGE_PAGES];
    DWORD protections[RANGE_PAGES];
};

static void take_snapshot(struct snapshot *snapshot, struct range range)
{
    uintptr_t first = (uintptr_t)range.address / PAGE * PAGE;
    uintptr_t end = ((uintptr_t)range.address + range.size + PAGE - 1) / PAGE * PAGE;
    snapshot->first = (char *)first;
    snapshot->count = (end - first) / PAGE;
    if (snapshot->count > RANGE_PAGES)
        abort();
    for (SIZE_T i = 0; i < snapshot->count; i++) {
        MEMORY_BASIC_INFORMATION region;
        VirtualQuery(snapshot->first + i * PAGE, &region, sizeof region);
        snapshot->states[i] = region.State;
        snapshot->protections[i] = region.Protect;
    }
}

static void restore(const struct snapshot *snapshot)
{
    for (SIZE_T i = 0; i < snapshot->count; i++) {
        char *page = snapshot->first + i * PAGE;
        DWORD old;
        if (snapshot->states[i] == MEM_COMMIT)
            VirtualProtect(page, PAGE, snapshot->protections[i], &old);
        else if (snapshot->states[i] == MEM_RESERVE)
            VirtualFree(page, PAGE, MEM_DECOMMIT);
    }
}

/* --- Calls. --- */

static void *allocate(void *address, SIZE_T size, DWORD type, DWORD protect)
{
    static struct snapshot snapshot;
    bool doubtful = is_doubtful_type(type) || is_doubtful_protection(protect);
    if (doubtful && address)
        take_snapshot(&snapshot, (struct range){address, size});
    SetLastError(UNTOUCHED_ERROR);
    void *result = VirtualAlloc(address, size, type, protect);
    DWORD error = GetLastError();
    print_call("alloc", address, size);
    printf(" type 0x%x protect 0x%x ->", (unsigned)type, (unsigned)protect);
    if (result)
        print_success(error);
    else
        printf(" error %u", (unsigned)error);
    if (!result || !doubtful)
        return result;
    printf(", undone");
    if (address && !(type & MEM_RESERVE))
        restore(&snapshot);
    else
        VirtualFree(result, 0, MEM_RELEASE);
    return NULL;
}

static void allocate_in_place(void *address, SIZE_T size, DWORD type, DWORD protect)
{
    void *result = allocate(address, size, type, protect);
    if (result)
        printf(" %s\n", name_of(result).text);
    else
        printf("\n");
}

static bool meets_arena(const char *base, SIZE_T size)
{
    return base < arena + ARENA_SIZE + GRANULE && base + size > arena - GRANULE;
}

/* The system chooses the place; what it offers in the arena is declined. */
static void allocate_anywhere(struct slot *slot, SIZE_T size, DWORD type, DWORD protect)
{
    char *declined[ARENA_GRANULES];
    size_t count = 0;
    char *base = allocate(NULL, size, type, protect);
    if (!base) {
        printf("\n");
        return;
    }
    while (base && meets_arena(base, size) && count < ARENA_GRANULES) {
        declined[count++] = base;
        base = VirtualAlloc(NULL, size, type, protect);
    }
    while (count > 0)
        VirtualFree(declined[--count], 0, MEM_RELEASE);
    slot->base = base;
    slot->size = (size + PAGE - 1) / PAGE * PAGE;
    printf(" %s, offset in granule 0x%x\n", name_of(base).text,
           (unsigned)((uintptr_t)base % GRANULE));
}

static void call_reserve(void)
{
    static const DWORD types[] = {MEM_RESERVE, MEM_RESERVE, MEM_RESERVE | MEM_COMMIT,
                                  MEM_RESERVE | MEM_COMMIT | MEM_TOP_DOWN,
                                  MEM_RESERVE | MEM_TOP_DOWN};
    char *address = draw_in_arena();
    DWORD type = ONE_OF(types);
    SIZE_T size = draw_size(40);
    DWORD protect = draw_protection();
    allocate_in_place(address, size, type, protect);
}

static void call_reserve_anywhere(void)
{
    static const DWORD types[] = {MEM_RESERVE, MEM_RESERVE | MEM_COMMIT, MEM_COMMIT,
                                  MEM_RESERVE | MEM_TOP_DOWN};
    struct slot *slot = &slots[draw(SLOTS)];
    DWORD type = ONE_OF(types);
    SIZE_T size = draw_size(40);
    DWORD protect = draw_protection();
    if (!slot->base)
        allocate_anywhere(slot, size, type, protect);
}

static void call_commit(void)
{
    char *address = draw_address(ANY_ALLOCATED);
    SIZE_T size = draw_size(12);
    DWORD protect = draw_protection();
    allocate_in_place(address, percent(2) ? 0 : size, MEM_COMMIT, protect);
}

/* Where the call succeeds or not: the pages are no longer certain. */
static void doubt_contents(char *address, SIZE_T size)
{
    for (SIZE_T i = 0; i < ARENA_PAGES; i++)
        if (arena + (i + 1) * PAGE > address && arena + i * PAGE < address + size)
            uncertain[i] = true;
}

static void call_reset(void)
{
    static const DWORD types[] = {MEM_RESET,
                                  MEM_RESET,
                                  MEM_RESET,
                                  MEM_RESET,
                                  MEM_RESET | MEM_COMMIT,
                                  MEM_RESET | MEM_RESERVE,
                                  TYPE_RESET_UNDO | MEM_COMMIT,
                                  TYPE_RESET_UNDO | MEM_RESET};
    char *address = draw_address(ANY_ALLOCATED);
    SIZE_T size = draw_size(12);
    DWORD type = ONE_OF(types);
    DWORD protect = draw_access();
    doubt_contents(address, size);
    allocate_in_place(address, size, type, protect);
}

/* Types that are none. */
static void call_odd(void)
{
    static const DWORD types[] = {0,
                                  MEM_TOP_DOWN,
                                  MEM_WRITE_WATCH,
                                  MEM_COMMIT | MEM_WRITE_WATCH,
                                  MEM_RESERVE | TYPE_AT_ROUND_TO_PAGE,
                                  MEM_RESERVE | TYPE_RESERVE_PLACEHOLDER,
                                  MEM_DECOMMIT,
                                  MEM_RELEASE,
                                  0x80000000u};
    char *address = draw_address(ANY_ALLOCATED);
    char *low = (char *)(uintptr_t)(1 + draw(65535));
    SIZE_T size = draw_size(12);
    DWORD type = ONE_OF(types);
    DWORD protect = draw_access();
    switch (draw(6)) {
    case 0: /* below 64 KiB */
        SetLastError(UNTOUCHED_ERROR);
        printf("%u alloc low 0x%x -> %s", call_number, (unsigned)(uintptr_t)low,
               VirtualAlloc(low, PAGE, MEM_RESERVE, PAGE_READWRITE) ? "ok" : "error");
        printf(" %u\n", (unsigned)GetLastError());
        break;
    case 1:
        allocate_in_place(NULL, size, type, protect);
        break;
    default:
        allocate_in_place(address, size, type, protect);
    }
}

static bool call_free_at(char *address, SIZE_T size, DWORD type)
{
    SetLastError(UNTOUCHED_ERROR);
    BOOL result = VirtualFree(address, size, type);
    DWORD error = GetLastError();
    print_call("free", address, size);
    printf(" type 0x%x ->", (unsigned)type);
    if (result)
        print_success(error);
    else
        printf(" error %u", (unsigned)error);
    printf("\n");
    return result != 0;
}

static void call_decommit(void)
{
    char *base = draw_base();
    char *address = draw_address(ANY_ALLOCATED);
    SIZE_T size = draw_size(12);
    if (percent(10))
        call_free_at(base, 0, MEM_DECOMMIT);
    else
        call_free_at(address, size, MEM_DECOMMIT);
}

static void call_release(void)
{
    static const DWORD types[] = {0, MEM_FREE, MEM_RELEASE | MEM_DECOMMIT, MEM_COMMIT, 0x40000000u};
    char *base = draw_base();
    DWORD odd = ONE_OF(types);
    SIZE_T size = percent(8) ? draw_size(12) : 0;
    bool released = call_free_at(base, size, percent(6) ? odd : MEM_RELEASE);
    for (int i = 0; i < SLOTS && released; i++)
        if (base >= slots[i].base && base < slots[i].base + PAGE)
            slots[i].base = NULL;
}

static void call_protect(void)
{
    static struct snapshot snapshot;
    char *address = draw_address(MEM_COMMIT);
    SIZE_T size = percent(4) ? 0 : draw_size(12);
    DWORD protect = draw_protection();
    DWORD old = UNTOUCHED_OLD;
    bool doubtful = size == 0 || is_doubtful_protection(protect);
    bool with_old = percent(98);
    if (doubtful)
        take_snapshot(&snapshot, (struct range){address, size});
    SetLastError(UNTOUCHED_ERROR);
    BOOL result = VirtualProtect(address, size, protect, with_old ? &old : NULL);
    DWORD error = GetLastError();
    print_call("protect", address, size);
    printf(" protect 0x%x%s ->", (unsigned)protect, with_old ? "" : " without old");
    if (result)
        print_success(error);
    else
        printf(" error %u", (unsigned)error);
    printf(" old 0x%x%s\n", (unsigned)old, result && doubtful ? ", undone" : "");
    if (result && doubtful)
        restore(&snapshot);
}

static void call_query(void)
{
    char *address = draw_address(percent(50) ? MEM_FREE : ANY_ALLOCATED);
    bool is_short = percent(3);
    MEMORY_BASIC_INFORMATION region;
    memset(&region, 0, sizeof region);
    SetLastError(UNTOUCHED_ERROR);
    SIZE_T result = VirtualQuery(address, &region, sizeof region - is_short);
    DWORD error = GetLastError();
    print_call("query", address, sizeof region - is_short);
    printf(" ->");
    if (!result) {
        printf(" error %u\n", (unsigned)error);
        return;
    }
    print_success(error);
    printf(" %u base %s allocation %s 0x%x size 0x%" PRIx64 " state 0x%x protect 0x%x type 0x%x\n",
           (unsigned)result, name_of(region.BaseAddress).text, name_of(region.AllocationBase).text,
           (unsigned)region.AllocationProtect, (uint64_t)region.RegionSize, (unsigned)region.State,
           (unsigned)region.Protect, (unsigned)region.Type);
}

/* --- Contents. --- */

static bool may_touch(const MEMORY_BASIC_INFORMATION *region, bool writing)
{
    DWORD access = region->Protect & 0xff;
    if (region->State != MEM_COMMIT || (region->Protect & PAGE_GUARD))
        return false;
    if (access == PAGE_READWRITE || access == PAGE_EXECUTE_READWRITE)
        return true;
    return !writing && (access == PAGE_READONLY || access == PAGE_EXECUTE_READ);
}

static void call_touch(void)
{
    char *page = draw_next(arena + draw(ARENA_PAGES) * PAGE, MEM_COMMIT);
    bool writing = percent(60);
    int byte = 1 + (int)draw(255);
    size_t number = (size_t)(page - arena) / PAGE;
    MEMORY_BASIC_INFORMATION region;
    uint64_t sum = 0;
    VirtualQuery(page, &region, sizeof region);
    if (!may_touch(&region, writing))
        return;
    if (writing) {
        memset(page, byte, PAGE);
        uncertain[number] = false;
    }
    if (uncertain[number])
        return;
    for (SIZE_T i = 0; i < PAGE; i++)
        sum = sum * 31 + (unsigned char)page[i];
    printf("%u %s %s -> 0x%" PRIx64 "\n", call_number, writing ? "write" : "read",
           name_of(page).text, sum);
}

/* --- All of the arena: reserved neighbours of one allocation are printed as one. --- */

static void print_run(const MEMORY_BASIC_INFORMATION *run)
{
    if (run->State == MEM_FREE)
        printf(" free:0x%" PRIx64, (uint64_t)run->RegionSize);
    else
        printf(" %s:0x%x:%x:%x:0x%" PRIx64, name_of(run->AllocationBase).text, (unsigned)run->State,
               (unsigned)run->AllocationProtect, (unsigned)run->Protect, (uint64_t)run->RegionSize);
}

static void make_certain(const MEMORY_BASIC_INFORMATION *run)
{
    size_t first = (size_t)((char *)run->BaseAddress - arena) / PAGE;
    size_t count = run->RegionSize / PAGE;
    for (size_t i = first; i < first + count && i < ARENA_PAGES && run->State != MEM_COMMIT; i++)
        uncertain[i] = false;
}

static void walk(void)
{
    MEMORY_BASIC_INFORMATION last;
    char *at = arena;
    memset(&last, 0, sizeof last);
    printf("%u walk ->", call_number);
    while (at < arena + ARENA_SIZE) {
        MEMORY_BASIC_INFORMATION run;
        if (!VirtualQuery(at, &run, sizeof run) || run.RegionSize == 0) {
            printf(" a query failed");
            break;
        }
        make_certain(&run);
        at += run.RegionSize;
        if (last.State == MEM_RESERVE && run.State == MEM_RESERVE &&
            run.AllocationBase == last.AllocationBase) {
            last.RegionSize += run.RegionSize;
            continue;
        }
        if (last.RegionSize)
            print_run(&last);
        last = run;
    }
    print_run(&last);
    printf("\n");
}

/* --- Sequences. --- */

/* A call is as frequent as it is here. */
static void (*const calls[])(void) = {
    call_reserve,
    call_reserve,
    call_reserve,
    call_reserve,
    call_reserve,
    call_reserve,
    call_commit,
    call_commit,
    call_commit,
    call_commit,
    call_commit,
    call_commit,
    call_decommit,
    call_decommit,
    call_decommit,
    call_release,
    call_protect,
    call_protect,
    call_protect,
    call_protect,
    call_protect,
    call_protect,
    call_query,
    call_query,
    call_query,
    call_touch,
    call_touch,
    call_touch,
    call_reserve_anywhere,
    call_release,
    call_reset,
    call_odd,
};

/* A free place for arena and fences, far from what systems use by themselves. */
static bool find_arena(void)
{
#ifdef _WIN32
    const uintptr_t places = (uintptr_t)0x28 << 40;
    const uintptr_t step = (uintptr_t)1 << 32;
#else
    const uintptr_t places = TEST_PLACE;
    const uintptr_t step = TEST_PLACE_STEP;
#endif
    const SIZE_T size = ARENA_SIZE + 2 * GRANULE;
    for (uintptr_t i = 0; i < 16; i++) {
        char *place = VirtualAlloc((char *)places + i * step, size, MEM_RESERVE, PAGE_NOACCESS);
        if (!place)
            continue;
        VirtualFree(place, 0, MEM_RELEASE);
        arena = place + GRANULE;
        return VirtualAlloc(place, GRANULE, MEM_RESERVE, PAGE_NOACCESS) &&
               VirtualAlloc(arena + ARENA_SIZE, GRANULE, MEM_RESERVE, PAGE_NOACCESS);
    }
    return false;
}

static void release_all(void)
{
    char *at = arena - GRANULE;
    while (at < arena + ARENA_SIZE + GRANULE) {
        MEMORY_BASIC_INFORMATION run;
        VirtualQuery(at, &run, sizeof run);
        if (run.State != MEM_FREE)
            VirtualFree(run.AllocationBase, 0, MEM_RELEASE);
        at += run.RegionSize;
    }
    for (int i = 0; i < SLOTS; i++)
        if (slots[i].base)
            VirtualFree(slots[i].base, 0, MEM_RELEASE);
}

static bool run_sequence(uint64_t seed, unsigned count)
{
    random_state = seed;
    memset(slots, 0, sizeof slots);
    memset(uncertain, 0, sizeof uncertain);
    printf("sequence %" PRIu64 "\n", seed);
    if (!find_arena()) {
        fprintf(stderr, "oracle: no place for the arena\n");
        return false;
    }
    for (call_number = 1; call_number <= count; call_number++) {
        ONE_OF(calls)();
        if (call_number % CALLS_PER_WALK == 0 || call_number == count)
            walk();
    }
    release_all();
    fflush(stdout);
    return true;
}

static bool parse(int argc, char **argv, uint64_t values[3])
{
    static const char *const options[] = {"--seed", "--sequences", "--calls"};
    for (int i = 1; i < argc; i += 2) {
        int option = 0;
        while (option < 3 && strcmp(argv[i], options[option]) != 0)
            option++;
        if (option == 3 || i + 1 == argc)
            return false;
        values[option] = strtoull(argv[i + 1], NULL, 0);
    }
    return true;
}

int main(int argc, char **argv)
{
    uint64_t values[3] = {1, 200, 500};
    SYSTEM_INFO system;
    if (!parse(argc, argv, values)) {
        fprintf(stderr, "usage: oracle [--seed N] [--sequences N] [--calls N]\n");
        return 2;
    }
    GetSystemInfo(&system);
    if (system.dwPageSize != PAGE) {
        fprintf(stderr, "oracle: skipped, pages are larger than those of Windows\n");
        return 77;
    }
#ifdef _WIN32
    /* The same bytes as elsewhere. */
    _setmode(_fileno(stdout), _O_BINARY);
#endif
    /* One sequence is for looking into: nothing is lost when it crashes. */
    if (values[1] == 1)
        setvbuf(stdout, NULL, _IONBF, 0);
    for (uint64_t i = 0; i < values[1]; i++)
        if (!run_sequence(values[0] + i, (unsigned)values[2]))
            return 2;
    return 0;
}
