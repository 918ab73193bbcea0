/*
 * The COM face: reference counts, interfaces, each slot's errors, and what CLRs expect beyond the
 * documentation.
 */
#include <check.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <hostmem/hostmem.h>
#include <hostmem/mscoree.h>
#include <hostmem/win32.h>

#include "hosting/hresult.h"
#include "hosting/manager.h"
#include "platform/platform.h"
#include "policy/pool.h"
#include "policy/status_map.h"
#include "space/space.h"

#define HRESULT_OF(error) ((HRESULT)(0x80070000u | (error)))

static IHostMemoryManager *manager;

static void setup(void)
{
    ck_assert_int_eq(hostmem_create(NULL, &manager), S_OK);
}

static void teardown(void)
{
    ck_assert_uint_eq(IHostMemoryManager_Release(manager), 0);
}

static hostmem_statistics statistics(IHostMemoryManager *of)
{
    hostmem_statistics stats = {.size = sizeof stats};
    ck_assert_int_eq(hostmem_get_statistics(of, &stats), S_OK);
    return stats;
}

static void *reserve(SIZE_T size, DWORD type)
{
    void *mem = NULL;
    ck_assert_int_eq(IHostMemoryManager_VirtualAlloc(manager, NULL, size, type, PAGE_READWRITE,
                                                     eTaskCritical, &mem),
                     S_OK);
    ck_assert_ptr_nonnull(mem);
    return mem;
}

static void release(void *mem)
{
    ck_assert_int_eq(IHostMemoryManager_VirtualFree(manager, mem, 0, MEM_RELEASE), S_OK);
}

/* --- Making managers. --- */

START_TEST(options_are_checked)
{
    struct {
        hostmem_options known;
        uint64_t later;
    } options;
    IHostMemoryManager *made = (IHostMemoryManager *)&options;
    ck_assert_int_eq(hostmem_create(NULL, NULL), E_POINTER);
    memset(&options, 0, sizeof options);
    const size_t bad[] = {0, 1, sizeof options.known - 1, 4097, SIZE_MAX};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        options.known.size = bad[i];
        made = (IHostMemoryManager *)&options;
        ck_assert_int_eq(hostmem_create(&options.known, &made), E_INVALIDARG);
        ck_assert_ptr_null(made);
    }
    options.known.size = sizeof options.known;
    static union {
        hostmem_options known;
        unsigned char bytes[8192];
    } long_options;
    long_options.known.size = 4097; /* all zero, but no structure is as long as that */
    ck_assert_int_eq(hostmem_create(&long_options.known, &made), E_INVALIDARG);
    options.known.flags = 1;
    ck_assert_int_eq(hostmem_create(&options.known, &made), E_INVALIDARG);
    options.known.flags = 0;
    /* A caller from the future who asks for nothing new, and one who does. */
    options.known.size = sizeof options;
    ck_assert_int_eq(hostmem_create(&options.known, &made), S_OK);
    ck_assert_uint_eq(IHostMemoryManager_Release(made), 0);
    options.later = 1;
    ck_assert_int_eq(hostmem_create(&options.known, &made), E_INVALIDARG);
    ck_assert_ptr_null(made);
    /* What lies behind the size is not looked at. */
    options.known.size = sizeof options.known;
    ck_assert_int_eq(hostmem_create(&options.known, &made), S_OK);
    ck_assert_uint_eq(IHostMemoryManager_Release(made), 0);
}
END_TEST

START_TEST(managers_can_run_out_and_come_back)
{
    static IHostMemoryManager *many[300];
    unsigned count = 0;
    HRESULT result;
    while ((result = hostmem_create(NULL, &many[count])) == S_OK)
        ck_assert_uint_lt(++count, 300);
    ck_assert_int_eq(result, E_OUTOFMEMORY);
    ck_assert_ptr_null(many[count]);
    ck_assert_uint_ge(count, 254);
    for (unsigned i = 0; i < count; i++)
        ck_assert_uint_eq(IHostMemoryManager_Release(many[i]), 0);
    for (unsigned i = 0; i < 10000; i++) {
        ck_assert_int_eq(hostmem_create(NULL, &many[0]), S_OK);
        ck_assert_uint_eq(IHostMemoryManager_Release(many[0]), 0);
    }
}
END_TEST

START_TEST(memory_outlives_its_manager)
{
    IHostMemoryManager *made;
    ck_assert_int_eq(hostmem_create(NULL, &made), S_OK);
    void *mem;
    ck_assert_int_eq(IHostMemoryManager_VirtualAlloc(made, NULL, 65536, MEM_COMMIT, PAGE_READWRITE,
                                                     eTaskCritical, &mem),
                     S_OK);
    ck_assert_uint_eq(IHostMemoryManager_Release(made), 0);
    memset(mem, 1, 65536);
    ck_assert_int_ne(VirtualFree(mem, 0, MEM_RELEASE), 0);
}
END_TEST

/* --- IUnknown. --- */

