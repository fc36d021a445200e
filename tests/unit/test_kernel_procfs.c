/*
 * kernel/procfs: the live system's tree and saved ones, which nothing leads out of.
 *
 * wrap: syscall read
 */
#include "kernel/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tree.h"
#include "unit.h"

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);

static int openat2_failure; /* errno of openat2(2); 0: it works */
static size_t longest_read; /* bytes; 0: as many as were asked for */
static bool interrupted;    /* every other read is cut short by a signal */
static size_t reads_left;   /* before a read fails with EIO; 0: none does */

long __wrap_syscall(long number, ...)
{
    long words[4]; /* as many as openat2(2) has */
    va_list args;

    assert_int_equal(number, SYS_openat2);
    va_start(args, number);
    for (size_t i = 0; i < COUNT_OF(words); i++)
        words[i] = va_arg(args, long);
    va_end(args);
    if (openat2_failure) {
        errno = openat2_failure;
        return -1;
    }
    return __real_syscall(number, words[0], words[1], words[2], words[3]);
}

ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
    static bool now;

    if (reads_left > 0 && --reads_left == 0) {
        errno = EIO;
        return -1;
    }
    now = !now;
    if (interrupted && now) {
        errno = EINTR;
        return -1;
    }
    return __real_read(fd, buffer, longest_read && longest_read < size ? longest_read : size);
}

static struct procfs procfs;
static int lowest;

static int open_tree(void **state)
{
    const struct tree *tree;

    openat2_failure = 0;
    longest_read = 0;
    interrupted = false;
    reads_left = 0;
    tree_setup(state);
    tree = *state;
    lowest = lowest_descriptor();
    return procfs_open(&procfs, tree->path, NULL);
}

static int close_tree(void **state)
{
    procfs_close(&procfs);
    assert_int_equal(lowest_descriptor(), lowest);
    return tree_teardown(state);
}

/* --- Opening a tree ----------------------------------------------------------------------------
 */

static void live_system_has_this_machines_pages(void **state)
{
    struct procfs live;

    (void)state;
    assert_int_equal(procfs_open(&live, NULL, NULL), 0);
    assert_true(live.live);
    assert_int_equal(live.page_size, sysconf(_SC_PAGESIZE));
    assert_string_equal(procfs_prefix(&live), "/");
    assert_true(fcntl(live.root_fd, F_GETFD) & FD_CLOEXEC);
    procfs_close(&live);
    assert_int_equal(live.root_fd, -1);
    procfs_close(&live);
}

static void saved_tree_may_have_larger_pages(void **state)
{
    const struct tree *tree = *state;
    char expected[300];

    assert_false(procfs.live);
    assert_int_equal(procfs.page_size, 65536);
    snprintf(expected, sizeof(expected), "%s/", tree->path);
    assert_string_equal(procfs_prefix(&procfs), expected);
    assert_true(fcntl(procfs.root_fd, F_GETFD) & FD_CLOEXEC);
}

static void a_slash_at_the_end_of_a_tree_is_not_doubled(void **state)
{
    const struct tree *tree = *state;
    struct procfs slashed;
    char dir[300];

    snprintf(dir, sizeof(dir), "%s//", tree->path);
    assert_int_equal(procfs_open(&slashed, dir, NULL), 0);
    assert_string_equal(procfs_prefix(&slashed), dir);
    procfs_close(&slashed);
    assert_int_equal(procfs_open(&slashed, "/", NULL), 0);
    assert_string_equal(procfs_prefix(&slashed), "/");
    procfs_close(&slashed);
}

static void what_is_no_directory_is_no_tree(void **state)
{
    static const struct {
        const char *path;
        int code;
    } cases[] = {
        {"", ENOENT},
        {"/nonexistent/tree", ENOENT},
        {"/dev/null", ENOTDIR},
        {"/dev/null/x", ENOTDIR},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;
        struct procfs none = {.root_fd = -77};
        char expected[256];

        assert_int_equal(procfs_open(&none, cases[i].path, &err), -cases[i].code);
        assert_int_equal(none.root_fd, -77);
        snprintf(expected, sizeof(expected), "%s: %s", cases[i].path, strerror(cases[i].code));
        assert_string_equal(err.text, expected);
        assert_int_equal(procfs_open(&none, cases[i].path, NULL), -cases[i].code);
    }
}

/* --- Files -------------------------------------------------------------------------------------
 */

/* Demands that PATH is read as TEXT. */
static void assert_reads(const char *path, const char *text)
{
    CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;

    assert_int_equal(procfs_read_file(&procfs, path, 4096, &buf, NULL), 0);
    assert_string_equal(strbuf_string(&buf), text);
}

