#include "view/describe.h"

#include <string.h>
#include <sys/stat.h>

#include "action/inventory_settled.h"
#include "base/num.h"
#include "model/protection.h"
#include "view/describe_program.h"
#include "view/human.h"
#include "view/remedy.h"

/* --- Users, processes, amounts ---------------------------------------------------------------- */

void describe_user(struct strbuf *out, const char *name, uid_t uid)
{
    if (name)
        human_user(out, name);
    else
        strbuf_printf(out, "uid %lu", (unsigned long)uid);
}

void describe_owner(struct strbuf *out, const struct inventory *inventory,
                    const struct segment_info *info)
{
    if (remedy_hides_user(inventory, info->segment.uid))
        strbuf_puts(out, "a user whom this user namespace does not show");
    else
        describe_user(out, info->owner, info->segment.uid);
}

void describe_rule(struct strbuf *out, const struct protection_rule *rule)
{
    strbuf_puts(out, rule->where);
    if (rule->text)
        strbuf_printf(out, " (%s)", rule->text);
}

void describe_process(struct strbuf *out, const char *command, pid_t pid)
{
    size_t length = command ? strcspn(command, " ") : 0;
    const char *slash = command && command[0] == '/' ? memrchr(command, '/', length) : NULL;
    const char *name = slash ? slash + 1 : command;

    if (!command) {
        strbuf_printf(out, "process %d", (int)pid);
        return;
    }
    strbuf_append(out, name, length - (size_t)(name - command));
    strbuf_printf(out, "[%d]", (int)pid);
}

void describe_segments(struct strbuf *out, uint64_t count, uint64_t bytes)
{
    human_count(out, count, "segment");
    strbuf_puts(out, ", ");
    human_size_long(out, bytes);
}

void describe_bytes(struct strbuf *out, uint64_t bytes)
{
    human_count(out, bytes, "byte");
    if (bytes < 1024)
        return;
    strbuf_puts(out, " (");
    human_size_long(out, bytes);
    strbuf_putc(out, ')');
}

void describe_pages(struct strbuf *out, uint64_t pages, uint64_t page_size)
{
    human_count(out, pages, "page");
    strbuf_puts(out, " (");
    human_pages(out, pages, page_size);
    strbuf_putc(out, ')');
}

void describe_huge_pages(struct strbuf *out, uint64_t pages, uint64_t page_size)
{
    human_count(out, pages, "huge page");
    strbuf_puts(out, " of ");
    human_size_long(out, page_size);
}

void describe_largest(struct strbuf *out, const struct sums *sums, uint64_t page_size)
{
    const struct sum *largest = sums->items;

    if (sums->count == 0)
        return;
    strbuf_puts(out, "; ");
    describe_user(out, largest->first.owner, largest->first.segment.uid);
    strbuf_puts(out, " has the most: ");
    human_count(out, largest->segments, "segment");
    strbuf_puts(out, ", ");
    describe_pages(out, largest->pages, page_size);
    if (largest->orphans > 0)
        strbuf_printf(out, ", %llu of them orphans", (unsigned long long)largest->orphans);
}

void describe_rest(struct strbuf *out, size_t count)
{
    if (count > DESCRIBE_NAMED_MAX)
        strbuf_printf(out, " and %zu more", count - DESCRIBE_NAMED_MAX);
}

/* --- The processes that a segment names ------------------------------------------------------- */

static const char *const status_texts[] = {
    [PROCESS_NOT_LOOKED_UP] = "unknown",
    [PROCESS_NEVER] = "never attached",
    [PROCESS_ALIVE] = "alive",
    [PROCESS_DEAD] = "dead",
    [PROCESS_PID_REUSED] = "dead; another process has its pid now",
    [PROCESS_ELSEWHERE] = "in another PID namespace",
    [PROCESS_NOT_SAVED] = "not shown by the saved tree",
    [PROCESS_CLOCK_STEPPED] = ("perhaps alive: a process has this pid, but the clock was set "
                               "since then, or may have been, so its start proves nothing"),
    [PROCESS_HIDDEN] = "perhaps alive: a process has this pid, but /proc does not show it",
    [PROCESS_FOREIGN_PROC] = ("perhaps alive: a process has this pid, but /proc is that of "
                              "another PID namespace"),
};

