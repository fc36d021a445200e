/*
 * What every fuzz target is made from.
 *
 * A target takes any bytes, gives them to a reader of the library, and traps when what comes out
 * breaks one of the reader's promises. `make fuzz` builds and runs them all.
 */
#ifndef SHMTOOL_TESTS_FUZZ_H
#define SHMTOOL_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/xalloc.h"

/* Called by libFuzzer with each input; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, as a crash that libFuzzer keeps the input of. */
#define CHECK(condition) \
    do { \
        if (!(condition)) \
            __builtin_trap(); \
    } while (0)

/* Returns the input as a string, up to its first NUL. The caller frees it. */
static inline char *fuzz_word(const uint8_t *data, size_t size)
{
    char *word = xmalloc(size + 1);

    if (size > 0)
        memcpy(word, data, size);
    word[size] = '\0';
    return word;
}

#endif
