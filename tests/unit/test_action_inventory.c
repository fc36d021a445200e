/*
 * action/inventory: which segments of a saved tree a selection means, what is found out about each,
 * and what is asked of the rows afterwards.
 *
 * wrap: sysv_stat sysv_tells_sizes
 */
#include "action/inventory.h"
#include "action/inventory_match.h"
#include "action/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "kernel/system.h"
#include "kernel/sysv.h"
#include "tree.h"
#include "unit.h"

#define HEADER \
    "key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap\n"

static const char listing[] = HEADER "119 0 600 100 71 0 0 1001 1001 1001 1001 0 0 1000 0 0\n"
                                     "0 32769 600 200 71 72 1 1002 1001 1001 1001 1000 0 1000 0 0\n"
                                     "-5 65538 600 100 99 0 0 1001 1001 1001 1001 0 0 1000 0 0\n"
                                     "0 3 1600 300 71 72 2 1001 1001 1001 1001 1000 0 1000 0 0\n";

static const char plain_maps[] = "00400000-00401000 r-xp 00000000 08:01 4711    /sbin/init\n";

/* What the kernel answers when a segment is read again; NULL: it must not be asked. */
static const struct segment *segment_now;

int __wrap_sysv_stat(int shmid, struct segment *ret_segment);

int __wrap_sysv_stat(int shmid, struct segment *ret_segment)
{
    if (!segment_now)
        fail_msg("sysv_stat(%d) was called for a saved tree", shmid);
    assert_int_equal(segment_now->shmid, shmid);
    *ret_segment = *segment_now;
    return 0;
}

struct fixture {
    struct tree tree;
    struct system system;
    struct selection selection;
    struct inventory inventory;
    struct error err;
};

static void put_process(const struct tree *tree, int pid, const char *name, int start)
{
    char path[64];
    char line[128];

    snprintf(path, sizeof(path), "proc/%d/stat", pid);
    snprintf(line, sizeof(line), "%d (%s) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 %d 0\n", pid, name,
             start);
    tree_puts(tree, path, line);
}

/* A tree with that listing, and processes 1 and 71, of which 71 has segment 32769 attached. */
static int setup(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){.err = ERROR_INIT};
    segment_now = NULL;
    tree_make(&fixture.tree);
    tree_puts(&fixture.tree, "proc/sysvipc/shm", listing);
    tree_puts(&fixture.tree, "proc/stat", "cpu 0\nbtime 500\n");
    tree_puts(&fixture.tree, "proc/uptime", "1000.00 1.00\n");
    put_process(&fixture.tree, 1, "init", 1);
    put_process(&fixture.tree, 71, "user", 1);
    tree_puts(&fixture.tree, "proc/1/maps", plain_maps);
    tree_puts(&fixture.tree, "proc/71/maps",
              "7f7200000000-7f7200001000 rw-s 00000000 00:01 32769    /SYSV00000000 (deleted)\n");
    assert_int_equal(system_open(&fixture.system, fixture.tree.path, NULL), 0);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    inventory_release(&fixture->inventory);
    selection_release(&fixture->selection);
    error_clear(&fixture->err);
    system_close(&fixture->system);
    tree_remove(&fixture->tree);
    return 0;
}

static int go(struct fixture *fixture, unsigned needs)
{
    inventory_release(&fixture->inventory);
    return inventory_read(&fixture->system, &fixture->selection, needs, &fixture->inventory,
                          &fixture->err);
}

/* Opens the tree again, after processes were put into it or taken away. */
static void open_again(struct fixture *fixture)
{
    inventory_release(&fixture->inventory);
    system_close(&fixture->system);
    assert_int_equal(system_open(&fixture->system, fixture->tree.path, NULL), 0);
}

static void remove_file(const struct fixture *fixture, const char *name)
{
    char path[300];

    snprintf(path, sizeof(path), "%s/%s", fixture->tree.path, name);
    assert_int_equal(remove(path), 0);
}

/* --- Which segments --------------------------------------------------------------------------- */

#define VALUES(...) \
    { \
        .items = (struct range[]){__VA_ARGS__}, \
        .count = sizeof((struct range[]){__VA_ARGS__}) / sizeof(struct range) \
    }
#define ONE(value) \
    { \
        value, value \
    }

