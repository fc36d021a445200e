/*
 * Memory that is always there: these functions end the program when none is left.
 *
 * Running out of memory is the one failure that library code does not hand upward: the message
 * goes to standard error and the exit status is 1. Everything returned is released with free().
 */
#ifndef SHMTOOL_BASE_XALLOC_H
#define SHMTOOL_BASE_XALLOC_H

#include <stddef.h>

/* Ends the program at once with "shmtool: out of memory" and exit status 1. */
_Noreturn void xalloc_die(void);

/*
 * From now on memory that is released stays with the process, for what asks for as much next time:
 * for a command that does the same again and again.
 */
void xalloc_keep(void);

/* Returns SIZE bytes (at least one), not initialised. */
void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));

/* Returns COUNT times SIZE zeroed bytes (at least one). A product that overflows dies too. */
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* Resizes POINTER (may be NULL) to COUNT times SIZE bytes. A product that overflows dies too. */
void *xreallocarray(void *pointer, size_t count, size_t size) __attribute__((returns_nonnull));

/* Returns a copy of TEXT. */
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull));

/* Returns a copy of the first LENGTH bytes of TEXT, with a NUL after them. */
char *xstrndup(const char *text, size_t length) __attribute__((malloc, returns_nonnull));

/*
 * Makes room for one more element in a growing array: returns ARRAY, moved if it had to grow.
 *
 * count: elements in use. capacity: elements that fit, updated. size: bytes an element has.
 */
void *xgrow(void *array, size_t count, size_t *capacity, size_t size)
    __attribute__((returns_nonnull));

#endif
