/*
 * cgroup_lines.c - reading a file line by line without stdio.
 *
 * A host with many containers has hundreds of mounts, and the options of a single one may fill a
 * page: neither the file nor each line fits a buffer that a small stack can hold.
 */
#include "platform/linux/cgroup.h"

#include <errno.h>
#include <string.h>

int hm_linux_lines_open(struct hm_linux_lines *lines, const char *prefix, const char *path)
{
    size_t before = strlen(prefix);
    size_t size = strlen(path) + 1;

    if (before >= sizeof(lines->text) || size > sizeof(lines->text) - before)
        return ENAMETOOLONG;
    /* The buffer is not needed for lines yet. */
    memcpy(lines->text, prefix, before);
    memcpy(lines->text + before, path, size);
    lines->cut = false;
    lines->offset = 0;
    lines->begin = 0;
    lines->end = 0;
    return hm_linux_open(lines->text, &lines->fd);
}

void hm_linux_lines_close(struct hm_linux_lines *lines)
{
    hm_linux_close(lines->fd);
}

/* Moves what is left to the front and reads behind it; false at the end of the file. */
static bool fill(struct hm_linux_lines *lines)
{
    size_t got;

    lines->end -= lines->begin;
    memmove(lines->text, lines->text + lines->begin, lines->end);
    lines->begin = 0;
    if (hm_linux_read_at(lines->fd, lines->text + lines->end, sizeof(lines->text) - 1 - lines->end,
                         lines->offset, &got) != 0)
        return false;
    lines->offset += (off_t)got;
    lines->end += got;
    return got != 0;
}

/* The next piece that ends where a line or the full buffer does. *whole: a line. */
static char *next_piece(struct hm_linux_lines *lines, bool *whole)
{
    for (;;) {
        char *piece = lines->text + lines->begin;
        char *end = memchr(piece, '\n', lines->end - lines->begin);
        *whole = end != NULL;
        if (*whole) {
            *end = '\0';
            lines->begin = (size_t)(end - lines->text) + 1;
            return piece;
        }
        bool full = lines->begin == 0 && lines->end == sizeof(lines->text) - 1;
        if (!full && fill(lines))
            continue;
        if (lines->begin == lines->end)
            return NULL;
        piece = lines->text + lines->begin;
        lines->text[lines->end] = '\0';
        lines->begin = lines->end;
        return piece;
    }
}

char *hm_linux_lines_next(struct hm_linux_lines *lines)
{
    for (;;) {
        bool whole;
        bool rest = lines->cut;
        char *piece = next_piece(lines, &whole);
        if (piece == NULL)
            return NULL;
        lines->cut = !whole;
        if (!rest)
            return piece;
    }
}