/* A selection and what it means: ids in the order of the rows, and what nobody has. */
static const struct {
    const char *ids; /* named */
    bool by_id;
    struct filter filter;
    const char *selected;
    const char *missing_ids;
    const char *missing_keys;
} cases[] = {
    /* Nothing selected means all, in kernel order. */
    {"", false, {.dest = false}, "0 32769 65538 3 ", "", ""},
    {"3 0 3 1", false, {.dest = false}, "0 3 ", "1 ", ""},
    {"2 1 2", false, {.dest = false}, "", "2 1 ", ""}, /* as they were named */
    /* Ids were asked for, and none given. */
    {"", true, {.dest = false}, "", "", ""},
    /* An id that does not match exists all the same, and so does a key. */
    {"0 32769", false, {.sizes = VALUES(ONE(200))}, "32769 ", "", ""},
    {"", false, {.keys = VALUES(ONE(5), ONE(0xfffffffb), ONE(119))}, "0 65538 ", "", "5 "},
    {"",
     false,
     {.keys = VALUES(ONE(5), ONE(0xfffffffb), ONE(119)), .owners = VALUES(ONE(1))},
     "",
     "",
     "5 "},
    /* A key is found even where its id was not named. */
    {"3", false, {.keys = VALUES(ONE(119), ONE(6))}, "", "", "6 "},
    {"", false, {.keys = VALUES(ONE(0))}, "32769 3 ", "", ""},
    {"", false, {.keys = VALUES(ONE(0)), .owners = VALUES(ONE(1))}, "", "", ""},
    /* Options narrow. */
    {"", false, {.owners = VALUES(ONE(1001))}, "0 65538 3 ", "", ""},
    {"", false, {.owners = VALUES(ONE(1001)), .sizes = VALUES(ONE(100))}, "0 65538 ", "", ""},
    {"",
     false,
     {.owners = VALUES(ONE(1001)), .sizes = VALUES(ONE(100)), .cpids = VALUES(ONE(99))},
     "65538 ",
     "",
     ""},
    {"",
     false,
     {.owners = VALUES(ONE(1001)),
      .sizes = VALUES(ONE(100)),
      .cpids = VALUES(ONE(99)),
      .dest = true},
     "",
     "",
     ""},
    /* It was saved at 1500; all of it was last used or changed at 1000. */
    {"", false, {.has_older = true, .older_than = 500}, "0 32769 65538 3 ", "", ""},
    {"", false, {.has_older = true, .older_than = 501}, "", "", ""},
    {"", false, {.has_newer = true, .newer_than = 501}, "0 32769 65538 3 ", "", ""},
    {"", false, {.has_newer = true, .newer_than = 500}, "", "", ""},
    {"", false, {.orphan = true}, "65538 ", "", ""},
    {"", false, {.states = 1U << STATE_IDLE | 1U << STATE_DEST}, "0 3 ", "", ""},
    {"", false, {.states = 1U << STATE_USED}, "32769 ", "", ""},
    /* A pid means what it has attached. */
    {"", false, {.pids = VALUES(ONE(71))}, "32769 ", "", ""},
    {"", false, {.pids = VALUES(ONE(1))}, "", "", ""},
    {"", false, {.pids = VALUES(ONE(1), ONE(71))}, "32769 ", "", ""},
    {"", false, {.pids = VALUES(ONE(12345))}, "", "", ""},
};

static void name_ids(struct selection *selection, const char *ids)
{
    char words[64];
    char *rest = words;
    char *word;

    snprintf(words, sizeof(words), "%s", ids);
    while ((word = strsep(&rest, " ")) && *word)
        assert_int_equal(selection_add_word(selection, word, NULL), 0);
}

/* Adds the ids of the rows to a text. */
static void take_ids(void *arg, const struct inventory *inventory)
{
    for (size_t i = 0; i < inventory->count; i++)
        strbuf_printf(arg, "%d ", inventory->rows[i].segment.shmid);
}

static void put_ids(struct strbuf *text, const struct inventory *inventory)
{
    take_ids(text, inventory);
    strbuf_puts(text, "/ ");
    for (size_t i = 0; i < inventory->missing_id_count; i++)
        strbuf_printf(text, "%d ", inventory->missing_ids[i]);
    strbuf_puts(text, "/ ");
    for (size_t i = 0; i < inventory->missing_key_count; i++)
        strbuf_printf(text, "%u ", inventory->missing_keys[i]);
}

/* Demands "selected ids / missing ids / missing keys" of a case. */
static void assert_ids(const struct inventory *inventory, size_t number, const char *expected)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    put_ids(&text, inventory);
    if (strcmp(strbuf_string(&text), expected) != 0)
        fail_msg("case %zu: \"%s\" instead of \"%s\"", number, strbuf_string(&text), expected);
}

static void a_selection_means_these(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char expected[128];

        name_ids(&fixture->selection, cases[i].ids);
        fixture->selection.by_id |= cases[i].by_id;
        fixture->selection.filter = cases[i].filter;
        assert_int_equal(go(fixture, 0), 0);
        snprintf(expected, sizeof(expected), "%s/ %s/ %s", cases[i].selected, cases[i].missing_ids,
                 cases[i].missing_keys);
        assert_ids(&fixture->inventory, i, expected);
        fixture->selection.filter = (struct filter){0}; /* the table's */
        selection_release(&fixture->selection);
    }
}

static void without_a_selection_all_are_meant(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(inventory_read(&fixture->system, NULL, 0, &fixture->inventory, NULL), 0);
    assert_ids(&fixture->inventory, 0, "0 32769 65538 3 / / ");
    inventory_release(&fixture->inventory);
    assert_int_equal(fixture->inventory.count, 0);
    assert_null(fixture->inventory.rows);
}

