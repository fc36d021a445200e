#include "view/words.h"

#include <string.h>

#include "action/survey.h"
#include "view/explain.h"
#include "view/human.h"

/* Processes that are named one by one. */
enum { SHOWN = 5 };

void words_user(struct strbuf *out, struct system *system, uid_t uid)
{
    const char *name = names_user(system->names, uid);

    if (name)
        strbuf_puts(out, name);
    else
        strbuf_printf(out, "uid %lu", (unsigned long)uid);
}

void words_process(struct strbuf *out, struct system *system, pid_t pid)
{
    const char *command = pids_command(system->pids, pid);
    size_t length = command ? strcspn(command, " ") : 0;
    const char *slash = command && command[0] == '/' ? memrchr(command, '/', length) : NULL;

    if (!command)
        strbuf_puts(out, "process ");
    else if (slash)
        strbuf_append(out, slash + 1, length - (size_t)(slash + 1 - command));
    else
        strbuf_append(out, command, length);
    strbuf_printf(out, command ? "[%d]" : "%d", (int)pid);
}

void words_time(struct strbuf *out, struct system *system, int64_t time)
{
    int64_t now = pids_clock(system->pids)->now;

    human_time(out, time, TIME_ISO, now);
    strbuf_puts(out, " (");
    human_time(out, time, TIME_AGE, now);
    strbuf_puts(out, " ago)");
}

void words_amount(struct strbuf *out, uint64_t segments, uint64_t bytes)
{
    human_count(out, segments, "segment");
    strbuf_puts(out, ", ");
    human_size_long(out, bytes);
}

void words_holders(struct strbuf *out, struct system *system, const struct segment *segment,
                   const struct attachment_list *attachments)
{
    size_t count = 0;
    uint64_t unseen = survey_unseen(attachments, segment);
    const struct attachment *found = attachment_list_find(attachments, segment->shmid, &count);

    for (size_t i = 0; found && i < count && i < SHOWN; i++) {
        strbuf_puts(out, i > 0 ? ", " : "");
        words_process(out, system, found[i].pid);
        if (found[i].maps > 1)
            strbuf_printf(out, " %llu times", (unsigned long long)found[i].maps);
    }
    if (count > SHOWN)
        strbuf_printf(out, " and %zu more", count - SHOWN);
    if (unseen > 0)
        strbuf_printf(out, "%s%llu of %llu attachments in no process that could be looked at",
                      count > 0 ? "; " : "", (unsigned long long)unseen,
                      (unsigned long long)segment->nattch);
}

/* Appends "process 812 (dead)", or by name while that very process is alive. */
static void put_creator(struct strbuf *out, struct system *system, const struct segment *segment,
                        const struct attachment_list *attachments)
{
    const struct explained explained = explain_begin(system, segment, attachments);

    if (segment->cpid == 0)
        strbuf_puts(out, "a process");
    else if (pids_creator(system->pids, segment) == PID_ALIVE)
        words_process(out, system, segment->cpid);
    else
        strbuf_printf(out, "process %d", (int)segment->cpid);
    strbuf_puts(out, " (");
    explain_creator(out, &explained);
    strbuf_putc(out, ')');
}

static void put_state(struct strbuf *out, struct system *system, const struct segment *segment,
                      enum segment_state state, const struct attachment_list *attachments)
{
    switch (state) {
    case STATE_USED:
        strbuf_puts(out, "in use by ");
        words_holders(out, system, segment, attachments);
        break;
    case STATE_DEST:
        strbuf_puts(out, "marked for destruction, and held by ");
        words_holders(out, system, segment, attachments);
        break;
    case STATE_ORPHAN:
        strbuf_puts(out, "an orphan: nobody has it attached, and its last users are dead");
        break;
    case STATE_IDLE:
        strbuf_puts(out, "idle: nobody has it attached, but its creator or last user is alive");
        break;
    default:
        strbuf_puts(out, "not attached by anybody; whether its users are alive cannot be told");
        break;
    }
}

void words_segment(struct strbuf *out, struct system *system, const struct segment *segment,
                   enum segment_state state, const struct attachment_list *attachments)
{
    strbuf_puts(out, "it belongs to ");
    words_user(out, system, segment->uid);
    strbuf_printf(out, " (perms %o) since ", (unsigned)segment->mode & 0777);
    words_time(out, system, segment->ctime);
    strbuf_puts(out, ", was made by ");
    put_creator(out, system, segment, attachments);
    strbuf_puts(out, ", and is ");
    put_state(out, system, segment, state, attachments);
}
