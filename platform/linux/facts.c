/*
 * facts.c - the Linux backend's table, and what is found out at start.
 *
 * The facts may be found out by several threads at once, each arriving at the same values.
 */
#include "platform/host.h"
#include "platform/linux/linux.h"
#include "platform/linux/maps.h"
#include "platform/posix/posix.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/auxv.h>
#include <sys/mman.h>

static _Atomic uintptr_t user_end;

size_t hm_linux_page_size(void)
{
    unsigned long size = getauxval(AT_PAGESZ);

    return size != 0 ? size : 4096;
}

uintptr_t hm_linux_user_end(void)
{
    return atomic_load_explicit(&user_end, memory_order_relaxed);
}

/* Read once: a process that sees the mode change has its older mappings charged by the older mode
 * anyway. */
static bool overcommits(void)
{
    uint64_t mode;
    char text[16];

    if (hm_linux_read_file("/proc/sys/vm/overcommit_memory", text, sizeof(text)) != 0 ||
        !hm_linux_parse_number(text, &mode))
        return true; /* as almost every system does */
    return mode != 2;
}

/* Kernels before 4.17 take an unknown flag for nothing, and the address for a hint. */
static bool has_fixed_noreplace(size_t page_size)
{
    uintptr_t first;
    uintptr_t second;

    if (hm_posix_map(0, page_size, PROT_NONE, MAP_NORESERVE, &first) != 0)
        return false;
    int flags = MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    int error = hm_posix_map(first, page_size, PROT_NONE, flags, &second);
    hm_posix_unmap(first, page_size);
    if (error == 0)
        hm_posix_unmap(second, page_size);
    return error == EEXIST;
}

void hm_host_describe(struct hm_os *os)
{
    size_t page_size = hm_linux_page_size();
    unsigned facilities = 0;

    hm_linux_maps_file_prepare();
    if (has_fixed_noreplace(page_size))
        facilities |= HM_OS_FACILITY_FIXED_NOREPLACE;
    if (hm_linux_query_probe())
        facilities |= HM_OS_FACILITY_MAPPING_QUERY;
    if (overcommits())
        facilities |= HM_OS_FACILITY_OVERCOMMIT;
    /* In every kernel since 4.5; switched off at the first refusal. */
    facilities |= HM_OS_FACILITY_LAZY_RESET;
    hm_posix_facilities_found(facilities);

    *os = (struct hm_os){
        .name = "linux",
        .page_size = page_size,
        .highest_address = hm_linux_highest_address(page_size),
        .lowest_address = hm_linux_lowest_address(page_size),
        .stack_growth = hm_linux_stack_growth(page_size),
        HM_OS_FUNCTIONS(hm_host_),
    };
    atomic_store_explicit(&user_end, os->highest_address + 1, memory_order_relaxed);
}
