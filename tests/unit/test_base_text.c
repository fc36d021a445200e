/* base/text: strangers' bytes made safe, in a C and in a UTF-8 locale. */
#include "base/text.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>

#include "unit.h"

/* Text that may hold NULs. */
#define BYTES(literal) literal, sizeof(literal) - 1

/* Writes POINT as UTF-8, surrogates and all that fits four bytes too; returns the length. */
static size_t encode(uint32_t point, char bytes[4])
{
    static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

    for (size_t i = size - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    bytes[0] = (char)(marks[size] | point);
    return size;
}

static bool is_surrogate(uint32_t point)
{
    return point >= 0xd800 && point <= 0xdfff;
}

static void every_character_is_decoded(void **state)
{
    char bytes[4];

    (void)state;
    for (uint32_t point = 0; point < 0x200000; point++) {
        uint32_t got = 0xffffffff;
        size_t size = encode(point, bytes);
        bool valid = point <= 0x10ffff && !is_surrogate(point);

        assert_int_equal(text_decode_utf8(bytes, size, &got), valid ? size : 0);
        assert_int_equal(got, valid ? point : 0xffffffff);
    }
}

/*
 * Each character has one form. Counting the valid sequences among all that there are shows that
 * no second one (overlong, or with a wrong continuation) is taken.
 */
static void no_character_has_a_second_form(void **state)
{
    size_t found[5] = {0};
    uint32_t point;

    (void)state;
    for (unsigned bits = 0; bits < 0x10000; bits++) {
        const char bytes[2] = {(char)(bits >> 8), (char)bits};

        found[2] += text_decode_utf8(bytes, 2, &point) == 2;
    }
    for (unsigned bits = 0xe00000; bits < 0xf00000; bits++) {
        const char bytes[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};

        found[3] += text_decode_utf8(bytes, 3, &point) == 3;
    }
    for (unsigned bits = 0; bits < 1U << 21; bits++) {
        const char bytes[4] = {(char)(0xf0 | bits >> 18), (char)(0x80 | (bits >> 12 & 0x3f)),
                               (char)(0x80 | (bits >> 6 & 0x3f)), (char)(0x80 | (bits & 0x3f))};

        found[4] += text_decode_utf8(bytes, 4, &point) == 4;
    }
    assert_int_equal(found[2], 0x800 - 0x80);
    assert_int_equal(found[3], 0x10000 - 0x800 - 0x800);
    assert_int_equal(found[4], 0x100000);
}

static void wrong_bytes_are_no_character(void **state)
{
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {
        {BYTES("\x80")}, /* a continuation alone */
        {BYTES("\xbf")},
        {BYTES("\xc0\x80")}, /* overlong NUL */
        {BYTES("\xc0\xaf")}, /* overlong slash */
        {BYTES("\xc1\xbf")},
        {BYTES("\xe0\x80\x80")},
        {BYTES("\xe0\x80\x9b")}, /* overlong escape */
        {BYTES("\xe0\x9f\xbf")},
        {BYTES("\xf0\x80\x80\x9b")},
        {BYTES("\xf0\x8f\xbf\xbf")},
        {BYTES("\xf8\x88\x80\x80\x80")},
        {BYTES("\xed\xa0\x80")},     /* U+D800 */
        {BYTES("\xed\xbf\xbf")},     /* U+DFFF */
        {BYTES("\xf4\x90\x80\x80")}, /* U+110000 */
        {BYTES("\xf5\x80\x80\x80")},
        {BYTES("\xfe")},
        {BYTES("\xff")},
        {BYTES("\xc3")}, /* cut short */
        {BYTES("\xe2\x82")},
        {BYTES("\xf0\x9f\x98")},
        {BYTES("\xc3(")}, /* wrong continuation */
        {BYTES("\xc3\xc3")},
        {BYTES("\xe2(\xac")},
        {BYTES("\xe2\x82(")},
        {BYTES("\xf0\x9f\x98(")},
        {BYTES("\xf0(\x98\x80")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint32_t point = 0x5a5a5a5a;

        assert_int_equal(text_decode_utf8(cases[i].text, cases[i].length, &point), 0);
        assert_int_equal(point, 0x5a5a5a5a);
    }
}

static void what_acts_on_a_terminal_is_control(void **state)
{
    static const struct {
        uint32_t first;
        uint32_t last;
    } controls[] = {
        {0, 0x1f},        /* C0 */
        {0x7f, 0x9f},     /* DEL, C1 */
        {0x061c, 0x061c}, /* Arabic letter mark */
        {0x200e, 0x200f}, /* left-to-right and right-to-left marks */
        {0x2028, 0x202e}, /* separators; embeddings, overrides and their end */
        {0x2066, 0x2069}, /* isolates and their end */
        {0xfeff, 0xfeff}, /* byte order mark */
    };
    size_t next = 0;

    (void)state;
    for (uint32_t point = 0; point <= 0x10ffff; point++) {
        bool expected;

        if (next < COUNT_OF(controls) && point > controls[next].last)
            next++;
        expected = next < COUNT_OF(controls) && point >= controls[next].first;
        assert_int_equal(text_is_control(point), expected);
    }
}

/* Input, as escaped in a UTF-8 and in a C locale (NULL: the same), as JSON. */
static const struct {
    const char *text;
    size_t length;
    const char *utf8;
    const char *ascii;
    const char *json;
} cases[] = {
    {BYTES(""), "", NULL, "\"\""},
    {BYTES("postgres"), "postgres", NULL, "\"postgres\""},
    {BYTES("a b~!@#$%^&*()"), "a b~!@#$%^&*()", NULL, "\"a b~!@#$%^&*()\""},
    {BYTES("a\"b"), "a\"b", NULL, "\"a\\\"b\""},
    {BYTES("a\0b\0"), "a\\x00b\\x00", NULL, "\"a\\u0000b\\u0000\""},
    {BYTES("\a\b\t\n\v\f\r"), "\\x07\\x08\\x09\\x0a\\x0b\\x0c\\x0d", NULL,
     "\"\\u0007\\u0008\\u0009\\u000a\\u000b\\u000c\\u000d\""},
    {BYTES("\x1b[2J\x1b]0;t\a"), "\\x1b[2J\\x1b]0;t\\x07", NULL,
     "\"\\u001b[2J\\u001b]0;t\\u0007\""},
    {BYTES("\x1f\x7f"), "\\x1f\\x7f", NULL, "\"\\u001f\\u007f\""},
    /* C1 as characters and as naked bytes */
    {BYTES("\xc2\x80\xc2\x9b"
           "2J\xc2\x9f"),
     "\\xc2\\x80\\xc2\\x9b2J\\xc2\\x9f", NULL, "\"\\u0080\\u009b2J\\u009f\""},
    {BYTES("\x9b"
           "2J"),
     "\\x9b2J", NULL, "\"\\ufffd2J\""},
    {BYTES("\xc2\xa0"), "\xc2\xa0", "\\xc2\\xa0", "\"\xc2\xa0\""},
    {BYTES("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f", "gr\\xc3\\xbc\\xc3\\x9f",
     "\"gr\xc3\xbc\xc3\x9f\""},
    {BYTES("\xe2\x82\xac"), "\xe2\x82\xac", "\\xe2\\x82\\xac", "\"\xe2\x82\xac\""},
    {BYTES("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80", "\\xf0\\x9f\\x98\\x80", "\"\xf0\x9f\x98\x80\""},
    {BYTES("\xef\xbf\xbd"), "\xef\xbf\xbd", "\\xef\\xbf\\xbd", "\"\xef\xbf\xbd\""},
    {BYTES("\xf4\x8f\xbf\xbf"), "\xf4\x8f\xbf\xbf", "\\xf4\\x8f\\xbf\\xbf", "\"\xf4\x8f\xbf\xbf\""},
    /* no UTF-8: alone, between, at the end, overlong, surrogates */
    {BYTES("\xff"), "\\xff", NULL, "\"\\ufffd\""},
    {BYTES("a\xff"
           "b"),
     "a\\xffb", NULL, "\"a\\ufffdb\""},
    {BYTES("caf\xe9"), "caf\\xe9", NULL, "\"caf\\ufffd\""},
    {BYTES("\xc3"), "\\xc3", NULL, "\"\\ufffd\""},
    {BYTES("\xe2\x82"), "\\xe2\\x82", NULL, "\"\\ufffd\\ufffd\""},
    {BYTES("\xf0\x9f\x98"), "\\xf0\\x9f\\x98", NULL, "\"\\ufffd\\ufffd\\ufffd\""},
    {BYTES("\xc3(\xa4"), "\\xc3(\\xa4", NULL, "\"\\ufffd(\\ufffd\""},
    {BYTES("\xc0\x9b[2J"), "\\xc0\\x9b[2J", NULL, "\"\\ufffd\\ufffd[2J\""},
    {BYTES("\xe0\x80\x9b"), "\\xe0\\x80\\x9b", NULL, "\"\\ufffd\\ufffd\\ufffd\""},
    {BYTES("\xed\xa0\xbd\xed\xb8\x80"), "\\xed\\xa0\\xbd\\xed\\xb8\\x80", NULL,
     "\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\""},
    {BYTES("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80", NULL, "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
    /* a wrong byte does not swallow the good character behind it */
    {BYTES("\xe2\xc3\xbc"), "\\xe2\xc3\xbc", "\\xe2\\xc3\\xbc", "\"\\ufffd\xc3\xbc\""},
    {BYTES("\xe2\x1b"), "\\xe2\\x1b", NULL, "\"\\ufffd\\u001b\""},
    /* the reading order */
    {BYTES("user\xe2\x80\xaetoor"), "user\\xe2\\x80\\xaetoor", NULL, "\"user\\u202etoor\""},
    {BYTES("\xe2\x81\xa6\xe2\x81\xa9"), "\\xe2\\x81\\xa6\\xe2\\x81\\xa9", NULL,
     "\"\\u2066\\u2069\""},
    {BYTES("\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c"), "\\xe2\\x80\\x8e\\xe2\\x80\\x8f\\xd8\\x9c", NULL,
     "\"\\u200e\\u200f\\u061c\""},
    {BYTES("\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf"), "\\xe2\\x80\\xa8\\xe2\\x80\\xa9\\xef\\xbb\\xbf",
     NULL, "\"\\u2028\\u2029\\ufeff\""},
    /* the escape's own sign */
    {BYTES("\\"), "\\", NULL, "\"\\\\\""},
    {BYTES("a\\b"), "a\\b", NULL, "\"a\\\\b\""},
    {BYTES("\\x41"), "\\x5cx41", NULL, "\"\\\\x41\""},
    {BYTES("\\\\x41"), "\\\\x5cx41", NULL, "\"\\\\\\\\x41\""},
    {BYTES("\\X41"), "\\X41", NULL, "\"\\\\X41\""},
    {BYTES("\\\x1b"), "\\\\x1b", NULL, "\"\\\\\\u001b\""},
    {BYTES("\\\xc3\xbc"), "\\\xc3\xbc", "\\\\xc3\\xbc", "\"\\\\\xc3\xbc\""},
    {BYTES("x\\"), "x\\", NULL, "\"x\\\\\""},
    {BYTES("/"), "/", NULL, "\"/\""},
};

static void assert_escapes(bool utf8)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
        const char *ascii = cases[i].ascii ? cases[i].ascii : cases[i].utf8;

        /* What stands in front is left alone. */
        strbuf_puts(&out, "\x1b>");
        text_escape(&out, cases[i].text, cases[i].length);
        assert_memory_equal(strbuf_string(&out), "\x1b>", 2);
        assert_string_equal(strbuf_string(&out) + 2, utf8 ? cases[i].utf8 : ascii);
    }
}

static void assert_json(void)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

        strbuf_puts(&out, "[");
        text_json(&out, cases[i].text, cases[i].length);
        assert_int_equal(strbuf_string(&out)[0], '[');
        assert_string_equal(strbuf_string(&out) + 1, cases[i].json);
    }
}

static int hex_value(char digit)
{
    return digit >= '0' && digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

/* Undoes text_escape(). */
static void unescape(struct strbuf *out, const char *text)
{
    while (*text) {
        if (text[0] == '\\' && text[1] == 'x') {
            strbuf_putc(out, (char)(hex_value(text[2]) << 4 | hex_value(text[3])));
            text += 4;
        } else {
            strbuf_putc(out, *text++);
        }
    }
}

/* Demands that TEXT escaped is harmless and tells exactly what TEXT was. */
static void assert_escape_is_safe(const char *text, size_t length)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf back = STRBUF_INIT;
    bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    size_t size;

    text_escape(&out, text, length);
    unescape(&back, strbuf_string(&out));
    assert_int_equal(back.length, length);
    assert_memory_equal(strbuf_string(&back), text, length);
    for (size_t at = 0; at < out.length; at += size) {
        uint32_t point = 0;

        size = text_decode_utf8(out.data + at, out.length - at, &point);
        assert_true(size > 0);
        assert_false(text_is_control(point));
        assert_true(utf8 || point < 0x7f);
    }
}

/* Demands that the JSON string of TEXT is ended by its own quotes only and valid UTF-8. */
static void assert_json_is_valid(const char *text, size_t length)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    size_t at = 1;

    text_json(&out, text, length);
    assert_true(out.length >= 2 && out.data[0] == '"');
    while (out.data[at] != '"') {
        uint32_t point = 0;
        size_t size = text_decode_utf8(out.data + at, out.length - at, &point);

        assert_true(size > 0 && point >= 0x20);
        at += size;
        if (point != '\\')
            continue;
        assert_non_null(strchr("\"\\u", out.data[at]));
        if (out.data[at] == 'u')
            assert_int_equal(strspn(out.data + at + 1, "0123456789abcdef") >= 4, 1);
        at += out.data[at] == 'u' ? 5 : 1;
    }
    assert_int_equal(at + 1, out.length);
}

/* All runs of three out of bytes that mean something somewhere, and all pairs of bytes. */
static void assert_all_is_safe(void)
{
    static const char telling[] =
        "\0\x1b\\x4\"a\x7f\x80\x9b\xa0\xc0\xc2\xc3\xe0\xe2\xed\xf0\xf4\xff";
    char text[3];

    for (unsigned bits = 0; bits < 0x10000; bits++) {
        text[0] = (char)(bits >> 8);
        text[1] = (char)bits;
        assert_escape_is_safe(text, 2);
        assert_json_is_valid(text, 2);
    }
    for (size_t a = 0; a < sizeof(telling); a++) {
        for (size_t b = 0; b < sizeof(telling); b++) {
            for (size_t c = 0; c < sizeof(telling); c++) {
                text[0] = telling[a];
                text[1] = telling[b];
                text[2] = telling[c];
                assert_escape_is_safe(text, 3);
                assert_json_is_valid(text, 3);
            }
        }
    }
}

static void c_locale(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_ALL, "C"));
    assert_string_not_equal(nl_langinfo(CODESET), "UTF-8");
    assert_escapes(false);
    assert_json();
    assert_all_is_safe();
}

