/*
 * test_contract.c - what CLRs do with a host's memory manager, and count on.
 *
 * One test for each habit seen in runtimes: they test for S_OK exactly, read results that they never
 * set, free what they did not get from the heap, ask for code heaps at wanted addresses, protect
 * stack and image pages, walk all of memory. Calls go through the slots by number, as those of a
 * binary that was compiled elsewhere.
 */
#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <hostmem/mscoree.h>

#include <hostmem/win32.h>

#include "slot_call.h"

#define OK           0u
#define NO_MEMORY    0x8007000Eu
#define BAD_ARGUMENT 0x80070057u
#define WIN32(error) (0x80070000u + (error))
#define GARBAGE      ((void *)(uintptr_t)0x5A5A5A50u)

enum { RELEASE = 2 };
enum { CREATE_MALLOC = 3, VIRTUAL_ALLOC, VIRTUAL_FREE, VIRTUAL_QUERY, VIRTUAL_PROTECT };
enum { REGISTER_CALLBACK = 9, NEEDS_SPACE, ACQUIRED_SPACE, RELEASED_SPACE };
enum { ALLOC = 3, DEBUG_ALLOC, FREE };
enum { GET_HOST_MANAGER = 3 };

static void *manager;
static size_t page;

static uintptr_t highest_address(void)
{
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    return (uintptr_t)info.lpMaximumApplicationAddress;
}

static void *create(const hostmem_options *options)
{
    IHostMemoryManager *made = NULL;
    ck_assert_int_eq(hostmem_create(options, &made), 0);
    return made;
}

static void set_up(void)
{
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    page = info.dwPageSize;
    manager = create(NULL);
}

static void tear_down(void)
{
    call_slot(manager, RELEASE, "");
}

static uint32_t try_alloc(void *address, size_t size, uint32_t type, uint32_t protect,
                          void **memory)
{
    *memory = GARBAGE;
    return call_slot(manager, VIRTUAL_ALLOC, "pzuuip", address, size, type, protect, 0, memory);
}

static char *alloc(void *address, size_t size, uint32_t type, uint32_t protect)
{
    void *memory;
    ck_assert_uint_eq(try_alloc(address, size, type, protect, &memory), OK);
    ck_assert_ptr_nonnull(memory);
    ck_assert_ptr_ne(memory, GARBAGE);
    return memory;
}

static uint32_t try_free(void *address, size_t size, uint32_t type)
{
    return call_slot(manager, VIRTUAL_FREE, "pzu", address, size, type);
}

static MEMORY_BASIC_INFORMATION query(const void *address)
{
    MEMORY_BASIC_INFORMATION region;
    size_t written = 999;
    ck_assert_uint_eq(
        call_slot(manager, VIRTUAL_QUERY, "ppzp", address, &region, sizeof region, &written), OK);
    ck_assert_uint_eq(written, sizeof region);
    return region;
}

static uint32_t protect(const void *address, size_t size, uint32_t protection, uint32_t *old)
{
    return call_slot(manager, VIRTUAL_PROTECT, "pzup", address, size, protection, old);
}

static void *make_heap(uint32_t type)
{
    void *heap = NULL;
    ck_assert_uint_eq(call_slot(manager, CREATE_MALLOC, "up", type, &heap), OK);
    return heap;
}

/* One assertion, however many bytes. */
static void expect_bytes(const void *memory, size_t size, int value)
{
    const unsigned char *bytes = memory;
    size_t i = 0;
    while (i < size && bytes[i] == value)
        i++;
    ck_assert_uint_eq(i, size);
}

/* --- Results. --- */

