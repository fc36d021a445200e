#include "view/column.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "model/segment.h"

const struct column *column_find(const struct column_table *table, const char *name, size_t length)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct column *column = &table->columns[i];

        if (strlen(column->name) == length && memcmp(column->name, name, length) == 0)
            return column;
    }
    return length == 4 && memcmp(name, "size", 4) == 0 ? column_find(table, "bytes", 5) : NULL;
}

void column_set_add(struct column_set *set, const struct column *column)
{
    struct strbuf label = STRBUF_INIT;

    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i] == column)
            return;
    }
    if (set->count == set->capacity) {
        set->capacity = set->capacity ? set->capacity * 2 : 16;
        set->items = xreallocarray(set->items, set->capacity, sizeof(const struct column *));
        set->labels = xreallocarray(set->labels, set->capacity, sizeof(*set->labels));
    }
    strbuf_printf(&label, "%s\"%s\": ", set->count == 0 ? "{" : ", ", column->name);
    set->labels[set->count] = label;
    set->items[set->count++] = column;
}

/* What lsipc and others call columns, and what stands for it here. */
static const struct synonym column_habits[] = {
    {"id", "shmid"},     {"user", "owner"},  {"cuser", "creator"}, {"cgroup", "creator_group"},
    {"pid", "cpid"},     {"mode", "perms"},  {"attach", "atime"},  {"detach", "dtime"},
    {"change", "ctime"}, {"cmd", "command"}, {"ns", "namespace"},  {NULL, NULL}};

const struct column *column_require(const struct column_table *table, const char *word,
                                    size_t length, struct error *err)
{
    CLEANUP_STRBUF struct strbuf all = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf hint = STRBUF_INIT;
    const struct column *column = column_find(table, word, length);
    struct suggestion suggestion = suggest_begin(word, length);
    struct suggestion habit = suggestion;

    if (column)
        return column;
    for (size_t i = 0; i < table->count; i++) {
        strbuf_printf(&all, " %s", table->columns[i].name);
        suggest_try(&suggestion, table->columns[i].name);
    }
    if (column_find(table, "size", 4))
        suggest_try(&suggestion, "size");
    suggest_synonym(&habit, column_habits);
    if (habit.best && column_find(table, habit.best, strlen(habit.best)))
        suggestion = habit;
    suggest_put(&hint, &suggestion, "");
    error_set(err, EINVAL, "'%.*s': no such column%s%s:%s", (int)length, word, strbuf_string(&hint),
              suggestion.best ? " There are" : "; there are", strbuf_string(&all));
    return NULL;
}

int column_set_add_list(struct column_set *set, const struct column_table *table, const char *list,
                        struct error *err)
{
    for (const char *word = list;; word++) {
        size_t length = strcspn(word, ",");
        const struct column *column = column_require(table, word, length, err);

        if (!column)
            return -EINVAL;
        column_set_add(set, column);
        word += length;
        if (*word == '\0')
            return 0;
    }
}

void column_set_add_all(struct column_set *set, const struct column_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        column_set_add(set, &table->columns[i]);
}

unsigned column_set_needs(const struct column_set *set)
{
    unsigned needs = 0;

    for (size_t i = 0; i < set->count; i++)
        needs |= set->items[i]->needs;
    return needs;
}

unsigned column_table_needs(const struct column_table *table)
{
    unsigned needs = 0;

    for (size_t i = 0; i < table->count; i++)
        needs |= table->columns[i].needs;
    return needs;
}

void column_set_release(struct column_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        strbuf_release(&set->labels[i]);
    free(set->labels);
    free(set->items);
    *set = (struct column_set)COLUMN_SET_INIT;
}

/* The words of a status: with BETWEEN between them, each in quotes or not. */
static void put_status(struct strbuf *out, uint64_t mode, const char *quote)
{
    static const struct {
        unsigned bit;
        const char *word;
    } words[] = {{SEGMENT_DEST, "dest"}, {SEGMENT_LOCKED, "locked"}};
    const char *between = "";

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!(mode & words[i].bit))
            continue;
        strbuf_puts(out, between);
        strbuf_puts(out, quote);
        strbuf_puts(out, words[i].word);
        strbuf_puts(out, quote);
        between = ",";
    }
}

/* Appends the low twelve bits in octal, with leading zeros up to DIGITS_MIN digits. */
static void put_octal(struct strbuf *out, uint64_t mode, int digits_min)
{
    for (int digit = 3; digit >= 0; digit--) {
        if (digit < digits_min || mode >> (3 * digit) > 0)
            strbuf_putc(out, (char)('0' + (mode >> (3 * digit) & 7)));
    }
}

