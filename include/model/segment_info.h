/*
 * A segment with all that was found out about it: a row of the inventory (action/inventory).
 *
 * A row is read and resolved once; whatever shows it, sorts it or acts on it asks the system
 * nothing more. What a caller did not need was not looked up.
 */
#ifndef SHMTOOL_MODEL_SEGMENT_INFO_H
#define SHMTOOL_MODEL_SEGMENT_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/attachment.h"
#include "model/cgroup.h"
#include "model/program.h"
#include "model/segment.h"
#include "model/shmget.h"
#include "model/state.h"

/* What has to be looked up besides the kernel's record: columns, options and reports declare it. */
enum need {
    NEED_USAGE = 1 << 0, /* rss and swap, which only the slower reader has */
    NEED_OWNER = 1 << 1, /* names */
    NEED_GROUP = 1 << 2,
    NEED_CREATOR = 1 << 3,
    NEED_CREATOR_GROUP = 1 << 4,
    NEED_STATE = 1 << 5,            /* state, and what became of creator and last user */
    NEED_COMMAND = 1 << 6,          /* the creator's command line, while it lives */
    NEED_LAST_COMMAND = 1 << 7,     /* the last user's */
    NEED_ATTACHMENTS = 1 << 8,      /* an error where no process can be inspected */
    NEED_HOLDERS = 1 << 9,          /* users and command lines of attachments */
    NEED_LIMITS = 1 << 10,          /* limits, and what all segments use of them */
    NEED_CREDENTIALS = 1 << 11,     /* what this process may do */
    NEED_USERS = 1 << 12,           /* whether there is a user database at all */
    NEED_TRY_ATTACHMENTS = 1 << 14, /* attachments where they can be had, else none */
    NEED_TIME = 1 << 13,            /* age: right before a change the time is read again */
    NEED_SHMEM = 1 << 20,     /* Shmem of the system; of segments with NEED_LIMITS and NEED_USAGE */
    NEED_NAMESPACE = 1 << 17, /* number of the IPC namespace */
    NEED_CONTAINER = 1 << 18, /* which container's that is, or else the segment's unit is in */
    NEED_SUMS = 1 << 16,      /* of an IPC namespace what is in it, counted inside */
    NEED_MAKER = 1 << 25,     /* the number of who made its user namespace */
    NEED_PROTECTION = 1 << 19, /* the line of shmtool.conf that protects it, where that was read */
    NEED_UNIT = 1 << 15,       /* unit or container; attachments too where it depends on them */
    NEED_HELD = 1 << 21,       /* removed segments that descriptors keep */
    NEED_HUGE_PAGES = 1 << 22, /* the pools of huge pages, in the balance */
    NEED_BALANCE = 1 << 23,    /* with NEED_SHMEM and NEED_USAGE: what it consists of */
    NEED_PROGRAM = 1 << 24,    /* which program; attachments too where there are any */
};

/* What is known of a process that a segment names: its creator, the last one that used it. */
enum process_status {
    PROCESS_NOT_LOOKED_UP,
    PROCESS_NEVER,         /* nobody ever attached the segment */
    PROCESS_ALIVE,         /* that very process */
    PROCESS_DEAD,          /* and nobody has its pid */
    PROCESS_PID_REUSED,    /* dead; another process has its pid now */
    PROCESS_ELSEWHERE,     /* in another PID namespace */
    PROCESS_NOT_SAVED,     /* the saved tree does not show it */
    PROCESS_CLOCK_STEPPED, /* a process has the pid, but the clock was set, or may have been: its
                              start proves nothing */
    PROCESS_HIDDEN,        /* a process has the pid, but /proc does not show it */
    PROCESS_FOREIGN_PROC,  /* a process has the pid, but /proc is that of another PID namespace */
};

/* Why a state is unknown. */
enum state_doubt {
    DOUBT_NONE,
    DOUBT_CREATOR,    /* see the creator's status */
    DOUBT_LAST_USER,  /* see the last user's status */
    DOUBT_TOUCHED,    /* somebody attached, detached or changed it while it was inspected */
    DOUBT_UNREADABLE, /* whether somebody did cannot be read */
    DOUBT_MAPPED,     /* a process has it mapped by a descriptor, which nattch does not count */
};

/*
 * What a segment belongs to: the unit of its creator while that very process lives, else that of
 * the processes that have it attached, if all of them are known and in the same.
 */
struct segment_unit {
    const struct cgroup_unit *is; /* NULL: none, or not known; borrowed from kernel/proc */
    bool by_holders;              /* the creator's is not known: it is that of the attached */
    bool containers_differ;       /* of a pod: they are in several containers of it */
    bool pending;                 /* depends on attachments that were not read yet */
};

struct protection_rule;

