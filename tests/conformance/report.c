/*
 * report.c - see report.h.
 */
#include "report.h"

#include <stdio.h>
#include <string.h>

static const char *const table_names[CONFORM_OUTCOMES] = {"pass",  "FAIL",  "skip",
                                                          "later", "known", "PASS?"};
static const char *const json_names[CONFORM_OUTCOMES] = {
    "pass", "fail", "skip", "later", "known deviation", "unexpected pass"};

static bool names(const char *word, const struct conform_group *group,
                  const struct conform_row *row)
{
    return strcmp(word, group->letter) == 0 || strcmp(word, row->id) == 0;
}

bool conform_is_word(const char *word)
{
    for (const struct conform_group *group = conform_groups; group->letter; group++)
        for (const struct conform_row *row = group->rows; row->id; row++)
            if (names(word, group, row))
                return true;
    return false;
}

const struct conform_row *conform_find(const char *id)
{
    for (const struct conform_group *group = conform_groups; group->letter; group++)
        for (const struct conform_row *row = group->rows; row->id; row++)
            if (strcmp(id, row->id) == 0)
                return row;
    return NULL;
}

static bool is_planned(const struct conform_plan *plan, const struct conform_group *group,
                       const struct conform_row *row)
{
    if (!plan->words)
        return true;
    for (const char *const *word = plan->words; *word; word++)
        if (names(*word, group, row))
            return true;
    return false;
}

static enum conform_outcome judge(const struct conform_plan *plan,
                                  const struct conform_known *known, enum conform_verdict verdict)
{
    switch (verdict) {
    case CONFORM_PASS:
        return known && known->how == CONFORM_ALWAYS && plan->passes_surprise ? CONFORM_SURPRISED
                                                                              : CONFORM_PASSED;
    case CONFORM_FAIL:
        return known ? CONFORM_KNOWN : CONFORM_FAILED;
    case CONFORM_SKIP:
        return CONFORM_SKIPPED;
    case CONFORM_LATER:
        break;
    }
    return CONFORM_TO_COME;
}

/* --- As a table. --- */

static void print_row(const struct conform_row *row, const struct conform_result *result,
                      enum conform_outcome outcome, const char *reason)
{
    printf("%-7s %-5s %s\n", row->id, table_names[outcome], row->text);
    if (result->verdict == CONFORM_FAIL)
        printf("              %s: seen %s, expected %s\n", result->what, result->seen,
               result->expected);
    else if (result->verdict != CONFORM_PASS)
        printf("              %s\n", result->what);
    if (outcome == CONFORM_KNOWN)
        printf("              known deviation: %s\n", reason);
    if (outcome == CONFORM_SURPRISED)
        printf("              was expected to fail: %s\n", reason);
}

static void print_totals(const unsigned counts[CONFORM_OUTCOMES])
{
    printf("%u to come, %u known deviations, %u unexpected passes\n", counts[CONFORM_TO_COME],
           counts[CONFORM_KNOWN], counts[CONFORM_SURPRISED]);
    /* For programs that add up: a row that did not pass is not counted as passed. */
    printf("totals: %u passed, %u failed, %u skipped\n", counts[CONFORM_PASSED],
           counts[CONFORM_FAILED] + counts[CONFORM_SURPRISED],
           counts[CONFORM_SKIPPED] + counts[CONFORM_TO_COME] + counts[CONFORM_KNOWN]);
}

/* --- As JSON. --- */

static void print_json_string(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            printf("\\%c", byte);
        else if (byte < 0x20)
            printf("\\u%04x", byte);
        else
            putchar(byte);
    }
    putchar('"');
}

static void print_json_member(const char *name, const char *text)
{
    printf(", \"%s\": ", name);
    print_json_string(text);
}

static void print_json_row(const struct conform_row *row, const struct conform_result *result,
                           enum conform_outcome outcome, const char *reason)
{
    printf("{\"id\": ");
    print_json_string(row->id);
    print_json_member("fact", row->text);
    print_json_member("verdict", json_names[outcome]);
    if (result->verdict != CONFORM_PASS)
        print_json_member("what", result->what);
    if (result->verdict == CONFORM_FAIL) {
        print_json_member("expected", result->expected);
        print_json_member("seen", result->seen);
    }
    if (outcome == CONFORM_KNOWN || outcome == CONFORM_SURPRISED)
        print_json_member("reason", reason);
    putchar('}');
}

static void print_json_head(const struct conform_plan *plan)
{
    printf("{\"face\": ");
    print_json_string(plan->api->name);
    if (plan->system)
        print_json_member("system", plan->system);
    printf(", \"rows\": [");
}

static void print_json_totals(const unsigned counts[CONFORM_OUTCOMES])
{
    const char *separator = "\n], \"totals\": {";
    for (int i = 0; i < CONFORM_OUTCOMES; i++, separator = ", ")
        printf("%s\"%s\": %u", separator, json_names[i], counts[i]);
    printf("}}\n");
}

/* --- Both. --- */

static void print_head(const struct conform_plan *plan)
{
    if (plan->json)
        print_json_head(plan);
    else if (plan->system)
        printf("%s on %s\n", plan->api->name, plan->system);
    else
        printf("%s\n", plan->api->name);
}

static void take_as_failed(struct conform_result *result)
{
    memset(result, 0, sizeof *result);
    result->verdict = CONFORM_FAIL;
    snprintf(result->what, sizeof result->what, "not run");
    snprintf(result->seen, sizeof result->seen, "nothing");
    snprintf(result->expected, sizeof result->expected, "a verdict");
}

static void report_row(const struct conform_plan *plan, const struct conform_row *row,
                       unsigned counts[CONFORM_OUTCOMES], unsigned before)
{
    const struct conform_known *known = plan->known ? plan->known(row) : NULL;
    const char *reason = known ? known->reason : NULL;
    struct conform_result result;
    if (known && known->how == CONFORM_NOT_TO_RUN)
        take_as_failed(&result);
    else
        conform_isolated(plan->api, row, &result);
    enum conform_outcome outcome = judge(plan, known, result.verdict);
    counts[outcome]++;
    if (plan->json) {
        printf(before ? ",\n  " : "\n  ");
        print_json_row(row, &result, outcome, reason);
    } else {
        print_row(row, &result, outcome, reason);
    }
}

int conform_report(const struct conform_plan *plan)
{
    unsigned counts[CONFORM_OUTCOMES] = {0};
    unsigned count = 0;
    print_head(plan);
    for (const struct conform_group *group = conform_groups; group->letter; group++)
        for (const struct conform_row *row = group->rows; row->id; row++)
            if (is_planned(plan, group, row))
                report_row(plan, row, counts, count++);
    if (plan->json)
        print_json_totals(counts);
    else
        print_totals(counts);
    return counts[CONFORM_FAILED] || counts[CONFORM_SURPRISED] ? 1 : 0;
}
