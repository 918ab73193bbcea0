/*
 * known_wine.c - see known_wine.h. The flags of the rows say which version differs; the reasons are
 * here.
 */
#include "known_wine.h"

#include <stdlib.h>
#include <string.h>

static const struct conform_known list[] = {
    {"B06", CONFORM_ALWAYS, "MEM_WRITE_WATCH needs no MEM_RESERVE"},
    {"B13", CONFORM_ALWAYS, "PAGE_NOACCESS|PAGE_GUARD is accepted"},
    {"B14", CONFORM_ALWAYS, "PAGE_NOACCESS|PAGE_NOCACHE is accepted"},
    {"B15", CONFORM_ALWAYS, "PAGE_GUARD|PAGE_NOCACHE is accepted"},
    {"B16", CONFORM_ALWAYS, "PAGE_NOCACHE|PAGE_WRITECOMBINE is accepted"},
    {"B17", CONFORM_ALWAYS, "PAGE_WRITECOMBINE is accepted and forgotten: queries do not show it"},
    {"B28", CONFORM_ALWAYS, "the error is 87"},
    {"B29", CONFORM_ALWAYS, "the error is 87"},
    {"B36", CONFORM_ALWAYS, "MEM_LARGE_PAGES is an unknown type: the error is 87"},
    {"B38", CONFORM_ALWAYS, "MEM_PHYSICAL is an unknown type: the valid form is refused with 87"},
    {"B39", CONFORM_NOT_TO_RUN, "a byte of memory for each page: 64 TiB reserved need 16 GiB"},
    {"C06", CONFORM_ALWAYS, "decommitted pages keep their old protection inside and do not merge"},
    {"C16", CONFORM_SOMETIMES, "memory of the host, its stack for one, is shown as free"},
    {"D02", CONFORM_ALWAYS, "the old protection is not written"},
    {"D13", CONFORM_ALWAYS, "size 0 is accepted"},
    {"D18", CONFORM_ALWAYS, "the error is 87"},
    {"E15", CONFORM_ALWAYS, "the error is 87"},
    {"E16", CONFORM_ALWAYS, "the error is 87"},
    {"E19", CONFORM_ALWAYS, "parts of an allocation cannot be released"},
    {"E20", CONFORM_ALWAYS, "parts of an allocation cannot be released"},
    {"E21", CONFORM_ALWAYS, "the status is STATUS_INVALID_PARAMETER"},
};

enum { COUNT = sizeof list / sizeof list[0], MADE_WITH_MAJOR = 8 };

static const struct conform_known *find(const char *id)
{
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(list[i].id, id) == 0)
            return &list[i];
    return NULL;
}

/* Versions between those that were looked at are taken to be as the one before. */
static unsigned flag_of(const char *version)
{
    return strtoul(version, NULL, 10) < 10 ? CONFORM_WINE_8 : CONFORM_WINE_10;
}

const struct conform_known *conform_known_wine(const struct conform_row *row, const char *version)
{
    return row->flags & flag_of(version) ? find(row->id) : NULL;
}

bool conform_knows_wine(const char *version)
{
    return strtoul(version, NULL, 10) == MADE_WITH_MAJOR;
}

const char *conform_forgotten_wine(void)
{
    for (const struct conform_group *group = conform_groups; group->letter; group++)
        for (const struct conform_row *row = group->rows; row->id; row++)
            if (((row->flags & (CONFORM_WINE_8 | CONFORM_WINE_10)) != 0) != (find(row->id) != NULL))
                return row->id;
    for (size_t i = 0; i < COUNT; i++)
        if (!conform_find(list[i].id))
            return list[i].id;
    return NULL;
}