/* Nothing was asked for, so nothing was looked up. */
static void without_needs_there_is_the_record_alone(void **state)
{
    struct fixture *fixture = *state;

    tree_puts(&fixture->tree, "etc/passwd", "root:x:0:0::/:/\nzc:x:1001:1001::/:/\n");
    assert_int_equal(go(fixture, 0), 0);
    for (size_t i = 0; i < 4; i++) {
        const struct segment_info *info = &fixture->inventory.rows[i];

        assert_true(!info->owner && !info->group && !info->creator && !info->creator_group);
        assert_true(!info->command && !info->last_command && !info->attachments);
        assert_int_equal(info->attachment_count, 0);
        assert_int_equal(info->doubt, DOUBT_NONE);
        assert_int_equal(info->creator_status, PROCESS_NOT_LOOKED_UP);
        assert_int_equal(info->last_status, PROCESS_NOT_LOOKED_UP);
    }
    assert_false(fixture->inventory.has_users);
    assert_false(fixture->inventory.has_credentials);
    assert_int_equal(fixture->inventory.usage.segments, 0);
    assert_int_equal(fixture->inventory.attachments.count, 0);
    assert_int_equal(fixture->inventory.unparsed.count, 0);
}

static void unparsed_lines_are_kept(void **state)
{
    struct fixture *fixture = *state;

    tree_puts(&fixture->tree, "proc/sysvipc/shm",
              HEADER "119 0 600 100 71 0 0 1001 1001 1001 1001 0 0 1000 0 0\nthe quick fox\n"
                     "0 3 600 300 71 72 2 1001 1001 1001 1001 1000 0 1000 0 0\n");
    assert_int_equal(go(fixture, 0), 0);
    assert_ids(&fixture->inventory, 0, "0 3 / / ");
    assert_int_equal(fixture->inventory.unparsed.count, 1);
    assert_string_equal(below(fixture->tree.path, fixture->inventory.unparsed.items[0].where),
                        "proc/sysvipc/shm: line 3");
    assert_string_equal(fixture->inventory.unparsed.items[0].text, "the quick fox");
    assert_int_equal(fixture->inventory.unparsed.items[0].length, strlen("the quick fox"));
}

/* Puts a listing of COUNT segments, of which the one with id ATTACHED is attached, if there is one.
 */
static void put_long_listing(const struct fixture *fixture, int count, int attached)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    strbuf_puts(&text, HEADER);
    for (int i = 0; i < count; i++)
        strbuf_printf(&text, "0 %d 600 100 99 0 %d 0 0 0 0 0 0 0 0 0\n", i, i == attached);
    tree_puts(&fixture->tree, "proc/sysvipc/shm", strbuf_string(&text));
}

/* Needs that are known row by row; the unit of one that is attached; what is known of all at once.
 */
static void rows_are_handed_over_until_one_has_to_wait(void **state)
{
    enum { COUNT = 10000, ATTACHED = 7000 };
    static const struct {
        unsigned needs;
        int attached;
        size_t least; /* of the rows: kept to the end */
        size_t most;
    } rounds[] = {
        {0, ATTACHED, 0, 0},
        {NEED_STATE | NEED_OWNER, ATTACHED, 0, 0},
        {NEED_UNIT, -1, 0, 0},
        {NEED_UNIT, ATTACHED, COUNT - ATTACHED, COUNT - 1},
        {NEED_PROGRAM, ATTACHED, COUNT - ATTACHED, COUNT - 1},
        {NEED_TRY_ATTACHMENTS, ATTACHED, COUNT, COUNT},
        {NEED_HELD, ATTACHED, COUNT, COUNT},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
        CLEANUP_STRBUF struct strbuf parts = STRBUF_INIT;
        CLEANUP_STRBUF struct strbuf whole = STRBUF_INIT;
        const struct row_handler handler = {take_ids, &parts};

        put_long_listing(fixture, COUNT, rounds[i].attached);
        assert_int_equal(go(fixture, rounds[i].needs), 0);
        assert_int_equal(fixture->inventory.count, COUNT);
        take_ids(&whole, &fixture->inventory);
        inventory_release(&fixture->inventory);
        assert_int_equal(inventory_read_parts(&fixture->system, &fixture->selection,
                                              rounds[i].needs, &handler, &fixture->inventory, NULL),
                         0);
        assert_in_range(fixture->inventory.count, rounds[i].least, rounds[i].most);
        take_ids(&parts, &fixture->inventory);
        assert_true(strcmp(strbuf_string(&parts), strbuf_string(&whole)) == 0);
    }
}

static void what_cannot_be_read_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    struct inventory untouched = {.count = 77};

    tree_puts(&fixture->tree, "proc/sys/kernel/shmmax", "1000000\n");
    remove_file(fixture, "proc/sysvipc/shm");
    assert_int_equal(inventory_read(&fixture->system, &fixture->selection, NEED_LIMITS | NEED_STATE,
                                    &untouched, &fixture->err),
                     -ENOENT);
    assert_string_equal(below(fixture->tree.path, fixture->err.text),
                        "proc/sysvipc/shm: No such file or directory");
    assert_int_equal(untouched.count, 77);
    tree_puts(&fixture->tree, "proc/sysvipc/shm", "no listing\n");
    assert_int_equal(go(fixture, 0), -EBADMSG);
}

