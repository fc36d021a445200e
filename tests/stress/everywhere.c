/*
 * everywhere: `shmtool rm -A --owner` while segments with the same id come and go in many IPC
 * namespaces, and the namespaces too; counts what was removed that should not have been.
 *
 *     everywhere [--rounds N] [--seconds N] SHMTOOL
 *
 * --rounds   runs of rm, default 200; more when something has not happened by then
 * --seconds  no round begins later than that, default 3600
 *
 * A worker is alone in an IPC namespace, with one segment: of the owner that rm names, which may go
 * at any moment, or of somebody else's, which must stay. Most give each new segment the id 0, also
 * while rm asks its question: what it planned to remove is somebody else's then. Some move on to a
 * new namespace, whose number may be that of one that has just ended.
 *
 * No remover can tell a segment that gets another's id between its last look and the removal, so
 * nobody else's takes the id 0 before the run of rm has ended that may have looked: but for the
 * time of the question, when none looks.
 *
 * Prints what was done, and at the end the removals and the wrong ones among them. Ends with 0 when
 * nothing was wrong and everything was put to the test. Runs as root in IPC, PID and mount
 * namespaces of the tests only.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../helpers/helper.h"
#include "churn.h"

/* What a worker does with the id and the namespace of its next segment. */
enum kind {
    SAME_ID,   /* id 0 again */
    NEXT_ID,   /* as the kernel gives them */
    MOVING_ON, /* id 0 of a new namespace */
};

enum { OF_SAME_ID = 20, OF_NEXT_ID = 4, OF_MOVING_ON = 4 };
enum { WORKERS = OF_SAME_ID + OF_NEXT_ID + OF_MOVING_ON };

/* The owner that rm names. Everybody else has another uid. */
enum { OWNER = 50001 };
#define OWNER_OPTION "--owner=50001"

/* What is shared: the board's slots, one for each worker, and of each the namespace it is in. */
struct everywhere {
    struct board board;
    _Atomic uint64_t numbers[WORKERS];
    atomic_ulong question; /* odd while rm asks */
    atomic_ulong swapped;  /* workers that have changed their segment since it does */
    atomic_ulong ended;    /* namespaces */
    atomic_ulong reused;   /* numbers of namespaces that had been another's */
};

/* --- A worker ------------------------------------------------------------------------------- */

enum { NUMBERS_KEPT = 16 };

struct resident {
    struct everywhere *shared;
    struct slot *slot;
    _Atomic uint64_t *number;
    enum kind kind;
    int index;
    unsigned random;
    unsigned made;
    unsigned long until;    /* nobody else's segment is made before so many runs of rm have ended */
    unsigned long since;    /* SLOT_FAIR: runs of rm that had ended when it was made */
    unsigned long question; /* the last one that was answered by a swap */
    uint64_t earlier[NUMBERS_KEPT]; /* numbers of the namespaces that it was in */
    unsigned earlier_count;
};

static bool by_chance(struct resident *me, int of)
{
    return rand_r(&me->random) % of == 0;
}

static void note_number(struct resident *me)
{
    struct stat status;

    if (stat("/proc/self/ns/ipc", &status) < 0)
        die(HELPER_FAILED, "/proc/self/ns/ipc: %s", strerror(errno));
    for (unsigned i = 0; i < NUMBERS_KEPT; i++) {
        if (me->earlier[i] == status.st_ino) {
            atomic_fetch_add(&me->shared->reused, 1);
            break;
        }
    }
    me->earlier[me->earlier_count++ % NUMBERS_KEPT] = status.st_ino;
    atomic_store(me->number, status.st_ino);
}

static void enter_new_namespace(struct resident *me)
{
    if (unshare(CLONE_NEWIPC) < 0)
        die(HELPER_FAILED, "unshare: %s", strerror(errno));
    note_number(me);
}

