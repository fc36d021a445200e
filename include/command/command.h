/*
 * What every command has in common: its entry in the list, its surroundings, its messages.
 */
#ifndef SHMTOOL_COMMAND_COMMAND_H
#define SHMTOOL_COMMAND_COMMAND_H

#include <stdio.h>

#include "kernel/system.h"

/* shmtool(1), EXIT STATUS. */
enum exit_status {
    STATUS_DONE = 0,
    STATUS_FAILED = 1,
    STATUS_USAGE = 2,
    STATUS_DECLINED = 3,
    STATUS_UNREADABLE = 4,
};

/* One option of a command, for the parser, the help and the checks of man page and completions. */
struct option_spec {
    int id;               /* what the command knows it by; not 0 */
    char letter;          /* 0: none */
    const char *name;     /* without the dashes */
    const char *argument; /* NULL: takes none */
    const char *help;
};

/* A run of options under one heading. */
struct option_group {
    const char *title;
    const struct option_spec *options;
    size_t count;
};

enum { COMMAND_GROUPS = 3 };

enum command_flags {
    COMMAND_CHANGES = 1, /* changes the system: refuses --sysroot */
    COMMAND_WRAPS = 2,   /* the first operand ends the options: the rest is a command line */
};

struct context {
    const char *command; /* its name, for messages */
    struct system system;
    FILE *out;
    FILE *err;
};

struct command {
    const char *name;
    const char *synopsis[4]; /* what follows "shmtool NAME", a form each */
    const char *summary;     /* a line without a full stop */
    const char *details;     /* more lines for --help; NULL: none */
    unsigned flags;
    const struct option_group *groups[COMMAND_GROUPS];
    /* Runs with ARGV[0] being the command's name; returns an enum exit_status (run: any). */
    int (*run)(struct context *context, int argc, char **argv);
};

/* All commands, ended by NULL. */
extern const struct command *const commands[];

/* Returns the command of this name, or NULL. */
const struct command *command_find(const char *name);

/* Writes "shmtool: COMMAND: TEXT" and a newline to standard error, escaped, in one piece. */
void context_warn(struct context *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Names the line that could not be understood; ARG is the context. */
void context_warn_garbage(struct context *context, const char *where, const char *text,
                          size_t length);

/* Warns with ERR's text and returns STATUS. */
int context_fail(struct context *context, const struct error *err, int status);

#endif
