/* view/remedy: who must run a command that helps, and where. */
#include "view/remedy.h"

#include "shown.h"
#include "unit.h"

static const struct segment_info of_zc = {.segment = {.uid = 1001, .cuid = 1001}, .owner = "zc"};
static const struct segment_info made_by_cs = {.segment = {.uid = 1001, .cuid = 1002},
                                               .owner = "zc"};
static const struct segment_info of_cs = {.segment = {.uid = 1002, .cuid = 1002}, .owner = "cs"};
static const struct segment_info of_root = {.segment = {.uid = 0, .cuid = 0}, .owner = "root"};
static const struct segment_info nameless = {.segment = {.uid = 4711, .cuid = 4711}};

/* On whose behalf. */
static const struct inventory saved = {.live = false};
static const struct inventory zc = {
    .live = true, .has_credentials = true, .credentials = {.euid = 1001}, .user = "zc"};
static const struct inventory cs = {
    .live = true, .has_credentials = true, .credentials = {.euid = 1002}, .user = "cs"};
static const struct inventory root = {.live = true,
                                      .has_credentials = true,
                                      .credentials = {.sys_admin = true, .sets_limits = true},
                                      .user = "root"};
static const struct inventory bare_root = {.live = true, .has_credentials = true, .user = "root"};

static void only_a_saved_tree_is_another_machine(void **state)
{
    (void)state;
    assert_appends("on that machine: ", remedy_begin, &saved);
    assert_appends("", remedy_begin, &zc);
}

static void who_is_root(void **state)
{
    (void)state;
    assert_string_equal(remedy_root(&saved), "root");
    assert_string_equal(remedy_root(&zc), "root");
    assert_string_equal(remedy_root(&bare_root), "root with all capabilities");
}

static void who_may_remove(void **state)
{
    static const struct segment_info *const one[] = {&of_zc};
    static const struct segment_info *const one_owner[] = {&of_zc, &made_by_cs};
    static const struct segment_info *const two_owners[] = {&of_zc, &of_cs};
    static const struct segment_info *const of_roots[] = {&of_root};
    static const struct segment_info *const without_name[] = {&nameless};
    static const struct {
        const struct inventory *inventory;
        const struct segment_info *const *rows;
        size_t count;
        const char *expected;
    } cases[] = {
        {&saved, one, 1, "as zc or root: shmtool rm 5"},
        {&zc, one, 1, "shmtool rm 5"},
        {&zc, one_owner, 2, "shmtool rm 5"},
        {&zc, one, 0, "shmtool rm 5"},
        {&zc, two_owners, 2, "as root: shmtool rm 5"},
        {&zc, of_roots, 1, "as root: shmtool rm 5"},
        {&zc, without_name, 1, "as root: shmtool rm 5"},
        {&cs, one, 1, "as zc or root: shmtool rm 5"},
        {&cs, &one_owner[1], 1, "shmtool rm 5"}, /* its creator may, too */
        {&cs, one_owner, 2, "as zc or root: shmtool rm 5"},
        {&cs, two_owners, 2, "as root: shmtool rm 5"},
        {&root, two_owners, 2, "shmtool rm 5"},
        {&bare_root, of_roots, 1, "shmtool rm 5"},
        {&bare_root, one, 1, "as zc or root with all capabilities: shmtool rm 5"},
        {&bare_root, two_owners, 2, "as root with all capabilities: shmtool rm 5"},
        {&bare_root, without_name, 1, "as root with all capabilities: shmtool rm 5"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_appends(cases[i].expected, remedy_remove, cases[i].inventory, cases[i].rows,
                       cases[i].count, "5");
}

static void who_may_set_limits(void **state)
{
    static const struct {
        const struct inventory *inventory;
        const char *who;
        const char *command;
    } cases[] = {
        {&root, "", "shmtool limits --set shmmni=8192"},
        {&zc, "as root: ", "as root: shmtool limits --set shmmni=8192"},
        {&saved, "as root: ", "as root: shmtool limits --set shmmni=8192"},
        {&bare_root, "as root with all capabilities: ",
         "as root with all capabilities: shmtool limits --set shmmni=8192"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_appends(cases[i].who, remedy_as_root, cases[i].inventory);
        assert_appends(cases[i].command, remedy_set_limit, cases[i].inventory, LIMIT_SHMMNI, 8192);
    }
    assert_appends("shmtool limits --set shmmax=18446744073709551615", remedy_set_limit, &root,
                   LIMIT_SHMMAX, UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_saved_tree_is_another_machine),
        cmocka_unit_test(who_is_root),
        cmocka_unit_test(who_may_remove),
        cmocka_unit_test(who_may_set_limits),
    };

    return cmocka_run_group_tests_name("view/remedy", tests, NULL, NULL);
}