/* Makes a segment that must stay, or one that may go. */
static void make_segment(struct resident *me, enum slot_state state)
{
    struct slot *slot = me->slot;
    uint32_t key = churn_key(me->index % 16, me->made++, false);
    struct shmid_ds ds;
    int shmid;

    slot_set(slot, SLOT_BUSY);
    if (me->kind == SAME_ID)
        ask_for_id(0);
    shmid = shmget((key_t)key, size_of_key(key), IPC_CREAT | IPC_EXCL | (int)mode_of_key(key));
    if (shmid < 0 || (me->kind != NEXT_ID && shmid != 0) || shmctl(shmid, IPC_STAT, &ds) < 0)
        die(HELPER_FAILED, "shmget: id %d: %s", shmid, strerror(errno));
    ds.shm_perm.uid = state == SLOT_FAIR ? OWNER : OWNER + 1 + me->made % 7;
    if (shmctl(shmid, IPC_SET, &ds) < 0)
        die(HELPER_FAILED, "IPC_SET: %s", strerror(errno));
    atomic_store(&slot->shmid, shmid);
    atomic_store(&slot->key, key);
    slot_set(slot, state);
    me->since = atomic_load(&me->shared->board.removals);
    atomic_fetch_add(&me->shared->board.created, 1);
}

/* Removes what may be gone already, if it may. */
static void remove_segment(struct resident *me)
{
    bool may_be_gone = word_state(me->slot->word) != SLOT_PROTECTED;

    slot_set(me->slot, SLOT_BUSY);
    if (shmctl(me->slot->shmid, IPC_RMID, NULL) < 0 && !may_be_gone)
        complain(&me->shared->board, BY_USERS, "%d in %llu, somebody else's, was gone: %s",
                 me->slot->shmid, (unsigned long long)*me->number, strerror(errno));
    slot_set(me->slot, SLOT_FREE);
    if (may_be_gone && me->kind == SAME_ID)
        me->until = atomic_load(&me->shared->board.removals) + 1;
}

static void check_intact(struct resident *me)
{
    struct board *board = &me->shared->board;
    unsigned long long number = *me->number;
    struct shmid_ds ds;

    if (shmctl(me->slot->shmid, IPC_STAT, &ds) < 0)
        complain(board, BY_USERS, "%d in %llu, somebody else's, is gone: %s", me->slot->shmid,
                 number, strerror(errno));
    else if (ds.shm_perm.mode & SHM_DEST || (uint32_t)ds.shm_perm.__key != me->slot->key)
        complain(board, BY_USERS, "%d in %llu, somebody else's, is marked", me->slot->shmid,
                 number);
}

/* A segment that must stay is attached on and off, until its turn has come to go. */
static void use_segment(struct resident *me)
{
    char *memory = shmat(me->slot->shmid, NULL, 0);

    check_intact(me);
    if ((intptr_t)memory != -1) {
        memory[0] = 1;
        check_intact(me);
        shmdt(memory);
    }
    atomic_fetch_add(&me->shared->board.uses, 1);
}

/* One that may go must have gone once a run of rm has ended that began after it was made. */
static void await_removal(struct resident *me)
{
    bool is_late = atomic_load(&me->shared->board.removals) >= me->since + 2;
    struct shmid_ds ds;

    if (shmctl(me->slot->shmid, IPC_STAT, &ds) < 0) {
        slot_set(me->slot, SLOT_FREE);
    } else if (is_late) {
        complain(&me->shared->board, BY_USERS, "%d in %llu was to be removed, and is still there",
                 me->slot->shmid, (unsigned long long)*me->number);
        remove_segment(me);
    } else if (by_chance(me, 200)) {
        remove_segment(me);
    }
}

/* Leaves the namespace, which ends with all that is in it, unless shmtool has it open. */
static void move_on(struct resident *me)
{
    slot_set(me->slot, SLOT_BUSY);
    enter_new_namespace(me);
    atomic_fetch_add(&me->shared->ended, 1);
    slot_set(me->slot, SLOT_FREE);
}

static void take_step(struct resident *me)
{
    bool may_make_any = me->kind != SAME_ID || me->shared->board.removals >= me->until;

    if (me->kind == MOVING_ON && by_chance(me, 10)) {
        move_on(me);
        return;
    }
    switch (word_state(me->slot->word)) {
    case SLOT_PROTECTED:
        use_segment(me);
        if (by_chance(me, 20))
            remove_segment(me);
        break;
    case SLOT_FAIR:
        await_removal(me);
        break;
    case SLOT_FREE:
        if (me->kind == MOVING_ON && me->made > 0)
            move_on(me);
        if (by_chance(me, 2))
            make_segment(me, SLOT_FAIR);
        else if (may_make_any)
            make_segment(me, SLOT_PROTECTED);
        break;
    case SLOT_BUSY:
        break;
    }
}

