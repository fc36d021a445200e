/*
 * What is run, what is made to fail in it, and what may come of it.
 *
 * A run must end, not by a signal (but for run, by its program's), and with a status that is true:
 * 0 when its output is what it is without a fault (but for things that may be unknown: names,
 * states, commands) and all is done that was asked for; with another one it says why. Segments that
 * were not selected stay as they are, whatever fails.
 */
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../helpers/helper.h"
#include "faults.h"

enum { MOST_RUNS = 5000, MOST_ERRORS = 5 };

#ifdef __SANITIZE_ADDRESS__
#define WITH_ASAN 1
#else
#define WITH_ASAN 0
#endif

/* --- What fails ----------------------------------------------------------------------------- */

struct failure {
    long call;
    const char *name;
    int errors[MOST_ERRORS]; /* 0: no more */
};

static const struct failure failures[] = {
    {FAULT_MEMORY, "malloc", {ENOMEM}},
    {SYS_read, "read", {EIO, EINTR, ENOMEM}},
    {SYS_write, "write", {ENOSPC, EIO, EINTR}},
    {SYS_openat, "openat", {EMFILE, EACCES, ENOENT, ENOMEM}},
    {SYS_close, "close", {EIO}},
#ifdef SYS_newfstatat
    {SYS_newfstatat, "newfstatat", {EACCES, ENOMEM}},
#endif
    {SYS_fstat, "fstat", {EIO}},
    {SYS_readlinkat, "readlinkat", {EACCES}},
    {SYS_getdents64, "getdents64", {EIO, ENOMEM}},
    {SYS_shmctl, "shmctl", {EACCES, EPERM, ENOMEM, ENOSYS}},
    {SYS_kill, "kill", {EPERM}},
    {SYS_signalfd4, "signalfd4", {EMFILE}},
    {SYS_dup, "dup", {EMFILE}},
    {SYS_fcntl, "fcntl", {EINVAL}},
#ifdef SYS_poll
    {SYS_poll, "poll", {ENOMEM, EINTR}},
#endif
    {SYS_ppoll, "ppoll", {ENOMEM, EINTR}},
    {SYS_memfd_create, "memfd_create", {EMFILE, ENOSYS, EINVAL}},
    {SYS_ioctl, "ioctl", {ENOTTY, EIO}},
#if !WITH_ASAN /* which ends the program then */
    {SYS_mmap, "mmap", {ENOMEM}},
#endif
    {SYS_lseek, "lseek", {ESPIPE}},
    {SYS_pipe2, "pipe2", {EMFILE}},
    {SYS_clone, "clone", {EAGAIN, ENOMEM}},
#ifdef SYS_fork
    {SYS_fork, "fork", {EAGAIN}},
#endif
    {SYS_execve, "execve", {EIO, ENOMEM, ENOENT}},
    {SYS_setns, "setns", {EPERM, ENOMEM, EINVAL}},
    {SYS_statx, "statx", {EACCES, ENOMEM}},
    {SYS_unshare, "unshare", {EPERM, ENOSPC}},
    {SYS_prctl, "prctl", {EINVAL}},
    {SYS_waitid, "waitid", {EINTR}},
    {SYS_wait4, "wait4", {EINTR}},
    {SYS_rt_sigprocmask, "rt_sigprocmask", {EINVAL}},
    {SYS_rt_sigaction, "rt_sigaction", {EINVAL}},
    {SYS_socket, "socket", {EMFILE}},
    {SYS_setsockopt, "setsockopt", {EPERM}},
    {SYS_bind, "bind", {EPERM}},
    {SYS_sendto, "sendto", {ECONNREFUSED}},
    {SYS_recvmmsg, "recvmmsg", {ENOBUFS, EIO, EINTR}},
    {SYS_faccessat, "faccessat", {EACCES}},
#ifdef SYS_access
    {SYS_access, "access", {EACCES}},
#endif
    {SYS_clock_gettime, "clock_gettime", {EINVAL}},
    {SYS_shmget, "shmget", {ENOSPC, ENOMEM}},
    {SYS_shmat, "shmat", {ENOMEM, EACCES}},
    {SYS_mkdirat, "mkdirat", {ENOSPC, EACCES}},
    {SYS_fsync, "fsync", {EIO}},
    {SYS_ftruncate, "ftruncate", {EIO}},
    {SYS_renameat, "renameat", {EACCES}},
    {SYS_unlinkat, "unlinkat", {EACCES}},
    {SYS_symlinkat, "symlinkat", {ENOSPC}},
    {SYS_fchmod, "fchmod", {EPERM}},
    {SYS_fchown, "fchown", {EIO}},
    {SYS_openat2, "openat2", {EACCES, ENOSYS, EMFILE}},
    {SYS_getrandom, "getrandom", {ENOSYS}},
};

