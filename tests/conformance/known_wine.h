/*
 * known_wine.h - where Wine is known to differ from Windows. Windows is what the rows test.
 */
#ifndef CONFORM_KNOWN_WINE_H
#define CONFORM_KNOWN_WINE_H

#include "report.h"

/* What is known of the row on this version of Wine ("8.0"); NULL if nothing is. */
const struct conform_known *conform_known_wine(const struct conform_row *row, const char *version);

/* Whether the list was made with this version: then it is complete, and nothing in it passes. */
bool conform_knows_wine(const char *version);

/*
 * A row that is flagged as differing and has no reason in the list, or the other way round: its id.
 * NULL if there is none.
 */
const char *conform_forgotten_wine(void);

#endif
