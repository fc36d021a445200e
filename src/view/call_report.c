#include "view/call_report.h"

#include <string.h>

#include "base/text.h"
#include "view/call_words.h"
#include "view/wrap.h"

/* Appends the result's word: "OK", or the errno's name. */
static void put_result(struct strbuf *out, int code)
{
    if (code == 0)
        strbuf_puts(out, "OK");
    else
        error_put_name(out, code);
}

/* Appends the call as C has it. */
static void put_call(struct strbuf *out, const struct shmget_request *request)
{
    strbuf_puts(out, "shmget(");
    if (request->key == 0)
        strbuf_puts(out, "IPC_PRIVATE");
    else
        strbuf_put_key(out, request->key);
    strbuf_puts(out, ", ");
    strbuf_put_u64(out, request->size);
    strbuf_puts(out, ", ");
    if (request->create)
        strbuf_puts(out, "IPC_CREAT | ");
    if (request->exclusive)
        strbuf_puts(out, "IPC_EXCL | ");
    strbuf_printf(out, "0%03o)", (unsigned)request->mode);
}

/* Appends the call and its answer. */
static void put_answer(struct strbuf *out, const struct call_diagnosis *diagnosis)
{
    int code = diagnosis->answer.code;

    put_call(out, &diagnosis->request);
    strbuf_puts(out, code == 0 ? " would succeed" : " would fail: ");
    if (code == 0)
        return;
    put_result(out, code);
    strbuf_printf(out, " (%s)", strerror(code));
}

void call_report_text(struct strbuf *out, const struct call_diagnosis *diagnosis,
                      struct system *system, size_t width)
{
    CLEANUP_STRBUF struct strbuf remedy = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;

    put_answer(out, diagnosis);
    call_words_reason(&reason, diagnosis, system);
    strbuf_puts(out, "\nreason: ");
    wrap_clauses(out, &reason, 8, width);
    strbuf_putc(out, '\n');
    call_words_remedy(&remedy, diagnosis, system);
    if (remedy.length == 0)
        return;
    strbuf_puts(out, "remedy: ");
    wrap_clauses(out, &remedy, 8, width);
    strbuf_putc(out, '\n');
}

void call_report_json(struct strbuf *out, const struct call_diagnosis *diagnosis,
                      struct system *system)
{
    CLEANUP_STRBUF struct strbuf remedy = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;

    call_words_reason(&reason, diagnosis, system);
    call_words_remedy(&remedy, diagnosis, system);
    strbuf_puts(out, "{\"schema\": 1, \"result\": \"");
    put_result(out, diagnosis->answer.code);
    strbuf_puts(out, "\", \"shmid\": ");
    if (diagnosis->answer.cause == SHMGET_FINDS && diagnosis->has_segment)
        strbuf_printf(out, "%d", diagnosis->segment.shmid);
    else
        strbuf_puts(out, "null");
    strbuf_puts(out, ", \"reason\": ");
    text_json(out, strbuf_string(&reason), reason.length);
    strbuf_puts(out, ", \"remedy\": ");
    if (remedy.length > 0)
        text_json(out, strbuf_string(&remedy), remedy.length);
    else
        strbuf_puts(out, "null");
    strbuf_puts(out, "}\n");
}