static void a_supervisor_lists_the_records_alone(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP_SEGMENT_LIST struct segment_list list = SEGMENT_LIST_INIT;

    tree_puts(&fixture->tree, "proc/sysvipc/shm",
              HEADER "119 0 600 100 71 0 0 1001 1001 1001 1001 0 0 1000 0 0\nthe quick fox\n");
    assert_int_equal(inventory_list_segments(&fixture->system, &list, NULL), 0);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].shmid, 0);
}

/* --- What is found out ------------------------------------------------------------------------ */

static void names_are_looked_up_as_needed(void **state)
{
    static const struct {
        unsigned needs;
        const char *names; /* of owner, group, creator and its group */
    } needs[] = {
        {NEED_OWNER, "zc - - - "},
        {NEED_GROUP, "- users - - "},
        {NEED_CREATOR, "- - king - "},
        {NEED_CREATOR_GROUP, "- - - kings "},
        {NEED_OWNER | NEED_GROUP | NEED_CREATOR | NEED_CREATOR_GROUP, "zc users king kings "},
    };
    struct fixture *fixture = *state;

    tree_puts(&fixture->tree, "etc/passwd", "root:x:0:0::/:/\nzc:x:11:1::/:/\nking:x:13:1::/:/\n");
    tree_puts(&fixture->tree, "etc/group", "root:x:0:\nusers:x:12:\nkings:x:14:\n");
    tree_puts(&fixture->tree, "proc/sysvipc/shm",
              HEADER "0 1 600 1 1 1 0 11 12 13 14 0 0 1000 0 0\n"
                     "0 2 600 1 1 1 0 91 92 93 94 0 0 1000 0 0\n");
    open_again(fixture);
    for (size_t i = 0; i < COUNT_OF(needs); i++) {
        CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
        const struct segment_info *rows;

        assert_int_equal(go(fixture, needs[i].needs), 0);
        rows = fixture->inventory.rows;
        for (size_t row = 0; row < 2; row++) {
            const char *const names[] = {rows[row].owner, rows[row].group, rows[row].creator,
                                         rows[row].creator_group};

            for (size_t n = 0; n < COUNT_OF(names); n++)
                strbuf_printf(&text, "%s ", names[n] ? names[n] : "-");
        }
        assert_true(strbuf_string(&text) == strstr(strbuf_string(&text), needs[i].names));
        /* Those of the second are of nobody. */
        assert_string_equal(strbuf_string(&text) + strlen(needs[i].names), "- - - - ");
    }
}

static void a_user_database_is_one_that_knows_root(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(go(fixture, NEED_USERS), 0);
    assert_false(fixture->inventory.has_users);
    tree_puts(&fixture->tree, "etc/passwd", "root:x:0:0::/:/\n");
    open_again(fixture);
    assert_int_equal(go(fixture, NEED_USERS), 0);
    assert_true(fixture->inventory.has_users);
}

/* One segment, attached or not, and what is to be found out of its processes. */
struct resolved {
    int cpid;
    int lpid;
    unsigned nattch;
    int atime;
    int ctime;
    enum segment_state state;
    enum state_doubt doubt;
    enum process_status creator;
    enum process_status last;
};

static void assert_resolved(struct fixture *fixture, const struct resolved *expected)
{
    const struct segment_info *info;
    char text[256];

    snprintf(text, sizeof(text), HEADER "5 1 600 4096 %d %d %u 0 0 0 0 %d 0 %d 0 0\n",
             expected->cpid, expected->lpid, expected->nattch, expected->atime, expected->ctime);
    tree_puts(&fixture->tree, "proc/sysvipc/shm", text);
    assert_int_equal(go(fixture, NEED_STATE), 0);
    assert_int_equal(fixture->inventory.count, 1);
    info = &fixture->inventory.rows[0];
    if (info->state != expected->state || info->doubt != expected->doubt ||
        info->creator_status != expected->creator || info->last_status != expected->last)
        fail_msg("%s: state %s, doubt %d, creator %d, last user %d", text + strlen(HEADER),
                 state_name(info->state), (int)info->doubt, (int)info->creator_status,
                 (int)info->last_status);
    assert_true((info->state == STATE_UNKNOWN) == (info->doubt != DOUBT_NONE));
}