/* While rm asks: what it is to remove becomes somebody else's, under the same id. */
static void swap(struct resident *me, unsigned long question)
{
    if (word_state(me->slot->word) == SLOT_FAIR)
        remove_segment(me);
    if (word_state(me->slot->word) == SLOT_FREE)
        make_segment(me, SLOT_PROTECTED);
    me->question = question;
    atomic_fetch_add(&me->shared->swapped, 1);
}

static void work(struct everywhere *shared, int index)
{
    struct resident me = {
        .shared = shared,
        .slot = &shared->board.slots[index],
        .number = &shared->numbers[index],
        .kind = index < OF_SAME_ID                ? SAME_ID
                : index < OF_SAME_ID + OF_NEXT_ID ? NEXT_ID
                                                  : MOVING_ON,
        .index = index,
        .random = (unsigned)index,
    };

    setpriority(PRIO_PROCESS, 0, 10); /* rm is not to wait for all of them */
    enter_new_namespace(&me);
    while (!atomic_load(&shared->board.stop)) {
        unsigned long question = atomic_load(&shared->question);

        if (me.kind == SAME_ID && question % 2 == 1 && question != me.question)
            swap(&me, question);
        else
            take_step(&me);
        sched_yield();
    }
}

static pid_t start(struct everywhere *shared, int index)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid < 0)
        die(HELPER_FAILED, "fork: %s", strerror(errno));
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(HELPER_FAILED);
    work(shared, index);
    _exit(0);
}

/* --- Rounds --------------------------------------------------------------------------------- */

struct sums {
    unsigned long rounds;
    unsigned long asked;   /* of those, with a question that was answered */
    unsigned long removed; /* segments */
    unsigned long marked;
    unsigned long changed; /* left alone: somebody else's by now */
    unsigned long gone;
};

/* Judges a removal that shmtool itself tells of. */
static void judge(struct everywhere *shared, const uint64_t *words, unsigned long long number,
                  int shmid)
{
    for (int i = 0; i < WORKERS; i++) {
        const struct slot *slot = &shared->board.slots[i];

        if (slot->shmid == shmid && shared->numbers[i] == number &&
            word_state(words[i]) == SLOT_PROTECTED && atomic_load(&slot->word) == words[i])
            complain(&shared->board, BY_ROUNDS, "rm: %d in %llu was removed and had to stay", shmid,
                     number);
    }
}

static void judge_results(struct everywhere *shared, const uint64_t *words, const char *text)
{
    static const char mark[] = "{\"shmid\": ";

    while ((text = strstr(text, mark))) {
        unsigned long long number;
        char word[16] = "";
        int shmid = -1;

        text += sizeof(mark) - 1;
        if (sscanf(text,
                   "%d, \"outcome\": \"%15[a-z]\", \"error\": %*[^,], \"bytes\": %*u, "
                   "\"namespace\": %llu",
                   &shmid, word, &number) != 3)
            complain(&shared->board, BY_ROUNDS, "rm: a result '%.90s'", text);
        else if (strcmp(word, "removed") == 0 || strcmp(word, "marked") == 0)
            judge(shared, words, number, shmid);
    }
}

