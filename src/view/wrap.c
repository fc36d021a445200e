#include "view/wrap.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

/* Text that is being put into lines. */
struct wrapping {
    struct strbuf *out;
    size_t indent;
    size_t width;
    size_t column; /* bytes in the present line */
    bool fresh;    /* nothing in it is of this text */
};

static bool begins_command(const char *word)
{
    static const char *const programs[] = {"shmtool ", "sysctl ", "ipcs ",      "ipcrm ",
                                           "nsenter ", "setcap ", "systemctl ", "loginctl ",
                                           "ls -l ",   "echo ",   "ulimit ",    "prlimit "};

    word += strspn(word, "'(");
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        if (strncmp(word, programs[i], strlen(programs[i])) == 0)
            return true;
    }
    return false;
}

/* How much of TEXT stays in one line: a word, or the words of a command. */
static size_t unbroken_length(const char *text, size_t length)
{
    size_t end = strcspn(text, " ");

    if (begins_command(text)) {
        while (end < length && !strchr("'),;:", text[end - 1]) && text[end + 1] != '(')
            end += 1 + strcspn(text + end + 1, " ");
    }
    return end < length ? end : length;
}

static void begin_line(struct wrapping *wrapping)
{
    strbuf_printf(wrapping->out, "\n%*s", (int)wrapping->indent, "");
    wrapping->column = wrapping->indent;
    wrapping->fresh = true;
}

static void wrap_words(struct wrapping *wrapping, const char *text, size_t length)
{
    while (length > 0) {
        size_t part = unbroken_length(text, length);
        size_t blanks;

        if (!wrapping->fresh && wrapping->width != WRAP_NEVER &&
            wrapping->column + 1 + part > wrapping->width)
            begin_line(wrapping);
        if (!wrapping->fresh) {
            strbuf_putc(wrapping->out, ' ');
            wrapping->column++;
        }
        strbuf_append(wrapping->out, text, part);
        wrapping->column += part;
        wrapping->fresh = false;
        text += part;
        length -= part;
        blanks = strspn(text, " ");
        if (blanks > length)
            blanks = length;
        text += blanks;
        length -= blanks;
    }
}

static struct wrapping begin_wrapping(struct strbuf *out, size_t indent, size_t width)
{
    /* From the end: OUT may hold thousands of lines already. */
    const char *newline = out->length > 0 ? memrchr(out->data, '\n', out->length) : NULL;
    size_t line = newline ? (size_t)(newline + 1 - out->data) : 0;

    return (struct wrapping){
        .out = out, .indent = indent, .width = width, .column = out->length - line, .fresh = true};
}

void wrap_text(struct strbuf *out, const struct strbuf *text, size_t indent, size_t width)
{
    CLEANUP_STRBUF struct strbuf shown = STRBUF_INIT;
    struct wrapping wrapping = begin_wrapping(out, indent, width);

    text_escape(&shown, strbuf_string(text), text->length);
    wrap_words(&wrapping, strbuf_string(&shown), shown.length);
}

void wrap_clauses(struct strbuf *out, const struct strbuf *text, size_t indent, size_t width)
{
    CLEANUP_STRBUF struct strbuf shown = STRBUF_INIT;
    struct wrapping wrapping = begin_wrapping(out, indent, width);
    const char *rest;
    const char *end;

    text_escape(&shown, strbuf_string(text), text->length);
    rest = strbuf_string(&shown);
    while ((end = strstr(rest, "; "))) {
        wrap_words(&wrapping, rest, (size_t)(end + 1 - rest));
        begin_line(&wrapping);
        rest = end + 2;
    }
    wrap_words(&wrapping, rest, strlen(rest));
}
