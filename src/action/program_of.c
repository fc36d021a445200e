#include "action/program_of.h"

#include <stddef.h>

#include "action/ftok.h"
#include "kernel/system.h"

static const struct segment_program unknown = {.by = PROGRAM_UNKNOWN};

/* What a process runs, as evidence. */
static struct segment_program by_process(struct system *system, pid_t pid,
                                         enum program_evidence evidence)
{
    const struct executable *running = proc_executable(system->proc, pid);
    const struct program *program = running ? program_find_executable(running->name) : NULL;

    if (!program)
        return unknown;
    return (struct segment_program){
        .is = program,
        .by = evidence,
        .is_guess = program->believed || !running->is_sure,
        .running = running,
    };
}

/*
 * Those that have it attached, if they agree: all run the same program, or besides that one there
 * are its clients alone, which may be anything. Where not all were found, it is a guess.
 */
static struct segment_program by_attached(struct system *system, const struct segment_info *info)
{
    struct segment_program found = unknown;
    uint32_t others = 0;

    for (uint32_t i = 0; i < info->attachment_count; i++) {
        struct segment_program next =
            by_process(system, info->attachments[i].pid, PROGRAM_BY_ATTACHED);

        if (!next.is) {
            others++;
            continue;
        }
        if (found.is && found.is != next.is)
            return unknown;
        if (!found.is || next.is_guess)
            found = next;
    }
    if (!found.is || (others > 0 && !found.is->clients))
        return unknown;
    found.is_guess = found.is_guess || segment_info_unseen(info) > 0;
    return found;
}

static struct segment_program by_creator(struct system *system, const struct segment_info *info)
{
    return info->creator_status == PROCESS_ALIVE
               ? by_process(system, info->segment.cpid, PROGRAM_BY_CREATOR)
               : unknown;
}

/* The key, or that from before the segment was marked. 0: it is not known, or has none. */
static uint32_t key_of(const struct segment_info *info)
{
    return info->segment.key == 0 && info->attachment_count > 0 ? info->attachments[0].original_key
                                                                : info->segment.key;
}

/* PostgreSQL's data directory; that nobody lets us read postmaster.pid leaves a guess by the key.
 */
static struct segment_program by_data_directory(struct system *system,
                                                const struct segment_info *info)
{
    enum { ASKED_MAX = 16 }; /* they all work in the same one */
    const struct claimed_segment segment = {key_of(info), info->segment.shmid, info->segment.cuid};
    struct data_directory directory;
    pid_t pids[ASKED_MAX];
    size_t count = 0;

    if (info->creator_status == PROCESS_ALIVE)
        pids[count++] = info->segment.cpid;
    for (uint32_t i = 0; i < info->attachment_count && count < ASKED_MAX; i++)
        pids[count++] = info->attachments[i].pid;
    if (!program_files_find_data(system->program_files, &segment, pids, count, &directory))
        return unknown;
    return (struct segment_program){
        .is = program_find_proof(PROOF_POSTGRES),
        .by = directory.is_proven ? PROGRAM_BY_FILE : PROGRAM_BY_KEY,
        .is_guess = !directory.is_proven,
        .file = directory.path,
    };
}

static struct segment_program by_qt_file(struct system *system, const struct segment_info *info)
{
    size_t count;
    const struct qt_file *files = program_files_qt(system->program_files, &count);

    for (size_t i = 0; i < count; i++) {
        if (ftok_key(&files[i].identity, 'Q') == key_of(info) && files[i].uid == info->segment.cuid)
            return (struct segment_program){
                .is = program_find_proof(PROOF_QT),
                .by = PROGRAM_BY_FILE,
                .file = files[i].path,
            };
    }
    return unknown;
}

static struct segment_program by_file(struct system *system, const struct segment_info *info)
{
    enum { PROJ_SHIFT = 24 };
    struct segment_program found = unknown;

    if (key_of(info) != 0)
        found = by_data_directory(system, info);
    if (!found.is && key_of(info) >> PROJ_SHIFT == 'Q')
        found = by_qt_file(system, info);
    return found;
}

/* Anybody may take a key. */
static struct segment_program by_key(struct system *system __attribute__((unused)),
                                     const struct segment_info *info)
{
    const struct program *program = program_find_key(info->segment.key, info->segment.size);

    return program ? (struct segment_program){.is = program, .by = PROGRAM_BY_KEY, .is_guess = true}
                   : unknown;
}

/* What the first label line of shmtool.conf that selects the segment calls it. */
static struct segment_program by_label(struct system *system, const struct segment_info *info)
{
    const struct protection_rule *rule = protection_find_label(system->protection, &info->segment);

    return rule ? (struct segment_program){.label = rule->text, .by = PROGRAM_BY_LABEL} : unknown;
}

struct segment_program program_of_segment(struct system *system, const struct segment_info *info)
{
    static struct segment_program (*const evidence[])(struct system * system,
                                                      const struct segment_info *info) = {
        by_attached, by_creator, by_file, by_key, by_label,
    };
    struct segment_program first = unknown;

    for (size_t i = 0; i < sizeof(evidence) / sizeof(evidence[0]); i++) {
        struct segment_program next;

        /* A file is worth naming, whatever else tells that it is that program's. */
        if (first.is && !first.is_guess && first.is->proof == PROOF_NONE)
            break;
        next = evidence[i](system, info);
        if (first.is && next.is == first.is && !first.file)
            first.file = next.file;
        if ((!first.is && !first.label) || (first.is_guess && next.by && !next.is_guess))
            first = next;
    }
    return first;
}
