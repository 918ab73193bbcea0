/* no_mono.c - `hostmem run` in a build without Mono. */
#include <stdio.h>
#include <stdlib.h>

#include "../commands.h"

int hm_command_run(int argc, const char **argv)
{
    (void)argc;
    fprintf(stderr,
            "%s: this build has no Mono (install libmono-2.0-dev and libjansson-dev, then "
            "configure with -Dmono=enabled)\n",
            argv[0]);
    return EXIT_FAILURE;
}
