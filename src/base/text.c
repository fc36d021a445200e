#include "base/text.h"

#include <langinfo.h>
#include <string.h>

size_t text_decode_utf8(const char *text, size_t length, uint32_t *ret_point)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *byte = (const unsigned char *)text;
    uint32_t point;
    size_t size;

    if (byte[0] < 0x80) {
        *ret_point = byte[0];
        return 1;
    }
    if (byte[0] >= 0xc2 && byte[0] <= 0xdf)
        size = 2;
    else if (byte[0] >= 0xe0 && byte[0] <= 0xef)
        size = 3;
    else if (byte[0] >= 0xf0 && byte[0] <= 0xf4)
        size = 4;
    else
        return 0;
    if (size > length)
        return 0;
    point = byte[0] & (0x7fU >> size);
    for (size_t i = 1; i < size; i++) {
        if ((byte[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (byte[i] & 0x3f);
    }
    if (point < smallest[size] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return 0;
    *ret_point = point;
    return size;
}

bool text_is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x061c || point == 0x200e ||
           point == 0x200f || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

/*
 * Appends what needs no care in any form, printable ASCII from FIRST on without \ and "; returns
 * its length.
 */
static inline size_t put_plain(struct strbuf *out, const char *text, size_t length, char first)
{
    size_t run = 0;

    while (run < length && text[run] >= first && text[run] < 0x7f && text[run] != '\\' &&
           text[run] != '"')
        run++;
    strbuf_append(out, text, run);
    return run;
}

static void put_hex_bytes(struct strbuf *out, const char *text, size_t length)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        char escaped[4] = {'\\', 'x', digits[byte >> 4], digits[byte & 0xf]};

        strbuf_append(out, escaped, sizeof(escaped));
    }
}

/* Asked each time: it is cheap, and only text beyond ASCII needs it. */
bool text_locale_is_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/*
 * ANY_LOCALE: characters beyond ASCII stay as they are whatever the locale is. WORD: no blank and
 * no backslash stays.
 */
static inline void escape_text(struct strbuf *out, const char *text, size_t length, bool any_locale,
                               bool word)
{
    const char first = word ? ' ' + 1 : ' ';
    size_t done = 0;

    while (done < length) {
        uint32_t point = 0;
        size_t size;

        done += put_plain(out, text + done, length - done, first);
        if (done == length)
            break;
        size = text_decode_utf8(text + done, length - done, &point);
        if (size == 0 || text_is_control(point) ||
            (size > 1 && !any_locale && !text_locale_is_utf8()) || (word && point == ' ') ||
            (point == '\\' && (word || (done + 1 < length && text[done + 1] == 'x')))) {
            size = size > 0 ? size : 1;
            put_hex_bytes(out, text + done, size);
        } else {
            strbuf_append(out, text + done, size);
        }
        done += size;
    }
}

void text_escape(struct strbuf *out, const char *text, size_t length)
{
    escape_text(out, text, length, false, false);
}

void text_escape_utf8(struct strbuf *out, const char *text, size_t length)
{
    escape_text(out, text, length, true, false);
}

void text_escape_word(struct strbuf *out, const char *text, size_t length)
{
    escape_text(out, text, length, false, true);
}

/* The value of a hex digit, or -1. */
static int read_hex_digit(char digit)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *found = digit ? strchr(digits, digit) : NULL;
    int value = found ? (int)(found - digits) : -1;

    return value > 15 ? value - 6 : value;
}

/*
 * Reads the first byte that TEXT stands for, where that is \xNN of one that is never shown as it
 * is: a control character, blank or backslash, or above them. Returns how many bytes of TEXT it
 * took.
 */
static size_t read_shown_byte(const char *text, size_t length, char *ret_byte)
{
    bool marked = length >= 4 && text[0] == '\\' && text[1] == 'x';
    int high = marked ? read_hex_digit(text[2]) : -1;
    int low = marked ? read_hex_digit(text[3]) : -1;
    int byte = high * 16 + low;

    if (high < 0 || low < 0 || byte == 0 || (byte > ' ' && byte < 0x7f && byte != '\\')) {
        *ret_byte = text[0];
        return 1;
    }
    *ret_byte = (char)byte;
    return 4;
}

void text_unescape(struct strbuf *out, const char *text, size_t length)
{
    char byte;

    for (size_t at = 0; at < length;) {
        at += read_shown_byte(text + at, length - at, &byte);
        strbuf_putc(out, byte);
    }
}

bool text_is_shown_as(const char *text, const char *word)
{
    size_t length = strlen(word);
    size_t at = 0;

    if (strcmp(text, word) == 0)
        return true;
    for (; *text && at < length; text++) {
        char byte;

        at += read_shown_byte(word + at, length - at, &byte);
        if (*text != byte)
            return false;
    }
    return *text == '\0' && at == length;
}

size_t text_cut(const char *text, size_t length, size_t characters)
{
    size_t done = 0;

    for (; characters > 0 && done < length; characters--) {
        uint32_t point;
        size_t size = text_decode_utf8(text + done, length - done, &point);

        done += size > 0 ? size : 1;
    }
    return done;
}

void text_trim(const char **text, size_t *length, const char *blanks)
{
    while (*length > 0 && **text && strchr(blanks, **text)) {
        ++*text;
        --*length;
    }
    while (*length > 0 && (*text)[*length - 1] && strchr(blanks, (*text)[*length - 1]))
        --*length;
}

static void put_json_point(struct strbuf *out, const char *text, size_t size, uint32_t point)
{
    if (size == 0)
        strbuf_puts(out, "\\ufffd");
    else if (point == '"' || point == '\\')
        strbuf_printf(out, "\\%c", (char)point);
    else if (text_is_control(point))
        strbuf_printf(out, "\\u%04x", (unsigned)point);
    else
        strbuf_append(out, text, size);
}

void text_json(struct strbuf *out, const char *text, size_t length)
{
    size_t done = 0;

    strbuf_putc(out, '"');
    while (done < length) {
        uint32_t point = 0;
        size_t size;

        done += put_plain(out, text + done, length - done, ' ');
        if (done == length)
            break;
        size = text_decode_utf8(text + done, length - done, &point);
        put_json_point(out, text + done, size, point);
        done += size > 0 ? size : 1;
    }
    strbuf_putc(out, '"');
}

void text_json_or_null(struct strbuf *out, const char *text)
{
    if (text)
        text_json(out, text, strlen(text));
    else
        strbuf_puts(out, "null");
}

void text_json_number(struct strbuf *out, bool known, uint64_t number)
{
    if (known)
        strbuf_put_u64(out, number);
    else
        strbuf_puts(out, "null");
}

const char *text_word(const char *word)
{
    return *word ? word : "''";
}