/* Which program a segment is of, and what tells it. */
struct segment_program {
    const struct program *is; /* NULL: not known, or a label says what it is */
    const char *label;        /* what that says, borrowed; else NULL */
    enum program_evidence by;
    bool is_guess;                    /* it may be another's as well */
    bool pending;                     /* depends on attachments that were not read yet */
    const struct executable *running; /* what the attached, or the creator, run; borrowed */
    const char *file; /* that proves it, or whose inode number the key is; borrowed */
};

/* Segments that a selection by state, unit or program leaves out because theirs is not known. */
struct unknown_counts {
    size_t states;
    size_t units;
    size_t programs;
};

/*
 * Counts one whose state (NEED_STATE), unit (NEED_UNIT) or program (NEED_PROGRAM) is not known, as
 * UNKNOWN says; COUNTS may be NULL.
 */
static inline void unknown_count(struct unknown_counts *counts, unsigned unknown)
{
    if (!counts)
        return;
    counts->states += (unknown & NEED_STATE) != 0;
    counts->units += (unknown & NEED_UNIT) != 0;
    counts->programs += (unknown & NEED_PROGRAM) != 0;
}

static inline bool unknown_any(const struct unknown_counts *counts)
{
    return counts->states > 0 || counts->units > 0 || counts->programs > 0;
}

struct segment_info {
    struct segment segment; /* the kernel's record */

    uint64_t namespace; /* number of its IPC namespace; with NEED_NAMESPACE, or of many; else 0 */
    uint64_t elsewhere; /* the same where commands have to name it (-N); 0: they are not to */
    const char *container; /* what that namespace is of; NULL: none, or not known; borrowed */

    /* Names; NULL: not looked up, or no such user or group. Borrowed from kernel/names. */
    const char *owner;
    const char *group;
    const char *creator;
    const char *creator_group;

    /* Command lines of these very processes while they live, else NULL. Borrowed from kernel/proc.
     */
    const char *command; /* the creator's */
    const char *last_command;

    struct segment_unit unit;       /* with NEED_UNIT */
    struct segment_program program; /* with NEED_PROGRAM */

    const struct attachment *attachments; /* borrowed from the inventory */
    uint32_t attachment_count;
    bool unsettled; /* what was found is not what nattch counts, and changes all the time */

    /* With NEED_PROTECTION alone. */
    bool has_protection;                        /* whether it is protected is known */
    const struct protection_rule *protected_by; /* NULL: by none; borrowed from the system */

    /* With NEED_STATE alone. */
    enum segment_state state;
    enum state_doubt doubt;
    enum process_status creator_status;
    enum process_status last_status;
};

/* Tells whether nobody ever attached SEGMENT, as far as its times and lpid say. */
static inline bool segment_was_never_attached(const struct segment *segment)
{
    return segment->lpid == 0 && segment->atime == 0 && segment->dtime == 0;
}

/* The program as the column shows it: a guess ends in a question mark; NULL: not known. */
static inline const char *segment_program_text(const struct segment_program *program)
{
    if (!program->is)
        return program->label;
    return program->is_guess ? program->is->guessed : program->is->name;
}

/* How many mappings of the segment were found. Only with NEED_ATTACHMENTS. */
static inline uint64_t segment_info_maps(const struct segment_info *info)
{
    uint64_t maps = 0;

    for (uint32_t i = 0; i < info->attachment_count; i++)
        maps += info->attachments[i].maps;
    return maps;
}

/*
 * How many attachments nattch counts that were found in no process; 0 where processes came and went
 * meanwhile. Only with NEED_ATTACHMENTS.
 */
static inline uint64_t segment_info_unseen(const struct segment_info *info)
{
    uint64_t maps = segment_info_maps(info);

    return maps < info->segment.nattch && !info->unsettled ? info->segment.nattch - maps : 0;
}

/*
 * Tells whether the kernel lets CREDENTIALS remove or change it. Whoever may enter another IPC
 * namespace may: that takes CAP_SYS_ADMIN over it (ipc/namespace.c, ipcns_install()), as this does
 * (ipc/util.c, ipcctl_obtain_check()), also where it is a rootless container of one's own.
 */
static inline bool segment_info_may_remove(const struct segment_info *info,
                                           const struct credentials *credentials)
{
    return info->elsewhere != 0 || shmget_may_remove(&info->segment, credentials);
}

/*
 * How often one that has it mapped can have it attached: of its mappings no more than nattch
 * counts, since a descriptor that is mapped (/proc/PID/map_files) looks like an attachment.
 */
static inline uint64_t segment_info_times(const struct segment_info *info,
                                          const struct attachment *attachment)
{
    return attachment->maps < info->segment.nattch ? attachment->maps : info->segment.nattch;
}

#endif
