/*
 * kernel/mountinfo: lines of /proc/PID/mountinfo.
 */
#include "kernel/mountinfo.h"

#include <string.h>

#include "unit.h"

static void assert_field(const char *field, size_t length, const char *expected)
{
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(field, expected, length);
}

static void assert_mount(const char *line, const char *root, const char *path, const char *type)
{
    struct mountinfo mount;

    if (!mountinfo_parse_line(line, strlen(line), &mount))
        fail_msg("not a mount: %s", line);
    assert_field(mount.root, mount.root_length, root);
    assert_field(mount.path, mount.path_length, path);
    assert_field(mount.type, mount.type_length, type);
}

static void lines_are_parsed(void **state)
{
    (void)state;
    assert_mount("36 35 98:0 / /mnt rw,noatime master:1 - ext3 /dev/root rw", "/", "/mnt", "ext3");
    assert_mount("69 32 0:4 ipc:[4026532199] /run/keep rw - nsfs nsfs rw", "ipc:[4026532199]",
                 "/run/keep", "nsfs");
    assert_mount("1 0 0:1 / / rw shared:1 master:2 propagate_from:3 - tmpfs - rw", "/", "/",
                 "tmpfs");
    /* A dash alone may be a root or a path no more than an option. */
    assert_mount("1 0 0:1 - - rw - nsfs - rw", "-", "-", "nsfs");
}

static void other_lines_are_not(void **state)
{
    static const char *const wrong[] = {
        "", "36 35 98:0 / /mnt", "36 35 98:0 / /mnt rw shared:1 ext3 /dev/root rw",
        "36 35 98:0 / /mnt rw -", "36 35 98:0  /mnt rw - ext3 /dev/root rw"};
    struct mountinfo mount;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        if (mountinfo_parse_line(wrong[i], strlen(wrong[i]), &mount))
            fail_msg("a mount: %s", wrong[i]);
    }
}

static void assert_unescaped(const char *text, const char *expected)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

    mountinfo_unescape(&out, text, strlen(text));
    assert_string_equal(strbuf_string(&out), expected);
}

static void escapes_are_undone(void **state)
{
    (void)state;
    assert_unescaped("/run/keep", "/run/keep");
    assert_unescaped("/a\\040b\\011c\\012d\\134e", "/a b\tc\nd\\e");
    assert_unescaped("/a\\04", "/a\\04");
    assert_unescaped("/a\\", "/a\\");
    assert_unescaped("/a\\777", "/a\\777");
    assert_unescaped("\\0400", " 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_parsed),
        cmocka_unit_test(other_lines_are_not),
        cmocka_unit_test(escapes_are_undone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
