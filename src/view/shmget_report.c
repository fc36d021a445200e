#include "view/shmget_report.h"

#include <string.h>

#include "base/text.h"
#include "view/describe_shmget.h"
#include "view/remedy_shmget.h"
#include "view/wrap.h"

/* The segment that the calls are about, where it is there already; -1: a new one. */
static int found_shmid(const struct shmget_diagnosis *diagnosis)
{
    return diagnosis->answer.cause == SHMGET_FINDS && diagnosis->segment
               ? diagnosis->segment->segment.shmid
               : -1;
}

/* --- Text ------------------------------------------------------------------------------------- */

void shmget_report_code(struct strbuf *out, int code)
{
    error_put_name(out, code);
    strbuf_printf(out, " (%s)", strerror(code));
}

/* Appends how a call ends: " would fail: EPERM (Operation not permitted)". */
static void put_ending(struct strbuf *out, int code)
{
    strbuf_puts(out, code == 0 ? " would succeed" : " would fail: ");
    if (code != 0)
        shmget_report_code(out, code);
}

void shmget_report_call(struct strbuf *out, const struct shmget_request *request)
{
    strbuf_puts(out, "shmget(");
    if (request->key == 0)
        strbuf_puts(out, "IPC_PRIVATE");
    else
        strbuf_put_key(out, request->key);
    strbuf_puts(out, ", ");
    strbuf_put_u64(out, request->size);
    strbuf_puts(out, ", ");
    shmget_put_flags(out, request->flags);
    strbuf_putc(out, ')');
}

/* Appends the calls of shmat that were asked for, and otherwise both where one would fail. */
static void put_shmat_answers(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    int shmid = found_shmid(diagnosis);

    if (diagnosis->answer.code != 0)
        return;
    for (enum shmat_access access = 0; access < SHMAT_ACCESS_COUNT; access++) {
        if (diagnosis->has_access ? access != diagnosis->access
                                  : diagnosis->attach[SHMAT_WRITE].code == 0)
            continue;
        strbuf_puts(out, "shmat(");
        if (shmid >= 0)
            strbuf_put_i64(out, shmid);
        else
            strbuf_puts(out, "shmid");
        strbuf_printf(out, ", NULL, %s)", access == SHMAT_READ ? "SHM_RDONLY" : "0");
        put_ending(out, diagnosis->attach[access].code);
        strbuf_putc(out, '\n');
    }
}

/* Appends "NAME: TEXT" in lines of WIDTH; nothing where there is no text. */
static void put_paragraph(struct strbuf *out, const char *name, const struct strbuf *text,
                          size_t width)
{
    if (text->length == 0)
        return;
    strbuf_printf(out, "%s: ", name);
    wrap_clauses(out, text, 8, width);
    strbuf_putc(out, '\n');
}

void shmget_report_text(struct strbuf *out, const struct shmget_diagnosis *diagnosis, size_t width)
{
    CLEANUP_STRBUF struct strbuf answer = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf warning = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf remedy = STRBUF_INIT;

    shmget_report_call(&answer, &diagnosis->request);
    put_ending(&answer, diagnosis->answer.code);
    wrap_text(out, &answer, 8, width);
    strbuf_putc(out, '\n');
    put_shmat_answers(out, diagnosis);
    describe_shmget(&reason, diagnosis);
    put_paragraph(out, "reason", &reason, width);
    describe_shmget_warning(&warning, diagnosis);
    put_paragraph(out, "warning", &warning, width);
    remedy_shmget(&remedy, diagnosis);
    put_paragraph(out, "remedy", &remedy, width);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void put_result_json(struct strbuf *out, int code)
{
    strbuf_putc(out, '"');
    if (code == 0)
        strbuf_puts(out, "OK");
    else
        error_put_name(out, code);
    strbuf_putc(out, '"');
}

static void put_text_json(struct strbuf *out, const char *name, const struct strbuf *text)
{
    strbuf_printf(out, ", \"%s\": ", name);
    text_json_or_null(out, text->length > 0 ? strbuf_string(text) : NULL);
}

void shmget_report_json(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf warning = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf remedy = STRBUF_INIT;
    int shmid = found_shmid(diagnosis);

    describe_shmget(&reason, diagnosis);
    describe_shmget_warning(&warning, diagnosis);
    remedy_shmget(&remedy, diagnosis);
    strbuf_puts(out, "\"result\": ");
    put_result_json(out, shmget_diagnosis_code(diagnosis));
    strbuf_puts(out, ", \"shmid\": ");
    if (shmid >= 0)
        strbuf_put_i64(out, shmid);
    else
        strbuf_puts(out, "null");
    strbuf_puts(out, ", \"attach\": ");
    if (diagnosis->answer.code != 0) {
        strbuf_puts(out, "null");
    } else {
        strbuf_puts(out, "{\"ro\": ");
        put_result_json(out, diagnosis->attach[SHMAT_READ].code);
        strbuf_puts(out, ", \"rw\": ");
        put_result_json(out, diagnosis->attach[SHMAT_WRITE].code);
        strbuf_putc(out, '}');
    }
    put_text_json(out, "reason", &reason);
    put_text_json(out, "warning", &warning);
    put_text_json(out, "remedy", &remedy);
    strbuf_puts(out, "}\n");
}
