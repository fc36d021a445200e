/*
 * kernel/source: whole listings, good and bad, and reads that stumble.
 *
 * wrap: read shmctl
 */
#include "kernel/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "listing.h"
#include "tree.h"
#include "unit.h"

#define HEADER \
    "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid" \
    "      atime      dtime      ctime                   rss                  swap\n"
#define ROW(shmid) "4711 " shmid " 600 4096 701 702 0 0 0 0 0 1 2 3 4096 0\n"
#define LISTING "proc/sysvipc/shm"

ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
int __wrap_shmctl(int shmid, int command, struct shmid_ds *ds);

/* How reading goes wrong. */
static size_t longest_read; /* bytes; 0: as many as were asked for */
static bool interrupted;    /* every other read is cut short by a signal */
static size_t reads_left;   /* before a read fails with EIO; 0: none does */

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

/* A saved tree must never be answered by this machine. */
int __wrap_shmctl(int shmid, int command, struct shmid_ds *ds)
{
    (void)ds;
    fail_msg("shmctl(%d, %d) was called for a saved tree", shmid, command);
    return -1;
}

static int setup(void **state)
{
    longest_read = 0;
    interrupted = false;
    reads_left = 0;
    return tree_setup(state);
}

static int read_tree(const struct tree *tree, struct listing *got, struct error *err)
{
    return listing_read(tree->path, got, err);
}

/* --- Files that a test makes -------------------------------------------------------------------
 */

static void line_without_its_end_may_have_lost_digits(void **state)
{
    CLEANUP_LISTING struct listing got = LISTING_INIT;

    tree_puts(*state, LISTING, HEADER ROW("1") "4711 2 600 4096 701 702 0 0 0 0 0 1 2 3 4096 0");
    assert_int_equal(read_tree(*state, &got, NULL), 0);
    assert_int_equal(got.list.count, 1);
    assert_complaints(&got,
                      "proc/sysvipc/shm: line 3|4711 2 600 4096 701 702 0 0 0 0 0 1 2 3 4096 0\n");
}

static void each_unparsed_line_is_reported_with_its_number(void **state)
{
    CLEANUP_LISTING struct listing got = LISTING_INIT;
    static const char text[] = HEADER "x\n" ROW("1") "\n" ROW("4294967296") ROW("2") HEADER
        "a\0b\n" ROW("3") "\x1b[2J\xff\n";

    tree_write(*state, LISTING, text, sizeof(text) - 1);
    assert_int_equal(read_tree(*state, &got, NULL), 0);
    assert_int_equal(got.list.count, 3);
    assert_int_equal(got.list.items[0].shmid, 1);
    assert_int_equal(got.list.items[1].shmid, 2);
    assert_int_equal(got.list.items[2].shmid, 3);
    static const char expected[] =
        "proc/sysvipc/shm: line 2|x\n"
        "proc/sysvipc/shm: line 4|\n"
        "proc/sysvipc/shm: line 5|4711 4294967296 600 4096 701 702 0 0 0 0 0 1 2 3 4096 0\n"
        "proc/sysvipc/shm: line 7|" HEADER "proc/sysvipc/shm: line 8|a\0b\n"
        "proc/sysvipc/shm: line 10|\x1b[2J\xff\n";
    assert_complaints(&got, expected);
}

static void file_without_the_header_is_no_listing(void **state)
{
    static const char *const texts[] = {
        "\n" HEADER,
        ROW("1"),
        "key semid perms nsems uid gid cuid cgid otime ctime\n",
        "key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss\n",
        "key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap",
        "\n",
        "no newline",
    };

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        CLEANUP_LISTING struct listing got = LISTING_INIT;
        CLEANUP_ERROR struct error err = ERROR_INIT;

        tree_puts(*state, LISTING, texts[i]);
        assert_int_equal(read_tree(*state, &got, &err), -EBADMSG);
        assert_string_equal(below(((const struct tree *)*state)->path, err.text),
                            "proc/sysvipc/shm: not a listing of shared memory segments: "
                            "no header");
        assert_int_equal(got.list.count, 0);
        assert_int_equal(got.complaints.count, 0);
    }
}