/* --- What is run ---------------------------------------------------------------------------- */

enum input { NO_INPUT, IDS_OF_ORPHANS, ROWS_OF_ORPHANS, THE_WORD_YES };
enum output {
    ANY_OUTPUT,
    TABLE,
    JSON,
    OUTCOME, /* of rm and set, in JSON */
    WORDS,   /* a whole document, of sentences that may say less */
    PROGRAM, /* a program's that was run */
    BYTES,   /* of a segment */
    IDS,     /* of segments that were made */
};

/* What is written to the folder. */
enum writes { NO_FILES, SAVES, CAPTURES, TEXTFILE };

struct situation {
    /* @N stands for segment N's id, %NAME for the helper's path, =NAME for one in the folder */
    const char *words[8];
    enum input input;
    enum output output;
    unsigned selected; /* bits of the segments that it is to remove */
    unsigned changed;  /* likewise to change */
    int makes;         /* how many segments */
    enum writes writes;
    bool all;          /* status 0 promises that all of them are gone, or changed */
    bool partial;      /* what it saw of other processes may be a part, when it says so */
    bool other;        /* another IPC namespace is looked in */
    bool clears_other; /* and all of its segments are to be removed */
    bool many;         /* so many calls that not each of them is tried */
    bool old;          /* a file that does not exist is no fault: the kernel may be old */
};

#define BITS(first, count) (((1U << (count)) - 1) << (first))