/* Demands that PATH cannot be opened, or read, because of CODE. */
static void assert_fails(const char *path, int code, const char *words)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;
    char expected[512];

    snprintf(expected, sizeof(expected), "%s%s: %s", procfs_prefix(&procfs), path,
             words ? words : strerror(code));
    assert_int_equal(procfs_open_file(&procfs, path, &err), -code);
    assert_int_equal(err.code, code);
    assert_string_equal(err.text, expected);
    error_clear(&err);
    assert_int_equal(procfs_read_file(&procfs, path, 4096, &buf, &err), -code);
    assert_string_equal(err.text, expected);
    assert_int_equal(buf.length, 0);
    assert_int_equal(procfs_open_file(&procfs, path, NULL), -code);
}

static void files_are_opened_for_reading(void **state)
{
    int fd;

    tree_puts(*state, "proc/stat", "btime 1\n");
    fd = procfs_open_file(&procfs, "proc/stat", NULL);
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
    close(fd);
    assert_reads("proc/stat", "btime 1\n");
}

static void other_things_are_refused_without_waiting(void **state)
{
    const struct tree *tree = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_true(snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", tree->path) <
                (int)sizeof(address.sun_path));
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    tree_mkfifo(tree, "fifo");
    tree_mkdir(tree, "dir");
    tree_puts(tree, "file", "");
    tree_symlink(tree, "loop", "loop");
    tree_symlink(tree, "one", "two");
    tree_symlink(tree, "two", "one");
    tree_symlink(tree, "dangling", "gone");
    assert_fails("fifo", EINVAL, "not a regular file");
    assert_fails("dir", EISDIR, NULL);
    assert_fails("socket", ENXIO, NULL);
    assert_fails("loop", ELOOP, NULL);
    assert_fails("one", ELOOP, NULL);
    assert_fails("dangling", ENOENT, NULL);
    assert_fails("gone", ENOENT, NULL);
    assert_fails("file/below", ENOTDIR, NULL);
}

static void live_paths_begin_with_a_slash(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct procfs live;

    (void)state;
    assert_int_equal(procfs_open(&live, NULL, NULL), 0);
    assert_int_equal(procfs_open_file(&live, "proc/nonexistent", &err), -ENOENT);
    assert_string_equal(err.text, "/proc/nonexistent: No such file or directory");
    procfs_close(&live);
}

static void live_files_are_read(void **state)
{
    CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;
    char expected[32];
    struct procfs live;

    (void)state;
    assert_int_equal(procfs_open(&live, NULL, NULL), 0);
    assert_int_equal(procfs_read_file(&live, "proc/self/stat", 65536, &buf, NULL), 0);
    snprintf(expected, sizeof(expected), "%d (", (int)getpid());
    assert_memory_equal(buf.data, expected, strlen(expected));
    procfs_close(&live);
}

/* --- Links -------------------------------------------------------------------------------------
 */

/* Things outside of the tree, and links in the tree that point to where they stand. */
static void make_links(const struct tree *tree, const struct tree *outside)
{
    char path[512];

    tree_puts(outside, "secret", "outside");
    tree_puts(tree, "secret", "inside");
    tree_puts(tree, "real/file", "inside");
    tree_symlink(tree, "up", "../../../../../../../../secret");
    snprintf(path, sizeof(path), "%s/secret", outside->path);
    tree_symlink(tree, "absolute", path);
    tree_symlink(tree, "outdir", outside->path);
    tree_symlink(tree, "root", "/");
    tree_symlink(tree, "inner", "/real/file");
    tree_symlink(tree, "innerdir", "/real");
    tree_symlink(tree, "chain", "innerdir/../inner");
}

static void links_are_followed_inside_of_the_tree(void **state)
{
    struct tree outside;

    tree_make(&outside);
    make_links(*state, &outside);
    assert_reads("up", "inside");
    assert_reads("root/secret", "inside");
    assert_reads("root/root/../secret", "inside");
    assert_reads("inner", "inside");
    assert_reads("innerdir/file", "inside");
    assert_reads("chain", "inside");
    assert_fails("absolute", ENOENT, NULL);
    assert_fails("outdir/secret", ENOENT, NULL);
    assert_reads("../secret", "inside");
    assert_reads("/secret", "inside");
    tree_remove(&outside);
}

static void links_are_refused_where_the_kernel_cannot_hold_them(void **state)
{
    static const int codes[] = {ENOSYS, EPERM};
    struct tree outside;

    tree_make(&outside);
    make_links(*state, &outside);
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        openat2_failure = codes[i];
        assert_reads("secret", "inside");
        assert_reads("real/file", "inside");
        assert_fails("up", ELOOP, NULL);
        assert_fails("absolute", ELOOP, NULL);
        assert_fails("inner", ELOOP, NULL);
    }
    openat2_failure = EACCES;
    assert_fails("secret", EACCES, NULL);
    tree_remove(&outside);
}