static void line_without_end_is_no_listing(void **state)
{
    CLEANUP_LISTING struct listing got = LISTING_INIT;
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    strbuf_puts(&text, HEADER ROW("1"));
    for (int i = 0; i < 300000; i++)
        strbuf_putc(&text, 'x');
    tree_write(*state, LISTING, text.data, text.length);
    assert_int_equal(read_tree(*state, &got, &err), -EBADMSG);
    assert_string_equal(below(((const struct tree *)*state)->path, err.text),
                        "proc/sysvipc/shm: line 3 has no end: not a listing");
}

static void long_line_is_not_understood_wherever_it_stands(void **state)
{
    static const size_t sizes[] = {0, 4096, 40000};

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        CLEANUP_LISTING struct listing got = LISTING_INIT;
        CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

        strbuf_puts(&text, HEADER ROW("1"));
        for (int n = 0; n < 40000; n++)
            strbuf_putc(&text, 'x');
        strbuf_puts(&text, "\n" ROW("2"));
        tree_write(*state, LISTING, text.data, text.length);
        longest_read = sizes[i];
        assert_int_equal(read_tree(*state, &got, NULL), 0);
        assert_int_equal(got.list.count, 2);
        assert_int_equal(got.complaints.count, 1);
        assert_string_equal(below(got.dir, got.complaints.items[0].where),
                            "proc/sysvipc/shm: line 3");
        assert_int_equal(got.complaints.items[0].length, 40000);
    }
}

static void sparse_file_is_refused_at_once(void **state)
{
    CLEANUP_LISTING struct listing got = LISTING_INIT;
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct tree *tree = *state;
    char path[512];

    tree_puts(tree, LISTING, HEADER);
    snprintf(path, sizeof(path), "%s/%s", tree->path, LISTING);
    if (truncate(path, INT64_C(10) << 30) < 0)
        skip_because("no file of so many bytes: %s", strerror(errno));
    reads_left = 10; /* more than these it may not need */
    assert_int_equal(read_tree(tree, &got, &err), -EBADMSG);
    assert_string_equal(below(((const struct tree *)*state)->path, err.text),
                        "proc/sysvipc/shm: line 2 has no end: not a listing");
}

static void what_is_no_file_is_refused_without_waiting(void **state)
{
    static const struct {
        const char *name;
        int code;
        const char *text;
    } cases[] = {
        {"fifo", EINVAL, "proc/sysvipc/shm: not a regular file"},
        {"dir", EISDIR, "proc/sysvipc/shm: Is a directory"},
        {"loop", ELOOP, "proc/sysvipc/shm: Too many levels of symbolic links"},
        {"nowhere", ENOENT, "proc/sysvipc/shm: No such file or directory"},
        {"below-file", ENOTDIR, "proc/sysvipc/shm: Not a directory"},
    };
    struct tree *tree = *state;
    struct tree part;

    tree_mkfifo(tree, "fifo/" LISTING);
    tree_mkdir(tree, "dir/" LISTING);
    tree_symlink(tree, "loop/" LISTING, "shm");
    tree_symlink(tree, "nowhere/" LISTING, "gone");
    tree_puts(tree, "below-file/proc/sysvipc", "");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP_LISTING struct listing got = LISTING_INIT;
        CLEANUP_ERROR struct error err = ERROR_INIT;

        assert_true(snprintf(part.path, sizeof(part.path), "%s/%s", tree->path, cases[i].name) <
                    (int)sizeof(part.path));
        assert_int_equal(read_tree(&part, &got, &err), -cases[i].code);
        assert_string_equal(below(part.path, err.text), cases[i].text);
        assert_int_equal(read_tree(&part, &got, NULL), -cases[i].code);
        assert_int_equal(got.list.count, 0);
    }
}

static void links_lead_nowhere_but_into_the_tree(void **state)
{
    CLEANUP_LISTING struct listing got = LISTING_INIT;

    tree_puts(*state, "kept/shm", HEADER ROW("7"));
    tree_symlink(*state, LISTING, "/kept/shm");
    assert_int_equal(read_tree(*state, &got, NULL), 0);
    assert_int_equal(got.list.count, 1);
    assert_int_equal(got.list.items[0].shmid, 7);
}

