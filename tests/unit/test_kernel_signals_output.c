/*
 * kernel/signals: output that may block, and waiting that a signal or a lost reader ends.
 *
 * wrap: open
 */
#include "kernel/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "tree.h"
#include "unit.h"

static int open_error;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...)
{
    if (!open_error)
        return __real_open(path, flags);
    errno = open_error;
    return -1;
}

struct fixture {
    struct interrupts interrupts;
    int ends[2]; /* of a pipe */
    int output;
};

static int setup(void **state)
{
    static struct fixture fixture;

    open_error = 0;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(fixture.ends), 0);
    assert_int_equal(interrupts_block(&fixture.interrupts, NULL), 0);
    fixture.output = -1;
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    interrupts_release(&fixture->interrupts);
    for (int i = 0; i < 2; i++) {
        if (fixture->ends[i] >= 0)
            close(fixture->ends[i]);
    }
    if (fixture->output >= 0)
        close(fixture->output);
    signal(SIGPIPE, SIG_DFL);
    return 0;
}

static void open_output(struct fixture *fixture, int output)
{
    fixture->output = interrupts_open_output(output);
    assert_true(fixture->output >= 0);
    assert_int_not_equal(fixture->output, output);
    assert_true(fcntl(fixture->output, F_GETFD) & FD_CLOEXEC);
}

static bool is_nonblocking(int fd)
{
    return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
}

static void a_pipe_does_not_block_and_keeps_its_mode_for_others(void **state)
{
    struct fixture *fixture = *state;

    open_output(fixture, fixture->ends[1]);
    assert_true(is_nonblocking(fixture->output));
    assert_false(is_nonblocking(fixture->ends[1]));
}

static void a_terminal_does_not_either(void **state)
{
    struct fixture *fixture = *state;
    int master;
    int slave;

    assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
    open_output(fixture, slave);
    assert_true(is_nonblocking(fixture->output));
    assert_false(is_nonblocking(slave));
    close(master);
    close(slave);
}

/* What is opened again would begin at its start, over what others wrote. */
static void a_file_keeps_its_place(void **state)
{
    struct fixture *fixture = *state;
    char path[] = "/tmp/output.XXXXXX";
    char text[8] = "";
    int file = mkstemp(path);

    assert_true(file >= 0);
    unlink(path);
    assert_int_equal(write(file, "one ", 4), 4);
    open_output(fixture, file);
    assert_int_equal(interrupts_write(&fixture->interrupts, fixture->output, "two", 3), 0);
    assert_int_equal(pread(file, text, sizeof(text), 0), 7);
    assert_string_equal(text, "one two");
    close(file);
}

static void what_cannot_be_opened_again_is_used_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    char text[4] = "";

    open_error = EACCES;
    open_output(fixture, fixture->ends[1]);
    assert_false(is_nonblocking(fixture->output));
    assert_int_equal(interrupts_write(&fixture->interrupts, fixture->output, "abc", 3), 0);
    assert_int_equal(read(fixture->ends[0], text, 3), 3);
    assert_string_equal(text, "abc");
    assert_int_equal(interrupts_open_output(-1), -EBADF);
}

