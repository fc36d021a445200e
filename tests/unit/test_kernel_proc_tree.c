/*
 * kernel/proc on saved trees: who had a PID when the tree was saved.
 *
 * wrap: readdir
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "kernel/proc.h"
#include "look.h"
#include "tree.h"
#include "unit.h"

struct dirent *__real_readdir(DIR *dir);
struct dirent *__wrap_readdir(DIR *dir);

static int read_failure; /* of every directory; 0: none */

struct dirent *__wrap_readdir(DIR *dir)
{
    if (!read_failure)
        return __real_readdir(dir);
    errno = read_failure;
    return NULL;
}

static void a_trees_clock_is_its_own(void **state)
{
    const struct tree *tree = *state;
    LOOK look = NULL;

    put_clock(tree);
    look = look_at(tree);
    assert_true(proc_clock(look->proc)->has_boot);
    assert_int_equal(proc_clock(look->proc)->boot, 1000000);
    assert_int_equal(proc_clock(look->proc)->now, 1005001);
    proc_clock_refresh(look->proc); /* the moment at which it was saved stays */
    assert_int_equal(proc_clock(look->proc)->now, 1005001);
    tree_puts(tree, "proc/uptime", "5000.00 9000.25\n");
    proc_cache_refresh(look->proc);
    assert_int_equal(proc_clock(look->proc)->now, 1005000);
}

static void a_tree_without_a_clock_has_none(void **state)
{
    const struct tree *tree = *state;
    LOOK look = NULL;
    time_t before = time(NULL);

    tree_puts(tree, "proc/stat",
              "btime 1\n"); /* not at a line's start after another: no stat file */
    tree_puts(tree, "proc/uptime", "5000.25 9000.00\n");
    look = look_at(tree);
    assert_false(proc_clock(look->proc)->has_boot);
    assert_in_range(proc_clock(look->proc)->now, before, before + 60);
}

static void a_trees_processes_are_found(void **state)
{
    const struct tree *tree = *state;
    LOOK look = NULL;
    struct pid_fact fact;

    put_clock(tree);
    put_stat(tree, 10, "a) R (b", 'S', 1, 20050);
    put_stat(tree, 11, "zombie", 'Z', 1, 300);
    put_stat(tree, 12, "leaderless", 'Z', 2, 300);
    put_stat(tree, 13, "exiting", 'X', 0, 300);
    tree_puts(tree, "proc/14/stat", "14 (cut off) S 1 14 14");
    look = look_at(tree);
    fact = proc_fact(look->proc, 10);
    assert_int_equal(fact.presence, PID_ALIVE);
    assert_true(fact.has_start);
    assert_int_equal(fact.start, 1000200);
    assert_int_equal(proc_fact(look->proc, 11).presence, PID_GONE);
    assert_int_equal(proc_fact(look->proc, 12).presence, PID_ALIVE);
    assert_int_equal(proc_fact(look->proc, 13).presence, PID_GONE);
    assert_int_equal(proc_fact(look->proc, 14).presence, PID_UNKNOWN);
    assert_int_equal(proc_fact(look->proc, 15).presence, PID_GONE);
    assert_int_equal(proc_fact(look->proc, getpid()).presence, PID_GONE); /* not the live one */
}

static void a_tree_without_processes_tells_nothing(void **state)
{
    const struct tree *tree = *state;
    LOOK look = NULL;

    put_clock(tree);
    look = look_at(tree);
    assert_int_equal(proc_fact(look->proc, 10).presence, PID_UNKNOWN);
    assert_null(proc_command(look->proc, 10));
}

/* A tree that holds a file or two of some processes says nothing of the others. */
static void a_tree_with_parts_of_processes_calls_nobody_dead(void **state)
{
    const struct tree *tree = *state;
    LOOK look = NULL;

    put_clock(tree);
    tree_puts(tree, "proc/1/cmdline", "init");
    tree_puts(tree, "proc/14/stat", "14 (cut off) S 1 14 14");
    look = look_at(tree);
    assert_int_equal(proc_fact(look->proc, 1).presence, PID_UNKNOWN);
    assert_int_equal(proc_fact(look->proc, 99).presence, PID_UNKNOWN);
}