/* AddRef, Release and QueryInterface of any object; own: its interface, other: one it lacks. */
static void check_unknown(void *object, REFIID own, REFIID other)
{
    IUnknown *unknown = object;
    ck_assert_uint_eq(IUnknown_AddRef(unknown), 2);
    ck_assert_uint_eq(IUnknown_Release(unknown), 1);
    const IID *const wanted[] = {&IID_IUnknown, own};
    for (unsigned i = 0; i < 2; i++) {
        void *got = NULL;
        ck_assert_int_eq(IUnknown_QueryInterface(unknown, wanted[i], &got), S_OK);
        ck_assert_ptr_eq(got, object);
        ck_assert_uint_eq(IUnknown_Release(unknown), 1);
        ck_assert_int_eq(IUnknown_QueryInterface(unknown, wanted[i], NULL), E_POINTER);
    }
    void *got = object;
    ck_assert_int_eq(IUnknown_QueryInterface(unknown, other, &got), E_NOINTERFACE);
    ck_assert_ptr_null(got);
    got = object;
    ck_assert_int_eq(IUnknown_QueryInterface(unknown, NULL, &got), E_POINTER);
    ck_assert_ptr_null(got);
    ck_assert_uint_eq(IUnknown_AddRef(unknown), 2);
    ck_assert_uint_eq(IUnknown_Release(unknown), 1);
}

START_TEST(objects_count_and_tell_their_interfaces)
{
    check_unknown(manager, &IID_IHostMemoryManager, &IID_IHostMalloc);
    IHostMalloc *heap;
    ck_assert_int_eq(IHostMemoryManager_CreateMalloc(manager, 0, &heap), S_OK);
    check_unknown(heap, &IID_IHostMalloc, &IID_IHostMemoryManager);
    ck_assert_uint_eq(IHostMalloc_Release(heap), 0);
    IHostControl *control;
    ck_assert_int_eq(hostmem_create_host_control(manager, &control), S_OK);
    check_unknown(control, &IID_IHostControl, &IID_IHostMemoryManager);
    ck_assert_uint_eq(IHostControl_Release(control), 0);
}
END_TEST

START_TEST(interface_ids_are_the_published_ones)
{
    static const unsigned char bytes[16] = {0xd1, 0x98, 0xc6, 0x7b, 0xe3, 0xf9, 0x60, 0x44,
                                            0x9c, 0xde, 0xd0, 0x42, 0x48, 0xe9, 0xfa, 0x25};
    ck_assert_mem_eq(&IID_IHostMemoryManager, bytes, sizeof bytes);
    ck_assert_uint_eq(IID_IHostMalloc.Data1, 0x1831991C);
    ck_assert_uint_eq(IID_ICLRMemoryNotificationCallback.Data1, 0x47EB8E57);
    ck_assert_uint_eq(IID_IHostControl.Data1, 0x02CA073C);
    ck_assert_uint_eq(IID_IUnknown.Data4[7], 0x46);
}
END_TEST

START_TEST(a_heap_keeps_its_manager)
{
    IHostMemoryManager *made;
    IHostMalloc *heap;
    void *block;
    ck_assert_int_eq(hostmem_create(NULL, &made), S_OK);
    ck_assert_int_eq(IHostMemoryManager_CreateMalloc(made, MALLOC_THREADSAFE, &heap), S_OK);
    ck_assert_uint_eq(IHostMemoryManager_Release(made), 1);
    ck_assert_int_eq(IHostMalloc_Alloc(heap, 100, eTaskCritical, &block), S_OK);
    ck_assert_uint_gt(statistics(made).committed, 0);
    ck_assert_uint_eq(IHostMalloc_Release(heap), 0);
}
END_TEST

static void *count_up_and_down(void *object)
{
    for (unsigned i = 0; i < 100000; i++) {
        IUnknown_AddRef((IUnknown *)object);
        IUnknown_Release((IUnknown *)object);
    }
    return NULL;
}

START_TEST(counting_is_atomic)
{
    pthread_t threads[4];
    for (unsigned i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, count_up_and_down, manager);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(IHostMemoryManager_AddRef(manager), 2);
    ck_assert_uint_eq(IHostMemoryManager_Release(manager), 1);
}
END_TEST

/* --- IHostControl. --- */

START_TEST(the_control_hands_out_the_manager)
{
    IHostControl *control = (IHostControl *)&control;
    ck_assert_int_eq(hostmem_create_host_control(manager, NULL), E_POINTER);
    ck_assert_int_eq(hostmem_create_host_control(NULL, &control), E_POINTER);
    ck_assert_ptr_null(control);
    ck_assert_int_eq(hostmem_create_host_control(manager, &control), S_OK);
    void *got = NULL;
    ck_assert_int_eq(IHostControl_GetHostManager(control, &IID_IHostMemoryManager, &got), S_OK);
    ck_assert_ptr_eq(got, manager);
    /* Ours, the control's, and the one just handed out. */
    ck_assert_uint_eq(IHostMemoryManager_Release(manager), 2);
    const IID *const others[] = {&IID_IHostMalloc, &IID_IUnknown, &IID_IHostControl};
    for (unsigned i = 0; i < 3; i++) {
        got = manager;
        ck_assert_int_eq(IHostControl_GetHostManager(control, others[i], &got), E_NOINTERFACE);
        ck_assert_ptr_null(got);
    }
    ck_assert_int_eq(IHostControl_GetHostManager(control, &IID_IHostMemoryManager, NULL),
                     E_POINTER);
    got = manager;
    ck_assert_int_eq(IHostControl_GetHostManager(control, NULL, &got), E_POINTER);
    ck_assert_ptr_null(got);
    ck_assert_int_eq(IHostControl_SetAppDomainManager(control, 1, NULL), E_POINTER);
    ck_assert_int_eq(IHostControl_SetAppDomainManager(control, 1, (IUnknown *)control), S_OK);
    ck_assert_uint_eq(IHostControl_Release(control), 0);
    ck_assert_uint_eq(IHostMemoryManager_AddRef(manager), 2);
    ck_assert_uint_eq(IHostMemoryManager_Release(manager), 1);
}
END_TEST

