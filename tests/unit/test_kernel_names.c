/*
 * kernel/names: users and groups of this machine, by a C library of the test's own, and of a
 * saved tree.
 *
 * wrap: getpwuid_r getpwnam_r getgrgid_r getgrnam_r
 */
#include "kernel/names.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"
#include "unit.h"

int __wrap_getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size,
                      struct passwd **found);
int __wrap_getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size,
                      struct passwd **found);
int __wrap_getgrgid_r(gid_t gid, struct group *entry, char *buffer, size_t size,
                      struct group **found);
int __wrap_getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size,
                      struct group **found);

/* --- A C library that knows a few users and groups ---------------------------------------------
 */

static const struct account {
    const char *name;
    uint32_t id;
} users[] =
    {{"root", 0},       {"zc", 1001}, {"2000", 7}, {"top", 4294967294U}, {"DOM\\jane doe", 2002},
     {"a\\x20b", 2003}, {"a b", 2004}},
  groups[] = {{"wheel", 0}, {"zc", 5001}, {"3000", 8}};

static int calls;     /* of the C library */
static size_t wanted; /* a buffer of fewer bytes is too small */
static int failure;   /* errno of each call; 0: it succeeds */

static int find_account(const struct account *accounts, size_t count, const char *name, uint32_t id,
                        char *buffer, size_t size, const struct account **ret_account)
{
    calls++;
    *ret_account = NULL;
    if (failure)
        return failure;
    if (size < wanted)
        return ERANGE;
    for (size_t i = 0; i < count && !*ret_account; i++) {
        if (name ? strcmp(accounts[i].name, name) == 0 : accounts[i].id == id)
            *ret_account = &accounts[i];
    }
    /* The answer stands in the caller's buffer and nowhere else. */
    memset(buffer, 0, size);
    if (*ret_account)
        snprintf(buffer + size - 16, 16, "%s", (*ret_account)->name);
    return 0;
}

static int find_user(const char *name, uid_t uid, struct passwd *entry, char *buffer, size_t size,
                     struct passwd **found)
{
    const struct account *account;
    int r = find_account(users, COUNT_OF(users), name, uid, buffer, size, &account);

    *found = account ? entry : NULL;
    if (account)
        *entry = (struct passwd){.pw_name = buffer + size - 16, .pw_uid = account->id};
    return r;
}

static int find_group(const char *name, gid_t gid, struct group *entry, char *buffer, size_t size,
                      struct group **found)
{
    const struct account *account;
    int r = find_account(groups, COUNT_OF(groups), name, gid, buffer, size, &account);

    *found = account ? entry : NULL;
    if (account)
        *entry = (struct group){.gr_name = buffer + size - 16, .gr_gid = account->id};
    return r;
}

int __wrap_getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size,
                      struct passwd **found)
{
    return find_user(NULL, uid, entry, buffer, size, found);
}

int __wrap_getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size,
                      struct passwd **found)
{
    return find_user(name, 0, entry, buffer, size, found);
}

int __wrap_getgrgid_r(gid_t gid, struct group *entry, char *buffer, size_t size,
                      struct group **found)
{
    return find_group(NULL, gid, entry, buffer, size, found);
}

int __wrap_getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size,
                      struct group **found)
{
    return find_group(name, 0, entry, buffer, size, found);
}

/* --- The live system ---------------------------------------------------------------------------
 */

static struct procfs procfs;
static struct names *names;

static void open_names(const char *dir)
{
    calls = 0;
    wanted = 0;
    failure = 0;
    assert_int_equal(procfs_open(&procfs, dir, NULL), 0);
    names = names_new(&procfs);
}

static void close_names(void)
{
    names_free(names);
    procfs_close(&procfs);
}

static int open_live(void **state)
{
    (void)state;
    open_names(NULL);
    return 0;
}

static int close_live(void **state)
{
    (void)state;
    close_names();
    return 0;
}