static void a_process_of_which_a_tree_has_a_part_is_not_dead(void **state)
{
    const struct tree *tree = *state;
    LOOK look = NULL;

    put_clock(tree);
    put_stat(tree, 10, "whole", 'S', 1, 300);
    tree_puts(tree, "proc/1/cmdline", "init");
    tree_puts(tree, "proc/77", "no directory");
    look = look_at(tree);
    assert_int_equal(proc_fact(look->proc, 10).presence, PID_ALIVE);
    assert_int_equal(proc_fact(look->proc, 1).presence, PID_UNKNOWN);
    assert_int_equal(proc_fact(look->proc, 77).presence, PID_UNKNOWN);
    assert_int_equal(proc_fact(look->proc, 99).presence, PID_GONE);
}

/* What was not seen may be there: nobody is taken for dead. */
static void a_tree_that_cannot_be_read_tells_nothing(void **state)
{
    const struct tree *tree = *state;
    LOOK look = NULL;

    put_clock(tree);
    put_stat(tree, 10, "a", 'S', 1, 300);
    read_failure = EIO;
    look = look_at(tree);
    read_failure = 0;
    assert_int_equal(proc_fact(look->proc, 10).presence, PID_UNKNOWN);
    assert_int_equal(proc_fact(look->proc, 11).presence, PID_UNKNOWN);
}

static void a_trees_thread_is_no_process(void **state)
{
    const struct tree *tree = *state;
    LOOK look = NULL;

    put_clock(tree);
    put_stat(tree, 21, "thread", 'S', 4, 300);
    tree_puts(tree, "proc/21/status", "Name:\tthread\nTgid:\t20\nPid:\t21\n");
    put_stat(tree, 22, "process", 'S', 4, 300);
    tree_puts(tree, "proc/22/status", "Name:\tprocess\nTgid:\t22\nPid:\t22\n");
    look = look_at(tree);
    assert_int_equal(proc_fact(look->proc, 21).presence, PID_GONE);
    assert_int_equal(proc_fact(look->proc, 22).presence, PID_ALIVE);
}

static void a_trees_commands_are_read(void **state)
{
    static const char with_empty[] = "sh\0-c\0\0echo\0";
    static const char set_title[] = "postgres: checkpointer \0\0\0\0";
    const struct tree *tree = *state;
    LOOK look = NULL;

    tree_write(tree, "proc/30/cmdline", with_empty, sizeof(with_empty) - 1);
    tree_write(tree, "proc/31/cmdline", set_title, sizeof(set_title) - 1);
    tree_puts(tree, "proc/32/cmdline", "");
    tree_puts(tree, "proc/32/comm", "kthreadd\n");
    tree_puts(tree, "proc/33/comm", "");
    tree_write(tree, "proc/34/cmdline", "\0\0", 2);
    tree_puts(tree, "proc/34/comm", "empty\n");
    look = look_at(tree);
    assert_string_equal(proc_command(look->proc, 30), "sh -c  echo");
    assert_string_equal(proc_command(look->proc, 31), "postgres: checkpointer ");
    assert_string_equal(proc_command(look->proc, 32), "[kthreadd]");
    assert_string_equal(proc_command(look->proc, 33), "[]");
    assert_string_equal(proc_command(look->proc, 34), "[empty]");
    assert_null(proc_command(look->proc, 35));
    assert_ptr_equal(proc_command(look->proc, 30), proc_command(look->proc, 30));
}

#define tree_test(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        tree_test(a_trees_clock_is_its_own),
        tree_test(a_tree_without_a_clock_has_none),
        tree_test(a_trees_processes_are_found),
        tree_test(a_tree_without_processes_tells_nothing),
        tree_test(a_tree_with_parts_of_processes_calls_nobody_dead),
        tree_test(a_process_of_which_a_tree_has_a_part_is_not_dead),
        tree_test(a_tree_that_cannot_be_read_tells_nothing),
        tree_test(a_trees_thread_is_no_process),
        tree_test(a_trees_commands_are_read),
    };

    return cmocka_run_group_tests_name("kernel/proc: saved trees", tests, NULL, NULL);
}