static const struct situation situations[] = {
    {.words = {"ls"}, .output = TABLE},
    {.words = {"ls", "-q"}, .output = TABLE},
    {.words = {"ls", "--long", "--sort=-bytes"}, .output = TABLE},
    {.words = {"ls", "--json"}, .output = JSON},
    {.words = {"ls", "--ndjson", "--owner=0", "--attached"}, .output = JSON},
    {.words = {"ls", "--csv", "--state=used,dest"}, .output = TABLE},
    {.words = {"rm", "@0", "@1", "@2"}, .selected = BITS(0, 3), .all = true},
    {.words = {"rm", "-"}, .input = IDS_OF_ORPHANS, .selected = BITS(0, 3), .all = true},
    {.words = {"rm", "--json", "-"},
     .input = ROWS_OF_ORPHANS,
     .output = OUTCOME,
     .selected = BITS(0, 3),
     .all = true},
    {.words = {"rm", "--all", "--yes", "--json"},
     .output = OUTCOME,
     .selected = BITS(0, 5),
     .all = true},
    {.words = {"rm", "--unattached", "-v"},
     .input = THE_WORD_YES,
     .selected = BITS(0, 4),
     .all = true},
    {.words = {"rm", "--all"}, .input = THE_WORD_YES, .selected = BITS(0, 5), .all = true},
    {.words = {"rm", "--orphan", "--yes", "--json"}, .output = OUTCOME, .selected = BITS(0, 3)},
    {.words = {"rm", "--orphan", "--dry-run", "--json"}},
    {.words = {"stat", "--json", "@0", "@4", "@5"}, .output = JSON, .partial = true},
    {.words = {"who", "--json"}, .output = JSON, .partial = true},
    {.words = {"who", "-q", "@5"}, .output = TABLE, .partial = true},
    {.words = {"watch", "--initial", "--count=5", "--ndjson"}, .output = JSON},
    {.words = {"wait", "@5", "--until=attached"}},
    {.words = {"limits", "--json"}, .output = JSON, .old = true},
    {.words = {"key", "/"}, .output = TABLE},
    {.words = {"doctor", "--json"}, .output = WORDS},
    {.words = {"doctor", "--key=0x5001", "--size=9000", "--json"}, .output = WORDS},
    {.words = {"ns", "--json"}, .output = WORDS, .other = true},
    {.words = {"ls", "-A"}, .output = TABLE, .partial = true, .other = true},
    {.words = {"ls", "-N", "@N"}, .output = TABLE, .other = true},
    {.words = {"limits", "-A", "--json"}, .output = WORDS, .other = true},
    {.words = {"doctor", "-A", "--json"}, .output = WORDS, .other = true},
    {.words = {"watch", "-A", "--initial", "--count=5"}, .other = true},
    {.words = {"rm", "-A", "--size=6000", "--yes", "--json"},
     .output = OUTCOME,
     .all = true,
     .partial = true,
     .other = true,
     .clears_other = true},
    {.words = {"rm", "-N", "@N", "--all", "--yes", "--json"},
     .output = OUTCOME,
     .all = true,
     .other = true,
     .clears_other = true},
    {.words = {"rm", "--save", "=" OUT_NAME, "@0", "@1", "@3"},
     .selected = BITS(0, 2) | BITS(3, 1),
     .writes = SAVES,
     .all = true},
    {.words = {"set", "perms=640", "locked=no", "--json", "@1", "@4"},
     .output = OUTCOME,
     .changed = BITS(1, 1) | BITS(4, 1),
     .all = true},
    {.words = {"set", "perms=g+r", "--orphan"},
     .input = THE_WORD_YES,
     .changed = BITS(0, 3),
     .many = true},
    {.words = {"restore", "=" SAVED_NAME}, .output = IDS, .makes = MADE},
    {.words = {"create", "--size=7000", "--key=0x7000", "--perms=640"}, .output = IDS, .makes = 1},
    {.words = {"cat", "@3"}, .output = BYTES},
    {.words = {"capture", "=" OUT_NAME}, .writes = CAPTURES, .partial = true, .many = true},
    {.words = {"metrics", "--textfile", "=" TEXTFILE_NAME}, .writes = TEXTFILE, .old = true},
    {.words = {"du", "--system", "--json"}, .output = WORDS, .many = true},
    {.words = {"run", "%leak", "exit", "57"}, .output = PROGRAM},
    {.words = {"run", "-v", "--isolate", "--", "%leak", "exit", "57"}, .output = PROGRAM},
    {.words = {"run", "-v", "%leak", "--attach", "signal", "9"}, .output = PROGRAM},
    {.words = {"run", "no-such-program"}, .output = PROGRAM},
};

/* A situation in this scene. */
struct run {
    const struct situation *situation;
    struct scene scene;
    struct run_files files;
    const char *words[10];
    char helper[PATH_MAX];
    int before; /* segments */
    int others; /* segments left in the other namespace */
    int left;   /* segments that are there now, and were not before */
    char input[SEGMENTS * 64];
};

static void write_input(struct run *run)
{
    size_t length = 0;

    run->input[0] = '\0';
    if (run->situation->input == THE_WORD_YES)
        strcpy(run->input, "yes\n");
    for (int i = 0; i < ORPHANS && run->situation->input == IDS_OF_ORPHANS; i++)
        length += (size_t)snprintf(run->input + length, sizeof(run->input) - length, "%s\n",
                                   run->scene.words[i]);
    for (int i = 0; i < ORPHANS && run->situation->input == ROWS_OF_ORPHANS; i++)
        length += (size_t)snprintf(run->input + length, sizeof(run->input) - length,
                                   "0x%08x %s root 600 5000 0\n",
                                   i == 0 ? 0U : 0x5000U + (unsigned)i, run->scene.words[i]);
}

/* The path of another helper, which stands beside this one. */
static const char *find_helper(struct run *run, const char *name)
{
    ssize_t length = readlink("/proc/self/exe", run->helper, sizeof(run->helper) - 1);
    char *slash;

    if (length < 0)
        die(HELPER_FAILED, "/proc/self/exe: %s", strerror(errno));
    run->helper[length] = '\0';
    slash = strrchr(run->helper, '/');
    snprintf(slash + 1, sizeof(run->helper) - (size_t)(slash + 1 - run->helper), "%s", name);
    return run->helper;
}