void describe_creator(struct strbuf *out, const struct segment_info *info)
{
    strbuf_puts(out, status_texts[info->creator_status]);
}

void describe_last_user(struct strbuf *out, const struct segment_info *info)
{
    strbuf_puts(out, status_texts[info->last_status]);
}

void describe_doubt(struct strbuf *out, const struct segment_info *info)
{
    switch (info->doubt) {
    case DOUBT_TOUCHED:
        strbuf_puts(out, "somebody attached, detached or changed it while it was inspected");
        break;
    case DOUBT_UNREADABLE:
        strbuf_puts(
            out,
            "somebody may have used it while it was inspected, and it could not be read again");
        break;
    case DOUBT_MAPPED:
        strbuf_puts(out, "a process has mapped it by a descriptor (/proc/PID/map_files), which "
                         "nattch does not count, and would keep its memory");
        break;
    case DOUBT_LAST_USER:
        strbuf_puts(out, "the last process that used it is ");
        describe_last_user(out, info);
        break;
    case DOUBT_CREATOR:
    case DOUBT_NONE:
        strbuf_puts(out, "its creator is ");
        describe_creator(out, info);
        break;
    }
}

/* --- Attachments ------------------------------------------------------------------------------ */

/* Where those mappings are that nattch counts and no process showed. */
static const char *describe_missing(const struct inventory *inventory)
{
    if (!inventory->live)
        return "in processes that the saved tree does not show";
    if (inventory->attachments.unreadable > 0 || inventory->attachments.hidden)
        return "in processes not visible to you";
    return "not found: in another PID namespace, or attached before moving to another IPC "
           "namespace";
}

/* Why more mappings were found than nattch counts. */
static const char *describe_more(const struct segment_info *info, const struct inventory *inventory)
{
    bool several = info->attachment_count > 1;

    if (!inventory->live || info->unsettled)
        return several ? ", some of which share their memory or attached just now"
                       : ", attached just now";
    if (info->segment.nattch == 0)
        return ", mapped by a descriptor (/proc/PID/map_files), which nattch does not count";
    return several ? ", some of which share their memory or have mapped a descriptor "
                     "(/proc/PID/map_files), which nattch does not count"
                   : ", some of them mapped by a descriptor (/proc/PID/map_files), which nattch "
                     "does not count";
}

void describe_nattch(struct strbuf *out, const struct segment_info *info,
                     const struct inventory *inventory)
{
    uint64_t nattch = info->segment.nattch;
    uint64_t found = segment_info_maps(info);
    uint64_t unseen = segment_info_unseen(info);

    strbuf_printf(out, "nattch %llu: ", (unsigned long long)nattch);
    if (nattch == 0 && found == 0) {
        strbuf_puts(out, "attached by no process");
        return;
    }
    if (found > 0 || nattch == 0)
        strbuf_printf(out, "%llu found in %u process%s", (unsigned long long)found,
                      (unsigned)info->attachment_count, info->attachment_count == 1 ? "" : "es");
    if (unseen > 0)
        strbuf_printf(out, "%s%llu %s", found > 0 ? ", " : "", (unsigned long long)unseen,
                      describe_missing(inventory));
    else if (found > nattch)
        strbuf_puts(out, describe_more(info, inventory));
    else if (info->unsettled)
        strbuf_printf(out, "%sothers attached or detached just now", found > 0 ? ", " : "");
}

/* How many mappings too many were found of a row. */
static uint64_t count_surplus(const struct segment_info *info)
{
    uint64_t maps = segment_info_maps(info);

    return maps > info->segment.nattch && !info->unsettled ? maps - info->segment.nattch : 0;
}

/*
 * Appends the rows of which COUNT counts some, in brackets: "(segment 5: nattch 3, 2 found; segment
 * 7: nattch 1, 0 found and 4 more)".
 */