static void users_and_groups_are_named(void **state)
{
    (void)state;
    assert_string_equal(names_user(names, 0), "root");
    assert_string_equal(names_group(names, 0), "wheel");
    assert_string_equal(names_user(names, 1001), "zc");
    assert_string_equal(names_group(names, 5001), "zc");
    assert_string_equal(names_user(names, 4294967294U), "top");
    assert_null(names_user(names, 5001));
    assert_null(names_group(names, 1001));
}

static void each_is_looked_up_once(void **state)
{
    const char *first = names_user(names, 1001);

    (void)state;
    assert_int_equal(calls, 1);
    for (int i = 0; i < 1000; i++) {
        assert_ptr_equal(names_user(names, 1001), first);
        assert_null(names_user(names, 1002));
        assert_null(names_group(names, 1001));
    }
    assert_int_equal(calls, 3);
    /* Numbers of one bucket do not hide each other. */
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 100; i++)
            assert_null(names_user(names, 1001 + 256 * (i + 1)));
    }
    assert_int_equal(calls, 103);
    assert_string_equal(first, "zc");
    assert_string_equal(names_user(names, 1001), "zc");
}

static void buffer_grows_as_it_must(void **state)
{
    uid_t uid;

    (void)state;
    wanted = 100000;
    assert_string_equal(names_user(names, 1001), "zc");
    assert_int_equal(names_find_user(names, "top", &uid, NULL), 0);
    assert_int_equal(uid, 4294967294U);
    wanted = 10000000;
    assert_int_equal(names_find_user(names, "zc", &uid, NULL), 0);
    assert_int_equal(uid, 1001);
    assert_string_equal(names_group(names, 0), "wheel");
}

static void database_that_fails_names_nobody(void **state)
{
    (void)state;
    failure = EIO;
    assert_false(names_users_failed(names));
    assert_null(names_user(names, 1001));
    assert_null(names_user(names, 1001));
    assert_int_equal(calls, 1);
    assert_true(names_users_failed(names));
}

/* A server that does not answer is not one that knows nobody of this id. */
static void who_does_not_exist_is_no_failure(void **state)
{
    (void)state;
    assert_null(names_user(names, 4711));
    assert_false(names_users_failed(names));
    failure = ENOENT;
    assert_null(names_group(names, 4711));
    assert_false(names_users_failed(names));
    assert_null(names_user(names, 4712));
    assert_true(names_users_failed(names));
}

static void words_are_names_first(void **state)
{
    uid_t uid = 99;
    gid_t gid = 99;

    (void)state;
    assert_int_equal(names_find_user(names, "zc", &uid, NULL), 0);
    assert_int_equal(uid, 1001);
    assert_int_equal(names_find_group(names, "zc", &gid, NULL), 0);
    assert_int_equal(gid, 5001);
    assert_int_equal(names_find_user(names, "2000", &uid, NULL), 0);
    assert_int_equal(uid, 7);
    assert_int_equal(names_find_group(names, "2000", &gid, NULL), 0);
    assert_int_equal(gid, 2000);
    assert_int_equal(names_find_group(names, "3000", &gid, NULL), 0);
    assert_int_equal(gid, 8);
    assert_int_equal(names_find_user(names, "3000", &uid, NULL), 0);
    assert_int_equal(uid, 3000);
}

static void a_name_that_nobody_has_is_one_as_it_is_shown(void **state)
{
    static const struct account shown[] = {
        {"DOM\\x5cjane\\x20doe", 2002}, {"DOM\\jane\\x20doe", 2002},
        {"DOM\\jane doe", 2002},        {"a\\x20b", 2003},
        {"a\\x5cx20b", 2003},           {"a b", 2004}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(shown); i++) {
        uid_t uid = 99;

        assert_int_equal(names_find_user(names, shown[i].name, &uid, NULL), 0);
        assert_int_equal(uid, shown[i].id);
    }
}

