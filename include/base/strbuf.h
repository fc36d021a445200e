/*
 * A growing run of bytes: lines of output, escaped text, files read whole.
 */
#ifndef SHMTOOL_BASE_STRBUF_H
#define SHMTOOL_BASE_STRBUF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/num.h"

struct strbuf {
    char *data;      /* owned; NUL-terminated once anything was appended; may hold NULs itself */
    size_t length;   /* bytes, without the final NUL */
    size_t capacity; /* bytes */
};

#define STRBUF_INIT \
    { \
        NULL, 0, 0 \
    }

/* Makes sure that MORE bytes and a NUL fit after what is there. */
void strbuf_reserve(struct strbuf *buf, size_t more);

/* The same, without a call where they fit already: appending is most of what a listing does. */
static inline void strbuf_make_room(struct strbuf *buf, size_t more)
{
    if (more >= buf->capacity - buf->length)
        strbuf_reserve(buf, more);
}

/* Cuts BUF down to its first LENGTH bytes and keeps its memory; LENGTH is not above what it has. */
static inline void strbuf_truncate(struct strbuf *buf, size_t length)
{
    buf->length = length;
    if (buf->data)
        buf->data[length] = '\0';
}

/* Empties BUF and keeps its memory. */
static inline void strbuf_reset(struct strbuf *buf)
{
    strbuf_truncate(buf, 0);
}

/* Releases BUF's memory and leaves it empty, ready for use. */
void strbuf_release(struct strbuf *buf);

/* Appends LENGTH bytes, a byte, a string, formatted text. */
static inline void strbuf_append(struct strbuf *buf, const void *data, size_t length)
{
    strbuf_make_room(buf, length);
    if (length > 0)
        memcpy(buf->data + buf->length, data, length);
    buf->length += length;
    buf->data[buf->length] = '\0';
}

static inline void strbuf_putc(struct strbuf *buf, char byte)
{
    strbuf_make_room(buf, 1);
    buf->data[buf->length++] = byte;
    buf->data[buf->length] = '\0';
}

static inline void strbuf_puts(struct strbuf *buf, const char *text)
{
    strbuf_append(buf, text, strlen(text));
}

void strbuf_printf(struct strbuf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends a number in decimal: no locale, no grouping. */
void strbuf_put_u64(struct strbuf *buf, uint64_t value);
void strbuf_put_i64(struct strbuf *buf, int64_t value);
void strbuf_put_wide(struct strbuf *buf, struct wide value);

/* Appends "0x" and eight hex digits, the form in which keys are shown. */
void strbuf_put_key(struct strbuf *buf, uint32_t key);

/* Returns the text as a string ("" when empty); BUF keeps it, the next change may move it. */
const char *strbuf_string(const struct strbuf *buf);

#define CLEANUP_STRBUF __attribute__((cleanup(strbuf_release)))

#endif
