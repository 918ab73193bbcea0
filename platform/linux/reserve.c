/*
 * reserve.c - taking address space.
 *
 * A reservation is a private mapping without access. MAP_NORESERVE keeps it free of charge also
 * after pages of it have become writable, except where the system never overcommits (decommit.c).
 */
#include "platform/host.h"
#include "platform/linux/linux.h"
#include "platform/posix/posix.h"

#include <errno.h>
#include <sys/mman.h>

static bool inside_user_space(uintptr_t wanted, size_t size)
{
    uintptr_t end = hm_linux_user_end();

    return end == 0 || (wanted < end && size <= end - wanted);
}

/* The address as a hint: the kernel takes it where it is free, some other place where it is not. */
static int reserve_by_hint(uintptr_t wanted, size_t size, int flags, uintptr_t *base)
{
    uintptr_t got;

    int error = hm_posix_map(wanted, size, PROT_NONE, MAP_NORESERVE | flags, &got);
    if (error != 0)
        return error;
    if (got != wanted) {
        hm_posix_unmap(got, size);
        return inside_user_space(wanted, size) ? EEXIST : ENOMEM;
    }
    *base = got;
    return 0;
}

static int reserve_at(uintptr_t wanted, size_t size, uintptr_t *base)
{
    if (hm_host_facilities() & HM_OS_FACILITY_FIXED_NOREPLACE) {
        int error = reserve_by_hint(wanted, size, MAP_FIXED_NOREPLACE, base);
        if (error != EINVAL && error != EOPNOTSUPP)
            return error;
        /* Some layer between this process and Linux does not know the flag after all. */
        hm_posix_facility_refused(HM_OS_FACILITY_FIXED_NOREPLACE);
    }
    return reserve_by_hint(wanted, size, 0, base);
}

int hm_host_reserve(uintptr_t wanted, size_t size, uintptr_t *base)
{
    if (wanted == 0)
        return hm_posix_map(0, size, PROT_NONE, MAP_NORESERVE, base);

    int error = reserve_at(wanted, size, base);
    /* EPERM: the lowest addresses are kept from this process. */
    return error == EPERM ? ENOMEM : error;
}

int hm_host_reserve_hint(uintptr_t hint, size_t size, uintptr_t *base)
{
    return hm_posix_map(hint, size, PROT_NONE, MAP_NORESERVE, base);
}
