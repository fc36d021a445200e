/* action/save: a segment's bytes and its line, whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "action/inventory.h"
#include "action/save.h"
#include "ipcns.h"
#include "kernel/system.h"
#include "tree.h"
#include "unit.h"

enum { SIZE = 4 * 1024 * 1024 + 5 };

struct fixture {
    struct tree tree;
    char path[300]; /* of the saved tree */
    struct system system;
    struct inventory inventory;
    struct save save;
    int asked; /* how often it was asked whether to give up */
};

static struct fixture fixture;

static int setup(void **state)
{
    char *memory;
    int shmid;

    (void)state;
    fixture = (struct fixture){0};
    ipcns_enter();
    shmid = ipcns_segment(0x77, SIZE, 0600);
    memory = shmat(shmid, NULL, 0);
    assert_int_not_equal((intptr_t)memory, -1);
    memset(memory, 'x', SIZE);
    shmdt(memory);
    tree_make(&fixture.tree);
    snprintf(fixture.path, sizeof(fixture.path), "%s/saved", fixture.tree.path);
    assert_int_equal(system_open(&fixture.system, NULL, NULL), 0);
    assert_int_equal(inventory_read(&fixture.system, NULL, NEED_USAGE, &fixture.inventory, NULL),
                     0);
    assert_int_equal(fixture.inventory.count, 1);
    assert_int_equal(save_begin(fixture.path, &fixture.save, NULL), 0);
    return 0;
}

static int teardown(void **state)
{
    inventory_release(&fixture.inventory);
    system_close(&fixture.system);
    tree_remove(&fixture.tree);
    return ipcns_teardown(state);
}

/* The third part is not wanted any more. */
static bool is_due_at_third(void *arg)
{
    (void)arg;
    return ++fixture.asked == 3;
}

/* Somebody else writes to it meanwhile. */
static bool write_at_third(void *arg)
{
    pid_t child;

    (void)arg;
    if (++fixture.asked != 3)
        return false;
    child = fork();
    if (child == 0) {
        char *memory = shmat(fixture.inventory.rows[0].segment.shmid, NULL, 0);

        *memory = 'y';
        _exit(shmdt(memory));
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return false;
}

static int save_it(const struct save_interrupt *interrupt, struct error *err)
{
    const struct segment_info *info = &fixture.inventory.rows[0];

    return save_segment(&fixture.save, &fixture.system, info, &info->segment, false, interrupt,
                        err);
}

/* How many bytes a file of the saved tree has; -1: there is none. */
static long long size_of(const char *path)
{
    char whole[600];
    struct stat status;

    snprintf(whole, sizeof(whole), "%s/%s", fixture.path, path);
    return stat(whole, &status) < 0 ? -1 : (long long)status.st_size;
}

static const char *content_path(void)
{
    static char path[32];

    snprintf(path, sizeof(path), "content/%d", fixture.inventory.rows[0].segment.shmid);
    return path;
}

static void it_is_saved_and_can_be_withdrawn(void **state)
{
    long long header = size_of("proc/sysvipc/shm");

    (void)state;
    assert_int_equal(save_it(NULL, NULL), 0);
    assert_int_equal(size_of(content_path()), SIZE);
    assert_true(size_of("proc/sysvipc/shm") > header);
    save_withdraw(&fixture.save, fixture.inventory.rows[0].segment.shmid);
    assert_int_equal(size_of(content_path()), -1);
    assert_int_equal(size_of("proc/sysvipc/shm"), header);
    /* A second time it is where the first one was. */
    assert_int_equal(save_it(NULL, NULL), 0);
    assert_true(size_of("proc/sysvipc/shm") > header);
    save_end(&fixture.save);
    assert_int_equal(size_of(content_path()), SIZE);
}

static void one_that_is_given_up_leaves_nothing(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct save_interrupt interrupt = {is_due_at_third, NULL};
    long long header = size_of("proc/sysvipc/shm");

    (void)state;
    assert_int_equal(save_it(&interrupt, &err), -EINTR);
    assert_int_equal(fixture.asked, 3);
    assert_int_equal(size_of(content_path()), -1);
    assert_int_equal(size_of("proc/sysvipc/shm"), header);
    save_end(&fixture.save);
    assert_int_equal(size_of("proc"), -1);
    assert_int_equal(size_of("etc"), -1);
    assert_int_equal(size_of("content"), -1);
    assert_int_equal(saved_tree_check(fixture.path, NULL), 0);
}

static void one_that_is_written_meanwhile_leaves_nothing(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct save_interrupt interrupt = {write_at_third, NULL};
    long long header = size_of("proc/sysvipc/shm");

    (void)state;
    assert_int_equal(save_it(&interrupt, &err), -EAGAIN);
    assert_string_equal(err.text, "somebody attached it while it was read, and may have written "
                                  "to it");
    assert_int_equal(size_of(content_path()), -1);
    assert_int_equal(size_of("proc/sysvipc/shm"), header);
    save_end(&fixture.save);
}

static void what_stands_in_the_way_is_left_alone(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    char whole[600];
    int fd;

    (void)state;
    snprintf(whole, sizeof(whole), "%s/%s", fixture.path, content_path());
    fd = open(whole, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "abc", 3), 3);
    close(fd);
    assert_int_equal(save_it(NULL, &err), -EEXIST);
    assert_int_equal(size_of(content_path()), 3);
    save_end(&fixture.save);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(it_is_saved_and_can_be_withdrawn),
        TEST(one_that_is_given_up_leaves_nothing),
        TEST(one_that_is_written_meanwhile_leaves_nothing),
        TEST(what_stands_in_the_way_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
