/*
 * What is run, what is made to fail in it, and what may come of it.
 *
 * A run must end, not by a signal, and with a status that is true: 0 when its output is what it is
 * without a fault (but for things that may be unknown: names, states, commands) and all is done
 * that was asked for; with another one it says why. Segments that were not selected stay, whatever
 * fails.
 */
#include <ctype.h>
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
    {SYS_newfstatat, "newfstatat", {EACCES, ENOMEM}},
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
};

/* --- What is run ---------------------------------------------------------------------------- */

enum input { NO_INPUT, IDS_OF_ORPHANS, ROWS_OF_ORPHANS, THE_WORD_YES };
enum output {
    ANY_OUTPUT,
    TABLE,
    JSON,
    OUTCOME, /* of rm, in JSON */
    WORDS,   /* a whole document, of sentences that may say less */
};

struct situation {
    const char *words[8]; /* @N stands for segment N's id */
    enum input input;
    enum output output;
    unsigned selected; /* bits of the segments that it is to remove */
    bool all;          /* status 0 promises that all of them are gone */
    bool partial;      /* what it saw of other processes may be a part, when it says so */
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
    {.words = {"limits", "--json"}, .output = JSON, .old = true},
    {.words = {"key", "/"}, .output = TABLE},
    {.words = {"doctor", "--json"}, .output = WORDS},
    {.words = {"doctor", "--key=0x5001", "--size=9000", "--json"}, .output = WORDS},
};

/* A situation in this scene. */
struct run {
    const struct situation *situation;
    struct scene scene;
    const char *words[10];
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

/* Builds the scene and the words for it. */
static void prepare(struct run *run)
{
    scene_build(&run->scene);
    run->words[0] = "shmtool";
    for (int i = 0; i < 8 && run->situation->words[i]; i++) {
        const char *word = run->situation->words[i];

        run->words[i + 1] = *word == '@' ? run->scene.words[word[1] - '0'] : word;
        run->words[i + 2] = NULL;
    }
    write_input(run);
}

/* --- Comparing ------------------------------------------------------------------------------ */

/* What may be unknown when something fails. */
static bool may_be_unknown(const char *name, size_t length)
{
    static const char *const names[] = {"owner", "group", "creator",    "creator_group",
                                        "rss",   "swap",  "command",    "state",
                                        "uid",   "user",  "explanation"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i]) == length && strncmp(names[i], name, length) == 0)
            return true;
    }
    return false;
}

/* Of a command line that cannot be read the name in brackets may be left. */
static bool is_unknown(const char *name, const char *value, size_t length)
{
    /* A sentence. */
    if (strncmp(name, "explanation", 11) == 0)
        return true;
    return strncmp(value, "\"[", 2) == 0 || (length == 4 && strncmp(value, "null", 4) == 0) ||
           (length == 9 && strncmp(value, "\"unknown\"", 9) == 0);
}

/* How long the JSON value is; of an array or an object its bracket alone. */
static size_t value_length(const char *value)
{
    size_t length = 1;

    if (*value == '[' || *value == '{')
        return 1;
    if (*value != '"')
        return strcspn(value, ",}]\n");
    while (value[length] && value[length] != '"')
        length += value[length] == '\\' && value[length + 1] ? 2 : 1;
    return length + 1;
}

/* Whether GOT says what WANT says, but for what may be unknown. */
static bool is_same_json(const char *want, const char *got)
{
    static const char colon[] = "\": ";

    for (;;) {
        const char *want_colon = strstr(want, colon);
        const char *name = want_colon;
        size_t before;
        size_t want_length;
        size_t got_length;

        if (!want_colon)
            return strcmp(want, got) == 0;
        before = (size_t)(want_colon - want) + strlen(colon);
        if (strncmp(want, got, before) != 0)
            return false;
        while (name[-1] != '"')
            name--;
        want += before;
        got += before;
        want_length = value_length(want);
        got_length = value_length(got);
        if ((want_length != got_length || strncmp(want, got, want_length) != 0) &&
            !(may_be_unknown(name, (size_t)(want_colon - name)) &&
              is_unknown(name, got, got_length)))
            return false;
        want += want_length;
        got += got_length;
    }
}

/* In a table an unknown name is a number, anything else that is not known is a dash or nothing. */
static bool may_stand_for(const char *got, size_t got_length, const char *want, size_t want_length)
{
    if (got_length == want_length && strncmp(got, want, want_length) == 0)
        return true;
    return got_length == 0 || *got == '[' || (got_length == 1 && *got == '-') ||
           (got_length == 7 && strncmp(got, "unknown", 7) == 0) ||
           (!isdigit((unsigned char)*want) && strspn(got, "0123456789") >= got_length);
}

/* Takes a word of a table, or a field of CSV, off the front of a line. */
static size_t take_word(const char **at, const char **ret_word)
{
    size_t length;

    *at += strspn(*at, " ");
    *ret_word = *at;
    length = strcspn(*at, " ,\r\n");
    *at += length;
    *at += **at == ',' || **at == '\r';
    return length;
}

