/*
 * parse.c - reading /proc/self/maps.
 *
 * A line is "start-end perms offset major:minor inode   name\n", numbers but the inode in hex. It is
 * read character by character from a small buffer, since a handler's stack may be small and a name
 * may be longer than any buffer. The kernel writes a newline in a name as \012, so a line is a line.
 */
#include "platform/host.h"
#include "platform/linux/linux.h"
#include "platform/linux/maps.h"

#include <errno.h>
#include <string.h>

enum field { START, END, PERMS, OFFSET, MAJOR, MINOR, INODE, NAME };

struct parser {
    enum field field;
    bool broken; /* this is not the format we know */
    uint64_t number;
    uint64_t major;
    struct hm_linux_vma vma;
    size_t name_length; /* of the name as far as kept, or more */
    char name[HM_LINUX_NAME_SIZE];
};

static void add_digit(struct parser *parser, char c)
{
    unsigned base = parser->field == INODE ? 10 : 16;
    unsigned digit = 16;

    if (c >= '0' && c <= '9')
        digit = (unsigned)(c - '0');
    else if (c >= 'a' && c <= 'f')
        digit = (unsigned)(c - 'a') + 10;
    if (digit >= base)
        parser->broken = true;
    parser->number = parser->number * base + digit;
}

static void add_permission(struct hm_linux_vma *vma, char c)
{
    if (c == 'r')
        vma->prot |= HM_OS_READ;
    else if (c == 'w')
        vma->prot |= HM_OS_WRITE;
    else if (c == 'x')
        vma->prot |= HM_OS_EXEC;
    else if (c == 's')
        vma->shared = true;
}

static void add_to_name(struct parser *parser, char c)
{
    if (parser->name_length == 0 && c == ' ')
        return; /* padding */
    if (parser->name_length < sizeof(parser->name))
        parser->name[parser->name_length++] = c;
}

static void end_number(struct parser *parser)
{
    switch (parser->field) {
    case START:
        parser->vma.start = (uintptr_t)parser->number;
        break;
    case END:
        parser->vma.end = (uintptr_t)parser->number;
        break;
    case OFFSET:
        parser->vma.offset = parser->number;
        break;
    case MAJOR:
        parser->major = parser->number;
        break;
    case MINOR:
        parser->vma.device = parser->major << 32 | parser->number;
        break;
    case INODE:
        parser->vma.inode = parser->number;
        break;
    case PERMS:
    case NAME:
        break;
    }
    parser->number = 0;
    parser->field++;
}

/* The line is complete: its name may tell something, if it was kept whole. */
static void end_line(struct parser *parser)
{
    if (parser->name_length > 0 && parser->name_length < sizeof(parser->name)) {
        parser->name[parser->name_length] = '\0';
        parser->vma.name = hm_linux_name_of(parser->name);
    }
}

/* Takes one more character; true when it ended a line, and the VMA is complete. */
static bool parse(struct parser *parser, char c)
{
    static const char ends[] = {
        [START] = '-', [END] = ' ', [PERMS] = ' ', [OFFSET] = ' ', [MAJOR] = ':', [MINOR] = ' ',
    };

    if (c == '\n') {
        if (parser->field == INODE)
            end_number(parser);
        parser->broken |= parser->field != NAME;
        end_line(parser);
        return true;
    }
    if (parser->field == NAME)
        add_to_name(parser, c);
    else if (c == (parser->field == INODE ? ' ' : ends[parser->field]))
        end_number(parser);
    else if (parser->field == PERMS)
        add_permission(&parser->vma, c);
    else
        add_digit(parser, c);
    return false;
}

/* Feeds what the buffer holds to the walk; false when that has seen enough. */
static bool walk_through(struct hm_linux_walk *walk, struct parser *parser, const char *text,
                         size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!parse(parser, text[i]))
            continue;
        /* Above the user's addresses stands what the kernel shows to everybody. */
        uintptr_t end = hm_linux_user_end();
        if (parser->broken || (end != 0 && parser->vma.start >= end) ||
            !hm_linux_walk_step(walk, &parser->vma))
            return false;
        *parser = (struct parser){.field = START};
    }
    return true;
}

static int walk_file(int fd, struct hm_linux_walk *walk)
{
    struct parser parser = {.field = START};
    char text[1024];
    off_t offset = 0;
    size_t length;

    for (;;) {
        int error = hm_linux_read_at(fd, text, sizeof(text), offset, &length);
        if (error != 0)
            return error;
        if (length == 0 || !walk_through(walk, &parser, text, length))
            return parser.broken ? EIO : 0;
        offset += (off_t)length;
    }
}

int hm_linux_find_by_parsing(uintptr_t address, struct hm_os_mapping *mapping)
{
    struct hm_linux_walk walk;
    int fd;

    int error = hm_linux_open("/proc/self/maps", &fd);
    bool opened = error == 0;
    if (!opened && (fd = hm_linux_maps_file_spare()) < 0)
        return error;
    hm_linux_walk_begin(&walk, address);
    error = walk_file(fd, &walk);
    if (opened)
        hm_linux_close(fd);
    return error != 0 ? error : hm_linux_walk_end(&walk, mapping);
}
