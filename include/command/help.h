/*
 * Help texts, made from the tables of commands and options.
 */
#ifndef SHMTOOL_COMMAND_HELP_H
#define SHMTOOL_COMMAND_HELP_H

#include <stdio.h>

#include "command/command.h"

/* Writes what "shmtool --help" shows. */
void help_program(FILE *out);

/* Writes the line that "shmtool --version" shows. */
void help_version(FILE *out);

/* Writes what "shmtool COMMAND --help" shows. */
void help_command(FILE *out, const struct command *command);

#endif
