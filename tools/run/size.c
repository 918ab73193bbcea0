/* size.c - sizes as people write them. */
#include "size.h"

#include <stddef.h>

/* The power of two that a suffix stands for; -1 for none that we know. */
static int suffix_shift(char suffix)
{
    switch (suffix) {
    case 'k':
    case 'K':
        return 10;
    case 'm':
    case 'M':
        return 20;
    case 'g':
    case 'G':
        return 30;
    default:
        return -1;
    }
}

const char *hm_size_parse(const char *text, uint64_t *bytes)
{
    const char *at = text;
    uint64_t value = 0;

    /* Not strtoull, which takes a sign and leading space, and turns "-1" into a huge number. */
    if (*at < '0' || *at > '9')
        return "is not a number with an optional suffix K, M or G";
    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');

        if (value > (UINT64_MAX - digit) / 10)
            return "is too large";
        value = value * 10 + digit;
    }
    if (*at) {
        int shift = suffix_shift(*at);

        if (shift < 0 || at[1])
            return "is not a number with an optional suffix K, M or G";
        if (value > UINT64_MAX >> shift)
            return "is too large";
        value <<= shift;
    }
    if (value == 0)
        return "must be greater than zero";
    *bytes = value;
    return NULL;
}