/* Builds the scene and the words for it. */
static void prepare(struct run *run)
{
    scene_build(&run->scene);
    if (run->situation->other)
        scene_build_other(&run->scene);
    run->files.scene = &run->scene;
    if (run->situation->writes == TEXTFILE)
        textfile_begin(&run->files.folder);
    else if (run->situation->writes)
        folder_remove(&run->files.folder, OUT_NAME);
    run->words[0] = "shmtool";
    for (int i = 0; i < 8 && run->situation->words[i]; i++) {
        const char *word = run->situation->words[i];

        run->words[i + 1] = strcmp(word, "@N") == 0 ? run->scene.other.word
                            : *word == '@'          ? run->scene.words[word[1] - '0']
                            : *word == '%'          ? find_helper(run, word + 1)
                            : *word == '='          ? folder_path(&run->files.folder, word + 1)
                                                    : word;
        run->words[i + 2] = NULL;
    }
    write_input(run);
    run->before = scene_count();
}

/* --- Judging -------------------------------------------------------------------------------- */

/* The number behind "NAME": in a document. */
static unsigned number_of(const char *text, const char *name)
{
    char mark[32];
    const char *found;

    snprintf(mark, sizeof(mark), "\"%s\": ", name);
    found = strstr(text, mark);
    return found ? (unsigned)strtoul(found + strlen(mark), NULL, 10) : 0;
}

static unsigned count_bits(unsigned bits)
{
    return (unsigned)__builtin_popcount(bits);
}

/* The segments that are not as they were. */
static unsigned find_removed(const struct scene *scene)
{
    unsigned removed = 0;

    for (int i = 0; i < SEGMENTS; i++) {
        if (!scene_has(scene, i))
            removed |= 1U << i;
    }
    return removed;
}

static unsigned find_changed(const struct scene *scene)
{
    unsigned changed = 0;

    for (int i = 0; i < SEGMENTS; i++)
        changed |= scene_is_changed(scene, i) ? 1U << i : 0;
    return changed;
}

/* Says what is wrong with what was made and written, whatever the status is, or NULL. */
static const char *judge_files(struct run *run, const struct outcome *outcome, unsigned removed)
{
    switch (run->situation->writes) {
    case SAVES:
        return judge_saved(&run->files, removed);
    case CAPTURES:
        return outcome->status == 0 && !outcome->err[0] ? judge_captured(&run->files) : NULL;
    case TEXTFILE:
        return judge_textfile(&run->files, outcome);
    case NO_FILES:
        break;
    }
    return NULL;
}

/* Says what is wrong with the output of a run that ended with 0, or NULL. */
static const char *judge_output(const struct run *run, const struct outcome *outcome,
                                const struct outcome *reference, unsigned removed)
{
    /* With status 1 something may have failed, when it says so. */
    if (outcome->err[0] && (run->situation->partial || reference->status != 0))
        return NULL;
    switch (run->situation->output) {
    case TABLE:
        return is_same_table(reference->out, outcome->out) ? NULL : "the output is another";
    case JSON:
        return is_same_json(reference->out, outcome->out) ? NULL : "the document is another";
    case BYTES:
        return strcmp(reference->out, outcome->out) == 0 ? NULL : "the bytes are others";
    case OUTCOME:
        if (run->situation->changed)
            return number_of(outcome->out, "set") >= count_bits(find_changed(&run->scene))
                       ? NULL
                       : "the document does not tell what was changed";
        return number_of(outcome->out, "removed") + number_of(outcome->out, "marked") >=
                           count_bits(removed) + (unsigned)(OTHERS - run->others) &&
                       strstr(outcome->out, "]}\n")
                   ? NULL
                   : "the document does not tell what was removed";
    case WORDS:
        return strncmp(outcome->out, "{\"schema\": 1, ", 14) == 0 &&
                       strcmp(outcome->out + strlen(outcome->out) - 2, "}\n") == 0
                   ? NULL
                   : "the document is not whole";
    case ANY_OUTPUT:
    case PROGRAM:
    case IDS:
        break;
    }
    return NULL;
}

