/*
 * What went wrong, carried upward from where it happened to the command that prints it.
 *
 * A function that can fail takes a struct error and returns a negative errno. The text is
 * "what: why", without the program's name and without a newline.
 */
#ifndef SHMTOOL_BASE_ERROR_H
#define SHMTOOL_BASE_ERROR_H

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
 * The name of an errno, "EPERM", for programs to read. NULL for one that no call of ours gives:
 * the C library's own table (strerrorname_np) is not everywhere.
 */
const char *error_code_name(int code);

/* Releases what ERR holds and makes it "no error" again. */
void error_clear(struct error *err);

#define CLEANUP_ERROR __attribute__((cleanup(error_clear)))

#endif
