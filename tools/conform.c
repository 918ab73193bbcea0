/* conform.c - `hostmem conform`: the facts of Win32 memory, tested on hostmem or on another library. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <popt.h>

#include "commands.h"
#include "tests/conformance/faces.h"
#include "tests/conformance/report.h"

struct options {
    char *library;
    char *symbol;
    char **words;
    int json;
    int help;
};

#ifdef HM_HAVE_LIBFFI
typedef int32_t (*create_function)(const void *options, void **manager);

/* What the library makes lives as long as the process. */
static const struct conform_api *face_of(const struct options *options)
{
    const char *symbol = options->symbol ? options->symbol : "hostmem_create";
    void *handle = dlopen(options->library, RTLD_NOW | RTLD_LOCAL);
    void *found = handle ? dlsym(handle, symbol) : NULL;
    create_function create;
    void *manager = NULL;
    int32_t result;

    if (!found) {
        fprintf(stderr, "hostmem conform: %s\n", dlerror());
        return NULL;
    }
    memcpy(&create, &found, sizeof create);
    result = create(NULL, &manager);
    if (result != 0 || !manager) {
        fprintf(stderr, "hostmem conform: %s made no manager: 0x%08x\n", symbol, (unsigned)result);
        return NULL;
    }
    return conform_hosted(manager, 0);
}
#endif

static const struct conform_api *choose(const struct options *options)
{
#ifdef HM_HAVE_LIBFFI
    if (options->library)
        return face_of(options);
#endif
    (void)options;
    return conform_flat(0);
}

static int complain(poptContext context, const char *subject, const char *what)
{
    fprintf(stderr, "hostmem conform: %s: %s\n", subject, what);
    poptPrintUsage(context, stderr, 0);
    return HM_EXIT_USAGE;
}

/* Returns 0 or the exit code. */
static int check(poptContext context, int result, const struct options *options)
{
    const char *rest = poptPeekArg(context);

    if (result < -1)
        return complain(context, poptBadOption(context, 0), poptStrerror(result));
    if (rest)
        return complain(context, rest, "only options are taken");
    if (options->symbol && !options->library)
        return complain(context, "--symbol", "of which --library?");
    for (char **word = options->words; word && *word; word++)
        if (!conform_is_word(*word))
            return complain(context, *word, "there is no such row");
    return 0;
}

static int run(const struct options *options)
{
    const struct conform_plan plan = {
        .api = choose(options),
        .words = (const char *const *)options->words,
        .json = options->json != 0,
    };

    return plan.api ? conform_report(&plan) : HM_EXIT_USAGE;
}

static void print_help(poptContext context)
{
    poptPrintHelp(context, stdout, 0);
#ifndef HM_HAVE_LIBFFI
    puts("\nOther libraries cannot be tested: libffi was missing when this was built.");
#endif
    puts("\nVerdicts: pass; FAIL, with what was seen and expected; skip, where this host cannot "
         "show\n"
         "the fact; later, where the row waits for an interface to come. Ends with 0, with 1 if a\n"
         "row failed, with 2 if nothing could be run.");
}

int hm_command_conform(int argc, const char **argv)
{
    struct options options = {0};
    const struct poptOption table[] = {
        {"json", 0, POPT_ARG_NONE, &options.json, 0, "print JSON instead of a table", NULL},
#ifdef HM_HAVE_LIBFFI
        {"library", 0, POPT_ARG_STRING, &options.library, 0,
         "test the IHostMemoryManager of this shared library, called by the slots of its vtable",
         "FILE"},
        {"symbol", 0, POPT_ARG_STRING, &options.symbol, 0,
         "its function int32_t NAME(const void *options, void **manager), called with NULL "
         "options (hostmem_create)",
         "NAME"},
#endif
        {"row", 0, POPT_ARG_ARGV, &options.words, 0,
         "only this row (A01), or this group (A); may be given more than once", "ID"},
        {"help", 'h', POPT_ARG_NONE, &options.help, 0, "tell about these options", NULL},
        POPT_TABLEEND};
    poptContext context = poptGetContext(NULL, argc, argv, table, 0);
    int result = poptGetNextOpt(context);
    int status = 0;

    if (result == -1 && options.help)
        print_help(context);
    else
        status = check(context, result, &options);
    poptFreeContext(context);
    if (status == 0 && !options.help)
        status = run(&options);
    for (char **word = options.words; word && *word; word++)
        free(*word);
    free(options.words);
    free(options.library);
    free(options.symbol);
    return status;
}
