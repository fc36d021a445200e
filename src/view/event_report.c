#include "view/event_report.h"

#include <string.h>

#include "base/text.h"
#include "view/human.h"
#include "view/table.h"

unsigned event_report_needs(const struct column_format *format)
{
    return NEED_COMMAND | NEED_LAST_COMMAND | (format->numeric ? 0 : NEED_OWNER | NEED_GROUP);
}

/* --- Lines ------------------------------------------------------------------------------------ */

static void put_name_or_id(struct strbuf *out, const struct column_format *format, const char *name,
                           unsigned id)
{
    if (name && !format->numeric)
        text_escape_word(out, name, strlen(name));
    else
        strbuf_put_u64(out, id);
}

/*
 * Appends " by 4711 ./a.out"; nothing where the pid is not known. It ends the line: the command is
 * cut to what is left of a terminal's width.
 */
static void put_process(struct strbuf *out, const char *as, pid_t pid, const char *command,
                        const struct column_format *format)
{
    size_t keep;

    if (pid == 0)
        return;
    strbuf_printf(out, "%s%d", as, (int)pid);
    if (!command)
        return;
    strbuf_putc(out, ' ');
    keep = out->length;
    text_escape(out, command, strlen(command));
    if (format->width > 0)
        table_cut(out, keep, format->width);
}

static void put_last_user(struct strbuf *out, const struct segment_info *info,
                          const struct column_format *format)
{
    put_process(out, ", last ", info->segment.lpid, info->last_command, format);
}

/* Appends " in 4026532177 web", where NUMBER is known: the columns that ls -A adds. */
static void put_namespace(struct strbuf *out, uint64_t number, const char *container)
{
    if (number == 0)
        return;
    strbuf_puts(out, " in ");
    strbuf_put_u64(out, number);
    if (!container)
        return;
    strbuf_putc(out, ' ');
    text_escape_word(out, container, strlen(container));
}

/* Appends " key 0x00143511 zc 384 KiB". */
static void put_what(struct strbuf *out, const struct segment_info *info,
                     const struct column_format *format)
{
    strbuf_puts(out, " key ");
    strbuf_put_key(out, info->segment.key);
    strbuf_putc(out, ' ');
    put_name_or_id(out, format, info->owner, info->segment.uid);
    strbuf_putc(out, ' ');
    human_size_long(out, info->segment.size);
}

static void put_nattch(struct strbuf *out, const struct segment_info *info)
{
    strbuf_printf(out, " nattch %llu", (unsigned long long)info->segment.nattch);
}

static void put_between(struct strbuf *out, const char **between, const char *what)
{
    strbuf_puts(out, *between);
    strbuf_puts(out, what);
    *between = ", ";
}

/* Appends " owner zc -> cs, perms 600 -> 640": what is not as it was. */
static void put_changes(struct strbuf *out, const struct event *event,
                        const struct column_format *format)
{
    const struct segment_info *before = event->before;
    const struct segment_info *now = event->now;
    const char *between = " ";

    if (before->segment.uid != now->segment.uid) {
        put_between(out, &between, "owner ");
        put_name_or_id(out, format, before->owner, before->segment.uid);
        strbuf_puts(out, " -> ");
        put_name_or_id(out, format, now->owner, now->segment.uid);
    }
    if (before->segment.gid != now->segment.gid) {
        put_between(out, &between, "group ");
        put_name_or_id(out, format, before->group, before->segment.gid);
        strbuf_puts(out, " -> ");
        put_name_or_id(out, format, now->group, now->segment.gid);
    }
    if ((before->segment.mode ^ now->segment.mode) & 0777) {
        put_between(out, &between, "perms ");
        strbuf_printf(out, "%o -> %o", (unsigned)before->segment.mode & 0777,
                      (unsigned)now->segment.mode & 0777);
    }
    if (segment_is_locked(&before->segment) != segment_is_locked(&now->segment))
        put_between(out, &between, segment_is_locked(&now->segment) ? "locked" : "unlocked");
}

