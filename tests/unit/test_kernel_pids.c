/*
 * kernel/pids on the live system: who bears a number, since when, and what that makes of segments.
 *
 * wrap: kill clock_gettime
 */
#include "kernel/pids.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "ipcns.h"
#include "kernel/pidstat.h"
#include "kernel/sysv.h"
#include "look.h"
#include "unit.h"

/* --- The system, bent where a test wants it --------------------------------------------------- */

static bool all_hidden;     /* kill answers as for another user's process */
static time_t clock_set_by; /* how far the clock was set since boot */

int __real_kill(pid_t pid, int signal_number);
int __wrap_kill(pid_t pid, int signal_number);
int __real_clock_gettime(clockid_t id, struct timespec *time);
int __wrap_clock_gettime(clockid_t id, struct timespec *time);

int __wrap_kill(pid_t pid, int signal_number)
{
    if (all_hidden) {
        errno = EPERM;
        return -1;
    }
    return __real_kill(pid, signal_number);
}

int __wrap_clock_gettime(clockid_t id, struct timespec *time)
{
    int r = __real_clock_gettime(id, time);

    if (id == CLOCK_REALTIME)
        time->tv_sec += clock_set_by;
    return r;
}

static int straighten(void **state)
{
    (void)state;
    all_hidden = false;
    clock_set_by = 0;
    return 0;
}

/* --- The live system -------------------------------------------------------------------------- */

/* A child that waits to be killed. */
static pid_t start_child(void)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    return child;
}

