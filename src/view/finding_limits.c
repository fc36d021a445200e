#include "view/finding_text.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "view/describe.h"
#include "view/human.h"
#include "view/limits_report.h"
#include "view/remedy.h"

/* --- Messages --------------------------------------------------------------------------------- */

/* Whether it is about shmall, which counts pages, and not shmmni, which counts segments. */
static bool is_in_pages(const struct finding_text *text)
{
    return text->finding->check == CHECK_SHMALL;
}

/* How full shmmni or shmall is. */
static void describe_full(const struct finding_text *text)
{
    const struct inventory *inventory = text->inventory;
    bool in_pages = is_in_pages(text);
    enum limit_id id = in_pages ? LIMIT_SHMALL : LIMIT_SHMMNI;
    uint64_t value = inventory->limits.values[id];

    strbuf_printf(text->out, "%s is ", limit_kinds[id].name);
    if (value == 0) {
        strbuf_puts(text->out, "0: every shmget for a new segment fails with ENOSPC (No space left "
                               "on device)");
    } else {
        strbuf_printf(text->out, "%llu%% full: ", (unsigned long long)text->finding->percent);
        human_count(text->out, in_pages ? inventory->usage.pages : inventory->usage.segments,
                    in_pages ? "page" : "segment");
        strbuf_printf(text->out,
                      " of %llu; when none is left, shmget fails with ENOSPC (No space left on "
                      "device)",
                      (unsigned long long)value);
    }
    describe_largest(text->out,
                     in_pages ? &text->diagnosis->by_pages : &text->diagnosis->by_segments,
                     inventory->limits.page_size);
}

static void describe_shmmax(const struct finding_text *text)
{
    limits_report_conflict(text->out, &text->inventory->limits);
    strbuf_puts(text->out, ": so large a segment fails with ENOSPC (No space left on device)");
}

static void describe_small_shmmax(const struct finding_text *text)
{
    uint64_t value = text->inventory->limits.values[LIMIT_SHMMAX];

    strbuf_puts(text->out, "shmmax is ");
    if (value == 0) {
        strbuf_puts(text->out, "0: every shmget for a new segment fails");
    } else {
        human_count(text->out, value, "byte");
        strbuf_puts(text->out, ", less than a page: nearly every shmget for a new segment fails");
    }
    strbuf_puts(text->out, " with EINVAL (Invalid argument)");
}

static void describe_rmid_forced(const struct finding_text *text)
{
    strbuf_puts(text->out,
                "shm_rmid_forced is 1: a segment is destroyed when the last process detaches, or "
                "when its creator exits and nobody has it attached; programs that leave one for "
                "others, or for their next start, lose it");
}

/* What is said of each limit of semaphores and message queues. */
static const struct ipc_words {
    enum ipc_limit limit;
    const char *name;
    const char *noun;
    const char *call;    /* that fails */
    const char *list;    /* the command that shows them all */
    const char *inspect; /* the command that shows who used them last */
    const char *remove;  /* the command that removes one */
    uint64_t usual;      /* include/uapi/linux/sem.h and msg.h */
    uint64_t max;        /* ipc/util.h, IPCMNI; an int */
} ipc_words[] = {
    {IPC_SEMMNI, "semmni", "semaphore set", "semget", "ipcs -s", "ipcs -s -i ID", "ipcrm -s ID",
     32000, SHMMNI_USUAL_MAX},
    {IPC_SEMMNS, "semmns", "semaphore", "semget", "ipcs -s", "ipcs -s -i ID", "ipcrm -s ID",
     UINT64_C(32000) * 32000, INT32_MAX},
    {IPC_MSGMNI, "msgmni", "message queue", "msgget", "ipcs -q", "ipcs -q -p", "ipcrm -q ID", 32000,
     SHMMNI_USUAL_MAX},
};

static const struct ipc_words *words_of(const struct finding_text *text)
{
    return &ipc_words[text->finding->check - CHECK_SEMMNI];
}

static void describe_ipc(const struct finding_text *text)
{
    const struct ipc_words *words = words_of(text);
    const struct ipc_count *count = &text->diagnosis->ipc.counts[words->limit];

    strbuf_printf(text->out, "%s is ", words->name);
    if (count->limit == 0)
        strbuf_puts(text->out, "0");
    else
        strbuf_printf(text->out, "%llu%% full", (unsigned long long)text->finding->percent);
    strbuf_puts(text->out, ": ");
    human_count(text->out, count->used, words->noun);
    strbuf_printf(text->out,
                  " of %llu; when none is left, %s fails with ENOSPC (No space left on device): "
                  "this has nothing to do with shared memory",
                  (unsigned long long)count->limit, words->call);
    if (count->most == 0)
        return;
    strbuf_puts(text->out, "; ");
    describe_user(text->out, count->owner, count->uid);
    strbuf_printf(text->out, " has the most: %llu", (unsigned long long)count->most);
}

