/*
 * report.h - runs rows one after the other and prints what came of them, as a table or as JSON.
 */
#ifndef CONFORM_REPORT_H
#define CONFORM_REPORT_H

#include "conform.h"

/* What a row comes to where some rows are known to fail. */
enum conform_outcome {
    CONFORM_PASSED,
    CONFORM_FAILED,
    CONFORM_SKIPPED,
    CONFORM_TO_COME,
    CONFORM_KNOWN,     /* failed, as this system is known to do */
    CONFORM_SURPRISED, /* passed, although this system is known not to: the list is wrong */
    CONFORM_OUTCOMES
};

/* A row that is known to fail on some system. */
struct conform_known {
    const char *id;
    enum {
        CONFORM_ALWAYS,
        CONFORM_SOMETIMES, /* it passes where luck has it */
        CONFORM_NOT_TO_RUN /* the system would be harmed */
    } how;
    const char *reason;
};

struct conform_plan {
    const struct conform_api *api;
    const char *system;       /* what the rows run on; NULL: the face says enough */
    const char *const *words; /* ids and letters of groups, NULL at the end; NULL: all rows */
    bool json;
    /* What is known of this row on this system; NULL if nothing is. The member may be NULL. */
    const struct conform_known *(*known)(const struct conform_row *row);
    bool passes_surprise; /* a row that is known to fail must do so */
};

/* Whether a word names a row or a group. */
bool conform_is_word(const char *word);

/* The row with this id, or NULL. */
const struct conform_row *conform_find(const char *id);

/*
 * Runs each row that the plan names with conform_isolated and prints to stdout. Returns what the
 * program should: 0, or 1 if a row failed or passed by surprise.
 */
int conform_report(const struct conform_plan *plan);

/*
 * Each system's own: runs a row in a process of its own, so that a crash or a hang is a failure of
 * this row only.
 */
void conform_isolated(const struct conform_api *api, const struct conform_row *row,
                      struct conform_result *result);

#endif
