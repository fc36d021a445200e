/*
 * action/namespace_looks: namespaces that come, go, hide and are replaced between looks.
 *
 * wrap: namespaces_find setns
 */
#include "action/namespace_looks.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "ipcns.h"
#include "kernel/namespaces.h"
#include "kernel/system.h"
#include "otherns.h"
#include "unit.h"

enum { OUR_KEY = 0x0a0a };

/* --- What is found, as a test says ------------------------------------------------------------ */

static struct ipc_namespace there[2]; /* that of this process, and another one */
static unsigned find_count;
static unsigned hidden; /* the second is not found: a bit for each call to come, the lowest first */
static bool exhausted;  /* no descriptors are left */
static size_t unreadable;  /* processes */
static bool setns_refused; /* nothing can be entered */

int __wrap_namespaces_find(const struct procfs *procfs, struct ipc_namespace_list *ret_list,
                           struct error *err);
int __real_setns(int fd, int type);
int __wrap_setns(int fd, int type);

int __wrap_namespaces_find(const struct procfs *procfs, struct ipc_namespace_list *ret_list,
                           struct error *err)
{
    struct ipc_namespace_list list = {.exhausted = exhausted, .unreadable = unreadable};

    (void)procfs;
    (void)err;
    for (unsigned i = 0; i < (hidden & 1 ? 1 : 2); i++) {
        struct ipc_namespace namespace = there[i];

        namespace.fd = fcntl(there[i].fd, F_DUPFD_CLOEXEC, 0);
        namespaces_add(&list, &namespace);
    }
    hidden >>= 1;
    find_count++;
    *ret_list = list;
    return 0;
}

int __wrap_setns(int fd, int type)
{
    if (!setns_refused)
        return __real_setns(fd, type);
    errno = EPERM;
    return -1;
}

/* --- Scenes ----------------------------------------------------------------------------------- */

struct scene {
    struct system system;
    struct otherns other;
    struct selection selection;
    struct namespace_looks looks;
};

/* The own namespace and another one, each with one segment; nothing was looked at yet. */
static void begin(struct scene *scene)
{
    *scene = (struct scene){.looks = {.needs = NEED_STATE, .everywhere = true, .cyclic = true}};
    scene->looks.selection = &scene->selection;
    hidden = 0;
    unreadable = 0;
    exhausted = setns_refused = false;
    otherns_begin(&scene->system, OUR_KEY, &scene->other, &there[0]);
    there[0].own = true;
    there[1] = scene->other.namespace;
    there[1].pid = scene->other.pid;
    there[1].start = 7;
}

static void end(struct scene *scene)
{
    namespace_looks_release(&scene->looks);
    namespaces_release_one(&there[0]);
    otherns_end(&scene->other);
    system_close(&scene->system);
}

/* Looks; how many events there are of the namespace at a place in the list; -1: it is not there. */
static int events_of(struct scene *scene, size_t at)
{
    CLEANUP_EVENT_LIST struct event_list events = {.count = 0};
    const struct namespace_look *look = &scene->looks.items[at];

    if (at >= scene->looks.count)
        return -1;
    if (look->has_last && look->has_now)
        diff_snapshots(&look->last, &look->now, &events);
    return (int)events.count;
}

static void take(struct scene *scene)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;

    namespace_looks_step(&scene->looks);
    assert_int_equal(namespace_looks_take(&scene->looks, &scene->system, &err), 0);
}

static void nothing_happens_in_those_that_stay(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene);
    take(&scene);
    assert_int_equal(scene.looks.count, 2);
    assert_true(scene.looks.items[0].own);
    assert_false(scene.looks.items[0].has_last);
    assert_int_equal(scene.looks.items[1].now.count, 1);
    assert_int_equal(scene.looks.items[1].now.rows[0].segment.key, OTHERNS_KEY);
    take(&scene);
    assert_int_equal(events_of(&scene, 0), 0);
    assert_int_equal(events_of(&scene, 1), 0);
    end(&scene);
}

static void what_is_in_a_new_one_was_created(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene);
    hidden = 1;
    take(&scene);
    assert_int_equal(scene.looks.count, 1);
    take(&scene);
    assert_int_equal(events_of(&scene, 0), 0);
    assert_int_equal(events_of(&scene, 1), 1);
    assert_false(scene.looks.items[1].last.count > 0);
    end(&scene);
}

