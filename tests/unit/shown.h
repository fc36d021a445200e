/*
 * What functions append to a strbuf, compared as a whole, and clauses as reports have them.
 */
#ifndef SHMTOOL_TESTS_SHOWN_H
#define SHMTOOL_TESTS_SHOWN_H

#include <string.h>

#include "base/strbuf.h"
#include "unit.h"

/* Demands that FUNCTION(out, ...) appends EXPECTED and nothing else. */
#define assert_appends(expected, function, ...) \
    do { \
        CLEANUP_STRBUF struct strbuf out_ = STRBUF_INIT; \
\
        function(&out_, __VA_ARGS__); \
        assert_string_equal(strbuf_string(&out_), expected); \
    } while (0)

/*
 * Appends clauses as reports have them where lines are not wrapped (view/wrap.h): each in a line of
 * its own, all but the first indented by INDENT blanks, and a newline.
 */
static inline void put_clauses(struct strbuf *out, const char *text, int indent)
{
    const char *end;

    while ((end = strstr(text, "; "))) {
        strbuf_append(out, text, (size_t)(end + 1 - text));
        strbuf_printf(out, "\n%*s", indent, "");
        text = end + 2;
    }
    strbuf_puts(out, text);
    strbuf_putc(out, '\n');
}

#endif