static void put_differences(struct strbuf *out, const struct inventory *inventory,
                            uint64_t (*count)(const struct segment_info *info))
{
    size_t rows = 0;

    for (size_t i = 0; i < inventory->count; i++) {
        const struct segment_info *info = &inventory->rows[i];

        if (count(info) == 0 || ++rows > DESCRIBE_NAMED_MAX)
            continue;
        strbuf_printf(out, "%ssegment %d: nattch %llu, %llu found", rows == 1 ? " (" : "; ",
                      info->segment.shmid, (unsigned long long)info->segment.nattch,
                      (unsigned long long)segment_info_maps(info));
    }
    describe_rest(out, rows);
    strbuf_putc(out, ')');
}

void describe_unseen(struct strbuf *out, const struct inventory *inventory)
{
    uint64_t unseen = inventory_unseen(inventory);

    if (unseen == 0)
        return;
    human_count(out, unseen, "attachment");
    strbuf_printf(out, " %s in %s", unseen == 1 ? "is" : "are",
                  inventory->live ? "no process visible here"
                                  : "processes that the saved tree does not show");
    if (!inventory->live)
        return;
    put_differences(out, inventory, segment_info_unseen);
    strbuf_printf(out,
                  ": %sin another PID namespace, or of a process that moved to another IPC "
                  "namespace after it had attached",
                  inventory_has_unread(inventory) ? "of processes that could not be read, " : "");
}

void describe_surplus(struct strbuf *out, const struct inventory *inventory)
{
    uint64_t surplus = 0;

    for (size_t i = 0; inventory->live && i < inventory->count; i++)
        surplus = saturating_add(surplus, count_surplus(&inventory->rows[i]));
    if (surplus == 0)
        return;
    strbuf_puts(out, "more mappings were found than nattch counts");
    put_differences(out, inventory, count_surplus);
    strbuf_puts(out, ": of processes that share their memory, or of a descriptor "
                     "(/proc/PID/map_files), which keeps the segment's memory all the same");
}

void describe_holders(struct strbuf *out, const struct segment_info *info)
{
    uint64_t unseen = segment_info_unseen(info);
    uint32_t count = info->attachment_count;

    for (uint32_t i = 0; i < count && i < DESCRIBE_NAMED_MAX; i++) {
        const struct attachment *attachment = &info->attachments[i];

        strbuf_puts(out, i > 0 ? ", " : "");
        describe_process(out, attachment->command, attachment->pid);
        if (attachment->maps > 1)
            strbuf_printf(out, " %llu times", (unsigned long long)attachment->maps);
    }
    describe_rest(out, count);
    if (count == 0 && unseen == 0)
        strbuf_puts(out, "nobody any more");
    if (unseen > 0)
        strbuf_printf(out, "%s%llu of %llu attachments in no process that could be inspected",
                      count > 0 ? "; " : "", (unsigned long long)unseen,
                      (unsigned long long)info->segment.nattch);
}

/* --- A segment in one clause ------------------------------------------------------------------ */

static void put_state_clause(struct strbuf *out, const struct segment_info *info)
{
    switch (info->state) {
    case STATE_USED:
        strbuf_puts(out, "in use by ");
        describe_holders(out, info);
        break;
    case STATE_DEST:
        strbuf_puts(out, "marked for destruction, and held by ");
        describe_holders(out, info);
        break;
    case STATE_ORPHAN:
        strbuf_puts(out, "an orphan: nobody has it attached, and its last users are dead");
        break;
    case STATE_IDLE:
        strbuf_puts(out, "idle: nobody has it attached, but its creator or last user is alive");
        break;
    case STATE_UNKNOWN:
    case STATE_COUNT:
        strbuf_puts(out, "not attached by anybody; whether its users are alive is unknown");
        break;
    }
}

void describe_segment(struct strbuf *out, const struct inventory *inventory,
                      const struct segment_info *info)
{
    const struct segment *segment = &info->segment;
    int64_t now = inventory->clock.now;

    strbuf_puts(out, "it belongs to ");
    describe_owner(out, inventory, info);
    strbuf_printf(out, " (perms %o) since ", (unsigned)segment->mode & 0777);
    human_time(out, segment->ctime, TIME_ISO, now);
    strbuf_puts(out, " (");
    human_time(out, segment->ctime, TIME_AGE, now);
    strbuf_puts(out, " ago), was made by ");
    if (segment->cpid == 0)
        strbuf_puts(out, "a process");
    else
        describe_process(out, info->command, segment->cpid);
    strbuf_puts(out, " (");
    describe_creator(out, info);
    strbuf_puts(out, "), and is ");
    put_state_clause(out, info);
}

