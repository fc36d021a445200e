#include "command/run_messages.h"

#include "view/describe.h"
#include "view/describe_shmget.h"
#include "view/human.h"
#include "view/remedy_shmget.h"
#include "view/removal_report.h"
#include "view/shmget_report.h"

/* --- Calls that fail -------------------------------------------------------------------------- */

void run_say_explanation(void *arg, pid_t pid, const struct shmget_diagnosis *diagnosis)
{
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf remedy = STRBUF_INIT;
    struct context *context = arg;

    if (pid == 0) {
        strbuf_puts(&line, "every call of shmget fails here: ");
    } else {
        describe_process(&line, proc_command(context->system.proc, pid), pid);
        strbuf_puts(&line, ": ");
        shmget_report_call(&line, &diagnosis->request);
        strbuf_puts(&line, " fails: ");
    }
    shmget_report_code(&line, diagnosis->answer.code);
    context_warn_text(context, &line);
    describe_shmget(&reason, diagnosis);
    context_warn_paragraph(context, "reason", &reason);
    remedy_shmget(&remedy, diagnosis);
    context_warn_paragraph(context, "remedy", &remedy);
}

/* Says how many calls were not explained. NOUN: of a call; WHERE: follows "of shmget". */
static void report_unexplained(struct context *context, uint64_t count, const char *noun,
                               const char *where)
{
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

    if (count == 0)
        return;
    human_count(&line, count, noun);
    context_warn(context, "not explained: %s of shmget%s", strbuf_string(&line), where);
}

/* Says how often what was explained has happened again, and what was not explained. */
static void report_explanations(struct context *context, const struct explanations *explanations)
{
    for (size_t i = 0; i < explanations->count; i++) {
        CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
        const struct explained *explained = &explanations->items[i];

        if (explained->more == 0)
            continue;
        shmget_report_call(&line, &explained->request);
        strbuf_puts(&line, ": failed so ");
        human_count(&line, explained->more, "more time");
        context_warn_text(context, &line);
    }
    report_unexplained(context, explanations->others, "more failing call", "");
    report_unexplained(context, explanations->elsewhere, "call",
                       " in other IPC namespaces: 'shmtool -N PID doctor --key KEY' explains them, "
                       "where PID is one of their processes");
}

/* --- What is left ----------------------------------------------------------------------------- */

/* Appends how a segment that stays will go: WHEN it is to be removed by hand, where it is. */
static void put_removal(struct strbuf *out, const struct run_choice *choice, const char *when,
                        int shmid)
{
    if (choice->isolate)
        strbuf_puts(out, ": it goes with the last process of its namespace");
    else
        strbuf_printf(out, "; %s: 'shmtool rm %d'", when, shmid);
}

/* Names a segment that --keep has kept. */
static void report_kept(struct context *context, const struct run_choice *choice,
                        const struct segment *segment)
{
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

    human_count(&line, segment->size, "byte");
    put_removal(&line, choice, "to remove it", segment->shmid);
    context_warn(context, "%d: kept, %s", segment->shmid, strbuf_string(&line));
}

/* Says what became of one of the program's segments, where that is due. */
static void report_leftover(struct context *context, const struct run_choice *choice,
                            const struct removal_item *item)
{
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
    int shmid = item->info.segment.shmid;

    removal_report_line(&line, NULL, item);
    if (item->outcome == REMOVAL_SELECTED && choice->verbose)
        report_kept(context, choice, &item->info.segment);
    else if (item->outcome == REMOVAL_FAILED)
        context_warn(context, "%d: left: %s; to remove it: 'shmtool rm %d'", shmid,
                     strbuf_string(&line), shmid);
    else if (item->outcome == REMOVAL_PROTECTED)
        context_warn(
            context, "%d: left: %s%s", shmid, strbuf_string(&line),
            choice->isolate ? "; it goes with the last process of its namespace all the same" : "");
    else if (item->outcome == REMOVAL_CHANGED || item->outcome == REMOVAL_MARKED || choice->verbose)
        context_warn(context, "%d: %s", shmid, strbuf_string(&line));
}

static void report_leftovers(struct context *context, const struct run_choice *choice,
                             const struct removal_plan *plan)
{
    CLEANUP_STRBUF struct strbuf summary = STRBUF_INIT;

    for (size_t i = 0; i < plan->count; i++)
        report_leftover(context, choice, &plan->items[i]);
    if (!choice->verbose || choice->keep || plan->count < 2)
        return;
    removal_report_summary(&summary, plan);
    context_warn_text(context, &summary);
}

