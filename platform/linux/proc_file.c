/*
 * proc_file.c - reading small files of /proc without stdio.
 */
#include "platform/linux/linux.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int hm_linux_open(const char *path, int *fd)
{
    int saved = errno;
    int error = 0;

    do
        *fd = open(path, O_RDONLY | O_CLOEXEC);
    while (*fd < 0 && errno == EINTR);
    if (*fd < 0)
        error = errno;
    errno = saved;
    return error;
}

void hm_linux_close(int fd)
{
    int saved = errno;

    close(fd);
    errno = saved;
}

int hm_linux_read_at(int fd, char *buffer, size_t size, off_t offset, size_t *got)
{
    int saved = errno;
    int error = 0;

    *got = 0;
    while (*got < size && error == 0) {
        ssize_t count = pread(fd, buffer + *got, size - *got, offset + (off_t)*got);
        if (count > 0)
            *got += (size_t)count;
        else if (count == 0)
            break;
        else if (errno != EINTR)
            error = errno;
    }
    errno = saved;
    return error;
}

int hm_linux_read_file(const char *path, char *buffer, size_t size)
{
    size_t got = 0;
    int fd;

    int error = hm_linux_open(path, &fd);
    if (error != 0)
        return error;
    error = hm_linux_read_at(fd, buffer, size - 1, 0, &got);
    hm_linux_close(fd);
    buffer[got] = '\0';
    return error;
}

bool hm_linux_parse_number(const char *text, uint64_t *number)
{
    const char *first = text;

    while (*first == ' ' || *first == '\t')
        first++;
    if (*first < '0' || *first > '9')
        return false;
    *number = 0;
    for (; *first >= '0' && *first <= '9'; first++)
        *number = *number * 10 + (uint64_t)(*first - '0');
    return true;
}
