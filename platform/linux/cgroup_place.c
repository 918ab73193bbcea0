/*
 * cgroup_place.c - the directory of this process's control group.
 *
 * /proc/self/cgroup has its path in the hierarchy, /proc/self/mountinfo where the hierarchy is
 * mounted and which group is the mount's root: that one's path is cut off. Both paths are relative
 * to the process's namespace of groups, so both may begin with "/..", once for every group that lies
 * between that namespace and what they name.
 */
#include "platform/linux/cgroup.h"

#include <string.h>

/* The word that the text begins with, ended by a zero; *text goes behind it. */
static char *next_word(char **text, char separator)
{
    char *word = *text;
    char *end = strchr(word, separator);

    if (end == NULL) {
        *text = word + strlen(word);
    } else {
        *end = '\0';
        *text = end + 1;
    }
    return word;
}

/* Is it one of these words with commas between? */
static bool is_among(const char *list, const char *name)
{
    size_t length = strlen(name);

    for (;;) {
        size_t end = strcspn(list, ",");
        if (end == length && strncmp(list, name, length) == 0)
            return true;
        if (list[end] == '\0')
            return false;
        list += end + 1;
    }
}

/* "number:controllers:path"; the second version's has number 0 and no controllers. */
static const char *path_in_line(char *line, enum hm_linux_cgroup_version version)
{
    const char *number = next_word(&line, ':');
    const char *controllers = next_word(&line, ':');
    bool right;

    if (version == HM_LINUX_CGROUP_V2)
        right = strcmp(number, "0") == 0 && *controllers == '\0';
    else
        right = is_among(controllers, "memory");
    return right && *line == '/' ? line : NULL;
}

static bool find_path(const char *prefix, enum hm_linux_cgroup_version version, char *path)
{
    struct hm_linux_lines lines;
    const char *found = NULL;
    char *line;

    if (hm_linux_lines_open(&lines, prefix, "/proc/self/cgroup") != 0)
        return false;
    while (found == NULL && (line = hm_linux_lines_next(&lines)) != NULL)
        found = path_in_line(line, version);
    hm_linux_lines_close(&lines);
    /* A path that was cut off is longer than this, too. */
    if (found == NULL || strlen(found) >= HM_LINUX_CGROUP_PATH)
        return false;
    memcpy(path, found, strlen(found) + 1);
    return true;
}

/* The kernel writes blanks in names as \040, and so on. */
static void unescape(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; to++) {
        bool escaped = from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
                       from[2] <= '7' && from[3] >= '0' && from[3] <= '7';
        if (escaped)
            *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
        else
            *to = *from;
        from += escaped ? 4 : 1;
    }
    *to = '\0';
}

/* "id parent device root point options [tag ...] - type source options" */
static bool parse_mount(char *line, enum hm_linux_cgroup_version version, char **root, char **point)
{
    char *rest = strstr(line, " - ");

    if (rest == NULL)
        return false;
    *rest = '\0';
    rest += 3;
    const char *type = next_word(&rest, ' ');
    (void)next_word(&rest, ' ');
    bool right = version == HM_LINUX_CGROUP_V2
                     ? strcmp(type, "cgroup2") == 0
                     : strcmp(type, "cgroup") == 0 && is_among(rest, "memory");
    for (int i = 0; i < 3; i++)
        (void)next_word(&line, ' ');
    *root = next_word(&line, ' ');
    *point = next_word(&line, ' ');
    unescape(*root);
    unescape(*point);
    return right && **root == '/' && **point == '/';
}

/* How often the path begins with "/.."; *path goes behind that. */
static size_t count_up(const char **path)
{
    size_t count = 0;

    for (; strncmp(*path, "/..", 3) == 0 && ((*path)[3] == '/' || (*path)[3] == '\0'); count++)
        *path += 3;
    if (strcmp(*path, "/") == 0)
        *path += 1;
    return count;
}

/*
 * The group's path below the mount's root, "" for the root itself; NULL where the group is not known
 * to be below: limits of groups that it is not in do not hold for it.
 */
static const char *path_below(const char *root, const char *path)
{
    size_t root_up = count_up(&root);
    size_t path_up = count_up(&path);

    /* Further up than the group: above it for certain, but the names between are not known. */
    if (root_up > path_up)
        return *root == '\0' ? "" : NULL;
    size_t length = strlen(root);
    bool below = root_up == path_up && strncmp(path, root, length) == 0 &&
                 (path[length] == '/' || path[length] == '\0');
    return below ? path + length : NULL;
}

static bool set_directory(struct hm_linux_cgroup *group, const char *prefix, const char *point,
                          const char *below)
{
    const char *parts[] = {prefix, strcmp(point, "/") == 0 ? "" : point, below};
    size_t length = 0;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        size_t more = strlen(parts[i]);
        if (more >= sizeof(group->directory) - length)
            return false;
        memcpy(group->directory + length, parts[i], more + 1);
        if (i < 2)
            group->top = length + more;
        length += more;
    }
    group->length = length;
    return true;
}

bool hm_linux_cgroup_find(const char *prefix, enum hm_linux_cgroup_version version,
                          struct hm_linux_cgroup *group)
{
    struct hm_linux_lines lines;
    char path[HM_LINUX_CGROUP_PATH];
    size_t longest = 0;
    bool found = false;
    char *line;

    group->version = version;
    if (!find_path(prefix, version, path) ||
        hm_linux_lines_open(&lines, prefix, "/proc/self/mountinfo") != 0)
        return false;
    while ((line = hm_linux_lines_next(&lines)) != NULL) {
        char *root;
        char *point;
        if (!parse_mount(line, version, &root, &point))
            continue;
        const char *below = path_below(root, path);
        /* A hierarchy may be mounted more than once: the mount that shows most groups is best. */
        if (below == NULL || (found && strlen(below) <= longest))
            continue;
        longest = strlen(below);
        found = set_directory(group, prefix, point, below);
    }
    hm_linux_lines_close(&lines);
    return found;
}
