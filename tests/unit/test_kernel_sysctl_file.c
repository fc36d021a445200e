/*
 * kernel/sysctl_file: our file of sysctl.d changed as a whole or not at all, and what overrides it.
 *
 * wrap: fsync renameat readdir
 */
#include "kernel/sysctl_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "tree.h"
#include "unit.h"

#define OURS SYSCTL_FILE_DIR "/" SYSCTL_FILE_NAME

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
struct dirent *__real_readdir(DIR *dir);
struct dirent *__wrap_readdir(DIR *dir);

static int fsync_failure; /* errno; 0: it works */
static int rename_failure;
static int read_failure; /* of directories, from the entry after `entries_left` others on */
static int entries_left;

int __wrap_fsync(int fd)
{
    if (!fsync_failure)
        return __real_fsync(fd);
    errno = fsync_failure;
    return -1;
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    if (!rename_failure)
        return __real_renameat(from_dir, from, to_dir, to);
    errno = rename_failure;
    return -1;
}

struct dirent *__wrap_readdir(DIR *dir)
{
    if (!read_failure || entries_left-- > 0)
        return __real_readdir(dir);
    errno = read_failure;
    return NULL;
}

static struct procfs open_tree(const struct tree *tree)
{
    struct procfs procfs;

    assert_int_equal(procfs_open(&procfs, tree->path, NULL), 0);
    return procfs;
}

static int keep(const struct tree *tree, const struct limit_setting *settings, size_t count,
                struct error *err)
{
    struct procfs procfs = open_tree(tree);
    int r = sysctl_file_keep(&procfs, settings, count, err);

    procfs_close(&procfs);
    return r;
}

static int keep_shmmax(const struct tree *tree, uint64_t value, struct error *err)
{
    const struct limit_setting setting = {LIMIT_SHMMAX, value};

    return keep(tree, &setting, 1, err);
}

static void assert_ours(const struct tree *tree, const char *expected)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct procfs procfs = open_tree(tree);

    assert_int_equal(procfs_read_file(&procfs, OURS, 1 << 20, &text, NULL), 0);
    assert_string_equal(strbuf_string(&text), expected);
    procfs_close(&procfs);
}

/* What stat(2) tells of a file of the tree; false where there is none. */
static bool look_at(const struct tree *tree, const char *path, struct stat *ret_status)
{
    char full[512];

    snprintf(full, sizeof(full), "%s/%s", tree->path, path);
    return lstat(full, ret_status) == 0;
}

#define HEAD "# Limits that shmtool limits --persist keeps over a reboot.\n"

static void a_new_file_is_readable_by_all(void **state)
{
    const struct tree *tree = *state;
    const struct limit_setting settings[] = {{LIMIT_SHMMAX, 268435456}, {LIMIT_RMID_FORCED, 1}};
    mode_t mask = umask(0077);
    struct stat status;

    tree_mkdir(tree, "etc");
    assert_int_equal(keep(tree, settings, 2, NULL), 0);
    umask(mask);
    assert_ours(tree, HEAD "kernel.shmmax = 268435456\nkernel.shm_rmid_forced = 1\n");
    assert_true(look_at(tree, OURS, &status));
    assert_int_equal(status.st_mode, S_IFREG | 0644);
    assert_false(look_at(tree, SYSCTL_FILE_DIR "/.60-shmtool.conf.new", &status));
    assert_false(look_at(tree, SYSCTL_FILE_DIR "/.60-shmtool.conf.lock", &status));
    assert_true(look_at(tree, SYSCTL_FILE_DIR, &status));
    assert_int_equal(status.st_mode, S_IFDIR | 0755);
}