START_TEST(query_always_writes_its_result)
{
    MEMORY_BASIC_INFORMATION region;
    size_t written = 999;
    void *beyond = (void *)(highest_address() + 1);
    ck_assert_uint_eq(
        call_slot(manager, VIRTUAL_QUERY, "ppzp", beyond, &region, sizeof region, &written),
        BAD_ARGUMENT);
    ck_assert_uint_eq(written, 0);
    written = 999;
    ck_assert_uint_eq(
        call_slot(manager, VIRTUAL_QUERY, "ppzp", &region, &region, (size_t)47, &written),
        WIN32(ERROR_BAD_LENGTH));
    ck_assert_uint_eq(written, 0);
    written = 999;
    ck_assert_uint_ne(
        call_slot(manager, VIRTUAL_QUERY, "ppzp", &region, NULL, sizeof region, &written), OK);
    ck_assert_uint_eq(written, 0);
    ck_assert_uint_eq(
        call_slot(manager, VIRTUAL_QUERY, "ppzp", &region, &region, sizeof region, NULL), OK);
}
END_TEST

static void expect_no_memory_pointer(void *address, size_t size, uint32_t type, uint32_t prot,
                                     uint32_t expected)
{
    void *memory;
    ck_assert_uint_eq(try_alloc(address, size, type, prot, &memory), expected);
    ck_assert_ptr_null(memory);
}

START_TEST(alloc_writes_null_on_every_failure)
{
    char *taken = alloc(NULL, 0x10000, MEM_RESERVE, PAGE_READWRITE);
    expect_no_memory_pointer(NULL, 0, MEM_COMMIT, PAGE_READWRITE, BAD_ARGUMENT);
    expect_no_memory_pointer(NULL, page, 0, PAGE_READWRITE, BAD_ARGUMENT);
    expect_no_memory_pointer(NULL, page, MEM_COMMIT, 0, BAD_ARGUMENT);
    expect_no_memory_pointer(NULL, page, MEM_COMMIT, PAGE_WRITECOPY, BAD_ARGUMENT);
    expect_no_memory_pointer((void *)0x1000, page, MEM_RESERVE, PAGE_READWRITE, BAD_ARGUMENT);
    expect_no_memory_pointer(taken, page, MEM_RESERVE, PAGE_READWRITE,
                             WIN32(ERROR_INVALID_ADDRESS));
    expect_no_memory_pointer(taken, 0x20000, MEM_COMMIT, PAGE_READWRITE,
                             WIN32(ERROR_INVALID_ADDRESS));
    /* Would fit into an address space with nothing in it. */
    expect_no_memory_pointer(NULL, highest_address() - 0x20000, MEM_RESERVE, PAGE_READWRITE,
                             NO_MEMORY);
    ck_assert_uint_eq(try_free(taken, 0, MEM_RELEASE), OK);
}
END_TEST

START_TEST(alloc_beyond_the_quota)
{
    hostmem_options options = {.size = sizeof options, .commit_limit = 1 << 20};
    void *unlimited = manager;
    manager = create(&options);
    char *memory = alloc(NULL, 8 << 20, MEM_RESERVE, PAGE_READWRITE);
    expect_no_memory_pointer(memory, 2 << 20, MEM_COMMIT, PAGE_READWRITE, NO_MEMORY);
    ck_assert_uint_eq(query(memory).RegionSize, 8 << 20);
    alloc(memory, 1 << 18, MEM_COMMIT, PAGE_READWRITE);
    expect_no_memory_pointer(NULL, 1 << 20, MEM_COMMIT, PAGE_READWRITE, NO_MEMORY);
    ck_assert_uint_eq(try_free(memory, 0, MEM_DECOMMIT), OK);
    alloc(memory + (1 << 20), 1 << 18, MEM_COMMIT, PAGE_READWRITE);
    ck_assert_uint_eq(try_free(memory, 0, MEM_RELEASE), OK);
    call_slot(manager, RELEASE, "");
    manager = unlimited;
}
END_TEST

/* What tasks may not have any more, the process level still gets. */
START_TEST(headroom_for_critical_levels)
{
    hostmem_options options = {.size = sizeof options, .commit_limit = 16 << 20};
    void *unlimited = manager;
    void *memory = NULL;
    uint32_t result = OK;
    unsigned tasks = 0;
    manager = create(&options);
    while (result == OK && ++tasks < 1024)
        result = try_alloc(NULL, 0x10000, MEM_COMMIT, PAGE_READWRITE, &memory);
    ck_assert_uint_eq(result, NO_MEMORY);
    ck_assert_uint_gt(tasks, 64);
    ck_assert_uint_eq(call_slot(manager, VIRTUAL_ALLOC, "pzuuip", NULL, (size_t)0x10000, MEM_COMMIT,
                                PAGE_READWRITE, 2, &memory),
                      OK);
    call_slot(manager, RELEASE, "");
    manager = unlimited;
}
END_TEST

