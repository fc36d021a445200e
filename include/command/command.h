/*
 * What every command has in common: its entry in the list, its options, its surroundings, its
 * messages.
 */
#ifndef SHMTOOL_COMMAND_COMMAND_H
#define SHMTOOL_COMMAND_COMMAND_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "kernel/namespaces.h"
#include "kernel/system.h"
#include "view/column.h"

/* shmtool(1), EXIT STATUS. */
enum exit_status {
    STATUS_DONE = 0,
    STATUS_FAILED = 1,
    STATUS_USAGE = 2,
    STATUS_DECLINED = 3,
    STATUS_UNREADABLE = 4,
};

struct command;

/* Where to look, as the command line says; at most one of them is given. */
struct where {
    const char *sysroot;   /* --sysroot */
    const char *namespace; /* -N */
    bool all_namespaces;   /* -A */
    const char *tree;      /* the operand of a command that takes a saved tree */
};

struct context {
    const struct command *command; /* NULL before one was found */
    struct where where;
    struct system system;
    struct system *tree;                  /* owned; with COMMAND_TREE: the saved one; else NULL */
    struct namespace_entry entry;         /* of -N, to be undone */
    struct ipc_namespace_list namespaces; /* with -A: all there are */
    FILE *out;
    FILE *err;
    bool color;          /* of messages */
    locale_t err_locale; /* of the terminal that ERR is, where OUT has another; 0: the same */
};

/* An option or operand as it stands on the command line, for the function that takes its value. */
struct option_use {
    struct context *context;
    const struct option_spec *spec; /* NULL: an operand */
    void *place;                    /* where the value goes */
    char *word;                     /* the argument, or the operand; NULL: a flag */
    char **
        rest; /* of an operand: ARGV from it on, ended by NULL; what a command line of its own is */
};

/*
 * One option of a command, for the parser, the help and the checks of man page and completions: all
 * there is to say of it.
 */
struct option_spec {
    char letter;          /* 0: none */
    const char *name;     /* without the dashes */
    const char *argument; /* NULL: takes none; "[=SIZE]": may be left out, and has no letter */
    const char *help;     /* NULL: always refused, and so never suggested */
    size_t place; /* offset of where the value goes, in the struct that the group is about */
    /*
     * What kind of value it is: option_flag(), option_number() ... of command/options.h, or a
     * function of the command. Returns 0, or a negative errno and sets *err, without the option's
     * name.
     */
    int (*take)(const struct option_use *use, struct error *err);
};

/* Tells whether a value may be left out: it follows an equals sign or is not there ("[=SIZE]"). */
bool option_value_is_optional(const struct option_spec *spec);

/* A run of options under one heading, about one struct. */
struct option_group {
    const char *title;
    const struct option_spec *options;
    size_t count;
};

/* The options of a group, by the array of them. */
#define OPTIONS(array) (array), sizeof(array) / sizeof((array)[0])

/* A letter that other tools have and the command has not: what to type in its place. */
struct option_habit {
    char letter;         /* 0 ends a list */
    const char *why;     /* NULL: it changes nothing, and is ignored */
    const char *instead; /* what to type after "shmtool" */
    const char *value;   /* what comes after that, "ID": a given one is repeated; NULL: nothing */
};

enum { COMMAND_GROUPS = 4, COMMAND_SYNOPSES = 4, COMMAND_EXAMPLES = 2 };

enum command_flags {
    COMMAND_CHANGES = 1,      /* changes the system: refuses --sysroot */
    COMMAND_EVERYWHERE = 4,   /* takes -A */
    COMMAND_NO_NAMESPACE = 8, /* refuses -N */
    COMMAND_WAITS = 16,       /* for what happens, which no saved tree shows: refuses it, too */
    COMMAND_CAPTURES = 64,    /* writes a saved tree: refuses to read one, too */
    COMMAND_TREE = 32,        /* the first operand is a saved tree: its names come first */
    COMMAND_WRAPS = 2,        /* the first operand ends the options: the rest is a command line */
};