/* --- The slots for memory. --- */

START_TEST(create_malloc_checks_its_arguments)
{
    ck_assert_int_eq(IHostMemoryManager_CreateMalloc(manager, 0, NULL), E_POINTER);
    const DWORD bad[] = {4, 7, 0x80000000u, 0xffffffffu};
    for (unsigned i = 0; i < 4; i++) {
        IHostMalloc *heap = (IHostMalloc *)&heap;
        ck_assert_int_eq(IHostMemoryManager_CreateMalloc(manager, bad[i], &heap), E_INVALIDARG);
        ck_assert_ptr_null(heap);
    }
    for (DWORD type = 0; type < 4; type++) {
        IHostMalloc *heap;
        ck_assert_int_eq(IHostMemoryManager_CreateMalloc(manager, type, &heap), S_OK);
        ck_assert_uint_eq(IHostMalloc_Release(heap), 0);
    }
}
END_TEST

START_TEST(virtual_alloc_writes_null_on_failure)
{
    char *taken = reserve(65536, MEM_RESERVE);
    const struct {
        void *address;
        SIZE_T size;
        DWORD type, protect;
        int level;
        HRESULT result;
    } cases[] = {
        {NULL, 0, MEM_RESERVE, PAGE_READWRITE, 0, HRESULT_OF(87)},
        {NULL, 4096, 0, PAGE_READWRITE, 0, HRESULT_OF(87)},
        {NULL, 4096, MEM_RESERVE, 0, 0, HRESULT_OF(87)},
        {NULL, 4096, MEM_RESERVE, PAGE_READWRITE, 3, E_INVALIDARG},
        {NULL, 4096, MEM_RESERVE, PAGE_READWRITE, -1, E_INVALIDARG},
        {taken, 4096, MEM_RESERVE, PAGE_READWRITE, 0, HRESULT_OF(487)},
        {taken + 61440, 8192, MEM_COMMIT, PAGE_READWRITE, 0, HRESULT_OF(487)},
        {(void *)4096, 4096, MEM_RESERVE, PAGE_READWRITE, 0, HRESULT_OF(87)},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        void *mem = &mem;
        HRESULT result = IHostMemoryManager_VirtualAlloc(
            manager, cases[i].address, cases[i].size, cases[i].type, cases[i].protect,
            (EMemoryCriticalLevel)cases[i].level, &mem);
        ck_assert_msg(result == cases[i].result, "case %u: %x", i, (unsigned)result);
        ck_assert_ptr_null(mem);
    }
    ck_assert_int_eq(IHostMemoryManager_VirtualAlloc(manager, NULL, 4096, MEM_RESERVE,
                                                     PAGE_READWRITE, eTaskCritical, NULL),
                     E_POINTER);
    release(taken);
}
END_TEST

START_TEST(virtual_memory_works_through_the_slots)
{
    char *mem = reserve(10000, MEM_RESERVE | MEM_COMMIT);
    memset(mem, 7, 10000);
    DWORD old = 0;
    ck_assert_int_eq(IHostMemoryManager_VirtualProtect(manager, mem, 1, PAGE_READONLY, &old), S_OK);
    ck_assert_uint_eq(old, PAGE_READWRITE);
    ck_assert_int_eq(mem[0], 7);
    ck_assert_int_eq(IHostMemoryManager_VirtualFree(manager, mem, 1, MEM_DECOMMIT), S_OK);
    MEMORY_BASIC_INFORMATION information;
    SIZE_T written = 0;
    ck_assert_int_eq(IHostMemoryManager_VirtualQuery(manager, mem + 1, &information,
                                                     sizeof information, &written),
                     S_OK);
    ck_assert_uint_eq(written, sizeof information);
    ck_assert_ptr_eq(information.BaseAddress, mem);
    ck_assert_ptr_eq(information.AllocationBase, mem);
    ck_assert_uint_eq(information.State, MEM_RESERVE);
    release(mem);
    ck_assert_int_eq(IHostMemoryManager_VirtualFree(manager, mem, 0, MEM_RELEASE), HRESULT_OF(487));
    ck_assert_int_eq(IHostMemoryManager_VirtualFree(manager, mem, 0, 0), HRESULT_OF(87));
    ck_assert_uint_eq(statistics(manager).reserved, 0);
}
END_TEST

