/*
 * Text for people in lines that fit a terminal; commands stay whole, so that they can be pasted.
 */
#ifndef SHMTOOL_VIEW_WRAP_H
#define SHMTOOL_VIEW_WRAP_H

#include <stddef.h>

#include "base/strbuf.h"

/*
 * Bytes that a line may have; only a word or a command that is longer makes a longer one. Text in
 * a pipe may be searched with grep: WRAP_NEVER leaves it in one line.
 */
enum { WRAP_WIDTH = 78, WRAP_NEVER = 0 };

/*
 * Appends TEXT for a terminal (text_escape()), broken between words: the first line goes on where
 * OUT's last one stands, the others are indented by INDENT blanks. A command, "shmtool rm 5" up to
 * a quote, a parenthesis or another mark after a word, is not broken. No newline at the end.
 */
void wrap_text(struct strbuf *out, const struct strbuf *text, size_t indent, size_t width);

/* The same, and each clause, which ends in a semicolon, stands in lines of its own. */
void wrap_clauses(struct strbuf *out, const struct strbuf *text, size_t indent, size_t width);

#endif