struct command {
    const char *name;
    const char *synopsis[COMMAND_SYNOPSES]; /* what follows "shmtool NAME", a form each */
    const char *summary;                    /* a line without a full stop */
    const char *details;                    /* more lines for --help; NULL: none */
    struct {
        const char *line; /* what follows "shmtool " */
        const char *does;
    } examples[COMMAND_EXAMPLES];
    unsigned flags;
    const struct column_table *columns; /* that --columns and --sort choose from; NULL: none */

    /* Its options, its own first, and where the struct of each group stands in its own; NULL ends
     * them. */
    struct {
        const struct option_group *group;
        size_t place;
    } groups[COMMAND_GROUPS];

    const struct option_habit *habits; /* NULL: none */

    /* What an operand is; take is NULL: there are none. As with options. */
    struct {
        size_t place;
        int (*take)(const struct option_use *use, struct error *err);
    } operand;

    /* A zeroed struct of this size holds what the command line said: the ARGS of these functions.
     */
    size_t size;
    /* Checks what no single option can; may be NULL. Returns 0, or a negative errno and sets *err.
     */
    int (*check)(struct context *context, void *args, struct error *err);
    /* Returns an enum exit_status (run: any). */
    int (*run)(struct context *context, void *args);
    /* Releases what ARGS holds; may be NULL. */
    void (*release)(void *args);
};

/* All commands, ended by NULL. */
extern const struct command *const commands[];

/* Returns the command of this name, or NULL. */
const struct command *command_find(const char *name);

/*
 * Tells whether FD is a terminal that shows colors, and wants them: NO_COLOR is not set
 * (https://no-color.org: any value but an empty one), and TERM is not "dumb".
 */
bool terminal_has_color(int fd);

/*
 * What is made from here on is for CONTEXT's standard error: characters as its terminal has them.
 * Returns what uselocale(3) is to be given afterwards.
 */
locale_t context_use_err_locale(const struct context *context);

/* Writes "shmtool: COMMAND: TEXT" and a newline to standard error, escaped, in one piece. */
void context_warn(struct context *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same of TEXT as it is; nothing where there is none. */
void context_warn_text(struct context *context, const struct strbuf *text);

/*
 * Writes "NAME: TEXT" to standard error, nothing where there is no text: on a terminal in lines
 * that fit it, as doctor does, and elsewhere as context_warn() does, in one line.
 */
void context_warn_paragraph(struct context *context, const char *name, const struct strbuf *text);

/* Warns with the text of ERR and returns STATUS. */
int context_fail(struct context *context, const struct error *err, int status);

/*
 * Names the lines that a reader did not understand. Returns whether there are any: then the exit
 * status is STATUS_FAILED at least.
 */
bool context_warn_unparsed(struct context *context, const struct complaint_list *unparsed);

/* This machine's name, or the saved tree's; NULL: not known. */
const char *context_host(const struct context *context);

/*
 * Appends what every JSON document begins with: schema, host (null where a saved tree has none) and
 * when the system was read last (a saved tree: when it was saved, if it has its uptime, else now),
 * so that documents of many machines can be kept apart.
 */
void context_put_head(const struct context *context, struct strbuf *out);

/*
 * Asks QUESTION, which must be safe to show, on standard error and reads the answer from INPUT.
 * Returns STATUS_DONE when it was yes. Else says why it is not, and that nothing was UNDONE
 * ("removed"), and returns STATUS_DECLINED.
 *
 * interrupt: descriptor that becomes readable when the question is to be given up
 */
int context_ask(struct context *context, const char *question, int input, int interrupt,
                const char *undone);

/*
 * The width of text on standard output (view/wrap.h): a terminal's lines are short, text in a pipe
 * may be searched with grep.
 */
size_t context_width(void);

/* Writes the text to standard output. */
void context_write(struct context *context, const struct strbuf *text);

#endif
