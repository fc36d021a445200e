#include "view/segment_block.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "view/attachment_columns.h"
#include "view/segment_columns.h"
#include "view/wrap.h"
#include "view/writer.h"

enum { LABEL_WIDTH = 15 };

/* Appends " (NOTE)" where there is a note. */
static void put_note(struct strbuf *out, const struct strbuf *note)
{
    if (note->length == 0)
        return;
    strbuf_puts(out, " (");
    text_escape(out, strbuf_string(note), note->length);
    strbuf_putc(out, ')');
}

/* What a field has where there is no value. */
static const char *absence(const struct column *column)
{
    if (column->type == COLUMN_TIME)
        return "never";
    return column->type == COLUMN_SIZE ? "unknown" : "-";
}

static void note_perms(struct strbuf *note, uint64_t mode)
{
    static const char letters[] = "rwxrwxrwx";

    for (unsigned bit = 0; bit < 9; bit++)
        strbuf_append(note, mode & (0400U >> bit) ? &letters[bit] : "-", 1);
}

static void note_time(struct strbuf *note, int64_t time, int64_t now)
{
    human_time(note, time, TIME_AGE, now);
    strbuf_puts(note, " ago");
}

/* The last process, and its command line, which no field of its own has. */
static void note_last_user(struct strbuf *note, const struct explained *explained)
{
    const struct segment *segment = explained->segment;
    struct pids *pids = explained->system->pids;
    const char *command;

    explain_last_user(note, explained);
    if (pids_last_user(pids, segment) != PID_ALIVE)
        return;
    command = pids_command(pids, segment->lpid);
    if (command)
        strbuf_printf(note, ": %s", command);
}

/* What a person wants to know besides the exact value. */
static void note_value(struct strbuf *note, const struct column *column,
                       const struct column_value *value, const struct explained *explained,
                       const struct column_format *format)
{
    if (strcmp(column->name, "cpid") == 0)
        explain_creator(note, explained);
    else if (strcmp(column->name, "lpid") == 0)
        note_last_user(note, explained);
    else if (value->known && column->type == COLUMN_SIZE && value->number >= 1024)
        human_size_long(note, value->number);
    else if (value->known && column->type == COLUMN_TIME)
        note_time(note, (int64_t)value->number, format->now);
    else if (column->type == COLUMN_PERMS)
        note_perms(note, value->number);
}

static void put_label(struct strbuf *out, const char *name)
{
    strbuf_printf(out, "  %-*s", LABEL_WIDTH, name);
}

static void put_field(struct strbuf *out, const struct column *column,
                      const struct explained *explained, const struct column_format *format)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf note = STRBUF_INIT;
    struct column_value value = {0};

    column->get(format, explained->segment, &value);
    column_put_text(&text, column, format, &value);
    put_label(out, column->name);
    if (text.length == 0)
        strbuf_puts(out, absence(column));
    else
        text_escape(out, strbuf_string(&text), text.length);
    note_value(&note, column, &value, explained, format);
    put_note(out, &note);
    strbuf_putc(out, '\n');
}

/* The key that a segment had before it was marked, from the names of its mappings. */
static void put_original_key(struct strbuf *out, const struct explained *explained)
{
    if (!segment_is_dest(explained->segment) || explained->count == 0)
        return;
    put_label(out, "original_key");
    strbuf_put_key(out, explained->attachments[0].original_key);
    strbuf_puts(out, explained->attachments[0].original_key == 0
                         ? " (it was private from the start)\n"
                         : " (before it was marked; another segment may have it now)\n");
}

/* Appends TEXT, indented, line for line. */
static void put_indented(struct strbuf *out, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");

        strbuf_puts(out, "    ");
        strbuf_append(out, text, length);
        strbuf_putc(out, '\n');
        text += length + (text[length] == '\n');
    }
}

/* The processes, as who shows them. */
static void put_attachments(struct strbuf *out, const struct explained *explained,
                            const struct column_format *format)
{
    struct column_set columns = COLUMN_SET_INIT;
    struct writer writer;
    char *text = NULL;
    size_t size = 0;
    FILE *stream;

    if (explained->count == 0)
        return;
    stream = open_memstream(&text, &size);
    if (!stream)
        xalloc_die();
    column_set_add_list(&columns, &attachment_columns, "pid,user,access,maps,command", NULL);
    writer_begin(&writer, FORM_TABLE, stream, &columns, format, NULL, true);
    for (size_t i = 0; i < explained->count; i++) {
        const struct attachment_row row = {&explained->attachments[i], explained->segment};

        writer_row(&writer, &row);
    }
    writer_end(&writer);
    column_set_release(&columns);
    if (fclose(stream) != 0)
        xalloc_die();
    put_indented(out, text);
    free(text);
}

void segment_block_put(struct strbuf *out, const struct explained *explained,
                       const struct column_format *format)
{
    CLEANUP_STRBUF struct strbuf explanation = STRBUF_INIT;

    strbuf_printf(out, "Segment %d\n", explained->segment->shmid);
    for (size_t i = 0; i < segment_columns.count; i++)
        put_field(out, &segment_columns.columns[i], explained, format);
    put_original_key(out, explained);
    strbuf_puts(out, "\n  ");
    explain_nattch(out, explained);
    strbuf_putc(out, '\n');
    put_attachments(out, explained, format);
    strbuf_putc(out, '\n');
    explain_state(&explanation, explained);
    strbuf_puts(out, "  ");
    wrap_text(out, &explanation, 2, WRAP_WIDTH);
    strbuf_putc(out, '\n');
}

static void put_json_attachments(struct strbuf *out, const struct explained *explained,
                                 const struct column_format *format)
{
    struct column_set columns = COLUMN_SET_INIT;

    column_set_add_all(&columns, &attachment_columns);
    strbuf_puts(out, ", \"attachments\": [");
    for (size_t i = 0; i < explained->count; i++) {
        const struct attachment_row row = {&explained->attachments[i], explained->segment};

        strbuf_puts(out, i > 0 ? ", " : "");
        column_put_object(out, &columns, format, &row);
    }
    strbuf_putc(out, ']');
    column_set_release(&columns);
}

void segment_block_put_json(struct strbuf *out, const struct explained *explained,
                            const struct column_format *format)
{
    CLEANUP_STRBUF struct strbuf explanation = STRBUF_INIT;
    struct column_set columns = COLUMN_SET_INIT;

    column_set_add_all(&columns, &segment_columns);
    column_put_object(out, &columns, format, explained->segment);
    column_set_release(&columns);
    strbuf_truncate(out, out->length - 1); /* the object's end: there is more to come */
    put_json_attachments(out, explained, format);
    strbuf_puts(out, ", \"maps_found\": ");
    strbuf_put_u64(out, explain_maps_found(explained));
    strbuf_puts(out, ", \"original_key\": ");
    if (explained->count > 0) {
        strbuf_putc(out, '"');
        strbuf_put_key(out, explained->attachments[0].original_key);
        strbuf_putc(out, '"');
    } else {
        strbuf_puts(out, "null");
    }
    strbuf_puts(out, ", \"explanation\": ");
    explain_state(&explanation, explained);
    text_json(out, strbuf_string(&explanation), explanation.length);
    strbuf_putc(out, '}');
}
