/* view/writer and view/table: the same records in every form. */
#include "view/writer.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "model/segment.h"
#include "unit.h"

#define HEAD "{\"schema\": 1, "

/* A record of the test's own, with what its columns need. */
struct record {
    uint64_t id;
    uint64_t size;
    uint64_t mode;
    const char *text; /* NULL: not known */
};

#define GETTER(name) \
    static void name(const struct column_format *format, const void *data, \
                     struct column_value *ret_value)
#define RECORD ((const struct record *)data)

GETTER(get_id)
{
    (void)format;
    *ret_value = (struct column_value){.known = true, .number = RECORD->id};
}

GETTER(get_size)
{
    (void)format;
    *ret_value = (struct column_value){.known = RECORD->size > 0, .number = RECORD->size};
}

GETTER(get_status)
{
    (void)format;
    *ret_value = (struct column_value){.known = true, .number = RECORD->mode};
}

GETTER(get_name)
{
    (void)format;
    *ret_value = (struct column_value){.known = true, .number = 54321, .text = RECORD->text};
}

GETTER(get_text)
{
    (void)format;
    *ret_value = (struct column_value){.known = RECORD->text != NULL, .text = RECORD->text};
}

static const struct column columns[] = {
    {"id", COLUMN_ID, 0, "", get_id},
    {"size", COLUMN_SIZE, 0, "", get_size},
    {"status", COLUMN_STATUS, 0, "", get_status},
    {"name", COLUMN_NAME, 0, "", get_name},
    {"text", COLUMN_TEXT, 0, "", get_text},
};

static const struct column_table table = {.columns = columns, .count = COUNT_OF(columns)};

static const struct record plain[] = {
    {1, 1536, 0, "one"},
    {20, 0, SEGMENT_DEST | SEGMENT_LOCKED, NULL},
    {300, 7, SEGMENT_DEST, "three words here"},
};

/* What is written, in one piece; the caller frees it. */
struct request {
    enum writer_form form;
    const char *list; /* of columns */
    const struct record *records;
    size_t count;
    bool human;
    bool numeric;
    bool no_header;
    const char *count_name;
};

static char *write_all(const struct request *request)
{
    const struct column_format format = {.human = request->human, .numeric = request->numeric};
    struct column_set set = COLUMN_SET_INIT;
    struct writer writer;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    assert_int_equal(column_set_add_list(&set, &table, request->list, NULL), 0);
    writer_begin(&writer, request->form, out, &set, &format, HEAD, "things", !request->no_header);
    for (size_t i = 0; i < request->count; i++)
        writer_row(&writer, &request->records[i]);
    if (request->count_name)
        writer_add_count(&writer, request->count_name, 42);
    writer_end(&writer);
    column_set_release(&set);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(strlen(text), size);
    return text;
}

static void assert_written(const struct request *request, const char *expected)
{
    char *text = write_all(request);

    assert_string_equal(text, expected);
    free(text);
}

#define REQUEST(form_, list_) \
    { \
        .form = (form_), .list = (list_), .records = plain, .count = COUNT_OF(plain) \
    }

static int use_utf8(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    return 0;
}

static void tables_are_aligned_and_end_without_blanks(void **state)
{
    struct request request = REQUEST(FORM_TABLE, "id,size,status,name,text");

    (void)state;
    assert_written(&request, "id  size status      name                   text\n"
                             "1   1536 -           one                    one\n"
                             "20     - dest,locked 54321\n"
                             "300    7 dest        three\\x20words\\x20here three words here\n");
    request.no_header = true;
    request.list = "size,id";
    assert_written(&request, "1536 1\n"
                             "   - 20\n"
                             "   7 300\n");
}

static void the_last_column_of_a_table_may_be_empty(void **state)
{
    struct request request = REQUEST(FORM_TABLE, "id,text");

    (void)state;
    assert_written(&request, "id  text\n1   one\n20\n300 three words here\n");
    request.list = "text,id";
    assert_written(&request, "text             id\none              1\n-                20\n"
                             "three words here 300\n");
}

static void quiet_is_the_first_column_alone(void **state)
{
    const struct request request = REQUEST(FORM_QUIET, "id,text");

    (void)state;
    assert_written(&request, "1\n20\n300\n");
}

