/*
 * action/supervise_callers: whose segment is it, by the processes that have called.
 */
#include "action/supervise_callers.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/proc.h"
#include "tree.h"
#include "unit.h"

/* Of a system on which no PID was given out since the mark. */
struct fixture {
    struct procfs procfs;
    struct ancestry_mark mark;
    struct callers callers;
    struct tree *tree;
};

static struct fixture fixture;

/* All PIDs up to NEWEST were. */
static void put_newest(int newest)
{
    char line[64];

    snprintf(line, sizeof(line), "0.10 0.20 0.30 2/150 %d\n", newest);
    tree_puts(fixture.tree, "proc/loadavg", line);
}

/* Under valgrind there may be none. */
static void need_pidfd(void)
{
    int pidfd = proc_open_pidfd(getpid());

    if (pidfd < 0)
        skip_because("no pidfd");
    close(pidfd);
}

static int setup(void **state)
{
    int r = tree_setup(state);

    fixture = (struct fixture){.tree = *state};
    put_newest(1);
    tree_puts(fixture.tree, "proc/stat", "cpu 1\nprocesses 10\n");
    tree_puts(fixture.tree, "proc/sys/kernel/pid_max", "4194304\n");
    assert_int_equal(procfs_open(&fixture.procfs, fixture.tree->path, NULL), 0);
    ancestry_mark(&fixture.procfs, &fixture.mark);
    return r;
}

static int teardown(void **state)
{
    callers_release(&fixture.callers);
    procfs_close(&fixture.procfs);
    return tree_teardown(state);
}

static enum descent check(pid_t pid)
{
    return callers_check(&fixture.callers, &fixture.procfs, &fixture.mark, pid);
}

/* A child that waits until it is ended. */
static pid_t start_child(void)
{
    pid_t child;

    need_pidfd();
    child = fork();

    if (child == 0) {
        for (;;)
            pause();
    }
    assert_true(child > 0);
    return child;
}

static void end_child(pid_t child)
{
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void add(pid_t pid)
{
    need_pidfd();
    callers_add(&fixture.callers, pid, proc_open_pidfd(pid));
}

static void read_once(void)
{
    callers_begin_reading(&fixture.callers);
    callers_end_reading(&fixture.callers);
}

static void who_never_called_made_nothing(void **state)
{
    (void)state;
    assert_int_equal(check(1), DESCENT_UNRELATED);
    add(getpid());
    assert_int_equal(check(1), DESCENT_UNRELATED);
    assert_true(callers_has(&fixture.callers, getpid()));
    assert_false(callers_has(&fixture.callers, 1));
}

static void what_a_living_caller_made_is_its(void **state)
{
    pid_t child = start_child();

    (void)state;
    add(child);
    put_newest(child); /* its turn came; it lives, and has it */
    assert_int_equal(check(child), DESCENT_DESCENDANT);
    read_once();
    assert_true(callers_has(&fixture.callers, child));
    assert_int_equal(check(child), DESCENT_DESCENDANT);
    end_child(child);
}

static void what_one_that_has_exited_made_is_its_unless_its_turn_came(void **state)
{
    pid_t child = start_child();

    (void)state;
    add(child);
    end_child(child);
    assert_false(callers_has(&fixture.callers, child));
    assert_int_equal(check(child), DESCENT_DESCENDANT);
    put_newest(child - 1);
    assert_int_equal(check(child), DESCENT_DESCENDANT);
    put_newest(child);
    assert_int_equal(check(child), DESCENT_UNKNOWN);
}

/* It may make a segment after the reading that is under way has passed by. */
static void who_exits_during_a_reading_is_kept_for_the_next(void **state)
{
    pid_t child = start_child();

    (void)state;
    add(child);
    add(getpid());
    callers_begin_reading(&fixture.callers);
    end_child(child);
    callers_end_reading(&fixture.callers);
    assert_int_equal(check(child), DESCENT_DESCENDANT);
    callers_begin_reading(&fixture.callers);
    assert_int_equal(check(child), DESCENT_DESCENDANT);
    callers_end_reading(&fixture.callers);
    assert_int_equal(check(child), DESCENT_UNRELATED);
    assert_int_equal(fixture.callers.count, 1);
    assert_int_equal(fixture.callers.opened, 1);
    assert_int_equal(check(getpid()), DESCENT_DESCENDANT);
}

static void where_a_process_was_not_known_nobody_is_no_caller(void **state)
{
    (void)state;
    callers_add(&fixture.callers, 0, -1);
    assert_int_equal(check(1), DESCENT_UNKNOWN);
    add(getpid());
    assert_int_equal(check(getpid()), DESCENT_DESCENDANT);
}

static void without_a_descriptor_it_is_uncertain(void **state)
{
    (void)state;
    callers_add(&fixture.callers, getpid(), -1);
    assert_true(callers_has(&fixture.callers, getpid()));
    assert_int_equal(check(getpid()), DESCENT_UNKNOWN);
    read_once();
    assert_int_equal(check(getpid()), DESCENT_UNKNOWN);
}

/* The latest is meant where a PID is there twice. */
static void descriptors_are_not_used_up(void **state)
{
    enum { OPENED_MAX = 512 };

    (void)state;
    for (int i = 0; i < OPENED_MAX; i++)
        add(getpid());
    assert_int_equal(fixture.callers.opened, OPENED_MAX);
    assert_int_equal(check(getpid()), DESCENT_DESCENDANT);
    add(getpid());
    assert_int_equal(fixture.callers.opened, OPENED_MAX);
    assert_int_equal(check(getpid()), DESCENT_UNKNOWN);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_never_called_made_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_living_caller_made_is_its, setup, teardown),
        cmocka_unit_test_setup_teardown(what_one_that_has_exited_made_is_its_unless_its_turn_came,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(who_exits_during_a_reading_is_kept_for_the_next, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(where_a_process_was_not_known_nobody_is_no_caller, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(without_a_descriptor_it_is_uncertain, setup, teardown),
        cmocka_unit_test_setup_teardown(descriptors_are_not_used_up, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
