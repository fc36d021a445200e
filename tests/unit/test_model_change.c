/* model/change: NAME=VALUE, permissions as chmod takes them, and what becomes of a segment. */
#include <errno.h>
#include <string.h>

#include "model/change.h"
#include "unit.h"

static void modes_as_chmod_takes_them(void **state)
{
    static const struct {
        const char *word;
        uint32_t umask;
        uint32_t before;
        uint32_t after;
    } cases[] = {
        {"0", 022, 0777, 0},
        {"640", 022, 0600, 0640},
        {"0666", 022, 0, 0666},
        {"u+w", 0, 0400, 0600},
        {"u+w,o=", 0, 0407, 0600},
        {"a=r", 022, 0600, 0444},
        {"ugo=rw", 022, 0, 0666},
        {"u=rwx,g=rx,o=", 0, 0, 0750},
        {"g-rwx", 0, 0777, 0707},
        {"go=u", 0, 0640, 0666},
        {"o=g", 0, 0640, 0644},
        {"g-o", 0, 0664, 0624},
        {"u=r+w", 0, 0100, 0600},
        {"u-r+w-w", 0, 0600, 0000},
        {"u=", 0, 0777, 0077},
        {"a+X", 0, 0640, 0640},
        {"a+X", 0, 0740, 0751},
        {"u+", 0, 0640, 0640},
        /* Of nobody: what the umask has is left alone, but = takes it away. */
        {"+w", 022, 0444, 0644},
        {"+rw", 077, 0, 0600},
        {"-w", 022, 0666, 0466},
        {"=rw", 022, 0777, 0644},
        {"=", 022, 0777, 0},
        {"=,u+r", 022, 0777, 0400},
        /* Bits above the permissions are none. */
        {"g+r", 0, 03600, 0640},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint32_t mode = 1;

        assert_int_equal(
            change_parse_mode(cases[i].word, cases[i].umask, cases[i].before, &mode, NULL), 0);
        assert_int_equal(mode, cases[i].after);
    }
}

static void what_is_no_mode_is_refused_with_what_would_be_one(void **state)
{
    static const char *const words[] = {
        "",        "8",   "1777", "01777", "u",    "rw",    "u+s", "+t",    "u+w,", ",u+w",
        "u+w,,o=", "z+r", "u*w",  "u+w ",  " 640", "u+rwq", "-1",  "0x1ff", "u=ug", "600,u+w"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;
        uint32_t mode = 1;

        assert_int_equal(change_parse_mode(words[i], 0, 0777, &mode, &err), -EINVAL);
        assert_int_equal(mode, 1);
        assert_non_null(strstr(err.text, "not permissions (octal as 640"));
    }
}

static void names_and_values(void **state)
{
    struct change change = {0};
    enum change_name name;

    (void)state;
    assert_true(change_is_empty(&change));
    assert_int_equal(change_parse(&change, "perms=u+w", &name, NULL), 0);
    assert_int_equal(name, CHANGE_PERMS);
    assert_int_equal(change_parse(&change, "owner=a=b", &name, NULL), 0);
    assert_int_equal(name, CHANGE_OWNER);
    assert_string_equal(change.values[CHANGE_OWNER], "a=b");
    assert_int_equal(change_parse(&change, "group=", &name, NULL), 0);
    assert_string_equal(change.values[CHANGE_GROUP], "");
    assert_int_equal(change_parse(&change, "locked=yes", &name, NULL), 0);
    assert_true(change.locked);
    assert_false(change_is_empty(&change));
}

static void wrong_names_and_values_change_nothing(void **state)
{
    static const struct {
        const char *word;
        const char *message;
    } cases[] = {
        {"=5", ": cannot be set: owner, group, perms and locked can be"},
        {"mode=600", "mode: cannot be set; did you mean 'perms'?"},
        {"user=zc", "user: cannot be set; did you mean 'owner'?"},
        {"onwer=zc", "onwer: cannot be set; did you mean 'owner'?"},
        {"size=5", "size: cannot be set: owner, group, perms and locked can be"},
        {"owner", "owner: a value is missing, owner=VALUE"},
        {"perms=9", "perms=: '9': not permissions (octal as 640, or as chmod takes them: u+w,o=)"},
        {"locked=", "locked=: '': neither yes nor no"},
        {"locked=YES", "locked=: 'YES': neither yes nor no"},
        {"group=b", "group=b: is set twice"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;
        struct change change = {.values = {[CHANGE_GROUP] = "a"}};
        enum change_name name;

        assert_int_equal(change_parse(&change, cases[i].word, &name, &err), -EINVAL);
        assert_string_equal(err.text, cases[i].message);
        assert_null(change.values[CHANGE_PERMS]);
        assert_null(change.values[CHANGE_LOCKED]);
        assert_string_equal(change.values[CHANGE_GROUP], "a");
    }
}

static void what_is_not_named_stays(void **state)
{
    const struct segment before = {
        .uid = 1, .gid = 2, .mode = SEGMENT_DEST | SEGMENT_LOCKED | 0640};
    const struct change none = {.uid = 7, .gid = 8, .locked = false};
    const struct change all = {
        .values = {"a", "b", "o+r", "no"}, .uid = 7, .gid = 8, .locked = false};
    struct segment after = change_apply(&none, &before);

    (void)state;
    assert_true(change_same(&after, &before));
    after = change_apply(&all, &before);
    assert_int_equal(after.uid, 7);
    assert_int_equal(after.gid, 8);
    assert_int_equal(after.mode, SEGMENT_DEST | 0644);
}

static void each_of_four_makes_a_difference(void **state)
{
    const struct segment one = {.uid = 1, .gid = 2, .mode = 0640};
    struct segment other = one;

    (void)state;
    other.mode |= SEGMENT_DEST; /* is no change of ours */
    assert_true(change_same(&one, &other));
    other.mode = one.mode | SEGMENT_LOCKED;
    assert_false(change_same(&one, &other));
    other.mode = 0641;
    assert_false(change_same(&one, &other));
    other = one;
    other.uid = 3;
    assert_false(change_same(&one, &other));
    other = one;
    other.gid = 3;
    assert_false(change_same(&one, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes_as_chmod_takes_them),
        cmocka_unit_test(what_is_no_mode_is_refused_with_what_would_be_one),
        cmocka_unit_test(names_and_values),
        cmocka_unit_test(wrong_names_and_values_change_nothing),
        cmocka_unit_test(what_is_not_named_stays),
        cmocka_unit_test(each_of_four_makes_a_difference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
