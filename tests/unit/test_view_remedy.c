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

static const struct inventory rootless = {
    .live = true,
    .has_credentials = true,
    .credentials = {.limits_fixed = true, .private_user = true, .ipc_number = 4026532178}};

/* In an IPC namespace that is not of this user namespace. */
static const struct inventory in_theirs = {
    .live = true,
    .has_credentials = true,
    .credentials = {.private_user = true, .ipc_number = 4026532178}};

/* In the initial IPC namespace. */
static const struct inventory without_ipc = {
    .live = true, .has_credentials = true, .credentials = {.private_user = true}};

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

static void who_sees_who_holds_them(void **state)
{
    static const struct segment_info unused = {.segment = {.shmid = 5}};
    static const struct segment_info used = {.segment = {.shmid = 6, .nattch = 1}};
    static const struct segment_info used_there = {.segment = {.shmid = 6, .nattch = 1},
                                                   .elsewhere = 4026532177};
    static const struct segment_info *const rows[] = {&unused, &used};
    static const struct segment_info *const there[] = {&used_there};
    struct inventory inventory = zc;

    (void)state;
    /* All processes could be read: nobody sees more. */
    assert_appends("shmtool who 5", remedy_who, &inventory, rows, 2, "5");
    inventory.attachments.unreadable = 1;
    assert_appends("as root: shmtool who 5", remedy_who, &inventory, rows, 2, "5");
    assert_appends("as root: shmtool -N 4026532177 who 5", remedy_who, &inventory, there, 1, "5");
    assert_appends("shmtool who 5", remedy_who, &inventory, rows, 1, "5");
    inventory.live = false;
    assert_appends("shmtool who 5", remedy_who, &inventory, rows, 2, "5");
    inventory = zc;
    inventory.attachments.hidden = true;
    assert_appends("as root: shmtool who --dest", remedy_who, &inventory, rows, 2, "--dest");
    inventory.credentials.private_user = true; /* perhaps its root can */
    assert_appends("as root: shmtool who --dest", remedy_who, &inventory, rows, 2, "--dest");
    inventory.credentials.euid = 0;
    assert_appends("outside of this user namespace, as root: shmtool who 5 6", remedy_who,
                   &inventory, rows, 2, "--dest --owner root");
    assert_appends("outside of this user namespace, as root: shmtool who 6", remedy_who, &inventory,
                   rows, 2, "6");
    inventory.credentials.ipc_number = 4026532178;
    assert_appends("outside of this user namespace, as root: shmtool -N 4026532178 who 6",
                   remedy_who, &inventory, rows, 2, "6");
    assert_appends("outside of this user namespace, as root: shmtool -N 4026532177 who 6",
                   remedy_who, &inventory, there, 1, "6");
    inventory.attachments.hidden = false;
    assert_appends("shmtool who --dest --owner root", remedy_who, &inventory, rows, 2,
                   "--dest --owner root");
}

static void who_may_remove(void **state)
{
    static const struct segment_info *const one[] = {&of_zc};
    static const struct segment_info *const one_owner[] = {&of_zc, &made_by_cs};
    static const struct segment_info *const two_owners[] = {&of_zc, &of_cs};
    static const struct segment_info *const of_roots[] = {&of_root};
    static const struct segment_info *const without_name[] = {&nameless};
    static const struct segment_info nobodys = {
        .segment = {.shmid = 7, .uid = 65534, .cuid = 65534}, .owner = "nobody"};
    static const struct segment_info *const of_nobody[] = {&nobodys};
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
        {&zc, of_nobody, 1, "as user nobody or root: shmtool rm 5"},
        {&rootless, of_nobody, 1,
         "outside of this user namespace, as root: shmtool -N 4026532178 rm 5"},
        {&rootless, of_roots, 1, "shmtool rm 5"},
        {&without_ipc, of_nobody, 1, "outside of this user namespace, as root: shmtool rm 5"},
        {&rootless, one, 1, "as zc or root with all capabilities: shmtool rm 5"},
    };
    static const struct segment_info there = {
        .segment = {.uid = 0, .cuid = 0}, .owner = "root", .elsewhere = 4026532177};
    static const struct segment_info *const of_root_there[] = {&there};
    struct inventory unprotected = zc;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_appends(cases[i].expected, remedy_remove, cases[i].inventory, cases[i].rows,
                       cases[i].count, "5");
    /* Without an owner to name, never more than these. */
    assert_appends("outside of this user namespace, as root: shmtool rm --unattached 7",
                   remedy_remove, &without_ipc, of_nobody, 1, "--unattached");
    assert_appends("as user nobody or root: shmtool rm --unattached", remedy_remove, &zc, of_nobody,
                   1, "--unattached");
    /* Whoever may enter another namespace may remove all that is in it. */
    assert_appends("shmtool -N 4026532177 rm 5", remedy_remove, &zc, of_root_there, 1, "5");
    unprotected.conf_problem = "/etc/shmtool.conf:2";
    assert_appends("once /etc/shmtool.conf:2 is right: as root: shmtool rm 5", remedy_remove,
                   &unprotected, of_roots, 1, "5");
}

/* Root of a container whose /proc/sys is read-only, with a user namespace and without. */
static const struct inventory contained = {
    .live = true,
    .has_credentials = true,
    .credentials = {.limits_fixed = true, .ipc_number = 4026532178}};

#define FROM_OUTSIDE "/proc/sys cannot be written to here; on the host, as root: nsenter --ipc "
#define SYSCTL_SHMMNI \
    "--target PID sysctl -w kernel.shmmni=8192 (PID: that of a process in here, as the host " \
    "knows " \
    "it); or start the container with --sysctl kernel.shmmni=8192"

