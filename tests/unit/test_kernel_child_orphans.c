/* kernel/child: orphans among our children, which are found when they have ended, and buried. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/child.h"
#include "tree.h"
#include "unit.h"

struct fixture {
    struct tree tree; /* empty */
    struct procfs procfs;
    struct child child; /* held; of `true` */
};

static int setup(void **state)
{
    static struct fixture fixture;
    struct signals signals = {.children_ignored = false};
    char *argv[] = {(char[]){"true"}, NULL};

    fixture = (struct fixture){.child = CHILD_INIT};
    tree_make(&fixture.tree);
    *state = &fixture;
    sigprocmask(SIG_SETMASK, NULL, &signals.original);
    return procfs_open(&fixture.procfs, NULL, NULL) ||
           child_start(&fixture.child, argv, &signals, NULL, NULL);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    child_abandon(&fixture->child);
    prctl(PR_SET_CHILD_SUBREAPER, 0L, 0L, 0L, 0L);
    procfs_close(&fixture->procfs);
    tree_remove(&fixture->tree);
    return 0;
}

enum { ORPHANS = 3 };

/* Makes children of a child that ends, which come to us and have ended too. */
static void make_orphans(pid_t *ret_pids)
{
    siginfo_t info;
    int ends[2];
    pid_t between;

    assert_int_equal(pipe(ends), 0);
    between = fork();
    if (between == 0) {
        for (int i = 0; i < ORPHANS; i++) {
            pid_t pid = fork();

            if (pid == 0)
                _exit(0);
            if (write(ends[1], &pid, sizeof(pid)) != sizeof(pid))
                _exit(1);
        }
        _exit(0);
    }
    for (int i = 0; i < ORPHANS; i++)
        assert_int_equal(read(ends[0], &ret_pids[i], sizeof(pid_t)), sizeof(pid_t));
    assert_int_equal(waitpid(between, NULL, 0), between);
    for (int i = 0; i < ORPHANS; i++)
        assert_int_equal(waitid(P_PID, (id_t)ret_pids[i], &info, WEXITED | WNOWAIT), 0);
    close(ends[0]);
    close(ends[1]);
}

static bool exists(pid_t pid)
{
    return kill(pid, 0) == 0;
}

static bool is_among(pid_t pid, const pid_t *pids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pids[i] == pid)
            return true;
    }
    return false;
}

static void orphans_come_to_us_and_are_buried(void **state)
{
    struct fixture *fixture = *state;
    pid_t made[ORPHANS];
    pid_t found[ORPHANS + 1] = {0};
    size_t left = ORPHANS;
    size_t count;

    assert_int_equal(child_orphans(&fixture->child, &fixture->procfs, found, 1), 0);
    make_orphans(made);
    assert_int_equal(child_orphans(&fixture->child, &fixture->procfs, found, 0), 0);
    assert_int_equal(child_orphans(&fixture->child, &fixture->procfs, found, 1), 1);
    while ((count = child_orphans(&fixture->child, &fixture->procfs, found, COUNT_OF(found))) > 0) {
        assert_true(count <= left);
        for (size_t i = 0; i < count; i++) {
            assert_true(is_among(found[i], made, ORPHANS));
            child_reap(found[i]);
            assert_false(exists(found[i]));
        }
        left -= count;
    }
    assert_int_equal(left, 0);
}

/* Where /proc has no list of children. */
static void without_a_list_they_are_found_one_by_one(void **state)
{
    struct fixture *fixture = *state;
    struct procfs empty;
    pid_t made[ORPHANS];
    pid_t found[ORPHANS] = {0};

    assert_int_equal(procfs_open(&empty, fixture->tree.path, NULL), 0);
    make_orphans(made);
    for (int i = 0; i < ORPHANS; i++) {
        assert_int_equal(child_orphans(&fixture->child, &empty, found, ORPHANS), 1);
        assert_true(is_among(found[0], made, ORPHANS));
        child_reap(found[0]);
        assert_false(exists(found[0]));
    }
    assert_int_equal(child_orphans(&fixture->child, &empty, found, ORPHANS), 0);
    procfs_close(&empty);
}

/* It is asked about by itself, and must not be waited for. */
static void the_program_is_no_orphan(void **state)
{
    struct fixture *fixture = *state;
    struct procfs empty;
    pid_t found[ORPHANS] = {0};
    siginfo_t info;

    assert_int_equal(procfs_open(&empty, fixture->tree.path, NULL), 0);
    assert_int_equal(child_release(&fixture->child), 0);
    assert_int_equal(waitid(P_PID, (id_t)fixture->child.pid, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(child_orphans(&fixture->child, &fixture->procfs, found, ORPHANS), 0);
    assert_int_equal(child_orphans(&fixture->child, &empty, found, ORPHANS), 0);
    procfs_close(&empty);
}

int main(void)
{
#define ORPHANS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        ORPHANS_TEST(orphans_come_to_us_and_are_buried),
        ORPHANS_TEST(without_a_list_they_are_found_one_by_one),
        ORPHANS_TEST(the_program_is_no_orphan),
    };

    return cmocka_run_group_tests_name("kernel/child: orphans", tests, NULL, NULL);
}
