/*
 * What every fuzz target is made from.
 *
 * A target takes any bytes, gives them to a reader of the library, and traps when what comes out
 * breaks one of the reader's promises. `make fuzz` builds and runs them all.
 */
#ifndef SHMTOOL_TESTS_FUZZ_H
#define SHMTOOL_TESTS_FUZZ_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* The path of a saved tree for readers of files: a folder of this process, below $TMPDIR. */
static inline const char *fuzz_tree(void)
{
    static char path[4096];

    if (!path[0]) {
        const char *above = getenv("TMPDIR");

        snprintf(path, sizeof(path), "%s/shmtool-tree.XXXXXX", above ? above : "/tmp");
        CHECK(mkdtemp(path));
    }
    return path;
}

/* Makes a file of that tree, and the folders above it, or writes it anew. */
static inline void fuzz_tree_put(const char *file, const void *bytes, size_t size)
{
    char path[4096 + 256];
    int length = snprintf(path, sizeof(path), "%s/%s", fuzz_tree(), file);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    CHECK(length > 0 && (size_t)length < sizeof(path));
    if (fd < 0) {
        for (char *slash = path + strlen(fuzz_tree()) + 1; (slash = strchr(slash, '/')); slash++) {
            *slash = '\0';
            mkdir(path, 0755);
            *slash = '/';
        }
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    }
    CHECK(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    close(fd);
}

#endif
