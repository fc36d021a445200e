#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static void __attribute__((format(printf, 3, 0)))
set_error_text(struct error *err, int code, const char *format, va_list args)
{
    char *text;

    if (vasprintf(&text, format, args) < 0)
        xalloc_die();
    error_clear(err);
    err->code = code;
    err->text = text;
}

int error_set(struct error *err, int code, const char *format, ...)
{
    va_list args;

    if (err) {
        va_start(args, format);
        set_error_text(err, code, format, args);
        va_end(args);
    }
    return -code;
}

int error_set_errno(struct error *err, int code, const char *format, ...)
{
    va_list args;
    char *text;

    if (!err)
        return -code;
    va_start(args, format);
    set_error_text(err, code, format, args);
    va_end(args);
    if (asprintf(&text, "%s: %s", err->text, strerror(code)) < 0)
        xalloc_die();
    free(err->text);
    err->text = text;
    return -code;
}

int error_copy(struct error *err, const struct error *from)
{
    return error_set(err, from->code, "%s", from->text);
}

void error_put_name(struct strbuf *out, int code)
{
    static const struct {
        int code;
        const char *name;
    } names[] = {
        {EPERM, "EPERM"},   {ENOENT, "ENOENT"},       {EINTR, "EINTR"},   {EIO, "EIO"},
        {ENOMEM, "ENOMEM"}, {EACCES, "EACCES"},       {EEXIST, "EEXIST"}, {EINVAL, "EINVAL"},
        {ENOSPC, "ENOSPC"}, {EIDRM, "EIDRM"},         {ENOSYS, "ENOSYS"}, {EFBIG, "EFBIG"},
        {ESRCH, "ESRCH"},   {EAGAIN, "EAGAIN"},       {ENFILE, "ENFILE"}, {EMFILE, "EMFILE"},
        {EROFS, "EROFS"},   {EOVERFLOW, "EOVERFLOW"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].code == code) {
            strbuf_puts(out, names[i].name);
            return;
        }
    }
    strbuf_printf(out, "errno %d", code);
}

void error_put_json(struct strbuf *out, int code)
{
    if (code == 0) {
        strbuf_puts(out, "null");
        return;
    }
    strbuf_putc(out, '"');
    error_put_name(out, code);
    strbuf_putc(out, '"');
}

void error_clear(struct error *err)
{
    free(err->text);
    err->code = 0;
    err->text = NULL;
}

void complaint_list_add(struct complaint_list *list, const char *where, const char *text,
                        size_t length)
{
    list->items = xgrow(list->items, list->count, &list->capacity, sizeof(*list->items));
    list->items[list->count++] = (struct complaint){
        .where = xstrdup(where), .text = xstrndup(text, length), .length = length};
}

void complaint_list_release(struct complaint_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].where);
        free(list->items[i].text);
    }
    free(list->items);
    *list = (struct complaint_list)COMPLAINT_LIST_INIT;
}
