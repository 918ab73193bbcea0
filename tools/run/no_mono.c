/* no_mono.c - `hostmem run` in a build without Mono. */
#include <stdio.h>
#include <stdlib.h>

#include "../commands.h"
#include "options.h"

int hm_command_run(int argc, const char **argv)
{
    static struct hm_run_options options;
    int status;

    if (!hm_run_parse(argc, argv, &options, &status))
        return status;
    fprintf(stderr,
            "%s: this build has no Mono (install libmono-2.0-dev and libjansson-dev, then "
            "configure with -Dmono=enabled)\n",
            argv[0]);
    return EXIT_FAILURE;
}