/* --- Remedies --------------------------------------------------------------------------------- */

/* Begins a further way to help. */
static void begin_step(const struct finding_text *text, const char *joint)
{
    if (text->out->length > text->begin)
        strbuf_puts(text->out, joint);
}

/*
 * Twice what there is, or may be, up to MAX; USUAL where there may be nothing now. 0: it goes no
 * higher.
 */
static uint64_t raised_limit(uint64_t value, uint64_t used, uint64_t usual, uint64_t max)
{
    uint64_t most = value > used ? value : used;

    if (value == 0 && usual > used)
        return usual;
    if (most >= max)
        return 0;
    most = saturating_add(most, most);
    return most < max ? most : max;
}

/* Appends the removal of what nobody can find again, if there is any. */
static void put_unfindable(const struct finding_text *text)
{
    size_t count;
    size_t kept = 0;
    CLEANUP_FREE const struct segment_info **orphans =
        inventory_orphans(text->inventory, NULL, &count);

    for (size_t i = 0; i < count; i++) {
        if (orphans[i]->segment.key == 0)
            orphans[kept++] = orphans[i];
    }
    if (kept == 0)
        return;
    strbuf_puts(text->out, "remove what nobody can find again (");
    remedy_remove(text->out, text->inventory, orphans, kept, "--orphan --key 0");
    strbuf_putc(text->out, ')');
}

/* Appends that the process which made more than half of USED is to be asked, or else the owner. */
static void put_culprit(const struct finding_text *text, uint64_t used)
{
    const struct diagnosis *diagnosis = text->diagnosis;
    bool by_pages = is_in_pages(text);
    const struct sum *creator =
        by_pages ? &diagnosis->creator_by_pages : &diagnosis->creator_by_segments;
    const struct sums *owners = by_pages ? &diagnosis->by_pages : &diagnosis->by_segments;
    const struct sum *owner = owners->items;
    uint64_t made = by_pages ? creator->pages : creator->segments;

    if (creator->segments > 0 && made > used / 2) {
        pid_t pid = creator->first.segment.cpid;

        begin_step(text, "; ");
        strbuf_puts(text->out, "see why ");
        describe_process(text->out, creator->first.command, pid);
        strbuf_puts(text->out, " made ");
        human_count(text->out, creator->segments, "segment");
        strbuf_puts(text->out, " and keeps them (");
        remedy_shmtool(text->out, text->inventory->elsewhere);
        strbuf_printf(text->out, " ls --cpid %d)", (int)pid);
    } else if (owners->count > 0 && (by_pages ? owner->pages : owner->segments) > used / 2) {
        begin_step(text, "; ");
        strbuf_puts(text->out, "see what ");
        describe_user(text->out, owner->first.owner, owner->first.segment.uid);
        strbuf_puts(text->out, " needs most of them for (");
        remedy_shmtool(text->out, text->inventory->elsewhere);
        strbuf_puts(text->out, " ls");
        remedy_owner(text->out, text->inventory, owner->first.owner, owner->first.segment.uid);
        strbuf_puts(text->out, " --sort -bytes)");
    }
}

/* Appends where to look for what may be kept on purpose, if there is any. */
static void put_keyed_orphans(const struct finding_text *text)
{
    size_t count;
    size_t keyed = 0;
    CLEANUP_FREE const struct segment_info **orphans =
        inventory_orphans(text->inventory, NULL, &count);

    for (size_t i = 0; i < count; i++)
        keyed += orphans[i]->segment.key != 0;
    if (keyed == 0)
        return;
    begin_step(text, "; then ");
    strbuf_puts(text->out, "look for orphans with a key that nobody needs (");
    remedy_shmtool(text->out, text->inventory->elsewhere);
    strbuf_puts(text->out, " ls -l --orphan)");
}

static void remedy_full(const struct finding_text *text)
{
    enum limit_id id = is_in_pages(text) ? LIMIT_SHMALL : LIMIT_SHMMNI;
    uint64_t value = text->inventory->limits.values[id];
    uint64_t max = id == LIMIT_SHMMNI ? SHMMNI_USUAL_MAX : UINT64_MAX;
    uint64_t used = 0;

    if (!limits_used(&text->inventory->limits, &text->inventory->usage, id, &used))
        return;
    if (value > 0) {
        put_unfindable(text);
        put_culprit(text, used);
        put_keyed_orphans(text);
        if (text->out->length == text->begin) {
            strbuf_puts(text->out, "see who has them (");
            remedy_shmtool(text->out, text->inventory->elsewhere);
            strbuf_puts(text->out, " ls --sort -bytes)");
        }
    }
    value = raised_limit(value, used, limits_usual(&text->inventory->limits, id), max);
    if (value == 0)
        return;
    begin_step(text, "; or raise it: ");
    remedy_set_limit(text->out, text->inventory, id, value);
}