START_TEST(virtual_protect_tells_the_old_protection_or_none)
{
    char *mem = reserve(65536, MEM_RESERVE);
    DWORD old = 77;
    ck_assert_int_eq(IHostMemoryManager_VirtualProtect(manager, mem, 4096, PAGE_READONLY, &old),
                     HRESULT_OF(487));
    ck_assert_uint_eq(old, PAGE_NOACCESS);
    /* A bad protection is told before a NULL pointer, and that before a bad range. */
    ck_assert_int_eq(IHostMemoryManager_VirtualProtect(manager, mem, 4096, 0, NULL),
                     HRESULT_OF(87));
    ck_assert_int_eq(IHostMemoryManager_VirtualProtect(manager, mem, 4096, PAGE_READONLY, NULL),
                     HRESULT_OF(998));
    ck_assert_int_eq(IHostMemoryManager_VirtualProtect(manager, mem, 0, PAGE_READONLY, NULL),
                     HRESULT_OF(998));
    old = 77;
    ck_assert_int_eq(IHostMemoryManager_VirtualProtect(manager, mem, 0, PAGE_READONLY, &old),
                     HRESULT_OF(87));
    ck_assert_uint_eq(old, 77);
    release(mem);
}
END_TEST

START_TEST(virtual_query_always_writes_its_result)
{
    MEMORY_BASIC_INFORMATION information;
    SIZE_T written = 99;
    void *beyond = (void *)UINTPTR_MAX;
    ck_assert_int_eq(IHostMemoryManager_VirtualQuery(manager, beyond, &information,
                                                     sizeof information, &written),
                     HRESULT_OF(87));
    ck_assert_uint_eq(written, 0);
    written = 99;
    ck_assert_int_eq(IHostMemoryManager_VirtualQuery(manager, NULL, NULL, 47, &written),
                     HRESULT_OF(24));
    ck_assert_uint_eq(written, 0);
    written = 99;
    ck_assert_int_eq(
        IHostMemoryManager_VirtualQuery(manager, NULL, NULL, sizeof information, &written),
        HRESULT_OF(998));
    ck_assert_uint_eq(written, 0);
    ck_assert_int_eq(
        IHostMemoryManager_VirtualQuery(manager, NULL, &information, sizeof information, NULL),
        S_OK);
    /* Buffers need no alignment. */
    char buffer[sizeof information + 1];
    ck_assert_int_eq(
        IHostMemoryManager_VirtualQuery(manager, buffer, buffer + 1, sizeof information, &written),
        S_OK);
    ck_assert_uint_eq(written, sizeof information);
}
END_TEST

START_TEST(quotas_are_each_managers_own)
{
    const hostmem_options options = {
        .size = sizeof options, .commit_limit = 1 << 20, .reserve_limit = 2 << 20};
    IHostMemoryManager *small;
    ck_assert_int_eq(hostmem_create(&options, &small), S_OK);
    void *mem;
    void *more;
    ck_assert_int_eq(IHostMemoryManager_VirtualAlloc(small, NULL, 1 << 20, MEM_COMMIT,
                                                     PAGE_READWRITE, eTaskCritical, &mem),
                     S_OK);
    ck_assert_int_eq(IHostMemoryManager_VirtualAlloc(small, NULL, 1, MEM_COMMIT, PAGE_READWRITE,
                                                     eProcessCritical, &more),
                     E_OUTOFMEMORY);
    ck_assert_ptr_null(more);
    ck_assert_int_eq(IHostMemoryManager_VirtualAlloc(small, NULL, 1 << 20, MEM_RESERVE,
                                                     PAGE_READWRITE, eTaskCritical, &more),
                     S_OK);
    void *none;
    ck_assert_int_eq(IHostMemoryManager_VirtualAlloc(small, NULL, 1, MEM_RESERVE, PAGE_READWRITE,
                                                     eTaskCritical, &none),
                     E_OUTOFMEMORY);
    hostmem_statistics stats = statistics(small);
    ck_assert_uint_eq(stats.committed, 1 << 20);
    ck_assert_uint_eq(stats.commit_limit, 1 << 20);
    ck_assert_uint_eq(stats.reserved, 2 << 20);
    ck_assert_uint_eq(stats.refused, 2);
    ck_assert_uint_eq(statistics(manager).reserved, 0);
    ck_assert_uint_eq(statistics(manager).commit_limit, 0);
    /* Whoever frees the memory, who paid for it gets it back. */
    release(mem);
    release(more);
    stats = statistics(small);
    ck_assert_uint_eq(stats.committed, 0);
    ck_assert_uint_eq(stats.reserved, 0);
    ck_assert_uint_eq(stats.committed_peak, 1 << 20);
    ck_assert_uint_eq(IHostMemoryManager_Release(small), 0);
}
END_TEST

/* --- Load, callbacks, address space. --- */

static struct hm_os told;