static void complaints_need_not_be_wanted(void **state)
{
    CLEANUP_SEGMENT_LIST struct segment_list got = SEGMENT_LIST_INIT;
    struct procfs procfs;

    tree_puts(*state, LISTING, HEADER ROW("1") "x\n" ROW("3"));
    assert_int_equal(procfs_open(&procfs, ((const struct tree *)*state)->path, NULL), 0);
    assert_int_equal(source_read(&procfs, false, &got, NULL, NULL), 0);
    procfs_close(&procfs);
    assert_int_equal(got.count, 2);
}

/* --- Reading that goes wrong -------------------------------------------------------------------
 */

enum { MANY = 5000 };

/* Writes a listing of MANY rows, of which every 100th cannot be understood. */
static void write_many(const struct tree *tree)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    strbuf_puts(&text, HEADER);
    for (int i = 0; i < MANY; i++) {
        if (i % 100 == 99)
            strbuf_printf(&text, "garbage %d\n", i);
        else
            strbuf_printf(&text, "%10d %10d  600 %21d 701 702 0 0 0 0 0 1 2 3 %21d %21d\n", -i,
                          i * 3, i, 0, i);
    }
    tree_write(tree, LISTING, text.data, text.length);
}

static void assert_many(const struct listing *got)
{
    const struct complaint *last = &got->complaints.items[MANY / 100 - 1];
    size_t at = 0;

    assert_int_equal(got->list.count, MANY - MANY / 100);
    assert_int_equal(got->complaints.count, MANY / 100);
    for (int i = 0; i < MANY; i++) {
        if (i % 100 == 99)
            continue;
        assert_int_equal(got->list.items[at].shmid, i * 3);
        assert_int_equal(got->list.items[at].key, (uint32_t)-i);
        assert_int_equal(got->list.items[at].size, i);
        assert_int_equal(got->list.items[at].swap, i);
        at++;
    }
    assert_string_equal(below(got->dir, got->complaints.items[0].where),
                        "proc/sysvipc/shm: line 101");
    assert_string_equal(got->complaints.items[0].text, "garbage 99");
    assert_string_equal(below(got->dir, last->where), "proc/sysvipc/shm: line 5001");
    assert_string_equal(last->text, "garbage 4999");
}

static void more_than_a_buffer_is_read(void **state)
{
    CLEANUP_LISTING struct listing got = LISTING_INIT;

    write_many(*state);
    assert_int_equal(read_tree(*state, &got, NULL), 0);
    assert_many(&got);
}

static void short_reads_change_nothing(void **state)
{
    static const size_t sizes[] = {1, 7, 130, 171, 172, 4096, 65536};

    write_many(*state);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        CLEANUP_LISTING struct listing got = LISTING_INIT;

        longest_read = sizes[i];
        interrupted = i % 2 == 1;
        assert_int_equal(read_tree(*state, &got, NULL), 0);
        assert_many(&got);
    }
}

static void failing_reads_are_reported(void **state)
{
    write_many(*state);
    longest_read = 4096;
    for (size_t good = 1; good < 20; good++) {
        CLEANUP_LISTING struct listing got = LISTING_INIT;
        CLEANUP_ERROR struct error err = ERROR_INIT;

        reads_left = good;
        assert_int_equal(read_tree(*state, &got, &err), -EIO);
        assert_string_equal(below(((const struct tree *)*state)->path, err.text),
                            "proc/sysvipc/shm: read: Input/output error");
    }
}

#define with_tree(test) cmocka_unit_test_setup_teardown(test, setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_tree(line_without_its_end_may_have_lost_digits),
        with_tree(each_unparsed_line_is_reported_with_its_number),
        with_tree(file_without_the_header_is_no_listing),
        with_tree(line_without_end_is_no_listing),
        with_tree(long_line_is_not_understood_wherever_it_stands),
        with_tree(sparse_file_is_refused_at_once),
        with_tree(what_is_no_file_is_refused_without_waiting),
        with_tree(links_lead_nowhere_but_into_the_tree),
        with_tree(complaints_need_not_be_wanted),
        with_tree(more_than_a_buffer_is_read),
        with_tree(short_reads_change_nothing),
        with_tree(failing_reads_are_reported),
    };

    return cmocka_run_group_tests_name("kernel/source: listings", tests, NULL, NULL);
}
