#include "words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

const char never_numbers[] =
    "| |\t|\n| 1|1 |\t1|1\n|1\r|+1|++1|- 1|--1|-|+|1x|x1|1 2|1,2|1,|,1|1_000|1'000|1.5|"
    ".5|1e3|1E3|1/2|(1)|'1'|\"1\"|1;|$1|#1|inf|nan|one|null|0x|0X|0xg|0x-1|0b1|0o7|"
    "1\x01|1\x1b|\xef\xbc\x91|\xd9\xa1|1\xff|\x80|1\xc2\xa0|\302\2401|"
    "18446744073709551616|99999999999999999999999999999999999999";

static void assert_names_word(const struct error *err, const char *word)
{
    char quoted[256];
    int length = snprintf(quoted, sizeof(quoted), "'%s': ", word);
    const char *why;

    assert_int_equal(err->code, EINVAL);
    assert_non_null(err->text);
    if (strncmp(err->text, quoted, (size_t)length) != 0)
        fail_msg("the error \"%s\" does not begin with \"%s\"", err->text, quoted);
    why = err->text + length;
    if (strncmp(why, "not a", 5) != 0 && strncmp(why, "too large: ", 11) != 0)
        fail_msg("the error \"%s\" does not say what is wrong", err->text);
}

static void assert_reads(reader read, const char *word, uint64_t value)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    uint64_t got = UNTOUCHED;
    int r = read(word, &got, &err);

    if (r != 0)
        fail_msg("'%s' was refused: %s", word, err.text);
    if (got != value)
        fail_msg("'%s' was read as %llu, not %llu", word, (unsigned long long)got,
                 (unsigned long long)value);
    assert_null(err.text);
    assert_int_equal(read(word, &got, NULL), 0);
}

static void assert_refuses(reader read, const char *word)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    uint64_t got = UNTOUCHED;
    int r = read(word, &got, &err);

    if (r != -EINVAL)
        fail_msg("'%s' was not refused, but read as %llu", word, (unsigned long long)got);
    if (got != UNTOUCHED)
        fail_msg("'%s' was refused, but the result was touched", word);
    assert_names_word(&err, word);
    assert_int_equal(read(word, &got, NULL), -EINVAL);
}

void refuse_all(reader read, const char *words)
{
    char *list = strdup(words);
    char *rest = list;
    const char *word;

    assert_non_null(list);
    while ((word = strsep(&rest, "|")))
        assert_refuses(read, word);
    free(list);
}

void read_all(reader read, const struct meaning *meanings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_reads(read, meanings[i].word, meanings[i].value);
}
