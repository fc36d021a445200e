/*
 * The output options that all commands with rows share: columns, order, forms.
 */
#ifndef SHMTOOL_COMMAND_OUTPUT_H
#define SHMTOOL_COMMAND_OUTPUT_H

#include "command/command.h"
#include "view/column.h"
#include "view/writer.h"

enum output_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* What the output options said; zeroed to begin with. */
struct output_options {
    struct column_format format;
    enum writer_form form;
    enum output_color color;
    bool has_time; /* --time was given */
    bool no_header;
    struct sort_order sort;
    const char **column_lists; /* owned array of --columns' words, in their order */
    size_t list_count;
    size_t list_capacity;
    struct column_set columns; /* the choice; set by output_choose_columns() */
};

/*
 * -c, --sort, -H, -n, --time, --color, --no-header, -q, --json, --ndjson, --csv, for every command
 * that prints rows; the group's struct is a struct output_options. Columns are those of the
 * command's table.
 */
extern const struct option_group output_group;

/*
 * Those of them that make sense where lines come one by one: -c, -n, --time, --color, -q, --ndjson;
 * the columns are those of the objects.
 */
extern const struct option_group output_event_group;

/*
 * Chooses the columns: of the form, and then what --columns said.
 *
 * With -A the IPC namespace stands after them.
 *
 * table: NULL: that of the context's command; another one has what it has
 * defaults: a comma-separated list for FORM_TABLE; NULL: the table's own
 */
void output_choose_columns(struct output_options *output, const struct context *context,
                           const struct column_table *table, const char *defaults);

/*
 * What has to be looked up for columns and order: a mask of enum need. No names where numbers are
 * shown instead.
 */
unsigned output_needs(const struct output_options *output);

/*
 * Begins a writer on CONTEXT's output in the chosen form, for rows of the command's table.
 *
 * now: epoch seconds, for ages
 */
void output_begin(struct output_options *output, struct context *context, int64_t now,
                  struct writer *ret_writer);

/* Sets the format of lines that come one by one. */
void output_begin_events(struct output_options *output);

/* Sorts COUNT records of SIZE bytes as --sort says; as they are without it. */
void output_sort(const struct output_options *output, void *records, size_t count, size_t size);

/* Releases what it holds. */
void output_release(struct output_options *output);

#endif