static int tell_load(struct hm_os_load *load)
{
    *load = (struct hm_os_load){.physical_total = 1000 << 20,
                                .physical_available = 250 << 20,
                                .address_limit = UINT64_MAX,
                                .address_used = 0};
    return 0;
}

START_TEST(memory_load_is_the_smallest_of_all_limits)
{
    DWORD load = 101;
    SIZE_T available = 0;
    ck_assert_int_eq(IHostMemoryManager_GetMemoryLoad(manager, &load, &available), S_OK);
    ck_assert_uint_le(load, 100);
    ck_assert_uint_gt(available, 0);
    ck_assert_int_eq(IHostMemoryManager_GetMemoryLoad(manager, NULL, NULL), S_OK);

    const struct hm_os *real = hm_os_backend();
    told = *real;
    told.load = tell_load;
    hm_os_set_backend(&told);
    ck_assert_int_eq(IHostMemoryManager_GetMemoryLoad(manager, &load, &available), S_OK);
    ck_assert_uint_eq(load, 75);
    ck_assert_uint_eq(available, 250 << 20);
    const hostmem_options options = {.size = sizeof options, .commit_limit = 1 << 20};
    IHostMemoryManager *small;
    ck_assert_int_eq(hostmem_create(&options, &small), S_OK);
    void *mem;
    ck_assert_int_eq(IHostMemoryManager_VirtualAlloc(small, NULL, 65536, MEM_COMMIT, PAGE_READWRITE,
                                                     eTaskCritical, &mem),
                     S_OK);
    ck_assert_int_eq(IHostMemoryManager_GetMemoryLoad(small, NULL, &available), S_OK);
    ck_assert_uint_eq(available, (1 << 20) - 65536);
    release(mem);
    ck_assert_uint_eq(IHostMemoryManager_Release(small), 0);
    hm_os_set_backend(real);
}
END_TEST

/* A callback like a CLR's: a static object whose counts mean nothing. Any use of them fails. */
static HRESULT HOSTMEM_STDCALL no_interface(ICLRMemoryNotificationCallback *This, REFIID riid,
                                            void **ppv)
{
    (void)This, (void)riid, (void)ppv;
    abort();
}

static ULONG HOSTMEM_STDCALL no_count(ICLRMemoryNotificationCallback *This)
{
    (void)This;
    abort();
}

static HRESULT HOSTMEM_STDCALL no_news(ICLRMemoryNotificationCallback *This, EMemoryAvailable what)
{
    (void)This, (void)what;
    return S_OK;
}

static const ICLRMemoryNotificationCallbackVtbl callback_vtable = {no_interface, no_count, no_count,
                                                                   no_news};

static unsigned registered(ICLRMemoryNotificationCallback *callback)
{
    struct hm_manager *object = hm_manager_of(manager);
    unsigned count = 0;
    for (unsigned i = 0; i < HM_CALLBACKS; i++) {
        ICLRMemoryNotificationCallback *there = atomic_load(&object->callbacks.slots[i]);
        count += callback != NULL ? there == callback : there != NULL;
    }
    return count;
}

START_TEST(callbacks_are_registered_once_without_a_reference)
{
    static ICLRMemoryNotificationCallback objects[HM_CALLBACKS + 1];
    for (unsigned i = 0; i <= HM_CALLBACKS; i++)
        objects[i].lpVtbl = &callback_vtable;
    ck_assert_int_eq(IHostMemoryManager_RegisterMemoryNotificationCallback(manager, NULL), S_OK);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(
            IHostMemoryManager_RegisterMemoryNotificationCallback(manager, &objects[0]), S_OK);
    ck_assert_uint_eq(registered(&objects[0]), 1);
    for (unsigned i = 0; i < HM_CALLBACKS; i++)
        ck_assert_int_eq(
            IHostMemoryManager_RegisterMemoryNotificationCallback(manager, &objects[i]), S_OK);
    ck_assert_int_eq(
        IHostMemoryManager_RegisterMemoryNotificationCallback(manager, &objects[HM_CALLBACKS]),
        E_OUTOFMEMORY);
    ck_assert_uint_eq(registered(NULL), HM_CALLBACKS);
    ck_assert_int_eq(IHostMemoryManager_RegisterMemoryNotificationCallback(manager, NULL), S_OK);
    ck_assert_uint_eq(registered(NULL), 0);
    /* Still there when the manager goes: it must not touch it. */
    ck_assert_int_eq(IHostMemoryManager_RegisterMemoryNotificationCallback(manager, &objects[0]),
                     S_OK);
}
END_TEST

