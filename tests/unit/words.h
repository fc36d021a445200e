/*
 * Words of the command line that a reader must understand, or refuse and name.
 */
#ifndef SHMTOOL_TESTS_WORDS_H
#define SHMTOOL_TESTS_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* What *ret_value holds before a reader is called. */
#define UNTOUCHED UINT64_C(0x5a5a5a5a5a5a5a5a)

/* A word and the number it means. */
struct meaning {
    const char *word;
    uint64_t value;
};

/* A reader of base/parse, made to look like the others. */
typedef int (*reader)(const char *word, uint64_t *ret_value, struct error *err);

/* Wrong for every kind of number: nothing, blanks, signs, leftovers, other alphabets. */
extern const char never_numbers[];

/* Each word must be read as what it means. */
void read_all(reader read, const struct meaning *meanings, size_t count);

/*
 * Each word must be refused with an error that begins with it, and nothing touched.
 *
 * words: separated by bars; two bars in a row have an empty word between them
 */
void refuse_all(reader read, const char *words);

#endif
