/*
 * test_platform.c - the backend of this host, against what platform.h promises, and the simulation
 * that other tests use in its place.
 *
 * Check runs every test in a process of its own, so a test may switch facilities off, use up a
 * resource limit, or install the simulation, and need not put things back.
 */
#include "platform/host.h"
#include "platform/linux/maps.h"
#include "platform/platform.h"
#include "platform/sim/sim.h"

#include <check.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RW = HM_OS_READ | HM_OS_WRITE, KIB = 1024, MIB = 1024 * 1024 };

/* A value of errno that no call sets. */
enum { STRANGE_ERRNO = 12345 };

static const struct hm_os *os;
static size_t page;

static void setup(void)
{
    os = hm_os_backend();
    page = os->page_size;
}

/* --- Tools. --- */

static void *pointer(uintptr_t address)
{
    return (void *)address;
}

static unsigned char *bytes(uintptr_t address)
{
    return (unsigned char *)address;
}

static uintptr_t reserve(size_t size)
{
    uintptr_t base = 0;

    ck_assert_int_eq(os->reserve(0, size, &base), 0);
    ck_assert_uint_ne(base, 0);
    return base;
}

static uintptr_t reserve_and_commit(size_t size)
{
    uintptr_t base = reserve(size);

    ck_assert_int_eq(os->protect(base, size, RW), 0);
    return base;
}

static struct hm_os_mapping mapping_at(uintptr_t address)
{
    struct hm_os_mapping mapping;

    ck_assert_int_eq(os->find_mapping(address, &mapping), 0);
    ck_assert_uint_gt(mapping.end, address);
    return mapping;
}

static bool is_mapped(uintptr_t address)
{
    return mapping_at(address).start <= address;
}

static unsigned prot_at(uintptr_t address)
{
    struct hm_os_mapping mapping = mapping_at(address);

    ck_assert_uint_le(mapping.start, address);
    return mapping.prot;
}

static bool all_bytes_are(uintptr_t base, size_t size, unsigned char value)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes(base)[i] != value)
            return false;
    }
    return true;
}

static size_t resident_pages(uintptr_t base, size_t size)
{
    unsigned char *state = malloc(size / page);
    size_t count = 0;

    ck_assert_ptr_nonnull(state);
    ck_assert_int_eq(mincore(pointer(base), size, state), 0);
    for (size_t i = 0; i < size / page; i++)
        count += state[i] & 1u;
    free(state);
    return count;
}

static bool same(const struct hm_os_mapping *one, const struct hm_os_mapping *other)
{
    return one->start == other->start && one->end == other->end &&
           one->allocation == other->allocation && one->prot == other->prot &&
           one->shared == other->shared && one->kind == other->kind;
}

/* Finds a mapping both ways; -1 when they disagree. Checks nothing, as checks allocate memory. */
static int find_both(uintptr_t address, struct hm_os_mapping *mapping)
{
    struct hm_os_mapping parsed;

    int queried_error = hm_linux_find_by_query(address, mapping);
    int parsed_error = hm_linux_find_by_parsing(address, &parsed);
    if (queried_error == ENOSYS) { /* this kernel has one way only */
        *mapping = parsed;
        return parsed_error;
    }
    if (queried_error != parsed_error || (queried_error == 0 && !same(mapping, &parsed)))
        return -1;
    return queried_error;
}

static struct hm_os_mapping found_both(uintptr_t address)
{
    struct hm_os_mapping mapping;

    ck_assert_int_eq(find_both(address, &mapping), 0);
    return mapping;
}

static void assert_kind(const void *address, enum hm_os_kind kind, bool shared)
{
    struct hm_os_mapping mapping = found_both((uintptr_t)address);

    ck_assert_uint_le(mapping.start, (uintptr_t)address);
    ck_assert_int_eq(mapping.kind, kind);
    ck_assert_int_eq(mapping.shared, shared);
}

/* A mapping of a file's pages, at an address if that is not NULL. */
static unsigned char *map_file(void *at, size_t size, int prot, int flags, int fd, size_t offset)
{
    void *got = mmap(at, size, prot, flags | (at != NULL ? MAP_FIXED : 0), fd, (off_t)offset);

    ck_assert_ptr_ne(got, MAP_FAILED);
    return got;
}

static int make_file(const char *path, size_t size)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
    return fd;
}

static int make_memory_file(const char *name, size_t size)
{
    int fd = memfd_create(name, MFD_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
    return fd;
}

static const char *scratch_path(const char *name)
{
    static char path[256];
    const char *folder = getenv("TMPDIR");

    snprintf(path, sizeof(path), "%s/hostmem-%d-%s", folder != NULL ? folder : "/tmp",
             (int)getpid(), name);
    return path;
}

/* Whoever uses them up allows them again in the end: what runs at exit may need some. */
static struct rlimit files_before;

static void use_up_files(void)
{
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files_before), 0);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = files_before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    ck_assert_int_lt(open("/dev/null", O_RDONLY), 0);
    ck_assert_int_eq(errno, EMFILE);
}

static void allow_files(void)
{
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files_before), 0);
}

/* --- Facts. --- */

START_TEST(facts_are_plausible)
{
    ck_assert_uint_eq(page, (size_t)sysconf(_SC_PAGESIZE));
    ck_assert_uint_ge(os->lowest_address, page);
    ck_assert_uint_eq(os->lowest_address % page, 0);
    ck_assert_uint_eq((os->highest_address + 1) % page, 0);
    ck_assert_uint_gt(os->highest_address, (uintptr_t)&os);
    ck_assert_uint_gt(os->stack_growth, MIB);
    ck_assert_uint_eq(os->stack_growth % page, 0);
    ck_assert_uint_ge(os->processor_count(), 1);
    ck_assert_ptr_nonnull(os->name);
#if defined(__x86_64__) && defined(__LP64__)
    ck_assert_uint_eq(os->highest_address, 0x7fffffffefff);
#endif
}
END_TEST

START_TEST(the_highest_page_can_be_had_and_the_next_cannot)
{
    uintptr_t last = os->highest_address + 1 - page;
    uintptr_t got;

    int error = os->reserve(last, page, &got);
    ck_assert(error == 0 || error == EEXIST);
    ck_assert_int_eq(os->reserve(last + page, page, &got), ENOMEM);
    ck_assert_int_eq(os->reserve(last, 2 * page, &got) == 0, false);
    hm_os_disable(HM_OS_FACILITY_FIXED_NOREPLACE);
    ck_assert_int_eq(os->reserve(last + page, page, &got), ENOMEM);
}
END_TEST

static void *get_backend(void *unused)
{
    (void)unused;
    return pointer((uintptr_t)hm_os_backend());
}

START_TEST(every_thread_gets_the_same_backend)
{
    pthread_t threads[8];

    for (size_t i = 0; i < 8; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, get_backend, NULL), 0);
    for (size_t i = 0; i < 8; i++) {
        void *got;
        ck_assert_int_eq(pthread_join(threads[i], &got), 0);
        ck_assert_ptr_eq(got, os);
    }
}
END_TEST

static void *describe(void *described)
{
    hm_host_describe(described);
    return NULL;
}

START_TEST(facts_are_the_same_whoever_finds_them_out)
{
    struct hm_os described[8];
    pthread_t threads[8];

    for (size_t i = 0; i < 8; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, describe, &described[i]), 0);
    for (size_t i = 0; i < 8; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_uint_eq(described[i].page_size, os->page_size);
        ck_assert_uint_eq(described[i].highest_address, os->highest_address);
        ck_assert_uint_eq(described[i].lowest_address, os->lowest_address);
        ck_assert_uint_eq(described[i].stack_growth, os->stack_growth);
    }
}
END_TEST

/* No address space left to try things in: the facts hold all the same. */
START_TEST(facts_are_found_out_in_a_full_address_space)
{
    struct rlimit before;
    struct hm_os described;

    ck_assert_int_eq(getrlimit(RLIMIT_AS, &before), 0);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0);
    hm_host_describe(&described);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &before), 0);
    ck_assert_uint_eq(described.highest_address, os->highest_address);
    ck_assert_uint_eq(described.lowest_address, os->lowest_address);
}
END_TEST

/* Runs this program anew with HOSTMEM_DISABLE set, to print what facilities are left. */
static unsigned facilities_with_disabled(const char *list)
{
    char command[PATH_MAX + 128];
    char self[PATH_MAX] = {0};
    unsigned facilities;

    ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
    snprintf(command, sizeof(command), "HOSTMEM_DISABLE='%s' '%s' --facilities", list, self);
    FILE *output = popen(command, "r");
    ck_assert_ptr_nonnull(output);
    ck_assert_int_eq(fscanf(output, "facilities %u", &facilities), 1);
    ck_assert_int_eq(pclose(output), 0);
    return facilities;
}

START_TEST(the_environment_switches_facilities_off)
{
    unsigned all = os->facilities();
    unsigned query = HM_OS_FACILITY_MAPPING_QUERY;
    unsigned noreplace = HM_OS_FACILITY_FIXED_NOREPLACE;

    ck_assert_uint_eq(facilities_with_disabled(""), all);
    ck_assert_uint_eq(facilities_with_disabled("procmap-query"), all & ~query);
    ck_assert_uint_eq(facilities_with_disabled("fixed-noreplace"), all & ~noreplace);
    ck_assert_uint_eq(facilities_with_disabled("overcommit,,nonsense,procmap-query,"),
                      all & ~query & ~(unsigned)HM_OS_FACILITY_OVERCOMMIT);
    ck_assert_uint_eq(facilities_with_disabled("procmap,query,procmap-queryx"), all);
}
END_TEST

START_TEST(disabled_facilities_stay_off)
{
    hm_os_disable(HM_OS_FACILITY_MAPPING_QUERY);
    ck_assert_uint_eq(os->facilities() & HM_OS_FACILITY_MAPPING_QUERY, 0);
    mapping_at((uintptr_t)&os);
    ck_assert_uint_eq(os->facilities() & HM_OS_FACILITY_MAPPING_QUERY, 0);
}
END_TEST

/* --- Address space. Each of these runs with the kernel's help, and without. --- */