START_TEST(needed_space_is_told_truly)
{
    ck_assert_int_eq(IHostMemoryManager_NeedsVirtualAddressSpace(manager, NULL, 1 << 20), S_OK);
    ck_assert_int_eq(IHostMemoryManager_NeedsVirtualAddressSpace(manager, NULL, SIZE_MAX),
                     E_OUTOFMEMORY);
    ck_assert_int_eq(IHostMemoryManager_NeedsVirtualAddressSpace(manager, NULL, 0), E_OUTOFMEMORY);
    char *mem = reserve(1 << 20, MEM_RESERVE);
    ck_assert_int_eq(IHostMemoryManager_NeedsVirtualAddressSpace(manager, mem, 4096),
                     E_OUTOFMEMORY);
    release(mem);
    ck_assert_int_eq(IHostMemoryManager_NeedsVirtualAddressSpace(manager, mem, 1 << 20), S_OK);
    ck_assert_int_eq(IHostMemoryManager_NeedsVirtualAddressSpace(manager, mem, SIZE_MAX),
                     E_OUTOFMEMORY);
    ck_assert_int_eq(
        IHostMemoryManager_NeedsVirtualAddressSpace(manager, (void *)UINTPTR_MAX, 4096),
        E_OUTOFMEMORY);
    /* Foreign memory is in use as well. */
    ck_assert_int_eq(IHostMemoryManager_NeedsVirtualAddressSpace(
                         manager, (void *)((uintptr_t)&mem & ~(uintptr_t)4095), 4096),
                     E_OUTOFMEMORY);
    ck_assert_uint_eq(statistics(manager).reserved, 0);
    ck_assert_uint_eq(statistics(NULL).reserved, 0);
}
END_TEST

static uint64_t acquired(void)
{
    return atomic_load(&hm_manager_of(manager)->ranges.bytes);
}

static void acquire(void *base, SIZE_T size)
{
    ck_assert_int_eq(IHostMemoryManager_AcquiredVirtualAddressSpace(manager, base, size), S_OK);
}

static void give_up(void *base)
{
    ck_assert_int_eq(IHostMemoryManager_ReleasedVirtualAddressSpace(manager, base), S_OK);
}

START_TEST(acquired_ranges_are_accounted)
{
    char *base = (char *)0x10000000;
    acquire(base, 65536);
    ck_assert_uint_eq(acquired(), 65536);
    acquire(base, 131072); /* told again: the new size holds */
    ck_assert_uint_eq(acquired(), 131072);
    acquire(base + 65536, 65536); /* overlaps */
    ck_assert_uint_eq(acquired(), 196608);
    give_up(base + 4096); /* unknown */
    ck_assert_uint_eq(acquired(), 196608);
    give_up(base);
    give_up(base);
    ck_assert_uint_eq(acquired(), 65536);
    give_up(base + 65536);
    ck_assert_uint_eq(acquired(), 0);
    give_up(NULL);
    acquire(NULL, 0);
    acquire(NULL, 4096);
    ck_assert_uint_eq(acquired(), 0);
    ck_assert_int_eq(IHostMemoryManager_AcquiredVirtualAddressSpace(manager, base, SIZE_MAX),
                     E_INVALIDARG);
    ck_assert_uint_eq(acquired(), 0);
}
END_TEST

START_TEST(the_size_of_an_acquired_range_is_learnt)
{
    size_t page = hm_space_page_size();
    size_t size = 16 * page;
    char *mapped = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(mapped, MAP_FAILED);
    munmap(mapped, page);
    munmap(mapped + page + size, page);
    acquire(mapped + page, 0);
    ck_assert_uint_eq(acquired(), size);
    give_up(mapped + page);
    munmap(mapped + page, size);
    acquire(mapped + page, 0); /* nothing there: nothing to learn */
    ck_assert_uint_eq(acquired(), 0);
    char *mem = reserve(65536, MEM_RESERVE);
    ck_assert_int_eq(hostmem_VirtualAlloc(mem + page, page, MEM_COMMIT, PAGE_READONLY) != NULL, 1);
    acquire(mem, 0); /* several runs, one allocation */
    ck_assert_uint_eq(acquired(), 65536);
    release(mem);
}
END_TEST

static void *acquire_thread(void *number)
{
    uintptr_t first = (uintptr_t)number << 32;
    for (unsigned round = 0; round < 50; round++) {
        for (uintptr_t i = 1; i <= 200; i++)
            IHostMemoryManager_AcquiredVirtualAddressSpace(manager, (void *)(first + (i << 16)),
                                                           4096 * i);
        uintptr_t step = round == 49 ? 2 : 1;
        for (uintptr_t i = 1; i <= 200; i += step)
            IHostMemoryManager_ReleasedVirtualAddressSpace(manager, (void *)(first + (i << 16)));
    }
    return NULL;
}

START_TEST(many_threads_acquire_at_once)
{
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, acquire_thread, (void *)(i + 1));
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    /* Of each thread the even ones of the last round are left: 2 + 4 + ... + 200 pages. */
    ck_assert_uint_eq(acquired(), (uint64_t)4 * 4096 * 10100);
}
END_TEST

/* --- Statistics, capabilities, version. --- */