/* --- Directories -------------------------------------------------------------------------------
 */

static void directories_are_listed(void **state)
{
    const struct dirent *entry;
    DIR *dir;
    int found = 0;
    int file;

    tree_puts(*state, "proc/1/stat", "");
    tree_puts(*state, "proc/2/stat", "");
    dir = procfs_open_dir(&procfs, "proc", NULL);
    assert_non_null(dir);
    assert_true(fcntl(dirfd(dir), F_GETFD) & FD_CLOEXEC);
    while ((entry = procfs_next_entry(dir)))
        found += strcmp(entry->d_name, "1") == 0 || strcmp(entry->d_name, "2") == 0;
    assert_int_equal(errno, 0);
    file = procfs_open_file(&procfs, "proc/1/stat", NULL);
    assert_int_equal(dup2(file, dirfd(dir)), dirfd(dir)); /* now it cannot be read any more */
    close(file);
    assert_null(procfs_next_entry(dir));
    assert_int_equal(errno, ENOTDIR);
    closedir(dir);
    assert_int_equal(found, 2);
}

static void other_things_are_no_directories(void **state)
{
    static const struct {
        const char *path;
        int code;
    } cases[] = {
        {"gone", ENOENT}, {"file", ENOTDIR}, {"fifo", ENOTDIR}, {"loop", ELOOP}, {"out", ENOENT},
    };

    const struct tree *tree = *state;

    tree_puts(tree, "file", "");
    tree_mkfifo(tree, "fifo");
    tree_symlink(tree, "loop", "loop");
    tree_symlink(tree, "out", "/usr");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;
        char expected[256];

        errno = 0;
        assert_null(procfs_open_dir(&procfs, cases[i].path, &err));
        assert_int_equal(errno, cases[i].code);
        assert_int_equal(err.code, cases[i].code);
        snprintf(expected, sizeof(expected), "%s: %s", cases[i].path, strerror(cases[i].code));
        assert_string_equal(below(tree->path, err.text), expected);
        errno = 0;
        assert_null(procfs_open_dir(&procfs, cases[i].path, NULL));
        assert_int_equal(errno, cases[i].code);
    }
}

/* --- Whole files -------------------------------------------------------------------------------
 */

static void files_are_appended_whole(void **state)
{
    CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;
    static const char bytes[] = "a\0b\n\0";

    tree_write(*state, "bytes", bytes, sizeof(bytes));
    tree_puts(*state, "empty", "");
    assert_int_equal(procfs_read_file(&procfs, "empty", 0, &buf, NULL), 0);
    assert_int_equal(buf.length, 0);
    assert_string_equal(strbuf_string(&buf), "");
    strbuf_puts(&buf, "front ");
    assert_int_equal(procfs_read_file(&procfs, "bytes", 4096, &buf, NULL), 0);
    assert_int_equal(buf.length, 6 + sizeof(bytes));
    assert_memory_equal(buf.data, "front a\0b\n\0\0", 6 + sizeof(bytes) + 1);
    assert_int_equal(procfs_read_file(&procfs, "empty", 0, &buf, NULL), 0);
    assert_int_equal(buf.length, 6 + sizeof(bytes));
}

enum { LARGE = 100000 };

static void write_large(const struct tree *tree)
{
    static char bytes[LARGE];

    for (size_t i = 0; i < LARGE; i++)
        bytes[i] = (char)(i * 31 >> 3);
    tree_write(tree, "large", bytes, LARGE);
}

static void assert_large(const struct strbuf *buf)
{
    assert_int_equal(buf->length, LARGE);
    for (size_t i = 0; i < LARGE; i++)
        assert_int_equal(buf->data[i], (char)(i * 31 >> 3));
    assert_int_equal(buf->data[LARGE], 0);
}

static void limit_is_the_last_byte_that_is_taken(void **state)
{
    CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;
    CLEANUP_ERROR struct error err = ERROR_INIT;

    write_large(*state);
    assert_int_equal(procfs_read_file(&procfs, "large", LARGE, &buf, NULL), 0);
    assert_large(&buf);
    strbuf_reset(&buf);
    assert_int_equal(procfs_read_file(&procfs, "large", LARGE - 1, &buf, &err), -EFBIG);
    assert_string_equal(below(((const struct tree *)*state)->path, err.text),
                        "large: File too large");
    strbuf_reset(&buf);
    assert_int_equal(procfs_read_file(&procfs, "large", 10, &buf, NULL), -EFBIG);
    /* It stops long before the file's end, and what there is is a string. */
    assert_in_range(buf.length, 1, 10000);
    assert_int_equal(buf.data[buf.length], 0);
}

