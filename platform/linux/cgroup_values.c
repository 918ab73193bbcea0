/*
 * cgroup_values.c - what one control group says of its memory.
 *
 * Of what is in use, cached files that nobody used lately (inactive_file) count as available: the
 * kernel takes them back before it refuses anything, just as for the machine's MemAvailable. Active
 * ones count as used, since taking them back costs.
 */
#include "platform/linux/cgroup.h"

#include <string.h>

/* From here on a limit means none. The first version has no word for it and says the largest number
 * of bytes that it can count, less than a page below 2^63; 2^62 is beyond any machine. */
#define NO_LIMIT (UINT64_C(1) << 62)

/* What is too large to be said is UINT64_MAX; false where there is no number. */
static bool parse_bytes(const char *text, uint64_t *bytes)
{
    if (*text < '0' || *text > '9')
        return false;
    *bytes = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (*bytes > (UINT64_MAX - digit) / 10) {
            *bytes = UINT64_MAX;
            return true;
        }
        *bytes = *bytes * 10 + digit;
    }
    return true;
}

/* The number that a file is, or that stands behind a name in it. */
static bool value_of(const struct hm_linux_cgroup *group, const char *file, const char *name,
                     uint64_t *value)
{
    struct hm_linux_lines lines;
    size_t length = strlen(name);
    bool found = false;
    char *line;

    if (hm_linux_lines_open(&lines, group->directory, file) != 0)
        return false;
    while (!found && (line = hm_linux_lines_next(&lines)) != NULL)
        found = strncmp(line, name, length) == 0 && parse_bytes(line + length, value);
    hm_linux_lines_close(&lines);
    return found;
}

/* Takes this limit where it is lower; "max" is no number, and so no limit. */
static void lower(const struct hm_linux_cgroup *group, const char *file, const char *name,
                  uint64_t *limit)
{
    uint64_t value;

    if (value_of(group, file, name, &value) && value < *limit)
        *limit = value;
}

/* Where a group does not say what it uses, its limit stands all the same. */
static uint64_t used(const struct hm_linux_cgroup *group, const char *file, const char *name)
{
    uint64_t all;
    uint64_t inactive;

    if (!value_of(group, file, "", &all))
        return 0;
    if (!value_of(group, "/memory.stat", name, &inactive))
        return all;
    return all > inactive ? all - inactive : 0;
}

void hm_linux_cgroup_read(const struct hm_linux_cgroup *group, struct hm_os_limit *limit)
{
    bool unified = group->version == HM_LINUX_CGROUP_V2;

    limit->bytes = NO_LIMIT;
    limit->used = 0;
    if (unified) {
        lower(group, "/memory.max", "", &limit->bytes);
        /* Beyond this one nobody is killed, but whoever allocates is held up until it is under. */
        lower(group, "/memory.high", "", &limit->bytes);
    } else {
        lower(group, "/memory.limit_in_bytes", "", &limit->bytes);
        /* Knows the limits of groups above, of which a container may not see the directories. */
        lower(group, "/memory.stat", "hierarchical_memory_limit ", &limit->bytes);
    }
    limit->set = limit->bytes < NO_LIMIT;
    if (!limit->set)
        return;
    limit->used = unified ? used(group, "/memory.current", "inactive_file ")
                          : used(group, "/memory.usage_in_bytes", "total_inactive_file ");
}

bool hm_linux_cgroup_counts_children(const struct hm_linux_cgroup *group)
{
    uint64_t counts;

    /* The first version can be told not to; kernels from 5.11 on always do. */
    return group->version == HM_LINUX_CGROUP_V2 ||
           !value_of(group, "/memory.use_hierarchy", "", &counts) || counts != 0;
}
