/*
 * The C library's words for an errno are glibc's in all unit tests, which quote some of them.
 */
#include <errno.h>
#include <locale.h>
#include <string.h>

#include "unit.h"

#ifndef __GLIBC__
char *strerror(int code)
{
    static const struct {
        int code;
        char words[40];
    } others[] = {{EIO, "Input/output error"},
                  {ELOOP, "Too many levels of symbolic links"},
                  {EMFILE, "Too many open files"},
                  {ENOMEM, "Cannot allocate memory"}};

    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (others[i].code == code)
            return (char *)(uintptr_t)others[i].words;
    }
    return strerror_l(code, newlocale(LC_ALL_MASK, "C", NULL));
}
#endif