static void utf8_locale(void **state)
{
    (void)state;
    if (!setlocale(LC_ALL, "C.UTF-8") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        skip_because("no C.UTF-8 locale here");
    assert_escapes(true);
    assert_json();
    assert_all_is_safe();
    setlocale(LC_ALL, "C");
}

static void text_is_read_to_its_length_only(void **state)
{
    /* A character that goes on behind the length, in memory that does too. */
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

    (void)state;
    text_escape(&out, "a\xc3\xbc", 2);
    assert_string_equal(strbuf_string(&out), "a\\xc3");
    strbuf_reset(&out);
    text_escape(&out, "\\x41", 1);
    assert_string_equal(strbuf_string(&out), "\\");
    strbuf_reset(&out);
    text_json(&out, "\xe2\x82\xac", 2);
    assert_string_equal(strbuf_string(&out), "\"\\ufffd\\ufffd\"");
}

static void a_word_has_no_blank_and_no_backslash(void **state)
{
    static const struct {
        const char *text;
        const char *word;
    } words[] = {
        {"jane", "jane"},
        {"DOM\\jane doe", "DOM\\x5cjane\\x20doe"},
        {" ", "\\x20"},
        {"a\tb", "a\\x09b"},
        {"a\\x20b", "a\\x5cx20b"},
        {"\"q\"", "\"q\""},
        {"\xc3\xbc \xff", "\xc3\xbc\\x20\\xff"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
        CLEANUP_STRBUF struct strbuf back = STRBUF_INIT;

        assert_non_null(setlocale(LC_ALL, "C.UTF-8"));
        text_escape_word(&out, words[i].text, strlen(words[i].text));
        assert_string_equal(strbuf_string(&out), words[i].word);
        text_unescape(&back, strbuf_string(&out), out.length);
        assert_string_equal(strbuf_string(&back), words[i].text);
        assert_true(text_is_shown_as(words[i].text, words[i].text));
        assert_true(text_is_shown_as(words[i].text, words[i].word));
        assert_non_null(setlocale(LC_ALL, "C"));
        strbuf_reset(&out);
        text_escape_word(&out, words[i].text, strlen(words[i].text));
        assert_null(strstr(strbuf_string(&out), "\xc3"));
        strbuf_reset(&back);
        text_unescape(&back, strbuf_string(&out), out.length);
        assert_string_equal(strbuf_string(&back), words[i].text);
        assert_true(text_is_shown_as(words[i].text, strbuf_string(&out)));
    }
}

static void only_what_is_shown_is_the_text(void **state)
{
    static const struct {
        const char *text;
        const char *word;
    } others[] = {
        {"a b", "a"},       {"a b", "a\\x20"},  {"a b", "a\\x20bc"}, {"a b", "a\\x2"},
        {"a b", "a\\x09b"}, {"a-b", "a\\x2db"}, {"a b", ""},         {"", "a"},
        {"a", "a\\x00"},    {"a\\x2db", "a-b"}, {"abc", "abd"},      {"", "\\x00"},
        {"a\\x20b", "a b"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (text_is_shown_as(others[i].text, others[i].word))
            fail_msg("'%s' is not shown as '%s'", others[i].text, others[i].word);
    }
    assert_true(text_is_shown_as("", ""));
    assert_true(text_is_shown_as("a\\x2db", "a\\x5cx2db"));
}

static void only_whole_escapes_are_turned_back(void **state)
{
    static const char *const untouched[] = {"",      "\\",    "\\x",     "\\x2",
                                            "\\X20", "\\x2g", "\\\\y20", "x20"};
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(untouched); i++) {
        strbuf_reset(&out);
        text_unescape(&out, untouched[i], strlen(untouched[i]));
        assert_string_equal(strbuf_string(&out), untouched[i]);
    }
    strbuf_reset(&out);
    /* Nor what is shown as it is: a unit's name may have it. */
    text_unescape(&out, "\\x4A\\xfF\\x00\\x2d\\x7e\\x7F", 24);
    assert_string_equal(strbuf_string(&out), "\\x4A\xff\\x00\\x2d\\x7e\x7f");
    strbuf_reset(&out);
    text_unescape(&out, "\\x41", 3);
    assert_string_equal(strbuf_string(&out), "\\x4");
}

static void text_is_cut_between_characters(void **state)
{
    (void)state;
    assert_int_equal(text_cut("abc", 3, 2), 2);
    assert_int_equal(text_cut("abc", 3, 3), 3);
    assert_int_equal(text_cut("abc", 3, 9), 3);
    assert_int_equal(text_cut("abc", 3, 0), 0);
    assert_int_equal(text_cut("\xe5\x89\x8a\xe9\x99\xa4x", 7, 1), 3);
    assert_int_equal(text_cut("\xe5\x89\x8a\xe9\x99\xa4x", 7, 2), 6);
    assert_int_equal(text_cut("\xff\xc3x", 3, 2), 2);
    assert_int_equal(text_cut("\xe5\x89\x8a", 2, 1), 1);
}

static void blanks_are_trimmed_off_both_ends(void **state)
{
    static const char *const texts[] = {"a b", " a b", "a b\t ", " \ta b "};
    const char *text = " \t ";
    size_t length = 3;

    (void)state;
    text_trim(&text, &length, " \t");
    assert_int_equal(length, 0);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        text = texts[i];
        length = strlen(text);
        text_trim(&text, &length, " \t");
        assert_int_equal(length, 3);
        assert_memory_equal(text, "a b", 3);
    }
    text = "\0a ";
    length = 3;
    text_trim(&text, &length, " ");
    assert_int_equal(length, 2);
}

static void an_empty_word_is_seen(void **state)
{
    (void)state;
    assert_string_equal(text_word(""), "''");
    assert_string_equal(text_word("a"), "a");
}

static void what_is_not_known_is_null_in_json(void **state)
{
    struct strbuf out = STRBUF_INIT;

    (void)state;
    text_json_or_null(&out, "a\"");
    text_json_or_null(&out, "");
    text_json_or_null(&out, NULL);
    text_json_number(&out, true, UINT64_MAX);
    text_json_number(&out, false, 5);
    assert_string_equal(strbuf_string(&out), "\"a\\\"\"\"\"null18446744073709551615null");
    strbuf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_word_is_seen),
        cmocka_unit_test(a_word_has_no_blank_and_no_backslash),
        cmocka_unit_test(only_what_is_shown_is_the_text),
        cmocka_unit_test(only_whole_escapes_are_turned_back),
        cmocka_unit_test(text_is_cut_between_characters),
        cmocka_unit_test(blanks_are_trimmed_off_both_ends),
        cmocka_unit_test(every_character_is_decoded),
        cmocka_unit_test(no_character_has_a_second_form),
        cmocka_unit_test(wrong_bytes_are_no_character),
        cmocka_unit_test(what_acts_on_a_terminal_is_control),
        cmocka_unit_test(c_locale),
        cmocka_unit_test(utf8_locale),
        cmocka_unit_test(text_is_read_to_its_length_only),
        cmocka_unit_test(what_is_not_known_is_null_in_json),
    };

    return cmocka_run_group_tests_name("base/text", tests, NULL, NULL);
}
