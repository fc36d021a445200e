/*
 * kernel/forks: births and deaths as the kernel tells them, and when it does not.
 *
 * wrap: bind send recvmmsg
 */
#include "kernel/forks.h"

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

/* --- What was told ---------------------------------------------------------------------------- */

enum { MOST = 4096 };

struct told {
    struct {
        pid_t parent;
        pid_t child;
    } births[MOST];
    size_t birth_count;
    struct kinship_end ends[MOST];
    size_t end_count;
};

static void note_birth(void *arg, pid_t parent, pid_t child)
{
    struct told *told = arg;

    assert_true(told->birth_count < MOST);
    told->births[told->birth_count].parent = parent;
    told->births[told->birth_count++].child = child;
}

static void note_end(void *arg, const struct kinship_end *end)
{
    struct told *told = arg;

    assert_true(told->end_count < MOST);
    told->ends[told->end_count++] = *end;
}

static size_t count_births(const struct told *told, pid_t parent, pid_t child)
{
    size_t count = 0;

    for (size_t i = 0; i < told->birth_count; i++)
        count += told->births[i].parent == parent && told->births[i].child == child;
    return count;
}

static size_t count_ends(const struct told *told, pid_t number, bool leader)
{
    size_t count = 0;

    for (size_t i = 0; i < told->end_count; i++)
        count += told->ends[i].number == number && told->ends[i].leader == leader;
    return count;
}

/* Listens, or skips the test where the kernel does not let us. */
static struct forks listen_or_skip(void)
{
    struct forks forks;

    if (forks_open(&forks) < 0)
        skip(); /* an ordinary user before Linux 6.6, or not in the first namespaces */
    return forks;
}

static int read_into(struct forks *forks, struct told *told)
{
    const struct forks_sink sink = {note_birth, note_end, told};

    return forks_read(forks, &sink);
}

