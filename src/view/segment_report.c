#include "view/segment_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "view/columns.h"
#include "view/describe.h"
#include "view/human.h"
#include "view/wrap.h"
#include "view/writer.h"

enum { LABEL_WIDTH = 15 };

unsigned segment_report_needs(void)
{
    return column_table_needs(&segment_columns) | NEED_LAST_COMMAND | NEED_ATTACHMENTS |
           NEED_HOLDERS | NEED_CREDENTIALS;
}

/* --- Text ------------------------------------------------------------------------------------- */

static void put_label(struct strbuf *out, const char *name)
{
    strbuf_printf(out, "  %-*s", LABEL_WIDTH, name);
}

/* What a person wants to know besides the exact value. */
static void note_value(struct strbuf *note, const struct column *column,
                       const struct column_value *value, const struct segment_info *info,
                       const struct column_format *format)
{
    static const char bits[] = "rwxrwxrwx";
    char letters[5]; /* that a key was made up of: NTP2, GPSD */

    if (strcmp(column->name, "cpid") == 0) {
        describe_creator(note, info);
    } else if (strcmp(column->name, "lpid") == 0) {
        describe_last_user(note, info);
        if (info->last_command)
            strbuf_printf(note, ": %s", info->last_command);
    } else if (value->known && column->type == COLUMN_SIZE && value->number >= 1024) {
        human_size_long(note, value->number);
    } else if (value->known && column->type == COLUMN_TIME) {
        human_time(note, (int64_t)value->number, TIME_AGE, format->now);
        strbuf_puts(note, " ago");
    } else if (value->note) {
        strbuf_puts(note, value->note);
    } else if (strcmp(column->name, "key") == 0) {
        if (program_key_letters(info->segment.key, letters))
            strbuf_puts(note, letters);
    } else if (column->type == COLUMN_PERMS) {
        for (unsigned i = 0; i < 9; i++)
            strbuf_append(note, value->number & (0400U >> i) ? &bits[i] : "-", 1);
    }
}

static void put_field(struct strbuf *out, const struct column *column,
                      const struct segment_info *info, const struct column_format *format)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf note = STRBUF_INIT;
    struct column_value value = {0};

    column->get(format, info, &value);
    column_put_text(&text, column, format, &value);
    put_label(out, column->name);
    if (text.length > 0)
        text_escape(out, strbuf_string(&text), text.length);
    else if (column->type == COLUMN_TIME)
        strbuf_puts(out, "never");
    else if (column->type == COLUMN_SIZE || column->type == COLUMN_RULE)
        strbuf_puts(out, "unknown");
    else
        strbuf_putc(out, '-');
    note_value(&note, column, &value, info, format);
    if (note.length > 0) {
        strbuf_puts(out, " (");
        text_escape(out, strbuf_string(&note), note.length);
        strbuf_putc(out, ')');
    }
    strbuf_putc(out, '\n');
}

