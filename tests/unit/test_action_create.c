/*
 * action/create: what fails after a segment was made removes it again, and nothing else.
 *
 * wrap: sysv_create sysv_stat sysv_remove sysv_set_owner sysv_lock
 */
#include "action/create.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/system.h"
#include "kernel/sysv.h"
#include "tree.h"
#include "unit.h"

enum { ID = 7, KEY = 0x51, SIZE = 4096, UID = 501, GID = 502, MODE = 0640 };

/* A run: what each call answers, 0 or a negative errno, and what comes of it. */
struct creation_case {
    const char *what;
    int stat; /* the first one, before anything is changed */
    int owner;
    int lock;
    int stat_after; /* the second one */
    struct segment after;
    int undo_stat; /* the one before it is removed again */
    struct segment undo;
    int remove;
    int result;
    const char *text; /* of the error; NULL: none */
    int removals;     /* calls */
};

static const struct creation_case *now;
static int stats;
static int removals;

int __wrap_sysv_create(uint32_t key, uint64_t size, uint32_t flags, int *ret_shmid);
int __wrap_sysv_stat(int shmid, struct segment *ret_segment);
int __wrap_sysv_remove(int shmid);
int __wrap_sysv_set_owner(int shmid, uid_t uid, gid_t gid, uint32_t mode);
int __wrap_sysv_lock(int shmid, bool locks);

int __wrap_sysv_create(uint32_t key, uint64_t size, uint32_t flags, int *ret_shmid)
{
    assert_int_equal(key, KEY);
    assert_int_equal(size, SIZE);
    assert_int_equal(flags, MODE);
    *ret_shmid = ID;
    return 0;
}

static int answer(int r, const struct segment *segment, struct segment *ret_segment)
{
    if (r == 0)
        *ret_segment = *segment;
    return r;
}

/* The segment is read first when it is made, then when all is set, and last where that failed. */
int __wrap_sysv_stat(int shmid, struct segment *ret_segment)
{
    const struct segment made = {.shmid = ID, .key = KEY, .uid = 1, .gid = 2};
    bool early = now->stat < 0 && now->stat != -EACCES;
    bool refused = now->owner < 0 || now->lock < 0;

    assert_int_equal(shmid, ID);
    stats++;
    if (stats == 1)
        return answer(now->stat, &made, ret_segment);
    if (stats == 2 && !early && !refused)
        return answer(now->stat_after, &now->after, ret_segment);
    return answer(now->undo_stat, &now->undo, ret_segment);
}

int __wrap_sysv_remove(int shmid)
{
    assert_int_equal(shmid, ID);
    removals++;
    return now->remove;
}

int __wrap_sysv_set_owner(int shmid, uid_t uid, gid_t gid, uint32_t mode)
{
    assert_int_equal(shmid, ID);
    assert_int_equal(uid, UID);
    assert_int_equal(gid, now->stat == -EACCES ? (int)getegid() : 2); /* --owner USER alone */
    assert_int_equal(mode, MODE);
    return now->owner;
}

int __wrap_sysv_lock(int shmid, bool locks)
{
    assert_int_equal(shmid, ID);
    assert_true(locks);
    return now->lock;
}

#define RIGHT \
    { \
        .shmid = ID, .key = KEY, .uid = UID, .gid = 2, .size = SIZE, .mode = MODE | SEGMENT_LOCKED \
    }

/* What was made, as it is read before it is removed again. */
#define OURS \
    { \
        .shmid = ID, .key = KEY, .cpid = -1 \
    }

#define CHANGED \
    "it is not what was asked for when it is read back: somebody has changed it meanwhile; " \
    "segment 7 was removed again"

