/*
 * Command lines: the parser that all commands share, and kinds of values.
 */
#ifndef SHMTOOL_COMMAND_OPTIONS_H
#define SHMTOOL_COMMAND_OPTIONS_H

#include "action/inventory.h"
#include "command/command.h"
#include "model/selection.h"

/* options_parse()'s result where help or the version was asked for and printed: it is done. */
enum { OPTIONS_SHOWN = 1 };

/*
 * Goes through WORDS, which NULL ends: options stand before or after operands, "--" ends them; long
 * names are written out whole. Values go into ARGS as the command's tables say. Options of where to
 * look (command/where), which have been taken by then, do nothing unless those tables have them.
 *
 * Returns 0, OPTIONS_SHOWN, or -EINVAL and sets *err, which names the word.
 */
int options_parse(struct context *context, const struct command *command, char **words, void *args,
                  struct error *err);

/*
 * Takes one of the options of where to look (command/where), if WORDS[0] is one, with nothing in
 * its word that it does not take. Returns how many words it has, 0 when it is none, or -EINVAL
 * after a message.
 */
int options_take_where(struct context *context, char **words);

/*
 * Parses what follows the command's name, ended by NULL, opens the system that it names, checks it,
 * runs the context's command and releases what it held: the one way in which all commands are run.
 * Returns the exit status.
 */
int options_run_command(struct context *context, char **words);

/* --- Kinds of values, for the tables ---------------------------------------------------------- */

/* A number that may not have been given. */
struct option_number {
    bool given;
    uint64_t value;
};

/* No argument: the place is a bool, set to true. */
int option_flag(const struct option_use *use, struct error *err);

/* The place is a struct option_number: a count, a size in bytes, a key. */
int option_count(const struct option_use *use, struct error *err);
int option_size(const struct option_use *use, struct error *err);
int option_key(const struct option_use *use, struct error *err);

/* The same of a duration, in milliseconds. */
int option_duration(const struct option_use *use, struct error *err);

/*
 * Likewise: permission bits; "[=SIZE]" of huge pages, as flags of shmget; a PROJ of ftok.
 */
int option_mode(const struct option_use *use, struct error *err);
int option_huge(const struct option_use *use, struct error *err);
int option_proj(const struct option_use *use, struct error *err);

/* An operand: the place is a struct selection, which the id is added to. */
int option_id(const struct option_use *use, struct error *err);

#endif
