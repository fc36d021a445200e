#include "view/hexdump.h"

/* Appends the line as it is: 1 to 16 bytes. */
static void put_dump_line(const struct hexdump *dump, struct strbuf *out)
{
    static const char digits[] = "0123456789abcdef";
    static const unsigned char dot = '.';

    strbuf_printf(out, "%08llx ", (unsigned long long)dump->address);
    for (size_t i = 0; i < HEXDUMP_LINE; i++) {
        unsigned char byte = dump->line[i];
        const char text[] = {' ', digits[byte >> 4], digits[byte & 15]};

        if (i == HEXDUMP_LINE / 2)
            strbuf_putc(out, ' ');
        if (i < dump->filled)
            strbuf_append(out, text, sizeof(text));
        else
            strbuf_puts(out, "   ");
    }
    strbuf_puts(out, "  |");
    for (size_t i = 0; i < dump->filled; i++)
        strbuf_append(out, dump->line[i] >= ' ' && dump->line[i] <= '~' ? &dump->line[i] : &dot, 1);
    strbuf_puts(out, "|\n");
}

/* A line is full. */
static void end_dump_line(struct hexdump *dump, struct strbuf *out)
{
    if (dump->has_previous && memcmp(dump->line, dump->previous, HEXDUMP_LINE) == 0) {
        if (!dump->repeats)
            strbuf_puts(out, "*\n");
        dump->repeats = true;
    } else {
        put_dump_line(dump, out);
        memcpy(dump->previous, dump->line, HEXDUMP_LINE);
        dump->has_previous = true;
        dump->repeats = false;
    }
    dump->address += HEXDUMP_LINE;
    dump->filled = 0;
}

void hexdump_add(struct hexdump *dump, struct strbuf *out, const void *data, size_t length)
{
    const unsigned char *bytes = data;

    while (length > 0) {
        size_t part = HEXDUMP_LINE - dump->filled;

        part = part < length ? part : length;
        memcpy(dump->line + dump->filled, bytes, part);
        dump->filled += part;
        bytes += part;
        length -= part;
        if (dump->filled == HEXDUMP_LINE)
            end_dump_line(dump, out);
    }
}

void hexdump_add_zeros(struct hexdump *dump, struct strbuf *out, uint64_t length)
{
    static const unsigned char zeros[3 * HEXDUMP_LINE];
    /* To the end of the line at hand, a whole one, and one more for the star. */
    size_t shown = sizeof(zeros) - dump->filled;
    uint64_t left_out;

    if (length <= shown) {
        hexdump_add(dump, out, zeros, (size_t)length);
        return;
    }
    hexdump_add(dump, out, zeros, shown);
    left_out = (length - shown) / HEXDUMP_LINE * HEXDUMP_LINE;
    dump->address += left_out;
    hexdump_add(dump, out, zeros, (size_t)(length - shown - left_out));
}

void hexdump_end(struct hexdump *dump, struct strbuf *out)
{
    if (dump->filled > 0)
        put_dump_line(dump, out);
    else if (dump->address == 0)
        return;
    strbuf_printf(out, "%08llx\n", (unsigned long long)dump->address + dump->filled);
    dump->filled = 0;
}
