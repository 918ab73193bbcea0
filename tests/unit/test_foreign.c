/*
 * Memory of others next to the library's own: the host joins mappings that look alike, answers must
 * not. And what accounts remember.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <hostmem/win32.h>

#include "platform/sim/sim.h"
#include "space/account.h"
#include "space/space.h"
#include "tests/model/places.h"

enum { PAGE = 4096, GRANULE = 65536 };

static char *const place = (char *)TEST_PLACE + 8 * GRANULE;

/* Somebody else's reservation: looks to the host just like ours. */
static void map_foreign(char *at, size_t size, int prot)
{
    char *got =
        mmap(at, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    ck_assert_ptr_eq(got, at);
}

static void assert_region(const char *at, const char *allocation, size_t size, DWORD state)
{
    MEMORY_BASIC_INFORMATION info;
    ck_assert_uint_eq(VirtualQuery(at, &info, sizeof(info)), sizeof(info));
    ck_assert_ptr_eq(info.BaseAddress, at);
    ck_assert_ptr_eq(info.AllocationBase, allocation);
    ck_assert_uint_eq(info.RegionSize, size);
    ck_assert_uint_eq(info.State, state);
}

START_TEST(neighbours_are_told_apart)
{
    ck_assert_ptr_eq(VirtualAlloc(place, GRANULE, MEM_RESERVE, PAGE_NOACCESS), place);
    map_foreign(place - GRANULE, GRANULE, PROT_NONE);
    map_foreign(place + GRANULE, 2 * GRANULE, PROT_NONE);
    assert_region(place - GRANULE, place - GRANULE, GRANULE, MEM_RESERVE);
    assert_region(place - PAGE, place - GRANULE, PAGE, MEM_RESERVE);
    assert_region(place, place, GRANULE, MEM_RESERVE);
    assert_region(place + GRANULE, place + GRANULE, 2 * GRANULE, MEM_RESERVE);
    assert_region(place + 2 * GRANULE, place + GRANULE, GRANULE, MEM_RESERVE);
    /* What is free ends where the foreign mapping begins, and begins where it ends. */
    assert_region(place - 2 * GRANULE, NULL, GRANULE, MEM_FREE);
    ck_assert(VirtualFree(place, 0, MEM_RELEASE));
    assert_region(place, NULL, GRANULE, MEM_FREE);
    assert_region(place - GRANULE, place - GRANULE, GRANULE, MEM_RESERVE);
    ck_assert_int_eq(munmap(place - GRANULE, GRANULE), 0);
    ck_assert_int_eq(munmap(place + GRANULE, 2 * GRANULE), 0);
}
END_TEST

START_TEST(foreign_mapping_in_the_last_granule_is_no_obstacle)
{
    map_foreign(place + 8 * PAGE, PAGE, PROT_READ | PROT_WRITE);
    place[8 * PAGE] = 42;
    ck_assert_ptr_null(VirtualAlloc(place, 9 * PAGE, MEM_RESERVE, PAGE_READWRITE));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_ADDRESS);
    ck_assert_ptr_eq(VirtualAlloc(place, 8 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE),
                     place);
    memset(place, 1, 8 * PAGE);
    assert_region(place + 8 * PAGE, place + 8 * PAGE, PAGE, MEM_COMMIT);
    ck_assert(VirtualFree(place, 0, MEM_RELEASE));
    ck_assert_int_eq(place[8 * PAGE], 42);
    ck_assert_ptr_null(hm_space_check(true));
    ck_assert_int_eq(munmap(place + 8 * PAGE, PAGE), 0);
}
END_TEST

START_TEST(failed_protection_of_foreign_memory_is_undone)
{
    DWORD old = 77;
    map_foreign(place, 4 * PAGE, PROT_READ | PROT_WRITE);
    ck_assert_int_eq(mprotect(place, PAGE, PROT_READ), 0);
    place[3 * PAGE] = 5;
    hm_sim_install(&(struct hm_sim_config){.partial = true});
    hm_sim_fail_at(HM_SIM_PROTECT, 1, ENOMEM);
    ck_assert(!VirtualProtect(place, 4 * PAGE, PAGE_NOACCESS, &old));
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    ck_assert_uint_eq(old, 77);
    hm_sim_remove();
    MEMORY_BASIC_INFORMATION info;
    VirtualQuery(place, &info, sizeof(info));
    ck_assert_uint_eq(info.Protect, PAGE_READONLY);
    VirtualQuery(place + PAGE, &info, sizeof(info));
    ck_assert_uint_eq(info.Protect, PAGE_READWRITE);
    ck_assert_uint_eq(info.RegionSize, 3 * PAGE);
    ck_assert(VirtualProtect(place, 4 * PAGE, PAGE_NOACCESS, &old));
    ck_assert_uint_eq(old, PAGE_READONLY);
    ck_assert(VirtualProtect(place, 4 * PAGE, PAGE_READONLY, &old));
    ck_assert_int_eq(place[3 * PAGE], 5);
    ck_assert_int_eq(munmap(place, 4 * PAGE), 0);
}
END_TEST