static void states_go_by_what_became_of_the_processes(void **state)
{
    /* Processes 1 and 71 started at boot, 500; 40 at 700; there is no 99. */
    static const struct resolved rows[] = {
        {71, 0, 0, 0, 1000, STATE_IDLE, DOUBT_NONE, PROCESS_ALIVE, PROCESS_NEVER},
        {71, 99, 0, 1001, 1000, STATE_IDLE, DOUBT_NONE, PROCESS_ALIVE, PROCESS_DEAD},
        {99, 71, 0, 1001, 1000, STATE_IDLE, DOUBT_NONE, PROCESS_DEAD, PROCESS_ALIVE},
        {99, 0, 0, 0, 1000, STATE_ORPHAN, DOUBT_NONE, PROCESS_DEAD, PROCESS_NEVER},
        {99, 98, 0, 1001, 1000, STATE_ORPHAN, DOUBT_NONE, PROCESS_DEAD, PROCESS_DEAD},
        {99, 98, 2, 1001, 1000, STATE_USED, DOUBT_NONE, PROCESS_DEAD, PROCESS_DEAD},
        /* Somebody else has the creator's pid, or the last user's. */
        {40, 0, 0, 0, 600, STATE_ORPHAN, DOUBT_NONE, PROCESS_PID_REUSED, PROCESS_NEVER},
        {40, 0, 0, 0, 700, STATE_IDLE, DOUBT_NONE, PROCESS_ALIVE, PROCESS_NEVER},
        {99, 40, 0, 620, 600, STATE_ORPHAN, DOUBT_NONE, PROCESS_DEAD, PROCESS_PID_REUSED},
        /* Other PID namespaces. */
        {0, 0, 0, 0, 1000, STATE_UNKNOWN, DOUBT_CREATOR, PROCESS_ELSEWHERE, PROCESS_NEVER},
        {0, 0, 0, 1001, 1000, STATE_UNKNOWN, DOUBT_CREATOR, PROCESS_ELSEWHERE, PROCESS_ELSEWHERE},
        {99, 0, 0, 1001, 1000, STATE_UNKNOWN, DOUBT_LAST_USER, PROCESS_DEAD, PROCESS_ELSEWHERE},
        {0, 71, 0, 1001, 1000, STATE_IDLE, DOUBT_NONE, PROCESS_ELSEWHERE, PROCESS_ALIVE},
        /* Before that boot: the clock was set. */
        {40, 0, 0, 0, 400, STATE_UNKNOWN, DOUBT_CREATOR, PROCESS_CLOCK_STEPPED, PROCESS_NEVER},
        {99, 40, 0, 400, 400, STATE_UNKNOWN, DOUBT_LAST_USER, PROCESS_DEAD, PROCESS_CLOCK_STEPPED},
    };
    struct fixture *fixture = *state;

    put_process(&fixture->tree, 40, "newcomer", 20000);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_resolved(fixture, &rows[i]);
}

static void a_tree_without_processes_shows_nobody_dead(void **state)
{
    static const struct resolved rows[] = {
        {99, 0, 0, 0, 1000, STATE_UNKNOWN, DOUBT_CREATOR, PROCESS_NOT_SAVED, PROCESS_NEVER},
        {99, 98, 0, 1, 1000, STATE_UNKNOWN, DOUBT_CREATOR, PROCESS_NOT_SAVED, PROCESS_NOT_SAVED},
        {99, 98, 1, 1, 1000, STATE_USED, DOUBT_NONE, PROCESS_NOT_SAVED, PROCESS_NOT_SAVED},
    };
    struct fixture *fixture = *state;

    remove_file(fixture, "proc/1/stat");
    remove_file(fixture, "proc/71/stat");
    open_again(fixture);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_resolved(fixture, &rows[i]);
}

static void commands_are_those_of_the_very_processes(void **state)
{
    struct fixture *fixture = *state;
    const struct segment_info *rows;

    put_process(&fixture->tree, 40, "newcomer", 20000);
    tree_write(&fixture->tree, "proc/40/cmdline", "new\0comer", sizeof("new\0comer"));
    tree_puts(&fixture->tree, "proc/71/comm", "user\n");
    tree_puts(&fixture->tree, "proc/sysvipc/shm",
              HEADER "1 1 600 1 71 40 0 0 0 0 0 1001 0 1000 0 0\n"
                     "2 2 600 1 40 71 0 0 0 0 0 1001 0 600 0 0\n"
                     "3 3 600 1 99 0 0 0 0 0 0 0 0 1000 0 0\n"
                     "4 4 600 1 0 0 0 0 0 0 0 0 0 1000 0 0\n");
    open_again(fixture);
    assert_int_equal(go(fixture, NEED_COMMAND | NEED_LAST_COMMAND), 0);
    rows = fixture->inventory.rows;
    assert_string_equal(rows[0].command, "[user]");
    assert_string_equal(rows[0].last_command, "new comer");
    /* Somebody else's. */
    assert_null(rows[1].command);
    assert_string_equal(rows[1].last_command, "[user]");
    for (size_t i = 2; i < 4; i++) {
        assert_null(rows[i].command);
        assert_null(rows[i].last_command);
    }
    assert_int_equal(go(fixture, NEED_LAST_COMMAND), 0);
    assert_null(fixture->inventory.rows[0].command);
    assert_string_equal(fixture->inventory.rows[0].last_command, "new comer");
}

/* --- Attachments ------------------------------------------------------------------------------ */

#define MAPPING(at, shmid) \
    "7f720000" at "000-7f720000" at "800 rw-s 00000000 00:01 " shmid "    /SYSV00000000 " \
    "(deleted)\n"

