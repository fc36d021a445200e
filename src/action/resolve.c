#include "action/resolve.h"

#include <errno.h>

#include "action/program_of.h"
#include "kernel/system.h"
#include "kernel/sysv.h"

/* What is known of the process that now has a pid that a segment names; 0 names none. */
static struct pid_fact fact_of(struct system *system, pid_t pid)
{
    return pid > 0 ? proc_fact(system->proc, pid) : (struct pid_fact){.presence = PID_UNKNOWN};
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
    return now.nattch != segment->nattch || now.cpid != segment->cpid ||
                   now.lpid != segment->lpid || now.atime != segment->atime ||
                   now.dtime != segment->dtime || now.ctime != segment->ctime
               ? DOUBT_TOUCHED
               : DOUBT_NONE;
}

static void resolve_state(struct system *system, struct segment_info *info)
{
    const struct segment *segment = &info->segment;
    const struct state_clock *clock = proc_clock(system->proc);
    struct pid_fact creator = fact_of(system, segment->cpid);
    struct pid_fact last = fact_of(system, segment->lpid);
    enum pid_presence first = segment_creator(segment, creator, clock);
    enum pid_presence latest = segment_last_user(segment, last, clock);

    info->creator_status = status_of(system, segment->cpid, creator, first);
    info->last_status = segment_was_never_attached(segment)
                            ? PROCESS_NEVER
                            : status_of(system, segment->lpid, last, latest);
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

bool resolve_needs_processes(unsigned needs)
{
    return (needs & (NEED_STATE | NEED_COMMAND | NEED_LAST_COMMAND | NEED_UNIT | NEED_PROGRAM)) !=
           0;
}

/* The creator's unit; where that is not known, the attachments will tell, if there are any. */
static struct segment_unit unit_of_creator(struct system *system, const struct segment_info *info)
{
    if (info->creator_status == PROCESS_ALIVE)
        return (struct segment_unit){.is = proc_unit(system->proc, info->segment.cpid)};
    return (struct segment_unit){.pending = info->segment.nattch > 0};
}

struct segment_unit resolve_unit_of_holders(struct system *system, const struct segment_info *info)
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

void resolve_row(struct system *system, struct segment_info *info, unsigned needs)
{
    resolve_names(system->names, info, needs);
    if (resolve_needs_processes(needs) && info->creator_status == PROCESS_NOT_LOOKED_UP)
        resolve_state(system, info);
    if (needs & NEED_COMMAND && info->creator_status == PROCESS_ALIVE)
        info->command = proc_command(system->proc, info->segment.cpid);
    if (needs & NEED_LAST_COMMAND && info->last_status == PROCESS_ALIVE)
        info->last_command = proc_command(system->proc, info->segment.lpid);
    if (needs & NEED_UNIT)
        info->unit = unit_of_creator(system, info);
    if (needs & NEED_PROGRAM)
        info->program = info->segment.nattch > 0 ? (struct segment_program){.pending = true}
                                                 : program_of_segment(system, info);
}

const struct cgroup_unit *resolve_namespace(struct system *system,
                                            const struct ipc_namespace *namespace)
{
    pid_t pid = namespace->pid > 0 ? namespace->pid : namespace->holder;

    return pid > 0 ? proc_unit(system->proc, pid) : NULL;
}
