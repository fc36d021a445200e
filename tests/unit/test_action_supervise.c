/*
 * action/supervise: what a program leaves is removed, and its status survives what goes wrong.
 *
 * The program is a function of this file, called where the child would become another program.
 *
 * wrap: execvp source_read signals_wait signals_stop_self
 */
#include "action/supervise.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipcns.h"
#include "kernel/signals.h"
#include "kernel/source.h"
#include "tree.h"
#include "unit.h"

/* --- The system, bent where a test wants it --------------------------------------------------- */

enum { MADE = 3, STATUS = 57, STRANGER_KEY = 0x77 };

/* What the program and its descendants tell. */
struct page {
    pid_t pid; /* 0: it was not started */
    int ids[MADE];
    pid_t survivor;
};

static struct page *page;      /* shared with the program */
static void (*program)(void);  /* NULL: there is none */
static unsigned readings;      /* of the table so far */
static unsigned good_readings; /* that do not fail */
static bool waits;             /* for descendants */
static bool stop_with_end;     /* a SIGTSTP comes with the program's end */
static bool stop_came;         /* it has */
static int stopped_by;

int __wrap_execvp(const char *file, char *const argv[]);
int __real_source_read(const struct procfs *procfs, bool without_usage,
                       struct segment_list *ret_segments, struct complaint_list *ret_complaints,
                       struct error *err);
int __wrap_source_read(const struct procfs *procfs, bool without_usage,
                       struct segment_list *ret_segments, struct complaint_list *ret_complaints,
                       struct error *err);

void __real_signals_wait(const struct signals *signals, int first_fd, int second_fd,
                         int milliseconds);
void __wrap_signals_wait(const struct signals *signals, int first_fd, int second_fd,
                         int milliseconds);
void __wrap_signals_stop_self(int number);

