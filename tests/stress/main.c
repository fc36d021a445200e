/*
 * churn: makes, attaches, detaches, leaves and removes segments at full speed while shmtool lists,
 * changes and removes, and counts what it changed or removed that it should not have.
 *
 *     churn [--rounds N] [--seconds N] SHMTOOL
 *
 * --rounds   of one ls, one set and two rm, default 200; more when something has not happened by
 * then
 * --seconds  no round begins later than that, default 3600
 *
 * Prints what was done, and at the end the removals and the wrong ones among them. Ends with 0 when
 * nothing was wrong and everything was put to the test. Runs in an IPC namespace of the tests only.
 *
 * Who must stay: segments whose creator or last user lives, or that are attached; with --older-than
 * also those that are young. Three look after them: their users, who complain when one is gone or
 * marked; the witness, who reads the kernel's listing all the time; and the rounds, which read what
 * shmtool itself says.
 */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "../helpers/helper.h"
#include "churn.h"

static worker *const workers[] = {work_live,  work_inherit, work_leave,
                                  work_large, work_adopt,   work_witness};
enum { WORKERS = sizeof(workers) / sizeof(workers[0]) };

static pid_t start(struct board *board, int number)
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
    workers[number](board, number);
    _exit(0);
}

/* Goes on until every worker was at it, so that no round is wasted on an empty table. */
static void wait_until_busy(struct board *board)
{
    time_t end = now() + 30;

    while (now() < end && (board->scans < 2 || board->uses < 100 || board->created < 200))
        sched_yield();
}

/* Whether everything that this is about has happened at least once. */
static bool was_tested(const struct board *board, const struct tally *tally)
{
    return tally->rows > 0 && tally->removed > 0 && tally->old > 0 && tally->saved > 0 &&
           tally->set > 0 && tally->left_alone > 0 && board->reused > 0 && board->uses > 0 &&
           board->adopted > 0 && board->sightings > 0;
}

/* The first half takes all orphans there are; then the large ones may grow old. */
static long long run_rounds(struct board *board, const struct options *options, struct tally *tally)
{
    enum { MOST_MORE = 5000 };
    time_t end = now() + options->seconds;
    long long round = 0;

    for (; now() < end && (round < options->rounds ||
                           (!was_tested(board, tally) && round < options->rounds + MOST_MORE));
         round++) {
        bool later = round >= options->rounds / 2;

        if (later)
            atomic_store(&board->only_old, true);
        round_list(board, options->shmtool, tally);
        round_remove(board, options->shmtool, SET_ORPHANS, tally);
        round_remove(board, options->shmtool, round % 2 ? REMOVE_IDS : REMOVE_ROWS, tally);
        round_remove(board, options->shmtool,
                     round % 8 == 3 ? REMOVE_SAVED
                     : !later       ? REMOVE_ORPHANS
                     : round % 4    ? REMOVE_SMALL_ORPHANS
                                    : REMOVE_OLD_ORPHANS,
                     tally);
    }
    return round;
}

/* How many of the orphans that the workers left are still there. */
static unsigned long count_left(const struct board *board)
{
    unsigned long left = 0;

    for (int i = 0; i < SLOTS; i++)
        left += word_state(board->slots[i].word) == SLOT_FAIR;
    return left;
}

static void report(const struct board *board, const struct tally *tally, long long rounds)
{
    static const char *const observers[OBSERVERS] = {
        [BY_USERS] = "as its user saw",
        [BY_WITNESS] = "as the witness saw",
        [BY_ROUNDS] = "as shmtool said",
    };

    printf("%lld rounds: %lu ls with %lu rows, %lu rm\n", rounds, tally->listings, tally->rows,
           tally->removals);
    printf("workers: %lu segments made, %lu with the id of one that was gone, used %lu times; %lu "
           "orphans attached again, %lu of them "
           "marked in the same moment\n",
           board->created, board->reused, board->uses, board->adopted, board->late);
    printf("witness: %lu listings, %lu segments that had to stay and were seen\n", board->scans,
           board->sightings);
    printf("%lu changes by set\n", tally->set);
    printf("%lu removals (%lu by age, %lu saved, %lu more marked, %lu rows with a wrong key left "
           "alone), "
           "%lu wrong\n",
           tally->removed, tally->old, tally->saved, tally->marked, tally->left_alone,
           count_wrong(board));
    for (int i = 0; i < OBSERVERS; i++) {
        for (unsigned long j = 0; j < board->wrong[i] && j < MOST_COMPLAINTS; j++)
            printf("wrong, %s: %s\n", observers[i], board->complaints[i][j]);
    }
}

int main(int argc, char **argv)
{
    struct options options = read_options(argc, argv);
    struct board *board =
        mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct tally tally = {0};
    pid_t pids[WORKERS];
    long long rounds;
    bool tested;

    require_own_namespace();
    if (board == MAP_FAILED)
        die(HELPER_FAILED, "mmap: %s", strerror(errno));
    for (int i = 0; i < WORKERS; i++)
        pids[i] = start(board, i);
    wait_until_busy(board);
    rounds = run_rounds(board, &options, &tally);
    if (!stop_workers(board, pids, WORKERS))
        die(HELPER_FAILED, "a worker failed");
    /* Now that everybody is gone, nothing that was left may stay. */
    round_remove(board, options.shmtool, REMOVE_ORPHANS, &tally);
    report(board, &tally, rounds);
    if (count_left(board) > 0)
        printf("%lu orphans were not removed\n", count_left(board));
    tested = was_tested(board, &tally);
    if (!tested)
        puts("not everything was put to the test");
    return tested && count_wrong(board) == 0 && count_left(board) == 0 ? 0 : HELPER_FAILED;
}