static void numbers_go_up_to_the_last_user(void **state)
{
    uid_t uid = 99;

    (void)state;
    assert_int_equal(names_find_user(names, "0", &uid, NULL), 0);
    assert_int_equal(uid, 0);
    assert_int_equal(names_find_user(names, "0001001", &uid, NULL), 0);
    assert_int_equal(uid, 1001);
    assert_int_equal(names_find_user(names, "2147483648", &uid, NULL), 0);
    assert_int_equal(uid, 2147483648U);
    assert_int_equal(names_find_user(names, "4294967294", &uid, NULL), 0);
    assert_int_equal(uid, 4294967294U);
}

static void other_words_are_refused(void **state)
{
    static const char *const words[] = {
        "",
        "nosuchuser",
        "z",
        "zcc",
        "ZC",
        "zc ",
        " zc",
        "root,zc",
        "-1",
        "+0",
        "0x3e9",
        "1 ",
        " 1",
        "1x",
        "1.0",
        "1,2",
        "*",
        "root\n",
        "1001:",
        "\xff",
        "1e3",
        "4294967295",
        "4294967296",
        "4294968297",
        "18446744073709551615",
        "18446744073709551616",
        "18446744073709552617",
        "zc\\x00",
        "zc\\x20",
        "\\x31",
        "DOM\\x5cjane",
        "DOM\\x5cx5cjane\\x20doe",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;
        char expected[256];
        uid_t uid = 99;
        gid_t gid = 99;

        assert_int_equal(names_find_user(names, words[i], &uid, &err), -EINVAL);
        assert_int_equal(uid, 99);
        snprintf(expected, sizeof(expected),
                 "'%s': no such user, and not a number below 4294967295", words[i]);
        assert_string_equal(err.text, expected);
        assert_int_equal(names_find_group(names, words[i], &gid, &err), -EINVAL);
        assert_int_equal(gid, 99);
        snprintf(expected, sizeof(expected),
                 "'%s': no such group, and not a number below 4294967295", words[i]);
        assert_string_equal(err.text, expected);
        assert_int_equal(names_find_user(names, words[i], &uid, NULL), -EINVAL);
    }
}

static void not_found_has_many_numbers(void **state)
{
    static const int codes[] = {ENOENT, ESRCH, EBADF, EPERM};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        uid_t uid = 99;

        failure = codes[i];
        assert_int_equal(names_find_user(names, "zc", &uid, NULL), -EINVAL);
        assert_int_equal(uid, 99);
        assert_int_equal(names_find_user(names, "1001", &uid, NULL), 0);
        assert_int_equal(uid, 1001);
    }
}

static void database_that_fails_is_an_error(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    uid_t uid = 99;
    gid_t gid = 99;

    (void)state;
    failure = EIO;
    assert_int_equal(names_find_user(names, "zc", &uid, &err), -EIO);
    assert_string_equal(err.text, "'zc': user cannot be looked up: Input/output error");
    /* All digits may be a name too: then it is not known which user is meant. */
    assert_int_equal(names_find_group(names, "1001", &gid, &err), -EIO);
    assert_string_equal(err.text, "'1001': group cannot be looked up: Input/output error");
    assert_int_equal(uid, 99);
    assert_int_equal(gid, 99);
}

static void free_takes_nothing_too(void **state)
{
    (void)state;
    names_free(NULL);
}

/* --- Saved trees -------------------------------------------------------------------------------
 */

static int close_tree(void **state)
{
    assert_int_equal(calls, 0); /* this machine's users have no say */
    close_names();
    return tree_teardown(state);
}

/* Opens the tree with these databases; NULL: without. */
static void open_tree(const struct tree *tree, const char *passwd, const char *group)
{
    if (passwd)
        tree_puts(tree, "etc/passwd", passwd);
    if (group)
        tree_puts(tree, "etc/group", group);
    open_names(tree->path);
}

