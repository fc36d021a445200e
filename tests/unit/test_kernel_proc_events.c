/*
 * kernel/proc_events: forks and exits as the kernel reports them, and when it does not.
 *
 * wrap: bind send recvmmsg
 */
#include "kernel/proc_events.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tree.h"
#include "unit.h"

/* --- The system, bent where a test wants it --------------------------------------------------- */

static int bind_error;
static int send_error;
static int receive_error;  /* of the next receives */
static int receive_errors; /* how many of them */

int __real_bind(int fd, const struct sockaddr *address, socklen_t length);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t length);
ssize_t __real_send(int fd, const void *data, size_t length, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t length, int flags);
int __real_recvmmsg(int fd, struct mmsghdr *headers, unsigned count, int flags,
                    struct timespec *timeout);
int __wrap_recvmmsg(int fd, struct mmsghdr *headers, unsigned count, int flags,
                    struct timespec *timeout);

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t length)
{
    if (bind_error) {
        errno = bind_error;
        return -1;
    }
    return __real_bind(fd, address, length);
}

ssize_t __wrap_send(int fd, const void *data, size_t length, int flags)
{
    if (send_error) {
        errno = send_error;
        return -1;
    }
    return __real_send(fd, data, length, flags);
}

int __wrap_recvmmsg(int fd, struct mmsghdr *headers, unsigned count, int flags,
                    struct timespec *timeout)
{
    if (receive_error) {
        errno = receive_error;
        if (--receive_errors <= 0)
            receive_error = 0;
        return -1;
    }
    return __real_recvmmsg(fd, headers, count, flags, timeout);
}

static int straighten(void **state)
{
    (void)state;
    bind_error = 0;
    send_error = 0;
    receive_error = 0;
    receive_errors = 0;
    return 0;
}

/* --- What was reported ------------------------------------------------------------------------ */

enum { EVENTS_MAX = 4096 };

/* Of this process and its descendants: others may fork as much as they like. */
struct reported {
    struct {
        pid_t parent;
        pid_t child;
    } forks[EVENTS_MAX];
    size_t fork_count;
    struct exit_event exits[EVENTS_MAX];
    size_t exit_count;
};

static bool is_ours(const struct reported *reported, pid_t pid)
{
    bool found = pid == getpid();

    for (size_t i = 0; !found && i < reported->fork_count; i++)
        found = reported->forks[i].child == pid;
    return found;
}

static void note_fork(void *arg, pid_t parent, pid_t child)
{
    struct reported *reported = arg;

    if (!is_ours(reported, parent))
        return;
    assert_true(reported->fork_count < EVENTS_MAX);
    reported->forks[reported->fork_count].parent = parent;
    reported->forks[reported->fork_count++].child = child;
}

static void note_exit(void *arg, const struct exit_event *event)
{
    struct reported *reported = arg;

    if (!is_ours(reported, event->pid))
        return;
    assert_true(reported->exit_count < EVENTS_MAX);
    reported->exits[reported->exit_count++] = *event;
}

static size_t count_forks(const struct reported *reported, pid_t parent, pid_t child)
{
    size_t count = 0;

    for (size_t i = 0; i < reported->fork_count; i++)
        count += reported->forks[i].parent == parent && reported->forks[i].child == child;
    return count;
}

static size_t count_exits(const struct reported *reported, pid_t pid, bool leader)
{
    size_t count = 0;

    for (size_t i = 0; i < reported->exit_count; i++)
        count += reported->exits[i].pid == pid && reported->exits[i].leader == leader;
    return count;
}

/* Listens, or skips the test where the kernel does not let us. */
static struct proc_events listen_or_skip(void)
{
    struct proc_events events;

    if (proc_events_open(&events) < 0)
        skip_because("the kernel reports no forks here");
    return events;
}

static int read_into(struct proc_events *events, struct reported *reported)
{
    const struct proc_events_handlers handlers = {note_fork, note_exit, reported};

    return proc_events_read(events, &handlers);
}

/* Reads all, or skips the test where others fork so much that not all was kept. */
static void read_all(struct proc_events *events, struct reported *reported)
{
    int r = read_into(events, reported);

    if (r == -ENOBUFS)
        skip_because("others fork too much meanwhile");
    assert_int_equal(r, 0);
}

/* An exit may be reported a little later than wait() returns. */
static void read_until_exit(struct proc_events *events, struct reported *reported, pid_t pid)
{
    enum { SECONDS = 60 };
    struct pollfd more = {.fd = events->fd, .events = POLLIN};
    time_t deadline = time(NULL) + SECONDS;

    do {
        read_all(events, reported);
    } while (count_exits(reported, pid, true) == 0 && time(NULL) < deadline &&
             poll(&more, 1, SECONDS * 1000) > 0);
}

static void wait_for(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- Listening -------------------------------------------------------------------------------- */

static void forks_and_exits_are_reported(void **state)
{
    struct proc_events events = listen_or_skip();
    struct reported *reported = calloc(1, sizeof(*reported));
    pid_t grandchild = 0;
    int ends[2];
    pid_t child;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        grandchild = fork();
        if (grandchild == 0)
            _exit(0);
        if (write(ends[1], &grandchild, sizeof(grandchild)) != sizeof(grandchild))
            _exit(1);
        waitpid(grandchild, NULL, 0);
        _exit(0);
    }
    assert_int_equal(read(ends[0], &grandchild, sizeof(grandchild)), sizeof(grandchild));
    wait_for(child);
    read_until_exit(&events, reported, grandchild);
    assert_int_equal(count_forks(reported, getpid(), child), 1);
    assert_int_equal(count_forks(reported, child, grandchild), 1);
    assert_int_equal(count_exits(reported, grandchild, true), 1);
    assert_int_equal(count_exits(reported, child, false), 0);
    close(ends[0]);
    close(ends[1]);
    free(reported);
    proc_events_close(&events);
}

