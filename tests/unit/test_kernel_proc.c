/*
 * kernel/proc on the live system: who has a PID, and since when.
 *
 * wrap: kill clock_gettime
 */
#include "kernel/proc.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

static void a_living_process_has_a_start(void **state)
{
    LOOK look = look_at(NULL);
    pid_t child = start_child();
    struct pid_fact fact = proc_fact(look->proc, child);
    int64_t now = proc_clock(look->proc)->now;

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
    assert_int_equal(proc_fact(look->proc, child).presence, PID_GONE);
}

static void answers_are_kept_until_forgotten(void **state)
{
    LOOK look = look_at(NULL);
    pid_t child = start_child();

    (void)state;
    assert_int_equal(proc_fact(look->proc, child).presence, PID_ALIVE);
    end_child(child);
    assert_int_equal(proc_fact(look->proc, child).presence, PID_ALIVE);
    proc_cache_refresh(look->proc);
    assert_int_equal(proc_fact(look->proc, child).presence, PID_GONE);
}

static void a_zombie_is_gone(void **state)
{
    LOOK look = look_at(NULL);
    pid_t child = start_child();
    siginfo_t info;

    (void)state;
    kill(child, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(proc_fact(look->proc, child).presence, PID_GONE);
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
    time_t end = time(NULL) + 60;
    struct proc_stat stat;

    do {
        assert_int_equal(proc_stat_read(procfs, pid, &stat), 0);
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
    leader = proc_fact(look->proc, child);
    thread = proc_fact(look->proc, tid);
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
    assert_int_equal(proc_fact(look->proc, child).presence, PID_UNKNOWN);
}

static void a_command_line_is_joined_by_blanks(void **state)
{
    LOOK look = look_at(NULL);
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const char *command = proc_command(look->proc, getpid());

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
    assert_null(proc_command(look->proc, child));
}

/* --- The clock -------------------------------------------------------------------------------- */

static bool seems_stepped(time_t set_by)
{
    LOOK look = NULL;

    clock_set_by = set_by;
    look = look_at(NULL);
    return proc_clock(look->proc)->stepped;
}

static void a_clock_set_forward_since_boot_is_noticed(void **state)
{
    time_t honest = honest_clock_offset();

    (void)state;
    assert_false(seems_stepped(honest));
    assert_true(seems_stepped(honest + 3));
    assert_true(seems_stepped(honest + 3600));
    /* As if /proc was mounted so much later: in between the clock may have been set. */
    assert_false(seems_stepped(honest - 30));
    assert_true(seems_stepped(honest - 3600));
}

static void a_clock_set_while_we_run_is_noticed_when_all_is_forgotten(void **state)
{
    LOOK look = NULL;

    (void)state;
    clock_set_by = honest_clock_offset();
    look = look_at(NULL);
    assert_false(proc_clock(look->proc)->stepped);
    clock_set_by += 3600;
    proc_cache_refresh(look->proc);
    assert_true(proc_clock(look->proc)->stepped);
}

/* Before a change only now and boot are read again, and nobody is forgotten. */
static void the_clock_alone_is_read_again(void **state)
{
    LOOK look = NULL;
    pid_t child = start_child();
    struct state_clock before;
    struct state_clock after;

    (void)state;
    clock_set_by = honest_clock_offset();
    look = look_at(NULL);
    before = *proc_clock(look->proc);
    assert_int_equal(proc_fact(look->proc, child).presence, PID_ALIVE);
    end_child(child);
    clock_set_by += 3600;
    proc_clock_refresh(look->proc);
    after = *proc_clock(look->proc);
    assert_in_range(after.now - before.now, 3600, 3660);
    assert_in_range(after.boot - before.boot, 3599, 3601);
    assert_false(after.stepped);
    assert_int_equal(proc_fact(look->proc, child).presence, PID_ALIVE);
}

#define live_test(name) cmocka_unit_test_setup(name, straighten)

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
        live_test(the_clock_alone_is_read_again),
    };

    return cmocka_run_group_tests_name("kernel/proc: live", tests, NULL, NULL);
}