int __wrap_execvp(const char *file, char *const argv[])
{
    if (!program || strcmp(file, "program") != 0 || argv[1]) {
        errno = ENOENT;
        return -1;
    }
    /* As exec would do. */
    syscall(SYS_close_range, 3, ~0U, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    page->pid = getpid();
    program();
    _exit(STATUS);
}

int __wrap_source_read(const struct procfs *procfs, bool without_usage,
                       struct segment_list *ret_segments, struct complaint_list *ret_complaints,
                       struct error *err)
{
    if (readings++ < good_readings)
        return __real_source_read(procfs, without_usage, ret_segments, ret_complaints, err);
    return error_set_errno(err, EIO, "the table");
}

/* The program's end and the signal are there together. Who waits on finds that nobody lives. */
void __wrap_signals_wait(const struct signals *signals, int first_fd, int second_fd,
                         int milliseconds)
{
    siginfo_t info;

    if (stop_came)
        kill(page->survivor, SIGKILL);
    __real_signals_wait(signals, first_fd, second_fd, milliseconds);
    if (!stop_with_end || stop_came || page->pid == 0)
        return;
    assert_int_equal(waitid(P_PID, (id_t)page->pid, &info, WEXITED | WNOWAIT), 0);
    kill(getpid(), SIGTSTP);
    stop_came = true;
}

/* Who continues us lets the survivor end. */
void __wrap_signals_stop_self(int number)
{
    stopped_by = number;
    kill(page->survivor, SIGKILL);
}

/* --- Programs --------------------------------------------------------------------------------- */

static void do_nothing(void)
{
}

static void make_segments(void)
{
    for (int i = 0; i < MADE; i++)
        page->ids[i] = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
}

static void make_and_be_killed(void)
{
    make_segments();
    raise(SIGKILL);
}

/* A descendant keeps the first one attached. */
static void leave_a_survivor(void)
{
    int ends[2];
    char byte;
    pid_t child;

    make_segments();
    if (pipe(ends) < 0)
        _exit(1);
    child = fork();
    if (child == 0) {
        if ((intptr_t)shmat(page->ids[0], NULL, 0) == -1 || write(ends[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    page->survivor = child;
    if (child < 0 || read(ends[0], &byte, 1) != 1)
        _exit(1);
}

/* What was there before is found by its key. */
static void use_a_stranger(void)
{
    if ((intptr_t)shmat(shmget(STRANGER_KEY, 0, 0), NULL, 0) == -1)
        _exit(1);
}

/* One that is marked for destruction goes by itself. */
static void leave_a_marked_one(void)
{
    leave_a_survivor();
    shmctl(page->ids[0], IPC_RMID, NULL);
}

/* Sends the supervisor both signals, and ends with the number of the lower one that comes back. */
static void send_both(int first, int second)
{
    sigset_t both;

    sigemptyset(&both);
    sigaddset(&both, first);
    sigaddset(&both, second);
    sigprocmask(SIG_BLOCK, &both, NULL);
    kill(getppid(), first);
    kill(getppid(), second);
    _exit(sigwaitinfo(&both, NULL));
}

/* The supervisor takes the lower number first. */
static void send_int_and_usr2(void)
{
    send_both(SIGINT, SIGUSR2);
}

static void send_quit_and_usr2(void)
{
    send_both(SIGQUIT, SIGUSR2);
}

static void send_term(void)
{
    kill(getppid(), SIGTERM);
    for (;;)
        pause();
}

static void send_hup(void)
{
    kill(getppid(), SIGHUP);
    for (;;)
        pause();
}

/* --- A run ------------------------------------------------------------------------------------ */

struct fixture {
    struct system system;
    struct supervise_result result;
    sigset_t mask; /* before */
    int stranger;  /* a segment that was there before */
};

static int setup(void **state)
{
    static struct fixture fixture;

    ipcns_enter();
    fixture = (struct fixture){.stranger = ipcns_segment(STRANGER_KEY, 4096, 0600)};
    sigprocmask(SIG_SETMASK, NULL, &fixture.mask);
    *page = (struct page){.pid = 0};
    program = do_nothing;
    readings = 0;
    good_readings = 10000;
    waits = false;
    stop_with_end = false;
    stop_came = false;
    stopped_by = 0;
    *state = &fixture;
    assert_int_equal(system_open(&fixture.system, NULL, NULL), 0);
    fixture.system.protection = protection_new(NULL);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    if (page->survivor > 0)
        kill(page->survivor, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        continue;
    supervise_result_release(&fixture->result);
    system_close(&fixture->system);
    /* Pending children's ends are ignored, others there are none. */
    sigprocmask(SIG_SETMASK, &fixture->mask, NULL);
    prctl(PR_SET_CHILD_SUBREAPER, 0L, 0L, 0L, 0L);
    return ipcns_teardown(state);
}

static int run(struct fixture *fixture, struct error *err)
{
    char *argv[] = {(char[]){"program"}, NULL};
    const struct supervise_request request = {.argv = argv, .wait = waits};

    return supervise_run(&fixture->system, &request, &fixture->result, err);
}

static bool is_there(int shmid)
{
    struct shmid_ds ds;

    return shmctl(shmid, IPC_STAT, &ds) == 0;
}

/* Nobody is left, and what was there before is. */
static void assert_tidy(const struct fixture *fixture)
{
    assert_true(is_there(fixture->stranger));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* --- What is removed -------------------------------------------------------------------------- */

static void assert_all_removed(struct fixture *fixture, int status)
{
    const struct supervise_result *result = &fixture->result;
    int lowest = lowest_descriptor();

    assert_int_equal(run(fixture, NULL), 0);
    assert_int_equal(lowest_descriptor(), lowest);
    assert_int_equal(result->stage, SUPERVISE_DONE);
    assert_int_equal(result->end.status, status);
    assert_int_equal(result->removal.count, MADE);
    for (size_t i = 0; i < MADE; i++) {
        assert_int_equal(result->removal.items[i].outcome, REMOVAL_REMOVED);
        assert_false(is_there(page->ids[i]));
    }
    assert_int_equal(result->held.count, 0);
    assert_int_equal(result->untraced.count, 0);
    assert_int_equal(result->used.count, 0);
    assert_false(result->any_survivor);
    assert_tidy(fixture);
}

static void what_it_made_is_removed(void **state)
{
    program = make_segments;
    assert_all_removed(*state, STATUS);
}

static void so_it_is_when_it_was_killed(void **state)
{
    program = make_and_be_killed;
    assert_all_removed(*state, 128 + SIGKILL);
}

static void nothing_made_is_nothing_removed(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(run(fixture, NULL), 0);
    assert_int_equal(fixture->result.stage, SUPERVISE_DONE);
    assert_int_equal(fixture->result.end.status, STATUS);
    assert_int_equal(fixture->result.removal.count, 0);
    assert_tidy(fixture);
}

static void what_a_survivor_holds_stays(void **state)
{
    struct fixture *fixture = *state;
    const struct supervise_result *result = &fixture->result;

    program = leave_a_survivor;
    assert_int_equal(run(fixture, NULL), 0);
    assert_int_equal(result->stage, SUPERVISE_DONE);
    assert_int_equal(result->held.count, 1);
    assert_int_equal(result->held.items[0].shmid, page->ids[0]);
    assert_int_equal(result->removal.count, MADE - 1);
    assert_true(is_there(page->ids[0]));
    assert_false(is_there(page->ids[1]));
    assert_false(is_there(page->ids[2]));
    assert_int_equal(kill(page->survivor, 0), 0);
    assert_true(result->any_survivor);
    assert_int_equal(result->survivor_count, 1);
    assert_int_equal(result->survivors[0], page->survivor);
}

/* Where there were children before, a child of ours runs the program, and we end as that does. */
static void children_that_were_there_before_are_no_survivors(void **state)
{
    struct fixture *fixture = *state;
    pid_t self = getpid();
    pid_t child = fork();

    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    page->survivor = child;
    program = make_segments;
    assert_int_equal(run(fixture, NULL), 0);
    if (getpid() != self) {
        const struct supervise_result *result = &fixture->result;

        _exit(result->stage == SUPERVISE_DONE && result->end.status == STATUS &&
                      result->removal.count == MADE && !result->any_survivor
                  ? 42
                  : 1);
    }
    assert_int_equal(fixture->result.stage, SUPERVISE_DONE);
    assert_int_equal(fixture->result.end.status, 42);
    assert_int_equal(fixture->result.removal.count, 0);
    assert_false(fixture->result.any_survivor);
    assert_int_equal(kill(child, 0), 0);
    for (size_t i = 0; i < MADE; i++)
        assert_false(is_there(page->ids[i]));
}

static void what_was_there_before_and_is_used_is_told(void **state)
{
    struct fixture *fixture = *state;
    const struct supervise_result *result = &fixture->result;

    program = use_a_stranger;
    assert_int_equal(run(fixture, NULL), 0);
    assert_int_equal(result->end.status, STATUS);
    assert_int_equal(result->used.count, 1);
    assert_int_equal(result->used.items[0].shmid, fixture->stranger);
    assert_int_equal(result->removal.count, 0);
    assert_tidy(fixture);
}

static void what_is_marked_goes_by_itself(void **state)
{
    struct fixture *fixture = *state;
    const struct supervise_result *result = &fixture->result;

    program = leave_a_marked_one;
    assert_int_equal(run(fixture, NULL), 0);
    assert_int_equal(result->held.count, 0);
    assert_int_equal(result->removal.count, MADE - 1);
    assert_true(is_there(page->ids[0]));
}

/* --- What goes wrong -------------------------------------------------------------------------- */

static void where_there_is_no_program_that_is_said(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct fixture *fixture = *state;
    int lowest = lowest_descriptor();

    program = NULL;
    assert_int_equal(run(fixture, &err), -ENOENT);
    assert_int_equal(fixture->result.stage, SUPERVISE_EXEC);
    assert_string_equal(err.text, "program: No such file or directory");
    assert_int_equal(lowest_descriptor(), lowest);
    assert_tidy(fixture);
}

/* Without knowing what was there before nothing could be removed in the end. */
static void where_nothing_can_be_read_nothing_is_started(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct fixture *fixture = *state;
    int lowest = lowest_descriptor();

    program = make_segments;
    good_readings = 0;
    assert_int_equal(run(fixture, &err), -EIO);
    assert_int_equal(fixture->result.stage, SUPERVISE_READ);
    assert_string_equal(err.text, "the table: Input/output error");
    assert_int_equal(page->pid, 0);
    assert_int_equal(lowest_descriptor(), lowest);
    assert_tidy(fixture);
}

static void what_cannot_be_read_in_the_end_stays(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct fixture *fixture = *state;

    program = make_segments;
    good_readings = 1;
    assert_int_equal(run(fixture, &err), -EIO);
    assert_int_equal(fixture->result.stage, SUPERVISE_CLEAN);
    assert_int_equal(fixture->result.end.status, STATUS);
    assert_string_equal(err.text, "the table: Input/output error");
    assert_int_equal(fixture->result.removal.count, 0);
    for (int i = 0; i < MADE; i++)
        assert_true(is_there(page->ids[i]));
    assert_tidy(fixture);
}

/* --- Signals ---------------------------------------------------------------------------------- */

static void assert_status(struct fixture *fixture, void (*body)(void), int status)
{
    program = body;
    assert_int_equal(run(fixture, NULL), 0);
    assert_int_equal(fixture->result.stage, SUPERVISE_DONE);
    assert_int_equal(fixture->result.end.status, status);
    assert_tidy(fixture);
    sigprocmask(SIG_SETMASK, &fixture->mask, NULL); /* for the next run */
}

static void what_is_to_end_us_ends_it(void **state)
{
    assert_status(*state, send_term, 128 + SIGTERM);
    assert_status(*state, send_hup, 128 + SIGHUP);
}

static void the_keyboards_signals_are_left_to_it(void **state)
{
    assert_status(*state, send_int_and_usr2, SIGUSR2);
    assert_status(*state, send_quit_and_usr2, SIGUSR2);
}

/* The descendants stopped by it would be waited for until somebody continued them. */
static void a_stop_that_comes_with_its_end_is_for_who_waits(void **state)
{
    struct fixture *fixture = *state;

    program = leave_a_survivor;
    waits = true;
    stop_with_end = true;
    assert_int_equal(run(fixture, NULL), 0);
    assert_int_equal(stopped_by, SIGTSTP);
    assert_int_equal(fixture->result.end.status, STATUS);
    assert_int_equal(fixture->result.removal.count, MADE);
    assert_false(fixture->result.any_survivor);
}

static void who_does_not_wait_is_not_stopped_by_it(void **state)
{
    struct fixture *fixture = *state;

    program = leave_a_survivor;
    stop_with_end = true;
    assert_int_equal(run(fixture, NULL), 0);
    assert_int_equal(stopped_by, 0);
    assert_int_equal(fixture->result.end.status, STATUS);
}

int main(void)
{
#define SUPERVISE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        SUPERVISE_TEST(what_it_made_is_removed),
        SUPERVISE_TEST(so_it_is_when_it_was_killed),
        SUPERVISE_TEST(nothing_made_is_nothing_removed),
        SUPERVISE_TEST(what_a_survivor_holds_stays),
        SUPERVISE_TEST(children_that_were_there_before_are_no_survivors),
        SUPERVISE_TEST(what_was_there_before_and_is_used_is_told),
        SUPERVISE_TEST(what_is_marked_goes_by_itself),
        SUPERVISE_TEST(where_there_is_no_program_that_is_said),
        SUPERVISE_TEST(where_nothing_can_be_read_nothing_is_started),
        SUPERVISE_TEST(what_cannot_be_read_in_the_end_stays),
        SUPERVISE_TEST(what_is_to_end_us_ends_it),
        SUPERVISE_TEST(the_keyboards_signals_are_left_to_it),
        SUPERVISE_TEST(a_stop_that_comes_with_its_end_is_for_who_waits),
        SUPERVISE_TEST(who_does_not_wait_is_not_stopped_by_it),
    };

    page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return 1;
    return cmocka_run_group_tests_name("action/supervise", tests, NULL, NULL);
}
