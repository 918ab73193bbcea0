/*
 * find_mapping.c - the mapping at an address, by the best means that works.
 */
#include "platform/host.h"
#include "platform/linux/linux.h"
#include "platform/linux/maps.h"

#include <errno.h>

int hm_host_find_mapping(uintptr_t address, struct hm_os_mapping *mapping)
{
    uintptr_t end = hm_linux_user_end();

    if (end != 0 && address >= end)
        return ENOENT;
    if (hm_host_facilities() & HM_OS_FACILITY_MAPPING_QUERY) {
        int error = hm_linux_find_by_query(address, mapping);
        if (error == 0 || error == ENOENT)
            return error;
    }
    return hm_linux_find_by_parsing(address, mapping);
}