static void maybe_without_noreplace(int without)
{
    if (without)
        hm_os_disable(HM_OS_FACILITY_FIXED_NOREPLACE);
}

START_TEST(a_reservation_is_inaccessible_and_free_of_charge)
{
    size_t size = (size_t)64 * 1024 * MIB;
    uintptr_t base = reserve(size);
    struct hm_os_mapping mapping = mapping_at(base);

    ck_assert_uint_eq(base % page, 0);
    ck_assert_uint_le(mapping.start, base);
    ck_assert_uint_ge(mapping.end, base + size);
    ck_assert_uint_eq(mapping.prot, HM_OS_NONE);
    ck_assert_int_eq(mapping.kind, HM_OS_ANONYMOUS);
    ck_assert(!mapping.shared);
    ck_assert_int_eq(os->release(base, size), 0);
    ck_assert(!is_mapped(base));
    ck_assert(!is_mapped(base + size - page));
}
END_TEST

START_TEST(a_wanted_address_is_got_exactly)
{
    maybe_without_noreplace(_i);
    uintptr_t base = reserve(16 * page);
    uintptr_t got = 0;

    ck_assert_int_eq(os->release(base + 4 * page, 8 * page), 0);
    ck_assert_int_eq(os->reserve(base + 5 * page, 3 * page, &got), 0);
    ck_assert_uint_eq(got, base + 5 * page);
    ck_assert_int_eq(os->reserve(base + 4 * page, page, &got), 0);
    ck_assert_uint_eq(got, base + 4 * page);
}
END_TEST

START_TEST(a_taken_address_is_refused_and_not_harmed)
{
    static const int offsets[] = {-2, -1, 0, 1, 2, 3};
    maybe_without_noreplace(_i);
    uintptr_t base = reserve(32 * page);
    uintptr_t victim = base + 8 * page;
    uintptr_t got = 1;

    ck_assert_int_eq(os->release(base, 8 * page), 0);
    ck_assert_int_eq(os->release(base + 12 * page, 20 * page), 0);
    ck_assert_int_eq(os->protect(victim, 4 * page, RW), 0);
    memset(pointer(victim), 0x5a, 4 * page);
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        uintptr_t wanted = victim + (uintptr_t)((intptr_t)offsets[i] * (intptr_t)page);
        ck_assert_int_eq(os->reserve(wanted, 3 * page, &got), EEXIST);
        ck_assert_uint_eq(got, 1);
    }
    ck_assert_int_eq(os->reserve(victim - page, 6 * page, &got), EEXIST);
    ck_assert(all_bytes_are(victim, 4 * page, 0x5a));
    ck_assert(!is_mapped(victim - page));
    ck_assert(!is_mapped(victim + 4 * page));
}
END_TEST

START_TEST(what_cannot_be_reserved_is_refused)
{
    maybe_without_noreplace(_i);
    uintptr_t got = 1;

    ck_assert_int_eq(os->reserve(0, SIZE_MAX / page * page / 2, &got), ENOMEM);
    ck_assert_int_eq(os->reserve_hint(16 * page, SIZE_MAX / page * page / 2, &got), ENOMEM);
    ck_assert_uint_eq(got, 1);
}
END_TEST

START_TEST(the_resource_limit_is_honoured)
{
    struct hm_os_load before;
    struct hm_os_load load;
    uintptr_t got;

    ck_assert_int_eq(os->load(&before), 0);
    struct rlimit limit = {before.address_used + 16 * MIB, before.address_used + 16 * MIB};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    ck_assert_int_eq(os->reserve(0, 64 * MIB, &got), ENOMEM);
    ck_assert_int_eq(os->load(&load), 0);
    ck_assert_uint_eq(load.address_limit, limit.rlim_cur);
    ck_assert_uint_le(load.address_used, load.address_limit);
    reserve(4 * MIB);
    struct hm_os_load after;
    ck_assert_int_eq(os->load(&after), 0);
    ck_assert_uint_ge(after.address_used, load.address_used + 4 * MIB);
}
END_TEST

START_TEST(a_hint_is_followed_where_it_is_free)
{
    uintptr_t base = reserve(64 * page);
    uintptr_t got;

    ck_assert_int_eq(os->release(base + 16 * page, 16 * page), 0);
    ck_assert_int_eq(os->reserve_hint(base + 16 * page, 4 * page, &got), 0);
    ck_assert_uint_eq(got, base + 16 * page);
    ck_assert_int_eq(os->reserve_hint(base, 4 * page, &got), 0);
    ck_assert(got + 4 * page <= base || got >= base + 16 * page);
    ck_assert_uint_eq(prot_at(got), HM_OS_NONE);
}
END_TEST

START_TEST(parts_and_several_reservations_are_released)
{
    uintptr_t base = reserve(12 * page);
    uintptr_t got;

    ck_assert_int_eq(os->release(base + 4 * page, 4 * page), 0);
    ck_assert(is_mapped(base + 3 * page));
    ck_assert(!is_mapped(base + 4 * page));
    ck_assert(!is_mapped(base + 7 * page));
    ck_assert(is_mapped(base + 8 * page));
    ck_assert_int_eq(os->reserve(base + 4 * page, 4 * page, &got), 0);
    ck_assert_int_eq(os->release(base, 12 * page), 0);
    ck_assert(!is_mapped(base));
    ck_assert(!is_mapped(base + 11 * page));
}
END_TEST

/* --- Pages. --- */

START_TEST(protection_changes_keep_contents)
{
    static const unsigned prots[] = {HM_OS_NONE, HM_OS_READ, HM_OS_READ | HM_OS_EXEC,
                                     HM_OS_EXEC, RW,         RW | HM_OS_EXEC};
    uintptr_t base = reserve(4 * page);

    ck_assert_int_eq(os->protect(base + page, 2 * page, RW), 0);
    ck_assert(all_bytes_are(base + page, 2 * page, 0));
    ck_assert_uint_eq(prot_at(base), HM_OS_NONE);
    ck_assert_uint_eq(prot_at(base + 3 * page), HM_OS_NONE);
    memset(pointer(base + page), 0xa5, 2 * page);
    for (size_t i = 0; i < sizeof(prots) / sizeof(prots[0]); i++) {
        ck_assert_int_eq(os->protect(base + page, 2 * page, prots[i]), 0);
        ck_assert_uint_eq(prot_at(base + page), prots[i]);
        ck_assert_int_eq(os->protect(base + page, 2 * page, HM_OS_READ), 0);
        ck_assert(all_bytes_are(base + page, 2 * page, 0xa5));
    }
}
END_TEST

