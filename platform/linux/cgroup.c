/*
 * cgroup.c - the limit of the control groups that this process is in.
 *
 * A group's memory is charged to every group above it, too, and each may have a limit: what is left
 * is the least that any of them has left, which need not be the one with the lowest limit. Both
 * versions are asked, since on a hybrid host the controller may be in either.
 */
#include "platform/linux/cgroup.h"

static uint64_t left(const struct hm_os_limit *limit)
{
    if (!limit->set)
        return UINT64_MAX;
    return limit->bytes > limit->used ? limit->bytes - limit->used : 0;
}

/* Goes to the group above; false at the top. */
static bool go_up(struct hm_linux_cgroup *group)
{
    if (group->length <= group->top)
        return false;
    while (group->length > group->top && group->directory[--group->length] != '/')
        continue;
    group->directory[group->length] = '\0';
    return true;
}

static void add_version(const char *prefix, enum hm_linux_cgroup_version version,
                        struct hm_os_limit *least)
{
    struct hm_linux_cgroup group;

    if (!hm_linux_cgroup_find(prefix, version, &group))
        return;
    do {
        struct hm_os_limit limit;
        hm_linux_cgroup_read(&group, &limit);
        if (limit.set && (!least->set || left(&limit) < left(least)))
            *least = limit;
    } while (go_up(&group) && hm_linux_cgroup_counts_children(&group));
}

void hm_linux_cgroup_limit(const char *prefix, struct hm_os_limit *limit)
{
    *limit = (struct hm_os_limit){0};
    add_version(prefix, HM_LINUX_CGROUP_V2, limit);
    add_version(prefix, HM_LINUX_CGROUP_V1, limit);
}