START_TEST(statistics_know_their_managers)
{
    ck_assert_int_eq(hostmem_get_statistics(manager, NULL), E_POINTER);
    struct {
        hostmem_statistics known;
        uint64_t later;
        uint64_t beyond;
    } stats;
    memset(&stats, 0xff, sizeof stats);
    const size_t bad[] = {0, sizeof stats.known - 1, SIZE_MAX};
    for (unsigned i = 0; i < 3; i++) {
        stats.known.size = bad[i];
        ck_assert_int_eq(hostmem_get_statistics(manager, &stats.known), E_INVALIDARG);
        ck_assert_uint_eq(stats.known.reserved, UINT64_MAX);
    }
    /* A longer structure: what is not known yet is zero, what is beyond stays. */
    stats.known.size = sizeof stats.known + sizeof stats.later;
    ck_assert_int_eq(hostmem_get_statistics(manager, &stats.known), S_OK);
    ck_assert_uint_eq(stats.known.size, sizeof stats.known + sizeof stats.later);
    ck_assert_uint_eq(stats.known.reserved, 0);
    ck_assert_uint_eq(stats.later, 0);
    ck_assert_uint_eq(stats.beyond, UINT64_MAX);
    stats.known.size = sizeof stats.known;
    IHostMemoryManagerVtbl vtable = *manager->lpVtbl;
    IHostMemoryManager stranger = {&vtable};
    ck_assert_int_eq(hostmem_get_statistics(&stranger, &stats.known), E_INVALIDARG);
    ck_assert_int_eq(hostmem_get_statistics(NULL, &stats.known), S_OK);
}
END_TEST

START_TEST(capabilities_are_told)
{
    ck_assert_int_eq(hostmem_capabilities(NULL), E_POINTER);
    hostmem_capability_info info = {.size = 8};
    ck_assert_int_eq(hostmem_capabilities(&info), E_INVALIDARG);
    info.size = sizeof info;
    ck_assert_int_eq(hostmem_capabilities(&info), S_OK);
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    ck_assert_uint_eq(info.page_size, system.dwPageSize);
    ck_assert_uint_eq(info.granularity, system.dwAllocationGranularity);
    ck_assert_uint_eq(info.highest_address, (uintptr_t)system.lpMaximumApplicationAddress);
    ck_assert_uint_eq((uintptr_t)system.lpMinimumApplicationAddress, 0x10000);
    ck_assert_uint_ge(system.dwNumberOfProcessors, 1);
    GetSystemInfo(NULL);
    ck_assert_uint_ne(hostmem_version(), 0);
}
END_TEST

/* --- Below and beside the face. --- */

START_TEST(statuses_become_the_published_numbers)
{
    static const struct {
        hm_status status;
        uint32_t error;
        HRESULT result;
    } rows[] = {
        {HM_STATUS_SUCCESS, 0, S_OK},
        {HM_STATUS_NO_MEMORY, 8, E_OUTOFMEMORY},
        {HM_STATUS_INSUFFICIENT_RESOURCES, 8, E_OUTOFMEMORY},
        {HM_STATUS_COMMITMENT_LIMIT, 1455, E_OUTOFMEMORY},
        {HM_STATUS_NOT_COMMITTED, 487, HRESULT_OF(487)},
        {HM_STATUS_CONFLICTING_ADDRESSES, 487, HRESULT_OF(487)},
        {HM_STATUS_FREE_VM_NOT_AT_BASE, 487, HRESULT_OF(487)},
        {HM_STATUS_MEMORY_NOT_ALLOCATED, 487, HRESULT_OF(487)},
        {HM_STATUS_UNABLE_TO_FREE_VM, 87, E_INVALIDARG},
        {HM_STATUS_INVALID_PAGE_PROTECTION, 87, E_INVALIDARG},
        {HM_STATUS_INVALID_PARAMETER_3, 87, E_INVALIDARG},
        {HM_STATUS_ACCESS_VIOLATION, 998, HRESULT_OF(998)},
        {HM_STATUS_INFO_LENGTH_MISMATCH, 24, HRESULT_OF(24)},
        {HM_STATUS_NOT_SUPPORTED, 50, HRESULT_OF(50)},
        {HM_STATUS_PRIVILEGE_NOT_HELD, 1314, HRESULT_OF(1314)},
        {(hm_status)0xC0001234u, 317, HRESULT_OF(317)},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_uint_eq(hm_status_to_win32(rows[i].status), rows[i].error);
        ck_assert_int_eq(hm_hresult(rows[i].status), rows[i].result);
    }
}
END_TEST

static void *fail_in_thread(void *unused)
{
    ck_assert_uint_eq(GetLastError(), 0);
    VirtualAlloc(NULL, 0, MEM_RESERVE, PAGE_READWRITE);
    return (void *)(uintptr_t)(GetLastError() + (unused != NULL));
}

START_TEST(the_last_error_is_each_threads_own)
{
    SetLastError(4711);
    void *mem = VirtualAlloc(NULL, 4096, MEM_RESERVE, PAGE_READWRITE);
    ck_assert_ptr_nonnull(mem);
    ck_assert_int_ne(VirtualFree(mem, 0, MEM_RELEASE), 0);
    ck_assert_uint_eq(GetLastError(), 4711);
    pthread_t thread;
    void *error;
    pthread_create(&thread, NULL, fail_in_thread, NULL);
    pthread_join(thread, &error);
    ck_assert_uint_eq((uintptr_t)error, 87);
    ck_assert_uint_eq(GetLastError(), 4711);
    /* The COM face reports by result alone. */
    ck_assert_int_eq(IHostMemoryManager_VirtualFree(manager, NULL, 0, 0), HRESULT_OF(87));
    ck_assert_uint_eq(GetLastError(), 4711);
}
END_TEST

