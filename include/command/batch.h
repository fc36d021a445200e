/*
 * What rm and set have in common: segments are selected, shown and asked for, acted on one by one,
 * and reported.
 *
 * Nothing is done before every word of the command line and of standard input was understood.
 */
#ifndef SHMTOOL_COMMAND_BATCH_H
#define SHMTOOL_COMMAND_BATCH_H

#include "action/removal.h"
#include "action/save.h"
#include "command/options.h"
#include "kernel/signals.h"

/* A command line, and what becomes of it; the first member of a command's own struct. */
struct batch {
    struct selection selection;
    struct removal_plan plan; /* with what is changed, if that is it */
    bool all;
    bool yes;
    bool interactive;
    bool dry_run;
    struct option_number max;
    bool ignore_missing;
    bool verbose;
    bool quiet;
    bool json;
    bool reads_input;      /* standard input carries ids */
    const char *save_path; /* where segments are saved before they are removed; NULL: nowhere */

    /* The rest is batch_run()'s. */
    struct context *context;
    const char *done;   /* what becomes of segments: "removed", "changed" */
    const char *undone; /* "nothing was removed" */
    struct interrupts interrupts;
    struct inventory inventory;
    struct save save;        /* with save_path, while it removes */
    struct error save_error; /* why the last one could not be saved */
    struct column_format format;
    bool has_summary; /* will end with one */
    bool failed;      /* something was missing or not understood */
};

/* Its options; the group's struct is a struct batch. */
extern const struct option_group batch_group;

/* An operand: an id, or "-"; the place is a struct batch. */
int batch_operand(const struct option_use *use, struct error *err);

/* Checks what no single option can. Returns 0, or a negative errno and sets *err. */
int batch_check(const struct context *context, struct batch *batch, struct error *err);

/*
 * What the commands' tables have, with a struct batch. Does it: the plan is filled, and carried out
 * after a question if one is due. An exit status.
 */
int batch_run(struct context *context, void *args);

void batch_release(void *args);

#endif
