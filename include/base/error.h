/*
 * What went wrong, carried upward from where it happened to the command that prints it.
 *
 * A function that can fail takes a struct error and returns a negative errno. The text is
 * "what: why", without the program's name and without a newline.
 */
#ifndef SHMTOOL_BASE_ERROR_H
#define SHMTOOL_BASE_ERROR_H

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
 * err:  NULL when the caller does not want to know
 * code: positive errno
 * format: the whole text; the system's words for CODE are not added
 */
int error_set(struct error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, with ": " and the system's words for CODE behind the text. */
int error_set_errno(struct error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

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

#endif
