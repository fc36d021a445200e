#include "view/explain.h"

#include "view/advice.h"
#include "view/human.h"
#include "view/words.h"

struct explained explain_begin(struct system *system, const struct segment *segment,
                               const struct attachment_list *table)
{
    struct explained explained = {.system = system, .segment = segment, .table = table};

    explained.attachments = attachment_list_find(table, segment->shmid, &explained.count);
    return explained;
}

uint64_t explain_maps_found(const struct explained *explained)
{
    uint64_t found = 0;

    for (size_t i = 0; i < explained->count; i++)
        found += explained->attachments[i].maps;
    return found;
}

static void put_processes(struct strbuf *out, uint64_t count)
{
    strbuf_put_u64(out, count);
    strbuf_puts(out, count == 1 ? " process" : " processes");
}

/* What became of the process PID of a segment, and of the number that it had. */
static const char *describe_process(const struct explained *explained, pid_t pid,
                                    enum pid_presence presence)
{
    struct pid_fact fact;

    if (pid == 0)
        return "in another PID namespace";
    if (presence == PID_ALIVE)
        return "alive";
    fact = pids_fact(explained->system->pids, pid);
    if (presence == PID_GONE)
        return fact.presence == PID_ALIVE ? "dead; another process has its number now" : "dead";
    if (fact.presence == PID_ALIVE)
        return "perhaps alive: a process has this number, but the clock was set since then, so its "
               "start tells nothing";
    if (!explained->system->procfs.live)
        return "not told by the saved tree";
    return pids_are_ours(explained->system->pids)
               ? "perhaps alive: a process has this number, but /proc does not show it"
               : "perhaps alive: a process has this number, but /proc is that of another PID "
                 "namespace";
}

void explain_creator(struct strbuf *out, const struct explained *explained)
{
    const struct segment *segment = explained->segment;

    strbuf_puts(out, describe_process(explained, segment->cpid,
                                      pids_creator(explained->system->pids, segment)));
}

static bool was_never_attached(const struct segment *segment)
{
    return segment->lpid == 0 && segment->atime == 0 && segment->dtime == 0;
}

void explain_last_user(struct strbuf *out, const struct explained *explained)
{
    const struct segment *segment = explained->segment;

    if (was_never_attached(segment))
        strbuf_puts(out, "never attached");
    else
        strbuf_puts(out, describe_process(explained, segment->lpid,
                                          pids_last_user(explained->system->pids, segment)));
}

/* Where those mappings are that nattch counts and nobody showed. */
static const char *describe_missing(const struct explained *explained)
{
    if (!explained->system->procfs.live)
        return "in processes that the saved tree does not show";
    if (explained->table->unreadable > 0 || explained->table->hidden)
        return "in processes not visible to you";
    return "not found: in another PID namespace, or attached before moving to another IPC "
           "namespace";
}

void explain_nattch(struct strbuf *out, const struct explained *explained)
{
    uint64_t nattch = explained->segment->nattch;
    uint64_t found = explain_maps_found(explained);

    strbuf_puts(out, "nattch ");
    strbuf_put_u64(out, nattch);
    if (nattch == 0 && found == 0) {
        strbuf_puts(out, ": attached by no process");
        return;
    }
    strbuf_puts(out, ": ");
    if (found > 0 || nattch == 0) {
        strbuf_put_u64(out, found);
        strbuf_puts(out, " found in ");
        put_processes(out, explained->count);
    }
    if (found < nattch) {
        if (found > 0)
            strbuf_puts(out, ", ");
        strbuf_put_u64(out, nattch - found);
        strbuf_putc(out, ' ');
        strbuf_puts(out, describe_missing(explained));
    } else if (found > nattch) {
        strbuf_puts(out, explained->count > 1 ? ", some of which share their memory or attached "
                                                "just now"
                                              : ", attached just now");
    }
}

/*
 * Appends how a sentence begins that says what rm would do, and that it would do so only for others
 * where this user may not. What is marked already is left as it is, whoever asks.
 */
static void put_rm(struct strbuf *out, const struct explained *explained)
{
    const struct segment *segment = explained->segment;
    const struct credentials *credentials = explained->credentials;
    const char *root = advice_root(credentials);

    if (!explained->system->procfs.live)
        strbuf_puts(out, "On that machine ");
    strbuf_printf(out, "'shmtool rm %d' would ", segment->shmid);
    if (!credentials || segment_is_dest(segment) || shmget_may_remove(segment, credentials))
        return;
    strbuf_puts(out, "be refused to you, ");
    words_user(out, explained->system, credentials->euid);
    strbuf_printf(out, ": only its owner, its creator and %s may remove it. Run by %s it would ",
                  root, root);
}

