/*
 * Untrusted text (command lines, user names, wrong words) made safe to show.
 *
 * Command names and user names may hold any byte. Here such text becomes something that a
 * terminal cannot obey and that a JSON reader accepts.
 */
#ifndef SHMTOOL_BASE_TEXT_H
#define SHMTOOL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/*
 * Reads one UTF-8 character (RFC 3629: no overlong forms, no surrogates, up to U+10FFFF).
 *
 * text, length: what is left, at least one byte
 * Returns the character's length in bytes and sets *ret_point, or 0 when the first byte does not
 * begin a valid character.
 */
size_t text_decode_utf8(const char *text, size_t length, uint32_t *ret_point);

/*
 * Tells whether a character could act on a terminal or turn the reading order of a line around:
 * C0, DEL, C1, line and paragraph separators, bidirectional controls.
 */
bool text_is_control(uint32_t point);

/*
 * Tells whether the locale's characters are UTF-8: whether text_escape() leaves them as they are.
 * It is cheap.
 */
bool text_locale_is_utf8(void);

/*
 * Appends TEXT so that a terminal shows it and does nothing else: control characters and bytes
 * that are no valid UTF-8 become \xNN, byte by byte, as does a backslash before an x. Where
 * the locale is not UTF-8 every byte above 0x7e is written so. Plain text stays as it is.
 */
void text_escape(struct strbuf *out, const char *text, size_t length);

/* The same as UTF-8 whatever the locale: for programs, which must not find another text in cron. */
void text_escape_utf8(struct strbuf *out, const char *text, size_t length);

/*
 * The same as text_escape() as one word, so that the fields of a line can be counted: a blank
 * becomes \x20, and every backslash \x5c.
 */
void text_escape_word(struct strbuf *out, const char *text, size_t length);

/*
 * Appends TEXT with each \xNN that the above may have written turned back into its byte. That of a
 * plain character stays as it is: \x2d in the name of a systemd unit is no dash. Adds no NUL.
 */
void text_unescape(struct strbuf *out, const char *text, size_t length);

/* Tells whether WORD is TEXT, as it is or as the above write it. */
bool text_is_shown_as(const char *text, const char *word);

/* Returns how many of LENGTH bytes the first CHARACTERS of TEXT have; a wrong byte counts as one.
 */
size_t text_cut(const char *text, size_t length, size_t characters);

/* Takes the bytes of the string BLANKS off both ends of TEXT. */
void text_trim(const char **text, size_t *length, const char *blanks);

/*
 * Appends TEXT as a JSON string with its quotes (RFC 8259). Bytes that are no valid UTF-8 become
 * U+FFFD, control characters \uNNNN.
 */
void text_json(struct strbuf *out, const char *text, size_t length);

/* The same of a string, which may be NULL: null. */
void text_json_or_null(struct strbuf *out, const char *text);

/* Appends a number, null where it is not KNOWN. */
void text_json_number(struct strbuf *out, bool known, uint64_t number);

/* WORD as a message names it: '' for the empty one, which would not be seen. */
const char *text_word(const char *word);

#endif