static void tree_has_its_own_users(void **state)
{
    uid_t uid = 99;
    gid_t gid = 99;

    open_tree(*state, "root:x:0:0:root:/root:/bin/sh\nzc:x:1501:100::/:\n",
              "root:x:0:\nusers:x:100:zc,root\n");
    assert_string_equal(names_user(names, 0), "root");
    assert_string_equal(names_user(names, 1501), "zc");
    assert_null(names_user(names, 1001));
    assert_null(names_user(names, 100));
    assert_string_equal(names_group(names, 100), "users");
    assert_null(names_group(names, 1501));
    assert_int_equal(names_find_user(names, "zc", &uid, NULL), 0);
    assert_int_equal(uid, 1501);
    assert_int_equal(names_find_group(names, "users", &gid, NULL), 0);
    assert_int_equal(gid, 100);
    assert_int_equal(names_find_group(names, "zc", &gid, NULL), -EINVAL);
    assert_int_equal(names_find_user(names, "4711", &uid, NULL), 0);
    assert_int_equal(uid, 4711);
    assert_int_equal(names_find_user(names, "top", &uid, NULL), -EINVAL);
}

static void tree_names_are_looked_up_before_numbers(void **state)
{
    uid_t uid = 99;

    open_tree(*state, "1001:x:7:7:::\n", NULL);
    assert_int_equal(names_find_user(names, "1001", &uid, NULL), 0);
    assert_int_equal(uid, 7);
    assert_int_equal(names_find_user(names, "7", &uid, NULL), 0);
    assert_int_equal(uid, 7);
    assert_string_equal(names_user(names, 7), "1001");
}

static void of_several_lines_the_first_counts(void **state)
{
    uid_t uid = 99;

    /* 1257 and 1001 share a bucket, 1000 and 2000 do not. */
    open_tree(*state,
              "zc:x:1001:1:::\nother:x:1001:1:::\nzc:x:1257:1:::\n"
              "cs:x:2000:1:::\ncs:x:1000:1:::\nroot:x:0:0:::\ntoor:x:0:0:::\n",
              NULL);
    assert_string_equal(names_user(names, 1001), "zc");
    assert_string_equal(names_user(names, 1257), "zc");
    assert_string_equal(names_user(names, 0), "root");
    assert_int_equal(names_find_user(names, "zc", &uid, NULL), 0);
    assert_int_equal(uid, 1001);
    assert_int_equal(names_find_user(names, "cs", &uid, NULL), 0);
    assert_int_equal(uid, 2000);
    assert_int_equal(names_find_user(names, "other", &uid, NULL), 0);
    assert_int_equal(uid, 1001);
    assert_int_equal(names_find_user(names, "toor", &uid, NULL), 0);
    assert_int_equal(uid, 0);
}

static void broken_lines_are_passed_over(void **state)
{
    uid_t uid = 99;

    open_tree(*state,
              "#gone:x:1:1:::\n+nis:x:1:1:::\n-nis:x:1:1:::\n\n\n:::::\n+::::::\n+@netgroup::::::"
              "\n-nobody\n:x:5:5:::\n"
              "name\nname:\nname:x\nname:x:\nname:x::5:::\nname:x:-1:5:::\nname:x:+1:5:::\n"
              "name:x:1x:5:::\nname:x: 1:5:::\nname:x:0x1:5:::\nname:x:4294967296:5:::\n"
              "name:x:18446744073709551616:5:::\nshort:x:11\nbare:x:12:\n"
              "odd\xff\x1b[2Jname:x:13:13:::\nlast:x:4294967295:5:::",
              NULL);
    assert_int_equal(names_find_user(names, "name", &uid, NULL), -EINVAL);
    assert_int_equal(names_find_user(names, "+", &uid, NULL), -EINVAL);
    assert_int_equal(names_find_user(names, "+@netgroup", &uid, NULL), -EINVAL);
    assert_int_equal(names_find_user(names, "-nobody", &uid, NULL), -EINVAL);
    assert_int_equal(names_find_user(names, "", &uid, NULL), -EINVAL);
    assert_int_equal(uid, 99);
    assert_null(names_user(names, 0));
    assert_null(names_user(names, 1));
    assert_null(names_user(names, 5));
    assert_string_equal(names_user(names, 11), "short");
    assert_string_equal(names_user(names, 12), "bare");
    assert_string_equal(names_user(names, 13), "odd\xff\x1b[2Jname");
    assert_string_equal(names_user(names, 4294967295U), "last");
}

