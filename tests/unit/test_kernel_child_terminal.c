/*
 * kernel/child: who has the terminal, on one of the test's own and where there is none.
 *
 * wrap: tcgetpgrp tcsetpgrp
 */
#include "kernel/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tree.h"
#include "unit.h"

static int get_error;
static int set_error;

pid_t __real_tcgetpgrp(int fd);
pid_t __wrap_tcgetpgrp(int fd);
int __real_tcsetpgrp(int fd, pid_t group);
int __wrap_tcsetpgrp(int fd, pid_t group);

pid_t __wrap_tcgetpgrp(int fd)
{
    if (!get_error)
        return __real_tcgetpgrp(fd);
    errno = get_error;
    return -1;
}

int __wrap_tcsetpgrp(int fd, pid_t group)
{
    if (!set_error)
        return __real_tcsetpgrp(fd, group);
    errno = set_error;
    return -1;
}

/* In a process of its own: there a session can be begun. Ends it with the line of what is wrong. */
#define EXPECT(condition) \
    do { \
        if (!(condition)) \
            _exit(__LINE__ % 256); \
    } while (0)

/* Runs BODY as the leader of a session without a terminal. */
static void in_a_session(void (*body)(void))
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        EXPECT(setsid() > 0);
        body();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) != 0)
        fail_msg("line %d: not so", WEXITSTATUS(status));
}

/* Gives this session a terminal. Returns the end of whoever would sit at it. */
static int open_own_terminal(void)
{
    int front = posix_openpt(O_RDWR | O_NOCTTY);
    int own;

    EXPECT(front >= 0 && grantpt(front) == 0 && unlockpt(front) == 0);
    own = open(ptsname(front), O_RDWR | O_NOCTTY);
    EXPECT(own >= 0 && ioctl(own, TIOCSCTTY, 0) == 0);
    /* Standard streams do not matter. */
    close(own);
    return front;
}

/* A process group of this session that lasts as long as this process. */
static pid_t start_group(void)
{
    pid_t child = fork();

    EXPECT(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    EXPECT(setpgid(child, child) == 0);
    return child;
}

static void without_terminal(void)
{
    int lowest = lowest_descriptor();

    EXPECT(terminal_foreground() == -ENXIO);
    EXPECT(terminal_give(getpgrp()) == -ENXIO);
    EXPECT(lowest_descriptor() == lowest);
}

static void where_there_is_none_that_is_said(void **state)
{
    (void)state;
    in_a_session(without_terminal);
}

static void handed_over(void)
{
    int front = open_own_terminal();
    int lowest = lowest_descriptor();
    pid_t group = start_group();

    EXPECT(terminal_foreground() == getpgrp());
    EXPECT(terminal_give(group) == 0);
    EXPECT(terminal_foreground() == group);
    EXPECT(__real_tcgetpgrp(front) == group);
    EXPECT(lowest_descriptor() == lowest);
    /* From the background too, as all signals are blocked then. */
    EXPECT(signal(SIGTTOU, SIG_IGN) != SIG_ERR);
    EXPECT(terminal_give(getpgrp()) == 0);
    EXPECT(__real_tcgetpgrp(front) == getpgrp());
    kill(group, SIGKILL);
}

static void it_is_handed_over_and_back(void **state)
{
    (void)state;
    in_a_session(handed_over);
}

static void refused(void)
{
    int lowest;

    open_own_terminal();
    lowest = lowest_descriptor();
    /* A group of another session, or none. */
    EXPECT(terminal_give(getppid()) == -EPERM || terminal_give(getppid()) == -ESRCH);
    get_error = EIO;
    EXPECT(terminal_foreground() == -EIO);
    set_error = ENOTTY;
    EXPECT(terminal_give(getpgrp()) == -ENOTTY);
    get_error = 0;
    EXPECT(terminal_foreground() == getpgrp());
    EXPECT(lowest_descriptor() == lowest);
}

static void refusals_are_handed_on(void **state)
{
    (void)state;
    in_a_session(refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_there_is_none_that_is_said),
        cmocka_unit_test(it_is_handed_over_and_back),
        cmocka_unit_test(refusals_are_handed_on),
    };

    return cmocka_run_group_tests_name("kernel/child: terminal", tests, NULL, NULL);
}