/* --- The control and the call-back. --- */

START_TEST(control_gives_an_owned_manager)
{
    IHostControl *control = NULL;
    void *mine = create(NULL);
    void *found = NULL;
    ck_assert_int_eq(hostmem_create_host_control(mine, &control), 0);
    ck_assert_uint_eq(call_slot(control, GET_HOST_MANAGER, "pp", &IID_IHostMemoryManager, &found),
                      OK);
    /* The runtime keeps what it got without AddRef, while everybody else lets go. */
    call_slot(mine, RELEASE, "");
    call_slot(control, RELEASE, "");
    void *memory = GARBAGE;
    ck_assert_uint_eq(call_slot(found, VIRTUAL_ALLOC, "pzuuip", NULL, page, MEM_COMMIT,
                                PAGE_READWRITE, 0, &memory),
                      OK);
    ck_assert_uint_eq(call_slot(found, VIRTUAL_FREE, "pzu", memory, (size_t)0, MEM_RELEASE), OK);
    ck_assert_uint_eq(call_slot(found, RELEASE, ""), 0);
}
END_TEST

/* The call-back of a CLR: its counts mean nothing, and its QueryInterface adds no reference. */
static HRESULT HOSTMEM_STDCALL callback_query(ICLRMemoryNotificationCallback *This, REFIID riid,
                                              void **ppv)
{
    (void)riid;
    *ppv = This;
    return S_OK;
}

static ULONG HOSTMEM_STDCALL callback_count(ICLRMemoryNotificationCallback *This)
{
    (void)This;
    return 1;
}

static HRESULT HOSTMEM_STDCALL callback_notify(ICLRMemoryNotificationCallback *This,
                                               EMemoryAvailable available)
{
    (void)This;
    (void)available;
    return S_OK;
}

START_TEST(start_up_of_a_clr)
{
    static const ICLRMemoryNotificationCallbackVtbl methods = {callback_query, callback_count,
                                                               callback_count, callback_notify};
    static ICLRMemoryNotificationCallback callback = {&methods};
    void *heap = make_heap(MALLOC_THREADSAFE);
    void *executable = make_heap(MALLOC_THREADSAFE | MALLOC_EXECUTABLE);
    ck_assert_uint_eq(call_slot(manager, REGISTER_CALLBACK, "p", &callback), OK);
    ck_assert_uint_eq(call_slot(manager, REGISTER_CALLBACK, "p", &callback), OK);
    ck_assert_uint_eq(call_slot(manager, REGISTER_CALLBACK, "p", NULL), OK);
    ck_assert_uint_eq(call_slot(heap, RELEASE, ""), 0);
    ck_assert_uint_eq(call_slot(executable, RELEASE, ""), 0);
}
END_TEST

/* --- Heaps. --- */

static void expect_refused(void *heap, void *block)
{
    ck_assert_uint_eq(call_slot(heap, FREE, "p", block), BAD_ARGUMENT);
}

START_TEST(heap_free_of_null)
{
    void *heap = make_heap(1);
    ck_assert_uint_eq(call_slot(heap, FREE, "p", NULL), OK);
    call_slot(heap, RELEASE, "");
}
END_TEST

