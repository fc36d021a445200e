#include "view/shmget_report.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/text.h"
#include "view/describe.h"
#include "view/human.h"
#include "view/limits_report.h"
#include "view/remedy.h"
#include "view/wrap.h"

/* A report that is being written. */
struct shmget_text {
    struct strbuf *out;
    const struct shmget_diagnosis *diagnosis;
};

static uint64_t limit_value(const struct shmget_text *text, enum limit_id id)
{
    return text->diagnosis->inventory.limits.values[id];
}

static uint64_t page_size_of(const struct shmget_text *text)
{
    return text->diagnosis->inventory.limits.page_size;
}

static uint64_t requested_pages(const struct shmget_text *text)
{
    return pages_of(text->diagnosis->request.size, page_size_of(text));
}

static void put_pages(const struct shmget_text *text, uint64_t pages)
{
    describe_pages(text->out, pages, page_size_of(text));
}

/* --- Reasons ---------------------------------------------------------------------------------- */

/* Appends "segment 5 has the key". */
static void put_key_holder(const struct shmget_text *text)
{
    strbuf_printf(text->out, "segment %d has the key", text->diagnosis->segment->segment.shmid);
}

static void put_key_segment(const struct shmget_text *text)
{
    describe_segment(text->out, text->diagnosis->segment, text->diagnosis->inventory.clock.now);
}

static void describe_finds(const struct shmget_text *text)
{
    const struct shmget_diagnosis *diagnosis = text->diagnosis;

    put_key_holder(text);
    strbuf_puts(text->out, " and is what the call returns, with its ");
    describe_bytes(text->out, diagnosis->segment->segment.size);
    if (diagnosis->segment->segment.size > diagnosis->request.size && diagnosis->request.size > 0) {
        strbuf_puts(text->out, ": more than the ");
        strbuf_put_u64(text->out, diagnosis->request.size);
        strbuf_puts(text->out, " asked for, and with what was in it before");
    }
    strbuf_puts(text->out, "; ");
    put_key_segment(text);
}

/* Says that the key was taken until its segment was marked for destruction. */
static void put_former(const struct shmget_text *text)
{
    const struct shmget_diagnosis *diagnosis = text->diagnosis;

    if (!diagnosis->former)
        return;
    strbuf_printf(text->out,
                  "; segment %d had it until it was marked for destruction, and is still held by ",
                  diagnosis->former->segment.shmid);
    describe_holders(text->out, diagnosis->former);
    strbuf_puts(text->out, ", who will share nothing with a new one");
}

static void describe_makes(const struct shmget_text *text)
{
    if (text->diagnosis->request.key != 0)
        strbuf_puts(text->out, "nobody has the key: ");
    strbuf_puts(text->out, "the call makes a new segment of ");
    describe_bytes(text->out, text->diagnosis->request.size);
    put_former(text);
}

static void describe_exists(const struct shmget_text *text)
{
    put_key_holder(text);
    strbuf_puts(text->out, ", and with IPC_EXCL nobody may; ");
    put_key_segment(text);
}

static void describe_too_small(const struct shmget_text *text)
{
    put_key_holder(text);
    strbuf_puts(text->out, " and only ");
    describe_bytes(text->out, text->diagnosis->segment->segment.size);
    strbuf_puts(text->out, ", less than the ");
    strbuf_put_u64(text->out, text->diagnosis->request.size);
    strbuf_puts(text->out, " asked for; a segment never grows; ");
    put_key_segment(text);
}

/* Appends permission bits in words: "reading and writing". */
static void put_permissions(struct strbuf *out, unsigned bits)
{
    static const char *const names[] = {
        "nothing",
        "execution",
        "writing",
        "writing and execution",
        "reading",
        "reading and execution",
        "reading and writing",
        "reading, writing and execution",
    };

    strbuf_puts(out, names[bits & 07]);
}

static void describe_denied(const struct shmget_text *text)
{
    const struct shmget_diagnosis *diagnosis = text->diagnosis;

    put_key_holder(text);
    strbuf_puts(text->out, " and grants ");
    describe_user(text->out, diagnosis->inventory.user, diagnosis->inventory.credentials.euid);
    strbuf_putc(text->out, ' ');
    put_permissions(text->out, shmget_granted_bits(&diagnosis->segment->segment,
                                                   &diagnosis->inventory.credentials));
    strbuf_printf(text->out, ", but mode %03o asks for ", (unsigned)diagnosis->request.mode);
    put_permissions(text->out, shmget_asked_bits(diagnosis->request.mode));
    strbuf_puts(text->out, "; ");
    put_key_segment(text);
}