static void attachments_are_shared_out(void **state)
{
    struct fixture *fixture = *state;
    const struct segment_info *rows;

    tree_puts(&fixture->tree, "etc/passwd", "root:x:0:0::/:/\nzc:x:11:1::/:/\n");
    tree_puts(&fixture->tree, "proc/1/maps", MAPPING("1", "32769") MAPPING("2", "32769"));
    tree_puts(&fixture->tree, "proc/1/status", "Name:\tinit\nTgid:\t1\nUid:\t11\t11\t11\t11\n");
    tree_puts(&fixture->tree, "proc/1/comm", "init\n");
    /* Of a segment that is not listed, too. */
    tree_puts(&fixture->tree, "proc/71/maps", MAPPING("1", "32769") MAPPING("2", "777"));
    open_again(fixture);
    assert_int_equal(go(fixture, NEED_ATTACHMENTS), 0);
    rows = fixture->inventory.rows;
    assert_int_equal(fixture->inventory.attachments.count, 3);
    assert_int_equal(fixture->inventory.attachments_error.code, 0);
    assert_int_equal(rows[0].attachment_count, 0);
    assert_int_equal(rows[1].attachment_count, 2);
    assert_int_equal(rows[1].attachments[0].pid, 1);
    assert_int_equal(rows[1].attachments[0].maps, 2);
    assert_int_equal(rows[1].attachments[1].pid, 71);
    assert_null(rows[1].attachments[0].user);
    assert_null(rows[1].attachments[0].command);
    /* Of 32769 more were found than nattch counts; 3 is attached twice, and by nobody seen. */
    assert_int_equal(segment_info_maps(&rows[1]), 3);
    assert_int_equal(segment_info_unseen(&rows[1]), 0);
    assert_int_equal(segment_info_unseen(&rows[3]), 2);
    assert_int_equal(inventory_unseen(&fixture->inventory), 2);
    assert_int_equal(go(fixture, NEED_ATTACHMENTS | NEED_HOLDERS), 0);
    rows = fixture->inventory.rows;
    assert_true(rows[1].attachments[0].has_uid);
    assert_string_equal(rows[1].attachments[0].user, "zc");
    assert_string_equal(rows[1].attachments[0].command, "[init]");
    assert_null(rows[1].attachments[1].user);
    assert_null(rows[1].attachments[1].command);
}

static void unseen_attachments_do_not_wrap(void **state)
{
    struct segment_info rows[] = {{.segment.nattch = UINT64_MAX - 1}, {.segment.nattch = 5}};
    const struct inventory inventory = {.rows = rows, .count = COUNT_OF(rows)};

    (void)state;
    assert_true(inventory_unseen(&inventory) == UINT64_MAX);
}

/* Nobody can be inspected where /proc is not mounted: who can do without is given the segments. */
static void unknown_attachments_fail_only_who_needs_them(void **state)
{
    struct fixture *fixture = *state;

    fixture->system.procfs.live = true;
    assert_int_equal(go(fixture, NEED_ATTACHMENTS | NEED_HOLDERS | NEED_USAGE), -ENOENT);
    assert_string_equal(fixture->err.text, "/proc: not mounted: no process can be inspected");
    assert_int_equal(go(fixture, NEED_TRY_ATTACHMENTS | NEED_HOLDERS | NEED_USAGE), 0);
    assert_ids(&fixture->inventory, 0, "0 32769 65538 3 / / ");
    assert_int_equal(fixture->inventory.attachments_error.code, ENOENT);
    assert_string_equal(fixture->inventory.attachments_error.text,
                        "/proc: not mounted: no process can be inspected");
    assert_int_equal(fixture->inventory.attachments.count, 0);
    assert_int_equal(fixture->inventory.rows[1].attachment_count, 0);
    fixture->system.procfs.live = false;
}

/* --- Limits, clock, the system ---------------------------------------------------------------- */

static void limits_and_their_use_are_of_all_segments(void **state)
{
    struct fixture *fixture = *state;
    const struct inventory *inventory = &fixture->inventory;

    tree_puts(&fixture->tree, "proc/sys/kernel/shmmax", "1000000\n");
    tree_puts(&fixture->tree, "proc/sysvipc/shm",
              HEADER "5 1 600 5000 100 100 0 11 0 0 0 901 901 901 0 0\n"
                     "6 2 600 1 100 100 1 22 0 0 0 901 901 901 0 0\n"
                     "not a line\n"
                     "0 3 600 4096 1 1 0 22 0 0 0 901 901 901 0 0\n"
                     "0 4 600 1 100 100 0 22 0 0 0 901 901 901 0 0\n"
                     "0 5 600 90000 100 100 2 33 0 0 0 901 901 901 0 0\n");
    assert_int_equal(selection_add_word(&fixture->selection, "2", NULL), 0);
    assert_int_equal(go(fixture, NEED_LIMITS), 0);
    assert_int_equal(inventory->count, 1);
    assert_int_equal(inventory->usage.segments, 5);
    assert_int_equal(inventory->usage.pages, 2 + 1 + 1 + 1 + 22);
    assert_int_equal(inventory->usage.bytes, 5000 + 1 + 4096 + 1 + 90000);
    assert_int_equal(inventory->usage.largest, 90000);
    assert_true(inventory->limits.known[LIMIT_SHMMAX]);
    assert_int_equal(inventory->limits.values[LIMIT_SHMMAX], 1000000);
    assert_int_equal(inventory->limits_error.code, 0);
    assert_int_equal(inventory->unparsed.count, 1);
}

