/* hostmem.c - entry of the command-line tool: options of its own, then a subcommand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <popt.h>

#include <hostmem/hostmem.h>

#include "commands.h"

struct command {
    const char *name;
    const char *program; /* argv[0] of the subcommand */
    const char *summary;
    int (*run)(int argc, const char **argv);
};

static const struct command commands[] = {
    {"run", "hostmem run", "run a .NET program whose memory hostmem serves", hm_command_run},
    {"conform", "hostmem conform", "test the facts of Win32 memory, one by one",
     hm_command_conform},
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void print_usage(FILE *stream)
{
    fputs("Usage: hostmem [--help] [--version] COMMAND [ARGUMENTS]\n\nCommands:\n", stream);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(stream, "  %-8s %s\n", commands[i].name, commands[i].summary);
    fputs("\n`hostmem COMMAND --help` tells about one of them.\n", stream);
}

static void print_version(void)
{
    uint32_t version = hostmem_version();

    printf("hostmem %u.%u.%u\n", version >> 16, (version >> 8) & 0xffu, version & 0xffu);
}

/* Runs a subcommand with a vector of its own, because popt owns the strings of rest. */
static int run_command(const struct command *command, const char **rest)
{
    const char **argv;
    int argc = 0;
    int status;

    while (rest[argc])
        argc++;
    if (poptDupArgv(argc, rest, &argc, &argv) != 0) {
        fputs("hostmem: out of memory\n", stderr);
        return EXIT_FAILURE;
    }
    argv[0] = command->program;
    status = command->run(argc, argv);
    free(argv);
    return status;
}

/* rest is NULL-terminated and begins with the subcommand's name. */
static int dispatch(const char **rest)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(rest[0], commands[i].name) == 0)
            return run_command(&commands[i], rest);
    fprintf(stderr, "hostmem: there is no command '%s'\n", rest[0]);
    print_usage(stderr);
    return HM_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    int help = 0;
    int version = 0;
    const struct poptOption table[] = {
        {"help", 'h', POPT_ARG_NONE, &help, 0, "tell about the tool and its commands", NULL},
        {"version", 'V', POPT_ARG_NONE, &version, 0, "print the library's version", NULL},
        POPT_TABLEEND};
    /* The first word that is no option is the command, and everything after it is its own. */
    poptContext context = poptGetContext("hostmem", argc, (const char **)(void *)argv, table,
                                         POPT_CONTEXT_POSIXMEHARDER);
    int result = poptGetNextOpt(context);
    const char **rest = poptGetArgs(context);
    int status;

    if (result < -1) {
        fprintf(stderr, "hostmem: %s: %s\n", poptBadOption(context, 0), poptStrerror(result));
        print_usage(stderr);
        status = HM_EXIT_USAGE;
    } else if (help) {
        print_usage(stdout);
        status = EXIT_SUCCESS;
    } else if (version) {
        print_version();
        status = EXIT_SUCCESS;
    } else if (!rest || !rest[0]) {
        print_usage(stderr);
        status = HM_EXIT_USAGE;
    } else {
        status = dispatch(rest);
    }
    poptFreeContext(context);
    return status;
}