/* Names the segments that are still in use, and the processes that use them. */
static void report_held(struct context *context, const struct run_choice *choice,
                        const struct segment_list *held)
{
    CLEANUP_INVENTORY struct inventory inventory = {0};

    if (held->count == 0)
        return;
    inventory_read(&context->system, NULL, NEED_ATTACHMENTS | NEED_HOLDERS, &inventory, NULL);
    for (size_t i = 0; i < held->count; i++) {
        CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
        const struct segment *segment = &held->items[i];
        const struct segment_info unread = {.segment = *segment};
        const struct segment_info *info = inventory_find_id(&inventory, segment->shmid);

        human_count(&line, segment->size, "byte");
        strbuf_puts(&line, ", attached by ");
        describe_holders(&line, info ? info : &unread);
        put_removal(&line, choice, "when it is detached", segment->shmid);
        context_warn(context, "%d: left: %s", segment->shmid, strbuf_string(&line));
    }
}

/* Names the segments that nobody has attached and whose creator, a descendant, lives on. */
static void report_creators(struct context *context, const struct run_choice *choice,
                            const struct segment_list *creators)
{
    for (size_t i = 0; i < creators->count; i++) {
        CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
        const struct segment *segment = &creators->items[i];
        const char *command = proc_command(context->system.proc, segment->cpid);

        human_count(&line, segment->size, "byte");
        strbuf_puts(&line, ", its creator ");
        describe_process(&line, command ? command : "?", segment->cpid);
        strbuf_puts(&line, " lives on and may attach it");
        put_removal(&line, choice, "when that has exited", segment->shmid);
        context_warn(context, "%d: left: %s", segment->shmid, strbuf_string(&line));
    }
}

/* Names the segments that were there before the program and that it used, where that was asked. */
static void report_used(struct context *context, const struct run_choice *choice,
                        const struct segment_list *used)
{
    for (size_t i = 0; choice->verbose && i < used->count; i++) {
        CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

        human_count(&line, used->items[i].size, "byte");
        context_warn(context, "%d: left: %s, was there before, and was used by the program",
                     used->items[i].shmid, strbuf_string(&line));
    }
}

/* Names the segments of which it is unknown whose they are, in one line. */
static void report_untraced(struct context *context, const struct supervise_result *result)
{
    const struct segment_list *untraced = &result->untraced;
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

    if (untraced->count == 0)
        return;
    describe_segments(&line, untraced->count, segment_list_bytes(untraced));
    strbuf_puts(&line,
                ", created meanwhile by processes that could not be traced; if they were the "
                "program's: 'shmtool rm");
    for (size_t i = 0; i < untraced->count; i++)
        strbuf_printf(&line, " %d", untraced->items[i].shmid);
    strbuf_puts(&line, result->can_listen || result->can_isolate ? "'; with " : "'");
    if (result->can_listen)
        strbuf_printf(&line, "'shmtool run --exact'%s", result->can_isolate ? " or " : "");
    if (result->can_isolate)
        strbuf_puts(&line, "'shmtool run --isolate'");
    if (result->can_listen || result->can_isolate)
        strbuf_puts(&line, " all can be traced and removed");
    context_warn(context, "left: %s", strbuf_string(&line));
}

/* Counts the descendants of the program that live on, and names some. */
static void report_survivors(struct context *context, const struct run_choice *choice,
                             const struct supervise_result *result)
{
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
    size_t count = result->survivor_count;

    if (!result->any_survivor)
        return;
    if (count == 0)
        strbuf_puts(&line, "descendants of the program live on");
    else
        strbuf_printf(&line, "%zu descendant%s of the program live%s on: ", count,
                      count == 1 ? "" : "s", count == 1 ? "s" : "");
    for (size_t i = 0; i < count && i < DESCRIBE_NAMED_MAX; i++) {
        pid_t pid = result->survivors[i];

        strbuf_puts(&line, i > 0 ? ", " : "");
        describe_process(&line, proc_command(context->system.proc, pid), pid);
    }
    describe_rest(&line, count);
    if (result->listened)
        strbuf_printf(&line, "; shmget fails for %s from now on (ENOSYS)",
                      count == 1 ? "it" : "them");
    else if (choice->isolate)
        strbuf_puts(&line,
                    "; segments made from now on go with the last process of their namespace");
    else
        strbuf_puts(&line, "; segments made from now on are not watched");
    context_warn_text(context, &line);
}

void run_say_left(struct context *context, const struct run_choice *choice,
                  const struct supervise_result *result)
{
    report_explanations(context, &result->explanations);
    report_leftovers(context, choice, &result->removal);
    report_held(context, choice, &result->held);
    report_creators(context, choice, &result->creators);
    report_used(context, choice, &result->used);
    report_untraced(context, result);
    report_survivors(context, choice, result);
}