static void who_may_set_limits(void **state)
{
    static const struct {
        const struct inventory *inventory;
        const char *command;
    } cases[] = {
        {&root, "shmtool limits --set shmmni=8192 --persist"},
        {&zc, "as root: shmtool limits --set shmmni=8192 --persist"},
        {&saved, "as root: shmtool limits --set shmmni=8192 --persist"},
        {&bare_root, "as root with all capabilities: shmtool limits --set shmmni=8192 --persist"},
        {&contained, FROM_OUTSIDE SYSCTL_SHMMNI},
        {&rootless, FROM_OUTSIDE "--user " SYSCTL_SHMMNI},
        {&without_ipc,
         "outside of this user namespace, as root: shmtool limits --set shmmni=8192 --persist"},
        {&in_theirs, "outside of this user namespace, as root: shmtool -N 4026532178 limits --set "
                     "shmmni=8192"},
    };
    static const struct limit_setting two[] = {{LIMIT_SHMMAX, UINT64_MAX}, {LIMIT_SHMALL, 5}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_appends(cases[i].command, remedy_set_limit, cases[i].inventory, LIMIT_SHMMNI, 8192);
    assert_appends("shmtool limits --set shmmax=unlimited --set shmall=5 --persist",
                   remedy_set_limits, &root, two, 2);
    assert_appends(FROM_OUTSIDE
                   "--target PID sysctl -w kernel.shmmax=18446744073709551615 kernel.shmall=5 "
                   "(PID: that of a process in here, as the host knows it); or start the container "
                   "with --sysctl kernel.shmmax=18446744073709551615 --sysctl kernel.shmall=5",
                   remedy_set_limits, &contained, two, 2);
}

/* What sysctl.d says is set at the boot in the first IPC namespace alone. */
static void nothing_persists_in_a_namespace_of_its_own(void **state)
{
    static const struct inventory own = {
        .live = true,
        .has_credentials = true,
        .credentials = {.sets_limits = true, .ipc_number = 4026532178}};

    (void)state;
    assert_appends("shmtool limits --set shmmni=5", remedy_set_limit, &own, LIMIT_SHMMNI, 5);
}

static void who_may_set_what_is_the_hosts(void **state)
{
    static const struct inventory somebody = {
        .live = true, .has_credentials = true, .credentials = {.euid = 1001}};
    static const struct inventory host = {.live = true, .has_credentials = true};

    (void)state;
    assert_appends("", remedy_on_host, &host);
    assert_appends("as root: ", remedy_on_host, &somebody);
    assert_appends("as root: ", remedy_on_host, &saved);
    assert_appends("on the host, as root: ", remedy_on_host, &contained);
    assert_appends("on the host, as root: ", remedy_on_host, &rootless);
}

static void other_settings(void **state)
{
    (void)state;
    assert_appends("sysctl -w kernel.msgmni=64", remedy_sysctl, &root, "kernel.msgmni", "64");
    assert_appends("outside of this user namespace, as root: sysctl -w kernel.msgmni=64",
                   remedy_sysctl, &without_ipc, "kernel.msgmni", "64");
    assert_appends("outside of this user namespace, as root: nsenter --ipc --target PID sysctl -w "
                   "kernel.msgmni=64 (PID: that of a process in here, as the host knows it)",
                   remedy_sysctl, &in_theirs, "kernel.msgmni", "64");
    assert_appends("as root: sysctl -w kernel.sem='1 2 3 4'", remedy_sysctl, &zc, "kernel.sem",
                   "'1 2 3 4'");
    assert_appends(FROM_OUTSIDE
                   "--target PID sysctl -w kernel.sem='1 2 3 4' (PID: that of a process in here, "
                   "as the host knows it); or start the container with --sysctl kernel.sem='1 2 3 "
                   "4'",
                   remedy_sysctl, &contained, "kernel.sem", "'1 2 3 4'");
}

static void an_owner_is_one_word_of_a_shell(void **state)
{
    (void)state;
    assert_appends(" --owner zc", remedy_owner, &zc, "zc", 1001);
    assert_appends(" --owner _z.c-2", remedy_owner, &zc, "_z.c-2", 1001);
    assert_appends(" --owner 1001", remedy_owner, &zc, NULL, 1001);
    assert_appends(" --owner ''", remedy_owner, &zc, "", 1001);
    assert_appends(" --owner 'DOM\\jane doe'", remedy_owner, &zc, "DOM\\jane doe", 1001);
    assert_appends(" --owner '$(x);'", remedy_owner, &zc, "$(x);", 1001);
    assert_appends(" --owner 'a'\\''b'", remedy_owner, &zc, "a'b", 1001);
    assert_appends(" --owner nobody", remedy_owner, &zc, "nobody", 65534);
    assert_appends("", remedy_owner, &rootless, "nobody", 65534);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_saved_tree_is_another_machine),
        cmocka_unit_test(who_is_root),
        cmocka_unit_test(who_sees_who_holds_them),
        cmocka_unit_test(who_may_remove),
        cmocka_unit_test(who_may_set_limits),
        cmocka_unit_test(nothing_persists_in_a_namespace_of_its_own),
        cmocka_unit_test(who_may_set_what_is_the_hosts),
        cmocka_unit_test(other_settings),
        cmocka_unit_test(an_owner_is_one_word_of_a_shell),
    };

    return cmocka_run_group_tests_name("view/remedy", tests, NULL, NULL);
}
