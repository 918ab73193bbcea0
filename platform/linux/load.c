/*
 * load.c - how much memory there is, and how much of it is left.
 */
#include "platform/host.h"
#include "platform/linux/cgroup.h"
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

/* Resources have a type of their own in some C libraries, so asking is the caller's. */
static uint64_t soft_limit(bool known, const struct rlimit *limit)
{
    return known && limit->rlim_cur != RLIM_INFINITY ? limit->rlim_cur : UINT64_MAX;
}

/* The number in this column of /proc/self/statm, from 0; 0 where it is not there. */
static uint64_t column(const char *text, int number)
{
    uint64_t pages = 0;

    for (; text != NULL && number > 0; number--)
        if ((text = strchr(text, ' ')) != NULL)
            text++;
    return text != NULL && hm_linux_parse_number(text, &pages) ? pages : 0;
}

/*
 * What a resource limit leaves is worth less than the rest of the answer: where the file cannot be
 * read (a process that is out of files still wants to know its load) nothing counts as used.
 *
 * The sixth column is what RLIMIT_DATA is compared with, private writable memory (VmData), and the
 * stack besides, which errs on the safe side and is little. /proc/self/status has VmData alone, but
 * takes the kernel far longer to write.
 */
static void load_resources(struct hm_os_load *load)
{
    enum { SIZE = 0, DATA = 5 };
    struct rlimit limit;
    char text[192];
    int saved = errno;

    if (hm_linux_read_file("/proc/self/statm", text, sizeof(text)) != 0)
        text[0] = '\0';
    load->address_limit = soft_limit(getrlimit(RLIMIT_AS, &limit) == 0, &limit);
    load->address_used = column(text, SIZE) * hm_linux_page_size();
    load->data = (struct hm_os_limit){
        .bytes = soft_limit(getrlimit(RLIMIT_DATA, &limit) == 0, &limit),
        .used = column(text, DATA) * hm_linux_page_size(),
    };
    load->data.set = load->data.bytes != UINT64_MAX;
    errno = saved;
}

int hm_host_load(struct hm_os_load *load)
{
    int error = load_physical(load);

    if (error != 0)
        return error;
    load_resources(load);
    hm_linux_cgroup_limit("", &load->group);
    return 0;
}
