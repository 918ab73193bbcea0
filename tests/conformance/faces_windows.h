/*
 * faces_windows.h - what only the Windows program has.
 */
#ifndef CONFORM_FACES_WINDOWS_H
#define CONFORM_FACES_WINDOWS_H

#include "conform.h"

/* The system's own functions. */
const struct conform_api *conform_windows(void);

/* The version of Wine that this program runs on, as "8.0"; NULL on Windows. */
const char *conform_wine_version(void);

/* In a child of conform_isolated: runs the row, leaves its result in the mapping named in argv. */
bool conform_run_for_parent(const struct conform_api *api, const struct conform_row *row,
                            const char *mapping);

#endif