START_TEST(guard_pages_on_foreign_memory)
{
    DWORD old;
    MEMORY_BASIC_INFORMATION info;
    map_foreign(place, 4 * PAGE, PROT_READ | PROT_WRITE);
    memset(place, 3, 4 * PAGE);
    ck_assert(VirtualProtect(place + PAGE, 2 * PAGE, PAGE_READWRITE | PAGE_GUARD, &old));
    ck_assert_uint_eq(old, PAGE_READWRITE);
    VirtualQuery(place + PAGE, &info, sizeof(info));
    ck_assert_uint_eq(info.State, MEM_COMMIT);
    ck_assert_uint_eq(info.Protect, PAGE_READWRITE | PAGE_GUARD);
    ck_assert_uint_eq(info.RegionSize, 2 * PAGE);
    VirtualQuery(place, &info, sizeof(info));
    ck_assert_uint_eq(info.Protect, PAGE_READWRITE);
    ck_assert_uint_eq(info.RegionSize, PAGE);
    /* One of the two becomes ordinary again. */
    ck_assert(VirtualProtect(place + PAGE, PAGE, PAGE_READONLY, &old));
    ck_assert_uint_eq(old, PAGE_READWRITE | PAGE_GUARD);
    VirtualQuery(place + PAGE, &info, sizeof(info));
    ck_assert_uint_eq(info.Protect, PAGE_READONLY);
    ck_assert_uint_eq(info.RegionSize, PAGE);
    ck_assert_int_eq(place[PAGE], 3);
    /* What the owner made accessible is no guard page any more, whatever the table remembers. */
    ck_assert_int_eq(mprotect(place + 2 * PAGE, PAGE, PROT_READ), 0);
    VirtualQuery(place + 2 * PAGE, &info, sizeof(info));
    ck_assert_uint_eq(info.Protect, PAGE_READONLY);
    ck_assert_int_eq(munmap(place, 4 * PAGE), 0);
    VirtualQuery(place + 2 * PAGE, &info, sizeof(info));
    ck_assert_uint_eq(info.State, MEM_FREE);
    /* The addresses can be reserved, and nothing is left of the mark. */
    ck_assert_ptr_eq(VirtualAlloc(place, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE), place);
    ck_assert_uint_eq(VirtualQuery(place, &info, sizeof(info)), sizeof(info));
    ck_assert_uint_eq(info.RegionSize, GRANULE);
    ck_assert(VirtualFree(place, 0, MEM_RELEASE));
    ck_assert_ptr_null(hm_space_check(true));
}
END_TEST

START_TEST(inaccessible_is_not_reserved)
{
    DWORD old;
    MEMORY_BASIC_INFORMATION info;
    map_foreign(place, 2 * PAGE, PROT_READ | PROT_WRITE);
    map_foreign(place + 2 * PAGE, PAGE, PROT_NONE);
    memset(place, 9, 2 * PAGE);
    ck_assert(VirtualProtect(place, 2 * PAGE, PAGE_NOACCESS, &old));
    VirtualQuery(place, &info, sizeof(info));
    ck_assert_uint_eq(info.State, MEM_COMMIT);
    ck_assert_uint_eq(info.Protect, PAGE_NOACCESS);
    ck_assert_uint_eq(info.RegionSize, 2 * PAGE);
    VirtualQuery(place + 2 * PAGE, &info, sizeof(info));
    ck_assert_uint_eq(info.State, MEM_RESERVE);
    ck_assert_uint_eq(info.Protect, 0);
    ck_assert(!VirtualProtect(place + 2 * PAGE, PAGE, PAGE_READWRITE, &old));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_ADDRESS);
    ck_assert_uint_eq(old, PAGE_NOACCESS);
    ck_assert(VirtualProtect(place, 2 * PAGE, PAGE_READWRITE, &old));
    ck_assert_uint_eq(old, PAGE_NOACCESS);
    ck_assert_int_eq(place[PAGE], 9);
    ck_assert_int_eq(munmap(place, 3 * PAGE), 0);
    ck_assert_ptr_null(hm_space_check(true));
}
END_TEST

START_TEST(owned_memory_is_answered_without_a_system_call)
{
    MEMORY_BASIC_INFORMATION info;
    char *mem = VirtualAlloc(NULL, 40 * PAGE, MEM_RESERVE, PAGE_READWRITE);
    ck_assert_ptr_nonnull(VirtualAlloc(mem + 3 * PAGE, 5 * PAGE, MEM_COMMIT, PAGE_READWRITE));
    hm_sim_install(NULL);
    for (char *at = mem; at < mem + 40 * PAGE; at += PAGE)
        ck_assert_uint_eq(VirtualQuery(at, &info, sizeof(info)), sizeof(info));
    ck_assert_uint_eq(hm_sim_calls(HM_SIM_ALL), 0);
    hm_sim_remove();
    ck_assert(VirtualFree(mem, 0, MEM_RELEASE));
}
END_TEST

