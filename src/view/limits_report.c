#include "view/limits_report.h"

#include "view/column.h"
#include "view/human.h"
#include "view/writer.h"

/* A row of the table. */
struct row {
    const struct limits *limits;
    const struct usage *usage;
    enum limit_id id;
    const char *size; /* for people; NULL: not a size */
};

#define ROW ((const struct row *)record)
#define GETTER(name) \
    static void name(const struct column_format *format, const void *record, \
                     struct column_value *ret_value)

static struct column_value text(const char *words)
{
    return (struct column_value){.known = words != NULL, .text = words};
}

GETTER(get_name)
{
    (void)format;
    *ret_value = text(limit_kinds[ROW->id].name);
}

GETTER(get_value)
{
    (void)format;
    ret_value->known = ROW->limits->known[ROW->id];
    ret_value->number = ROW->limits->values[ROW->id];
}

GETTER(get_used)
{
    (void)format;
    ret_value->known = limits_used(ROW->limits, ROW->usage, ROW->id, &ret_value->number);
}

GETTER(get_full)
{
    get_used(format, record, ret_value);
    if (ret_value->known)
        ret_value->number = limits_percent(ret_value->number, ROW->limits->values[ROW->id]);
}

GETTER(get_unit)
{
    (void)format;
    *ret_value = text(limit_kinds[ROW->id].unit);
}

GETTER(get_size)
{
    (void)format;
    *ret_value = text(ROW->size);
}

GETTER(get_meaning)
{
    (void)format;
    *ret_value = text(limit_kinds[ROW->id].meaning);
}

static const struct column columns[] = {
    {"name", COLUMN_TEXT, "as below /proc/sys/kernel", get_name},
    {"value", COLUMN_NUMBER, "what the kernel has", get_value},
    {"used", COLUMN_NUMBER, "how much of it is in use", get_used},
    {"full%", COLUMN_NUMBER, "the same in percent", get_full},
    {"unit", COLUMN_TEXT, "of value and used", get_unit},
    {"size", COLUMN_TEXT, "the value in bytes", get_size},
    {"meaning", COLUMN_TEXT, "what is limited", get_meaning},
};

static const struct column_table limit_columns = {
    .columns = columns,
    .count = sizeof(columns) / sizeof(columns[0]),
};

void limits_report_pages(struct strbuf *out, uint64_t pages, uint64_t page_size)
{
    uint64_t bytes;
    uint64_t exbibytes;

    if (!__builtin_mul_overflow(pages, page_size, &bytes)) {
        human_size_long(out, bytes);
        return;
    }
    /* 2^60 bytes at a time, rounded; a page has fewer than 2^20 bytes, so that nothing wraps. */
    exbibytes = ((pages >> 20) * page_size + (UINT64_C(1) << 39)) >> 40;
    if (exbibytes < 1024)
        strbuf_printf(out, "%llu EiB", (unsigned long long)exbibytes);
    else
        strbuf_printf(out, "%llu ZiB", (unsigned long long)(exbibytes + 512) >> 10);
}

/* Appends a limit's value as a size; nothing where it is none. */
static void put_size(struct strbuf *out, const struct limits *limits, enum limit_id id)
{
    if (!limits->known[id])
        return;
    if (id == LIMIT_SHMALL)
        limits_report_pages(out, limits->values[id], limits->page_size);
    else if (id == LIMIT_SHMMAX || id == LIMIT_SHMMIN)
        human_size_long(out, limits->values[id]);
}

void limits_report_table(FILE *out, const struct limits *limits, const struct usage *usage)
{
    const struct column_format format = {0};
    struct column_set set = COLUMN_SET_INIT;
    struct writer writer;

    column_set_add_all(&set, &limit_columns);
    writer_begin(&writer, FORM_TABLE, out, &set, &format, NULL, true);
    for (enum limit_id id = 0; id < LIMIT_COUNT; id++) {
        CLEANUP_STRBUF struct strbuf size = STRBUF_INIT;
        struct row row = {limits, usage, id, NULL};

        put_size(&size, limits, id);
        row.size = size.length > 0 ? strbuf_string(&size) : NULL;
        writer_row(&writer, &row);
    }
    writer_end(&writer);
    column_set_release(&set);
}

static void put_number(struct strbuf *out, bool known, uint64_t value)
{
    if (known)
        strbuf_put_u64(out, value);
    else
        strbuf_puts(out, "null");
}

static void put_limit(struct strbuf *out, const struct limits *limits, const struct usage *usage,
                      enum limit_id id)
{
    uint64_t used = 0;
    bool has_used = limits_used(limits, usage, id, &used);

    strbuf_printf(out, "\n  \"%s\": {\"value\": ", limit_kinds[id].name);
    put_number(out, limits->known[id], limits->values[id]);
    strbuf_puts(out, ", \"used\": ");
    put_number(out, has_used, used);
    strbuf_printf(out, ", \"unit\": \"%s\"}", limit_kinds[id].unit);
}

static void put_change(struct strbuf *out, const struct limit_change *change)
{
    strbuf_printf(out, "\n  {\"name\": \"%s\", \"from\": ", limit_kinds[change->setting.id].name);
    put_number(out, change->has_before, change->before);
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
    strbuf_puts(out, "{\"schema\": 1, \"limits\": {");
    for (enum limit_id id = 0; id < LIMIT_COUNT; id++) {
        strbuf_puts(out, id > 0 ? "," : "");
        put_limit(out, limits, usage, id);
    }
    strbuf_puts(out, "\n}, \"page_size\": ");
    strbuf_put_u64(out, limits->page_size);
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
    human_size_long(out, limits->values[LIMIT_SHMMAX]);
    strbuf_puts(out, ", which is ");
    human_count(out, pages, "page");
    strbuf_puts(out, ", but shmall allows only ");
    human_count(out, limits->values[LIMIT_SHMALL], "page");
    strbuf_puts(out, " (");
    limits_report_pages(out, limits->values[LIMIT_SHMALL], limits->page_size);
    strbuf_puts(out, ") for all segments together");
}
