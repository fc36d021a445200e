#include "view/findings_report.h"

#include <stdlib.h>

#include "base/num.h"
#include "base/text.h"
#include "view/describe.h"
#include "view/finding_text.h"
#include "view/human.h"
#include "view/limits_report.h"
#include "view/remedy.h"
#include "view/wrap.h"

/* What is said of a check: there is an entry for each. */
static const struct check_text *find_check_text(enum check check)
{
    static const struct check_text *const kinds[] = {limit_check_texts, segment_check_texts,
                                                     process_check_texts};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        for (const struct check_text *text = kinds[i]; text->message; text++) {
            if (text->check == check)
                return text;
        }
    }
    abort();
}

/* Sets the two texts of a finding. */
static void compose_finding(const struct diagnosis *diagnosis, const struct finding *finding,
                            struct strbuf *message, struct strbuf *remedy)
{
    const struct check_text *check = find_check_text(finding->check);
    struct finding_text text = {message, diagnosis, &diagnosis->inventory, finding, 0};

    strbuf_reset(message);
    strbuf_reset(remedy);
    check->message(&text);
    text.out = remedy;
    remedy_begin(remedy, &diagnosis->inventory);
    text.begin = remedy->length;
    check->remedy(&text);
}

/* What else there is on this host, which is not inspected here. */
static void put_elsewhere(struct strbuf *out, const struct elsewhere *elsewhere, size_t width)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    if (elsewhere->namespaces == 0)
        return;
    human_count(&text, elsewhere->namespaces, "other IPC namespace");
    strbuf_puts(&text, elsewhere->namespaces == 1 ? " holds " : " hold ");
    describe_segments(&text, elsewhere->segments, elsewhere->bytes);
    strbuf_puts(&text, ", which are not checked here: shmtool doctor -A");
    wrap_text(out, &text, 4, width);
    strbuf_putc(out, '\n');
}

static void put_finding_text(struct strbuf *out, const struct diagnosis *diagnosis,
                             const struct finding *finding, size_t width)
{
    CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf remedy = STRBUF_INIT;

    compose_finding(diagnosis, finding, &message, &remedy);
    strbuf_printf(out, "%s: %s: ", severity_name(finding->severity), check_name(finding->check));
    wrap_clauses(out, &message, 4, width);
    strbuf_puts(out, "\n    remedy: ");
    wrap_clauses(out, &remedy, 12, width);
    strbuf_putc(out, '\n');
}

/* Findings of one check that say the same of one owner after the other. */
struct alike {
    size_t count;
    size_t segments; /* of those that are not shown */
    uint64_t bytes;
};

/* How many owners' findings of one check and severity a terminal shows. */
enum { SHOWN_ALIKE = DESCRIBE_NAMED_MAX };

static void put_others(struct strbuf *out, enum check check, enum severity severity,
                       const struct alike *alike, size_t width)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    if (alike->count <= SHOWN_ALIKE)
        return;
    strbuf_printf(out, "%s: %s: ", severity_name(severity), check_name(check));
    strbuf_puts(&text, "the same of ");
    human_count(&text, alike->count - SHOWN_ALIKE, "more owner");
    strbuf_puts(&text, ", ");
    describe_segments(&text, alike->segments, alike->bytes);
    strbuf_puts(&text, ": through a pipe (| less) each is shown");
    wrap_text(out, &text, 4, width);
    strbuf_putc(out, '\n');
}

/*
 * Reports the findings of one check, from FIRST on, and returns how many there are. Of many owners
 * a terminal shows those with the most segments, and the sum of the others: or what else is wrong
 * would not be seen.
 */
static size_t put_check(struct strbuf *out, const struct diagnosis *diagnosis, size_t first,
                        size_t width)
{
    struct alike alike[SEVERITY_COUNT] = {0};
    enum check check = diagnosis->items[first].check;
    size_t end = first;

    for (; end < diagnosis->count && diagnosis->items[end].check == check; end++) {
        const struct finding *finding = &diagnosis->items[end];
        struct alike *same = &alike[finding->severity];

        if (width == WRAP_NEVER || ++same->count <= SHOWN_ALIKE) {
            put_finding_text(out, diagnosis, finding, width);
            continue;
        }
        same->segments += finding->count;
        for (size_t i = 0; i < finding->count; i++)
            same->bytes = saturating_add(same->bytes, finding->rows[i]->segment.size);
    }
    for (size_t i = SEVERITY_COUNT; i-- > 0;)
        put_others(out, check, (enum severity)i, &alike[i], width);
    return end - first;
}

void findings_report_text(struct strbuf *out, const struct diagnosis *diagnosis, size_t width)
{
    static const char *const none[SEVERITY_COUNT] = {"nothing is wrong", "no warning", "no error"};
    const struct usage *usage = &diagnosis->inventory.usage;

    if (diagnosis->count == 0) {
        describe_segments(out, usage->segments, usage->bytes);
        strbuf_printf(out, ": %s\n", none[diagnosis->least]);
    }
    for (size_t i = 0; i < diagnosis->count;)
        i += put_check(out, diagnosis, i, width);
    if (diagnosis->least != SEVERITY_INFO)
        return;
    limits_report_shmem(out, usage, width);
    put_elsewhere(out, &diagnosis->elsewhere, width);
}

void findings_report_json(struct strbuf *out, const struct diagnosis *diagnosis)
{
    CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf remedy = STRBUF_INIT;

    strbuf_puts(out, "\"findings\": [");
    for (size_t i = 0; i < diagnosis->count; i++) {
        const struct finding *finding = &diagnosis->items[i];

        compose_finding(diagnosis, finding, &message, &remedy);
        strbuf_printf(out, "%s{\"check\": \"%s\", \"severity\": \"%s\", \"shmids\": [",
                      i > 0 ? ",\n" : "\n", check_name(finding->check),
                      severity_name(finding->severity));
        for (size_t j = 0; j < finding->count; j++)
            strbuf_printf(out, "%s%d", j > 0 ? ", " : "", finding->rows[j]->segment.shmid);
        strbuf_puts(out, "], \"message\": ");
        text_json(out, strbuf_string(&message), message.length);
        strbuf_puts(out, ", \"remedy\": ");
        text_json(out, strbuf_string(&remedy), remedy.length);
        strbuf_putc(out, '}');
    }
    strbuf_puts(out, diagnosis->count > 0 ? "\n], " : "], ");
    limits_report_shmem_json(out, &diagnosis->inventory.usage);
    strbuf_printf(out, ", \"elsewhere\": {\"namespaces\": %zu, \"segments\": %llu, \"bytes\": ",
                  diagnosis->elsewhere.namespaces,
                  (unsigned long long)diagnosis->elsewhere.segments);
    strbuf_put_u64(out, diagnosis->elsewhere.bytes);
    strbuf_puts(out, "}}\n");
}