static void describe_absent(const struct shmget_text *text)
{
    strbuf_puts(text->out, "nobody has the key, in this IPC namespace, and without IPC_CREAT "
                           "none is made");
    put_former(text);
}

static void describe_zero(const struct shmget_text *text)
{
    if (text->diagnosis->request.key != 0)
        strbuf_puts(text->out, "nobody has the key, and ");
    strbuf_puts(text->out, "a new segment must have 1 byte or more (shmmin)");
}

static void describe_above_shmmax(const struct shmget_text *text)
{
    if (text->diagnosis->request.key != 0)
        strbuf_puts(text->out, "nobody has the key, and ");
    strbuf_puts(text->out, "a new segment may have no more than shmmax, ");
    describe_bytes(text->out, limit_value(text, LIMIT_SHMMAX));
    strbuf_puts(text->out, "; asked for are ");
    describe_bytes(text->out, text->diagnosis->request.size);
}

static void describe_above_files(const struct shmget_text *text)
{
    strbuf_puts(text->out, "the kernel makes no segment of 2^63 bytes or more, whatever the "
                           "limits allow; asked for are ");
    describe_bytes(text->out, text->diagnosis->request.size);
}

static void put_largest_sum(const struct shmget_text *text)
{
    describe_largest(text->out, &text->diagnosis->sums, page_size_of(text));
}

static void describe_above_shmall(const struct shmget_text *text)
{
    strbuf_puts(text->out, "this is about a limit, not about disks: shmall allows ");
    put_pages(text, limit_value(text, LIMIT_SHMALL));
    strbuf_puts(text->out, " for all segments together; ");
    strbuf_put_u64(text->out, text->diagnosis->inventory.usage.pages);
    strbuf_puts(text->out, " are in use and ");
    strbuf_put_u64(text->out, requested_pages(text));
    strbuf_puts(text->out, " more are asked for");
    put_largest_sum(text);
}

static void describe_above_shmmni(const struct shmget_text *text)
{
    strbuf_puts(text->out, "this is about a limit, not about disks: shmmni allows ");
    human_count(text->out, limit_value(text, LIMIT_SHMMNI), "segment");
    strbuf_puts(text->out, ", and there are ");
    strbuf_put_u64(text->out, text->diagnosis->inventory.usage.segments);
    put_largest_sum(text);
}

static void describe_no_memory(const struct shmget_text *text)
{
    const struct memory_state *memory = &text->diagnosis->memory;

    describe_bytes(text->out, text->diagnosis->request.size);
    strbuf_puts(text->out, " are more memory than the kernel grants: ");
    if (memory->overcommit == 2) {
        strbuf_puts(text->out, "with vm.overcommit_memory 2 at most ");
        human_pages(text->out, memory->commit_limit, page_size_of(text));
        strbuf_puts(text->out, ", of which ");
        human_pages(text->out, memory->committed, page_size_of(text));
        strbuf_puts(text->out, " are taken");
        return;
    }
    strbuf_puts(text->out, "it has ");
    human_pages(text->out, memory->total, page_size_of(text));
    strbuf_puts(text->out, " of RAM and swap");
}

static void describe_refused(const struct shmget_text *text)
{
    strbuf_puts(text->out,
                "limits, permissions and segments do not explain this answer: a security module "
                "(SELinux, AppArmor) or a system call filter may forbid the call");
}

/* --- Remedies --------------------------------------------------------------------------------- */

/* Appends the removal of the segment that has the key. */
static void put_rm_segment(const struct shmget_text *text)
{
    char id[16];

    snprintf(id, sizeof(id), "%d", text->diagnosis->segment->segment.shmid);
    remedy_remove(text->out, &text->diagnosis->inventory, &text->diagnosis->segment, 1, id);
}

