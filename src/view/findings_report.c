#include "view/findings_report.h"

#include "base/text.h"
#include "view/findings_words.h"
#include "view/words.h"
#include "view/wrap.h"

/* Sets the two texts of a finding. */
static void compose(const struct diagnosis *diagnosis, const struct finding *finding,
                    struct system *system, struct strbuf *message, struct strbuf *remedy)
{
    strbuf_reset(message);
    strbuf_reset(remedy);
    findings_words_message(message, diagnosis, finding, system);
    findings_words_remedy(remedy, diagnosis, finding, system);
}

void findings_report_text(struct strbuf *out, const struct diagnosis *diagnosis,
                          struct system *system, size_t width)
{
    CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf remedy = STRBUF_INIT;

    if (diagnosis->count == 0) {
        words_amount(out, diagnosis->survey.usage.segments, diagnosis->survey.usage.bytes);
        strbuf_puts(out, ": nothing is wrong\n");
    }
    for (size_t i = 0; i < diagnosis->count; i++) {
        const struct finding *finding = &diagnosis->items[i];

        compose(diagnosis, finding, system, &message, &remedy);
        strbuf_printf(out, "%s: %s: ", severity_name(finding->severity),
                      check_name(finding->check));
        wrap_clauses(out, &message, 4, width);
        strbuf_puts(out, "\n    remedy: ");
        wrap_clauses(out, &remedy, 12, width);
        strbuf_putc(out, '\n');
    }
}

static void put_finding(struct strbuf *out, const struct finding *finding,
                        const struct strbuf *message, const struct strbuf *remedy)
{
    strbuf_printf(out, "{\"check\": \"%s\", \"severity\": \"%s\", \"shmids\": [",
                  check_name(finding->check), severity_name(finding->severity));
    for (size_t i = 0; i < finding->segments.count; i++)
        strbuf_printf(out, "%s%d", i > 0 ? ", " : "", finding->segments.items[i].shmid);
    strbuf_puts(out, "], \"message\": ");
    text_json(out, strbuf_string(message), message->length);
    strbuf_puts(out, ", \"remedy\": ");
    text_json(out, strbuf_string(remedy), remedy->length);
    strbuf_putc(out, '}');
}

void findings_report_json(struct strbuf *out, const struct diagnosis *diagnosis,
                          struct system *system)
{
    CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf remedy = STRBUF_INIT;

    strbuf_puts(out, "{\"schema\": 1, \"findings\": [");
    for (size_t i = 0; i < diagnosis->count; i++) {
        compose(diagnosis, &diagnosis->items[i], system, &message, &remedy);
        strbuf_puts(out, i > 0 ? ",\n" : "\n");
        put_finding(out, &diagnosis->items[i], &message, &remedy);
    }
    strbuf_puts(out, diagnosis->count > 0 ? "\n]}\n" : "]}\n");
}