static void json_is_one_document(void **state)
{
    struct request request = REQUEST(FORM_JSON, "id,size,status,name");

    (void)state;
    assert_written(
        &request,
        HEAD "\"things\": [\n"
             "{\"id\": 1, \"size\": 1536, \"status\": [], \"name\": \"one\"},\n"
             "{\"id\": 20, \"size\": null, \"status\": [\"dest\",\"locked\"], \"name\": null},\n"
             "{\"id\": 300, \"size\": 7, \"status\": [\"dest\"], \"name\": \"three words "
             "here\"}\n]}\n");
    request.count_name = "unreadable";
    request.list = "id";
    request.count = 1;
    assert_written(&request, HEAD "\"things\": [\n{\"id\": 1}\n], \"unreadable\": 42}\n");
}

static void ndjson_is_an_object_a_line(void **state)
{
    const struct request request = REQUEST(FORM_NDJSON, "id,text");

    (void)state;
    assert_written(&request, "{\"id\": 1, \"text\": \"one\"}\n"
                             "{\"id\": 20, \"text\": null}\n"
                             "{\"id\": 300, \"text\": \"three words here\"}\n");
}

static void csv_is_that_of_rfc_4180(void **state)
{
    struct request request = REQUEST(FORM_CSV, "id,size,status,name,text");

    (void)state;
    assert_written(&request, "id,size,status,name,text\n"
                             "1,1536,,one,one\n"
                             "20,,\"dest,locked\",,\n"
                             "300,7,dest,three words here,three words here\n");
    request.no_header = true;
    request.count = 1;
    assert_written(&request, "1,1536,,one,one\n");
    /* Numbers are wanted: then there is one for every name. */
    request.records = &plain[1];
    request.numeric = true;
    assert_written(&request, "20,,\"dest,locked\",54321,\n");
}

static void human_sizes_are_for_tables_alone(void **state)
{
    struct request request = REQUEST(FORM_TABLE, "size");

    (void)state;
    request.human = true;
    assert_written(&request, "size\n1.5K\n\n  7B\n");
    request.form = FORM_CSV;
    assert_written(&request, "size\n1536\n\n7\n");
    request.form = FORM_NDJSON;
    assert_written(&request, "{\"size\": 1536}\n{\"size\": null}\n{\"size\": 7}\n");
}

static void empty_lists(void **state)
{
    struct request request = {.list = "id,size,text"};

    (void)state;
    request.form = FORM_TABLE;
    assert_written(&request, "id size text\n");
    request.form = FORM_QUIET;
    assert_written(&request, "");
    request.form = FORM_JSON;
    assert_written(&request, HEAD "\"things\": []}\n");
    request.count_name = "unreadable";
    assert_written(&request, HEAD "\"things\": [], \"unreadable\": 42}\n");
    request.form = FORM_NDJSON;
    assert_written(&request, "");
    request.form = FORM_CSV;
    assert_written(&request, "id,size,text\n");
    request.no_header = true;
    assert_written(&request, "");
    request.form = FORM_TABLE;
    assert_written(&request, "");
}

static const struct record hostile[] = {
    {1, 1, 0, "a\x1b[31m,\"q\"\\x41\r\n\t\x7f\x80\xff\xc2\x9b\xe2\x80\xae \xc3\xbc"},
};

static void hostile_bytes_in_tables_and_csv(void **state)
{
    struct request request = {
        .form = FORM_TABLE, .list = "text,id", .records = hostile, .count = 1};
#define SHOWN(quote) \
    "a\\x1b[31m," quote "q" quote \
    "\\x5cx41\\x0d\\x0a\\x09\\x7f\\x80\\xff\\xc2\\x9b\\xe2\\x80\\xae \xc3\xbc"

    (void)state;
    request.no_header = true;
    assert_written(&request, SHOWN("\"") " 1\n");
    request.form = FORM_CSV;
    assert_written(&request, "\"" SHOWN("\"\"") "\",1\n");
}

static void hostile_bytes_in_json(void **state)
{
    struct request request = {.form = FORM_NDJSON, .list = "text", .records = hostile, .count = 1};

    (void)state;
    assert_written(&request,
                   "{\"text\": \"a\\u001b[31m,\\\"q\\\"\\\\x41\\u000d\\u000a\\u0009\\u007f\\ufffd"
                   "\\ufffd\\u009b\\u202e \xc3\xbc\"}\n");
}