/* Everybody may open the directory and our file, and lock them: nobody waits for that. */
static void locks_of_others_are_in_nobodys_way(void **state)
{
    const struct tree *tree = *state;
    struct procfs procfs = open_tree(tree);
    int dir;
    int ours;

    tree_puts(tree, OURS, "");
    dir = openat(procfs.root_fd, SYSCTL_FILE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ours = openat(procfs.root_fd, OURS, O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(dir, LOCK_EX), 0);
    assert_int_equal(flock(ours, LOCK_EX), 0);
    alarm(30);
    assert_int_equal(keep_shmmax(tree, 5, NULL), 0);
    alarm(0);
    assert_ours(tree, HEAD "kernel.shmmax = 5\n");
    close(ours);
    close(dir);
    procfs_close(&procfs);
}

/* A lock file that a crash left is taken and removed. */
static void a_lock_left_by_a_crash_is_in_nobodys_way(void **state)
{
    const struct tree *tree = *state;
    struct stat status;

    tree_puts(tree, SYSCTL_FILE_DIR "/.60-shmtool.conf.lock", "");
    assert_int_equal(keep_shmmax(tree, 5, NULL), 0);
    assert_ours(tree, HEAD "kernel.shmmax = 5\n");
    assert_false(look_at(tree, SYSCTL_FILE_DIR "/.60-shmtool.conf.lock", &status));
}

static void an_old_file_keeps_its_other_lines(void **state)
{
    const struct tree *tree = *state;
    struct stat status;

    tree_puts(tree, OURS, "# by hand\n\nkernel/shmmax=1\nvm.swappiness = 10\nkernel.shmmax = 2\n");
    assert_int_equal(keep_shmmax(tree, 5, NULL), 0);
    assert_ours(tree, "# by hand\n\nkernel.shmmax = 5\nvm.swappiness = 10\n");
    assert_int_equal(keep_shmmax(tree, 5, NULL), 0);
    assert_ours(tree, "# by hand\n\nkernel.shmmax = 5\nvm.swappiness = 10\n");
    assert_true(look_at(tree, OURS, &status));
    assert_int_equal(status.st_mode, S_IFREG | 0644);
}

static void an_old_file_keeps_its_mode_and_owner(void **state)
{
    const struct tree *tree = *state;
    struct stat status;
    char path[512];
    bool given;

    tree_puts(tree, OURS, "# by hand\n");
    snprintf(path, sizeof(path), "%s/" OURS, tree->path);
    assert_int_equal(chmod(path, 0640), 0);
    /* Root may give it away, but not to users that its user namespace does not have. */
    given = chown(path, 12345, 23456) == 0;
    assert_int_equal(keep_shmmax(tree, 5, NULL), 0);
    assert_true(look_at(tree, OURS, &status));
    assert_int_equal(status.st_mode, S_IFREG | 0640);
    assert_int_equal(status.st_uid, given ? 12345 : geteuid());
    assert_int_equal(status.st_gid, given ? 23456 : getegid());
}

static void the_largest_value_is_written_whole(void **state)
{
    const struct tree *tree = *state;

    tree_mkdir(tree, "etc");
    assert_int_equal(keep_shmmax(tree, UINT64_MAX, NULL), 0);
    assert_ours(tree, HEAD "kernel.shmmax = 18446744073709551615\n");
}

static void a_temporary_file_left_by_a_crash_is_in_nobodys_way(void **state)
{
    const struct tree *tree = *state;

    tree_puts(tree, SYSCTL_FILE_DIR "/.60-shmtool.conf.new", "half a li");
    assert_int_equal(keep_shmmax(tree, 5, NULL), 0);
    assert_ours(tree, HEAD "kernel.shmmax = 5\n");
}

static void a_link_is_left_alone(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct tree *tree = *state;
    struct stat status;

    tree_mkdir(tree, SYSCTL_FILE_DIR);
    tree_symlink(tree, OURS, "/dev/null");
    assert_int_equal(keep_shmmax(tree, 5, &err), -EINVAL);
    assert_string_equal(below(tree->path, err.text), OURS ": not a regular file: left alone");
    assert_true(look_at(tree, OURS, &status));
    assert_true(S_ISLNK(status.st_mode));
}

/* Demands that a failure leaves the old file and nothing else. */
static void assert_old_stays(const struct tree *tree, int code)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct stat status;

    assert_int_equal(keep_shmmax(tree, 5, &err), -code);
    assert_non_null(strstr(err.text, strerror(code)));
    assert_ours(tree, "kernel.shmmax = 1\n");
    assert_false(look_at(tree, SYSCTL_FILE_DIR "/.60-shmtool.conf.new", &status));
}

static void a_failure_leaves_the_old_file(void **state)
{
    const struct tree *tree = *state;

    tree_puts(tree, OURS, "kernel.shmmax = 1\n");
    fsync_failure = ENOSPC;
    assert_old_stays(tree, ENOSPC);
    fsync_failure = 0;
    rename_failure = EIO;
    assert_old_stays(tree, EIO);
    rename_failure = 0;
    assert_int_equal(keep_shmmax(tree, 5, NULL), 0);
    assert_ours(tree, "kernel.shmmax = 5\n");
}