/* To get rid of the segment that has the key, without taking it from those who use it. */
static void remedy_old_segment(const struct shmget_text *text)
{
    const struct shmget_diagnosis *diagnosis = text->diagnosis;

    if (diagnosis->segment->state == STATE_USED)
        strbuf_printf(text->out, "stop the processes that use it (shmtool who %d), then: ",
                      diagnosis->segment->segment.shmid);
    else if (diagnosis->segment->state != STATE_ORPHAN)
        strbuf_puts(text->out, "if nobody needs it any more: ");
    put_rm_segment(text);
    if (diagnosis->answer.cause == SHMGET_TOO_SMALL && diagnosis->segment->state == STATE_USED)
        strbuf_printf(text->out, "; or ask for no more than %llu bytes",
                      (unsigned long long)diagnosis->segment->segment.size);
}

static void remedy_denied(const struct shmget_text *text)
{
    const struct shmget_diagnosis *diagnosis = text->diagnosis;

    if (diagnosis->segment->state == STATE_ORPHAN) {
        put_rm_segment(text);
        return;
    }
    strbuf_puts(text->out, "call it as ");
    describe_user(text->out, diagnosis->segment->owner, diagnosis->segment->segment.uid);
    strbuf_puts(text->out, ", or have its program make it with a mode that grants more");
}

static void remedy_absent(const struct shmget_text *text)
{
    strbuf_puts(text->out, "start the program that makes the segment first");
}

static void remedy_zero(const struct shmget_text *text)
{
    strbuf_puts(text->out, "ask for 1 byte or more");
}

/* Appends "shmtool limits --set NAME=VALUE ...", with shmall raised if that would be next. */
static void put_raise(const struct shmget_text *text, enum limit_id id, uint64_t value)
{
    const struct inventory *inventory = &text->diagnosis->inventory;
    uint64_t pages = saturating_add(inventory->usage.pages, requested_pages(text));

    remedy_set_limit(text->out, inventory, id, value);
    if (id == LIMIT_SHMMAX && inventory->limits.known[LIMIT_SHMALL] &&
        pages > limit_value(text, LIMIT_SHMALL))
        strbuf_printf(text->out, " --set shmall=%llu", (unsigned long long)pages);
    strbuf_puts(text->out, " --persist");
}

static void remedy_above_shmmax(const struct shmget_text *text)
{
    /* More than any limit allows: nothing helps. */
    if (text->diagnosis->request.size <= INT64_MAX)
        put_raise(text, LIMIT_SHMMAX, text->diagnosis->request.size);
}

/* Appends the removal of the orphans of a sum's owner, or of all where SUM is NULL. */
static void put_rm_orphans(const struct shmget_text *text, const struct sum *sum)
{
    const struct inventory *inventory = &text->diagnosis->inventory;
    size_t count;
    CLEANUP_FREE const struct segment_info **orphans =
        inventory_orphans(inventory, sum ? &sum->first.segment.uid : NULL, &count);

    remedy_remove(text->out, inventory, orphans, count, "--orphan");
    if (sum)
        strbuf_printf(text->out, " --owner %lu", (unsigned long)sum->first.segment.uid);
}

/*
 * Appends the removal of orphans where that is enough, of one owner if it can be, and returns
 * whether it is. LACKING: how much too much there is, in pages or in segments.
 */
static bool put_enough_orphans(const struct shmget_text *text, uint64_t lacking, bool in_pages)
{
    const struct shmget_diagnosis *diagnosis = text->diagnosis;
    uint64_t all = 0;

    for (size_t i = 0; i < diagnosis->sums.count; i++) {
        const struct sum *sum = &diagnosis->sums.items[i];
        uint64_t own = in_pages ? sum->orphan_pages : sum->orphans;

        all = saturating_add(all, own);
        if (own < lacking)
            continue;
        put_rm_orphans(text, sum);
        return true;
    }
    if (all >= lacking)
        put_rm_orphans(text, NULL);
    return all >= lacking;
}

static void remedy_above_shmall(const struct shmget_text *text)
{
    uint64_t pages = saturating_add(text->diagnosis->inventory.usage.pages, requested_pages(text));

    if (put_enough_orphans(text, pages - limit_value(text, LIMIT_SHMALL), true))
        strbuf_puts(text->out, ", or: ");
    put_raise(text, LIMIT_SHMALL, pages);
}

static void remedy_above_shmmni(const struct shmget_text *text)
{
    uint64_t now = limit_value(text, LIMIT_SHMMNI);
    uint64_t needed = saturating_add(text->diagnosis->inventory.usage.segments, 1);
    bool can_rise = needed <= SHMMNI_USUAL_MAX;
    uint64_t twice = now < SHMMNI_USUAL_MAX / 2 ? now * 2 : SHMMNI_USUAL_MAX;

    if (put_enough_orphans(text, needed - now, false))
        strbuf_puts(text->out, can_rise ? ", or: " : "");
    else if (!can_rise)
        strbuf_puts(text->out, "remove segments that nobody needs: shmtool ls --unattached");
    if (can_rise)
        put_raise(text, LIMIT_SHMMNI, twice > needed ? twice : needed);
}

