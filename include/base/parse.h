/*
 * Strict readers for the words of a command line: numbers, ids, keys, sizes, ranges, ages,
 * durations.
 *
 * A word is understood whole or not at all: no blanks, no sign where none belongs, nothing after
 * it, nothing wrapped or cut to fit. Each returns 0, or -EINVAL and sets *err, which names the
 * word and says what would be right; then *ret_x is untouched.
 */
#ifndef SHMTOOL_BASE_PARSE_H
#define SHMTOOL_BASE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/num.h"

/*
 * Reads the decimal number that TEXT begins with (up to LENGTH bytes) into *ret_value.
 * Returns how many bytes it has, 0 when there is no digit or the value does not fit 64 bits; then
 * *ret_value means nothing.
 */
size_t parse_digits(const char *text, size_t length, uint64_t *ret_value);

/* Returns which of the COUNT names the word of LENGTH bytes is; COUNT: it is none of them. */
unsigned parse_name(const char *word, size_t length, const char *const *names, unsigned count);

/* Decimal digits alone, up to MAX. WHAT names the kind of number in the error ("a pid"). */
int parse_number(const char *word, uint64_t max, const char *what, uint64_t *ret_value,
                 struct error *err);

/* A segment id: decimal, 0 to 2147483647, without leading zeros (010 could be 8). */
int parse_shmid(const char *word, int *ret_shmid, struct error *err);

/*
 * A key: 0x and hex digits, decimal (negative as /proc/sysvipc/shm prints it, down to
 * -2147483648), or octal with a leading 0; 32 bits.
 */
int parse_key(const char *word, uint32_t *ret_key, struct error *err);

/* A key, or A..B: all keys from A to B as unsigned numbers, both ends included and both given. */
int parse_key_range(const char *word, struct range *ret_range, struct error *err);

/* Permission bits: up to three octal digits, or four of which the first is 0. */
int parse_mode(const char *word, uint32_t *ret_mode, struct error *err);

/* A size in bytes: digits and a unit K M G T P or KiB ... (1024), KB ... (1000), or none. */
int parse_size(const char *word, uint64_t *ret_bytes, struct error *err);

/* N, N..M, N.. or ..M; N and M as parse_size reads them. */
int parse_range(const char *word, struct range *ret_range, struct error *err);

/*
 * An age in seconds: digits alone, or with a unit, w, d, h, m or s; also several from the longest
 * unit to the shortest, as ages are printed: 3d4h, 1h30m.
 */
int parse_age(const char *word, uint64_t *ret_seconds, struct error *err);

/*
 * How long something takes or lasts, in milliseconds: digits and ms, s, m, h or d, or none
 * (seconds); 100 years at the most.
 */
int parse_duration(const char *word, uint64_t *ret_milliseconds, struct error *err);

#endif