/* Compares tables word by word, and CSV field by field. */
static bool is_same_table(const char *want, const char *got)
{
    while (*want && *got) {
        const char *want_word;
        const char *got_word;
        size_t want_length = take_word(&want, &want_word);
        size_t got_length = take_word(&got, &got_word);

        if (!may_stand_for(got_word, got_length, want_word, want_length))
            return false;
        /* A command line, at the line's end, may be missing or shorter. */
        if (*got == '\n' && *want == ' ')
            want += strcspn(want, "\n");
        if ((*want == '\n') != (*got == '\n'))
            return false;
        if (*want == '\n') {
            want++;
            got++;
        }
    }
    return *want == *got;
}

/* The number behind "NAME": in a document. */
static unsigned number_of(const char *text, const char *name)
{
    char mark[32];
    const char *found;

    snprintf(mark, sizeof(mark), "\"%s\": ", name);
    found = strstr(text, mark);
    return found ? (unsigned)strtoul(found + strlen(mark), NULL, 10) : 0;
}

/* --- Judging -------------------------------------------------------------------------------- */

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
    case OUTCOME:
        return number_of(outcome->out, "removed") + number_of(outcome->out, "marked") >=
                           count_bits(removed) &&
                       strstr(outcome->out, "]}\n")
                   ? NULL
                   : "the document does not tell what was removed";
    case WORDS:
        return strncmp(outcome->out, "{\"schema\": 1, ", 14) == 0 &&
                       strcmp(outcome->out + strlen(outcome->out) - 2, "}\n") == 0
                   ? NULL
                   : "the document is not whole";
    case ANY_OUTPUT:
        break;
    }
    return NULL;
}

/* Says what is wrong with a run, or NULL. */
static const char *judge(const struct run *run, const struct fault *fault,
                         const struct outcome *outcome, const struct outcome *reference)
{
    unsigned removed = find_removed(&run->scene);
    int status = WEXITSTATUS(outcome->status);

    if (outcome->hung)
        return "it did not end";
    if (!WIFEXITED(outcome->status))
        return "it was ended by a signal";
    if (status > 4)
        return "no status of shmtool's";
    if (outcome->marks == 0)
        return "it never began";
    if (removed & ~run->situation->selected)
        return "it removed what was not selected";
    if (status >= 2 && removed)
        return "it says that nothing was done, and removed something";
    if (status == 0 && run->situation->all && removed != run->situation->selected)
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
    wrong = judge(run, fault, &outcome, reference);
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

static void run_failure(const char *program, struct run *run, const struct failure *failure,
                        const struct outcome *reference, struct totals *totals)
{
    for (int i = 0; i < (totals->choice->quick ? 1 : MOST_ERRORS) && failure->errors[i]; i++) {
        struct fault fault = {.call = failure->call, .error = failure->errors[i]};

        /* Of a process that tells that it has ended: no fault either. */
        if (fault.error == ENOENT && (run->situation->partial || run->situation->old))
            continue;
        for (fault.nth = 1; fault.nth < MOST_RUNS; fault.nth++) {
            if (!run_once(program, run, failure, &fault, reference, totals))
                break;
        }
        /* No kernel is interrupted for ever. */
        fault.rest = fault.error != EINTR;
        for (fault.nth = 1; fault.rest && fault.nth < MOST_RUNS;
             fault.nth += 1 + (totals->choice->quick ? fault.nth : fault.nth / 4)) {
            if (!run_once(program, run, failure, &fault, reference, totals))
                break;
        }
    }
}

static void run_situation(const char *program, const struct situation *situation,
                          struct totals *totals)
{
    /* A mark is needed, and no fault: the call number of no call. */
    static const struct fault none = {.call = FAULT_MARK};
    struct run run = {.situation = situation};
    struct outcome reference;
    long runs = totals->runs;

    prepare(&run);
    reference = inject(program, run.words, run.input, &none);
    if (reference.marks == 0 || !WIFEXITED(reference.status) || WEXITSTATUS(reference.status) > 1 ||
        find_removed(&run.scene) != situation->selected) {
        printf("%s: cannot be tested: wait status %#x, %s\n", situation->words[0],
               (unsigned)reference.status, reference.err);
        totals->untested++;
    } else {
        for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
            const char *call = totals->choice->call;

            if (!call || strcmp(call, failures[i].name) == 0)
                run_failure(program, &run, &failures[i], &reference, totals);
        }
    }
    scene_clear(&run.scene);
    for (int i = 1; run.words[i]; i++)
        printf("%s ", situation->words[i - 1]);
    printf("- %ld runs\n", totals->runs - runs);
    outcome_release(&reference);
}

long run_cases(const char *program, const struct choice *choice)
{
    struct totals totals = {.choice = choice};

    for (size_t i = 0; i < sizeof(situations) / sizeof(situations[0]); i++) {
        if (!choice->command ||
            (strcmp(situations[i].words[0], choice->command) == 0 && totals.runs == 0))
            run_situation(program, &situations[i], &totals);
    }
    printf("%ld runs, %ld wrong\n", totals.runs, totals.wrong);
    return totals.untested || totals.runs == 0 ? -1 : totals.wrong;
}
