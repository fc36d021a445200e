/*
 * What went wrong, carried upward from where it happened to the command that prints it, and what
 * could not be understood on the way.
 *
 * A function that can fail takes a struct error and returns a negative errno. The text is
 * "what: why", without the program's name and without a newline.
 */
#ifndef SHMTOOL_BASE_ERROR_H
#define SHMTOOL_BASE_ERROR_H

#include <stddef.h>

#include "base/strbuf.h"

struct error {
    int code;   /* positive errno, 0: no error */
    char *text; /* owned; NULL: no error */
};

#define ERROR_INIT \
    { \
        0, NULL \
    }

/*
 * Remembers an error, in place of any that ERR held, and returns -code.
 *
 * err:  NULL when nobody wants to know
 * code: positive errno
 * format: the whole text; strerror(3) of CODE is not added
 */
int error_set(struct error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, with ": " and strerror(3) of CODE after the text. */
int error_set_errno(struct error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Remembers a copy of FROM, which is an error, as error_set() does, and returns -FROM->code. */
int error_copy(struct error *err, const struct error *from);

/*
 * Appends the name of an errno, "EPERM", for programs to read; "errno 133" for one that no call
 * of ours gives: the C library's own table (strerrorname_np) is not everywhere.
 */
void error_put_name(struct strbuf *out, int code);

/* Appends that name in quotes, as JSON has it, or null for 0. */
void error_put_json(struct strbuf *out, int code);

/* Releases what ERR holds and makes it "no error" again. */
void error_clear(struct error *err);

#define CLEANUP_ERROR __attribute__((cleanup(error_clear)))

/* Something that a reader could not understand, and went on. */
struct complaint {
    char *where; /* owned; "/proc/sysvipc/shm: line 5" */
    char *text;  /* owned; what stands there, or why it could not be read; may hold NULs */
    size_t length;
};

struct complaint_list {
    struct complaint *items; /* owned; in the order in which they were met */
    size_t count;
    size_t capacity;
};

#define COMPLAINT_LIST_INIT \
    { \
        NULL, 0, 0 \
    }

/* Appends copies of WHERE and of the LENGTH bytes of TEXT. */
void complaint_list_add(struct complaint_list *list, const char *where, const char *text,
                        size_t length);

/* Releases the list's memory and leaves it empty. */
void complaint_list_release(struct complaint_list *list);

#define CLEANUP_COMPLAINT_LIST __attribute__((cleanup(complaint_list_release)))

#endif