static struct hm_pool pool = HM_POOL(40);

static void *pool_thread(void *seed)
{
    uintptr_t complaints = 0;
    uintptr_t *mine[50];
    for (unsigned round = 0; round < 2000; round++) {
        for (unsigned i = 0; i < 50; i++) {
            mine[i] = hm_pool_take(&pool);
            if (mine[i] == NULL)
                return (void *)1;
            for (unsigned k = 0; k < 5; k++)
                mine[i][k] = (uintptr_t)seed;
        }
        for (unsigned i = 0; i < 50; i++) {
            for (unsigned k = 0; k < 5; k++)
                complaints += mine[i][k] != (uintptr_t)seed;
            complaints += hm_pool_object(&pool, hm_pool_reference(mine[i])) != mine[i];
            hm_pool_give(&pool, mine[i]);
        }
    }
    return (void *)complaints;
}

START_TEST(pool_objects_belong_to_one_thread_each)
{
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, pool_thread, (void *)(i + 1));
    for (unsigned i = 0; i < 4; i++) {
        void *complaints;
        pthread_join(threads[i], &complaints);
        ck_assert_ptr_null(complaints);
    }
    ck_assert_uint_le(atomic_load(&pool.used), 200);
}
END_TEST

/* A pop that is overtaken between its look at the top and its exchange. */
struct overtaken {
    struct hm_stack stack;
    _Atomic uint32_t links[4];
    bool overtaking;
};

static _Atomic uint32_t *overtaken_link(void *context, uint32_t reference)
{
    static _Atomic uint32_t was = 2; /* the top's link at the time of the look */
    struct overtaken *it = context;
    if (it->overtaking) {
        it->overtaking = false;
        ck_assert_uint_eq(hm_stack_pop(&it->stack, overtaken_link, it), 3);
        ck_assert_uint_eq(hm_stack_pop(&it->stack, overtaken_link, it), 2);
        hm_stack_push(&it->stack, 3, &it->links[3]);
        return &was;
    }
    return &it->links[reference];
}

START_TEST(a_stack_notices_a_top_that_left_and_came_back)
{
    static struct overtaken it;
    for (uint32_t reference = 1; reference <= 3; reference++)
        hm_stack_push(&it.stack, reference, &it.links[reference]);
    it.overtaking = true;
    ck_assert_uint_eq(hm_stack_pop(&it.stack, overtaken_link, &it), 3);
    ck_assert_uint_eq(hm_stack_pop(&it.stack, overtaken_link, &it), 1);
    ck_assert_uint_eq(hm_stack_pop(&it.stack, overtaken_link, &it), 0);
}
END_TEST

static TCase *group(Suite *suite, const char *name)
{
    TCase *tests = tcase_create(name);
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    suite_add_tcase(suite, tests);
    return tests;
}

static Suite *hosting_suite(void)
{
    Suite *suite = suite_create("hosting");
    TCase *objects = group(suite, "objects");
    tcase_add_test(objects, options_are_checked);
    tcase_add_test(objects, managers_can_run_out_and_come_back);
    tcase_add_test(objects, memory_outlives_its_manager);
    tcase_add_test(objects, objects_count_and_tell_their_interfaces);
    tcase_add_test(objects, interface_ids_are_the_published_ones);
    tcase_add_test(objects, a_heap_keeps_its_manager);
    tcase_add_test(objects, counting_is_atomic);
    tcase_add_test(objects, the_control_hands_out_the_manager);
    TCase *memory = group(suite, "memory");
    tcase_add_test(memory, create_malloc_checks_its_arguments);
    tcase_add_test(memory, virtual_alloc_writes_null_on_failure);
    tcase_add_test(memory, virtual_memory_works_through_the_slots);
    tcase_add_test(memory, virtual_protect_tells_the_old_protection_or_none);
    tcase_add_test(memory, virtual_query_always_writes_its_result);
    tcase_add_test(memory, quotas_are_each_managers_own);
    TCase *host = group(suite, "host");
    tcase_add_test(host, memory_load_is_the_smallest_of_all_limits);
    tcase_add_test(host, callbacks_are_registered_once_without_a_reference);
    tcase_add_test(host, needed_space_is_told_truly);
    tcase_add_test(host, acquired_ranges_are_accounted);
    tcase_add_test(host, the_size_of_an_acquired_range_is_learnt);
    tcase_add_test(host, many_threads_acquire_at_once);
    TCase *facts = group(suite, "facts");
    tcase_add_test(facts, statistics_know_their_managers);
    tcase_add_test(facts, capabilities_are_told);
    tcase_add_test(facts, statuses_become_the_published_numbers);
    tcase_add_test(facts, the_last_error_is_each_threads_own);
    tcase_add_test(facts, pool_objects_belong_to_one_thread_each);
    tcase_add_test(facts, a_stack_notices_a_top_that_left_and_came_back);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(hosting_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