static void no_place_to_write_is_an_error(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct tree *tree = *state;

    tree_puts(tree, "etc", "a file");
    assert_int_equal(keep_shmmax(tree, 5, &err), -ENOTDIR);
    assert_non_null(strstr(err.text, SYSCTL_FILE_DIR ": "));
}

/* Writes a value for one limit again and again, in a process of its own. */
static pid_t start_writer(const struct tree *tree, enum limit_id id)
{
    pid_t child = fork();

    if (child != 0)
        return child;
    for (uint64_t value = 1; value <= 100; value++) {
        const struct limit_setting setting = {id, value};

        if (keep(tree, &setting, 1, NULL) < 0)
            _exit(1);
    }
    _exit(0);
}

static void two_writers_lose_nothing(void **state)
{
    const struct tree *tree = *state;
    int status;

    tree_puts(tree, OURS, "kernel.shmmax = 0\nkernel.shmall = 0\n");
    assert_true(start_writer(tree, LIMIT_SHMMAX) > 0);
    assert_true(start_writer(tree, LIMIT_SHMALL) > 0);
    for (int i = 0; i < 2; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_ours(tree, "kernel.shmmax = 100\nkernel.shmall = 100\n");
}

/* PATH NULL: nothing overrides. */
static void assert_override(const struct tree *tree, const char *path, const char *value)
{
    struct procfs procfs = open_tree(tree);
    struct sysctl_override override = {0};
    int found = sysctl_file_override(&procfs, LIMIT_SHMMAX, &override, NULL);

    procfs_close(&procfs);
    assert_int_equal(found, path != NULL);
    if (path) {
        assert_string_equal(below(tree->path, override.path), path);
        assert_string_equal(override.value, value);
    }
    sysctl_override_release(&override);
    assert_null(override.path);
}

static void earlier_files_override_nothing(void **state)
{
    const struct tree *tree = *state;

    assert_override(tree, NULL, NULL);
    tree_puts(tree, "etc/sysctl.d/10-a.conf", "kernel.shmmax = 1\n");
    tree_puts(tree, "etc/sysctl.d/60-shmtoo.conf", "kernel.shmmax = 1\n");
    tree_puts(tree, OURS, "kernel.shmmax = 2\n");
    tree_puts(tree, "usr/lib/sysctl.d/50-default.conf", "kernel.shmmax = 3\n");
    tree_puts(tree, "usr/lib/sysctl.d/60-shmtool.conf", "kernel.shmmax = 4\n");
    tree_puts(tree, "etc/sysctl.d/99-other.conf", "kernel.shmmni = 3\n#kernel.shmmax = 5\n");
    tree_puts(tree, "etc/sysctl.d/99-old.conf.bak", "kernel.shmmax = 3\n");
    tree_puts(tree, "etc/sysctl.d/README", "kernel.shmmax = 3\n");
    assert_override(tree, NULL, NULL);
}

static void the_last_of_the_later_files_counts(void **state)
{
    const struct tree *tree = *state;

    tree_puts(tree, "usr/lib/sysctl.d/70-b.conf", "kernel.shmmax = 7\n");
    assert_override(tree, "usr/lib/sysctl.d/70-b.conf", "7");
    tree_puts(tree, "lib/sysctl.d/75-c.conf", "-kernel/shmmax=75\n");
    assert_override(tree, "lib/sysctl.d/75-c.conf", "75");
    tree_puts(tree, "run/sysctl.d/65-a.conf", "kernel.shmmax = 6\n");
    assert_override(tree, "lib/sysctl.d/75-c.conf", "75");
    tree_puts(tree, "etc/sysctl.d/80-d.conf", "kernel.shmmax = 8\n");
    assert_override(tree, "etc/sysctl.d/80-d.conf", "8");
    tree_puts(tree, "etc/sysctl.conf", "kernel.shmmax = a b \n");
    assert_override(tree, "etc/sysctl.conf", "a b");
}

static void a_file_of_the_same_name_hides_another(void **state)
{
    const struct tree *tree = *state;

    tree_puts(tree, "usr/lib/sysctl.d/70-b.conf", "kernel.shmmax = 7\n");
    tree_puts(tree, "run/sysctl.d/70-b.conf", "# nothing\n");
    assert_override(tree, NULL, NULL);
    tree_puts(tree, "usr/local/lib/sysctl.d/71-c.conf", "kernel.shmmax = 71\n");
    tree_mkdir(tree, "etc/sysctl.d");
    tree_symlink(tree, "etc/sysctl.d/71-c.conf", "/dev/null");
    assert_override(tree, NULL, NULL);
}

/* Demands that nothing is found, for the reason that CODE and WHERE name. */
static void assert_not_found(const struct tree *tree, int code, const char *where)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct sysctl_override override = {.value = NULL};
    struct procfs procfs = open_tree(tree);
    char expected[256];

    assert_int_equal(sysctl_file_override(&procfs, LIMIT_SHMMAX, &override, &err), -code);
    procfs_close(&procfs);
    snprintf(expected, sizeof(expected), "%s: %s", where, strerror(code));
    assert_string_equal(below(tree->path, err.text), expected);
    assert_null(override.path);
}

