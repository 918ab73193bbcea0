/* survey.h - what Mono's live memory looks like, seen through VirtualQuery. */
#ifndef HM_TOOLS_RUN_SURVEY_H
#define HM_TOOLS_RUN_SURVEY_H

#include <stdint.h>

#include "glue.h"

/* How a run of pages may be used. Runs with PAGE_GUARD count as guard, whatever else they allow. */
enum hm_use {
    HM_USE_RESERVED, /* not committed */
    HM_USE_READ_WRITE,
    HM_USE_EXECUTE, /* with or without writing */
    HM_USE_READ_ONLY,
    HM_USE_NO_ACCESS,
    HM_USE_GUARD,
    HM_USE_COUNT
};

const char *hm_use_name(enum hm_use use);

/* Bytes by use, for the allocations of one kind. */
struct hm_survey_row {
    uint64_t allocations;
    uint64_t bytes[HM_USE_COUNT];
};

struct hm_survey {
    struct hm_survey_row kinds[HM_KIND_COUNT];
};

/* Walks all live allocations. Other threads may allocate meanwhile; each run is told as it was at
 * some moment. */
void hm_survey_take(struct hm_survey *survey);

#endif