/* Writes until a signal, which a child sends once nothing more fits. */
static void assert_signal_ends_write(struct fixture *fixture, int signal_number)
{
    static char data[1 << 20];
    pid_t parent = getpid();
    pid_t child = fork();

    if (child == 0) {
        struct timespec moment = {0, 1000000};
        int pending = 0;
        int last = -1;

        /* The pipe is full when it does not become fuller. */
        while (pending == 0 || pending != last) {
            last = pending;
            nanosleep(&moment, NULL);
            if (fcntl(fixture->ends[0], F_GETPIPE_SZ) < 0 ||
                ioctl(fixture->ends[0], FIONREAD, &pending) < 0)
                _exit(1);
        }
        _exit(kill(parent, signal_number) < 0);
    }
    assert_int_equal(interrupts_write(&fixture->interrupts, fixture->output, data, sizeof(data)),
                     -EINTR);
    assert_true(interrupts_pending(&fixture->interrupts));
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void a_signal_ends_output_that_nobody_takes(void **state)
{
    struct fixture *fixture = *state;

    open_output(fixture, fixture->ends[1]);
    assert_signal_ends_write(fixture, SIGTERM);
}

static void also_where_writing_blocks(void **state)
{
    struct fixture *fixture = *state;

    open_error = EACCES;
    open_output(fixture, fixture->ends[1]);
    assert_signal_ends_write(fixture, SIGINT);
}

static void all_is_written_when_it_is_taken(void **state)
{
    enum { SIZE = 300000 };
    static char data[SIZE];
    static char taken[SIZE];
    struct fixture *fixture = *state;
    size_t done = 0;
    pid_t child;
    int status;

    memset(data, 'x', SIZE);
    open_output(fixture, fixture->ends[1]);
    child = fork();
    if (child == 0)
        _exit(interrupts_write(&fixture->interrupts, fixture->output, data, SIZE) != 0);
    while (done < SIZE) {
        ssize_t got = read(fixture->ends[0], taken + done, SIZE - done);

        assert_true(got > 0);
        done += (size_t)got;
    }
    assert_memory_equal(taken, data, SIZE);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a_failed_write_says_why(void **state)
{
    struct fixture *fixture = *state;
    int full = __real_open("/dev/full", O_WRONLY | O_CLOEXEC);

    assert_true(full >= 0);
    open_output(fixture, full);
    assert_int_equal(interrupts_write(&fixture->interrupts, fixture->output, "x", 1), -ENOSPC);
    close(full);
    close(fixture->output);
    open_output(fixture, fixture->ends[1]);
    close(fixture->ends[0]);
    fixture->ends[0] = -1;
    assert_int_equal(interrupts_write(&fixture->interrupts, fixture->output, "x", 1), -EPIPE);
}

/* --- Waiting ---------------------------------------------------------------------------------- */

static void a_wait_ends_at_its_deadline(void **state)
{
    struct fixture *fixture = *state;
    int64_t deadline = clock_monotonic() + 3000000;

    open_output(fixture, fixture->ends[1]);
    assert_int_equal(interrupts_wait(&fixture->interrupts, fixture->output, deadline), 0);
    assert_true(clock_monotonic() >= deadline);
    assert_int_equal(interrupts_wait(&fixture->interrupts, fixture->output, 0), 0);
}

static void a_wait_ends_with_a_signal(void **state)
{
    struct fixture *fixture = *state;

    open_output(fixture, fixture->ends[1]);
    raise(SIGTERM);
    assert_int_equal(interrupts_wait(&fixture->interrupts, fixture->output, INT64_MAX), -EINTR);
}

static void a_wait_ends_when_nobody_reads_any_more(void **state)
{
    struct fixture *fixture = *state;

    open_output(fixture, fixture->ends[1]);
    close(fixture->ends[0]);
    fixture->ends[0] = -1;
    assert_int_equal(interrupts_wait(&fixture->interrupts, fixture->output, INT64_MAX), -EPIPE);
}

static void a_socket_is_output_too(void **state)
{
    struct fixture *fixture = *state;
    int ends[2];
    char text[4] = "";

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    open_output(fixture, ends[1]);
    assert_int_equal(interrupts_write(&fixture->interrupts, fixture->output, "abc", 3), 0);
    assert_int_equal(read(ends[0], text, 3), 3);
    close(ends[1]);
    close(ends[0]);
    assert_int_equal(interrupts_wait(&fixture->interrupts, fixture->output, INT64_MAX), -EPIPE);
}

static void a_wait_until_takes_so_long(void **state)
{
    int64_t deadline = clock_monotonic() + 2000000;

    (void)state;
    clock_wait_until(deadline);
    assert_true(clock_monotonic() >= deadline);
    clock_wait_until(0);
}

int main(void)
{
#define OUTPUT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        OUTPUT_TEST(a_pipe_does_not_block_and_keeps_its_mode_for_others),
        OUTPUT_TEST(a_terminal_does_not_either),
        OUTPUT_TEST(a_file_keeps_its_place),
        OUTPUT_TEST(what_cannot_be_opened_again_is_used_as_it_is),
        OUTPUT_TEST(a_signal_ends_output_that_nobody_takes),
        OUTPUT_TEST(also_where_writing_blocks),
        OUTPUT_TEST(all_is_written_when_it_is_taken),
        OUTPUT_TEST(a_failed_write_says_why),
        OUTPUT_TEST(a_wait_ends_at_its_deadline),
        OUTPUT_TEST(a_wait_ends_with_a_signal),
        OUTPUT_TEST(a_wait_ends_when_nobody_reads_any_more),
        OUTPUT_TEST(a_socket_is_output_too),
        cmocka_unit_test(a_wait_until_takes_so_long),
    };

    return cmocka_run_group_tests_name("kernel/signals: output", tests, NULL, NULL);
}