START_TEST(heap_refuses_foreign_blocks)
{
    static char data[64];
    void *heap = make_heap(1);
    void *other_heap = make_heap(1);
    void *other_block = NULL;
    void *libc_block = malloc(100);
    void *libc_large = malloc(1 << 20);
    char local[64];
    char *pages = alloc(NULL, 0x10000, MEM_COMMIT, PAGE_READWRITE);
    ck_assert_uint_eq(call_slot(other_heap, ALLOC, "zip", (size_t)100, 0, &other_block), OK);
    memset(other_block, 3, 100);
    memset(libc_block, 4, 100);
    expect_refused(heap, libc_block);
    expect_refused(heap, libc_large);
    expect_refused(heap, local);
    expect_refused(heap, data);
    expect_refused(heap, pages);
    expect_refused(heap, pages + 4096);
    expect_refused(heap, other_block);
    expect_refused(heap, (void *)0x10);
    expect_refused(heap, (void *)(UINTPTR_MAX - 15));
    expect_refused(heap, (void *)((uintptr_t)1 << 63));
    expect_bytes(other_block, 100, 3);
    expect_bytes(libc_block, 100, 4);
    free(libc_block);
    free(libc_large);
    ck_assert_uint_eq(call_slot(other_heap, FREE, "p", other_block), OK);
    ck_assert_uint_eq(try_free(pages, 0, MEM_RELEASE), OK);
    call_slot(heap, RELEASE, "");
    call_slot(other_heap, RELEASE, "");
}
END_TEST

START_TEST(heap_refuses_what_is_no_live_block)
{
    static const size_t sizes[] = {16, 100, 5000, 100000, 4 << 20};
    void *heap = make_heap(1);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *block = NULL;
        char *neighbour = NULL;
        ck_assert_uint_eq(call_slot(heap, ALLOC, "zip", sizes[i], 0, &block), OK);
        ck_assert_uint_eq(call_slot(heap, ALLOC, "zip", sizes[i], 0, &neighbour), OK);
        memset(neighbour, 5, sizes[i]);
        expect_refused(heap, block + 1);
        expect_refused(heap, block + 8);
        expect_refused(heap, block - 8);
        if (sizes[i] >= 100)
            expect_refused(heap, block + 16);
        ck_assert_uint_eq(call_slot(heap, FREE, "p", block), OK);
        expect_refused(heap, block);
        expect_refused(heap, block);
        expect_bytes(neighbour, sizes[i], 5);
        ck_assert_uint_eq(call_slot(heap, FREE, "p", neighbour), OK);
    }
    call_slot(heap, RELEASE, "");
}
END_TEST

/* --- What CLRs ask VirtualAlloc for. --- */

START_TEST(code_heap_at_a_wanted_address)
{
    char *somewhere = alloc(NULL, 0x200000, MEM_RESERVE, PAGE_NOACCESS);
    ck_assert_uint_eq(try_free(somewhere, 0, MEM_RELEASE), OK);
    char *wanted = somewhere + 0x100000;
    ck_assert_ptr_eq(alloc(wanted, 0x40000, MEM_RESERVE, PAGE_NOACCESS), wanted);
    ck_assert_ptr_eq(alloc(wanted, 100, MEM_COMMIT, PAGE_EXECUTE_READWRITE), wanted);
    wanted[0] = (char)0xC3;
    expect_no_memory_pointer(wanted, 0x40000, MEM_RESERVE, PAGE_NOACCESS,
                             WIN32(ERROR_INVALID_ADDRESS));
    ck_assert_uint_eq(try_free(wanted, 0, MEM_RELEASE), OK);
}
END_TEST

START_TEST(other_requests)
{
    char *memory = alloc(NULL, 12345, MEM_COMMIT, PAGE_READWRITE);
    ck_assert_uint_eq(query(memory).RegionSize, (12345 + page - 1) / page * page);
    ck_assert_uint_eq(try_free(memory, 0, MEM_RELEASE), OK);
    memory = alloc(NULL, 0x30001, MEM_RESERVE | MEM_TOP_DOWN, PAGE_EXECUTE_READWRITE);
    ck_assert_uint_eq(query(memory).AllocationProtect, PAGE_EXECUTE_READWRITE);
    ck_assert_uint_eq(try_free(memory, 0, MEM_RELEASE), OK);
}
END_TEST

