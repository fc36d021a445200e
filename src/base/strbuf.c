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
    enum { DIGITS_MAX = 20 };
    char digits[DIGITS_MAX];
    size_t start = DIGITS_MAX;

    do {
        digits[--start] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    strbuf_append(buf, digits + start, DIGITS_MAX - start);
}

void strbuf_put_i64(struct strbuf *buf, int64_t value)
{
    if (value < 0)
        strbuf_putc(buf, '-');
    /* Negating as unsigned is defined for INT64_MIN too. */
    strbuf_put_u64(buf, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void strbuf_put_wide(struct strbuf *buf, struct wide value)
{
    const uint64_t billion = 1000000000;
    uint64_t parts[4] = {value.high >> 32, value.high & UINT32_MAX, value.low >> 32,
                         value.low & UINT32_MAX};
    uint64_t rest = 0;

    if (value.high == 0) {
        strbuf_put_u64(buf, value.low);
        return;
    }
    /* Divided as by hand, by what the last nine digits count. */
    for (size_t i = 0; i < 4; i++) {
        rest = rest << 32 | parts[i];
        parts[i] = rest / billion;
        rest %= billion;
    }
    strbuf_put_wide(buf, (struct wide){parts[0] << 32 | parts[1], parts[2] << 32 | parts[3]});
    strbuf_printf(buf, "%09llu", (unsigned long long)rest);
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