static void short_reads_change_nothing(void **state)
{
    static const size_t sizes[] = {1, 7, 4095, 4096, 65536};

    write_large(*state);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;

        longest_read = sizes[i];
        interrupted = i % 2 == 1;
        assert_int_equal(procfs_read_file(&procfs, "large", LARGE, &buf, NULL), 0);
        assert_large(&buf);
    }
}

static void failing_reads_are_errors(void **state)
{
    CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;
    CLEANUP_ERROR struct error err = ERROR_INIT;

    write_large(*state);
    for (size_t good = 1; good < 5; good++) {
        reads_left = good;
        strbuf_reset(&buf);
        assert_int_equal(procfs_read_file(&procfs, "large", LARGE, &buf, &err), -EIO);
        assert_string_equal(below(((const struct tree *)*state)->path, err.text),
                            "large: Input/output error");
        assert_string_equal(strbuf_string(&buf) + buf.length, "");
    }
    assert_int_equal(procfs_read_file(&procfs, "gone", LARGE, &buf, NULL), -ENOENT);
}

/* --- Numbers ---------------------------------------------------------------------------------- */

static void a_file_of_one_number_is_read(void **state)
{
    static const struct {
        const char *text;
        int r;
        uint64_t value;
    } files[] = {
        {"32768\n", 0, 32768},
        {"0", 0, 0},
        {"18446744073709551615\r\n\t ", 0, UINT64_MAX},
        {"", -EBADMSG, 0},
        {"\n", -EBADMSG, 0},
        {" 7\n", -EBADMSG, 0},
        {"-7\n", -EBADMSG, 0},
        {"7 8\n", -EBADMSG, 0},
        {"0x7\n", -EBADMSG, 0},
        {"18446744073709551616\n", -EBADMSG, 0},
    };

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;
        uint64_t value = 77;

        tree_puts(*state, "file", files[i].text);
        assert_int_equal(procfs_read_number(&procfs, "file", &value, &err), files[i].r);
        assert_int_equal(value, files[i].r == 0 ? files[i].value : 77);
        if (files[i].r < 0)
            assert_string_equal(below(((const struct tree *)*state)->path, err.text),
                                "file: not a number");
    }
    assert_int_equal(procfs_read_number(&procfs, "gone", &(uint64_t){0}, NULL), -ENOENT);
}

static void a_number_is_found_after_its_mark(void **state)
{
    uint64_t value = 77;

    tree_puts(*state, "file", "first 1\nx second: 2\nsecond:\t 3 kB\nlast -\n");
    assert_true(procfs_find_number(&procfs, "file", "first", &value));
    assert_int_equal(value, 1);
    assert_true(procfs_find_number(&procfs, "file", "second:", &value));
    assert_int_equal(value, 3);
    assert_true(procfs_find_number(&procfs, "file", "\nsecond:", &value));
    assert_int_equal(value, 3);
    assert_false(procfs_find_number(&procfs, "file", "\nfirst", &value)); /* the first line */
    assert_false(procfs_find_number(&procfs, "file", "last", &value));
    assert_false(procfs_find_number(&procfs, "file", "third", &value));
    assert_false(procfs_find_number(&procfs, "gone", "first", &value));
    assert_int_equal(value, 3);
    tree_puts(*state, "file", "5000.25 9000.00\n");
    assert_true(procfs_find_number(&procfs, "file", "", &value));
    assert_int_equal(value, 5000);
}

#define with_tree(test) cmocka_unit_test_setup_teardown(test, open_tree, close_tree)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_tree(a_file_of_one_number_is_read),
        with_tree(a_number_is_found_after_its_mark),
        cmocka_unit_test(live_system_has_this_machines_pages),
        with_tree(saved_tree_may_have_larger_pages),
        with_tree(a_slash_at_the_end_of_a_tree_is_not_doubled),
        cmocka_unit_test(what_is_no_directory_is_no_tree),
        with_tree(files_are_opened_for_reading),
        with_tree(other_things_are_refused_without_waiting),
        cmocka_unit_test(live_paths_begin_with_a_slash),
        cmocka_unit_test(live_files_are_read),
        with_tree(links_are_followed_inside_of_the_tree),
        with_tree(links_are_refused_where_the_kernel_cannot_hold_them),
        with_tree(directories_are_listed),
        with_tree(other_things_are_no_directories),
        with_tree(files_are_appended_whole),
        with_tree(limit_is_the_last_byte_that_is_taken),
        with_tree(short_reads_change_nothing),
        with_tree(failing_reads_are_errors),
    };

    return cmocka_run_group_tests_name("kernel/procfs", tests, NULL, NULL);
}
