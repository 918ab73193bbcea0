/*
 * test_cpp.cc - the public headers as C++ sees them: abstract classes over the same objects.
 */
#include <hostmem/hostmem.h>
#include <hostmem/mscoree.h>
#include <hostmem/nt.h>
#include <hostmem/win32.h>
#include <hostmem/wintypes.h>

#include <check.h>
#include <cstddef>
#include <cstdlib>
#include <type_traits>

static_assert(sizeof(MEMORY_BASIC_INFORMATION) == (sizeof(void *) == 8 ? 48 : 28), "layout");
static_assert(sizeof(DWORD) == 4 && sizeof(LONG) == 4 && sizeof(HRESULT) == 4, "widths");
static_assert(std::is_signed<HRESULT>::value, "HRESULT is signed");
static_assert(E_OUTOFMEMORY < 0 && S_OK == 0, "results");
static_assert(std::is_abstract<IHostMemoryManager>::value, "interface");
static_assert(std::is_abstract<IHostMalloc>::value, "interface");
static_assert(std::is_abstract<IHostControl>::value, "interface");
static_assert(std::is_abstract<ICLRMemoryNotificationCallback>::value, "interface");
static_assert(std::is_base_of<IUnknown, IHostMemoryManager>::value, "inheritance");
static_assert(!std::has_virtual_destructor<IUnknown>::value, "a destructor would take slots");
static_assert(sizeof(IHostMemoryManager) == sizeof(void *), "one pointer to the methods");

namespace {

class Callback final : public ICLRMemoryNotificationCallback {
  public:
    HRESULT HOSTMEM_STDCALL QueryInterface(REFIID, void **ppv) override
    {
        *ppv = this;
        return S_OK;
    }
    ULONG HOSTMEM_STDCALL AddRef() override { return 1; }
    ULONG HOSTMEM_STDCALL Release() override { return 1; }
    HRESULT HOSTMEM_STDCALL OnMemoryNotification(EMemoryAvailable) override { return S_OK; }
};

Callback callback;

IHostMemoryManager *create()
{
    IHostMemoryManager *manager = nullptr;
    ck_assert_int_eq(hostmem_create(nullptr, &manager), S_OK);
    ck_assert(manager != nullptr);
    return manager;
}

} // namespace

START_TEST(manager_methods)
{
    IHostMemoryManager *manager = create();
    void *memory = nullptr;
    MEMORY_BASIC_INFORMATION region;
    SIZE_T written = 0;
    DWORD old = 0;
    DWORD load = 999;
    SIZE_T available = 0;
    ck_assert_int_eq(manager->VirtualAlloc(nullptr, 0x10000, MEM_RESERVE | MEM_COMMIT,
                                           PAGE_READWRITE, eTaskCritical, &memory),
                     S_OK);
    ck_assert_int_eq(manager->VirtualProtect(memory, 1, PAGE_READONLY, &old), S_OK);
    ck_assert_uint_eq(old, PAGE_READWRITE);
    ck_assert_int_eq(manager->VirtualQuery(memory, &region, sizeof region, &written), S_OK);
    ck_assert_uint_eq(written, sizeof region);
    ck_assert_uint_eq(region.Protect, PAGE_READONLY);
    ck_assert_int_eq(manager->GetMemoryLoad(&load, &available), S_OK);
    ck_assert_uint_le(load, 100);
    ck_assert_int_eq(manager->NeedsVirtualAddressSpace(memory, 0x10000), E_OUTOFMEMORY);
    ck_assert_int_eq(manager->AcquiredVirtualAddressSpace(&load, 0), S_OK);
    ck_assert_int_eq(manager->ReleasedVirtualAddressSpace(&load), S_OK);
    ck_assert_int_eq(manager->VirtualFree(memory, 0, MEM_RELEASE), S_OK);
    ck_assert_uint_eq(manager->Release(), 0);
}
END_TEST

START_TEST(interfaces)
{
    IHostMemoryManager *manager = create();
    IHostControl *control = nullptr;
    IUnknown *unknown = nullptr;
    IHostMemoryManager *found = nullptr;
    ck_assert_int_eq(manager->QueryInterface(IID_IUnknown, reinterpret_cast<void **>(&unknown)),
                     S_OK);
    ck_assert_ptr_eq(unknown, static_cast<IUnknown *>(manager));
    ck_assert_uint_eq(unknown->Release(), 1);
    ck_assert_int_eq(hostmem_create_host_control(manager, &control), S_OK);
    ck_assert_int_eq(
        control->GetHostManager(IID_IHostMemoryManager, reinterpret_cast<void **>(&found)), S_OK);
    ck_assert_ptr_eq(found, manager);
    found->Release();
    ck_assert_int_eq(control->SetAppDomainManager(1, manager), S_OK);
    ck_assert_uint_eq(control->Release(), 0);
    ck_assert_uint_eq(manager->Release(), 0);
}
END_TEST

START_TEST(heap_methods)
{
    IHostMemoryManager *manager = create();
    IHostMalloc *heap = nullptr;
    void *block = nullptr;
    ck_assert_int_eq(manager->CreateMalloc(MALLOC_THREADSAFE, &heap), S_OK);
    ck_assert_int_eq(heap->Alloc(100, eProcessCritical, &block), S_OK);
    ck_assert(block != nullptr);
    ck_assert_int_eq(heap->Free(block), S_OK);
    char file[] = "test_cpp.cc";
    ck_assert_int_eq(heap->DebugAlloc(100, eTaskCritical, file, __LINE__, &block), S_OK);
    ck_assert_int_eq(heap->Free(block), S_OK);
    ck_assert_int_eq(heap->Free(nullptr), S_OK);
    ck_assert_uint_eq(heap->Release(), 0);
    ck_assert_uint_eq(manager->Release(), 0);
}
END_TEST

START_TEST(callback_class)
{
    IHostMemoryManager *manager = create();
    ck_assert_int_eq(manager->RegisterMemoryNotificationCallback(&callback), S_OK);
    ck_assert_int_eq(manager->RegisterMemoryNotificationCallback(&callback), S_OK);
    ck_assert_int_eq(manager->RegisterMemoryNotificationCallback(nullptr), S_OK);
    ck_assert_uint_eq(manager->Release(), 0);
}
END_TEST

START_TEST(flat_functions)
{
    void *memory = VirtualAlloc(nullptr, 100, MEM_COMMIT, PAGE_READWRITE);
    ck_assert(memory != nullptr);
    ck_assert(VirtualFree(memory, 0, MEM_RELEASE));
    PVOID base = memory;
    SIZE_T size = 0;
    ck_assert_int_eq(NtFreeVirtualMemory(NtCurrentProcess(), &base, &size, MEM_RELEASE),
                     STATUS_MEMORY_NOT_ALLOCATED);
    SetLastError(5);
    ck_assert(!VirtualFree(memory, 0, MEM_RELEASE));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_ADDRESS);
}
END_TEST

int main()
{
    Suite *suite = suite_create("C++");
    TCase *tcase = tcase_create("classes");
    tcase_add_test(tcase, manager_methods);
    tcase_add_test(tcase, interfaces);
    tcase_add_test(tcase, heap_methods);
    tcase_add_test(tcase, callback_class);
    tcase_add_test(tcase, flat_functions);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