/* Removing something that nobody has attached. */
static void put_freed_at_once(struct strbuf *out, const struct explained *explained)
{
    put_rm(out, explained);
    strbuf_puts(out, "destroy it at once and free ");
    human_size_long(out, explained->segment->size);
    strbuf_putc(out, '.');
}

static void explain_used(struct strbuf *out, const struct explained *explained)
{
    const struct segment *segment = explained->segment;

    strbuf_puts(out, "In use. ");
    if (segment->cpid != 0 && pids_creator(explained->system->pids, segment) == PID_GONE)
        strbuf_puts(out, "Its creator is dead, but what it left behind, or others, still have it "
                         "attached. ");
    put_rm(out, explained);
    strbuf_puts(out, "only mark it for destruction: who has it attached keeps it, and it goes when "
                     "the last one detaches.");
    if (segment->key != 0)
        strbuf_puts(out, " Its key would be free at once: programs that ask for the key then get a "
                         "new segment and share nothing with those that hold this one. Let its "
                         "programs end instead.");
}

static void explain_dest(struct strbuf *out, const struct explained *explained)
{
    const struct segment *segment = explained->segment;

    strbuf_puts(out, "Marked for destruction: it goes when the last process that has it attached "
                     "detaches or ends; nobody finds it by a key any more. ");
    put_rm(out, explained);
    strbuf_puts(out, "change nothing.");
    if (explained->count > 0)
        strbuf_printf(out, " To free it now, end the processes that 'shmtool who -q %d' prints%s.",
                      segment->shmid, explained->system->procfs.live ? "" : " there");
}

static void explain_orphan(struct strbuf *out, const struct explained *explained)
{
    bool untouched = was_never_attached(explained->segment);

    strbuf_puts(out, untouched
                         ? "Orphan: nobody ever attached it, and its creator is dead. "
                         : "Orphan: nobody has it attached, and both its creator and the last "
                           "process that used it are dead. ");
    if (explained->segment->key == 0)
        strbuf_puts(out, "Its key is 0, so nobody can find it any more, unless its id was handed "
                         "on. ");
    else
        strbuf_puts(out,
                    "It can still be found by its key: some programs (ntpd, gpsd, Berkeley "
                    "DB) keep one on purpose for their next start, others left it behind. Make "
                    "sure whose it is. ");
    put_freed_at_once(out, explained);
}

static void explain_idle(struct strbuf *out, const struct explained *explained)
{
    const struct segment *segment = explained->segment;
    bool creator = pids_creator(explained->system->pids, segment) == PID_ALIVE;

    strbuf_printf(out,
                  "Idle: nobody has it attached now, but %s, process %d, is alive and may attach "
                  "it again. ",
                  creator ? "its creator" : "the last process that used it",
                  (int)(creator ? segment->cpid : segment->lpid));
    put_freed_at_once(out, explained);
    strbuf_puts(out, " A program that counts on it would fail.");
}

void explain_doubt(struct strbuf *out, const struct explained *explained)
{
    bool creator = pids_creator(explained->system->pids, explained->segment) == PID_UNKNOWN;

    strbuf_puts(out, creator ? "its creator is " : "the last process that used it is ");
    if (creator)
        explain_creator(out, explained);
    else
        explain_last_user(out, explained);
}

static void explain_unknown(struct strbuf *out, const struct explained *explained)
{
    strbuf_puts(out, "Unknown: nobody has it attached, but whether anybody counts on it cannot be "
                     "told: ");
    explain_doubt(out, explained);
    strbuf_puts(out, ". ");
    put_freed_at_once(out, explained);
    strbuf_puts(out, " Ask its owner first.");
}

void explain_state(struct strbuf *out, const struct explained *explained)
{
    switch (pids_state(explained->system->pids, explained->segment)) {
    case STATE_USED:
        explain_used(out, explained);
        break;
    case STATE_DEST:
        explain_dest(out, explained);
        break;
    case STATE_ORPHAN:
        explain_orphan(out, explained);
        break;
    case STATE_IDLE:
        explain_idle(out, explained);
        break;
    case STATE_UNKNOWN:
    case STATE_COUNT:
        explain_unknown(out, explained);
        break;
    }
}