static void missing_limits_are_no_failure(void **state)
{
    struct fixture *fixture = *state;

    tree_puts(&fixture->tree, "proc/sysvipc/shm", HEADER);
    assert_int_equal(go(fixture, NEED_LIMITS), 0);
    assert_int_equal(fixture->inventory.limits_error.code, ENOENT);
    assert_non_null(fixture->inventory.limits_error.text);
    assert_false(fixture->inventory.limits.known[LIMIT_SHMMAX]);
    assert_int_equal(fixture->inventory.unparsed.count, 0);
    assert_int_equal(fixture->inventory.usage.segments, 0);
}

static void a_saved_tree_is_not_this_system(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(go(fixture, NEED_CREDENTIALS | NEED_TIME), 0);
    assert_false(fixture->inventory.live);
    assert_true(fixture->inventory.own_pids);
    assert_false(fixture->inventory.has_credentials);
    assert_null(fixture->inventory.user);
    assert_int_equal(fixture->inventory.clock.now, 1500);
    assert_true(fixture->inventory.clock.has_boot);
    assert_int_equal(fixture->inventory.clock.boot, 500);
}

/* --- What is asked of the rows ---------------------------------------------------------------- */

static void rows_are_found_by_key_and_id(void **state)
{
    struct fixture *fixture = *state;
    const struct inventory *inventory = &fixture->inventory;
    const struct segment_info **pointers;

    assert_int_equal(go(fixture, 0), 0);
    assert_int_equal(inventory_find_key(inventory, 119)->segment.shmid, 0);
    assert_null(inventory_find_key(inventory, 7));
    /* None is no key. */
    assert_null(inventory_find_key(inventory, 0));
    assert_int_equal(inventory_find_id(inventory, 0)->segment.key, 119);
    assert_int_equal(inventory_find_id(inventory, 3)->segment.size, 300);
    assert_null(inventory_find_id(inventory, 4));
    pointers = inventory_pointers(inventory);
    for (size_t i = 0; i < inventory->count; i++)
        assert_ptr_equal(pointers[i], &inventory->rows[i]);
    free(pointers);
}

static void orphans_are_those_of_an_owner_or_of_all(void **state)
{
    struct fixture *fixture = *state;
    const struct segment_info **orphans;
    const uid_t owners[] = {11, 22, 33};
    const int expected[] = {1, 3, 4};
    size_t count;

    tree_puts(&fixture->tree, "proc/sysvipc/shm",
              HEADER "1 1 600 1 99 0 0 11 0 0 0 0 0 1000 0 0\n"
                     "2 2 600 1 71 0 0 22 0 0 0 0 0 1000 0 0\n"
                     "3 3 600 1 99 0 0 22 0 0 0 0 0 1000 0 0\n"
                     "4 4 600 1 99 0 0 11 0 0 0 0 0 1000 0 0\n");
    assert_int_equal(go(fixture, NEED_STATE), 0);
    orphans = inventory_orphans(&fixture->inventory, NULL, &count);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(orphans[i]->segment.shmid, expected[i]);
    free(orphans);
    for (size_t i = 0; i < COUNT_OF(owners); i++) {
        orphans = inventory_orphans(&fixture->inventory, &owners[i], &count);
        assert_int_equal(count, 2 - i);
        if (count > 0)
            assert_int_equal(orphans[0]->segment.shmid, i == 0 ? 1 : 3);
        free(orphans);
    }
}

/* --- Reading one again ------------------------------------------------------------------------ */

static bool still_matches(struct fixture *fixture, const struct segment *segment)
{
    struct segment now = {.shmid = -1};
    int r;

    segment_now = segment;
    r = inventory_read_again(&fixture->system, &fixture->selection, segment->shmid, NULL, &now,
                             &fixture->err);
    segment_now = NULL;
    assert_in_range(r, 0, 1);
    assert_int_equal(now.shmid, segment->shmid);
    assert_int_equal(now.nattch, segment->nattch);
    return r == 1;
}

static void a_segment_read_again_is_matched_again(void **state)
{
    struct fixture *fixture = *state;
    struct segment now;

    assert_int_equal(go(fixture, 0), 0);
    now = inventory_find_id(&fixture->inventory, 0)->segment;
    assert_true(still_matches(fixture, &now));
    fixture->selection.filter.unattached = true;
    assert_true(still_matches(fixture, &now));
    now.nattch = 1;
    assert_false(still_matches(fixture, &now));
}

