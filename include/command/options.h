/*
 * Command lines: the parser that all commands share, and the options that select segments.
 */
#ifndef SHMTOOL_COMMAND_OPTIONS_H
#define SHMTOOL_COMMAND_OPTIONS_H

#include "action/select.h"
#include "command/command.h"
#include "model/selection.h"

/* Ids of the options that select segments; a command's own begin at OPTION_OWN. */
enum {
    OPTION_KEY = 1,
    OPTION_OWNER,
    OPTION_CREATOR,
    OPTION_GROUP,
    OPTION_SIZE,
    OPTION_NATTCH,
    OPTION_DEST,
    OPTION_LOCKED,
    OPTION_ATTACHED,
    OPTION_UNATTACHED,
    OPTION_ORPHAN,
    OPTION_STATE,
    OPTION_OLDER_THAN,
    OPTION_NEWER_THAN,
    OPTION_CPID,
    OPTION_PID,
    OPTION_OWN = 100,
};

/* The options that select segments, for a command's groups. */
extern const struct option_group selection_group;

/* Who is given the options and operands of a command line. */
struct option_taker {
    /* Return 0, or a negative errno with words in ERR. WORD is NULL for options without argument.
     */
    int (*option)(void *arg, int id, const char *word, struct error *err);
    int (*operand)(void *arg, const char *word, struct error *err);
    void *arg;
};

/* options_parse()'s word that help was asked for and printed: the command is done. */
enum { OPTIONS_HELP = 1 };

/*
 * Goes through ARGV: options stand before or after operands, "--" ends them.
 *
 * Returns 0, OPTIONS_HELP, or -EINVAL after a message on standard error that names the word.
 */
int options_parse(struct context *context, const struct command *command, int argc, char **argv,
                  const struct option_taker *taker);

/*
 * Takes an option of selection_group into SELECTION. Names are looked up in MACHINE.
 * Returns 0, or a negative errno with words in ERR.
 */
int options_select(struct selection *selection, struct system *system, int id, const char *word,
                   struct error *err);

/* Names the ids that were asked for and do not exist, each once. Returns whether there are any. */
bool options_warn_missing(struct context *context, const struct selection *selection,
                          const struct select_report *report);

#endif
