#include "view/limits_report.h"

#include "base/text.h"
#include "view/columns.h"
#include "view/describe.h"
#include "view/human.h"
#include "view/wrap.h"
#include "view/writer.h"

void limits_report_value(struct strbuf *out, const struct limits *limits, enum limit_id id,
                         uint64_t value)
{
    if (limits_is_unlimited(limits, id, value))
        strbuf_puts(out, "unlimited");
    else
        strbuf_put_u64(out, value);
}

void limits_report_zero(struct strbuf *out, const struct limits *limits, enum limit_id id)
{
    bool makes_none = id == LIMIT_SHMMAX || id == LIMIT_SHMALL || id == LIMIT_SHMMNI;

    if (makes_none && limits->known[id] && limits->values[id] == 0)
        strbuf_printf(out, "%s is 0: no program can make a segment", limit_kinds[id].name);
}

void limits_report_destroyed(struct strbuf *out, const struct limits_change *change)
{
    if (change->destroyed > 0)
        describe_segments(out, change->destroyed, change->destroyed_bytes);
    if (change->doubtful == 0)
        return;
    strbuf_puts(out, change->destroyed > 0 ? ", and perhaps " : "perhaps ");
    describe_segments(out, change->doubtful, change->doubtful_bytes);
    strbuf_puts(out, change->destroyed > 0 ? " more" : "");
}

/* Appends a limit's value as a size; nothing where it is not one. */
static void put_limit_size(struct strbuf *out, const struct limits *limits, enum limit_id id)
{
    if (!limits->known[id] || limits_is_unlimited(limits, id, limits->values[id]))
        return;
    if (id == LIMIT_SHMALL)
        human_pages(out, limits->values[id], limits->page_size);
    else if (id == LIMIT_SHMMAX || id == LIMIT_SHMMIN)
        human_size_long(out, limits->values[id]);
}

void limits_report_table(FILE *out, const struct limits *limits, const struct usage *usage)
{
    const struct column_format format = {0};
    CLEANUP_COLUMN_SET struct column_set set = COLUMN_SET_INIT;
    struct writer writer;

    column_set_add_all(&set, &limit_columns);
    writer_begin(&writer, FORM_TABLE, out, &set, &format, NULL, NULL, true);
    for (enum limit_id id = 0; id < LIMIT_COUNT; id++) {
        CLEANUP_STRBUF struct strbuf size = STRBUF_INIT;
        struct limit_row row = {limits, usage, id, NULL};

        put_limit_size(&size, limits, id);
        row.size = size.length > 0 ? strbuf_string(&size) : NULL;
        writer_row(&writer, &row);
    }
    writer_end(&writer);
}

static void put_change(struct strbuf *out, const struct limit_change *change)
{
    strbuf_printf(out, "\n  {\"name\": \"%s\", \"from\": ", limit_kinds[change->setting.id].name);
    text_json_number(out, change->has_before, change->before);
    strbuf_puts(out, ", \"to\": ");
    strbuf_put_u64(out, change->setting.value);
    strbuf_printf(out, ", \"set\": %s, \"kept\": %s, \"error\": ", change->done ? "true" : "false",
                  change->kept ? "true" : "false");
    error_put_json(out, change->code);
    strbuf_putc(out, '}');
}

void limits_report_json(struct strbuf *out, const struct limits *limits, const struct usage *usage,
                        const struct limit_change *changes, size_t count, bool dry_run)
{
    strbuf_puts(out, "\"limits\": {");
    for (enum limit_id id = 0; id < LIMIT_COUNT; id++) {
        uint64_t used = 0;
        bool has_used = limits_used(limits, usage, id, &used);

        strbuf_printf(out, "%s\n  \"%s\": {\"value\": ", id > 0 ? "," : "", limit_kinds[id].name);
        text_json_number(out, limits->known[id], limits->values[id]);
        strbuf_puts(out, ", \"used\": ");
        text_json_number(out, has_used, used);
        strbuf_printf(out, ", \"unit\": \"%s\"}", limit_kinds[id].unit);
    }
    strbuf_puts(out, "\n}, \"page_size\": ");
    strbuf_put_u64(out, limits->page_size);
    strbuf_puts(out, ", ");
    limits_report_shmem_json(out, usage);
    if (changes) {
        strbuf_printf(out, ", \"dry_run\": %s, \"changes\": [", dry_run ? "true" : "false");
        for (size_t i = 0; i < count; i++) {
            strbuf_puts(out, i > 0 ? "," : "");
            put_change(out, &changes[i]);
        }
        strbuf_puts(out, "\n]");
    }
    strbuf_puts(out, "}\n");
}

void limits_report_conflict(struct strbuf *out, const struct limits *limits)
{
    uint64_t pages;

    if (!limits_conflict(limits, &pages))
        return;
    strbuf_puts(out, "shmmax allows a segment of ");
    if (limits_is_unlimited(limits, LIMIT_SHMMAX, limits->values[LIMIT_SHMMAX])) {
        strbuf_puts(out, "any size");
    } else {
        human_size_long(out, limits->values[LIMIT_SHMMAX]);
        strbuf_puts(out, ", which is ");
        human_count(out, pages, "page");
    }
    strbuf_puts(out, ", but shmall allows only ");
    human_count(out, limits->values[LIMIT_SHMALL], "page");
    strbuf_puts(out, " (");
    human_pages(out, limits->values[LIMIT_SHMALL], limits->page_size);
    strbuf_puts(out, ") for all segments together");
}

void limits_report_shmem(struct strbuf *out, const struct usage *usage, size_t width)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    if (!usage->has_shmem)
        return;
    strbuf_puts(&text, "Shmem, which free shows as shared, is ");
    human_size_long(&text, usage->shmem);
    strbuf_puts(&text, ": ");
    if (usage->without_rss > 0) {
        strbuf_puts(&text, "how much of it is System V is not known");
    } else {
        human_size_long(&text, usage->rss);
        strbuf_puts(&text, " in System V segments of this IPC namespace");
        /* A container may be shown a Shmem of its own. */
        if (usage->shmem > usage->rss)
            strbuf_puts(&text, ", the rest in tmpfs (df -t tmpfs), memfd, shared anonymous memory "
                               "or other IPC namespaces");
    }
    wrap_text(out, &text, 4, width);
    strbuf_putc(out, '\n');
}

void limits_report_shmem_json(struct strbuf *out, const struct usage *usage)
{
    strbuf_puts(out, "\"system\": {\"shmem\": ");
    text_json_number(out, usage->has_shmem, usage->shmem);
    strbuf_puts(out, ", \"sysv\": ");
    text_json_number(out, usage->without_rss == 0, usage->rss);
    strbuf_putc(out, '}');
}
