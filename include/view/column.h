/*
 * Columns: what a record shows under which name, for tables, CSV and JSON alike.
 *
 * A kind of record has ONE table of columns (view/columns.h). Everything that prints, sorts or
 * names columns goes by that table, and each column says what has to be looked up for it.
 */
#ifndef SHMTOOL_VIEW_COLUMN_H
#define SHMTOOL_VIEW_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "view/human.h"

enum column_type {
    COLUMN_KEY,    /* 0x00143511 */
    COLUMN_ID,     /* a number that names: aligned left */
    COLUMN_NUMBER, /* a number that counts: aligned right */
    COLUMN_SIZE,   /* bytes */
    COLUMN_PERMS,  /* octal */
    COLUMN_TIME,   /* epoch seconds */
    COLUMN_STATUS, /* SEGMENT_DEST and SEGMENT_LOCKED bits */
    COLUMN_RULE,   /* the line that protects it, in JSON with its reason; none: no, false */
    COLUMN_NAME,   /* a name, or the number where there is no such user or group */
    /* Those with text alone: */
    COLUMN_TEXT,
    COLUMN_WORD,    /* in a table one word, whatever is in it */
    COLUMN_STATE,   /* the name of a state */
    COLUMN_COMMAND, /* a command line: what a terminal has no room for is cut */
    COLUMN_LIST,    /* any number of texts: an array in JSON */
};

/* One value of one record. */
struct column_value {
    bool known;        /* false: not known, or never happened */
    uint64_t number;   /* of names: the uid or gid */
    const char *text;  /* of names and texts; NULL: none; borrowed from the record */
    char *const *list; /* of lists: NUMBER texts, borrowed; TEXT is all of them, joined */
    const char *note;  /* of COLUMN_RULE the reason; NULL: none; borrowed likewise */
    uint64_t high;     /* of sums: what of the number is beyond 64 bits */
    bool at_least;     /* a sum of what is known: tables say so */
};

/* How values are to be shown. */
struct column_format {
    bool numeric; /* uids and gids instead of names */
    bool human;   /* 1.5M instead of bytes; not in JSON and CSV */
    enum human_time time;
    int64_t now;      /* for ages and short times */
    bool color;       /* of tables */
    const char *host; /* this machine's name, borrowed; NULL: not known */
    size_t width;     /* the terminal's columns, for tables; 0: no terminal, nothing is cut */
};

struct column {
    const char *name; /* in --columns, headers and JSON */
    enum column_type type;
    unsigned needs; /* mask of enum need: what must have been looked up */
    const char *help;
    void (*get)(const struct column_format *format, const void *record,
                struct column_value *ret_value);
};

/* All columns of one kind of record. */
struct column_table {
    const struct column *columns;
    size_t count;
    const char *defaults;  /* names, comma-separated */
    const char *long_form; /* with --long; NULL: none */
    const char *list_name; /* of the array in a JSON document: "segments" */
    const char *quiet;     /* the column that --quiet shows */
};

/* A choice of columns, in order, each once. */
struct column_set {
    const struct column **items; /* owned array of borrowed columns */
    struct strbuf *labels;       /* owned; what stands before the value in a JSON object */
    size_t count;
    size_t capacity;
};

#define COLUMN_SET_INIT \
    { \
        NULL, NULL, 0, 0 \
    }

/* Returns the column of this name (LENGTH bytes), or NULL; size is another name of bytes. */
const struct column *column_find(const struct column_table *table, const char *name, size_t length);

/* The same; where there is none, sets *err, which names the wrong word and lists the right ones. */
const struct column *column_require(const struct column_table *table, const char *word,
                                    size_t length, struct error *err);

/* Adds COLUMN, unless it is there already. */
void column_set_add(struct column_set *set, const struct column *column);

/* Adds the columns of a comma-separated list. Returns 0, or -EINVAL with the wrong word in ERR. */
int column_set_add_list(struct column_set *set, const struct column_table *table, const char *list,
                        struct error *err);

/* Adds all columns of the table. */
void column_set_add_all(struct column_set *set, const struct column_table *table);

/* What has to be looked up for the set's columns, or to sort: a mask of enum need. */
unsigned column_set_needs(const struct column_set *set);

/* The same for all columns of the table. */
unsigned column_table_needs(const struct column_table *table);

/* Releases the set's memory and leaves it empty. */
void column_set_release(struct column_set *set);

#define CLEANUP_COLUMN_SET __attribute__((cleanup(column_set_release)))

/* Appends a value as tables and CSV show it: not escaped; nothing when it is not known. */
void column_put_text(struct strbuf *out, const struct column *column,
                     const struct column_format *format, const struct column_value *value);

/* Appends a value as JSON: a number, a string, an array of strings (status) or null. */
void column_put_json(struct strbuf *out, const struct column *column,
                     const struct column_format *format, const struct column_value *value);

/* Appends the value of the set's column I as a member of a JSON object, with what goes before. */
void column_put_member(struct strbuf *out, const struct column_set *set, size_t i,
                       const struct column_format *format, const struct column_value *value);

/* Appends a record as a JSON object. */
void column_put_object(struct strbuf *out, const struct column_set *set,
                       const struct column_format *format, const void *record);

/* One of the columns to sort by. */
struct sort_key {
    const struct column *column;
    bool descending;
};

struct sort_order {
    struct sort_key *items; /* owned */
    size_t count;
    size_t capacity;
};

/* Adds the keys of "[-]COL[,...]". Returns 0, or -EINVAL with the wrong word in ERR. */
int sort_order_add_list(struct sort_order *order, const struct column_table *table,
                        const char *list, struct error *err);

/*
 * Sorts COUNT records of SIZE bytes: numbers as numbers, what is not known first, names by their
 * bytes; equal ones keep their order.
 */
void sort_records(void *records, size_t count, size_t size, const struct sort_order *order,
                  const struct column_format *format);

unsigned sort_order_needs(const struct sort_order *order);

void sort_order_release(struct sort_order *order);

#endif
