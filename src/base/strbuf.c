#include "base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

void strbuf_reserve(struct strbuf *buf, size_t more)
{
    size_t needed;

    if (__builtin_add_overflow(buf->length, more, &needed) ||
        __builtin_add_overflow(needed, 1, &needed))
        xalloc_die();
    if (needed <= buf->capacity)
        return;
    if (needed < buf->capacity * 2)
        needed = buf->capacity * 2;
    if (needed < 64)
        needed = 64;
    buf->data = xreallocarray(buf->data, needed, 1);
    buf->capacity = needed;
}

void strbuf_reset(struct strbuf *buf)
{
    buf->length = 0;
    if (buf->data)
        buf->data[0] = '\0';
}

void strbuf_release(struct strbuf *buf)
{
    free(buf->data);
    *buf = (struct strbuf)STRBUF_INIT;
}

void strbuf_printf(struct strbuf *buf, const char *format, ...)
{
    va_list args;
    char *text;
    int length;

    va_start(args, format);
    length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0)
        xalloc_die();
    strbuf_append(buf, text, (size_t)length);
    free(text);
}

void strbuf_put_u64(struct strbuf *buf, uint64_t value)
{
    /* Two digits at a time: half the divisions, which are most of what a listing's numbers cost. */
    static const char pairs[] = "0001020304050607080910111213141516171819"
                                "2021222324252627282930313233343536373839"
                                "4041424344454647484950515253545556575859"
                                "6061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    enum { MOST_DIGITS = 20 };
    char digits[MOST_DIGITS];
    size_t start = MOST_DIGITS;

    if (value < 10) { /* most numbers of a listing: attach counts, root, no pages */
        strbuf_putc(buf, (char)('0' + value));
        return;
    }
    while (value >= 10) {
        start -= 2;
        memcpy(digits + start, pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value > 0)
        digits[--start] = (char)('0' + value);
    strbuf_append(buf, digits + start, MOST_DIGITS - start);
}

void strbuf_put_i64(struct strbuf *buf, int64_t value)
{
    if (value < 0)
        strbuf_putc(buf, '-');
    /* Negating as unsigned is defined for INT64_MIN too. */
    strbuf_put_u64(buf, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void strbuf_put_key(struct strbuf *buf, uint32_t key)
{
    char text[10] = "0x";

    for (int digit = 0; digit < 8; digit++)
        text[2 + digit] = "0123456789abcdef"[key >> (28 - 4 * digit) & 0xf];
    strbuf_append(buf, text, sizeof(text));
}

const char *strbuf_string(const struct strbuf *buf)
{
    /* Memory that was only reserved holds no NUL yet. */
    return buf->length > 0 ? buf->data : "";
}
