/*
 * How much memory is left: what control groups and resource limits say, read from trees of files
 * that were recorded or made up, and what the answer is made of.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/host.h"
#include "platform/linux/cgroup.h"
#include "platform/platform.h"
#include "policy/policy.h"
#include "space/account.h"

#define MIB (UINT64_C(1) << 20)

/* Mounts that are not the ones, the second by its source's name only. */
#define OTHER_MOUNTS                                                                               \
    "22 28 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"                                      \
    "25 28 0:5 / /dev rw shared:2 - devtmpfs cgroup2 rw,memory\n"
#define MOUNT_V2(root) "31 22 0:26 " root " /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n"
#define MOUNT_V1(root)                                                                             \
    "32 31 0:29 " root " /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"                           \
    "35 31 0:32 " root " /sys/fs/cgroup/memory rw master:9 - cgroup cgroup rw,memory\n"
#define NONE_V1 "9223372036854771712\n"

static char tree[64];

static void setup(void)
{
    strcpy(tree, "/tmp/hostmem-load-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(tree));
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static void teardown(void)
{
    ck_assert_int_eq(nftw(tree, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* Makes a file of the tree, and the folders above it. */
static void put(const char *path, const char *text)
{
    char whole[2048];
    snprintf(whole, sizeof whole, "%s%s", tree, path);
    for (char *slash = whole + strlen(tree); (slash = strchr(slash + 1, '/')) != NULL;) {
        *slash = '\0';
        ck_assert(mkdir(whole, 0700) == 0 || errno == EEXIST);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* The process's groups, and mounts behind one whose options fill more than any buffer, and end with
 * what would be a mount at the beginning of a line. */
static void put_process(const char *groups, const char *mounts)
{
    static char text[16384];
    int length = snprintf(text, sizeof text, "28 1 8:1 / / rw - overlay overlay rw,lowerdir=");
    memset(text + length, 'x', 5000);
    strcpy(text + length + 5000, " 1 0:26 / /wrong rw - cgroup2 cgroup2 rw,memory\n" OTHER_MOUNTS);
    strcat(text, mounts);
    put("/proc/self/mountinfo", text);
    put("/proc/self/cgroup", groups);
}

static void put_v2(const char *group, const char *max, const char *high, const char *current,
                   const char *inactive)
{
    char path[1024];
    char stat[256];
    snprintf(stat, sizeof stat,
             "anon 4096\nfile 8192\ninactive_anon 77\ninactive_file %s\npgfault 3\n", inactive);
    const char *const files[][2] = {{"memory.max", max},
                                    {"memory.high", high},
                                    {"memory.current", current},
                                    {"memory.stat", stat}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/%s", group, files[i][0]);
        put(path, files[i][1]);
    }
}

static void put_v1(const char *group, const char *limit, const char *above, const char *usage,
                   const char *inactive)
{
    char path[1024];
    char stat[256];
    snprintf(stat, sizeof stat,
             "cache 1\ninactive_file 5\nhierarchical_memory_limit %s\ntotal_cache 1\n"
             "total_inactive_file %s\n",
             above, inactive);
    const char *const files[][2] = {{"memory.limit_in_bytes", limit},
                                    {"memory.usage_in_bytes", usage},
                                    {"memory.use_hierarchy", "1\n"},
                                    {"memory.stat", stat}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "/sys/fs/cgroup/memory%s/%s", group, files[i][0]);
        put(path, files[i][1]);
    }
}

static void assert_limit(uint64_t bytes, uint64_t used)
{
    struct hm_os_limit limit;
    errno = 7;
    hm_linux_cgroup_limit(tree, &limit);
    ck_assert_int_eq(errno, 7);
    ck_assert(limit.set);
    ck_assert_uint_eq(limit.bytes, bytes);
    ck_assert_uint_eq(limit.used, used);
}

static void assert_no_limit(void)
{
    struct hm_os_limit limit = {.set = true, .bytes = 1};
    hm_linux_cgroup_limit(tree, &limit);
    ck_assert(!limit.set);
}

/* --- The second version. --- */

START_TEST(v2_one_group)
{
    put_process("0::/app.slice/x.service\n", MOUNT_V2("/"));
    put_v2("/app.slice/x.service", "1000000\n", "max\n", "700000\n", "100000");
    assert_limit(1000000, 600000);
}
END_TEST

START_TEST(v2_high_counts_where_it_is_lower)
{
    put_process("0::/a\n", MOUNT_V2("/"));
    put_v2("/a", "1000000\n", "800000\n", "700000\n", "0");
    assert_limit(800000, 700000);
    put_v2("/a", "1000000\n", "1200000\n", "700000\n", "0");
    assert_limit(1000000, 700000);
    put_v2("/a", "max\n", "900000\n", "700000\n", "0");
    assert_limit(900000, 700000);
}
END_TEST

START_TEST(v2_the_group_with_least_left_counts)
{
    put_process("0::/a/b/c\n", MOUNT_V2("/"));
    put_v2("/a/b/c", "1000\n", "max\n", "100\n", "0");
    put_v2("/a/b", "max\n", "max\n", "5000\n", "0");
    put_v2("/a", "9000\n", "max\n", "8500\n", "100");
    assert_limit(9000, 8400);
    put_v2("/a", "9000\n", "max\n", "5000\n", "100");
    assert_limit(1000, 100);
    /* The mount's root is a group above, too, where it is not the hierarchy's. */
    put_v2("", "7000\n", "max\n", "6999\n", "0");
    assert_limit(7000, 6999);
    /* Beside it is not above it. */
    put_v2("/a/other", "10\n", "max\n", "10\n", "0");
    assert_limit(7000, 6999);
}
END_TEST

START_TEST(v2_max_is_no_limit)
{
    put_process("0::/a\n", MOUNT_V2("/"));
    put_v2("/a", "max\n", "max\n", "700000\n", "0");
    assert_no_limit();
}
END_TEST

START_TEST(v2_numbers_at_the_edges)
{
    put_process("0::/a\n", MOUNT_V2("/"));
    put_v2("/a", "99999999999999999999999999\n", "18446744073709551616\n", "5\n", "0");
    assert_no_limit();
    put_v2("/a", "0\n", "max\n", "99999999999999999999999999\n", "0");
    assert_limit(0, UINT64_MAX);
    put_v2("/a", "500\n", "max\n", "100\n", "99999999999999999999999999");
    assert_limit(500, 0);
    put_v2("/a", "500", "", "100", "-3");
    assert_limit(500, 100);
    put_v2("/a", "", "-1\n", "x\n", "");
    assert_no_limit();
}
END_TEST

START_TEST(v2_missing_files)
{
    assert_no_limit(); /* all of them */
    put("/proc/self/cgroup", "0::/a/b\n");
    assert_no_limit();
    put_process("0::/a/b\n", MOUNT_V2("/"));
    assert_no_limit();
    put("/sys/fs/cgroup/a/b/memory.max", "1000\n");
    assert_limit(1000, 0);
    put("/sys/fs/cgroup/a/b/memory.current", "400\n");
    assert_limit(1000, 400);
    /* A group that is not there any more was below one that is. */
    put_process("0::/a/b/c/gone (deleted)\n", MOUNT_V2("/"));
    assert_limit(1000, 400);
    put_process("", MOUNT_V2("/"));
    assert_no_limit();
    put_process("0::/a/b\n", "");
    assert_no_limit();
}
END_TEST

/* --- Namespaces, mounts of a part. --- */

START_TEST(a_mount_of_a_part)
{
    put_process("0::/docker/1234/x\n", MOUNT_V2("/docker/1234"));
    put_v2("/x", "1000\n", "max\n", "400\n", "0");
    put_v2("", "900\n", "max\n", "400\n", "0");
    assert_limit(900, 400);
    put_process("0::/docker/1234\n", MOUNT_V2("/docker/1234"));
    assert_limit(900, 400);
    /* The same beginning is not the same group. */
    put_process("0::/docker/12345/x\n", MOUNT_V2("/docker/1234"));
    assert_no_limit();
    put_process("0::/docker\n", MOUNT_V2("/docker/1234"));
    assert_no_limit();
}
END_TEST

START_TEST(namespaces)
{
    put_v2("", "900\n", "max\n", "400\n", "0");
    put_v2("/x", "800\n", "max\n", "400\n", "0");
    put_process("0::/\n", MOUNT_V2("/"));
    assert_limit(900, 400);
    /* Outside of what is mounted: nothing there holds for it. */
    put_process("0::/../x\n", MOUNT_V2("/"));
    assert_no_limit();
    put_process("0::/..\n", MOUNT_V2("/"));
    assert_no_limit();
    /* Mounted from outside, too. */
    put_process("0::/../x\n", MOUNT_V2("/.."));
    assert_limit(800, 400);
    put_process("0::/../../x\n", MOUNT_V2("/.."));
    assert_no_limit();
    /* The mount was made before the namespace: above it, by names that are not to be known. */
    put_process("0::/x\n", MOUNT_V2("/../.."));
    assert_limit(900, 400);
    put_process("0::/x\n", MOUNT_V2("/../y"));
    assert_no_limit();
    /* Dots in a name go nowhere. */
    put_process("0::/..x\n", MOUNT_V2("/"));
    assert_limit(900, 400);
}
END_TEST

START_TEST(the_best_of_several_mounts)
{
    put_process("0::/a/b\n", "31 22 0:26 /a/b /part rw - cgroup2 cgroup2 rw\n"
                             "32 22 0:26 / /with\\040blank\\134 rw - cgroup2 none rw\n"
                             "33 22 0:26 /a /other rw - cgroup2 cgroup2 rw\n");
    put("/with blank\\/a/memory.max", "600\n");
    put("/other/memory.max", "500\n");
    put("/part/memory.max", "400\n");
    assert_limit(600, 0);
}
END_TEST

START_TEST(paths_too_long_limit_nothing)
{
    char groups[3000] = "5:memory:/";
    memset(groups + strlen(groups), 'y', 2000);
    strcat(groups, "\n0::/a\n");
    put_process(groups, MOUNT_V2("/") MOUNT_V1("/"));
    put_v2("/a", "1000\n", "max\n", "10\n", "0");
    put_v1("", "50\n", "50", "10\n", "0");
    assert_limit(1000, 10);
}
END_TEST

/* --- The first version, and both. --- */

START_TEST(v1_one_group)
{
    put_process("5:cpu:/other\n4:hugetlb,memory:/a\n1:name=memory:/no\n", MOUNT_V1("/"));
    put_v1("/a", "1000000\n", "1000000", "700000\n", "100000");
    assert_limit(1000000, 600000);
    put_v1("/a", NONE_V1, "9223372036854771712", "700000\n", "0");
    assert_no_limit();
    put_v1("/a", "9223372036854775807\n", "18446744073709551615", "700000\n", "0");
    assert_no_limit();
}
END_TEST

START_TEST(v1_groups_above)
{
    put_process("4:memory:/a/b\n", MOUNT_V1("/"));
    put_v1("/a/b", "1000\n", "1000", "100\n", "0");
    put_v1("/a", "2000\n", "2000", "1900\n", "50");
    put_v1("", NONE_V1, "9223372036854771712", "1\n", "0");
    assert_limit(2000, 1850);
    /* What is used below does not count there. */
    put("/sys/fs/cgroup/memory/a/memory.use_hierarchy", "0\n");
    assert_limit(1000, 100);
    /* Where groups above are not to be seen, this one knows their lowest limit. */
    put_process("4:memory:/docker/12\n", MOUNT_V1("/docker/12"));
    put_v1("", NONE_V1, "4000", "300\n", "0");
    assert_limit(4000, 300);
}
END_TEST

START_TEST(hybrid)
{
    put_process("4:memory:/a\n1:name=systemd:/s\n0::/s\n",
                MOUNT_V1("/") "38 31 0:35 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    put("/sys/fs/cgroup/unified/s/cgroup.procs", "1\n");
    put_v1("/a", "1000\n", "1000", "100\n", "0");
    assert_limit(1000, 100);
    /* Whichever the controller is in. */
    put("/sys/fs/cgroup/unified/s/memory.max", "300\n");
    assert_limit(300, 0);
}
END_TEST

/* --- What the host says of this process. --- */

START_TEST(the_limit_on_data_counts)
{
    struct hm_os_load before;
    struct hm_os_load after;
    void *mem;
    ck_assert_int_eq(hm_os_backend()->load(&before), 0);
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_DATA, &limit), 0);
    /* Sanitizers have used more than any fixed limit. */
    limit.rlim_cur = before.data.used + 1024 * MIB;
    ck_assert_int_eq(setrlimit(RLIMIT_DATA, &limit), 0);
    ck_assert_int_eq(hm_os_backend()->load(&before), 0);
    ck_assert(before.data.set);
    ck_assert_uint_eq(before.data.bytes, limit.rlim_cur);
    ck_assert_uint_gt(before.data.used, 0);
    ck_assert_int_eq(hm_os_backend()->meta_map(64 * MIB, &mem), 0);
    ck_assert_int_eq(hm_os_backend()->load(&after), 0);
    ck_assert_uint_ge(after.data.used, before.data.used + 64 * MIB);
    hm_os_backend()->meta_unmap(mem, 64 * MIB);
}
END_TEST

START_TEST(out_of_files_the_machine_is_known)
{
    struct hm_os_load known;
    struct hm_os_load load;
    struct rlimit files;
    ck_assert_int_eq(hm_os_backend()->load(&known), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = files.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    ck_assert_int_lt(open("/dev/null", O_RDONLY), 0);
    errno = 7;
    int error = hm_os_backend()->load(&load);
    int left = errno;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
    ck_assert_int_eq(error, 0);
    ck_assert_int_eq(left, 7);
    ck_assert_uint_ge(load.physical_total, 16 * MIB);
    ck_assert_uint_gt(load.physical_available, 0);
    ck_assert_uint_eq(load.address_limit, known.address_limit);
    ck_assert_uint_eq(load.address_used, 0);
    ck_assert(!load.group.set);
}
END_TEST

/* --- What the answer is made of. --- */

static struct hm_os_load told;

static int tell(struct hm_os_load *load)
{
    *load = told;
    return 0;
}

static void assert_load(struct hm_os_load load, uint32_t percent, uint64_t available)
{
    const struct hm_os *real = hm_os_backend();
    struct hm_os os = *real;
    uint32_t got_percent;
    uint64_t got_available;

    told = load;
    os.load = tell;
    hm_os_set_backend(&os);
    hm_status status = hm_policy_load(HM_ACCOUNT_PROCESS, &got_percent, &got_available);
    hm_os_set_backend(real);
    ck_assert_int_eq(status, HM_STATUS_SUCCESS);
    ck_assert_uint_eq(got_percent, percent);
    ck_assert_uint_eq(got_available, available);
}

START_TEST(the_tightest_counts)
{
    struct hm_os_load load = {
        .physical_total = 1000, .physical_available = 100, .address_limit = UINT64_MAX};
    assert_load(load, 90, 100);
    load.group = (struct hm_os_limit){.set = true, .bytes = 80, .used = 20};
    assert_load(load, 25, 60);
    load.group = (struct hm_os_limit){.set = true, .bytes = 400, .used = 20};
    assert_load(load, 90, 100);
    load.group = (struct hm_os_limit){.set = true, .bytes = 400, .used = 500};
    assert_load(load, 100, 0);
    load.group = (struct hm_os_limit){.set = true};
    assert_load(load, 100, 0);
    load.group = (struct hm_os_limit){0};
    load.data = (struct hm_os_limit){.set = true, .bytes = 400, .used = 350};
    assert_load(load, 90, 50);
    load.data.used = 401;
    assert_load(load, 90, 0);
    load.data.set = false;
    load.address_limit = 70;
    load.address_used = 40;
    assert_load(load, 90, 30);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("load");
    TCase *trees = tcase_create("trees");
    tcase_add_checked_fixture(trees, setup, teardown);
    tcase_add_test(trees, v2_one_group);
    tcase_add_test(trees, v2_high_counts_where_it_is_lower);
    tcase_add_test(trees, v2_the_group_with_least_left_counts);
    tcase_add_test(trees, v2_max_is_no_limit);
    tcase_add_test(trees, v2_numbers_at_the_edges);
    tcase_add_test(trees, v2_missing_files);
    tcase_add_test(trees, a_mount_of_a_part);
    tcase_add_test(trees, namespaces);
    tcase_add_test(trees, the_best_of_several_mounts);
    tcase_add_test(trees, paths_too_long_limit_nothing);
    tcase_add_test(trees, v1_one_group);
    tcase_add_test(trees, v1_groups_above);
    tcase_add_test(trees, hybrid);
    suite_add_tcase(suite, trees);

    TCase *host = tcase_create("host");
    tcase_add_test(host, the_limit_on_data_counts);
    tcase_add_test(host, out_of_files_the_machine_is_known);
    tcase_add_test(host, the_tightest_counts);
    suite_add_tcase(suite, host);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
