#include "command/command.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "view/human.h"
#include "view/prompt.h"
#include "view/wrap.h"

extern const struct command command_capture;
extern const struct command command_cat;
extern const struct command command_create;
extern const struct command command_doctor;
extern const struct command command_du;
extern const struct command command_key;
extern const struct command command_limits;
extern const struct command command_ls;
extern const struct command command_metrics;
extern const struct command command_ns;
extern const struct command command_restore;
extern const struct command command_rm;
extern const struct command command_run;
extern const struct command command_set;
extern const struct command command_stat;
extern const struct command command_wait;
extern const struct command command_watch;
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
    &command_ns,
    &command_du,
    &command_watch,
    &command_wait,
    &command_metrics,
    &command_create,
    &command_set,
    &command_cat,
    &command_restore,
    &command_capture,
    NULL,
};
/* clang-format on */

bool option_value_is_optional(const struct option_spec *spec)
{
    return spec->argument && strncmp(spec->argument, "[=", 2) == 0;
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i]; i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    return NULL;
}

bool terminal_has_color(int fd)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");

    return isatty(fd) && !(no_color && *no_color) && terminal && *terminal &&
           strcmp(terminal, "dumb") != 0;
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

    strbuf_puts(&line, context->color ? "\033[33mshmtool:" : "shmtool:");
    if (context->command)
        strbuf_printf(&line, " %s:", context->command->name);
    strbuf_puts(&line, context->color ? "\033[0m " : " ");
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

void context_warn_text(struct context *context, const struct strbuf *text)
{
    if (text->length > 0)
        context_warn(context, "%s", strbuf_string(text));
}

void context_warn_paragraph(struct context *context, const char *name, const struct strbuf *text)
{
    CLEANUP_STRBUF struct strbuf lines = STRBUF_INIT;
    locale_t results_locale;

    if (text->length == 0)
        return;
    if (!isatty(STDERR_FILENO)) {
        context_warn(context, "%s: %s", name, strbuf_string(text));
        return;
    }
    results_locale = context_use_err_locale(context);
    strbuf_printf(&lines, "%s: ", name);
    wrap_clauses(&lines, text, 8, WRAP_WIDTH);
    strbuf_putc(&lines, '\n');
    uselocale(results_locale);
    fwrite(strbuf_string(&lines), 1, lines.length, context->err);
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

int context_ask(struct context *context, const char *question, int input, int interrupt,
                const char *undone)
{
    static const char *const reasons[] = {
        [PROMPT_NO] = "the answer was not yes",
        [PROMPT_END] = "no answer, and only yes is one",
        [PROMPT_INTERRUPT] = "interrupted",
        [PROMPT_NUMBER] =
            "the answer was not yes but a number (with - ids are read from standard input)",
        [PROMPT_UNSHOWN] = "the question could not be shown",
    };
    enum prompt_answer answer = prompt_ask(context->err, question, input, interrupt);

    /* A terminal has shown the answer with its newline; nothing else has ended the line. */
    if (!isatty(input) || answer == PROMPT_END || answer == PROMPT_INTERRUPT)
        fputc('\n', context->err);
    if (answer == PROMPT_YES)
        return STATUS_DONE;
    context_warn(context, "%s: nothing was %s", reasons[answer], undone);
    return STATUS_DECLINED;
}

int context_fail(struct context *context, const struct error *err, int status)
{
    context_warn(context, "%s", err->text);
    return status;
}

const char *context_host(const struct context *context)
{
    const struct strbuf *host = &context->system.host;

    return host->length > 0 ? strbuf_string(host) : NULL;
}

void context_put_head(const struct context *context, struct strbuf *out)
{
    strbuf_puts(out, "{\"schema\": 1, \"host\": ");
    text_json_or_null(out, context_host(context));
    strbuf_puts(out, ", \"time\": \"");
    human_time(out, proc_clock(context->system.proc)->now, TIME_ISO, 0);
    strbuf_puts(out, "\", ");
}

void context_write(struct context *context, const struct strbuf *text)
{
    fwrite(strbuf_string(text), 1, text->length, context->out);
}

size_t context_width(void)
{
    return isatty(STDOUT_FILENO) ? WRAP_WIDTH : WRAP_NEVER;
}