static void programs_get_utf8_in_any_locale(void **state)
{
    static const struct record record = {1, 1, 0, "\xc3\xbc\x80"};
    struct request request = {.list = "text", .records = &record, .count = 1, .no_header = true};

    assert_non_null(setlocale(LC_CTYPE, "C"));
    request.form = FORM_TABLE;
    assert_written(&request, "\\xc3\\xbc\\x80\n");
    request.form = FORM_CSV;
    assert_written(&request, "\xc3\xbc\\x80\n");
    request.form = FORM_NDJSON;
    assert_written(&request, "{\"text\": \"\xc3\xbc\\ufffd\"}\n");
    use_utf8(state);
}

/* Every byte there is, as text: no form lets a control byte through but its own line ends. */
static void every_byte_in_every_form(void **state)
{
    static const enum writer_form forms[] = {FORM_TABLE, FORM_JSON, FORM_NDJSON, FORM_CSV};

    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        const char text[] = {'x', (char)byte, 'y', '\0'};
        const struct record record = {1, 1, 0, text};

        for (size_t i = 0; i < COUNT_OF(forms); i++) {
            const struct request request = {
                .form = forms[i], .list = "text,id", .records = &record, .count = 1};
            char *written = write_all(&request);

            for (const char *at = written; *at; at++) {
                bool line_end = *at == '\n' || (*at == '\r' && at[1] == '\n');

                if ((*at < 0x20 || *at == 0x7f) && !line_end)
                    fail_msg("byte 0x%02x in form %d: 0x%02x came through", (unsigned)byte,
                             (int)forms[i], (unsigned)*at);
            }
            free(written);
        }
    }
}

static void quotes_and_commas_alone_need_quotes(void **state)
{
    static const struct record records[] = {
        {1, 1, 0, "plain 'text'; tab|bar"},
        {2, 1, 0, ","},
        {3, 1, 0, "\""},
        {4, 1, 0, "\"\""},
        {5, 1, 0, ""},
        {6, 1, 0, " blank "},
        {7, 1, 0, "=1+1"},
    };
    const struct request request = {
        .form = FORM_CSV, .list = "text", .records = records, .count = COUNT_OF(records)};

    (void)state;
    assert_written(&request, "text\nplain 'text'; tab|bar\n\",\"\n\"\"\"\"\n\"\"\"\"\"\"\n"
                             "\n blank \n=1+1\n");
}

static void widths_are_those_of_characters(void **state)
{
    static const struct record records[] = {
        {1, 1, 0, "\xc3\xbc\xc3\xbc"}, {2, 1, 0, "abcd"}, {3, 1, 0, "\xe6\x97\xa5"}};
    const struct request request = {
        .form = FORM_TABLE, .list = "text,id", .records = records, .count = COUNT_OF(records)};

    (void)state;
    assert_written(&request, "text id\n\xc3\xbc\xc3\xbc   1\nabcd 2\n\xe6\x97\xa5   3\n");
}

static void long_texts_are_not_cut(void **state)
{
    enum { LENGTH = 100000 };
    char *text = calloc(LENGTH + 1, 1);
    struct record record = {1, 1, 0, text};
    struct request request = {.form = FORM_TABLE, .list = "text", .records = &record, .count = 1};
    char *written;

    (void)state;
    assert_non_null(text);
    memset(text, 'z', LENGTH);
    request.no_header = true;
    written = write_all(&request);
    assert_int_equal(strlen(written), LENGTH + 1);
    assert_int_equal(strspn(written, "z"), LENGTH);
    free(written);
    free(text);
}

/* More than any buffer holds: nothing is lost or mixed up on the way. */
static void many_rows(void **state)
{
    enum { MANY = 20000 };
    static struct record records[MANY];
    const struct request request = {
        .form = FORM_NDJSON, .list = "id", .records = records, .count = MANY};
    char *written;
    const char *at;

    (void)state;
    for (int i = 0; i < MANY; i++)
        records[i].id = (uint64_t)i;
    written = write_all(&request);
    at = written;
    for (int i = 0; i < MANY; i++) {
        char line[32];
        int length = snprintf(line, sizeof(line), "{\"id\": %d}\n", i);

        assert_int_equal(strncmp(at, line, (size_t)length), 0);
        at += length;
    }
    assert_int_equal(*at, '\0');
    free(written);
}