/* --- The state in sentences ------------------------------------------------------------------- */

/*
 * Appends how a sentence begins that says what rm would do, and that it would do so only for others
 * where this user may not. What is marked already is left as it is, whoever runs it.
 */
static void put_rm_would(struct strbuf *out, const struct segment_info *info,
                         const struct inventory *inventory)
{
    const char *root = remedy_root(inventory);
    bool marked = segment_is_dest(&info->segment);
    bool defies = info->protected_by && !marked;
    bool waits = inventory->conf_problem && !marked;

    if (defies) {
        strbuf_puts(out, "Protected by ");
        describe_rule(out, info->protected_by);
        strbuf_puts(out, ": it is left alone. ");
    }
    if (waits)
        strbuf_printf(out, "Once %s is right, ", inventory->conf_problem);
    if (!inventory->live)
        strbuf_puts(out, waits ? "on that machine " : "On that machine ");
    strbuf_putc(out, '\'');
    remedy_shmtool(out, info->elsewhere);
    strbuf_printf(out, " rm %s%d' would ", defies ? "--even-protected " : "", info->segment.shmid);
    if (!inventory->has_credentials || marked ||
        segment_info_may_remove(info, &inventory->credentials))
        return;
    strbuf_puts(out, "be refused to you, ");
    describe_user(out, inventory->user, inventory->credentials.euid);
    strbuf_printf(out, ": only its owner, its creator and %s may remove it. Run by %s it would ",
                  root, root);
}

/* Removing something that nobody has attached. */
static void put_freed_at_once(struct strbuf *out, const struct segment_info *info,
                              const struct inventory *inventory)
{
    put_rm_would(out, info, inventory);
    strbuf_puts(out, "destroy it at once");
    if (info->doubt != DOUBT_MAPPED) {
        strbuf_puts(out, " and free ");
        human_size_long(out, info->segment.size);
    }
    strbuf_putc(out, '.');
}

static void describe_used(struct strbuf *out, const struct segment_info *info,
                          const struct inventory *inventory)
{
    strbuf_puts(out, "In use. ");
    if (info->creator_status == PROCESS_DEAD || info->creator_status == PROCESS_PID_REUSED)
        strbuf_puts(out, "Its creator is dead, but other processes still have it attached. ");
    put_rm_would(out, info, inventory);
    strbuf_puts(out,
                "only mark it for destruction: processes that have it attached keep it, and it "
                "goes when the last one detaches.");
    if (info->segment.key != 0)
        strbuf_puts(out, " Its key would be free at once: programs that ask for the key then get a "
                         "new segment and share nothing with those that hold this one. Stop its "
                         "programs instead.");
}

static void describe_dest(struct strbuf *out, const struct segment_info *info,
                          const struct inventory *inventory)
{
    strbuf_puts(out, "Marked for destruction: it goes when the last process that has it attached "
                     "detaches or ends; nobody finds it by a key any more. ");
    put_rm_would(out, info, inventory);
    strbuf_puts(out, "change nothing.");
    if (info->attachment_count > 0) {
        strbuf_puts(out, " To free it now, end the processes that '");
        remedy_shmtool(out, info->elsewhere);
        strbuf_printf(out, " who -q %d' prints%s.", info->segment.shmid,
                      inventory->live ? "" : " there");
    }
    if (info->attachment_count > 0 && segment_info_unseen(info) > 0)
        strbuf_puts(out, " Others that hold it were not found.");
}

