/*
 * test_slots.c - every slot of every interface, called by number through libffi, so that a wrong
 * order of methods, or a wrong convention, cannot hide behind the header that both sides share.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <hostmem/mscoree.h>

#include <hostmem/hostmem.h>

#include "slot_call.h"

enum { QUERY_INTERFACE, ADD_REF, RELEASE };
enum {
    CREATE_MALLOC = 3,
    VIRTUAL_ALLOC,
    VIRTUAL_FREE,
    VIRTUAL_QUERY,
    VIRTUAL_PROTECT,
    GET_MEMORY_LOAD,
    REGISTER_CALLBACK,
    NEEDS_SPACE,
    ACQUIRED_SPACE,
    RELEASED_SPACE
};
enum { ALLOC = 3, DEBUG_ALLOC, FREE };
enum { GET_HOST_MANAGER = 3, SET_DOMAIN_MANAGER };
enum { ON_NOTIFICATION = 3 };

#define OK           0u
#define NO_INTERFACE 0x80004002u
#define BAD_POINTER  0x80004003u
#define NO_MEMORY    0x8007000Eu
#define BAD_ARGUMENT 0x80070057u

/* What a pointer holds before a call that must write to it. */
#define GARBAGE ((void *)(uintptr_t)0x5A5A5A50u)

/* The identifiers as they stand in memory, independent of the library's. */
static const uint8_t unknown_id[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46};
static const uint8_t manager_id[16] = {0xD1, 0x98, 0xC6, 0x7B, 0xE3, 0xF9, 0x60, 0x44,
                                       0x9C, 0xDE, 0xD0, 0x42, 0x48, 0xE9, 0xFA, 0x25};
static const uint8_t malloc_id[16] = {0x1C, 0x99, 0x31, 0x18, 0x53, 0xCC, 0x31, 0x4A,
                                      0xB2, 0x18, 0x04, 0xE9, 0x10, 0x44, 0x64, 0x79};
static const uint8_t callback_id[16] = {0x57, 0x8E, 0xEB, 0x47, 0x46, 0x08, 0x46, 0x45,
                                        0xAF, 0x76, 0x6F, 0x42, 0xFC, 0xFC, 0x26, 0x49};
static const uint8_t control_id[16] = {0x3C, 0x07, 0xCA, 0x02, 0x79, 0x70, 0x60, 0x48,
                                       0x88, 0x0A, 0xC2, 0xF7, 0xA4, 0x49, 0xC9, 0x91};

static void *manager;

static void set_up(void)
{
    IHostMemoryManager *made = NULL;
    ck_assert_int_eq(hostmem_create(NULL, &made), 0);
    ck_assert_ptr_nonnull(made);
    manager = made;
}

static void tear_down(void)
{
    if (manager)
        call_slot(manager, RELEASE, "");
    manager = NULL;
}

static void *make_heap(uint32_t type)
{
    void *heap = GARBAGE;
    ck_assert_uint_eq(call_slot(manager, CREATE_MALLOC, "up", type, &heap), OK);
    ck_assert_ptr_nonnull(heap);
    ck_assert_ptr_ne(heap, GARBAGE);
    return heap;
}

static void *make_control(void)
{
    IHostControl *control = NULL;
    ck_assert_int_eq(hostmem_create_host_control(manager, &control), 0);
    ck_assert_ptr_nonnull(control);
    return control;
}

/* --- Identifiers. --- */

START_TEST(identifiers)
{
    ck_assert_mem_eq(&IID_IUnknown, unknown_id, 16);
    ck_assert_mem_eq(&IID_IHostMemoryManager, manager_id, 16);
    ck_assert_mem_eq(&IID_IHostMalloc, malloc_id, 16);
    ck_assert_mem_eq(&IID_ICLRMemoryNotificationCallback, callback_id, 16);
    ck_assert_mem_eq(&IID_IHostControl, control_id, 16);
}
END_TEST

/* --- IUnknown of every object. --- */

static void check_interface(void *object, const uint8_t *id, void *other)
{
    void *found = GARBAGE;
    ck_assert_uint_eq(call_slot(object, QUERY_INTERFACE, "pp", id, &found), OK);
    ck_assert_ptr_eq(found, other);
    /* The reference is owned: two Releases of three leave the object alive. */
    ck_assert_uint_eq(call_slot(object, ADD_REF, ""), 3);
    ck_assert_uint_eq(call_slot(object, RELEASE, ""), 2);
    ck_assert_uint_eq(call_slot(object, RELEASE, ""), 1);
}