/* Appends what there is to say of an event, with a blank before it. */
static void put_details(struct strbuf *out, const struct event *event,
                        const struct column_format *format)
{
    const struct segment_info *info = event_segment(event);

    switch (event->type) {
    case EVENT_INITIAL:
    case EVENT_CREATED:
        put_what(out, info, format);
        if (info->segment.nattch > 0)
            put_nattch(out, info);
        put_process(out, " by ", info->segment.cpid, info->command, format);
        break;
    case EVENT_MARKED:
        strbuf_puts(out, " key ");
        strbuf_put_key(out, event->before->segment.key);
        strbuf_putc(out, ',');
        put_nattch(out, info);
        break;
    case EVENT_ATTACHED:
    case EVENT_DETACHED:
        put_nattch(out, event->before);
        strbuf_printf(out, " -> %llu", (unsigned long long)info->segment.nattch);
        put_last_user(out, info, format);
        break;
    case EVENT_CHANGED:
        put_changes(out, event, format);
        break;
    case EVENT_TOUCHED:
        put_nattch(out, info);
        put_last_user(out, info, format);
        break;
    case EVENT_ORPHANED:
        put_what(out, info, format);
        break;
    case EVENT_REMOVED:
        break;
    }
}

static void put_now(struct strbuf *out, const struct column_format *format)
{
    human_time(out, format->now, format->time, format->now);
    strbuf_putc(out, ' ');
}

/* The color of an event's word; NULL: none. */
static const char *event_color(const struct event *event)
{
    switch (event->type) {
    case EVENT_ORPHANED:
        return table_state_color("orphan");
    case EVENT_MARKED:
        return table_state_color("dest");
    case EVENT_INITIAL:
        return table_state_color(state_name(event->now->state));
    default:
        return NULL;
    }
}

void event_report_line(struct strbuf *out, const struct event *event,
                       const struct column_format *format)
{
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
    const struct segment_info *info = event_segment(event);
    const char *word = event_name(event->type);
    const char *color = format->color ? event_color(event) : NULL;
    size_t at;

    put_now(&line, format);
    at = line.length;
    strbuf_printf(&line, "%-8s %d", word, info->segment.shmid);
    put_namespace(&line, info->namespace, info->container);
    put_details(&line, event, format);
    strbuf_append(out, line.data, at);
    strbuf_puts(out, color ? color : "");
    strbuf_puts(out, word);
    strbuf_puts(out, color ? TABLE_COLOR_END : "");
    strbuf_puts(out, line.data + at + strlen(word));
    strbuf_putc(out, '\n');
}

void event_report_unseen(struct strbuf *out, const struct unseen *unseen, uint64_t namespace,
                         const char *container, const struct column_format *format)
{
    const char *bound = unseen->bound == UNSEEN_EXACT ? "" : unseen_bound_name(unseen->bound);

    if (unseen->count == 0)
        return;
    put_now(out, format);
    strbuf_printf(out, "%s%s%llu more came and went unseen", bound, *bound ? " " : "",
                  (unsigned long long)unseen->count);
    put_namespace(out, namespace, container);
    strbuf_putc(out, '\n');
}

/* --- JSON ------------------------------------------------------------------------------------- */

static bool same_value(const struct column_value *a, const struct column_value *b)
{
    if (a->known != b->known || a->number != b->number)
        return false;
    return a->text == b->text || (a->text && b->text && strcmp(a->text, b->text) == 0);
}

/* Appends an object of those columns whose values differ, as they were. */
static void put_before(struct strbuf *out, const struct event *event,
                       const struct column_set *columns, const struct column_format *format)
{
    const char *between = "";

    strbuf_putc(out, '{');
    for (size_t i = 0; event->before && event->now && i < columns->count; i++) {
        const struct column *column = columns->items[i];
        struct column_value before = {0};
        struct column_value now = {0};

        column->get(format, event->before, &before);
        column->get(format, event->now, &now);
        if (same_value(&before, &now))
            continue;
        strbuf_printf(out, "%s\"%s\": ", between, column->name);
        column_put_json(out, column, format, &before);
        between = ", ";
    }
    strbuf_putc(out, '}');
}

void event_report_json(struct strbuf *out, const struct event *event,
                       const struct column_set *columns, const struct column_format *format,
                       const struct unseen *unseen)
{
    strbuf_printf(out, "\"event\": \"%s\", \"segment\": ", event_name(event->type));
    column_put_object(out, columns, format, event_segment(event));
    strbuf_puts(out, ", \"before\": ");
    put_before(out, event, columns, format);
    if (unseen && unseen->bound != UNSEEN_UNKNOWN)
        strbuf_printf(out, ", \"unseen\": %llu, \"unseen_is\": \"%s\"",
                      (unsigned long long)unseen->count, unseen_bound_name(unseen->bound));
    else if (unseen)
        strbuf_puts(out, ", \"unseen\": null, \"unseen_is\": null");
    strbuf_puts(out, "}\n");
}