/* Ends may be told a little later than wait() tells them. */
static void read_until_end(struct forks *forks, struct told *told, pid_t number)
{
    enum { SECONDS = 10 };
    struct pollfd more = {.fd = forks->fd, .events = POLLIN};
    time_t deadline = time(NULL) + SECONDS;

    do {
        assert_int_equal(read_into(forks, told), 0);
    } while (count_ends(told, number, true) == 0 && time(NULL) < deadline &&
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

static void births_and_ends_are_told(void **state)
{
    struct forks forks = listen_or_skip();
    struct told *told = calloc(1, sizeof(*told));
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
    read_until_end(&forks, told, grandchild);
    assert_int_equal(count_births(told, getpid(), child), 1);
    assert_int_equal(count_births(told, child, grandchild), 1);
    assert_int_equal(count_ends(told, grandchild, true), 1);
    assert_int_equal(count_ends(told, child, false), 0);
    close(ends[0]);
    close(ends[1]);
    free(told);
    forks_close(&forks);
}

static void *do_nothing(void *arg)
{
    return arg;
}

static void threads_are_no_births_but_ends(void **state)
{
    struct forks forks = listen_or_skip();
    struct told *told = calloc(1, sizeof(*told));
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, do_nothing, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(read_into(&forks, told), 0);
    for (size_t i = 0; i < told->birth_count; i++)
        assert_int_not_equal(told->births[i].parent, getpid());
    assert_int_equal(count_ends(told, getpid(), true), 0);
    free(told);
    forks_close(&forks);
}

static void all_of_a_burst_are_told(void **state)
{
    struct forks forks = listen_or_skip();
    struct told *told = calloc(1, sizeof(*told));
    pid_t children[100];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(children); i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(0);
        wait_for(children[i]);
    }
    assert_int_equal(read_into(&forks, told), 0);
    for (size_t i = 0; i < COUNT_OF(children); i++)
        assert_int_equal(count_births(told, getpid(), children[i]), 1);
    free(told);
    forks_close(&forks);
}

static void a_second_reading_gives_only_what_is_new(void **state)
{
    struct forks forks = listen_or_skip();
    struct told *told = calloc(1, sizeof(*told));
    pid_t child = fork();

    (void)state;
    if (child == 0)
        _exit(0);
    wait_for(child);
    assert_int_equal(read_into(&forks, told), 0);
    assert_int_equal(count_births(told, getpid(), child), 1);
    *told = (struct told){.birth_count = 0};
    assert_int_equal(read_into(&forks, told), 0);
    assert_int_equal(count_births(told, getpid(), child), 0);
    free(told);
    forks_close(&forks);
}

/* --- Not listening ---------------------------------------------------------------------------- */

static void a_loss_is_told(void **state)
{
    struct forks forks = listen_or_skip();
    struct told *told = calloc(1, sizeof(*told));
    pid_t child = fork();

    (void)state;
    if (child == 0)
        _exit(0);
    wait_for(child);
    receive_error = ENOBUFS;
    assert_int_equal(read_into(&forks, told), -ENOBUFS);
    assert_int_equal(told->birth_count + told->end_count, 0);
    /* It goes on after that. */
    assert_int_equal(read_into(&forks, told), 0);
    assert_int_equal(count_births(told, getpid(), child), 0);
    free(told);
    forks_close(&forks);
}

/* No kernel tells of so many in a row: there is nothing to be had any more. */
static void losses_without_end_are_an_end(void **state)
{
    struct forks forks = listen_or_skip();
    struct told *told = calloc(1, sizeof(*told));

    (void)state;
    receive_error = ENOBUFS;
    receive_errors = 16;
    assert_int_equal(read_into(&forks, told), -ENOBUFS);
    assert_int_equal(receive_error, 0);
    receive_error = ENOBUFS;
    receive_errors = 1000;
    assert_int_equal(read_into(&forks, told), -ENOTCONN);
    assert_true(receive_errors > 900);
    free(told);
    forks_close(&forks);
}

static void silence_is_told(void **state)
{
    struct forks forks = listen_or_skip();
    struct told *told = calloc(1, sizeof(*told));

    (void)state;
    receive_error = EAGAIN; /* not even our own mark comes back */
    assert_int_equal(read_into(&forks, told), -ENOTCONN);
    receive_error = EIO;
    assert_int_equal(read_into(&forks, told), -ENOTCONN);
    free(told);
    forks_close(&forks);
}

static void refusals_are_told_and_leave_nothing_open(void **state)
{
    const int free_before = lowest_descriptor();
    struct forks forks = FORKS_INIT;

    (void)state;
    bind_error = EPERM;
    assert_int_equal(forks_open(&forks), -EPERM);
    bind_error = 0;
    send_error = ECONNREFUSED;
    assert_int_equal(forks_open(&forks), -ECONNREFUSED);
    assert_int_equal(forks.fd, -1);
    assert_int_equal(lowest_descriptor(), free_before);
    forks_close(&forks);
}

static void without_an_answer_nobody_listens(void **state)
{
    const int free_before = lowest_descriptor();
    struct forks forks = listen_or_skip();

    (void)state;
    forks_close(&forks);
    assert_int_equal(forks.fd, -1);
    receive_error = EAGAIN;
    assert_int_equal(forks_open(&forks), -EPERM);
    assert_int_equal(lowest_descriptor(), free_before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(births_and_ends_are_told, straighten),
        cmocka_unit_test_setup(threads_are_no_births_but_ends, straighten),
        cmocka_unit_test_setup(all_of_a_burst_are_told, straighten),
        cmocka_unit_test_setup(a_second_reading_gives_only_what_is_new, straighten),
        cmocka_unit_test_setup(a_loss_is_told, straighten),
        cmocka_unit_test_setup(losses_without_end_are_an_end, straighten),
        cmocka_unit_test_setup(silence_is_told, straighten),
        cmocka_unit_test_setup(refusals_are_told_and_leave_nothing_open, straighten),
        cmocka_unit_test_setup(without_an_answer_nobody_listens, straighten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
