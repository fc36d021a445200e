/*
 * Whether the output of a run with a fault says what the output without one does.
 */
#include <ctype.h>

#include "../helpers/helper.h"
#include "faults.h"

/* What may be unknown when something fails. */
static bool may_be_unknown(const char *name, size_t length)
{
    static const char *const names[] = {
        "owner",   "group",      "creator",   "creator_group", "rss",      "swap", "command",
        "state",   "uid",        "user",      "explanation",   "shmem",    "sysv", "unit",
        "program", "program_by", "namespace", "container",     "protected"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i]) == length && strncmp(names[i], name, length) == 0)
            return true;
    }
    return false;
}

/* Of a command line that cannot be read the name in brackets may be left. */
static bool is_unknown(const char *name, const char *value, size_t length)
{
    /* A sentence; the memory of the whole system, which is not the same twice. */
    if (strncmp(name, "explanation", 11) == 0 || strncmp(name, "shmem", 5) == 0)
        return true;
    return strncmp(value, "\"[", 2) == 0 || (length == 4 && strncmp(value, "null", 4) == 0) ||
           (length == 9 && strncmp(value, "\"unknown\"", 9) == 0);
}

/* How long the JSON value is; of an array or an object its bracket alone. */
static size_t value_length(const char *value)
{
    size_t length = 1;

    if (*value == '[' || *value == '{')
        return 1;
    if (*value != '"')
        return strcspn(value, ",}]\n");
    while (value[length] && value[length] != '"')
        length += value[length] == '\\' && value[length + 1] ? 2 : 1;
    return length + 1;
}

/* A document's own time differs from run to run. */
static bool is_moment(const char *name, size_t length)
{
    return length == 4 && strncmp(name, "time", length) == 0;
}

bool is_same_json(const char *want, const char *got)
{
    static const char colon[] = "\": ";

    for (;;) {
        const char *want_colon = strstr(want, colon);
        const char *name = want_colon;
        size_t before;
        size_t want_length;
        size_t got_length;

        if (!want_colon)
            return strcmp(want, got) == 0;
        before = (size_t)(want_colon - want) + strlen(colon);
        if (strncmp(want, got, before) != 0)
            return false;
        while (name[-1] != '"')
            name--;
        want += before;
        got += before;
        want_length = value_length(want);
        got_length = value_length(got);
        if (!is_moment(name, (size_t)(want_colon - name)) &&
            (want_length != got_length || strncmp(want, got, want_length) != 0) &&
            !(may_be_unknown(name, (size_t)(want_colon - name)) &&
              is_unknown(name, got, got_length)))
            return false;
        want += want_length;
        got += got_length;
    }
}

/* In a table an unknown name is a number, anything else that is not known is a dash or nothing. */
static bool may_stand_for(const char *got, size_t got_length, const char *want, size_t want_length)
{
    if (got_length == want_length && strncmp(got, want, want_length) == 0)
        return true;
    return got_length == 0 || *got == '[' || (got_length == 1 && *got == '-') ||
           (got_length == 7 && strncmp(got, "unknown", 7) == 0) ||
           (!isdigit((unsigned char)*want) && strspn(got, "0123456789") >= got_length);
}

/* Takes a word of a table, or a field of CSV (a command line there has blanks), off the front of a
 * line. */
static size_t take_word(const char **at, bool is_csv, const char **ret_word)
{
    size_t length;

    if (!is_csv)
        *at += strspn(*at, " ");
    *ret_word = *at;
    length = strcspn(*at, is_csv ? ",\r\n" : " \r\n");
    *at += length;
    *at += **at == ',' || **at == '\r';
    return length;
}

bool is_same_table(const char *want, const char *got)
{
    bool is_csv = strcspn(want, ",") < strcspn(want, "\n");

    while (*want && *got) {
        const char *want_word;
        const char *got_word;
        size_t want_length = take_word(&want, is_csv, &want_word);
        size_t got_length = take_word(&got, is_csv, &got_word);

        if (!may_stand_for(got_word, got_length, want_word, want_length))
            return false;
        /* A command line, at the line's end, may be missing or shorter. */
        if (*got == '\n' && *want == ' ')
            want += strcspn(want, "\n");
        if ((*want == '\n') != (*got == '\n'))
            return false;
        if (*want == '\n') {
            want++;
            got++;
        }
    }
    return *want == *got;
}
