/*
 * Scope-bound release of memory, files and directories, and handing them over.
 *
 * A variable declared with one of these macros is released when its scope ends, on every path.
 * To give the thing to somebody else, pass it through steal_pointer() or steal_fd().
 */
#ifndef SHMTOOL_BASE_CLEANUP_H
#define SHMTOOL_BASE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free_pointer(void *pointer)
{
    free(*(void **)pointer);
}

static inline void cleanup_close_fd(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void cleanup_close_file(FILE **file)
{
    if (*file)
        fclose(*file);
}

static inline void cleanup_close_dir(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

#define CLEANUP_FREE __attribute__((cleanup(cleanup_free_pointer)))
#define CLEANUP_CLOSE __attribute__((cleanup(cleanup_close_fd)))
#define CLEANUP_FCLOSE __attribute__((cleanup(cleanup_close_file)))
#define CLEANUP_CLOSEDIR __attribute__((cleanup(cleanup_close_dir)))

/* Returns *POINTER and leaves NULL in its place, so that the scope's end releases nothing. */
#define steal_pointer(pointer) \
    __extension__({ \
        __typeof__(*(pointer)) stolen_ = *(pointer); \
        *(pointer) = NULL; \
        stolen_; \
    })

/* Returns *fd and leaves -1 in its place. */
static inline int steal_fd(int *fd)
{
    int stolen = *fd;

    *fd = -1;
    return stolen;
}

#endif
