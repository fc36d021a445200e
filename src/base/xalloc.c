#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void xalloc_die(void)
{
    static const char message[] = "shmtool: out of memory\n";

    /* stdio may want memory itself, and a failed write leaves nothing else to try. */
    ssize_t ignored = write(STDERR_FILENO, message, sizeof(message) - 1);

    (void)ignored;
    quick_exit(1);
}

void *xmalloc(size_t size)
{
    void *pointer = malloc(size ? size : 1);

    if (!pointer)
        xalloc_die();
    return pointer;
}

void *xcalloc(size_t count, size_t size)
{
    void *pointer = calloc(count ? count : 1, size ? size : 1);

    if (!pointer)
        xalloc_die();
    return pointer;
}

void *xreallocarray(void *pointer, size_t count, size_t size)
{
    void *moved = reallocarray(pointer, count ? count : 1, size ? size : 1);

    if (!moved)
        xalloc_die();
    return moved;
}

char *xstrdup(const char *text)
{
    return xstrndup(text, strlen(text));
}

char *xstrndup(const char *text, size_t length)
{
    char *copy = xmalloc(length + 1);

    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

void *xgrow(void *array, size_t count, size_t *capacity, size_t size)
{
    if (array && count < *capacity)
        return array;
    *capacity = *capacity < 8 ? 8 : *capacity * 2;
    return xreallocarray(array, *capacity, size);
}