/* Facilities that come later are refused as such, not served by halves. */
START_TEST(missing_facilities_are_refused)
{
    hostmem_capability_info info = {.size = sizeof info};
    ck_assert_int_eq(hostmem_capabilities(&info), 0);
    if (info.write_watch == HOSTMEM_UNAVAILABLE)
        expect_no_memory_pointer(NULL, page, MEM_RESERVE | MEM_WRITE_WATCH, PAGE_READWRITE,
                                 WIN32(ERROR_NOT_SUPPORTED));
    char *memory = alloc(NULL, page, MEM_COMMIT, PAGE_READWRITE);
    memory[0] = 1;
    if (info.reset == HOSTMEM_UNAVAILABLE)
        expect_no_memory_pointer(memory, page, MEM_RESET, PAGE_READWRITE,
                                 WIN32(ERROR_NOT_SUPPORTED));
    ck_assert_int_eq(memory[0], 1);
    ck_assert_uint_eq(try_free(memory, 0, MEM_RELEASE), OK);
}
END_TEST

/* --- Memory of others. --- */

/* Three pages between inaccessible ones, so that they are a mapping of their own. */
static char *map_foreign(void)
{
    char *base = mmap(NULL, 5 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(base, MAP_FAILED);
    ck_assert_int_eq(mprotect(base + page, 3 * page, PROT_READ | PROT_WRITE), 0);
    memset(base + page, 6, 3 * page);
    return base + page;
}

START_TEST(foreign_memory_is_protected)
{
    char *memory = map_foreign();
    uint32_t old = 0;
    ck_assert_uint_eq(protect(memory + page, 1, PAGE_READONLY, &old), OK);
    ck_assert_uint_eq(old, PAGE_READWRITE);
    ck_assert_uint_eq(query(memory + page).Protect, PAGE_READONLY);
    ck_assert_uint_eq(query(memory + page).RegionSize, page);
    ck_assert_uint_eq(query(memory).RegionSize, page);
    ck_assert_uint_eq(protect(memory, 3 * page, PAGE_READWRITE, &old), OK);
    ck_assert_uint_eq(old, PAGE_READWRITE);
    expect_bytes(memory, 3 * page, 6);
    memory[0] = 7;
    ck_assert_uint_eq(try_free(memory, 0, MEM_RELEASE), WIN32(ERROR_INVALID_ADDRESS));
    ck_assert_int_eq(memory[0], 7);
}
END_TEST

/* Without a handler for guard faults nobody could lift the guard: then it is refused. */
START_TEST(foreign_memory_is_guarded)
{
    char *memory = map_foreign();
    uint32_t old = 0;
    uint32_t result = protect(memory + page, page, PAGE_READWRITE | PAGE_GUARD, &old);
    ck_assert_uint_eq(result, OK);
    ck_assert_uint_eq(old, PAGE_READWRITE);
    ck_assert_uint_eq(query(memory + page).Protect, PAGE_READWRITE | PAGE_GUARD);
    ck_assert_uint_eq(query(memory + page).RegionSize, page);
    ck_assert_uint_eq(protect(memory + page, page, PAGE_READWRITE, &old), OK);
    ck_assert_uint_eq(old, PAGE_READWRITE | PAGE_GUARD);
    ck_assert_int_eq(memory[page], 6);
}
END_TEST

/* Alone on its pages. */
static struct {
    _Alignas(65536) char bytes[65536];
} image_data = {{1}};

START_TEST(image_pages_are_protected)
{
    uint32_t old = 0;
    MEMORY_BASIC_INFORMATION region = query(image_data.bytes);
    ck_assert_uint_eq(region.State, MEM_COMMIT);
    ck_assert_uint_eq(region.Type, MEM_IMAGE);
    ck_assert_uint_eq(protect(image_data.bytes, 10, PAGE_READONLY, &old), OK);
    ck_assert_uint_eq(query(image_data.bytes).Protect, PAGE_READONLY);
    ck_assert_uint_eq(protect(image_data.bytes, 10, old, &old), OK);
    ck_assert_uint_eq(old, PAGE_READONLY);
    image_data.bytes[0]++;
    ck_assert_int_eq(image_data.bytes[0], 2);
}
END_TEST

static void *query_own_stack(void *limit)
{
    char local = 0;
    MEMORY_BASIC_INFORMATION region = query(&local);
    ck_assert_uint_eq(region.State, MEM_COMMIT);
    ck_assert_uint_eq(region.Type, MEM_PRIVATE);
    ck_assert_uint_eq(region.Protect, PAGE_READWRITE);
    ck_assert_ptr_eq(region.AllocationBase, limit);
    return NULL;
}

START_TEST(stack_of_a_thread)
{
    const size_t size = 1 << 20;
    pthread_attr_t attributes;
    pthread_t thread;
    char *base = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(base, MAP_FAILED);
    ck_assert_int_eq(mprotect(base + page, size, PROT_READ | PROT_WRITE), 0);
    pthread_attr_init(&attributes);
    ck_assert_int_eq(pthread_attr_setstack(&attributes, base + page, size), 0);
    ck_assert_int_eq(pthread_create(&thread, &attributes, query_own_stack, base + page), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
}
END_TEST

START_TEST(stack_of_the_process)
{
    char local = 0;
    MEMORY_BASIC_INFORMATION region = query(&local);
    ck_assert_uint_eq(region.State, MEM_COMMIT);
    ck_assert_uint_eq(region.Type, MEM_PRIVATE);
    ck_assert_uint_eq(region.Protect, PAGE_READWRITE);
    ck_assert_uint_le((uintptr_t)region.AllocationBase, (uintptr_t)region.BaseAddress);
    ck_assert_ptr_ne(region.AllocationBase, NULL);
}
END_TEST

START_TEST(code_and_files)
{
    uintptr_t code = (uintptr_t)&query_own_stack;
    MEMORY_BASIC_INFORMATION region = query((void *)code);
    ck_assert_uint_eq(region.State, MEM_COMMIT);
    ck_assert_uint_eq(region.Type, MEM_IMAGE);
    ck_assert_uint_eq(region.Protect, PAGE_EXECUTE_READ);
    ck_assert_ptr_eq(region.AllocationBase, query(image_data.bytes).AllocationBase);

    char name[] = "/tmp/hostmem-test-XXXXXX";
    int file = mkstemp(name);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(unlink(name), 0);
    ck_assert_int_eq(ftruncate(file, (off_t)(2 * page)), 0);
    char *view = mmap(NULL, 2 * page, PROT_READ, MAP_SHARED, file, 0);
    ck_assert_ptr_ne(view, MAP_FAILED);
    region = query(view + page);
    ck_assert_uint_eq(region.State, MEM_COMMIT);
    ck_assert_uint_eq(region.Type, MEM_MAPPED);
    ck_assert_uint_eq(region.Protect, PAGE_READONLY);
    ck_assert_ptr_eq(region.AllocationBase, view);
    munmap(view, 2 * page);
    close(file);
}
END_TEST

/* Walks as CLRs do, and meets its own allocation, the stack and the code exactly once each. */
START_TEST(walk_of_all_memory)
{
    const uintptr_t end = highest_address() + 1;
    char local = 0;
    char *own = alloc(NULL, 0x30000, MEM_RESERVE, PAGE_READONLY);
    uintptr_t wanted[3] = {(uintptr_t)own, (uintptr_t)&local, (uintptr_t)&query_own_stack};
    unsigned met[3] = {0, 0, 0};
    uintptr_t address = 0;
    unsigned last_state = 0;
    while (address < end) {
        MEMORY_BASIC_INFORMATION region = query((void *)address);
        ck_assert_uint_eq((uintptr_t)region.BaseAddress, address);
        ck_assert_uint_gt(region.RegionSize, 0);
        ck_assert_uint_eq(region.RegionSize % page, 0);
        ck_assert(region.State != MEM_FREE || last_state != MEM_FREE);
        for (int i = 0; i < 3; i++)
            met[i] += wanted[i] >= address && wanted[i] < address + region.RegionSize;
        last_state = region.State;
        address += region.RegionSize;
    }
    ck_assert_uint_eq(address, end);
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(met[i], 1);
    ck_assert_uint_eq(try_free(own, 0, MEM_RELEASE), OK);
}
END_TEST

/* A CLR looks for a free 64 KiB step near its code and reserves there. */
START_TEST(reserve_in_a_gap_found_by_walking)
{
    uintptr_t address = (uintptr_t)&query_own_stack;
    for (int steps = 0; steps < 100000; steps++) {
        MEMORY_BASIC_INFORMATION region = query((void *)address);
        uintptr_t start = ((uintptr_t)region.BaseAddress + 0xFFFF) & ~(uintptr_t)0xFFFF;
        uintptr_t end = (uintptr_t)region.BaseAddress + region.RegionSize;
        if (region.State == MEM_FREE && start + 0x20000 <= end) {
            void *memory = alloc((void *)start, 0x20000, MEM_RESERVE, PAGE_NOACCESS);
            ck_assert_uint_eq((uintptr_t)memory, start);
            ck_assert_uint_eq(try_free(memory, 0, MEM_RELEASE), OK);
            return;
        }
        address = end;
    }
    ck_abort_msg("no gap was found");
}
END_TEST

START_TEST(needs_address_space)
{
    char *taken = alloc(NULL, 0x100000, MEM_RESERVE, PAGE_READWRITE);
    const size_t size = 0x100000;
    ck_assert_uint_eq(call_slot(manager, NEEDS_SPACE, "pz", taken, size), NO_MEMORY);
    ck_assert_uint_eq(call_slot(manager, NEEDS_SPACE, "pz", taken + 0x80000, size), NO_MEMORY);
    char *foreign = map_foreign();
    ck_assert_uint_eq(call_slot(manager, NEEDS_SPACE, "pz", foreign, page), NO_MEMORY);
    ck_assert_uint_eq(try_free(taken, 0, MEM_RELEASE), OK);
    ck_assert_uint_eq(call_slot(manager, NEEDS_SPACE, "pz", taken, size), OK);
}
END_TEST

START_TEST(views_come_and_go)
{
    char *view = map_foreign();
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(call_slot(manager, ACQUIRED_SPACE, "pz", view, 3 * page), OK);
        ck_assert_uint_eq(call_slot(manager, ACQUIRED_SPACE, "pz", view, (size_t)0), OK);
        ck_assert_uint_eq(call_slot(manager, RELEASED_SPACE, "p", view), OK);
        ck_assert_uint_eq(call_slot(manager, RELEASED_SPACE, "p", view), OK);
    }
    ck_assert_int_eq(view[0], 6);
}
END_TEST

static TCase *make_case(const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    return tcase;
}

static TCase *own_case(void)
{
    TCase *tcase = make_case("own memory");
    tcase_add_test(tcase, query_always_writes_its_result);
    tcase_add_test(tcase, alloc_writes_null_on_every_failure);
    tcase_add_test(tcase, alloc_beyond_the_quota);
    tcase_add_test(tcase, headroom_for_critical_levels);
    tcase_add_test(tcase, control_gives_an_owned_manager);
    tcase_add_test(tcase, start_up_of_a_clr);
    tcase_add_test(tcase, heap_free_of_null);
    tcase_add_test(tcase, heap_refuses_foreign_blocks);
    tcase_add_test(tcase, heap_refuses_what_is_no_live_block);
    tcase_add_test(tcase, code_heap_at_a_wanted_address);
    tcase_add_test(tcase, other_requests);
    tcase_add_test(tcase, missing_facilities_are_refused);
    return tcase;
}

static TCase *foreign_case(void)
{
    TCase *tcase = make_case("memory of others");
    tcase_add_test(tcase, foreign_memory_is_protected);
    tcase_add_test(tcase, foreign_memory_is_guarded);
    tcase_add_test(tcase, image_pages_are_protected);
    tcase_add_test(tcase, stack_of_a_thread);
    tcase_add_test(tcase, stack_of_the_process);
    tcase_add_test(tcase, code_and_files);
    tcase_add_test(tcase, walk_of_all_memory);
    tcase_add_test(tcase, reserve_in_a_gap_found_by_walking);
    tcase_add_test(tcase, needs_address_space);
    tcase_add_test(tcase, views_come_and_go);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("hosting contract");
    suite_add_tcase(suite, own_case());
    suite_add_tcase(suite, foreign_case());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