/* The same address need not be the same text: a caller may use its memory again. */
static void text_that_changed_in_its_place_is_shown_again(void **state)
{
    static const enum writer_form forms[] = {FORM_TABLE, FORM_NDJSON, FORM_CSV};
    static const char *const expected[] = {
        "abc\nabc\nxyz\n\nxyz\n",
        ("{\"text\": \"abc\"}\n{\"text\": \"abc\"}\n{\"text\": \"xyz\"}\n{\"text\": null}\n"
         "{\"text\": \"xyz\"}\n"),
        "abc\nabc\nxyz\n\nxyz\n",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        const struct column_format format = {0};
        struct column_set set = COLUMN_SET_INIT;
        struct writer writer;
        char memory[] = "abc";
        struct record record = {1, 1, 0, memory};
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        assert_non_null(out);
        assert_int_equal(column_set_add_list(&set, &table, "text", NULL), 0);
        writer_begin(&writer, forms[i], out, &set, &format, HEAD, "things", false);
        writer_row(&writer, &record);
        writer_row(&writer, &record);
        memcpy(memory, "xyz", sizeof(memory));
        writer_row(&writer, &record);
        record.text = NULL;
        writer_row(&writer, &record);
        record.text = memory;
        writer_row(&writer, &record);
        writer_end(&writer);
        column_set_release(&set);
        assert_int_equal(fclose(out), 0);
        assert_string_equal(text, expected[i]);
        free(text);
    }
}

/* Each value in turn with each other: known or not, name or number, bits or none. */
static void neighbours_that_differ_in_one_thing(void **state)
{
    static const struct record records[] = {
        {1, 1, 0, "54321"}, {1, 1, 0, NULL},          {1, 0, 0, NULL},
        {1, 0, 0, ""},      {1, 1, SEGMENT_DEST, ""}, {0, 1, SEGMENT_DEST, ""},
    };
    const struct request request = {.form = FORM_CSV,
                                    .list = "id,size,status,name,text",
                                    .records = records,
                                    .count = COUNT_OF(records),
                                    .numeric = true,
                                    .no_header = true};

    (void)state;
    assert_written(&request, "1,1,,54321,54321\n1,1,,54321,\n1,,,54321,\n1,,,,\n"
                             "1,1,dest,,\n0,1,dest,,\n");
}

static void a_write_error_stays_in_the_stream(void **state)
{
    const struct column_format format = {0};
    struct column_set set = COLUMN_SET_INIT;
    struct writer writer;
    FILE *full = fopen("/dev/full", "w");

    (void)state;
    if (!full)
        skip_because("needs /dev/full");
    assert_int_equal(setvbuf(full, NULL, _IONBF, 0), 0);
    assert_int_equal(column_set_add_list(&set, &table, "id", NULL), 0);
    writer_begin(&writer, FORM_CSV, full, &set, &format, HEAD, "things", true);
    writer_row(&writer, &plain[0]);
    writer_end(&writer);
    assert_int_not_equal(ferror(full), 0);
    fclose(full);
    column_set_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_aligned_and_end_without_blanks),
        cmocka_unit_test(the_last_column_of_a_table_may_be_empty),
        cmocka_unit_test(quiet_is_the_first_column_alone),
        cmocka_unit_test(json_is_one_document),
        cmocka_unit_test(ndjson_is_an_object_a_line),
        cmocka_unit_test(csv_is_that_of_rfc_4180),
        cmocka_unit_test(human_sizes_are_for_tables_alone),
        cmocka_unit_test(empty_lists),
        cmocka_unit_test(hostile_bytes_in_tables_and_csv),
        cmocka_unit_test(hostile_bytes_in_json),
        cmocka_unit_test(programs_get_utf8_in_any_locale),
        cmocka_unit_test(every_byte_in_every_form),
        cmocka_unit_test(quotes_and_commas_alone_need_quotes),
        cmocka_unit_test(widths_are_those_of_characters),
        cmocka_unit_test(long_texts_are_not_cut),
        cmocka_unit_test(many_rows),
        cmocka_unit_test(text_that_changed_in_its_place_is_shown_again),
        cmocka_unit_test(neighbours_that_differ_in_one_thing),
        cmocka_unit_test(a_write_error_stays_in_the_stream),
    };

    return cmocka_run_group_tests_name("view/writer", tests, use_utf8, NULL);
}
