/*
 * load.c - how much memory there is, and how much of it is left.
 */
#include "platform/host.h"
#include "platform/linux/linux.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

/* The value of a "Name:   123 kB" line, in bytes. */
static bool meminfo_value(const char *text, const char *name, uint64_t *bytes)
{
    const char *line = strstr(text, name);
    uint64_t kilobytes;

    if (line == NULL || !hm_linux_parse_number(line + strlen(name), &kilobytes))
        return false;
    *bytes = kilobytes * 1024;
    return true;
}

/* What is free and what buffers hold: less than what is available, but never more. */
static int load_from_sysinfo(struct hm_os_load *load)
{
    struct sysinfo info;
    int saved = errno;

    if (sysinfo(&info) != 0) {
        int error = errno;
        errno = saved;
        return error;
    }
    load->physical_total = (uint64_t)info.totalram * info.mem_unit;
    load->physical_available = ((uint64_t)info.freeram + info.bufferram) * info.mem_unit;
    return 0;
}

static int load_physical(struct hm_os_load *load)
{
    char text[512]; /* both are among the first three lines */

    if (hm_linux_read_file("/proc/meminfo", text, sizeof(text)) == 0 &&
        meminfo_value(text, "MemTotal:", &load->physical_total) &&
        meminfo_value(text, "MemAvailable:", &load->physical_available))
        return 0;
    return load_from_sysinfo(load);
}

static int load_address_space(struct hm_os_load *load)
{
    struct rlimit limit;
    uint64_t pages;
    char text[128];
    int saved = errno;

    load->address_limit = UINT64_MAX;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        load->address_limit = limit.rlim_cur;
    errno = saved;

    int error = hm_linux_read_file("/proc/self/statm", text, sizeof(text));
    if (error != 0)
        return error;
    if (!hm_linux_parse_number(text, &pages))
        return ENODATA;
    load->address_used = pages * hm_linux_page_size();
    return 0;
}

int hm_host_load(struct hm_os_load *load)
{
    int error = load_physical(load);

    return error != 0 ? error : load_address_space(load);
}
