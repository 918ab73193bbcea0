/*
 * isolate_posix.c - a row in a child process.
 */
#include "report.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 60 };

static void judge_death(int status, struct conform_result *result)
{
    result->verdict = CONFORM_FAIL;
    snprintf(result->expected, sizeof result->expected, "a verdict");
    if (WIFSIGNALED(status))
        snprintf(result->what, sizeof result->what, "the row was killed by signal %d",
                 WTERMSIG(status));
    else
        snprintf(result->what, sizeof result->what, "the row's process ended with %d",
                 WEXITSTATUS(status));
}

void conform_isolated(const struct conform_api *api, const struct conform_row *row,
                      struct conform_result *result)
{
    struct conform_result *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = 0;
    memset(result, 0, sizeof *result);
    fflush(NULL);
    pid_t child = shared == MAP_FAILED ? -1 : fork();
    if (child == 0) {
        struct conform_result mine;
        alarm(SECONDS);
        conform_run(api, row, &mine);
        *shared = mine;
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        judge_death(status, result);
    else
        *result = *shared;
    if (shared != MAP_FAILED)
        munmap(shared, sizeof *shared);
}