static void describe_orphan(struct strbuf *out, const struct segment_info *info,
                            const struct inventory *inventory)
{
    strbuf_puts(out, info->last_status == PROCESS_NEVER
                         ? "Orphan: nobody ever attached it, and its creator is dead. "
                         : "Orphan: nobody has it attached, and both its creator and the last "
                           "process that used it are dead. ");
    if (info->segment.key == 0)
        strbuf_puts(out, "Its key is 0, so only a program that knows its id can still use it. ");
    else if (info->program.is && !info->program.is_guess)
        strbuf_puts(out, "It can still be found by its key. ");
    else
        strbuf_puts(out, "It can still be found by its key: some programs (ntpd, gpsd, Berkeley "
                         "DB) keep one on purpose for their next start, others failed to "
                         "remove it. Make sure whose it is. ");
    put_freed_at_once(out, info, inventory);
}

static void describe_idle(struct strbuf *out, const struct segment_info *info,
                          const struct inventory *inventory)
{
    bool creator = info->creator_status == PROCESS_ALIVE;

    strbuf_printf(out,
                  "Idle: nobody has it attached now, but %s, process %d, is alive and may attach "
                  "it again. ",
                  creator ? "its creator" : "the last process that used it",
                  (int)(creator ? info->segment.cpid : info->segment.lpid));
    put_freed_at_once(out, info, inventory);
    strbuf_puts(out, " A program that still needs it would fail.");
}

static void describe_unknown(struct strbuf *out, const struct segment_info *info,
                             const struct inventory *inventory)
{
    strbuf_puts(out, "Unknown: nobody has it attached, but whether anybody still needs it is "
                     "unknown: ");
    describe_doubt(out, info);
    strbuf_puts(out, ". ");
    put_freed_at_once(out, info, inventory);
    strbuf_puts(out, " Ask its owner first.");
}

/* What a kind of unit is called before its name; kinds that are not here are systemd's units. */
static const struct {
    const char *kind;
    const char *noun;
} unit_nouns[] = {
    {"docker", "Docker container"},
    {"podman", "Podman container"},
    {"nerdctl", "nerdctl container"},
    {"container", "container"},
    {"lxc", "LXC container"},
    {"machine", "machine"},
    {"pod", "pod"},
    {"slurm", "Slurm's"},
    {"cgroup", "cgroup"},
};

/* Appends "Docker container web (4f3a12bc9d01)", "unit postgresql.service". */
static void put_unit(struct strbuf *out, const struct segment_unit *unit)
{
    const struct cgroup_unit *is = unit->is;
    bool has_id = is->container && strlen(is->container) == CONTAINER_ID_LENGTH;
    const char *noun = "unit";

    for (size_t i = 0; i < sizeof(unit_nouns) / sizeof(unit_nouns[0]); i++) {
        if (strcmp(unit_nouns[i].kind, is->kind) == 0)
            noun = unit_nouns[i].noun;
    }
    strbuf_printf(out, "%s %s", noun,
                  is->container || is->pod ? is->unit + strlen(is->kind) + 1 : is->unit);
    if (is->pod && has_id && !unit->containers_differ)
        strbuf_printf(out, ", container %.*s", CONTAINER_ID_SHOWN, is->container);
    else if (!is->pod && has_id && is->name)
        strbuf_printf(out, " (%.*s)", CONTAINER_ID_SHOWN, is->container);
}

void describe_state(struct strbuf *out, const struct segment_info *info,
                    const struct inventory *inventory)
{
    static void (*const states[STATE_COUNT])(struct strbuf * out, const struct segment_info *info,
                                             const struct inventory *inventory) = {
        [STATE_USED] = describe_used,       [STATE_DEST] = describe_dest,
        [STATE_ORPHAN] = describe_orphan,   [STATE_IDLE] = describe_idle,
        [STATE_UNKNOWN] = describe_unknown,
    };

    states[info->state](out, info, inventory);
    if (info->segment.mode & S_IWOTH)
        strbuf_printf(out, " Every user may write to it: its perms are %o.",
                      (unsigned)info->segment.mode & 0777);
    if (info->unit.is) {
        strbuf_puts(out, info->unit.by_holders ? " The processes that have it attached run in "
                                               : " Its creator runs in ");
        put_unit(out, &info->unit);
        strbuf_putc(out, '.');
    }
    describe_program(out, info, inventory);
}
