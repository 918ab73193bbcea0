/*
 * cgroup.h - what the files about control groups share.
 *
 * A prefix is put in front of every path, of /proc as well as of the mounts, so that recorded trees
 * can be asked; it is "" for the host's own. As in linux.h: errno is kept, no malloc, no stdio.
 */
#ifndef HM_PLATFORM_LINUX_CGROUP_H
#define HM_PLATFORM_LINUX_CGROUP_H

#include "platform/linux/linux.h"

enum {
    /* What is longer is not found, and limits nothing. Directories have some 300 bytes at most where
     * container managers make the names; kernels allow 4096, too much for a small stack. */
    HM_LINUX_CGROUP_PATH = 768,
    HM_LINUX_LINE_SIZE = 1024
};

/* The second version's single hierarchy, or the first version's that the memory controller is in. */
enum hm_linux_cgroup_version { HM_LINUX_CGROUP_V1, HM_LINUX_CGROUP_V2 };

/* A group's directory. */
struct hm_linux_cgroup {
    enum hm_linux_cgroup_version version;
    size_t top; /* length of the part that is the mount point: nothing is a group above it */
    size_t length;
    char directory[HM_LINUX_CGROUP_PATH];
};

/* --- cgroup_lines.c: files that may be longer than any buffer. --- */

struct hm_linux_lines {
    int fd;
    bool cut; /* the last line was longer than the buffer: its rest is still to come */
    off_t offset;
    size_t begin;
    size_t end;
    char text[HM_LINUX_LINE_SIZE];
};

/* The prefix is put in front of the path. 0 or an errno value; where 0, lines_close is due. */
int hm_linux_lines_open(struct hm_linux_lines *lines, const char *prefix, const char *path);
void hm_linux_lines_close(struct hm_linux_lines *lines);

/* The next line, without its end, to be written to at will; NULL: no more. One that is too long is
 * cut off. */
char *hm_linux_lines_next(struct hm_linux_lines *lines);

/* --- cgroup_place.c: where a process's group is. --- */

/* The deepest directory known to be the process's group or above it; false: there is none. */
bool hm_linux_cgroup_find(const char *prefix, enum hm_linux_cgroup_version version,
                          struct hm_linux_cgroup *group);

/* --- cgroup_values.c: what one group says. --- */

/* This group's own limit, without those of the groups above. */
void hm_linux_cgroup_read(const struct hm_linux_cgroup *group, struct hm_os_limit *limit);

/* Is what this group's children use counted as its own? */
bool hm_linux_cgroup_counts_children(const struct hm_linux_cgroup *group);

/* --- cgroup.c --- */

/* The limit with least left of all groups that this process is in. */
void hm_linux_cgroup_limit(const char *prefix, struct hm_os_limit *limit);

#endif