/* Says what is wrong with a run, or NULL. */
static const char *judge(struct run *run, const struct fault *fault, const struct outcome *outcome,
                         const struct outcome *reference)
{
    unsigned removed = find_removed(&run->scene);
    unsigned changed = find_changed(&run->scene);
    int status = WEXITSTATUS(outcome->status);
    const char *wrong;

    if (outcome->hung)
        return "it did not end";
    /* But for run, which ends as its program does. */
    if (!WIFEXITED(outcome->status) && outcome->status != reference->status)
        return "it was ended by a signal";
    if (outcome->marks == 0)
        return "it never began";
    if (removed & ~run->situation->selected)
        return "it removed what was not selected";
    if (changed & ~run->situation->changed)
        return "it changed what was not selected";
    if (run->others < OTHERS && !run->situation->clears_other)
        return "it removed what was not selected in another namespace";
    if (run->situation->output == PROGRAM)
        return judge_program(fault, outcome, reference, run->left);
    if (status > 4)
        return "no status of shmtool's";
    if (status >= 2 && (removed || changed || run->others < OTHERS))
        return "it says that nothing was done, and removed something";
    wrong = judge_files(run, outcome, removed);
    if (!wrong && run->situation->output == IDS)
        wrong = judge_made(fault, outcome, run->situation->makes, run->left);
    if (wrong)
        return wrong;
    /* What is in a namespace that cannot be entered is left, with a line that says so. */
    if (status == 0 && run->situation->all && !(run->situation->partial && outcome->err[0]) &&
        (removed != run->situation->selected || changed != run->situation->changed ||
         (run->situation->clears_other && run->others > 0)))
        return "status 0, and not all is gone";
    if (status == 0 && reference->status != 0 && !outcome->err[0])
        return "it says that all is well";
    if (outcome->status != reference->status && !outcome->err[0] && fault->call != SYS_write)
        return "it failed without a word";
    /* Status 1 may also say that nothing could be written. */
    if (outcome->status != reference->status || (status != 0 && fault->call == SYS_write))
        return NULL;
    return judge_output(run, outcome, reference, removed);
}

static void tell(const struct run *run, const struct failure *failure, const struct fault *fault,
                 const struct outcome *outcome, const char *what)
{
    for (int i = 0; run->words[i]; i++)
        printf("%s ", run->words[i]);
    printf("with %s number %lu%s failing (%s): %s\n", failure->name, fault->nth,
           fault->rest ? " and all later ones" : "", strerror(fault->error), what);
    printf("  wait status %#x\n  standard output: %.900s\n  standard error: %.300s\n",
           (unsigned)outcome->status, outcome->out, outcome->err);
}

/* --- All of it ------------------------------------------------------------------------------ */

struct totals {
    const struct choice *choice;
    long runs;
    long wrong;
    long untested; /* situations whose plain run was no success */
};

/* Counts what is there after a run. */
static void count_segments(struct run *run)
{
    run->others = run->situation->other ? scene_count_other(&run->scene) : OTHERS;
    run->left = scene_count() - run->before;
}

/* Runs with one fault. Tells whether there was a call for it to hit. */
static bool run_once(const char *program, struct run *run, const struct failure *failure,
                     const struct fault *fault, const struct outcome *reference,
                     struct totals *totals)
{
    struct outcome outcome;
    const char *wrong;
    bool hit;

    prepare(run);
    outcome = inject(program, run->words, run->input, fault);
    count_segments(run);
    wrong = judge(run, fault, &outcome, reference);
    scene_sweep(&run->scene);
    hit = outcome.calls >= fault->nth;
    /* What was not hit is a plain run. */
    if (!wrong && !hit && outcome.status != reference->status)
        wrong = "without a fault it ends in another way";
    totals->runs++;
    if (wrong && ++totals->wrong <= 100)
        tell(run, failure, fault, &outcome, wrong);
    outcome_release(&outcome);
    return hit;
}

/* Whether what fails so proves nothing of shmtool in this situation. */
static bool is_no_fault(const struct situation *situation, const struct fault *fault)
{
    bool runs = situation->output == PROGRAM;

    switch (fault->call) {
    case SYS_close: /* a program's pipes wait to be closed, which no kernel fails to do */
        return runs;
    case SYS_rt_sigprocmask: /* nss-systemd dies of these, where names are looked up */
    case SYS_rt_sigaction:
        return !runs;
    default:
        break;
    }
    /* Of a process that tells that it has ended. */
    return fault->error == ENOENT && (situation->partial || situation->old);
}