/* When rm asks, has the workers of the same id change their segments before the answer. */
static void answer(struct everywhere *shared, const struct started *started, int input)
{
    siginfo_t info = {0};

    while (!has_complained(started, "(yes/no)") &&
           waitid(P_PID, (id_t)started->child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0)
        sched_yield();
    atomic_store(&shared->swapped, 0);
    atomic_fetch_add(&shared->question, 1);
    while (atomic_load(&shared->swapped) < OF_SAME_ID)
        sched_yield();
    atomic_fetch_add(&shared->question, 1);
    if (write(input, "yes\n", 4) != 4 && errno != EPIPE)
        die(HELPER_FAILED, "a pipe: %s", strerror(errno));
}

static void remove_once(struct everywhere *shared, const char *shmtool, bool asks,
                        struct sums *sums)
{
    const char *const words[] = {
        "shmtool", "rm", "-A", OWNER_OPTION, "--json", asks ? NULL : "--yes", NULL};
    uint64_t before[WORKERS];
    struct started started;
    struct outcome outcome;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        die(HELPER_FAILED, "pipe: %s", strerror(errno));
    for (int i = 0; i < WORKERS; i++)
        before[i] = atomic_load(&shared->board.slots[i].word);
    started = start_shmtool(shmtool, words, ends[0]);
    if (asks)
        answer(shared, &started, ends[1]);
    close(ends[1]);
    outcome = finish_shmtool(&started);
    judge_results(shared, before, outcome.text);
    check_status(&shared->board, &outcome);
    sums->rounds++;
    sums->asked += asks && number_of(outcome.text, "selected") > 0;
    sums->removed += number_of(outcome.text, "removed");
    sums->marked += number_of(outcome.text, "marked");
    sums->changed += number_of(outcome.text, "changed");
    sums->gone += number_of(outcome.text, "gone");
    free(outcome.text);
    atomic_fetch_add(&shared->board.removals, 1);
}

/* The segment of id 0 in our own namespace is somebody else's. */
static void check_own(struct everywhere *shared)
{
    struct shmid_ds ds;

    if (shmctl(0, IPC_STAT, &ds) < 0 || ds.shm_perm.mode & SHM_DEST)
        complain(&shared->board, BY_WITNESS, "0 of our own namespace is gone or marked");
}

/* Whether everything that this is about has happened at least once. */
static bool was_tested(const struct everywhere *shared, const struct sums *sums)
{
    return sums->removed > 0 && sums->asked > 0 && sums->changed > 0 && shared->board.uses > 0 &&
           shared->reused > 0;
}

static void run_rounds(struct everywhere *shared, const struct options *options, struct sums *sums)
{
    enum { MOST_MORE = 2000 };
    time_t end = now() + options->seconds;

    for (long long round = 0;
         now() < end && (round < options->rounds ||
                         (!was_tested(shared, sums) && round < options->rounds + MOST_MORE));
         round++) {
        remove_once(shared, options->shmtool, round % 5 == 0, sums);
        check_own(shared);
    }
}

/* --- All of it ------------------------------------------------------------------------------ */

static unsigned long report(const struct everywhere *shared, const struct sums *sums)
{
    const struct board *board = &shared->board;
    unsigned long wrong = count_wrong(board);

    printf("%lu rounds of rm -A in %d namespaces, %lu of them asked\n", sums->rounds, WORKERS + 1,
           sums->asked);
    printf("workers: %lu segments made, others' used %lu times; %lu namespaces ended, "
           "%lu took an earlier one's number\n",
           board->created, board->uses, shared->ended, shared->reused);
    printf("%lu removals (%lu more marked, %lu gone, %lu left alone with another owner by then), "
           "%lu wrong\n",
           sums->removed, sums->marked, sums->gone, sums->changed, wrong);
    for (int i = 0; i < OBSERVERS; i++) {
        for (unsigned long j = 0; j < board->wrong[i] && j < MOST_COMPLAINTS; j++)
            printf("wrong: %s\n", board->complaints[i][j]);
    }
    return wrong;
}

int main(int argc, char **argv)
{
    struct options options = read_options(argc, argv);
    struct everywhere *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct sums sums = {0};
    pid_t pids[WORKERS];

    require_own_namespace();
    if (shared == MAP_FAILED)
        die(HELPER_FAILED, "mmap: %s", strerror(errno));
    if (shmget(IPC_PRIVATE, 4096, 0600) != 0)
        die(HELPER_FAILED, "there are segments in this namespace already");
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < WORKERS; i++)
        pids[i] = start(shared, i);
    run_rounds(shared, &options, &sums);
    if (!stop_workers(&shared->board, pids, WORKERS))
        die(HELPER_FAILED, "a worker failed");
    if (report(shared, &sums) > 0)
        return HELPER_FAILED;
    if (!was_tested(shared, &sums))
        die(HELPER_FAILED, "not everything was put to the test");
    return 0;
}