static void tree_without_databases_has_numbers(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    uid_t uid = 99;
    gid_t gid = 99;

    open_tree(*state, NULL, NULL);
    assert_null(names_user(names, 0));
    assert_null(names_group(names, 0));
    assert_int_equal(names_find_user(names, "root", &uid, &err), -EINVAL);
    assert_string_equal(err.text, "'root': no such user, and not a number below 4294967295");
    assert_int_equal(names_find_user(names, "1001", &uid, NULL), 0);
    assert_int_equal(uid, 1001);
    assert_int_equal(names_find_group(names, "1002", &gid, NULL), 0);
    assert_int_equal(gid, 1002);
}

static void databases_that_are_no_files_are_none(void **state)
{
    tree_mkfifo(*state, "etc/passwd");
    tree_mkdir(*state, "etc/group");
    open_tree(*state, NULL, NULL);
    assert_null(names_user(names, 0));
    assert_null(names_group(names, 0));
}

static void tree_with_many_users(void **state)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    for (unsigned i = 0; i < 20000; i++)
        strbuf_printf(&text, "user%u:x:%u:%u::/:\n", i, i * 3, i);
    open_tree(*state, strbuf_string(&text), "");
    for (unsigned i = 0; i < 20000; i++) {
        char expected[32];

        snprintf(expected, sizeof(expected), "user%u", i);
        assert_string_equal(names_user(names, i * 3), expected);
        assert_null(names_user(names, i * 3 + 1));
    }
    assert_null(names_group(names, 0));
}

static void fixture_names_its_owners(void **state)
{
    const char *top = getenv("SRC");
    char dir[512];

    (void)state;
    snprintf(dir, sizeof(dir), "%s/tests/fixtures/listing", top ? top : ".");
    open_names(dir);
    assert_string_equal(names_user(names, 0), "root");
    assert_string_equal(names_user(names, 1001), "zc");
    assert_string_equal(names_user(names, 1002), "cs");
    assert_string_equal(names_group(names, 1002), "cs");
    assert_int_equal(calls, 0);
    close_names();
}

#define live(test) cmocka_unit_test_setup_teardown(test, open_live, close_live)
#define saved(test) cmocka_unit_test_setup_teardown(test, tree_setup, close_tree)

int main(void)
{
    const struct CMUnitTest tests[] = {
        live(users_and_groups_are_named),
        live(each_is_looked_up_once),
        live(buffer_grows_as_it_must),
        live(database_that_fails_names_nobody),
        live(who_does_not_exist_is_no_failure),
        live(words_are_names_first),
        live(a_name_that_nobody_has_is_one_as_it_is_shown),
        live(numbers_go_up_to_the_last_user),
        live(other_words_are_refused),
        live(not_found_has_many_numbers),
        live(database_that_fails_is_an_error),
        cmocka_unit_test(free_takes_nothing_too),
        saved(tree_has_its_own_users),
        saved(tree_names_are_looked_up_before_numbers),
        saved(of_several_lines_the_first_counts),
        saved(broken_lines_are_passed_over),
        saved(tree_without_databases_has_numbers),
        saved(databases_that_are_no_files_are_none),
        saved(tree_with_many_users),
        cmocka_unit_test(fixture_names_its_owners),
    };

    return cmocka_run_group_tests_name("kernel/names", tests, NULL, NULL);
}
