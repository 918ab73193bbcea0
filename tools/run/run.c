/* run.c - `hostmem run`: a .NET program in an embedded Mono whose memory the host serves. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>

#include <mono/jit/jit.h>
#include <mono/metadata/assembly.h>
#include <mono/metadata/environment.h>
#include <mono/metadata/mono-config.h>

#include "../commands.h"
#include "collector.h"
#include "host.h"
#include "options.h"
#include "report.h"
#include "stack.h"

/* As `mono PROGRAM.exe` does it, so that exit codes and messages are the same. */
static int run_program(int argc, char **argv)
{
    MonoDomain *domain;
    MonoAssembly *assembly;

    /* The console's encoding comes from it. */
    setlocale(LC_ALL, "");
    mono_config_parse(NULL);
    domain = mono_jit_init(argv[0]);
    assembly = mono_domain_assembly_open(domain, argv[0]);
    if (!assembly) {
        fprintf(stderr, "hostmem run: '%s' is not a .NET program\n", argv[0]);
        hm_report_cancel();
        return HM_EXIT_USAGE;
    }
    hm_collector_enable();
    mono_jit_exec(domain, assembly, argc, argv);
    /* Waits for the program's foreground threads. */
    mono_jit_cleanup(domain);
    return mono_environment_exitcode_get();
}

/* Mono's own message for a missing file comes late and does not say who speaks. */
static bool program_readable(const char *path)
{
    if (access(path, R_OK) == 0)
        return true;
    fprintf(stderr, "hostmem run: cannot open '%s': %s\n", path, strerror(errno));
    return false;
}

int hm_command_run(int argc, const char **argv)
{
    /* Mono and the report, at exit, go on using what it points at. */
    static struct hm_run_options options;
    int status;
    int error;

    if (!hm_run_parse(argc, argv, &options, &status))
        return status;
    if (!program_readable(options.program_argv[0]))
        return HM_EXIT_USAGE;
    if (!options.plain) {
        error = hm_report_at_exit(options.report_path, options.json);
        if (error != 0) {
            fprintf(stderr, "hostmem run: cannot write the report to '%s': %s\n",
                    options.report_path ? options.report_path : "standard error", strerror(error));
            return HM_EXIT_USAGE;
        }
        hm_stack_map_whole();
        if (!hm_host_start(options.commit_limit)) {
            hm_report_cancel();
            return EXIT_FAILURE;
        }
    }
    return run_program(options.program_argc, options.program_argv);
}