START_TEST(refused_protections_say_why)
{
    uintptr_t base = reserve(4 * page);
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    ck_assert_int_eq(os->release(base + 2 * page, page), 0);
    ck_assert_int_eq(os->protect(base, 4 * page, HM_OS_READ), ENOMEM);
    unsigned char *file = map_file(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
    ck_assert_int_eq(os->protect((uintptr_t)file, page, RW), EACCES);
    ck_assert_uint_eq(prot_at((uintptr_t)file), HM_OS_READ);
}
END_TEST

static void maybe_charged_by_mapping(int charged)
{
    if (charged)
        hm_os_disable(HM_OS_FACILITY_OVERCOMMIT);
}

static void assert_decommitted(uintptr_t base, size_t size)
{
    ck_assert_uint_eq(prot_at(base), HM_OS_NONE);
    ck_assert_uint_ge(mapping_at(base).end, base + size);
    ck_assert_uint_eq(resident_pages(base, size), 0);
    ck_assert_int_eq(os->protect(base, size, RW), 0);
    ck_assert_uint_eq(resident_pages(base, size), 0);
    ck_assert(all_bytes_are(base, size, 0));
}

START_TEST(decommit_drops_contents_and_memory)
{
    maybe_charged_by_mapping(_i);
    uintptr_t base = reserve_and_commit(16 * page);

    memset(pointer(base), 1, 16 * page);
    ck_assert_int_eq(os->decommit(base + 4 * page, 8 * page), 0);
    ck_assert_uint_eq(prot_at(base + 3 * page), RW);
    ck_assert_uint_eq(prot_at(base + 12 * page), RW);
    assert_decommitted(base + 4 * page, 8 * page);
    ck_assert(all_bytes_are(base, 4 * page, 1));
    ck_assert(all_bytes_are(base + 12 * page, 4 * page, 1));
}
END_TEST

START_TEST(decommit_of_what_never_was_committed_is_harmless)
{
    maybe_charged_by_mapping(_i);
    uintptr_t base = reserve(8 * page);

    ck_assert_int_eq(os->protect(base + 2 * page, page, RW), 0);
    ck_assert_int_eq(os->decommit(base, 8 * page), 0);
    assert_decommitted(base, 8 * page);
}
END_TEST

START_TEST(decommit_unlocks_locked_pages)
{
    maybe_charged_by_mapping(_i);
    uintptr_t base = reserve_and_commit(8 * page);

    memset(pointer(base), 1, 8 * page);
    if (mlock(pointer(base + 3 * page), 2 * page) != 0)
        return; /* not allowed to lock anything */
    ck_assert_int_eq(os->decommit(base + page, 6 * page), 0);
    assert_decommitted(base + page, 6 * page);
    ck_assert(all_bytes_are(base, page, 1));
    ck_assert(all_bytes_are(base + 7 * page, page, 1));
}
END_TEST

START_TEST(decommit_needs_no_file)
{
    uintptr_t base = reserve_and_commit(4 * page);

    use_up_files();
    memset(pointer(base), 1, 4 * page);
    ck_assert_int_eq(os->decommit(base, 4 * page), 0);
    ck_assert_int_eq(os->protect(base, 4 * page, RW), 0);
    ck_assert(all_bytes_are(base, 4 * page, 0));
    ck_assert_int_eq(os->release(base, 4 * page), 0);
    allow_files();
}
END_TEST

START_TEST(a_failed_decommit_keeps_contents)
{
    uintptr_t base = reserve_and_commit(4 * page);

    memset(pointer(base), 7, 2 * page);
    ck_assert_int_eq(os->release(base + 2 * page, page), 0);
    ck_assert_int_eq(os->decommit(base, 4 * page), ENOMEM);
    ck_assert_int_eq(os->protect(base, 2 * page, RW), 0);
    ck_assert(all_bytes_are(base, 2 * page, 7));
}
END_TEST

/* --- Memory for tables. --- */

START_TEST(table_memory_is_zero_and_can_be_emptied)
{
    void *base = NULL;
    size_t size = 16 * page;

    ck_assert_int_eq(os->meta_map(size, &base), 0);
    uintptr_t start = (uintptr_t)base;
    ck_assert_uint_eq(prot_at(start), RW);
    ck_assert_uint_eq(resident_pages(start, size), 0);
    ck_assert(all_bytes_are(start, size, 0));
    memset(base, 3, size);
    os->meta_discard(bytes(start) + 2 * page, 4 * page);
    ck_assert_uint_eq(resident_pages(start + 2 * page, 4 * page), 0);
    ck_assert(all_bytes_are(start + 2 * page, 4 * page, 0));
    ck_assert(all_bytes_are(start, 2 * page, 3));
    ck_assert(all_bytes_are(start + 6 * page, 10 * page, 3));
    os->meta_unmap(base, size);
    ck_assert(!is_mapped(start));
    ck_assert_int_eq(os->meta_map(SIZE_MAX / page * page / 2, &base), ENOMEM);
}
END_TEST

START_TEST(locked_table_memory_can_be_emptied)
{
    void *base;

    ck_assert_int_eq(os->meta_map(4 * page, &base), 0);
    memset(base, 3, 4 * page);
    if (mlock(base, 4 * page) != 0)
        return;
    os->meta_discard(base, 4 * page);
    ck_assert(all_bytes_are((uintptr_t)base, 4 * page, 0));
}
END_TEST

/* --- A full table of mappings. --- */

#if defined(__has_feature)
#    if __has_feature(thread_sanitizer)
#        define NEEDS_MAPPINGS 1
#    endif
#endif
#if defined(__SANITIZE_THREAD__)
#    define NEEDS_MAPPINGS 1
#endif
#if !defined(NEEDS_MAPPINGS)
#    define NEEDS_MAPPINGS 0 /* ThreadSanitizer does not survive without new mappings */
#endif

enum { MOST = 100000 };
static uintptr_t filling;

/* Makes every second page of a reservation differ until the kernel refuses; false where its table
 * is too large for a test. */
static bool fill_table(void)
{
    if (NEEDS_MAPPINGS)
        return false;
    FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
    long count = MOST;

    if (file == NULL || fscanf(file, "%ld", &count) != 1 || fclose(file) != 0 || count >= MOST)
        return false;
    filling = reserve(2 * MOST * page);
    for (size_t i = 0; i < MOST; i++) {
        int error = os->protect(filling + (2 * i + 1) * page, page, HM_OS_READ);
        if (error == ENOMEM)
            return true;
        ck_assert_int_eq(error, 0);
    }
    return false;
}

static void empty_table(void)
{
    ck_assert_int_eq(os->release(filling, 2 * MOST * page), 0);
}

START_TEST(a_full_table_of_mappings_changes_nothing)
{
    uintptr_t base = reserve_and_commit(8 * page);
    void *meta;

    memset(pointer(base), 4, 8 * page);
    ck_assert_int_eq(os->meta_map(8 * page, &meta), 0);
    memset(meta, 4, 8 * page);
    if (!fill_table())
        return;
    ck_assert_int_eq(os->release(base + 2 * page, page), ENOMEM);
    ck_assert_int_eq(os->protect(base + 2 * page, page, HM_OS_READ), ENOMEM);
    ck_assert_int_eq(os->decommit(base + 2 * page, page), ENOMEM);
    ck_assert_uint_eq(prot_at(base + 2 * page), RW);
    ck_assert(all_bytes_are(base, 8 * page, 4));

    /* Nobody can take these pages out of their middle, but their memory goes. */
    os->meta_unmap(bytes((uintptr_t)meta) + 2 * page, page);
    ck_assert(all_bytes_are((uintptr_t)meta + 2 * page, page, 0));
    ck_assert(all_bytes_are((uintptr_t)meta + 3 * page, page, 4));

    /* The table is long, and the answers are the same. */
    ck_assert_uint_eq(found_both(base).start, base);
    ck_assert_int_eq(os->release(base, 8 * page), 0);
    ck_assert(!is_mapped(base));
    empty_table();
}
END_TEST

/* Unlocking a part would cut a mapping for which there is no room. */
START_TEST(locked_pages_are_decommitted_in_a_full_table)
{
    maybe_charged_by_mapping(_i);
    uintptr_t base = reserve_and_commit(8 * page);

    memset(pointer(base), 4, 8 * page);
    if (mlock(pointer(base), 8 * page) != 0)
        return;
    ck_assert_int_eq(os->protect(base, 8 * page, HM_OS_NONE), 0);
    if (!fill_table())
        return;
    ck_assert_int_eq(os->decommit(base + 2 * page, 3 * page), 0);
    ck_assert_int_eq(os->protect(base, 8 * page, RW), 0);
    ck_assert(all_bytes_are(base, 2 * page, 4));
    ck_assert(all_bytes_are(base + 2 * page, 3 * page, 0));
    ck_assert(all_bytes_are(base + 5 * page, 3 * page, 4));
    empty_table();
}
END_TEST

/* --- Threads. --- */

static atomic_int signals_seen;

static void count_signal(int number)
{
    (void)number;
    atomic_fetch_add(&signals_seen, 1);
}

START_TEST(masked_signals_wait)
{
    int numbers[] = {SIGUSR1, SIGTERM, SIGPWR, SIGXCPU, SIGRTMIN, SIGRTMAX};
    int count = (int)(sizeof(numbers) / sizeof(numbers[0]));
    struct hm_os_mask outer;
    struct hm_os_mask inner;

    for (int i = 0; i < count; i++)
        signal(numbers[i], count_signal);
    os->mask_signals(&outer);
    os->mask_signals(&inner);
    for (int i = 0; i < count; i++)
        raise(numbers[i]);
    os->restore_signals(&inner);
    ck_assert_int_eq(atomic_load(&signals_seen), 0);
    os->restore_signals(&outer);
    ck_assert_int_eq(atomic_load(&signals_seen), count);
}
END_TEST

START_TEST(faults_do_not_wait)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    struct hm_os_mask mask;
    sigset_t now;

    os->mask_signals(&mask);
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, NULL, &now), 0);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        ck_assert_int_eq(sigismember(&now, numbers[i]), 0);
    ck_assert_int_eq(sigismember(&now, SIGUSR2), 1);
    os->restore_signals(&mask);
}
END_TEST

START_TEST(what_was_blocked_stays_blocked)
{
    struct hm_os_mask mask;
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
    os->mask_signals(&mask);
    os->restore_signals(&mask);
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, NULL, &set), 0);
    ck_assert_int_eq(sigismember(&set, SIGUSR1), 1);
    ck_assert_int_eq(sigismember(&set, SIGUSR2), 0);
}
END_TEST

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The shortest of a few, as the machine may be busy. */
static double shortest_wait(unsigned round)
{
    double shortest = 1e9;

    for (int i = 0; i < 5; i++) {
        double start = seconds();
        os->wait_step(round);
        double length = seconds() - start;
        shortest = length < shortest ? length : shortest;
    }
    return shortest;
}

START_TEST(waiting_gets_longer_up_to_a_millisecond)
{
    ck_assert(shortest_wait(0) < 0.0005);
    ck_assert(shortest_wait(10000) >= 0.001);
    ck_assert(shortest_wait(UINT_MAX) >= 0.001);
    ck_assert(shortest_wait(UINT_MAX) < 0.1);
    for (unsigned round = 0; round < 130; round++)
        os->wait_step(round);
}
END_TEST

static char fork_calls[16];

static void note(char c)
{
    fork_calls[strlen(fork_calls)] = c;
}

static void on_prepare(void)
{
    note('a');
}

static void on_parent(void)
{
    note('p');
}

static void on_child(void)
{
    note('c');
}

