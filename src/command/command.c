#include "command/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/text.h"
#include "base/xalloc.h"

extern const struct command command_ls;
extern const struct command command_rm;

const struct command *const commands[] = {
    &command_ls,
    &command_rm,
    NULL,
};

const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i]; i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    return NULL;
}

void context_warn(struct context *context, const char *format, ...)
{
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
    va_list args;
    char *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        xalloc_die();
    va_end(args);
    strbuf_puts(&line, "shmtool: ");
    if (context->command)
        strbuf_printf(&line, "%s: ", context->command);
    text_escape(&line, text, strlen(text));
    strbuf_putc(&line, '\n');
    free(text);
    fwrite(strbuf_string(&line), 1, line.length, context->err);
}

void context_warn_garbage(struct context *context, const char *where, const char *text,
                          size_t length)
{
    enum { SHOWN = 200 };
    CLEANUP_STRBUF struct strbuf shown = STRBUF_INIT;

    /* NULs would end the message: they are shown like any other byte. */
    text_escape(&shown, text, length > SHOWN ? SHOWN : length);
    context_warn(context, "%s: not understood: %s%s", where, strbuf_string(&shown),
                 length > SHOWN ? "..." : "");
}

int context_fail(struct context *context, const struct error *err, int status)
{
    context_warn(context, "%s", err->text);
    return status;
}