/* Any of the entries that were not read may have the last word. */
static void a_directory_that_is_read_in_part_tells_nothing(void **state)
{
    const struct tree *tree = *state;

    tree_puts(tree, "run/sysctl.d/70-a.conf", "kernel.shmmax = 7\n");
    tree_puts(tree, "run/sysctl.d/71-b.conf", "kernel.shmmax = 8\n");
    tree_puts(tree, "etc/sysctl.conf", "kernel.shmmax = 9\n");
    for (entries_left = 0; entries_left < 4; entries_left++) {
        int left = entries_left;

        read_failure = EIO;
        assert_not_found(tree, EIO, "run/sysctl.d");
        entries_left = left;
    }
    read_failure = 0;
    assert_override(tree, "etc/sysctl.conf", "9");
}

static void what_cannot_be_opened_is_said(void **state)
{
    const struct tree *tree = *state;
    int lowest = lowest_descriptor();

    tree_puts(tree, "lib/sysctl.d/70-a.conf", "kernel.shmmax = 7\n");
    tree_symlink(tree, "etc/sysctl.d", "sysctl.d");
    assert_not_found(tree, ELOOP, "etc/sysctl.d");
    assert_int_equal(lowest_descriptor(), lowest);
}

static void a_file_too_large_to_read_is_said(void **state)
{
    static const char zeros[1024 * 1024 + 4096];
    const struct tree *tree = *state;

    tree_puts(tree, "etc/sysctl.conf", "kernel.shmmax = 9\n");
    tree_write(tree, "lib/sysctl.d/70-a.conf", zeros, sizeof(zeros));
    assert_not_found(tree, EFBIG, "lib/sysctl.d/70-a.conf");
}

static void what_is_no_file_sets_nothing(void **state)
{
    const struct tree *tree = *state;

    tree_mkdir(tree, "run/sysctl.d/70-a.conf");
    tree_symlink(tree, "run/sysctl.d/71-b.conf", "nowhere");
    tree_symlink(tree, "run/sysctl.d/72-c.conf", "72-c.conf");
    tree_mkfifo(tree, "run/sysctl.d/73-d.conf");
    tree_puts(tree, "usr/lib", "a file");
    assert_override(tree, NULL, NULL);
    tree_puts(tree, "lib/sysctl.d/69-a.conf", "kernel.shmmax = 7\n");
    assert_override(tree, "lib/sysctl.d/69-a.conf", "7");
}

int main(void)
{
#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)
    const struct CMUnitTest tests[] = {
        TREE_TEST(a_new_file_is_readable_by_all),
        TREE_TEST(locks_of_others_are_in_nobodys_way),
        TREE_TEST(a_lock_left_by_a_crash_is_in_nobodys_way),
        TREE_TEST(an_old_file_keeps_its_other_lines),
        TREE_TEST(an_old_file_keeps_its_mode_and_owner),
        TREE_TEST(the_largest_value_is_written_whole),
        TREE_TEST(a_temporary_file_left_by_a_crash_is_in_nobodys_way),
        TREE_TEST(a_link_is_left_alone),
        TREE_TEST(a_failure_leaves_the_old_file),
        TREE_TEST(no_place_to_write_is_an_error),
        TREE_TEST(two_writers_lose_nothing),
        TREE_TEST(earlier_files_override_nothing),
        TREE_TEST(the_last_of_the_later_files_counts),
        TREE_TEST(a_file_of_the_same_name_hides_another),
        TREE_TEST(a_directory_that_is_read_in_part_tells_nothing),
        TREE_TEST(what_cannot_be_opened_is_said),
        TREE_TEST(a_file_too_large_to_read_is_said),
        TREE_TEST(what_is_no_file_sets_nothing),
    };

    return cmocka_run_group_tests_name("kernel/sysctl_file", tests, NULL, NULL);
}