START_TEST(closed_accounts_keep_their_number_while_they_pay)
{
    int account = hm_account_open(UINT64_MAX, UINT64_MAX, 0);
    ck_assert(hm_account_reserve(account, PAGE));
    hm_account_close(account);
    for (int i = 0; i < 10; i++) {
        int other = hm_account_open(UINT64_MAX, UINT64_MAX, 0);
        ck_assert_int_ne(other, account);
        hm_account_close(other);
    }
    hm_account_unreserve(account, PAGE);
    ck_assert_int_eq(hm_account_open(UINT64_MAX, UINT64_MAX, 0), account);
    hm_account_close(account);
}
END_TEST

START_TEST(copy_on_write_is_for_private_views_of_files)
{
    DWORD old;
    char name[] = "/tmp/hostmem-test-XXXXXX";
    int file = mkstemp(name);
    ck_assert_int_eq(unlink(name), 0);
    ck_assert_int_eq(ftruncate(file, 2 * PAGE), 0);
    char *view = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    ck_assert(VirtualProtect(view, PAGE, PAGE_READONLY, &old));
    ck_assert_uint_eq(old, PAGE_WRITECOPY);
    ck_assert(VirtualProtect(view, PAGE, old, &old));
    ck_assert_uint_eq(old, PAGE_READONLY);
    view[0] = 1;
    ck_assert_int_eq(munmap(view, 2 * PAGE), 0);
    view = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ck_assert(!VirtualProtect(view, PAGE, PAGE_WRITECOPY, &old));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert_int_eq(munmap(view, PAGE), 0);
    map_foreign(place, PAGE, PROT_READ | PROT_WRITE);
    ck_assert(!VirtualProtect(place, PAGE, PAGE_WRITECOPY, &old));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert_int_eq(munmap(place, PAGE), 0);
    close(file);
}
END_TEST

START_TEST(urgent_requests_get_the_headroom)
{
    int account = hm_account_open(8 * PAGE, UINT64_MAX, 4 * PAGE);
    ck_assert(hm_account_commit(account, 4 * PAGE, 0));
    ck_assert(!hm_account_commit(account, PAGE, 0));
    ck_assert(hm_account_commit(account, 2 * PAGE, 1));
    ck_assert(!hm_account_commit(account, PAGE, 1));
    ck_assert(hm_account_commit(account, 2 * PAGE, 2));
    ck_assert(!hm_account_commit(account, PAGE, 2));
    ck_assert_uint_eq(atomic_load(&hm_account_get(account)->refused), 3);
    hm_account_uncommit(account, 8 * PAGE);
    hm_account_close(account);
}
END_TEST

START_TEST(accounts_remember_their_peaks)
{
    const struct hm_account *account = hm_account_get(HM_ACCOUNT_PROCESS);
    char *mem = VirtualAlloc(NULL, 4 * GRANULE, MEM_RESERVE, PAGE_READWRITE);
    ck_assert_ptr_nonnull(VirtualAlloc(mem, 3 * GRANULE, MEM_COMMIT, PAGE_READWRITE));
    ck_assert(VirtualFree(mem, 2 * GRANULE, MEM_DECOMMIT));
    ck_assert_uint_eq(atomic_load(&account->committed.now), GRANULE);
    ck_assert_uint_eq(atomic_load(&account->committed.peak), 3 * GRANULE);
    ck_assert(VirtualFree(mem, 0, MEM_RELEASE));
    ck_assert_uint_eq(atomic_load(&account->reserved.now), 0);
    ck_assert_uint_eq(atomic_load(&account->reserved.peak), 4 * GRANULE);
    ck_assert_uint_eq(atomic_load(&account->committed.now), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("foreign");
    TCase *tcase = tcase_create("foreign");
    tcase_add_test(tcase, neighbours_are_told_apart);
    tcase_add_test(tcase, foreign_mapping_in_the_last_granule_is_no_obstacle);
    tcase_add_test(tcase, failed_protection_of_foreign_memory_is_undone);
    tcase_add_test(tcase, guard_pages_on_foreign_memory);
    tcase_add_test(tcase, inaccessible_is_not_reserved);
    tcase_add_test(tcase, owned_memory_is_answered_without_a_system_call);
    tcase_add_test(tcase, closed_accounts_keep_their_number_while_they_pay);
    tcase_add_test(tcase, copy_on_write_is_for_private_views_of_files);
    tcase_add_test(tcase, urgent_requests_get_the_headroom);
    tcase_add_test(tcase, accounts_remember_their_peaks);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
