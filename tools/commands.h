/*
 * commands.h - the subcommands of the `hostmem` tool.
 *
 * A subcommand gets its own argument vector: argv[0] is "hostmem NAME", for messages. What it
 * returns is the exit code of the tool.
 */
#ifndef HM_TOOLS_COMMANDS_H
#define HM_TOOLS_COMMANDS_H

/* The exit code for a command line that makes no sense. */
enum { HM_EXIT_USAGE = 2 };

int hm_command_conform(int argc, const char **argv);
int hm_command_run(int argc, const char **argv);

#endif
