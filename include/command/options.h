/*
 * Command lines: the parser that all commands share, kinds of values, the options that select
 * segments.
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

/* --- Selecting segments ----------------------------------------------------------------------- */

/* The options that select segments; the group's struct is a struct selection. */
extern const struct option_group selection_group;

/*
 * Appends what was probably meant by an id that does not exist, or by a key that nobody has:
 * nothing, unless the number is somebody's key, or id.
 */
void options_hint_key(struct strbuf *out, const struct inventory *inventory, int shmid);
void options_hint_id(struct strbuf *out, const struct inventory *inventory, uint32_t key);

/*
 * Names the ids that were asked for and do not exist, and keys that nobody has and are ids. Returns
 * whether there are any of the former: the latter are no failure where nothing is removed.
 */
bool options_warn_missing(struct context *context, const struct inventory *inventory);

/* Says how many segments the selection leaves out because their state, unit or program is unknown.
 */
void options_warn_unknown(struct context *context, const struct unknown_counts *unknown);

/* Names the processes of --pid that are in another IPC namespace than the one that is
 * inspected. */
void options_warn_pids(struct context *context, const struct filter *filter);

/*
 * Names what INVENTORY, read with SELECTION (NULL: all), lacks: what options_warn_missing() does,
 * states, units and programs that are not known, processes and IPC namespaces. Returns whether the
 * exit status is STATUS_FAILED at least.
 */
bool options_warn_incomplete(struct context *context, const struct selection *selection,
                             const struct inventory *inventory);

/* Says which page size is assumed, if a saved tree does not show it. */
void options_warn_page_size(struct context *context, const struct limits *limits);

/* Says why Shmem is not known (NEED_SHMEM), unless the tree does not have it. */
void options_warn_shmem(struct context *context, const struct inventory *inventory);

/* Says in one line on standard error how many processes could not be read, if any. */
void options_warn_unreadable(struct context *context, const struct inventory *inventory);

#endif