static void end_child(pid_t child)
{
    __real_kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void a_living_process_has_a_start(void **state)
{
    LOOK look = look_at(NULL);
    pid_t child = start_child();
    struct pid_fact fact = pids_fact(look->pids, child);
    int64_t now = pids_clock(look->pids)->now;

    (void)state;
    end_child(child);
    assert_int_equal(fact.presence, PID_ALIVE);
    assert_true(fact.has_start);
    assert_in_range(fact.start, now - 5, now + 5);
}

static void a_dead_process_is_gone(void **state)
{
    LOOK look = look_at(NULL);
    pid_t child = start_child();

    (void)state;
    end_child(child);
    assert_int_equal(pids_fact(look->pids, child).presence, PID_GONE);
}

static void answers_are_kept_until_forgotten(void **state)
{
    LOOK look = look_at(NULL);
    pid_t child = start_child();

    (void)state;
    assert_int_equal(pids_fact(look->pids, child).presence, PID_ALIVE);
    end_child(child);
    assert_int_equal(pids_fact(look->pids, child).presence, PID_ALIVE);
    pids_forget(look->pids);
    assert_int_equal(pids_fact(look->pids, child).presence, PID_GONE);
}

static void a_zombie_is_gone(void **state)
{
    LOOK look = look_at(NULL);
    pid_t child = start_child();
    siginfo_t info;

    (void)state;
    __real_kill(child, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(pids_fact(look->pids, child).presence, PID_GONE);
    end_child(child);
}

/* Tells its number and waits. */
static void *wait_in_thread(void *arg)
{
    pid_t tid = (pid_t)syscall(SYS_gettid);
    const int *fd = arg;

    if (write(*fd, &tid, sizeof(tid)) != (ssize_t)sizeof(tid))
        _exit(1);
    for (;;)
        pause();
    return NULL;
}

/* A child whose leader ends once a second thread runs; sets the thread's number. */
static pid_t start_leaderless(pid_t *ret_tid)
{
    int fds[2];
    pid_t child;

    assert_int_equal(pipe(fds), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        pthread_t thread;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (pthread_create(&thread, NULL, wait_in_thread, &fds[1]) != 0)
            _exit(1);
        syscall(SYS_exit, 0); /* this thread alone */
    }
    assert_int_equal(read(fds[0], ret_tid, sizeof(*ret_tid)), sizeof(*ret_tid));
    close(fds[0]);
    close(fds[1]);
    return child;
}

static void wait_for_zombie(const struct procfs *procfs, pid_t pid)
{
    time_t end = time(NULL) + 10;
    struct pidstat stat;

    do {
        assert_int_equal(pidstat_read(procfs, pid, &stat), 0);
        assert_true(time(NULL) < end);
    } while (stat.state != 'Z');
}

static void a_dead_leader_with_a_living_thread_is_alive(void **state)
{
    LOOK look = look_at(NULL);
    pid_t tid;
    pid_t child = start_leaderless(&tid);
    struct pid_fact leader;
    struct pid_fact thread;

    (void)state;
    wait_for_zombie(&look->procfs, child);
    leader = pids_fact(look->pids, child);
    thread = pids_fact(look->pids, tid);
    end_child(child);
    assert_int_equal(leader.presence, PID_ALIVE);
    assert_true(leader.has_start);
    assert_int_equal(thread.presence, PID_GONE);
}

static void a_hidden_process_is_unknown(void **state)
{
    LOOK look = look_at(NULL);
    pid_t child = start_child();

    (void)state;
    end_child(child);
    all_hidden = true; /* /proc shows nothing, kill says that it is there */
    assert_int_equal(pids_fact(look->pids, child).presence, PID_UNKNOWN);
}

static void a_command_line_is_joined_by_blanks(void **state)
{
    LOOK look = look_at(NULL);
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const char *command = pids_command(look->pids, getpid());

    (void)state;
    assert_int_equal(procfs_read_file(&look->procfs, "proc/self/cmdline", 65536, &text, NULL), 0);
    assert_string_equal(command, strbuf_string(&text)); /* no arguments: nothing to join */
}

static void the_dead_have_no_command(void **state)
{
    LOOK look = look_at(NULL);
    pid_t child = start_child();

    (void)state;
    end_child(child);
    assert_null(pids_command(look->pids, child));
}

/* --- The clock -------------------------------------------------------------------------------- */

/* How far this machine's clock has to be set so that process 1 starts when /proc was mounted. */
static time_t to_an_honest_clock(void)
{
    struct timespec now;
    struct timespec since_boot;
    struct procfs procfs;
    struct pidstat first;
    struct stat mounted;

    assert_int_equal(__real_clock_gettime(CLOCK_REALTIME, &now), 0);
    assert_int_equal(__real_clock_gettime(CLOCK_BOOTTIME, &since_boot), 0);
    assert_int_equal(procfs_open(&procfs, NULL, NULL), 0);
    assert_int_equal(pidstat_read(&procfs, 1, &first), 0);
    procfs_close(&procfs);
    assert_int_equal(stat("/proc", &mounted), 0);
    return mounted.st_mtim.tv_sec - (now.tv_sec - since_boot.tv_sec) -
           (time_t)(first.start / (uint64_t)sysconf(_SC_CLK_TCK));
}

static bool seems_stepped(time_t set_by)
{
    LOOK look = NULL;

    clock_set_by = set_by;
    look = look_at(NULL);
    return pids_clock(look->pids)->stepped;
}

static void a_clock_set_forward_since_boot_is_noticed(void **state)
{
    time_t honest = to_an_honest_clock();

    (void)state;
    assert_false(seems_stepped(honest));
    assert_true(seems_stepped(honest + 3));
    assert_true(seems_stepped(honest + 3600));
    assert_false(seems_stepped(honest - 3600)); /* backward does no harm */
}

static void a_clock_set_while_we_run_is_noticed_when_all_is_forgotten(void **state)
{
    LOOK look = NULL;

    (void)state;
    clock_set_by = to_an_honest_clock();
    look = look_at(NULL);
    assert_false(pids_clock(look->pids)->stepped);
    clock_set_by += 3600;
    pids_forget(look->pids);
    assert_true(pids_clock(look->pids)->stepped);
}

/* The id of no segment. */
#define NO_SEGMENT INT_MAX

/* The creator of a segment made before the clock was set: never taken for somebody else. */
static void a_stepped_clock_makes_no_orphan(void **state)
{
    LOOK look = NULL;
    pid_t child = start_child();
    struct segment segment = {.shmid = NO_SEGMENT, .cpid = child};
    struct timespec now;

    (void)state;
    clock_set_by = to_an_honest_clock();
    __wrap_clock_gettime(CLOCK_REALTIME, &now);
    segment.ctime = now.tv_sec;
    look = look_at(NULL);
    assert_int_equal(pids_state(look->pids, &segment), STATE_IDLE);
    assert_non_null(pids_creator_command(look->pids, &segment));
    clock_set_by += 3600;
    pids_forget(look->pids);
    assert_int_equal(pids_state(look->pids, &segment), STATE_UNKNOWN);
    assert_null(pids_creator_command(look->pids, &segment));
    end_child(child);
    pids_forget(look->pids);
    assert_int_equal(pids_state(look->pids, &segment), STATE_ORPHAN);
}

static void a_later_process_of_the_creators_number_is_somebody_else(void **state)
{
    LOOK look = NULL;
    pid_t child = start_child();
    struct segment segment = {.shmid = NO_SEGMENT, .cpid = child};
    struct timespec now;

    (void)state;
    clock_set_by = to_an_honest_clock();
    __wrap_clock_gettime(CLOCK_REALTIME, &now);
    look = look_at(NULL);
    segment.ctime = now.tv_sec - 60;
    if (segment.ctime < pids_clock(look->pids)->boot) {
        end_child(child);
        skip(); /* up for less than a minute */
    }
    assert_int_equal(pids_state(look->pids, &segment), STATE_ORPHAN);
    assert_null(pids_creator_command(look->pids, &segment));
    end_child(child);
}

/* Makes a segment whose creator is dead, and reads it. */
static struct segment make_orphan(void)
{
    struct segment segment;
    pid_t child;
    int shmid;

    ipcns_enter();
    child = fork();
    if (child == 0)
        _exit(shmget(0x0bad, 4096, IPC_CREAT | IPC_EXCL | 0600) < 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    shmid = shmget(0x0bad, 0, 0);
    assert_true(shmid >= 0);
    assert_int_equal(sysv_stat(shmid, &segment), 0);
    assert_int_equal(segment.cpid, child);
    return segment;
}

/* Read, then attached by somebody who lives: what was read does not tell what it is. */
static void what_was_touched_since_it_was_read_is_no_orphan(void **state)
{
    struct segment segment = make_orphan();
    LOOK look = look_at(NULL);
    void *memory;

    (void)state;
    assert_int_equal(pids_state(look->pids, &segment), STATE_ORPHAN);
    memory = shmat(segment.shmid, NULL, 0);
    assert_true((intptr_t)memory != -1);
    assert_int_equal(pids_state(look->pids, &segment), STATE_UNKNOWN);
    assert_int_equal(shmdt(memory), 0);
    assert_int_equal(pids_state(look->pids, &segment), STATE_UNKNOWN);
    /* Read again it is what it is. */
    assert_int_equal(sysv_stat(segment.shmid, &segment), 0);
    assert_int_equal(pids_state(look->pids, &segment), STATE_IDLE);
}

/* What was known of the dead before the segment was read needs no second look at it. */
static void an_orphan_of_the_known_dead_is_one_at_once(void **state)
{
    struct segment segment = make_orphan();
    LOOK look = look_at(NULL);
    void *memory;

    (void)state;
    assert_int_equal(pids_fact(look->pids, segment.cpid).presence, PID_GONE);
    segment.read_at = clock_monotonic() + 1;
    memory = shmat(segment.shmid, NULL, 0);
    assert_true((intptr_t)memory != -1);
    assert_int_equal(pids_state(look->pids, &segment), STATE_ORPHAN);
    pids_forget(look->pids);
    assert_int_equal(pids_state(look->pids, &segment), STATE_UNKNOWN);
    assert_int_equal(shmdt(memory), 0);
}

static void what_is_gone_since_it_was_read_was_an_orphan(void **state)
{
    struct segment segment = make_orphan();
    LOOK look = look_at(NULL);

    (void)state;
    assert_int_equal(sysv_remove(segment.shmid), 0);
    assert_int_equal(pids_state(look->pids, &segment), STATE_ORPHAN);
}

#define live_test(name) cmocka_unit_test_setup(name, straighten)
#define segment_test(name) cmocka_unit_test_setup_teardown(name, straighten, ipcns_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        live_test(a_living_process_has_a_start),
        live_test(a_dead_process_is_gone),
        live_test(answers_are_kept_until_forgotten),
        live_test(a_zombie_is_gone),
        live_test(a_dead_leader_with_a_living_thread_is_alive),
        live_test(a_hidden_process_is_unknown),
        live_test(a_command_line_is_joined_by_blanks),
        live_test(the_dead_have_no_command),
        live_test(a_clock_set_forward_since_boot_is_noticed),
        live_test(a_clock_set_while_we_run_is_noticed_when_all_is_forgotten),
        live_test(a_stepped_clock_makes_no_orphan),
        live_test(a_later_process_of_the_creators_number_is_somebody_else),
        segment_test(what_was_touched_since_it_was_read_is_no_orphan),
        segment_test(an_orphan_of_the_known_dead_is_one_at_once),
        segment_test(what_is_gone_since_it_was_read_was_an_orphan),
    };

    return cmocka_run_group_tests_name("kernel/pids: live", tests, NULL, NULL);
}