static void put_json_list(struct strbuf *out, const struct column_value *value)
{
    strbuf_putc(out, '[');
    for (uint64_t i = 0; i < value->number; i++) {
        strbuf_puts(out, i > 0 ? ", " : "");
        text_json(out, value->list[i], strlen(value->list[i]));
    }
    strbuf_putc(out, ']');
}

static struct wide wide_number(const struct column_value *value)
{
    return (struct wide){value->high, value->number};
}

void column_put_text(struct strbuf *out, const struct column *column,
                     const struct column_format *format, const struct column_value *value)
{
    if (!value->known)
        return;
    switch (column->type) {
    case COLUMN_KEY:
        strbuf_put_key(out, (uint32_t)value->number);
        break;
    case COLUMN_PERMS:
        put_octal(out, value->number, 1);
        break;
    case COLUMN_STATUS:
        put_status(out, value->number, "");
        break;
    case COLUMN_TIME:
        human_time(out, (int64_t)value->number, format->time, format->now);
        break;
    case COLUMN_NAME:
    case COLUMN_TEXT:
    case COLUMN_WORD:
    case COLUMN_STATE:
    case COLUMN_COMMAND:
    case COLUMN_LIST:
        if (value->text)
            strbuf_puts(out, value->text);
        else
            strbuf_put_u64(out, value->number);
        break;
    case COLUMN_RULE:
        strbuf_puts(out, value->text ? value->text : "no");
        break;
    case COLUMN_SIZE:
        if (format->human)
            human_size_wide(out, wide_number(value));
        else
            strbuf_put_wide(out, wide_number(value));
        break;
    case COLUMN_ID:
    case COLUMN_NUMBER:
        strbuf_put_wide(out, wide_number(value));
        break;
    }
}

static void put_json_rule(struct strbuf *out, const struct column_value *value)
{
    if (!value->text) {
        strbuf_puts(out, "false");
        return;
    }
    strbuf_puts(out, "{\"by\": ");
    text_json(out, value->text, strlen(value->text));
    strbuf_puts(out, ", \"reason\": ");
    text_json_or_null(out, value->note);
    strbuf_putc(out, '}');
}

void column_put_json(struct strbuf *out, const struct column *column,
                     const struct column_format *format, const struct column_value *value)
{
    bool has_text = value->text || column->type < COLUMN_NAME;

    if (!value->known || !has_text) {
        strbuf_puts(out, "null");
        return;
    }
    switch (column->type) {
    case COLUMN_KEY:
        strbuf_putc(out, '"');
        strbuf_put_key(out, (uint32_t)value->number);
        strbuf_putc(out, '"');
        break;
    case COLUMN_PERMS:
        strbuf_putc(out, '"');
        put_octal(out, value->number, 4);
        strbuf_putc(out, '"');
        break;
    case COLUMN_STATUS:
        strbuf_putc(out, '[');
        put_status(out, value->number, "\"");
        strbuf_putc(out, ']');
        break;
    case COLUMN_TIME:
        if (format->time != TIME_EPOCH)
            strbuf_putc(out, '"');
        human_time(out, (int64_t)value->number, format->time, format->now);
        if (format->time != TIME_EPOCH)
            strbuf_putc(out, '"');
        break;
    case COLUMN_RULE:
        put_json_rule(out, value);
        break;
    case COLUMN_NAME:
    case COLUMN_TEXT:
    case COLUMN_WORD:
    case COLUMN_STATE:
    case COLUMN_COMMAND:
        text_json(out, value->text, strlen(value->text));
        break;
    case COLUMN_LIST:
        put_json_list(out, value);
        break;
    case COLUMN_SIZE:
    case COLUMN_ID:
    case COLUMN_NUMBER:
        strbuf_put_wide(out, wide_number(value));
        break;
    }
}

void column_put_member(struct strbuf *out, const struct column_set *set, size_t i,
                       const struct column_format *format, const struct column_value *value)
{
    strbuf_append(out, set->labels[i].data, set->labels[i].length);
    column_put_json(out, set->items[i], format, value);
}

void column_put_object(struct strbuf *out, const struct column_set *set,
                       const struct column_format *format, const void *record)
{
    for (size_t i = 0; i < set->count; i++) {
        struct column_value value = {0};

        set->items[i]->get(format, record, &value);
        column_put_member(out, set, i, format, &value);
    }
    strbuf_putc(out, '}');
}
