/*
 * facilities.c - which facilities of the host serve.
 *
 * One set says what the host was found to have, the other what somebody switched off: a test, or
 * the user with HOSTMEM_DISABLE, a comma-separated list of the names below. What is switched off
 * stays off.
 */
#include "platform/host.h"
#include "platform/posix/posix.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    unsigned facility;
} names[] = {
    {"fixed-noreplace", HM_OS_FACILITY_FIXED_NOREPLACE},
    {"procmap-query", HM_OS_FACILITY_MAPPING_QUERY},
    {"overcommit", HM_OS_FACILITY_OVERCOMMIT},
    {"lazy-reset", HM_OS_FACILITY_LAZY_RESET},
};

static atomic_uint found;
static atomic_uint disabled;

void hm_posix_facilities_found(unsigned facilities)
{
    atomic_fetch_or(&found, facilities);
}

void hm_posix_facility_refused(enum hm_os_facility facility)
{
    hm_os_disable((unsigned)facility);
}

unsigned hm_host_facilities(void)
{
    return atomic_load_explicit(&found, memory_order_relaxed) &
           ~atomic_load_explicit(&disabled, memory_order_relaxed);
}

void hm_os_disable(unsigned facilities)
{
    atomic_fetch_or(&disabled, facilities);
}

static void disable_named(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i].name) == length && strncmp(names[i].name, name, length) == 0)
            hm_os_disable(names[i].facility);
    }
}

void hm_posix_facilities_from_environment(void)
{
#if defined(__linux__)
    /* A program that runs with more rights than its caller does not let the caller steer it. */
    const char *list = secure_getenv("HOSTMEM_DISABLE");
#else
    const char *list = issetugid() ? NULL : getenv("HOSTMEM_DISABLE");
#endif

    while (list != NULL && *list != '\0') {
        size_t length = strcspn(list, ",");

        disable_named(list, length);
        list += length;
        if (*list == ',')
            list++;
    }
}
