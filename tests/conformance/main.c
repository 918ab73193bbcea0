/*
 * main.c - runs the rows and prints a table: id, verdict, fact; seen and expected where they differ.
 *
 *     conform                                     hostmem's flat functions
 *     conform --hosted                            hostmem's IHostMemoryManager, slot by slot
 *     conform --hosted libother.so host_create    anybody's, made by
 *                                                 int32_t host_create(const void *options, void **)
 *     conform ... --rows B                        only rows whose id begins with B
 *
 * Ends with 1 if a row failed. Rows that cannot run here are counted apart, never as passed.
 */
#include "faces.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hostmem/hostmem.h>

typedef int32_t (*create_function)(const void *options, void **manager);

struct options {
    bool hosted;
    const char *library;
    const char *create;
    const char *rows;
};

static const char *const verdict_names[] = {"pass", "FAIL", "skip", "later"};

static void print_result(const struct conform_row *row, const struct conform_result *result)
{
    printf("%-7s %-5s %s\n", row->id, verdict_names[result->verdict], row->text);
    if (result->verdict == CONFORM_FAIL)
        printf("              %s: seen %s, expected %s\n", result->what, result->seen,
               result->expected);
    else if (result->verdict != CONFORM_PASS)
        printf("              %s\n", result->what);
}

static void run_group(const struct conform_api *api, const struct conform_group *group,
                      const char *rows, unsigned counts[4])
{
    for (const struct conform_row *row = group->rows; row->id; row++) {
        struct conform_result result;
        if (strncmp(row->id, rows, strlen(rows)) != 0)
            continue;
        conform_isolated(api, row, &result);
        print_result(row, &result);
        counts[result.verdict]++;
    }
}

/* The manager of another library lives as long as the process. */
static void *create_from(const char *library, const char *function)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    void *symbol = handle ? dlsym(handle, function) : NULL;
    create_function create;
    void *manager = NULL;
    if (!symbol) {
        fprintf(stderr, "conform: %s\n", dlerror());
        return NULL;
    }
    memcpy(&create, &symbol, sizeof create);
    return create(NULL, &manager) == 0 ? manager : NULL;
}

static void *create_manager(const struct options *options)
{
    IHostMemoryManager *manager = NULL;
    if (options->library)
        return create_from(options->library, options->create);
    return hostmem_create(NULL, &manager) == 0 ? manager : NULL;
}

static bool parse(int argc, char **argv, struct options *options)
{
    *options = (struct options){.create = "hostmem_create", .rows = ""};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--hosted") == 0) {
            options->hosted = true;
            if (i + 1 < argc && argv[i + 1][0] != '-')
                options->library = argv[++i];
            if (i + 1 < argc && argv[i + 1][0] != '-')
                options->create = argv[++i];
        } else if (strcmp(argv[i], "--rows") == 0 && i + 1 < argc) {
            options->rows = argv[++i];
        } else {
            fprintf(stderr, "usage: conform [--hosted [LIBRARY [CREATE]]] [--rows PREFIX]\n");
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options options;
    unsigned counts[4] = {0};
    if (!parse(argc, argv, &options))
        return 2;
    void *manager = options.hosted ? create_manager(&options) : NULL;
    if (options.hosted && !manager) {
        fprintf(stderr, "conform: no manager was made\n");
        return 2;
    }
    const struct conform_api *api = manager ? conform_hosted(manager, 0) : conform_flat(0);
    printf("%s\n", api->name);
    for (const struct conform_group *group = conform_groups; group->letter; group++)
        run_group(api, group, options.rows, counts);
    printf("%u passed, %u failed, %u skipped, %u to come\n", counts[CONFORM_PASS],
           counts[CONFORM_FAIL], counts[CONFORM_SKIP], counts[CONFORM_LATER]);
    return counts[CONFORM_FAIL] ? 1 : 0;
}