static void remedy_no_memory(const struct shmget_text *text)
{
    strbuf_puts(text->out, "ask for less, or add swap");
    if (text->diagnosis->memory.overcommit == 2) {
        strbuf_puts(text->out, ", or raise vm.overcommit_ratio");
        return;
    }
    strbuf_puts(text->out, ", or let the kernel grant any amount: ");
    remedy_as_root(text->out, &text->diagnosis->inventory);
    strbuf_puts(text->out, "sysctl vm.overcommit_memory=1");
}

/* What is said of each cause; no remedy: there is nothing to do, or no way to. */
static const struct {
    void (*reason)(const struct shmget_text *text);
    void (*remedy)(const struct shmget_text *text);
} causes[] = {
    [SHMGET_FINDS] = {describe_finds, NULL},
    [SHMGET_MAKES] = {describe_makes, NULL},
    [SHMGET_EXISTS] = {describe_exists, remedy_old_segment},
    [SHMGET_TOO_SMALL] = {describe_too_small, remedy_old_segment},
    [SHMGET_DENIED] = {describe_denied, remedy_denied},
    [SHMGET_ABSENT] = {describe_absent, remedy_absent},
    [SHMGET_ZERO] = {describe_zero, remedy_zero},
    [SHMGET_ABOVE_SHMMAX] = {describe_above_shmmax, remedy_above_shmmax},
    [SHMGET_WRAPS] = {describe_above_files, NULL},
    [SHMGET_ABOVE_SHMALL] = {describe_above_shmall, remedy_above_shmall},
    [SHMGET_ABOVE_FILES] = {describe_above_files, NULL},
    [SHMGET_NO_MEMORY] = {describe_no_memory, remedy_no_memory},
    [SHMGET_ABOVE_SHMMNI] = {describe_above_shmmni, remedy_above_shmmni},
    [SHMGET_REFUSED] = {describe_refused, NULL},
};

static void put_shmget_reason(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    const struct shmget_text text = {out, diagnosis};

    causes[diagnosis->answer.cause].reason(&text);
}

/* Appends what helps, a command if there is one; nothing where nothing is to be done. */
static void put_shmget_remedy(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    const struct shmget_text text = {out, diagnosis};

    if (causes[diagnosis->answer.cause].remedy)
        causes[diagnosis->answer.cause].remedy(&text);
}

/* --- The whole -------------------------------------------------------------------------------- */

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
static void put_answer(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    int code = diagnosis->answer.code;

    put_call(out, &diagnosis->request);
    strbuf_puts(out, code == 0 ? " would succeed" : " would fail: ");
    if (code == 0)
        return;
    error_put_name(out, code);
    strbuf_printf(out, " (%s)", strerror(code));
}

void shmget_report_text(struct strbuf *out, const struct shmget_diagnosis *diagnosis, size_t width)
{
    CLEANUP_STRBUF struct strbuf remedy = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;

    put_answer(out, diagnosis);
    put_shmget_reason(&reason, diagnosis);
    strbuf_puts(out, "\nreason: ");
    wrap_clauses(out, &reason, 8, width);
    strbuf_putc(out, '\n');
    put_shmget_remedy(&remedy, diagnosis);
    if (remedy.length == 0)
        return;
    strbuf_puts(out, "remedy: ");
    wrap_clauses(out, &remedy, 8, width);
    strbuf_putc(out, '\n');
}

void shmget_report_json(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    CLEANUP_STRBUF struct strbuf remedy = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;

    put_shmget_reason(&reason, diagnosis);
    put_shmget_remedy(&remedy, diagnosis);
    strbuf_puts(out, "\"result\": \"");
    if (diagnosis->answer.code == 0)
        strbuf_puts(out, "OK");
    else
        error_put_name(out, diagnosis->answer.code);
    strbuf_puts(out, "\", \"shmid\": ");
    if (diagnosis->answer.cause == SHMGET_FINDS && diagnosis->segment)
        strbuf_printf(out, "%d", diagnosis->segment->segment.shmid);
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
