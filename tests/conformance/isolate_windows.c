/*
 * isolate_windows.c - a row in a child process, which runs this same program.
 */
#include "faces_windows.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MILLISECONDS = 60000 };

/* Anonymous, and inherited by children. */
static HANDLE make_mapping(void)
{
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    return CreateFileMappingA(INVALID_HANDLE_VALUE, &inherit, PAGE_READWRITE, 0,
                              sizeof(struct conform_result), NULL);
}

static void fail(struct conform_result *result, const char *what, unsigned long number)
{
    memset(result, 0, sizeof *result);
    result->verdict = CONFORM_FAIL;
    snprintf(result->what, sizeof result->what, "%s", what);
    snprintf(result->seen, sizeof result->seen, "0x%lx", number);
    snprintf(result->expected, sizeof result->expected, "a verdict");
}

static bool start_child(const struct conform_row *row, HANDLE mapping, PROCESS_INFORMATION *child)
{
    char program[MAX_PATH];
    char line[MAX_PATH + 64];
    STARTUPINFOA startup;
    memset(&startup, 0, sizeof startup);
    startup.cb = sizeof startup;
    if (!GetModuleFileNameA(NULL, program, sizeof program))
        return false;
    snprintf(line, sizeof line, "\"%s\" --isolated %s %llu", program, row->id,
             (unsigned long long)(uintptr_t)mapping);
    return CreateProcessA(program, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, child) != 0;
}

/* The child's exit code; that of one that hangs is WAIT_TIMEOUT. */
static DWORD wait_for(const PROCESS_INFORMATION *child)
{
    DWORD code = WAIT_TIMEOUT;
    if (WaitForSingleObject(child->hProcess, MILLISECONDS) == WAIT_OBJECT_0)
        GetExitCodeProcess(child->hProcess, &code);
    else
        TerminateProcess(child->hProcess, WAIT_TIMEOUT);
    CloseHandle(child->hThread);
    CloseHandle(child->hProcess);
    return code;
}

void conform_isolated(const struct conform_api *api, const struct conform_row *row,
                      struct conform_result *result)
{
    PROCESS_INFORMATION child;
    HANDLE mapping = make_mapping();
    struct conform_result *shared =
        mapping ? MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, sizeof *shared) : NULL;
    (void)api; /* the child has it as well */
    if (!shared || !start_child(row, mapping, &child)) {
        fail(result, "no process could be started for the row", GetLastError());
    } else {
        DWORD code = wait_for(&child);
        if (code == 0)
            *result = *shared;
        else
            fail(result, "the row's process ended badly", code);
    }
    if (shared)
        UnmapViewOfFile(shared);
    if (mapping)
        CloseHandle(mapping);
}

bool conform_run_for_parent(const struct conform_api *api, const struct conform_row *row,
                            const char *mapping)
{
    HANDLE handle = (HANDLE)(uintptr_t)strtoull(mapping, NULL, 10);
    struct conform_result *shared = MapViewOfFile(handle, FILE_MAP_WRITE, 0, 0, sizeof *shared);
    if (!shared)
        return false;
    conform_run(api, row, shared);
    return true;
}