static void one_has_ended_when_it_is_not_found_twice(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene);
    take(&scene);
    find_count = 0;
    hidden = 1;
    take(&scene);
    assert_int_equal(find_count, 2);
    assert_int_equal(events_of(&scene, 1), 0);
    hidden = 3;
    take(&scene);
    assert_int_equal(events_of(&scene, 1), 1);
    assert_int_equal(scene.looks.items[1].now.count, 0);
    hidden = 1;
    take(&scene);
    assert_int_equal(events_of(&scene, 1), -1);
    end(&scene);
}

static void without_descriptors_nothing_has_ended_or_begun(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene);
    take(&scene);
    exhausted = true;
    hidden = 3;
    take(&scene);
    assert_int_equal(events_of(&scene, 1), 0);
    assert_false(scene.looks.items[1].has_now);
    exhausted = false;
    take(&scene);
    assert_int_equal(events_of(&scene, 1), 0);
    assert_true(scene.looks.items[1].has_now);
    namespace_looks_release(&scene.looks);
    scene.looks = (struct namespace_looks){.selection = &scene.selection, .everywhere = true};
    exhausted = true;
    hidden = 1;
    take(&scene);
    /* It may have been there before. */
    take(&scene);
    assert_int_equal(events_of(&scene, 1), 0);
    assert_int_equal(scene.looks.items[1].now.count, 1);
    end(&scene);
}

static void where_more_processes_are_unreadable_nothing_has_ended(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene);
    unreadable = 2;
    take(&scene);
    unreadable = 3;
    hidden = 3;
    take(&scene);
    assert_int_equal(events_of(&scene, 1), 0);
    /* No more than that: it is not one of those. */
    hidden = 3;
    take(&scene);
    assert_int_equal(events_of(&scene, 1), 1);
    end(&scene);
}

static void one_that_cannot_be_entered_is_named_once(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene);
    setns_refused = true;
    take(&scene);
    assert_int_equal(scene.looks.refused.count, 1);
    assert_false(scene.looks.items[1].has_now);
    take(&scene);
    assert_int_equal(scene.looks.refused.count, 0);
    assert_int_equal(events_of(&scene, 1), 0);
    /* What is in it then may always have been. */
    setns_refused = false;
    take(&scene);
    assert_int_equal(events_of(&scene, 1), 0);
    assert_int_equal(scene.looks.items[1].now.count, 1);
    setns_refused = true;
    take(&scene);
    assert_int_equal(scene.looks.refused.count, 1);
    setns_refused = false;
    take(&scene);
    assert_int_equal(events_of(&scene, 1), 0);
    assert_true(scene.looks.items[1].has_last);
    end(&scene);
}

static void a_number_that_is_another_s_now_begins_again(void **state)
{
    struct scene scene;
    struct segment *segment;

    (void)state;
    begin(&scene);
    take(&scene);
    assert_true(scene.looks.items[1].cursor.known);
    /* Another oldest process, but one of the segments is there as ever. */
    there[1].start++;
    take(&scene);
    assert_true(scene.looks.items[1].cursor.known);
    there[1].start++;
    segment = &scene.looks.items[1].now.rows[0].segment;
    segment->cpid++;
    segment->shmid += 3 << 15;
    idset_release(&scene.looks.items[1].now.ids);
    idset_add(&scene.looks.items[1].now.ids, segment->shmid);
    scene.looks.items[1].cursor.newest = segment->shmid;
    take(&scene);
    assert_int_equal(scene.looks.items[1].unseen.bound, UNSEEN_UNKNOWN);
    assert_int_not_equal(scene.looks.items[1].cursor.newest, segment->shmid);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(nothing_happens_in_those_that_stay, ipcns_teardown),
        cmocka_unit_test_teardown(what_is_in_a_new_one_was_created, ipcns_teardown),
        cmocka_unit_test_teardown(one_has_ended_when_it_is_not_found_twice, ipcns_teardown),
        cmocka_unit_test_teardown(without_descriptors_nothing_has_ended_or_begun, ipcns_teardown),
        cmocka_unit_test_teardown(where_more_processes_are_unreadable_nothing_has_ended,
                                  ipcns_teardown),
        cmocka_unit_test_teardown(one_that_cannot_be_entered_is_named_once, ipcns_teardown),
        cmocka_unit_test_teardown(a_number_that_is_another_s_now_begins_again, ipcns_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