static const struct creation_case cases[] = {
    {.what = "all well", .after = RIGHT},
    {.what = "an older kernel that does not show it", .stat = -EACCES, .stat_after = -EACCES},
    {.what = "cannot be read",
     .stat = -EIO,
     .undo = OURS,
     .result = -EIO,
     .text = "reading it back failed; segment 7 was removed again",
     .removals = 1},
    {.what = "gone at once",
     .stat = -EIDRM,
     .undo_stat = -EINVAL,
     .result = -EIDRM,
     .text = "reading it back failed; segment 7 is gone"},
    {.what = "cannot be given away",
     .owner = -EPERM,
     .undo = OURS,
     .result = -EPERM,
     .text = "--owner: the segment could not be given to uid 501, gid 2: Operation not permitted; "
             "segment 7 was removed again",
     .removals = 1},
    {.what = "no such user here",
     .owner = -EINVAL,
     .undo = OURS,
     .remove = -EIDRM,
     .result = -EINVAL,
     .text =
         "--owner: the segment could not be given to uid 501, gid 2: Invalid argument: this "
         "user namespace does not have the user or the group that it would belong to; segment 7 "
         "is gone",
     .removals = 1},
    {.what = "cannot be removed again either",
     .lock = -EPERM,
     .undo = OURS,
     .remove = -EPERM,
     .result = -EPERM,
     .text = "--lock: Operation not permitted: RLIMIT_MEMLOCK is 0 ('ulimit -l'), and only "
             "CAP_IPC_LOCK goes beyond it; segment 7 stays, for it could not be removed again: "
             "Operation not permitted",
     .removals = 1},
    {.what = "somebody has attached it",
     .lock = -ENOMEM,
     .undo = {.shmid = ID, .key = KEY, .cpid = -1, .nattch = 1},
     .result = -ENOMEM,
     .text = "--lock: Cannot allocate memory: with what this user has locked already it is more "
             "than RLIMIT_MEMLOCK allows ('ulimit -l', in KiB); segment 7 stays: somebody has "
             "changed or attached it meanwhile"},
    {.what = "the id is another process's segment",
     .stat_after = -EIO,
     .undo = {.shmid = ID, .key = KEY, .cpid = 1},
     .result = -EIO,
     .text = "reading it back: Input/output error; segment 7 stays: somebody has changed or "
             "attached it meanwhile"},
    {.what = "the id has another key",
     .stat_after = -EIO,
     .undo = {.shmid = ID, .key = KEY + 1, .cpid = -1},
     .result = -EIO,
     .text = "reading it back: Input/output error; segment 7 stays: somebody has changed or "
             "attached it meanwhile"},
    {.what = "another owner",
     .after = {.shmid = ID, .uid = 1, .gid = 2, .size = SIZE, .mode = MODE | SEGMENT_LOCKED},
     .undo = OURS,
     .result = -EIO,
     .text = CHANGED,
     .removals = 1},
    {.what = "other permissions",
     .after = {.shmid = ID, .uid = UID, .gid = 2, .size = SIZE, .mode = 0666 | SEGMENT_LOCKED},
     .undo = OURS,
     .result = -EIO,
     .text = CHANGED,
     .removals = 1},
    {.what = "unlocked",
     .after = {.shmid = ID, .uid = UID, .gid = 2, .size = SIZE, .mode = MODE},
     .undo = OURS,
     .result = -EIO,
     .text = CHANGED,
     .removals = 1},
};

static struct creation ask(void)
{
    return (struct creation){.request = {.key = KEY, .size = SIZE, .flags = MODE},
                             .has_owner = true,
                             .uid = UID,
                             .gid = GID,
                             .locks = true};
}

/* Runs a case in a saved tree, which says whether segments outlive their process. */
static int create_in(const struct tree *tree, struct creation *creation, struct error *err)
{
    struct system system = {.procfs.live = false};
    int r;

    stats = removals = 0;
    assert_int_equal(procfs_open(&system.procfs, tree->path, NULL), 0);
    r = create_segment(&system, creation, err);
    procfs_close(&system.procfs);
    return r;
}

static void whole_or_none(void **state)
{
    const struct tree *tree = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;
        struct creation_case one = cases[i];
        struct creation creation = ask();

        if (one.undo.cpid < 0)
            one.undo.cpid = getpid();
        now = &one;
        print_message("%s\n", one.what);
        assert_int_equal(create_in(tree, &creation, &err), one.result);
        assert_int_equal(creation.shmid, ID);
        assert_false(creation.refused || creation.forced);
        assert_int_equal(removals, one.removals);
        if (one.text)
            assert_string_equal(err.text, one.text);
        else
            assert_null(err.text);
    }
}

static void nothing_is_made_that_would_be_gone_at_once(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct tree *tree = *state;
    struct creation creation = ask();

    tree_puts(tree, "proc/sys/kernel/shm_rmid_forced", "1\n");
    assert_int_equal(create_in(tree, &creation, &err), -EPERM);
    assert_true(creation.forced);
    assert_int_equal(stats, 0);
    assert_non_null(strstr(err.text, "nothing was made"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whole_or_none, tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(nothing_is_made_that_would_be_gone_at_once, tree_setup,
                                        tree_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