static void check_no_interface(void *object, const uint8_t *id)
{
    void *found = GARBAGE;
    ck_assert_uint_eq(call_slot(object, QUERY_INTERFACE, "pp", id, &found), NO_INTERFACE);
    ck_assert_ptr_null(found);
}

static void check_unknown(void *object, const uint8_t *own_id)
{
    static const uint8_t *const all[] = {manager_id, malloc_id, callback_id, control_id};
    uint8_t near_miss[16];
    check_interface(object, own_id, object);
    check_interface(object, unknown_id, object);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i] != own_id)
            check_no_interface(object, all[i]);
    for (int i = 0; i < 16; i++) {
        memcpy(near_miss, own_id, 16);
        near_miss[i] ^= 1;
        check_no_interface(object, near_miss);
    }
    ck_assert_uint_eq(call_slot(object, QUERY_INTERFACE, "pp", own_id, NULL), BAD_POINTER);
    ck_assert_uint_eq(call_slot(object, ADD_REF, ""), 2);
    ck_assert_uint_eq(call_slot(object, RELEASE, ""), 1);
}

START_TEST(manager_unknown)
{
    check_unknown(manager, manager_id);
    ck_assert_uint_eq(call_slot(manager, RELEASE, ""), 0);
    manager = NULL;
}
END_TEST

START_TEST(heap_unknown)
{
    void *heap = make_heap(1);
    check_unknown(heap, malloc_id);
    ck_assert_uint_eq(call_slot(heap, RELEASE, ""), 0);
}
END_TEST

START_TEST(control_unknown)
{
    void *control = make_control();
    check_unknown(control, control_id);
    ck_assert_uint_eq(call_slot(control, RELEASE, ""), 0);
}
END_TEST

/* --- IHostMemoryManager. --- */

START_TEST(manager_create_malloc)
{
    for (uint32_t type = 0; type < 4; type++)
        ck_assert_uint_eq(call_slot(make_heap(type), RELEASE, ""), 0);
    for (uint32_t type = 4; type; type <<= 1) {
        void *heap = GARBAGE;
        ck_assert_uint_eq(call_slot(manager, CREATE_MALLOC, "up", type | 1, &heap), BAD_ARGUMENT);
        ck_assert_ptr_null(heap);
    }
    ck_assert_uint_eq(call_slot(manager, CREATE_MALLOC, "up", 1, NULL), BAD_POINTER);
}
END_TEST

static void *allocate(void *address, size_t size, uint32_t type, uint32_t protect)
{
    void *memory = GARBAGE;
    ck_assert_uint_eq(
        call_slot(manager, VIRTUAL_ALLOC, "pzuuip", address, size, type, protect, 0, &memory), OK);
    ck_assert_ptr_nonnull(memory);
    return memory;
}

static void release(void *base)
{
    ck_assert_uint_eq(call_slot(manager, VIRTUAL_FREE, "pzu", base, (size_t)0, 0x8000), OK);
}

START_TEST(manager_virtual_alloc)
{
    void *memory = allocate(NULL, 0x40000, MEM_RESERVE, PAGE_READWRITE);
    char *page = allocate((char *)memory + 0x20000, 10, MEM_COMMIT, PAGE_READWRITE);
    ck_assert_ptr_eq(page, (char *)memory + 0x20000);
    ck_assert_int_eq(page[0], 0);
    page[9] = 7;
    release(memory);
    for (int level = 0; level <= 2; level++) {
        ck_assert_uint_eq(call_slot(manager, VIRTUAL_ALLOC, "pzuuip", NULL, (size_t)4096,
                                    MEM_COMMIT, PAGE_READWRITE, level, &memory),
                          OK);
        release(memory);
    }
}
END_TEST

