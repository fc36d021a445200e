/*
 * contrib/schema/run-report.json is made from the tables that `run --report` is written from.
 * `make schema` (SHMTOOL_WRITE_SCHEMA=1) writes it; the test demands that it is what would be
 * written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/removal.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "model/segment_info.h"
#include "model/state.h"
#include "unit.h"
#include "view/columns.h"

static const char head[] =
    "{\n"
    "\"$schema\": \"http://json-schema.org/draft-07/schema#\",\n"
    "\"title\": \"What shmtool run --report writes\",\n"
    "\"type\": \"object\",\n"
    "\"required\": [\"schema\", \"host\", \"time\", \"program\", \"pid\", \"status\", \"signal\", "
    "\"left\"],\n"
    "\"properties\": {\n"
    "\"schema\": {\"const\": 1},\n"
    "\"host\": {\"description\": \"name of the machine\", \"type\": [\"string\", \"null\"]},\n"
    "\"time\": {\"description\": \"when it was written\", \"type\": \"string\", \"format\": "
    "\"date-time\"},\n"
    "\"program\": {\"description\": \"PROGRAM and its arguments\", \"type\": \"array\", "
    "\"minItems\": 1, \"items\": {\"type\": \"string\"}},\n"
    "\"pid\": {\"description\": \"of PROGRAM; null: it was not started\", \"type\": [\"integer\", "
    "\"null\"], \"minimum\": 1},\n"
    "\"status\": {\"description\": \"its exit status, 126 or 127 where it could not be executed; "
    "null: a signal ended it, or it was not started\", \"type\": [\"integer\", \"null\"], "
    "\"minimum\": 0, \"maximum\": 255},\n"
    "\"signal\": {\"description\": \"that ended it\", \"type\": [\"integer\", \"null\"], "
    "\"minimum\": 1, \"maximum\": 64},\n"
    "\"left\": {\"description\": \"the segments that it left, as they were right before they were "
    "removed; null: they could not be read\", \"type\": [\"array\", \"null\"], \"items\": "
    "{\"type\": \"object\",\n";

static const char *const origins[] = {"program", "descendant", "unsure"};
/* Beside those of a removal; "selected" is there "kept". */
static const char *const outcomes[] = {"kept", "attached", "creator_alive", "untraced"};

static void put_words(struct strbuf *out, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        strbuf_printf(out, "%s\"%s\"", i > 0 ? ", " : "", words[i]);
}

/* Whether a record of which nothing is known has null there. */
static bool may_be_null(const struct column *column)
{
    static const struct column_format format = {.time = TIME_ISO};
    static const struct segment_info nothing;
    struct column_value value = {0};

    column->get(&format, &nothing, &value);
    return !value.known || column->type == COLUMN_NAME;
}

/* What a value of the column is in JSON. */
static void put_type(struct strbuf *out, const struct column *column)
{
    bool null = may_be_null(column);

    switch (column->type) {
    case COLUMN_KEY:
        strbuf_puts(out, "\"type\": \"string\", \"pattern\": \"^0x[0-9a-f]{8}$\"");
        break;
    case COLUMN_PERMS:
        strbuf_puts(out, "\"type\": \"string\", \"pattern\": \"^[0-7]{4}$\"");
        break;
    case COLUMN_ID:
    case COLUMN_NUMBER:
    case COLUMN_SIZE:
        strbuf_printf(out, "\"type\": %s, \"minimum\": 0",
                      null ? "[\"integer\", \"null\"]" : "\"integer\"");
        break;
    case COLUMN_STATUS:
        strbuf_puts(out, "\"type\": \"array\", \"items\": {\"enum\": [\"dest\", \"locked\"]}");
        break;
    case COLUMN_STATE:
        strbuf_puts(out, "\"enum\": [");
        for (enum segment_state state = 0; state < STATE_COUNT; state++)
            strbuf_printf(out, "%s\"%s\"", state > 0 ? ", " : "", state_name(state));
        strbuf_putc(out, ']');
        break;
    case COLUMN_RULE:
        strbuf_puts(out, "\"type\": [\"object\", \"boolean\", \"null\"], \"required\": [\"by\", "
                         "\"reason\"], \"properties\": {\"by\": {\"type\": \"string\"}, "
                         "\"reason\": {\"type\": [\"string\", \"null\"]}}");
        break;
    case COLUMN_LIST:
        strbuf_puts(out, "\"type\": \"array\", \"items\": {\"type\": \"string\"}");
        break;
    case COLUMN_TIME:
    case COLUMN_NAME:
    case COLUMN_TEXT:
    case COLUMN_WORD:
    case COLUMN_COMMAND:
        strbuf_printf(out, "\"type\": %s%s", null ? "[\"string\", \"null\"]" : "\"string\"",
                      column->type == COLUMN_TIME ? ", \"format\": \"date-time\"" : "");
        break;
    }
}

static void put_segment(struct strbuf *out)
{
    strbuf_puts(out, "\"required\": [");
    for (size_t i = 0; i < segment_columns.count; i++)
        strbuf_printf(out, "\"%s\", ", segment_columns.columns[i].name);
    strbuf_puts(out, "\"origin\", \"outcome\"],\n\"properties\": {\n");
    for (size_t i = 0; i < segment_columns.count; i++) {
        const struct column *column = &segment_columns.columns[i];

        strbuf_printf(out, "\"%s\": {\"description\": ", column->name);
        text_json(out, column->help, strlen(column->help));
        strbuf_puts(out, ", ");
        put_type(out, column);
        strbuf_puts(out, "},\n");
    }
    strbuf_puts(out, "\"origin\": {\"description\": \"who created it; unsure: that could not be "
                     "traced\", \"enum\": [");
    put_words(out, origins, COUNT_OF(origins));
    strbuf_puts(out,
                "]},\n\"outcome\": {\"description\": \"what became of it; kept: by --keep; "
                "attached: a process has it; creator_alive: the descendant that created it lives "
                "on; untraced: left, since it may be another program's\", \"enum\": [");
    for (enum removal_outcome outcome = REMOVAL_REMOVED; outcome < REMOVAL_OUTCOMES; outcome++) {
        if (outcome != REMOVAL_SET)
            strbuf_printf(out, "\"%s\", ", removal_outcome_name(outcome));
    }
    put_words(out, outcomes, COUNT_OF(outcomes));
    strbuf_puts(out, "]}\n}}}\n}\n}\n");
}

static void the_file_is_what_the_tables_say(void **state)
{
    CLEANUP_STRBUF struct strbuf schema = STRBUF_INIT;
    const char *source = getenv("SRC");
    bool writes = getenv("SHMTOOL_WRITE_SCHEMA") != NULL;
    char path[4096];
    char *kept;
    FILE *file;
    size_t length;

    (void)state;
    strbuf_puts(&schema, head);
    put_segment(&schema);
    snprintf(path, sizeof(path), "%s/contrib/schema/run-report.json", source ? source : ".");
    file = fopen(path, writes ? "w" : "r");
    assert_non_null(file);
    if (writes) {
        assert_int_equal(fwrite(schema.data, 1, schema.length, file), schema.length);
        assert_int_equal(fclose(file), 0);
        return;
    }
    kept = calloc(1, schema.length + 2);
    assert_non_null(kept);
    length = fread(kept, 1, schema.length + 1, file);
    fclose(file);
    assert_string_equal(kept, strbuf_string(&schema));
    assert_int_equal(length, schema.length);
    free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_is_what_the_tables_say),
    };

    return cmocka_run_group_tests_name("view/run_report_schema", tests, NULL, NULL);
}
