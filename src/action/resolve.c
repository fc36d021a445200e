#include "action/resolve.h"

#include <errno.h>

#include "action/program_of.h"
#include "kernel/attach.h"
#include "kernel/namespaces.h"
#include "kernel/source.h"
#include "kernel/system.h"
#include "kernel/sysv.h"

/* What is known of the process that now has a pid that a segment names; 0 names none. */
static struct pid_fact fact_of(struct system *system, pid_t pid)
{
    return pid > 0 ? proc_fact(system->proc, pid) : (struct pid_fact){.presence = PID_UNKNOWN};
}

/*
 * The same of the last user. This process uses none: the kernel names it when it read the command
 * line of one that was being killed, and so was the last to hold that one's memory (mm/util.c,
 * get_cmdline()). Who goes on reading for long would keep the segment from being an orphan.
 */
static struct pid_fact last_user_fact(struct system *system, pid_t pid)
{
    if (system->procfs.live && pid == system->self)
        return (struct pid_fact){.presence = PID_GONE};
    return fact_of(system, pid);
}

/* PRESENCE: whether the process of FACT is the one that the segment names by PID. */
static enum process_status status_of(struct system *system, pid_t pid, struct pid_fact fact,
                                     enum pid_presence presence)
{
    if (pid == 0)
        return PROCESS_ELSEWHERE;
    if (presence == PID_ALIVE)
        return PROCESS_ALIVE;
    if (presence == PID_GONE)
        return fact.presence == PID_ALIVE ? PROCESS_PID_REUSED : PROCESS_DEAD;
    if (fact.presence == PID_ALIVE)
        return PROCESS_CLOCK_STEPPED;
    if (!system->procfs.live)
        return PROCESS_NOT_SAVED;
    return proc_pids_are_ours(system->proc) ? PROCESS_HIDDEN : PROCESS_FOREIGN_PROC;
}

/* Whether it was known of the process before the segment was read; 0 names none. */
static bool was_known_before(struct system *system, pid_t pid, const struct segment *segment)
{
    return pid == 0 || proc_known_since(system->proc, pid) < segment->read_at;
}

/*
 * Where the processes were looked up later than the segment was read, somebody may have attached it
 * in between, and its creator may have exited after that; then it never was the orphan that it
 * seems. So it is read again: if nothing was done with it, it was an orphan all the time. One that
 * is gone by now may have been one.
 */
static enum state_doubt doubt_orphan(struct system *system, const struct segment *segment)
{
    struct segment now;
    int r;

    if (was_known_before(system, segment->cpid, segment) &&
        was_known_before(system, segment->lpid, segment))
        return DOUBT_NONE;
    if (system->procfs.inside) /* a call would ask our own namespace */
        return DOUBT_UNREADABLE;
    r = sysv_stat(segment->shmid, &now);
    if (r == -ENOENT)
        return DOUBT_NONE;
    if (r < 0) /* a kernel before 4.17, and no read permission */
        return DOUBT_UNREADABLE;
    return segment_was_used(segment, &now) || now.cpid != segment->cpid ||
                   now.ctime != segment->ctime
               ? DOUBT_TOUCHED
               : DOUBT_NONE;
}

/* Who created and last used it, and with NEED_STATE what state that makes. */
static void resolve_state(struct system *system, struct segment_info *info, unsigned needs)
{
    const struct segment *segment = &info->segment;
    const struct state_clock *clock = proc_clock(system->proc);
    struct pid_fact creator = fact_of(system, segment->cpid);
    struct pid_fact last = last_user_fact(system, segment->lpid);
    enum pid_presence first = segment_creator(segment, creator, clock);
    enum pid_presence latest = segment_last_user(segment, last, clock);

    info->creator_status = status_of(system, segment->cpid, creator, first);
    info->last_status = segment_was_never_attached(segment)
                            ? PROCESS_NEVER
                            : status_of(system, segment->lpid, last, latest);
    if (!(needs & NEED_STATE))
        return;
    info->state = segment_state(segment, first, latest);
    info->doubt = DOUBT_NONE;
    if (info->state == STATE_UNKNOWN) {
        info->doubt = first == PID_UNKNOWN ? DOUBT_CREATOR : DOUBT_LAST_USER;
    } else if (info->state == STATE_ORPHAN && system->procfs.live) {
        info->doubt = doubt_orphan(system, segment);
        if (info->doubt != DOUBT_NONE)
            info->state = STATE_UNKNOWN;
    }
}

static void resolve_names(struct names *names, struct segment_info *info, unsigned needs)
{
    const struct segment *segment = &info->segment;

    if (needs & NEED_OWNER)
        info->owner = names_user(names, segment->uid);
    if (needs & NEED_GROUP)
        info->group = names_group(names, segment->gid);
    if (needs & NEED_CREATOR)
        info->creator = names_user(names, segment->cuid);
    if (needs & NEED_CREATOR_GROUP)
        info->creator_group = names_group(names, segment->cgid);
}

/* By what was read of shmtool.conf; a line that was understood counts also where others were not.
 */
static void resolve_protection(const struct protection *protection, struct segment_info *info)
{
    info->protected_by = protection_find(protection, &info->segment);
    info->has_protection = info->protected_by || protection_is_complete(protection);
}

bool resolve_needs_processes(unsigned needs)
{
    return (needs & (NEED_STATE | NEED_COMMAND | NEED_LAST_COMMAND | NEED_UNIT | NEED_PROGRAM)) !=
           0;
}

/* The program; where the segment is attached, the attachments will tell. */
static struct segment_program program_of_row(struct system *system, const struct segment_info *info)
{
    if (info->segment.nattch > 0)
        return (struct segment_program){.pending = true};
    return program_of_segment(system, info);
}