/* The status that the child exits with. */
static int wait_for(pid_t child)
{
    int status;

    ck_assert_int_gt(child, 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(fork_calls_everybody)
{
    ck_assert_int_eq(os->on_fork(on_prepare, on_parent, on_child), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(strcmp(fork_calls, "ac") == 0 ? 0 : 1);
    ck_assert_int_eq(wait_for(child), 0);
    ck_assert_str_eq(fork_calls, "ap");
}
END_TEST

START_TEST(load_is_plausible)
{
    struct hm_os_load load;

    ck_assert_int_eq(os->load(&load), 0);
    ck_assert_uint_ge(load.physical_total, 16 * MIB);
    ck_assert_uint_le(load.physical_available, load.physical_total);
    ck_assert_uint_gt(load.physical_available, 0);
    ck_assert_uint_gt(load.address_used, 0);
    ck_assert_uint_ge(load.address_limit, load.address_used);
}
END_TEST

/* --- errno. --- */

static void use_everything(void)
{
    struct hm_os_mapping mapping;
    struct hm_os_load load;
    struct hm_os_mask mask;
    uintptr_t base = reserve(4 * page);
    uintptr_t got;
    void *meta;

    (void)os->reserve(base, page, &got);
    (void)os->reserve(0, SIZE_MAX / 2 / page * page, &got);
    (void)os->reserve_hint(base, page, &got);
    (void)os->protect(base, 2 * page, RW);
    (void)os->release(base + 2 * page, page);
    (void)os->protect(base, 4 * page, RW);
    (void)os->decommit(base, 2 * page);
    (void)os->decommit(base, 4 * page);
    (void)os->find_mapping(base, &mapping);
    (void)os->find_mapping(os->highest_address, &mapping);
    (void)os->find_mapping(UINTPTR_MAX, &mapping);
    (void)os->load(&load);
    (void)os->meta_map(4 * page, &meta);
    os->meta_discard(meta, 4 * page);
    os->meta_unmap(meta, 4 * page);
    os->mask_signals(&mask);
    os->restore_signals(&mask);
    os->wait_step(0);
    os->wait_step(70);
    os->wait_step(500);
    (void)os->processor_count();
}

START_TEST(errno_is_left_alone)
{
    if (_i > 0)
        hm_os_disable(~0u);
    if (_i > 1)
        use_up_files();
    errno = STRANGE_ERRNO;
    use_everything();
    ck_assert_int_eq(errno, STRANGE_ERRNO);
    if (_i > 1)
        allow_files();
}
END_TEST

/* --- Finding mappings. --- */

/* The kernel's list as text, read without changing it meanwhile. */
static const char *read_maps(void)
{
    static char text[2 * MIB];
    size_t length = 0;
    ssize_t got;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    while ((got = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
        length += (size_t)got;
    ck_assert_int_eq((int)got, 0);
    text[length] = '\0';
    close(fd);
    return text;
}

struct line {
    uintptr_t start;
    uintptr_t end;
    unsigned prot;
    bool shared;
    unsigned long inode;
};

/* One line; the rest of the text, or NULL at its end. */
static const char *next_line(const char *text, struct line *line)
{
    char perms[8];
    unsigned long start;
    unsigned long end;

    if (*text == '\0' ||
        sscanf(text, "%lx-%lx %7s %*x %*x:%*x %lu", &start, &end, perms, &line->inode) != 4)
        return NULL;
    line->start = start;
    line->end = end;
    line->prot = (perms[0] == 'r' ? (unsigned)HM_OS_READ : 0) |
                 (perms[1] == 'w' ? (unsigned)HM_OS_WRITE : 0) |
                 (perms[2] == 'x' ? (unsigned)HM_OS_EXEC : 0);
    line->shared = perms[3] == 's';
    return strchr(text, '\n') + 1;
}

static bool is_found(uintptr_t address, const struct hm_os_mapping *expected)
{
    struct hm_os_mapping mapping;

    return find_both(address, &mapping) == 0 && same(&mapping, expected);
}

/* A mapping that the kernel shows as one may be two: the rest of an image, and what lies behind. */
static bool line_is_found(const struct line *line)
{
    uintptr_t at = line->start;

    while (at < line->end) {
        struct hm_os_mapping mapping;
        if (find_both(at, &mapping) != 0 || mapping.start != at || mapping.end > line->end ||
            mapping.prot != line->prot || mapping.shared != line->shared ||
            mapping.allocation > at || (line->inode == 0 && mapping.kind == HM_OS_FILE) ||
            !is_found(mapping.end - 1, &mapping) ||
            !is_found(mapping.start + (mapping.end - mapping.start) / 2, &mapping))
            return false;
        at = mapping.end;
    }
    return at == line->end;
}

/* A gap ends where the next mapping starts. */
static bool gap_is_found(uintptr_t start, uintptr_t end)
{
    struct hm_os_mapping first;
    struct hm_os_mapping last;

    return start == end || (find_both(start, &first) == 0 && first.start == end &&
                            find_both(end - 1, &last) == 0 && last.start == end);
}

/* The start of the line where the library tells something else than the kernel's text, or NULL. */
static const char *first_difference(const char *text)
{
    struct hm_os_mapping mapping;
    uintptr_t previous = 0;
    const char *here = text;
    struct line line;

    while ((text = next_line(here, &line)) != NULL && line.start < os->highest_address) {
        if (!line_is_found(&line) || !gap_is_found(previous, line.start))
            return here;
        previous = line.end;
        here = text;
    }
    if (os->find_mapping(previous, &mapping) != ENOENT || find_both(previous, &mapping) != ENOENT)
        return here;
    return NULL;
}

/* Compares all there is. What is part of the process besides this test may map and unmap memory
 * between the reading of the text and the questions, so it gets some chances. */
static void compare_all(void)
{
    const char *difference = NULL;

    for (int attempt = 0; attempt < 5; attempt++) {
        difference = first_difference(read_maps());
        if (difference == NULL)
            return;
    }
    ck_abort_msg("different at %.120s", difference);
}

START_TEST(every_mapping_of_this_process_is_found)
{
    struct hm_os_mapping mapping;

    compare_all();
    ck_assert_int_eq(os->find_mapping(os->highest_address + 1, &mapping), ENOENT);
    ck_assert_int_eq(os->find_mapping(UINTPTR_MAX, &mapping), ENOENT);
}
END_TEST

START_TEST(a_walk_meets_everything_in_order)
{
    struct hm_os_mapping mapping;
    uintptr_t at = 0;
    bool stack = false;
    bool code = false;

    if (_i)
        hm_os_disable(HM_OS_FACILITY_MAPPING_QUERY);
    while (os->find_mapping(at, &mapping) == 0) {
        ck_assert_uint_ge(mapping.start, at);
        ck_assert_uint_gt(mapping.end, mapping.start);
        ck_assert_uint_le(mapping.end - 1, os->highest_address);
        stack = stack || mapping.kind == HM_OS_STACK;
        code = code || (mapping.kind == HM_OS_IMAGE && (mapping.prot & HM_OS_EXEC) != 0);
        at = mapping.end;
    }
    ck_assert(stack && code);
}
END_TEST

START_TEST(odd_names_do_not_confuse)
{
    static const char *const names[] = {
        "with space",     "new\nline",  "tab\tand\\backslash",
        "gone (deleted)", "[stack]",    "[vdso]",
        " [heap]",        "-p 0:0 0 x", "\n\n7f000000-7f001000 rwxp 00000000 00:00 0 [stack]\n",
    };
    size_t count = sizeof(names) / sizeof(names[0]);

    for (size_t i = 0; i < count; i++) {
        int fd = make_file(scratch_path(names[i]), 4 * page);
        unsigned char *keeps = map_file(NULL, page, PROT_READ, MAP_PRIVATE, fd, page);
        unsigned char *gone = map_file(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (i % 2 == 0)
            unlink(scratch_path(names[i]));
        assert_kind(keeps, HM_OS_FILE, false);
        assert_kind(gone, HM_OS_FILE, true);
        int memory = make_memory_file(names[i], page);
        assert_kind(map_file(NULL, page, PROT_READ, MAP_SHARED, memory, 0), HM_OS_FILE, true);
    }
    compare_all();
    for (size_t i = 0; i < count; i++)
        unlink(scratch_path(names[i]));
}
END_TEST

START_TEST(long_names_do_not_confuse)
{
    enum { DEPTH = 12 };
    char part[201];
    char path[PATH_MAX];

    memset(part, 'n', sizeof(part) - 1);
    part[sizeof(part) - 1] = '\0';
    snprintf(path, sizeof(path), "%s", scratch_path("deep"));
    ck_assert_int_eq(mkdir(path, 0700), 0);
    for (int i = 0; i < DEPTH; i++) {
        size_t length = strlen(path);
        snprintf(path + length, sizeof(path) - length, "/%s", part);
        if (i < DEPTH - 1)
            ck_assert_int_eq(mkdir(path, 0700), 0);
    }
    int fd = make_file(path, page);
    unsigned char *file = map_file(NULL, page, PROT_READ, MAP_PRIVATE, fd, 0);
    assert_kind(file, HM_OS_FILE, false);
    compare_all();
    unlink(path);
    assert_kind(file, HM_OS_FILE, false);
    for (int i = 0; i < DEPTH; i++) {
        *strrchr(path, '/') = '\0';
        rmdir(path);
    }
}
END_TEST

START_TEST(kinds_of_memory_are_told_apart)
{
    int fd = make_memory_file("kinds", 4 * page);
    int zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
    int rwx = PROT_READ | PROT_WRITE | PROT_EXEC;
    int on_stack = 0;

    assert_kind(map_file(NULL, page, PROT_READ, MAP_PRIVATE, fd, 0), HM_OS_FILE, false);
    assert_kind(map_file(NULL, page, PROT_READ, MAP_SHARED, fd, 0), HM_OS_FILE, true);
    /* A code generator's second view of its memory is no image. */
    assert_kind(map_file(NULL, page, rwx, MAP_SHARED, fd, 0), HM_OS_FILE, true);
    assert_kind(map_file(NULL, page, rwx, MAP_SHARED, zero, 0), HM_OS_FILE, true);
    assert_kind(map_file(NULL, page, rwx, MAP_SHARED | MAP_ANONYMOUS, -1, 0), HM_OS_FILE, true);
    assert_kind(map_file(NULL, page, rwx, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), HM_OS_ANONYMOUS,
                false);
    assert_kind(map_file(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                HM_OS_ANONYMOUS, false);
    assert_kind(pointer(reserve(page)), HM_OS_ANONYMOUS, false);
    void *heap = malloc(16);
    assert_kind(heap, HM_OS_ANONYMOUS, false);
    free(heap);
    assert_kind(&on_stack, HM_OS_STACK, false);
    int id = shmget(IPC_PRIVATE, page, IPC_CREAT | 0600);
    if (id >= 0) {
        void *shared = shmat(id, NULL, 0);
        shmctl(id, IPC_RMID, NULL);
        ck_assert_ptr_ne(shared, pointer(UINTPTR_MAX));
        assert_kind(shared, HM_OS_FILE, true);
    }
    const void *vdso = pointer(getauxval(AT_SYSINFO_EHDR));
    if (vdso != NULL)
        assert_kind(vdso, HM_OS_IMAGE, false);
}
END_TEST

START_TEST(names_given_to_anonymous_memory_change_nothing)
{
    static const char *const names[] = {
        "stack", "vdso",
        "a name of seventy-nine characters, which is the longest that the kernel accepts"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        unsigned char *memory =
            map_file(NULL, 3 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        (void)prctl(0x53564d61, 0, memory + page, page, names[i]);
        assert_kind(memory + page, HM_OS_ANONYMOUS, false);
    }
    compare_all();
}
END_TEST

START_TEST(huge_pages_are_anonymous)
{
    size_t size = 2 * MIB;
    void *huge = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, -1, 0);

    if (huge == MAP_FAILED)
        return;
    assert_kind(huge, HM_OS_ANONYMOUS, false);
}
END_TEST

static void *look_at_own_stack(void *unused)
{
    int here = 0;

    (void)unused;
    struct hm_os_mapping mapping = found_both((uintptr_t)&here);
    ck_assert_int_eq(mapping.kind, HM_OS_ANONYMOUS);
    ck_assert_uint_eq(mapping.prot, RW);
    struct hm_os_mapping guard = found_both(mapping.start - 1);
    ck_assert_uint_eq(guard.end, mapping.start);
    ck_assert_uint_eq(guard.prot, HM_OS_NONE);
    return NULL;
}

START_TEST(stacks_of_threads_are_found)
{
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, look_at_own_stack, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

/* --- Images. --- */

static char uninitialised[256 * KIB];
static char initialised[256 * KIB] = {1};

/* Every page that the loader says it loaded is part of an image that starts where it says. */
static int check_image(struct dl_phdr_info *info, size_t size, void *count)
{
    uintptr_t lowest = UINTPTR_MAX;

    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type == PT_LOAD && info->dlpi_phdr[i].p_vaddr < lowest)
            lowest = info->dlpi_phdr[i].p_vaddr;
    }
    uintptr_t base = (info->dlpi_addr + lowest) / page * page;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + header->p_vaddr;
        if (header->p_type != PT_LOAD)
            continue;
        for (uintptr_t at = start / page * page; at < start + header->p_memsz;) {
            struct hm_os_mapping mapping = found_both(at);
            ck_assert_uint_le(mapping.start, at);
            ck_assert_int_eq(mapping.kind, HM_OS_IMAGE);
            ck_assert_uint_eq(mapping.allocation, base);
            at = mapping.end;
        }
    }
    ++*(int *)count;
    return 0;
}

START_TEST(images_are_what_the_loader_says)
{
    int count = 0;

    dl_iterate_phdr(check_image, &count);
    ck_assert_int_gt(count, 2);
    assert_kind(uninitialised, HM_OS_IMAGE, false);
    assert_kind(uninitialised + sizeof(uninitialised) - 1, HM_OS_IMAGE, false);
    assert_kind(initialised, HM_OS_IMAGE, false);
    uintptr_t code = (uintptr_t)check_image;
    ck_assert_uint_eq(found_both(code).allocation, found_both((uintptr_t)uninitialised).allocation);
    uintptr_t in_libc = (uintptr_t)stdout;
    assert_kind(stdout, HM_OS_IMAGE, false);
    ck_assert_uint_ne(found_both(in_libc).allocation, found_both(code).allocation);
}
END_TEST

START_TEST(an_image_stays_one_when_its_parts_are_protected)
{
    uintptr_t middle = ((uintptr_t)initialised + sizeof(initialised) / 2) / page * page;
    uintptr_t allocation = found_both(middle).allocation;

    ck_assert_int_eq(os->protect(middle, page, HM_OS_READ), 0);
    ck_assert_uint_eq(found_both(middle).start, middle);
    ck_assert_uint_eq(found_both(middle).allocation, allocation);
    ck_assert_uint_eq(found_both(middle + page).allocation, allocation);
    ck_assert_int_eq(os->protect(middle, page, HM_OS_NONE), 0);
    ck_assert_uint_eq(found_both(middle).allocation, allocation);
    assert_kind(pointer(middle), HM_OS_IMAGE, false);
    assert_kind(pointer(middle + page), HM_OS_IMAGE, false);
    ck_assert_int_eq(os->protect(middle, page, RW), 0);
}
END_TEST

/* A file that begins like an image of these segments. */
static int make_image(size_t size, const ElfW(Phdr) * segments, size_t count)
{
    int fd = make_memory_file("image", size);
    ElfW(Ehdr) header = {
        .e_type = ET_DYN,
        .e_phoff = sizeof(header),
        .e_phentsize = sizeof(segments[0]),
        .e_phnum = (ElfW(Half))count,
    };

    memcpy(header.e_ident, ELFMAG, SELFMAG);
    ck_assert_int_eq((int)pwrite(fd, &header, sizeof(header), 0), (int)sizeof(header));
    ck_assert_int_eq((int)pwrite(fd, segments, count * sizeof(segments[0]), (off_t)sizeof(header)),
                     (int)(count * sizeof(segments[0])));
    return fd;
}

static void assert_part(uintptr_t address, enum hm_os_kind kind, uintptr_t allocation)
{
    struct hm_os_mapping mapping = found_both(address);

    ck_assert_uint_le(mapping.start, address);
    ck_assert_int_eq(mapping.kind, kind);
    ck_assert_uint_eq(mapping.allocation, allocation);
}

/* Segments with space between them, as processors with large pages make linkers leave it. */
START_TEST(an_image_may_have_gaps)
{
    int fd = make_memory_file("gaps", 8 * page);
    uintptr_t room = reserve(4 * MIB);
    uintptr_t code = room + 64 * KIB;
    uintptr_t data = code + 256 * KIB;
    uintptr_t second = room + 3 * MIB;

    ck_assert_int_eq(os->release(room, 4 * MIB), 0);
    map_file(pointer(room), 2 * page, PROT_READ, MAP_PRIVATE, fd, 0);
    map_file(pointer(code), 2 * page, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 2 * page);
    map_file(pointer(data), page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 3 * page);
    assert_part(room, HM_OS_IMAGE, room);
    assert_part(code, HM_OS_IMAGE, room);
    assert_part(data, HM_OS_IMAGE, room);
    ck_assert_uint_eq(found_both(room + 2 * page).start, code);

    /* Too far away, without code of its own, or behind somebody else's: not part of it. */
    map_file(pointer(second), page, PROT_READ, MAP_PRIVATE, fd, 3 * page);
    assert_part(second, HM_OS_FILE, second);
    int other = make_memory_file("other", page);
    map_file(pointer(code + 2 * page), page, PROT_READ, MAP_PRIVATE, other, 0);
    assert_part(data, HM_OS_FILE, data);
    assert_part(code, HM_OS_IMAGE, room);
}
END_TEST

START_TEST(two_copies_of_an_image_are_two)
{
    int fd = make_memory_file("twice", 8 * page);
    uintptr_t room = reserve(16 * page);

    for (uintptr_t copy = room; copy < room + 16 * page; copy += 8 * page) {
        map_file(pointer(copy), 2 * page, PROT_READ, MAP_PRIVATE, fd, 0);
        map_file(pointer(copy + 2 * page), page, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 2 * page);
        map_file(pointer(copy + 3 * page), 3 * page, PROT_NONE, MAP_PRIVATE, fd, 3 * page);
        map_file(pointer(copy + 6 * page), 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd,
                 2 * page);
    }
    for (size_t i = 0; i < 8; i++) {
        assert_part(room + i * page, HM_OS_IMAGE, room);
        assert_part(room + (8 + i) * page, HM_OS_IMAGE, room + 8 * page);
    }
}
END_TEST

/* Behind the data lie two pages that the image's headers ask for, then memory of somebody else that
 * the kernel cannot tell from them. */
START_TEST(an_image_ends_where_its_headers_say)
{
    ElfW(Phdr) segments[] = {
        {.p_type = PT_LOAD, .p_memsz = 2 * page, .p_filesz = 2 * page},
        {.p_type = PT_NOTE, .p_vaddr = 99 * page, .p_memsz = page},
        {.p_type = PT_LOAD, .p_vaddr = 2 * page, .p_memsz = 2 * page + 100, .p_filesz = page},
    };
    int fd = make_image(8 * page, segments, 3);
    uintptr_t room = reserve(16 * page);

    map_file(pointer(room), page, PROT_READ, MAP_PRIVATE, fd, 0);
    map_file(pointer(room + page), page, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, page);
    map_file(pointer(room + 2 * page), page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 2 * page);
    ck_assert_int_eq(os->protect(room + 3 * page, 5 * page, RW), 0);

    struct hm_os_mapping rest = found_both(room + 3 * page);
    assert_part(room + 4 * page, HM_OS_IMAGE, room);
    ck_assert_uint_eq(rest.start, room + 3 * page);
    ck_assert_uint_eq(rest.end, room + 5 * page);
    assert_part(room + 5 * page, HM_OS_ANONYMOUS, room + 5 * page);
    ck_assert_uint_eq(found_both(room + 7 * page).start, room + 5 * page);
    ck_assert_uint_eq(found_both(room + 7 * page).end, room + 8 * page);

    /* What is read-only by now was the image's all the same; what is nobody's is not. */
    ck_assert_int_eq(os->protect(room + 3 * page, page, HM_OS_READ), 0);
    assert_part(room + 3 * page, HM_OS_IMAGE, room);
    ck_assert_int_eq(os->protect(room + 3 * page, 13 * page, HM_OS_NONE), 0);
    assert_part(room + 3 * page, HM_OS_ANONYMOUS, room + 3 * page);
}
END_TEST

START_TEST(headers_that_lie_do_no_harm)
{
    ElfW(Phdr) segments[] = {
        {.p_type = PT_LOAD, .p_memsz = (ElfW(Word)) - 1},
        {.p_type = PT_LOAD, .p_vaddr = UINTPTR_MAX - 10, .p_memsz = 100},
        {.p_type = PT_LOAD, .p_vaddr = 100, .p_memsz = UINTPTR_MAX / 2},
    };
    uintptr_t room = reserve(16 * page);

    for (size_t count = 0; count <= 200; count++) {
        int fd = make_image(4 * page, segments, count <= 3 ? count : 1);
        uint16_t told = (uint16_t)count;
        size_t offset = offsetof(ElfW(Ehdr), e_phnum);
        ck_assert_int_eq((int)pwrite(fd, &told, sizeof(told), (off_t)offset), (int)sizeof(told));
        map_file(pointer(room), page, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
        map_file(pointer(room + page), page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, page);
        ck_assert_int_eq(os->protect(room + 2 * page, 2 * page, RW), 0);
        found_both(room + 2 * page);
        found_both(room + 3 * page);
        close(fd);
    }
}
END_TEST

/* --- Where the open file may go wrong. --- */

static int kept_file(void)
{
    mapping_at((uintptr_t)&os);
    int fd = hm_linux_maps_file_kept();
    ck_assert_int_ge(fd, 0);
    return fd;
}

START_TEST(the_kept_file_may_be_closed_or_another)
{
    uintptr_t base = reserve(page);
    int pipes[2];
    int others[] = {open("/dev/null", O_RDWR),
                    open("/proc/self/exe", O_RDONLY),
                    open("/proc/self/status", O_RDONLY),
                    open("/dev/zero", O_RDWR),
                    -1,
                    -1};

    ck_assert_int_eq(pipe(pipes), 0);
    others[4] = pipes[0];
    others[5] = pipes[1];
    for (size_t i = 0; i <= sizeof(others) / sizeof(others[0]); i++) {
        int fd = kept_file();
        struct stat before;
        struct stat after;
        if (i == 0) {
            close(fd);
        } else {
            ck_assert_int_eq(dup2(others[i - 1], fd), fd);
            ck_assert_int_eq(fstat(fd, &before), 0);
        }
        ck_assert_uint_eq(mapping_at(base).start, found_both(base).start);
        compare_all();
        if (i > 0) {
            ck_assert_int_eq(fstat(fd, &after), 0);
            ck_assert_uint_eq(before.st_ino, after.st_ino);
            ck_assert_uint_eq(before.st_dev, after.st_dev);
        }
    }
    ck_assert_uint_eq(os->facilities() & HM_OS_FACILITY_MAPPING_QUERY,
                      HM_OS_FACILITY_MAPPING_QUERY);
}
END_TEST

static int count_files(void)
{
    int count = 0;

    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

START_TEST(queries_leak_no_files)
{
    struct hm_os_mapping mapping;

    kept_file();
    int before = count_files();
    for (int i = 0; i < 100; i++) {
        (void)hm_linux_find_by_query((uintptr_t)&os, &mapping);
        (void)hm_linux_find_by_parsing((uintptr_t)&os, &mapping);
        close(kept_file());
    }
    mapping_at((uintptr_t)&os);
    ck_assert_int_eq(count_files(), before);
    ck_assert_int_eq(fcntl(kept_file(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}
END_TEST

START_TEST(no_more_files_can_be_opened)
{
    uintptr_t base = reserve(page);
    struct hm_os_mapping mapping;

    kept_file();
    use_up_files();
    ck_assert_uint_le(mapping_at(base).start, base);
    found_both((uintptr_t)check_image);
    hm_os_disable(HM_OS_FACILITY_MAPPING_QUERY);
    ck_assert_uint_le(mapping_at(base).start, base);

    /* Without any file the kernel cannot be asked. */
    close(hm_linux_maps_file_kept());
    ck_assert_int_eq(os->find_mapping(base, &mapping), EMFILE);
    allow_files();
}
END_TEST

START_TEST(a_file_that_took_the_number_is_not_read)
{
    struct hm_os_mapping mapping;
    int fd = kept_file();
    int pipes[2];
    char c = 0;

    ck_assert_int_eq(pipe(pipes), 0);
    ck_assert_int_eq((int)write(pipes[1], "x", 1), 1);
    ck_assert_int_eq(dup2(pipes[0], fd), fd);
    use_up_files();
    ck_assert_int_eq(os->find_mapping((uintptr_t)&os, &mapping), EMFILE);
    ck_assert_int_eq((int)read(fd, &c, 1), 1);
    ck_assert_int_eq(c, 'x');
    allow_files();
}
END_TEST

/* --- fork. --- */

/* In the child: its own mappings, not the parent's. 0 if so. */
static int look_in_child(uintptr_t released_here, uintptr_t kept)
{
    struct hm_os_mapping mapping;

    if (os->release(released_here, page) != 0)
        return 1;
    uintptr_t fresh;
    if (os->reserve(0, 64 * page, &fresh) != 0 || os->protect(fresh, page, RW) != 0)
        return 2;
    if (os->find_mapping(released_here, &mapping) != 0 || mapping.start <= released_here)
        return 3;
    if (os->find_mapping(fresh, &mapping) != 0 || mapping.start > fresh || mapping.prot != RW)
        return 4;
    if (os->find_mapping(kept, &mapping) != 0 || mapping.start > kept || mapping.prot != RW)
        return 5;
    return 0;
}

START_TEST(a_child_sees_its_own_mappings)
{
    uintptr_t base = reserve(8 * page);

    ck_assert_int_eq(os->protect(base + 4 * page, page, RW), 0);
    kept_file();
    if (_i)
        hm_os_disable(HM_OS_FACILITY_MAPPING_QUERY);
    pid_t child = fork();
    if (child == 0) {
        int result = look_in_child(base + page, base + 4 * page);
        pid_t grandchild = result == 0 ? fork() : -1;
        if (grandchild == 0)
            _exit(look_in_child(base + 6 * page, base + 4 * page));
        int status = 0;
        if (grandchild > 0 && waitpid(grandchild, &status, 0) == grandchild && status != 0)
            result = 100 + WEXITSTATUS(status);
        _exit(result);
    }
    ck_assert_int_eq(wait_for(child), 0);
    ck_assert(is_mapped(base + page));
    ck_assert_uint_eq(prot_at(base + 4 * page), RW);
    compare_all();
}
END_TEST

/* --- Signals and threads. --- */

static uintptr_t target;
static atomic_int handler_failures;
static atomic_int handler_runs;

static void query_in_handler(int number)
{
    struct hm_os_mapping mapping;

    (void)number;
    if (hm_os_backend()->find_mapping(target, &mapping) != 0 || mapping.start != target ||
        mapping.end != target + page || mapping.prot != HM_OS_READ)
        atomic_fetch_add(&handler_failures, 1);
    atomic_fetch_add(&handler_runs, 1);
}

/* A page that differs from its neighbours. */
static uintptr_t make_target(void)
{
    uintptr_t base = reserve(3 * page);

    ck_assert_int_eq(os->protect(base + page, page, HM_OS_READ), 0);
    return base + page;
}

START_TEST(handlers_may_ask_at_any_time)
{
    suseconds_t pause = _i ? 1000 : 50; /* a handler takes some of it */
    struct itimerval often = {.it_interval = {.tv_usec = pause}, .it_value = {.tv_usec = pause}};
    struct itimerval never = {.it_value = {0}};

    target = make_target();
    if (_i)
        hm_os_disable(HM_OS_FACILITY_MAPPING_QUERY);
    struct sigaction action = {.sa_handler = query_in_handler, .sa_flags = SA_RESTART};
    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
    for (int i = 0; i < (_i ? 300 : 3000) || atomic_load(&handler_runs) < 100; i++) {
        struct hm_os_mapping mapping;
        ck_assert_int_eq(os->find_mapping((uintptr_t)check_image, &mapping), 0);
        if (i % 100 == 0 && _i == 0)
            close(hm_linux_maps_file_kept());
    }
    ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
    ck_assert_int_eq(atomic_load(&handler_failures), 0);
}
END_TEST

static atomic_bool stop;

static void *change_mappings(void *unused)
{
    (void)unused;
    while (!atomic_load(&stop)) {
        uintptr_t base;
        if (os->reserve(0, 8 * page, &base) != 0)
            abort();
        if (os->protect(base + page, 2 * page, RW) != 0 || os->decommit(base, 4 * page) != 0 ||
            os->release(base, 8 * page) != 0)
            abort();
    }
    return NULL;
}

START_TEST(others_change_mappings_meanwhile)
{
    pthread_t threads[2];

    target = make_target();
    if (_i)
        hm_os_disable(HM_OS_FACILITY_MAPPING_QUERY);
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, change_mappings, NULL), 0);
    for (int i = 0; i < (_i ? 500 : 20000); i++) {
        struct hm_os_mapping mapping = mapping_at(target);
        ck_assert_uint_eq(mapping.start, target);
        ck_assert_uint_eq(mapping.end, target + page);
        ck_assert_uint_eq(mapping.prot, HM_OS_READ);
    }
    atomic_store(&stop, true);
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}
END_TEST

/* --- The simulation. --- */

static void simulate(const struct hm_sim_config *config)
{
    hm_sim_install(config);
    setup();
    ck_assert_str_eq(os->name, "sim");
}

START_TEST(sim_passes_everything_through)
{
    simulate(NULL);
    ck_assert_uint_eq(page, (size_t)sysconf(_SC_PAGESIZE));
    errno = STRANGE_ERRNO;
    use_everything();
    ck_assert_int_eq(errno, STRANGE_ERRNO);
    ck_assert_uint_gt(hm_sim_calls(HM_SIM_ALL), 15);
    ck_assert_uint_eq(hm_sim_calls(HM_SIM_RESERVE), 3);
    ck_assert_uint_eq(hm_sim_calls(HM_SIM_DECOMMIT | HM_SIM_META_MAP), 3);
    ck_assert_uint_eq(hm_sim_fired(), 0);
    hm_sim_remove();
    ck_assert_str_ne(hm_os_backend()->name, "sim");
}
END_TEST

START_TEST(sim_fails_the_nth_call)
{
    uintptr_t base;
    void *meta;

    simulate(NULL);
    base = reserve_and_commit(4 * page);
    bytes(base)[0] = 9;
    hm_sim_fail_at(HM_SIM_PROTECT | HM_SIM_DECOMMIT, 3, EAGAIN);
    ck_assert_int_eq(os->protect(base, page, HM_OS_READ), 0);
    ck_assert_int_eq(os->meta_map(page, &meta), 0);
    ck_assert_int_eq(os->protect(base, page, RW), 0);
    ck_assert_uint_eq(hm_sim_fired(), 0);
    ck_assert_int_eq(os->decommit(base, 4 * page), EAGAIN);
    ck_assert_uint_eq(hm_sim_fired(), 1);
    ck_assert_uint_eq(prot_at(base), RW);
    ck_assert_int_eq(bytes(base)[0], 9);
    ck_assert_int_eq(os->decommit(base, 4 * page), 0);
    ck_assert_uint_eq(hm_sim_fired(), 1);
    ck_assert_uint_eq(hm_sim_calls(HM_SIM_PROTECT | HM_SIM_DECOMMIT), 4);
}
END_TEST

START_TEST(sim_fails_for_good)
{
    uintptr_t got;

    simulate(NULL);
    hm_sim_fail_from(HM_SIM_RESERVE, 2, ENOMEM);
    reserve(page);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(os->reserve(0, page, &got), ENOMEM);
    ck_assert_uint_eq(hm_sim_fired(), 3);
    ck_assert_int_eq(os->reserve_hint(0, page, &got), 0);
    hm_sim_fail_at(HM_SIM_RESERVE, 0, ENOMEM);
    reserve(page);
}
END_TEST

START_TEST(sim_failures_leave_things_unchanged)
{
    struct hm_os_mapping mapping;
    struct hm_os_load load;
    uintptr_t got = 1;
    void *meta = &got;

    simulate(NULL);
    uintptr_t base = reserve(4 * page);
    hm_sim_fail_from(HM_SIM_CAN_FAIL, 1, ENFILE);
    ck_assert_int_eq(os->release(base, 4 * page), ENFILE);
    ck_assert_int_eq(os->reserve(0, page, &got), ENFILE);
    ck_assert_int_eq(os->reserve_hint(base, page, &got), ENFILE);
    ck_assert_int_eq(os->protect(base, 4 * page, RW), ENFILE);
    ck_assert_int_eq(os->find_mapping(base, &mapping), ENFILE);
    ck_assert_int_eq(os->load(&load), ENFILE);
    ck_assert_int_eq(os->meta_map(page, &meta), ENFILE);
    ck_assert_int_eq(os->on_fork(on_prepare, on_parent, on_child), ENFILE);
    ck_assert_uint_eq(hm_sim_fired(), 8);
    ck_assert_uint_eq(got, 1);
    ck_assert_ptr_eq(meta, &got);
    hm_sim_fail_at(0, 0, 0);
    ck_assert_uint_eq(prot_at(base), HM_OS_NONE);
    ck_assert_uint_eq(hm_sim_reserved(), 4 * page);
}
END_TEST

START_TEST(sim_fails_halfway)
{
    simulate(&(struct hm_sim_config){.partial = true});
    uintptr_t base = reserve_and_commit(4 * page);

    memset(pointer(base), 5, 4 * page);
    hm_sim_fail_at(HM_SIM_PROTECT, 1, ENOMEM);
    ck_assert_int_eq(os->protect(base, 4 * page, HM_OS_READ), ENOMEM);
    ck_assert_uint_eq(prot_at(base), HM_OS_READ);
    ck_assert_uint_eq(prot_at(base + page), HM_OS_READ);
    ck_assert_uint_eq(prot_at(base + 2 * page), RW);
    hm_sim_fail_at(HM_SIM_DECOMMIT, 1, ENOMEM);
    ck_assert_int_eq(os->decommit(base, 4 * page), ENOMEM);
    ck_assert_uint_eq(prot_at(base), HM_OS_NONE);
    ck_assert_uint_eq(prot_at(base + 3 * page), HM_OS_NONE);
    ck_assert_int_eq(os->protect(base, 4 * page, RW), 0);
    ck_assert(all_bytes_are(base, 4 * page, 5));
}
END_TEST

static const size_t page_sizes[] = {4 * KIB, 16 * KIB, 64 * KIB};

START_TEST(sim_pages_are_as_large_as_asked)
{
    uintptr_t got;

    simulate(&(struct hm_sim_config){.page_size = page_sizes[_i]});
    ck_assert_uint_eq(page, page_sizes[_i]);
    ck_assert_uint_eq((os->highest_address + 1) % page, 0);
    ck_assert_uint_eq(os->lowest_address % page, 0);
    ck_assert_uint_eq(os->stack_growth % page, 0);
    for (size_t i = 1; i < 20; i++) {
        /* Throws the host's own choice out of step. */
        void *odd = mmap(NULL, 4 * KIB * i, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        void *meta;
        ck_assert_ptr_ne(odd, MAP_FAILED);
        uintptr_t base = reserve(i * page);
        ck_assert_uint_eq(base % page, 0);
        ck_assert_int_eq(os->reserve_hint(base - 4 * page, page, &got), 0);
        ck_assert_uint_eq(got % page, 0);
        ck_assert_int_eq(os->meta_map(i * page, &meta), 0);
        ck_assert_uint_eq((uintptr_t)meta % page, 0);
        memset(meta, 1, i * page);
        os->meta_discard(meta, page);
        ck_assert(all_bytes_are((uintptr_t)meta, page, 0));
        os->meta_unmap(meta, i * page);
        ck_assert_int_eq(os->protect(base, i * page, RW), 0);
        memset(pointer(base), 1, i * page);
        ck_assert_uint_ge(mapping_at(base).end, base + i * page);
        ck_assert_int_eq(os->decommit(base, i * page), 0);
        ck_assert_int_eq(os->release(base, i * page), 0);
        ck_assert_int_eq(os->reserve(base, i * page, &got), 0);
        ck_assert_uint_eq(got, base);
        ck_assert_int_eq(os->reserve(base, page, &got), EEXIST);
    }
}
END_TEST

START_TEST(sim_walks_in_large_pages)
{
    struct hm_os_mapping mapping;
    struct hm_os_mapping inside;
    uintptr_t at = 0;
    size_t count = 0;

    simulate(&(struct hm_sim_config){.page_size = page_sizes[_i]});
    while (os->find_mapping(at, &mapping) == 0) {
        ck_assert_uint_eq(mapping.start % page, 0);
        ck_assert_uint_eq(mapping.end % page, 0);
        ck_assert_uint_eq(mapping.allocation % page, 0);
        ck_assert_uint_ge(mapping.start, at);
        ck_assert_uint_le(mapping.end - 1, os->highest_address);
        ck_assert_int_eq(os->find_mapping(mapping.end - 1, &inside), 0);
        ck_assert_uint_eq(inside.start, mapping.start);
        ck_assert_uint_eq(inside.end, mapping.end);
        at = mapping.end;
        count++;
    }
    ck_assert_uint_gt(count, 5);
    ck_assert_uint_gt(at, (uintptr_t)&count);
}
END_TEST

static void break_rule(int rule)
{
    uintptr_t base = reserve(4 * page);
    uintptr_t got;

    if (rule == 0)
        (void)os->protect(base + 1, page, RW);
    else if (rule == 1)
        (void)os->protect(base, page + 1, RW);
    else if (rule == 2)
        (void)os->decommit(base, 0);
    else if (rule == 3)
        (void)os->release(base, SIZE_MAX / page * page);
    else if (rule == 4)
        (void)os->reserve(base + page / 2, page, &got);
    else if (rule == 5)
        (void)os->protect(base, page, 8);
    else if (rule == 6)
        os->meta_unmap(NULL, page);
}

START_TEST(sim_ends_who_breaks_a_rule)
{
    simulate(&(struct hm_sim_config){.page_size = 64 * KIB});
    ck_assert(freopen("/dev/null", "w", stderr) != NULL);
    break_rule(_i);
}
END_TEST

START_TEST(sim_limits_mappings)
{
    uintptr_t got;
    int taken = 0;

    simulate(NULL);
    uintptr_t base = reserve(16 * page);
    hm_sim_set_limits(3, 0);
    ck_assert_int_eq(os->protect(base, 16 * page, RW), 0); /* cuts nothing */
    ck_assert_int_eq(os->protect(base + page, page, HM_OS_READ), 0);
    ck_assert_int_eq(os->protect(base + 4 * page, page, HM_OS_READ), ENOMEM);
    ck_assert_uint_eq(prot_at(base + 4 * page), RW);
    ck_assert_int_eq(os->protect(base + 15 * page, page, HM_OS_READ), 0);
    ck_assert_int_eq(os->release(base + 5 * page, page), ENOMEM);
    ck_assert_int_eq(os->decommit(base + 5 * page, page), ENOMEM);
    ck_assert_int_eq(os->reserve(0, page, &got), ENOMEM);
    ck_assert_int_eq(os->protect(base, 16 * page, HM_OS_NONE), 0); /* makes room */
    while (os->reserve(0, 16 * page, &got) == 0 && taken < 10) {
        ck_assert_int_eq(os->protect(got, 16 * page, (taken++ & 1) ? RW : HM_OS_READ), 0);
    }
    ck_assert_int_le(taken, 4);
    ck_assert_int_eq(os->release(base, 16 * page), 0);
}
END_TEST

START_TEST(sim_limits_address_space)
{
    struct hm_os_load load;
    uintptr_t got;

    simulate(&(struct hm_sim_config){.address_space = 64 * page});
    uintptr_t base = reserve(60 * page);
    ck_assert_int_eq(os->reserve(0, 5 * page, &got), ENOMEM);
    ck_assert_int_eq(os->reserve_hint(0, 5 * page, &got), ENOMEM);
    reserve(4 * page);
    ck_assert_uint_eq(hm_sim_reserved(), 64 * page);
    ck_assert_int_eq(os->load(&load), 0);
    ck_assert_uint_eq(load.address_limit, 64 * page);
    ck_assert_uint_eq(load.address_used, 64 * page);
    ck_assert_int_eq(os->release(base, 5 * page), 0);
    reserve(5 * page);
    ck_assert_int_eq(os->reserve(0, SIZE_MAX / page * page, &got), ENOMEM);
}
END_TEST

START_TEST(sim_says_any_load)
{
    struct hm_os_load load;

    simulate(&(struct hm_sim_config){.physical_total = 1000, .physical_available = 100});
    ck_assert_int_eq(os->load(&load), 0);
    ck_assert_uint_eq(load.physical_total, 1000);
    ck_assert_uint_eq(load.physical_available, 100);
    hm_sim_set_load(2000, 0);
    ck_assert_int_eq(os->load(&load), 0);
    ck_assert_uint_eq(load.physical_total, 2000);
    ck_assert_uint_eq(load.physical_available, 0);
}
END_TEST

struct seen {
    struct hm_sim_call calls[8];
    size_t count;
};

static void remember(const struct hm_sim_call *call, void *context)
{
    struct seen *seen = context;
    struct hm_os_mapping mapping;

    if (seen->count < 8)
        seen->calls[seen->count++] = *call;
    (void)os->find_mapping(call->address, &mapping); /* not reported, or this would not end */
    errno = EDOM;
}

START_TEST(sim_calls_the_hook)
{
    struct seen seen = {.count = 0};

    simulate(&(struct hm_sim_config){.hook = remember, .context = &seen});
    hm_sim_fail_at(HM_SIM_PROTECT, 1, EIO);
    errno = STRANGE_ERRNO;
    uintptr_t base = reserve(2 * page);
    ck_assert_int_eq(os->protect(base + page, page, RW), EIO);
    os->wait_step(7);
    ck_assert_int_eq(errno, STRANGE_ERRNO);
    hm_sim_set_hook(NULL, NULL);
    reserve(page);

    ck_assert_uint_eq(seen.count, 6);
    ck_assert_uint_eq(hm_sim_calls(HM_SIM_FIND_MAPPING), 0);
    ck_assert_int_eq(seen.calls[0].primitive, HM_SIM_RESERVE);
    ck_assert_int_eq(seen.calls[0].result, HM_SIM_UNDER_WAY);
    ck_assert_uint_eq(seen.calls[0].address, 0);
    ck_assert_uint_eq(seen.calls[1].address, base);
    ck_assert_uint_eq(seen.calls[1].size, 2 * page);
    ck_assert_int_eq(seen.calls[1].result, 0);
    ck_assert_uint_eq(seen.calls[1].number, seen.calls[0].number);
    ck_assert_int_eq(seen.calls[2].primitive, HM_SIM_PROTECT);
    ck_assert_uint_eq(seen.calls[2].argument, RW);
    ck_assert_int_eq(seen.calls[3].result, EIO);
    ck_assert_uint_eq(seen.calls[3].number, seen.calls[0].number + 1);
    ck_assert_int_eq(seen.calls[4].primitive, HM_SIM_WAIT_STEP);
    ck_assert_uint_eq(seen.calls[4].argument, 7);
}
END_TEST

START_TEST(sim_keeps_a_log)
{
    struct hm_sim_call call;

    simulate(NULL);
    ck_assert(!hm_sim_log(0, &call));
    uintptr_t base = reserve(page);
    ck_assert_int_eq(os->protect(base, page, RW), 0);
    ck_assert(hm_sim_log(0, &call));
    ck_assert_int_eq(call.primitive, HM_SIM_PROTECT);
    ck_assert(hm_sim_log(1, &call));
    ck_assert_int_eq(call.primitive, HM_SIM_RESERVE);
    ck_assert_uint_eq(call.address, base);
    ck_assert(!hm_sim_log(2, &call));
    for (unsigned i = 0; i < HM_SIM_LOG_SIZE + 10; i++)
        os->wait_step(i % 32);
    ck_assert(hm_sim_log(HM_SIM_LOG_SIZE - 1, &call));
    ck_assert_int_eq(call.primitive, HM_SIM_WAIT_STEP);
    ck_assert_uint_eq(call.argument, 10);
    ck_assert(!hm_sim_log(HM_SIM_LOG_SIZE, &call));
}
END_TEST

static void *call_often(void *unused)
{
    (void)unused;
    for (int i = 0; i < 500; i++) {
        uintptr_t base;
        if (os->reserve(0, 2 * page, &base) != 0)
            continue;
        if (os->release(base, 2 * page) != 0)
            abort();
    }
    return NULL;
}

START_TEST(sim_counts_in_many_threads)
{
    pthread_t threads[4];

    simulate(NULL);
    hm_sim_fail_at(HM_SIM_RESERVE, 777, ENOMEM);
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, call_often, NULL), 0);
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_uint_eq(hm_sim_calls(HM_SIM_RESERVE), 2000);
    ck_assert_uint_eq(hm_sim_calls(HM_SIM_RELEASE), 1999);
    ck_assert_uint_eq(hm_sim_fired(), 1);
    ck_assert_uint_eq(hm_sim_reserved(), 0);
}
END_TEST

/* --- The suite. --- */

static TCase *new_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_set_timeout(tcase, 120);
    suite_add_tcase(suite, tcase);
    return tcase;
}

static void add_facts(Suite *suite)
{
    TCase *tcase = new_case(suite, "facts");

    tcase_add_test(tcase, facts_are_plausible);
    tcase_add_test(tcase, the_highest_page_can_be_had_and_the_next_cannot);
    tcase_add_test(tcase, every_thread_gets_the_same_backend);
    tcase_add_test(tcase, facts_are_the_same_whoever_finds_them_out);
    tcase_add_test(tcase, facts_are_found_out_in_a_full_address_space);
    tcase_add_test(tcase, the_environment_switches_facilities_off);
    tcase_add_test(tcase, disabled_facilities_stay_off);
    tcase_add_test(tcase, load_is_plausible);
    tcase_add_loop_test(tcase, errno_is_left_alone, 0, 3);
}

static void add_memory(Suite *suite)
{
    TCase *tcase = new_case(suite, "memory");

    tcase_add_test(tcase, a_reservation_is_inaccessible_and_free_of_charge);
    tcase_add_loop_test(tcase, a_wanted_address_is_got_exactly, 0, 2);
    tcase_add_loop_test(tcase, a_taken_address_is_refused_and_not_harmed, 0, 2);
    tcase_add_loop_test(tcase, what_cannot_be_reserved_is_refused, 0, 2);
    tcase_add_test(tcase, the_resource_limit_is_honoured);
    tcase_add_test(tcase, a_hint_is_followed_where_it_is_free);
    tcase_add_test(tcase, parts_and_several_reservations_are_released);
    tcase_add_test(tcase, protection_changes_keep_contents);
    tcase_add_test(tcase, refused_protections_say_why);
    tcase_add_loop_test(tcase, decommit_drops_contents_and_memory, 0, 2);
    tcase_add_loop_test(tcase, decommit_of_what_never_was_committed_is_harmless, 0, 2);
    tcase_add_loop_test(tcase, decommit_unlocks_locked_pages, 0, 2);
    tcase_add_test(tcase, decommit_needs_no_file);
    tcase_add_test(tcase, a_failed_decommit_keeps_contents);
    tcase_add_test(tcase, table_memory_is_zero_and_can_be_emptied);
    tcase_add_test(tcase, locked_table_memory_can_be_emptied);
    tcase_add_test(tcase, a_full_table_of_mappings_changes_nothing);
    tcase_add_loop_test(tcase, locked_pages_are_decommitted_in_a_full_table, 0, 2);
}

static void add_threads(Suite *suite)
{
    TCase *tcase = new_case(suite, "threads");

    tcase_add_test(tcase, masked_signals_wait);
    tcase_add_test(tcase, faults_do_not_wait);
    tcase_add_test(tcase, what_was_blocked_stays_blocked);
    tcase_add_test(tcase, waiting_gets_longer_up_to_a_millisecond);
    tcase_add_test(tcase, fork_calls_everybody);
}

static void add_mappings(Suite *suite)
{
    TCase *tcase = new_case(suite, "mappings");

    tcase_add_test(tcase, every_mapping_of_this_process_is_found);
    tcase_add_loop_test(tcase, a_walk_meets_everything_in_order, 0, 2);
    tcase_add_test(tcase, odd_names_do_not_confuse);
    tcase_add_test(tcase, long_names_do_not_confuse);
    tcase_add_test(tcase, kinds_of_memory_are_told_apart);
    tcase_add_test(tcase, names_given_to_anonymous_memory_change_nothing);
    tcase_add_test(tcase, huge_pages_are_anonymous);
    tcase_add_test(tcase, stacks_of_threads_are_found);
    tcase_add_test(tcase, images_are_what_the_loader_says);
    tcase_add_test(tcase, an_image_stays_one_when_its_parts_are_protected);
    tcase_add_test(tcase, an_image_may_have_gaps);
    tcase_add_test(tcase, two_copies_of_an_image_are_two);
    tcase_add_test(tcase, an_image_ends_where_its_headers_say);
    tcase_add_test(tcase, headers_that_lie_do_no_harm);
    tcase_add_test(tcase, the_kept_file_may_be_closed_or_another);
    tcase_add_test(tcase, queries_leak_no_files);
    tcase_add_test(tcase, no_more_files_can_be_opened);
    tcase_add_test(tcase, a_file_that_took_the_number_is_not_read);
    tcase_add_loop_test(tcase, a_child_sees_its_own_mappings, 0, 2);
    tcase_add_loop_test(tcase, handlers_may_ask_at_any_time, 0, 2);
    tcase_add_loop_test(tcase, others_change_mappings_meanwhile, 0, 2);
}

static void add_simulation(Suite *suite)
{
    TCase *tcase = new_case(suite, "simulation");
    int sizes = (int)(sizeof(page_sizes) / sizeof(page_sizes[0]));

    tcase_add_test(tcase, sim_passes_everything_through);
    tcase_add_test(tcase, sim_fails_the_nth_call);
    tcase_add_test(tcase, sim_fails_for_good);
    tcase_add_test(tcase, sim_failures_leave_things_unchanged);
    tcase_add_test(tcase, sim_fails_halfway);
    tcase_add_loop_test(tcase, sim_pages_are_as_large_as_asked, 0, sizes);
    tcase_add_loop_test(tcase, sim_walks_in_large_pages, 0, sizes);
    tcase_add_loop_test_raise_signal(tcase, sim_ends_who_breaks_a_rule, SIGABRT, 0, 7);
    tcase_add_test(tcase, sim_limits_mappings);
    tcase_add_test(tcase, sim_limits_address_space);
    tcase_add_test(tcase, sim_says_any_load);
    tcase_add_test(tcase, sim_calls_the_hook);
    tcase_add_test(tcase, sim_keeps_a_log);
    tcase_add_test(tcase, sim_counts_in_many_threads);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--facilities") == 0) {
        printf("facilities %u\n", hm_os_backend()->facilities());
        return 0;
    }
    Suite *suite = suite_create("platform");
    add_facts(suite);
    add_memory(suite);
    add_threads(suite);
    add_mappings(suite);
    add_simulation(suite);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