static void processes_are_read_again(void **state)
{
    struct fixture *fixture = *state;
    struct segment orphan;
    struct segment used;

    assert_int_equal(go(fixture, 0), 0);
    orphan = inventory_find_id(&fixture->inventory, 65538)->segment;
    used = inventory_find_id(&fixture->inventory, 32769)->segment;
    fixture->selection.filter.orphan = true;
    assert_true(still_matches(fixture, &orphan));
    put_process(&fixture->tree, 99, "creator", 1);
    assert_false(still_matches(fixture, &orphan));

    fixture->selection.filter.orphan = false;
    filter_add_value(&fixture->selection.filter.pids, 71);
    assert_false(still_matches(fixture, &orphan));
    assert_true(still_matches(fixture, &used));
    tree_puts(&fixture->tree, "proc/71/maps", plain_maps);
    assert_false(still_matches(fixture, &used));
}

static void containers_are_those_of_namespaces_where_these_tell(void **state)
{
    static const char container[] = "0::/lxc.payload.web\n";
    static const char service[] = "0::/system.slice/web.service\n";
    static const uint64_t other = NAMESPACE_NUMBER_HOST + 1;
    static const unsigned both = NEED_CONTAINER | NEED_UNIT;
    const struct {
        struct ipc_namespace namespace;
        const char *cgroup;
        unsigned needs;
        unsigned then;
        const char *container;
    } ways[] = {
        {{.number = other, .pid = 71}, container, NEED_CONTAINER, NEED_CONTAINER, "web"},
        {{.number = other, .holder = 71}, container, NEED_CONTAINER, NEED_CONTAINER, "web"},
        {{.number = other, .pid = 71}, service, NEED_CONTAINER, NEED_CONTAINER, NULL},
        {{.number = other}, container, NEED_CONTAINER, both, NULL},
        {{.number = other, .pid = 71}, container, NEED_OWNER, NEED_OWNER, NULL},
        /* Guests are of other containers than who is inside for longest. */
        {{.number = NAMESPACE_NUMBER_HOST, .pid = 71}, container, NEED_CONTAINER, both, NULL},
        {{.number = NAMESPACE_NUMBER_HOST, .holder = 71}, service, NEED_CONTAINER, both, NULL},
        {{.number = other, .pid = 71, .own = true}, service, NEED_CONTAINER, both, NULL},
        {{.number = other, .pid = 71, .own = true},
         container,
         NEED_CONTAINER,
         NEED_CONTAINER,
         "web"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        struct segment_info info = {.container = NULL};

        tree_puts(&fixture->tree, "proc/71/cgroup", ways[i].cgroup);
        open_again(fixture);
        assert_int_equal(
            resolve_container(&fixture->system, &ways[i].namespace, &info, ways[i].needs),
            ways[i].then);
        if (!ways[i].container)
            assert_null(info.container);
        else
            assert_string_equal(info.container, ways[i].container);
    }
}

static void the_host_s_own_namespace_is_of_no_guest(void **state)
{
    struct fixture *fixture = *state;
    struct system *system = &fixture->system;
    struct ipc_namespace namespace = {.number = NAMESPACE_NUMBER_HOST, .pid = 71};
    struct segment_info info = {.container = NULL};

    tree_puts(&fixture->tree, "proc/71/cgroup", "0::/lxc.payload.web\n");
    assert_null(resolve_namespace(system, &namespace));
    namespace.number++;
    assert_string_equal(resolve_namespace(system, &namespace)->unit, "lxc:web");
    system->elsewhere_pid = 71;
    system->elsewhere = NAMESPACE_NUMBER_HOST;
    assert_int_equal(resolve_own_namespace(system, &info, NEED_CONTAINER),
                     NEED_CONTAINER | NEED_UNIT);
    assert_null(info.container);
    system->elsewhere++;
    assert_int_equal(resolve_own_namespace(system, &info, NEED_CONTAINER), NEED_CONTAINER);
    assert_string_equal(info.container, "web");
    system->elsewhere = 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_selection_means_these),
        TEST(without_a_selection_all_are_meant),
        TEST(without_needs_there_is_the_record_alone),
        TEST(unparsed_lines_are_kept),
        TEST(rows_are_handed_over_until_one_has_to_wait),
        TEST(what_cannot_be_read_is_an_error),
        TEST(a_supervisor_lists_the_records_alone),
        TEST(names_are_looked_up_as_needed),
        TEST(a_user_database_is_one_that_knows_root),
        TEST(states_go_by_what_became_of_the_processes),
        TEST(a_tree_without_processes_shows_nobody_dead),
        TEST(commands_are_those_of_the_very_processes),
        TEST(attachments_are_shared_out),
        cmocka_unit_test(unseen_attachments_do_not_wrap),
        TEST(unknown_attachments_fail_only_who_needs_them),
        TEST(limits_and_their_use_are_of_all_segments),
        TEST(missing_limits_are_no_failure),
        TEST(a_saved_tree_is_not_this_system),
        TEST(rows_are_found_by_key_and_id),
        TEST(orphans_are_those_of_an_owner_or_of_all),
        TEST(a_segment_read_again_is_matched_again),
        TEST(processes_are_read_again),
        TEST(containers_are_those_of_namespaces_where_these_tell),
        TEST(the_host_s_own_namespace_is_of_no_guest),
    };

    return cmocka_run_group_tests_name("action/inventory", tests, NULL, NULL);
}