/* The creator's unit; where that is not known, the attachments will tell, if there are any. */
static struct segment_unit unit_of_creator(struct system *system, const struct segment_info *info)
{
    if (info->creator_status == PROCESS_ALIVE)
        return (struct segment_unit){.is = proc_unit(system->proc, info->segment.cpid)};
    return (struct segment_unit){.pending = info->segment.nattch > 0};
}

/* The unit of the processes that have the segment attached: none, unless all were found in it. */
static struct segment_unit unit_of_holders(struct system *system, const struct segment_info *info)
{
    const struct segment_unit none = {.is = NULL};
    struct segment_unit unit = {.by_holders = true};

    if (segment_info_unseen(info) > 0)
        return none;
    for (uint32_t i = 0; i < info->attachment_count; i++) {
        const struct cgroup_unit *next = proc_unit(system->proc, info->attachments[i].pid);

        if (!next || (unit.is && !cgroup_unit_same(unit.is, next)))
            return none;
        if (unit.is && !cgroup_unit_same_container(unit.is, next))
            unit.containers_differ = true;
        unit.is = unit.is ? unit.is : next;
    }
    return unit.is ? unit : none;
}

void resolve_processes(struct system *system, const struct segment *segment)
{
    fact_of(system, segment->cpid);
    fact_of(system, segment->lpid);
}

int resolve_all_processes(struct system *system, struct error *err)
{
    CLEANUP_SEGMENT_LIST struct segment_list list = SEGMENT_LIST_INIT;
    int r = source_read(&system->procfs, false, &list, NULL, err);

    for (size_t i = 0; i < list.count; i++)
        resolve_processes(system, &list.items[i]);
    return r;
}

void resolve_row(struct system *system, struct segment_info *info, unsigned needs)
{
    resolve_names(system->names, info, needs);
    if (needs & NEED_PROTECTION)
        resolve_protection(system->protection, info);
    if (resolve_needs_processes(needs) && info->creator_status == PROCESS_NOT_LOOKED_UP)
        resolve_state(system, info, needs);
    if (needs & NEED_COMMAND && info->creator_status == PROCESS_ALIVE)
        info->command = proc_command(system->proc, info->segment.cpid);
    if (needs & NEED_LAST_COMMAND && info->last_status == PROCESS_ALIVE)
        info->last_command = proc_command(system->proc, info->segment.lpid);
    if (needs & NEED_UNIT)
        info->unit = unit_of_creator(system, info);
    if (needs & NEED_PROGRAM)
        info->program = program_of_row(system, info);
}

unsigned resolve_by_attachments(struct system *system, struct segment_info *info)
{
    unsigned unknown = 0;

    if (info->unit.pending) {
        info->unit = unit_of_holders(system, info);
        unknown |= NEED_UNIT;
    }
    if (info->program.pending) {
        info->program = program_of_segment(system, info);
        unknown |= segment_program_text(&info->program) ? 0 : NEED_PROGRAM;
    }
    return segment_info_unseen(info) > 0 ? unknown : 0;
}

void resolve_pending(struct system *system, struct segment_info *rows, size_t count,
                     struct unknown_counts *unknown)
{
    CLEANUP_ATTACHMENT_LIST struct attachment_list list = {.items = NULL};
    bool is_read = false;
    size_t found;

    for (size_t i = 0; i < count; i++) {
        if (!rows[i].unit.pending && !rows[i].program.pending)
            continue;
        if (!is_read)
            attach_scan(&system->procfs, false, &list, NULL);
        is_read = true;
        rows[i].attachments = attachment_list_find(&list, 0, rows[i].segment.shmid, &found);
        rows[i].attachment_count = (uint32_t)found;
        unknown_count(unknown, resolve_by_attachments(system, &rows[i]));
        rows[i].attachments = NULL;
        rows[i].attachment_count = 0;
    }
}

/* The unit of PID (0: not known), by which the namespace NUMBER goes, or NULL. */
static const struct cgroup_unit *unit_inside(struct system *system, uint64_t number, pid_t pid)
{
    /* Whoever is seen in the host's own, a guest of a container perhaps, it is nobody else's. */
    return pid > 0 && number != NAMESPACE_NUMBER_HOST ? proc_unit(system->proc, pid) : NULL;
}

static unsigned put_container(struct segment_info *info, const struct cgroup_unit *unit,
                              unsigned needs)
{
    if (!(needs & NEED_CONTAINER))
        return needs;
    info->container = unit ? cgroup_unit_container(unit) : NULL;
    return unit ? needs : needs | NEED_UNIT;
}

unsigned resolve_own_namespace(struct system *system, struct segment_info *info, unsigned needs)
{
    const struct cgroup_unit *unit = NULL;

    if (needs & NEED_NAMESPACE)
        info->namespace = namespaces_own_number(&system->procfs);
    info->elsewhere = system->elsewhere;
    if (needs & NEED_CONTAINER)
        unit = unit_inside(system, system->elsewhere, system->elsewhere_pid);
    return put_container(info, unit, needs);
}

unsigned resolve_container(struct system *system, const struct ipc_namespace *namespace,
                           struct segment_info *info, unsigned needs)
{
    const struct cgroup_unit *unit =
        needs & NEED_CONTAINER ? resolve_namespace(system, namespace) : NULL;

    if (namespace->own && unit && !cgroup_unit_container(unit))
        unit = NULL;
    return put_container(info, unit, needs);
}

const struct cgroup_unit *resolve_namespace(struct system *system,
                                            const struct ipc_namespace *namespace)
{
    return unit_inside(system, namespace->number,
                       namespace->pid > 0 ? namespace->pid : namespace->holder);
}