START_TEST(manager_virtual_alloc_refuses)
{
    static const int levels[] = {-1, 3, 4, 0x7fffffff};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        void *memory = GARBAGE;
        ck_assert_uint_eq(call_slot(manager, VIRTUAL_ALLOC, "pzuuip", NULL, (size_t)4096,
                                    MEM_COMMIT, PAGE_READWRITE, levels[i], &memory),
                          BAD_ARGUMENT);
        ck_assert_ptr_null(memory);
    }
    ck_assert_uint_eq(call_slot(manager, VIRTUAL_ALLOC, "pzuuip", NULL, (size_t)4096, MEM_COMMIT,
                                PAGE_READWRITE, 0, NULL),
                      BAD_POINTER);
}
END_TEST

START_TEST(manager_virtual_free)
{
    char *memory = allocate(NULL, 0x10000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    ck_assert_uint_eq(call_slot(manager, VIRTUAL_FREE, "pzu", memory, (size_t)1, MEM_DECOMMIT), OK);
    ck_assert_uint_eq(
        call_slot(manager, VIRTUAL_FREE, "pzu", memory, (size_t)0x20000, MEM_DECOMMIT),
        BAD_ARGUMENT);
    ck_assert_uint_eq(call_slot(manager, VIRTUAL_FREE, "pzu", memory, (size_t)0, 0), BAD_ARGUMENT);
    release(memory);
    ck_assert_uint_eq(call_slot(manager, VIRTUAL_FREE, "pzu", memory, (size_t)0, MEM_RELEASE),
                      0x80070000u + ERROR_INVALID_ADDRESS);
}
END_TEST

START_TEST(manager_virtual_query)
{
    char *memory = allocate(NULL, 0x40000, MEM_RESERVE, PAGE_READWRITE);
    MEMORY_BASIC_INFORMATION region;
    size_t written = 999;
    memset(&region, 0xA5, sizeof region);
    ck_assert_uint_eq(call_slot(manager, VIRTUAL_QUERY, "ppzp", memory + 0x1234, &region,
                                sizeof region, &written),
                      OK);
    ck_assert_uint_eq(written, sizeof region);
    ck_assert_ptr_eq(region.AllocationBase, memory);
    ck_assert_uint_eq(region.State, MEM_RESERVE);
    ck_assert_uint_eq(region.AllocationProtect, PAGE_READWRITE);
    ck_assert_ptr_eq((char *)region.BaseAddress + region.RegionSize, memory + 0x40000);
    release(memory);
}
END_TEST

START_TEST(manager_virtual_protect)
{
    char *memory = allocate(NULL, 0x10000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    uint32_t old = 999;
    ck_assert_uint_eq(
        call_slot(manager, VIRTUAL_PROTECT, "pzup", memory, (size_t)1, PAGE_READONLY, &old), OK);
    ck_assert_uint_eq(old, PAGE_READWRITE);
    ck_assert_uint_eq(call_slot(manager, VIRTUAL_PROTECT, "pzup", memory, (size_t)1,
                                PAGE_EXECUTE_READWRITE, &old),
                      OK);
    ck_assert_uint_eq(old, PAGE_READONLY);
    ck_assert_uint_eq(
        call_slot(manager, VIRTUAL_PROTECT, "pzup", memory, (size_t)1, PAGE_READONLY, NULL),
        0x80070000u + ERROR_NOACCESS);
    release(memory);
}
END_TEST

START_TEST(manager_memory_load)
{
    uint32_t load = 999;
    size_t available = 0;
    ck_assert_uint_eq(call_slot(manager, GET_MEMORY_LOAD, "pp", &load, &available), OK);
    ck_assert_uint_le(load, 100);
    ck_assert_uint_gt(available, 0);
    load = 999;
    available = 0;
    ck_assert_uint_eq(call_slot(manager, GET_MEMORY_LOAD, "pp", &load, NULL), OK);
    ck_assert_uint_le(load, 100);
    ck_assert_uint_eq(call_slot(manager, GET_MEMORY_LOAD, "pp", NULL, &available), OK);
    ck_assert_uint_gt(available, 0);
    ck_assert_uint_eq(call_slot(manager, GET_MEMORY_LOAD, "pp", NULL, NULL), OK);
}
END_TEST

START_TEST(manager_address_space)
{
    void *taken = allocate(NULL, 0x100000, MEM_RESERVE, PAGE_READWRITE);
    const size_t megabyte = 0x100000;
    ck_assert_uint_eq(call_slot(manager, NEEDS_SPACE, "pz", taken, megabyte), NO_MEMORY);
    ck_assert_uint_eq(call_slot(manager, NEEDS_SPACE, "pz", NULL, (size_t)1 << 62), NO_MEMORY);
    release(taken);
    ck_assert_uint_eq(call_slot(manager, NEEDS_SPACE, "pz", taken, megabyte), OK);
    ck_assert_uint_eq(call_slot(manager, ACQUIRED_SPACE, "pz", taken, megabyte), OK);
    ck_assert_uint_eq(call_slot(manager, ACQUIRED_SPACE, "pz", &taken, (size_t)0), OK);
    ck_assert_uint_eq(call_slot(manager, RELEASED_SPACE, "p", taken), OK);
    ck_assert_uint_eq(call_slot(manager, RELEASED_SPACE, "p", &taken), OK);
    ck_assert_uint_eq(call_slot(manager, RELEASED_SPACE, "p", taken), OK);
    ck_assert_uint_eq(call_slot(manager, RELEASED_SPACE, "p", NULL), OK);
}
END_TEST

/* --- IHostMalloc. --- */

START_TEST(heap_alloc_and_free)
{
    void *heap = make_heap(1);
    static const size_t sizes[] = {0, 1, 15, 16, 17, 100, 4096, 70000, 3 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *plain = GARBAGE;
        void *named = GARBAGE;
        ck_assert_uint_eq(call_slot(heap, ALLOC, "zip", sizes[i], 0, &plain), OK);
        ck_assert_uint_eq(call_slot(heap, DEBUG_ALLOC, "zipip", sizes[i], 2, "a.c", 7, &named), OK);
        ck_assert_ptr_nonnull(plain);
        ck_assert_ptr_nonnull(named);
        ck_assert_ptr_ne(plain, named);
        ck_assert_uint_eq((uintptr_t)plain % 16, 0);
        ck_assert_uint_eq((uintptr_t)named % 16, 0);
        memset(plain, 1, sizes[i]);
        memset(named, 2, sizes[i]);
        ck_assert_uint_eq(call_slot(heap, FREE, "p", plain), OK);
        ck_assert_uint_eq(call_slot(heap, FREE, "p", named), OK);
    }
    ck_assert_uint_eq(call_slot(heap, RELEASE, ""), 0);
}
END_TEST

START_TEST(heap_refuses)
{
    void *heap = make_heap(1);
    const size_t huge = SIZE_MAX / 2;
    void *memory = GARBAGE;
    ck_assert_uint_eq(call_slot(heap, ALLOC, "zip", huge, 0, &memory), NO_MEMORY);
    ck_assert_ptr_null(memory);
    memory = GARBAGE;
    ck_assert_uint_eq(call_slot(heap, ALLOC, "zip", SIZE_MAX, 0, &memory), NO_MEMORY);
    ck_assert_ptr_null(memory);
    memory = GARBAGE;
    ck_assert_uint_eq(call_slot(heap, DEBUG_ALLOC, "zipip", huge, 0, NULL, 0, &memory), NO_MEMORY);
    ck_assert_ptr_null(memory);
    memory = GARBAGE;
    ck_assert_uint_eq(call_slot(heap, ALLOC, "zip", (size_t)16, 3, &memory), BAD_ARGUMENT);
    ck_assert_ptr_null(memory);
    memory = GARBAGE;
    ck_assert_uint_eq(call_slot(heap, DEBUG_ALLOC, "zipip", (size_t)16, -1, NULL, 0, &memory),
                      BAD_ARGUMENT);
    ck_assert_ptr_null(memory);
    ck_assert_uint_eq(call_slot(heap, ALLOC, "zip", (size_t)16, 0, NULL), BAD_POINTER);
    ck_assert_uint_eq(call_slot(heap, DEBUG_ALLOC, "zipip", (size_t)16, 0, NULL, 0, NULL),
                      BAD_POINTER);
    ck_assert_uint_eq(call_slot(heap, RELEASE, ""), 0);
}
END_TEST

/* --- IHostControl. --- */

START_TEST(control_get_host_manager)
{
    void *control = make_control();
    void *found = GARBAGE;
    ck_assert_uint_eq(call_slot(control, GET_HOST_MANAGER, "pp", manager_id, &found), OK);
    ck_assert_ptr_eq(found, manager);
    /* Owned by the test, the control and the caller. */
    ck_assert_uint_eq(call_slot(found, RELEASE, ""), 2);
    found = GARBAGE;
    ck_assert_uint_eq(call_slot(control, GET_HOST_MANAGER, "pp", malloc_id, &found), NO_INTERFACE);
    ck_assert_ptr_null(found);
    ck_assert_uint_eq(call_slot(control, GET_HOST_MANAGER, "pp", manager_id, NULL), BAD_POINTER);
    ck_assert_uint_eq(call_slot(control, RELEASE, ""), 0);
    ck_assert_uint_eq(call_slot(manager, ADD_REF, ""), 2);
    ck_assert_uint_eq(call_slot(manager, RELEASE, ""), 1);
}
END_TEST

START_TEST(control_set_domain_manager)
{
    void *control = make_control();
    ck_assert_uint_eq(call_slot(control, SET_DOMAIN_MANAGER, "up", 1, manager), OK);
    ck_assert_uint_eq(call_slot(control, SET_DOMAIN_MANAGER, "up", 1, NULL), BAD_POINTER);
    ck_assert_uint_eq(call_slot(control, RELEASE, ""), 0);
}
END_TEST

/* --- The call-back: an object of the runtime, as CLRs make it. --- */

static unsigned notified;
static EMemoryAvailable last_notification;

static HRESULT HOSTMEM_STDCALL callback_query(ICLRMemoryNotificationCallback *This, REFIID riid,
                                              void **ppv)
{
    (void)riid;
    *ppv = This; /* without AddRef */
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
    notified++;
    last_notification = available;
    return S_OK;
}

static const ICLRMemoryNotificationCallbackVtbl callback_methods = {
    callback_query, callback_count, callback_count, callback_notify};
static ICLRMemoryNotificationCallback callback = {&callback_methods};

START_TEST(callback_slots)
{
    void *found = NULL;
    ck_assert_uint_eq(call_slot(&callback, QUERY_INTERFACE, "pp", callback_id, &found), OK);
    ck_assert_ptr_eq(found, &callback);
    ck_assert_uint_eq(call_slot(&callback, ADD_REF, ""), 1);
    ck_assert_uint_eq(call_slot(&callback, RELEASE, ""), 1);
    ck_assert_uint_eq(call_slot(&callback, ON_NOTIFICATION, "i", 3), OK);
    ck_assert_uint_eq(notified, 1);
    ck_assert_int_eq(last_notification, eMemoryAvailableHigh);
}
END_TEST

START_TEST(manager_register_callback)
{
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(call_slot(manager, REGISTER_CALLBACK, "p", &callback), OK);
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(call_slot(manager, REGISTER_CALLBACK, "p", NULL), OK);
    ck_assert_uint_eq(call_slot(manager, REGISTER_CALLBACK, "p", &callback), OK);
}
END_TEST

static TCase *make_case(const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    return tcase;
}

static TCase *manager_case(void)
{
    TCase *tcase = make_case("IHostMemoryManager");
    tcase_add_test(tcase, manager_unknown);
    tcase_add_test(tcase, manager_create_malloc);
    tcase_add_test(tcase, manager_virtual_alloc);
    tcase_add_test(tcase, manager_virtual_alloc_refuses);
    tcase_add_test(tcase, manager_virtual_free);
    tcase_add_test(tcase, manager_virtual_query);
    tcase_add_test(tcase, manager_virtual_protect);
    tcase_add_test(tcase, manager_memory_load);
    tcase_add_test(tcase, manager_address_space);
    tcase_add_test(tcase, manager_register_callback);
    return tcase;
}

static TCase *other_cases(void)
{
    TCase *tcase = make_case("other interfaces");
    tcase_add_test(tcase, identifiers);
    tcase_add_test(tcase, heap_unknown);
    tcase_add_test(tcase, heap_alloc_and_free);
    tcase_add_test(tcase, heap_refuses);
    tcase_add_test(tcase, control_unknown);
    tcase_add_test(tcase, control_get_host_manager);
    tcase_add_test(tcase, control_set_domain_manager);
    tcase_add_test(tcase, callback_slots);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("slots");
    suite_add_tcase(suite, manager_case());
    suite_add_tcase(suite, other_cases());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