static void *do_nothing(void *arg)
{
    return arg;
}

static void threads_are_no_forks_but_exits(void **state)
{
    struct proc_events events = listen_or_skip();
    struct reported *reported = calloc(1, sizeof(*reported));
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, do_nothing, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    read_all(&events, reported);
    for (size_t i = 0; i < reported->fork_count; i++)
        assert_int_not_equal(reported->forks[i].parent, getpid());
    assert_int_equal(count_exits(reported, getpid(), true), 0);
    free(reported);
    proc_events_close(&events);
}

static void all_of_a_burst_are_reported(void **state)
{
    struct proc_events events = listen_or_skip();
    struct reported *reported = calloc(1, sizeof(*reported));
    pid_t children[100];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(children); i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(0);
        wait_for(children[i]);
    }
    read_all(&events, reported);
    for (size_t i = 0; i < COUNT_OF(children); i++)
        assert_int_equal(count_forks(reported, getpid(), children[i]), 1);
    free(reported);
    proc_events_close(&events);
}

static void a_second_reading_gives_only_what_is_new(void **state)
{
    struct proc_events events = listen_or_skip();
    struct reported *reported = calloc(1, sizeof(*reported));
    pid_t child = fork();

    (void)state;
    if (child == 0)
        _exit(0);
    wait_for(child);
    read_all(&events, reported);
    assert_int_equal(count_forks(reported, getpid(), child), 1);
    *reported = (struct reported){.fork_count = 0};
    read_all(&events, reported);
    assert_int_equal(count_forks(reported, getpid(), child), 0);
    free(reported);
    proc_events_close(&events);
}

/* --- Not listening ---------------------------------------------------------------------------- */

static void a_loss_is_reported(void **state)
{
    struct proc_events events = listen_or_skip();
    struct reported *reported = calloc(1, sizeof(*reported));
    pid_t child = fork();

    (void)state;
    if (child == 0)
        _exit(0);
    wait_for(child);
    receive_error = ENOBUFS;
    assert_int_equal(read_into(&events, reported), -ENOBUFS);
    assert_int_equal(reported->fork_count + reported->exit_count, 0);
    /* It goes on after that. */
    read_all(&events, reported);
    assert_int_equal(count_forks(reported, getpid(), child), 0);
    free(reported);
    proc_events_close(&events);
}

/* No kernel reports so many in a row: there is nothing to be had any more. */
static void losses_without_end_end_it(void **state)
{
    struct proc_events events = listen_or_skip();
    struct reported *reported = calloc(1, sizeof(*reported));

    (void)state;
    receive_error = ENOBUFS;
    receive_errors = 16;
    assert_int_equal(read_into(&events, reported), -ENOBUFS);
    assert_int_equal(receive_error, 0);
    receive_error = ENOBUFS;
    receive_errors = 1000;
    assert_int_equal(read_into(&events, reported), -ENOTCONN);
    assert_true(receive_errors > 900);
    free(reported);
    proc_events_close(&events);
}

static void silence_is_an_error(void **state)
{
    struct proc_events events = listen_or_skip();
    struct reported *reported = calloc(1, sizeof(*reported));

    (void)state;
    receive_error = EAGAIN; /* not even our own mark comes back */
    assert_int_equal(read_into(&events, reported), -ENOTCONN);
    receive_error = EIO;
    assert_int_equal(read_into(&events, reported), -ENOTCONN);
    free(reported);
    proc_events_close(&events);
}

static void refusals_are_errors_and_leave_nothing_open(void **state)
{
    const int free_before = lowest_descriptor();
    struct proc_events events = PROC_EVENTS_INIT;

    (void)state;
    bind_error = EPERM;
    assert_int_equal(proc_events_open(&events), -EPERM);
    bind_error = 0;
    send_error = ECONNREFUSED;
    assert_int_equal(proc_events_open(&events), -ECONNREFUSED);
    assert_int_equal(events.fd, -1);
    assert_int_equal(lowest_descriptor(), free_before);
    proc_events_close(&events);
}

static void without_an_answer_nobody_listens(void **state)
{
    const int free_before = lowest_descriptor();
    struct proc_events events = listen_or_skip();

    (void)state;
    proc_events_close(&events);
    assert_int_equal(events.fd, -1);
    receive_error = EAGAIN;
    assert_int_equal(proc_events_open(&events), -EPERM);
    assert_int_equal(lowest_descriptor(), free_before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(forks_and_exits_are_reported, straighten),
        cmocka_unit_test_setup(threads_are_no_forks_but_exits, straighten),
        cmocka_unit_test_setup(all_of_a_burst_are_reported, straighten),
        cmocka_unit_test_setup(a_second_reading_gives_only_what_is_new, straighten),
        cmocka_unit_test_setup(a_loss_is_reported, straighten),
        cmocka_unit_test_setup(losses_without_end_end_it, straighten),
        cmocka_unit_test_setup(silence_is_an_error, straighten),
        cmocka_unit_test_setup(refusals_are_errors_and_leave_nothing_open, straighten),
        cmocka_unit_test_setup(without_an_answer_nobody_listens, straighten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