/* The key that a segment had before it was marked, from the names of its mappings. */
static void put_original_key(struct strbuf *out, const struct segment_info *info)
{
    if (!segment_is_dest(&info->segment) || info->attachment_count == 0)
        return;
    put_label(out, "original_key");
    strbuf_put_key(out, info->attachments[0].original_key);
    strbuf_puts(out, info->attachments[0].original_key == 0
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
static void put_attachments(struct strbuf *out, const struct segment_info *info,
                            const struct column_format *format)
{
    CLEANUP_COLUMN_SET struct column_set columns = COLUMN_SET_INIT;
    struct writer writer;
    char *text = NULL;
    size_t size = 0;
    FILE *stream;

    if (info->attachment_count == 0)
        return;
    stream = open_memstream(&text, &size);
    if (!stream)
        xalloc_die();
    column_set_add_list(&columns, &attachment_columns, "pid,user,access,maps,command", NULL);
    writer_begin(&writer, FORM_TABLE, stream, &columns, format, NULL, NULL, true);
    for (uint32_t i = 0; i < info->attachment_count; i++) {
        const struct attachment_row row = {&info->attachments[i], info};

        writer_row(&writer, &row);
    }
    writer_end(&writer);
    if (fclose(stream) != 0)
        xalloc_die();
    put_indented(out, text);
    free(text);
}

/* --- The creator of an orphan ----------------------------------------------------------------- */

/* The creator may have run for long before the segment was made, and after that. */
enum { SEARCHED_BEFORE = 24 * 3600, SEARCHED_AFTER = 24 * 3600 };

static bool may_be_searched(const struct segment_info *info)
{
    return info->state == STATE_ORPHAN && info->segment.cpid > 0;
}

/* As ausearch(8) reads a time in the C locale: "11/21/26 22:10:05". */
static void put_audit_time(struct strbuf *out, int64_t time)
{
    const time_t seconds = (time_t)time;
    struct tm fields;

    if (gmtime_r(&seconds, &fields))
        strbuf_printf(out, "%02d/%02d/%02d %02d:%02d:%02d", fields.tm_mon + 1, fields.tm_mday,
                      fields.tm_year % 100, fields.tm_hour, fields.tm_min, fields.tm_sec);
}

/* Commands that may tell what the creator of an orphan was, BETWEEN each. */
static void put_search_commands(struct strbuf *out, const struct segment_info *info,
                                const char *between)
{
    int pid = (int)info->segment.cpid;
    int64_t since =
        info->segment.ctime > SEARCHED_BEFORE ? info->segment.ctime - SEARCHED_BEFORE : 0;
    int64_t until = info->segment.ctime + SEARCHED_AFTER;

    strbuf_printf(out, "journalctl _PID=%d --since=@%lld --until=@%lld%s", pid, (long long)since,
                  (long long)until, between);
    strbuf_printf(out, "lastcomm --pid | grep -w %d%s", pid, between);
    strbuf_printf(out, "env LC_ALL=C TZ=UTC ausearch -i -p %d -ts ", pid);
    put_audit_time(out, since);
    strbuf_puts(out, " -te ");
    put_audit_time(out, until);
}

static void put_search_sentence(struct strbuf *out, const struct inventory *inventory)
{
    bool others = inventory->has_credentials && inventory->credentials.euid != 0;

    strbuf_printf(out, "How its creator may still be found, where %s keeps records%s:",
                  inventory->live ? "the system" : "that machine", others ? ", as root" : "");
}

/* --- The block -------------------------------------------------------------------------------- */

void segment_report_text(struct strbuf *out, const struct segment_info *info,
                         const struct inventory *inventory, const struct column_format *format)
{
    CLEANUP_STRBUF struct strbuf nattch = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf explanation = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf commands = STRBUF_INIT;

    strbuf_printf(out, "Segment %d", info->segment.shmid);
    if (info->elsewhere != 0)
        strbuf_printf(out, " in IPC namespace %llu", (unsigned long long)info->elsewhere);
    strbuf_putc(out, '\n');
    for (size_t i = 0; i < segment_columns.count; i++)
        put_field(out, &segment_columns.columns[i], info, format);
    put_original_key(out, info);
    describe_nattch(&nattch, info, inventory);
    strbuf_puts(out, "\n  ");
    wrap_text(out, &nattch, 4, WRAP_WIDTH);
    strbuf_putc(out, '\n');
    put_attachments(out, info, format);
    strbuf_putc(out, '\n');
    describe_state(&explanation, info, inventory);
    strbuf_puts(out, "  ");
    wrap_text(out, &explanation, 2, WRAP_WIDTH);
    strbuf_putc(out, '\n');
    if (!may_be_searched(info))
        return;
    strbuf_puts(out, "\n  ");
    put_search_sentence(out, inventory);
    strbuf_putc(out, '\n');
    /* In lines of their own, whole: they are to be copied. */
    put_search_commands(&commands, info, "\n");
    put_indented(out, strbuf_string(&commands));
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void put_json_attachments(struct strbuf *out, const struct segment_info *info,
                                 const struct column_format *format)
{
    CLEANUP_COLUMN_SET struct column_set columns = COLUMN_SET_INIT;

    /* The machine stands in the segment. */
    column_set_add_list(&columns, &attachment_columns,
                        "shmid,key,pid,uid,user,access,maps,command,namespace,container", NULL);
    strbuf_puts(out, ", \"attachments\": [");
    for (uint32_t i = 0; i < info->attachment_count; i++) {
        const struct attachment_row row = {&info->attachments[i], info};

        strbuf_puts(out, i > 0 ? ", " : "");
        column_put_object(out, &columns, format, &row);
    }
    strbuf_putc(out, ']');
}

void segment_report_json(struct strbuf *out, const struct segment_info *info,
                         const struct inventory *inventory, const struct column_format *format)
{
    CLEANUP_STRBUF struct strbuf explanation = STRBUF_INIT;
    CLEANUP_COLUMN_SET struct column_set columns = COLUMN_SET_INIT;

    column_set_add_all(&columns, &segment_columns);
    column_put_object(out, &columns, format, info);
    strbuf_truncate(out, out->length - 1); /* the object's end: there is more to come */
    put_json_attachments(out, info, format);
    strbuf_puts(out, ", \"maps_found\": ");
    strbuf_put_u64(out, segment_info_maps(info));
    strbuf_puts(out, ", \"unseen\": ");
    strbuf_put_u64(out, segment_info_unseen(info));
    strbuf_puts(out, ", \"original_key\": ");
    if (info->attachment_count > 0) {
        strbuf_putc(out, '"');
        strbuf_put_key(out, info->attachments[0].original_key);
        strbuf_putc(out, '"');
    } else {
        strbuf_puts(out, "null");
    }
    strbuf_puts(out, ", \"explanation\": ");
    describe_state(&explanation, info, inventory);
    if (may_be_searched(info)) {
        strbuf_putc(&explanation, ' ');
        put_search_sentence(&explanation, inventory);
        strbuf_puts(&explanation, " '");
        put_search_commands(&explanation, info, "', '");
        strbuf_puts(&explanation, "'.");
    }
    text_json(out, strbuf_string(&explanation), explanation.length);
    strbuf_putc(out, '}');
}
