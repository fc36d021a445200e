/*
 * action/namespace_rows: what is in namespaces, and what happens where one may not be entered, or
 * not be left.
 *
 * wrap: setns
 */
#include "action/namespace_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "action/inventory.h"
#include "action/inventory_match.h"
#include "ipcns.h"
#include "kernel/namespaces.h"
#include "kernel/system.h"
#include "otherns.h"
#include "unit.h"

enum { OUR_KEY = 0x0a0a };

static unsigned refused; /* a bit for each of the calls to come, the lowest first */

int __real_setns(int fd, int type);
int __wrap_setns(int fd, int type);

int __wrap_setns(int fd, int type)
{
    bool is_refused = refused & 1;

    refused >>= 1;
    if (!is_refused)
        return __real_setns(fd, type);
    errno = EPERM;
    return -1;
}

/* The own namespace, with one segment that nobody has attached, and another one with another. */
struct scene {
    struct system system;
    struct otherns other;
    struct ipc_namespace items[2];
    struct ipc_namespace_list list;
};

static void begin(struct scene *scene)
{
    refused = 0;
    otherns_begin(&scene->system, OUR_KEY, &scene->other, &scene->items[0]);
    scene->items[1] = scene->other.namespace;
    scene->list = (struct ipc_namespace_list){.items = scene->items, .count = 2};
}

static void end(struct scene *scene)
{
    namespaces_release_one(&scene->items[0]);
    otherns_end(&scene->other);
    system_close(&scene->system);
}

static void each_has_its_sums(void **state)
{
    CLEANUP_NAMESPACE_ROWS struct namespace_rows rows = {0};
    struct scene scene;

    (void)state;
    begin(&scene);
    assert_int_equal(namespace_rows_read(&scene.system, &scene.list,
                                         NEED_MAKER | NEED_OWNER | NEED_SUMS | NEED_STATE, &rows,
                                         NULL),
                     0);
    assert_int_equal(rows.count, 2);
    assert_ptr_equal(rows.rows[0].namespace, &scene.items[0]);
    assert_true(rows.rows[0].has_sums);
    assert_int_equal(rows.rows[0].segments, 1);
    assert_int_equal(rows.rows[0].bytes, 100);
    assert_int_equal(rows.rows[1].segments, 1);
    assert_int_equal(rows.rows[1].bytes, OTHERNS_SIZE);
    assert_int_equal(rows.rows[1].orphans, 0);
    assert_string_equal(rows.rows[1].user, "root");
    end(&scene);
}

static void without_need_none_is_entered(void **state)
{
    CLEANUP_NAMESPACE_ROWS struct namespace_rows rows = {0};
    struct scene scene;

    (void)state;
    begin(&scene);
    refused = 0xffff;
    assert_int_equal(namespace_rows_read(&scene.system, &scene.list, 0, &rows, NULL), 0);
    assert_int_equal(refused, 0xffff);
    assert_false(rows.rows[0].has_sums);
    assert_null(rows.rows[0].user);
    assert_null(rows.rows[1].refusal);
    end(&scene);
}

static void a_refusal_is_the_row_s(void **state)
{
    CLEANUP_NAMESPACE_ROWS struct namespace_rows rows = {0};
    struct scene scene;

    (void)state;
    begin(&scene);
    refused = 0xffff;
    assert_int_equal(namespace_rows_read(&scene.system, &scene.list, NEED_SUMS, &rows, NULL), 0);
    assert_true(rows.rows[0].has_sums);
    assert_int_equal(rows.rows[0].bytes, 100);
    assert_false(rows.rows[1].has_sums);
    assert_non_null(strstr(rows.rows[1].refusal, "Operation not permitted"));
    end(&scene);
}

static void without_a_way_back_it_ends(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct namespace_rows rows = {.count = 77};
    int own;
    struct scene scene;

    (void)state;
    begin(&scene);
    own = open("/proc/self/ns/ipc", O_RDONLY | O_CLOEXEC);
    refused = 4; /* the way back, after its trial and the way in */
    assert_int_equal(namespace_rows_read(&scene.system, &scene.list, NEED_SUMS, &rows, &err),
                     -EPERM);
    assert_int_equal(rows.count, 77);
    assert_int_equal(__real_setns(own, CLONE_NEWIPC), 0);
    close(own);
    end(&scene);
}

/* By a child: then a segment is read again from the listing, for a call would find our own. */
static void reading_again_stays_inside(void **state)
{
    CLEANUP_INVENTORY struct inventory inventory = {0};
    const struct selection everything = {.by_id = false};
    struct namespace_entry entry;
    struct segment segment;
    struct scene scene;

    (void)state;
    begin(&scene);
    refused = 1;
    assert_int_equal(namespace_enter(&scene.system.procfs, &scene.items[1], &entry, NULL), 0);
    assert_non_null(scene.system.procfs.inside);
    assert_int_equal(inventory_read(&scene.system, NULL, NEED_STATE, &inventory, NULL), 0);
    assert_int_equal(inventory.count, 1);
    assert_int_equal(inventory.rows[0].segment.key, OTHERNS_KEY);
    assert_int_equal(inventory_read_again(&scene.system, &everything,
                                          inventory.rows[0].segment.shmid, NULL, &segment, NULL),
                     1);
    assert_int_equal(segment.key, OTHERNS_KEY);
    assert_int_equal(
        inventory_read_again(&scene.system, &everything, INT32_MAX, NULL, &segment, NULL), -ENOENT);
    assert_int_equal(namespace_return(&scene.system.procfs, &entry, NULL), 0);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_has_its_sums, ipcns_teardown),
        cmocka_unit_test_teardown(without_need_none_is_entered, ipcns_teardown),
        cmocka_unit_test_teardown(a_refusal_is_the_row_s, ipcns_teardown),
        cmocka_unit_test_teardown(without_a_way_back_it_ends, ipcns_teardown),
        cmocka_unit_test_teardown(reading_again_stays_inside, ipcns_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
