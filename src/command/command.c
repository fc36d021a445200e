#include "command/command.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/text.h"
#include "base/xalloc.h"

extern const struct command command_doctor;
extern const struct command command_key;
extern const struct command command_limits;
extern const struct command command_ls;
extern const struct command command_rm;
extern const struct command command_run;
extern const struct command command_stat;
extern const struct command command_who;

/* A line each. clang-format would fill lines. */
/* clang-format off */
const struct command *const commands[] = {
    &command_ls,
    &command_stat,
    &command_who,
    &command_rm,
    &command_run,
    &command_limits,
    &command_key,
    &command_doctor,
    NULL,
};
/* clang-format on */

const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i]; i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    return NULL;
}

locale_t context_use_err_locale(const struct context *context)
{
    return uselocale(context->err_locale);
}

/* The whole message in one write: lines of several processes must not mix. */
static void write_message(struct context *context, const char *text, size_t length)
{
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
    locale_t results_locale = context_use_err_locale(context);

    strbuf_puts(&line, "shmtool: ");
    if (context->command)
        strbuf_printf(&line, "%s: ", context->command->name);
    text_escape(&line, text, length);
    strbuf_putc(&line, '\n');
    uselocale(results_locale);
    fwrite(strbuf_string(&line), 1, line.length, context->err);
}

void context_warn(struct context *context, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        xalloc_die();
    va_end(args);
    write_message(context, text, strlen(text));
    free(text);
}

bool context_warn_unparsed(struct context *context, const struct complaint_list *unparsed)
{
    enum { SHOWN_MAX = 200 };

    for (size_t i = 0; i < unparsed->count; i++) {
        const struct complaint *complaint = &unparsed->items[i];
        CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;
        bool cut = complaint->length > SHOWN_MAX;

        strbuf_printf(&message, "%s: not understood: ", complaint->where);
        /* May hold NULs, which context_warn() would end at. */
        strbuf_append(&message, complaint->text, cut ? SHOWN_MAX : complaint->length);
        strbuf_puts(&message, cut ? "..." : "");
        write_message(context, strbuf_string(&message), message.length);
    }
    return unparsed->count > 0;
}

int context_fail(struct context *context, const struct error *err, int status)
{
    context_warn(context, "%s", err->text);
    return status;
}

void context_write(struct context *context, const struct strbuf *text)
{
    fwrite(strbuf_string(text), 1, text->length, context->out);
}