static void remedy_shmmax(const struct finding_text *text)
{
    const struct limits *limits = &text->inventory->limits;
    uint64_t shmmax = limits->values[LIMIT_SHMMAX];
    uint64_t bytes;

    if (shmmax <= INT64_MAX) {
        remedy_set_limit(text->out, text->inventory, LIMIT_SHMALL,
                         pages_of(shmmax, limits->page_size));
        return;
    }
    /* A shmmax that nobody ever lowered: shmall was, on purpose or not. */
    remedy_set_limit(text->out, text->inventory, LIMIT_SHMALL, limits_usual(limits, LIMIT_SHMALL));
    if (__builtin_mul_overflow(limits->values[LIMIT_SHMALL], limits->page_size, &bytes))
        return;
    strbuf_puts(text->out, "; or, if shmall is intended to be so low: ");
    remedy_set_limit(text->out, text->inventory, LIMIT_SHMMAX, bytes);
}

/* As much as every namespace begins with, or as shmall allows. */
static void remedy_small_shmmax(const struct finding_text *text)
{
    const struct limits *limits = &text->inventory->limits;
    uint64_t value = limits_usual(limits, LIMIT_SHMMAX);
    uint64_t bytes;

    if (limits->known[LIMIT_SHMALL] && limits->values[LIMIT_SHMALL] > 0 &&
        !__builtin_mul_overflow(limits->values[LIMIT_SHMALL], limits->page_size, &bytes) &&
        bytes < value)
        value = bytes;
    remedy_set_limit(text->out, text->inventory, LIMIT_SHMMAX, value);
}

static void remedy_rmid_forced(const struct finding_text *text)
{
    strbuf_puts(text->out, "if programs lose their segments by that: ");
    remedy_set_limit(text->out, text->inventory, LIMIT_RMID_FORCED, 0);
}

/* Appends the command that raises a limit of semaphores or message queues. */
static void put_raise_ipc(const struct finding_text *text, enum ipc_limit limit, uint64_t value)
{
    CLEANUP_STRBUF struct strbuf numbers = STRBUF_INIT;
    const uint64_t *sem = text->diagnosis->ipc.sem;

    if (limit == IPC_MSGMNI) {
        strbuf_put_u64(&numbers, value);
        remedy_sysctl(text->out, text->inventory, "kernel.msgmni", strbuf_string(&numbers));
        return;
    }
    strbuf_printf(&numbers, "'%llu %llu %llu %llu'", (unsigned long long)sem[0],
                  (unsigned long long)(limit == IPC_SEMMNS ? value : sem[1]),
                  (unsigned long long)sem[2],
                  (unsigned long long)(limit == IPC_SEMMNI ? value : sem[3]));
    remedy_sysctl(text->out, text->inventory, "kernel.sem", strbuf_string(&numbers));
}

/* Appends WORDS, and a command that is for the IPC namespace that was examined. */
static void put_ipc_command(const struct finding_text *text, const char *words, const char *command)
{
    strbuf_puts(text->out, words);
    remedy_enter(text->out, text->inventory);
    strbuf_puts(text->out, command);
}

static void remedy_ipc(const struct finding_text *text)
{
    const struct ipc_words *words = words_of(text);
    const struct ipc_count *count = &text->diagnosis->ipc.counts[words->limit];
    uint64_t value = raised_limit(count->limit, count->used, words->usual, words->max);

    if (count->most > 0) {
        put_ipc_command(text, "see which there are (", words->list);
        put_ipc_command(text, ") and who used them last (", words->inspect);
        strbuf_puts(text->out, "); remove those that nobody needs (");
        if (text->inventory->elsewhere == 0)
            remedy_as_owner(text->out, text->inventory, count->owner, count->uid);
        put_ipc_command(text, "", words->remove);
        strbuf_putc(text->out, ')');
    }
    if (value > 0) {
        begin_step(text, "; or raise it: ");
        put_raise_ipc(text, words->limit, value);
    }
    remedy_enter_whom(text->out, text->inventory);
}

const struct check_text limit_check_texts[] = {
    {CHECK_SHMMNI, describe_full, remedy_full},
    {CHECK_SHMALL, describe_full, remedy_full},
    {CHECK_SHMMAX, describe_shmmax, remedy_shmmax},
    {CHECK_SMALL_SHMMAX, describe_small_shmmax, remedy_small_shmmax},
    {CHECK_RMID_FORCED, describe_rmid_forced, remedy_rmid_forced},
    {CHECK_SEMMNI, describe_ipc, remedy_ipc},
    {CHECK_SEMMNS, describe_ipc, remedy_ipc},
    {CHECK_MSGMNI, describe_ipc, remedy_ipc},
    {CHECK_COUNT, NULL, NULL},
};