static void run_failure(const char *program, struct run *run, const struct failure *failure,
                        const struct outcome *reference, struct totals *totals)
{
    for (int i = 0; i < (totals->choice->quick ? 1 : MOST_ERRORS) && failure->errors[i]; i++) {
        struct fault fault = {.call = failure->call, .error = failure->errors[i]};

        if (is_no_fault(run->situation, &fault))
            continue;
        for (fault.nth = 1; fault.nth < MOST_RUNS;
             fault.nth +=
             run->situation->many ? 1 + fault.nth / (totals->choice->quick ? 2 : 4) : 1) {
            if (!run_once(program, run, failure, &fault, reference, totals))
                break;
        }
        /* It makes no such call. */
        if (fault.nth == 1)
            break;
        /* No kernel is interrupted for ever. */
        fault.rest = fault.error != EINTR;
        for (fault.nth = 1; fault.rest && fault.nth < MOST_RUNS;
             fault.nth += 1 + (totals->choice->quick ? fault.nth : fault.nth / 4)) {
            if (!run_once(program, run, failure, &fault, reference, totals))
                break;
        }
    }
}

/* Has a run before it save what restore is to make again. */
static void save_before(const char *program, struct run *run)
{
    static const struct fault none = {.call = FAULT_NONE};
    const char *tree = folder_path(&run->files.folder, SAVED_NAME);
    const char *const words[] = {"shmtool", "rm", "--save", tree, "--size=7000", "--yes", NULL};
    struct outcome outcome;

    life_make();
    outcome = inject(program, words, "", &none);
    if (outcome.status != 0)
        die(HELPER_FAILED, "rm --save: %s", outcome.err);
    outcome_release(&outcome);
}

static void run_situation(const char *program, const struct situation *situation,
                          struct totals *totals)
{
    /* A mark is needed, and no fault: the call number of no call. */
    static const struct fault none = {.call = FAULT_MARK};
    struct run run = {.situation = situation};
    struct outcome reference;
    long runs = totals->runs;

    if (situation->output == IDS)
        save_before(program, &run);
    prepare(&run);
    reference = inject(program, run.words, run.input, &none);
    count_segments(&run);
    if (run.others != (situation->clears_other ? 0 : OTHERS) || reference.marks == 0 ||
        (situation->output != PROGRAM &&
         (!WIFEXITED(reference.status) || WEXITSTATUS(reference.status) > 1)) ||
        find_removed(&run.scene) != situation->selected ||
        find_changed(&run.scene) != situation->changed || run.left > situation->makes) {
        printf("%s: cannot be tested: wait status %#x, %s\n", situation->words[0],
               (unsigned)reference.status, reference.err);
        totals->untested++;
    } else {
        scene_sweep(&run.scene);
        for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
            const char *call = totals->choice->call;

            if (!call || strcmp(call, failures[i].name) == 0)
                run_failure(program, &run, &failures[i], &reference, totals);
        }
    }
    scene_clear(&run.scene);
    folder_remove(&run.files.folder, "");
    for (int i = 1; run.words[i]; i++)
        printf("%s ", situation->words[i - 1]);
    printf("- %ld runs\n", totals->runs - runs);
    outcome_release(&reference);
}

/* Whether COMMAND is its first word, or its first two with a blank between them. */
static bool is_of_command(const struct situation *situation, const char *command)
{
    size_t length = strlen(situation->words[0]);

    return strncmp(command, situation->words[0], length) == 0 &&
           (command[length] == '\0' || (command[length] == ' ' && situation->words[1] &&
                                        strcmp(command + length + 1, situation->words[1]) == 0));
}

long run_cases(const char *program, const struct choice *choice)
{
    struct totals totals = {.choice = choice};

    for (size_t i = 0; i < sizeof(situations) / sizeof(situations[0]); i++) {
        if (!choice->command ||
            (is_of_command(&situations[i], choice->command) && totals.runs == 0))
            run_situation(program, &situations[i], &totals);
    }
    printf("%ld runs, %ld wrong\n", totals.runs, totals.wrong);
    return totals.untested || totals.runs == 0 ? -1 : totals.wrong;
}
