#include "model/sysctl_text.h"

#include <string.h>

#include "base/text.h"

static const char sysctl_blanks[] = " \t\r";

/* Whether the word is that name; dots and slashes separate its parts alike. */
static bool is_sysctl_name(const char *word, size_t length, const char *name)
{
    if (strlen(name) != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (word[i] != name[i] && !(word[i] == '/' && name[i] == '.'))
            return false;
    }
    return true;
}

bool sysctl_text_sets(const char *line, size_t length, const char *name, const char **ret_value,
                      size_t *ret_length)
{
    const char *equals = memchr(line, '=', length);
    const char *word = line;
    const char *value;
    size_t word_length;
    size_t value_length;

    if (!equals)
        return false;
    word_length = (size_t)(equals - line);
    value = equals + 1;
    value_length = length - word_length - 1;
    text_trim(&word, &word_length, sysctl_blanks);
    text_trim(&value, &value_length, sysctl_blanks);
    if (word_length > 0 && word[0] == '-') {
        word++;
        word_length--;
        text_trim(&word, &word_length, sysctl_blanks);
    }
    if (!is_sysctl_name(word, word_length, name))
        return false;
    if (ret_value)
        *ret_value = value;
    if (ret_length)
        *ret_length = value_length;
    return true;
}

/* How long the line that TEXT begins with is, without its newline. */
static size_t line_length(const char *text, size_t length)
{
    const char *end = memchr(text, '\n', length);

    return end ? (size_t)(end - text) : length;
}

bool sysctl_text_find(const char *text, size_t length, const char *name, const char **ret_value,
                      size_t *ret_length)
{
    bool found = false;

    while (length > 0) {
        size_t line = line_length(text, length);
        size_t step = line < length ? line + 1 : line;

        if (sysctl_text_sets(text, line, name, ret_value, ret_length))
            found = true;
        text += step;
        length -= step;
    }
    return found;
}

static void put_setting(struct strbuf *out, const char *name, const char *value)
{
    strbuf_puts(out, name);
    strbuf_puts(out, " = ");
    strbuf_puts(out, value);
    strbuf_putc(out, '\n');
}

void sysctl_text_set(struct strbuf *out, const char *text, size_t length, const char *name,
                     const char *value)
{
    bool done = false;
    bool ended = true;

    while (length > 0) {
        size_t line = line_length(text, length);
        size_t step = line < length ? line + 1 : line;

        if (!sysctl_text_sets(text, line, name, NULL, NULL)) {
            strbuf_append(out, text, step);
            ended = line < length;
        } else if (!done) {
            put_setting(out, name, value);
            done = true;
            ended = true;
        }
        text += step;
        length -= step;
    }
    if (done)
        return;
    if (!ended)
        strbuf_putc(out, '\n');
    put_setting(out, name, value);
}
