/* action/diagnose: what is found in a saved tree, check by check, and how bad it is. */
#include "action/diagnose.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "kernel/system.h"
#include "tree.h"
#include "unit.h"

#define HEAD "key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap\n"
#define TIMES " 1795299001 1795299001 1795299001 0 0\n"

/* A tree in which nothing is wrong: limits that are far away, a live process, a database. */
static void fill_tree(const struct tree *tree)
{
    tree_puts(tree, "proc/sys/kernel/shmmax", "1000000\n");
    tree_puts(tree, "proc/sys/kernel/shmall", "1000\n");
    tree_puts(tree, "proc/sys/kernel/shmmni", "100\n");
    tree_puts(tree, "proc/sys/kernel/shm_rmid_forced", "0\n");
    tree_puts(tree, "etc/passwd", "root:x:0:0::/root:/bin/sh\nzc:x:11:11::/:/bin/sh\n");
    tree_puts(tree, "proc/1/stat",
              "1 (init) S 0 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n");
    tree_puts(tree, "proc/1/status", "Name:\tinit\nTgid:\t1\nUid:\t0\t0\t0\t0\n");
    tree_puts(tree, "proc/1/maps", "");
    tree_puts(tree, "proc/stat", "cpu 1\nbtime 1795290000\n");
    tree_puts(tree, "proc/sysvipc/shm", HEAD "5 1 600 4096 1 1 0 11 0 0 0" TIMES);
}

struct machine {
    struct system system;
    struct diagnosis diagnosis;
};

static void diagnose(const struct tree *tree, struct machine *machine)
{
    assert_int_equal(system_open(&machine->system, tree->path, NULL), 0);
    assert_int_equal(diagnose_machine(&machine->system, SEVERITY_INFO, &machine->diagnosis, NULL),
                     0);
    assert_int_equal(machine->diagnosis.inventory.unparsed.count, 0);
}

static void release(struct machine *machine)
{
    diagnosis_release(&machine->diagnosis);
    assert_int_equal(machine->diagnosis.count, 0);
    system_close(&machine->system);
}

/* Demands these findings, "warning orphans 1 2; error shmall; ", and no others. */
static void assert_findings(const struct tree *tree, const char *expected)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct machine machine;

    diagnose(tree, &machine);
    for (size_t i = 0; i < machine.diagnosis.count; i++) {
        const struct finding *finding = &machine.diagnosis.items[i];

        strbuf_printf(&text, "%s %s", severity_name(finding->severity), check_name(finding->check));
        for (size_t j = 0; j < finding->count; j++)
            strbuf_printf(&text, " %d", finding->rows[j]->segment.shmid);
        strbuf_puts(&text, "; ");
    }
    assert_string_equal(strbuf_string(&text), expected);
    release(&machine);
}

static void nothing_is_wrong(void **state)
{
    fill_tree(*state);
    assert_findings(*state, "");
}

static void limits_are_nearly_full_from_90_percent_on(void **state)
{
    const struct tree *tree = *state;

    fill_tree(tree);
    tree_puts(tree, "proc/sysvipc/shm",
              HEAD "5 1 600 36000 1 1 0 11 0 0 0" TIMES "6 2 600 4096 1 1 0 11 0 0 0" TIMES);
    tree_puts(tree, "proc/sys/kernel/shmmax", "4096\n");
    tree_puts(tree, "proc/sys/kernel/shmall", "12\n");
    assert_findings(tree, "");
    tree_puts(tree, "proc/sys/kernel/shmall", "11\n");
    assert_findings(tree, "warning shmall; ");
    tree_puts(tree, "proc/sys/kernel/shmall", "10\n");
    assert_findings(tree, "error shmall; ");
    tree_puts(tree, "proc/sys/kernel/shmmni", "3\n");
    assert_findings(tree, "error shmall; ");
    tree_puts(tree, "proc/sys/kernel/shmmni", "2\n");
    assert_findings(tree, "error shmmni; error shmall; ");
    tree_puts(tree, "proc/sys/kernel/shmmni", "1\n");
    assert_findings(tree, "error shmmni; error shmall; ");
}

static void limits_that_contradict_each_other(void **state)
{
    const struct tree *tree = *state;

    fill_tree(tree);
    tree_puts(tree, "proc/sys/kernel/shmall", "244\n");
    assert_findings(tree, "warning shmmax; ");
    tree_puts(tree, "proc/sys/kernel/shmall", "245\n");
    assert_findings(tree, "");
}

static void a_shmmax_of_less_than_a_page_allows_hardly_anything(void **state)
{
    const struct tree *tree = *state;

    fill_tree(tree);
    tree_puts(tree, "proc/sys/kernel/shmmax", "4096\n");
    assert_findings(tree, "");
    tree_puts(tree, "proc/sys/kernel/shmmax", "4095\n");
    assert_findings(tree, "error shmmax; ");
    tree_puts(tree, "proc/sys/kernel/shmmax", "0\n");
    assert_findings(tree, "error shmmax; ");
}

static void no_pages_at_all_are_one_finding(void **state)
{
    const struct tree *tree = *state;

    fill_tree(tree);
    tree_puts(tree, "proc/sysvipc/shm", HEAD);
    tree_puts(tree, "proc/sys/kernel/shmall", "0\n");
    assert_findings(tree, "error shmall; ");
    tree_puts(tree, "proc/sys/kernel/shmmni", "0\n");
    assert_findings(tree, "error shmmni; error shmall; ");
}

static void states_that_are_unknown(void **state)
{
    const struct tree *tree = *state;

    fill_tree(tree);
    tree_puts(tree, "proc/sysvipc/shm",
              HEAD "0 1 600 4096 0 0 0 11 0 0 0" TIMES "6 2 600 4096 0 0 1 11 0 0 0" TIMES
                   "7 3 600 4096 99 0 0 11 0 0 0" TIMES "8 4 600 4096 0 1 0 11 0 0 0" TIMES);
    assert_findings(tree, "info states 1 3; ");
}

static void orphans_with_and_without_a_key(void **state)
{
    const struct tree *tree = *state;

    fill_tree(tree);
    tree_puts(tree, "proc/sysvipc/shm",
              HEAD "0 1 600 4096 99 99 0 11 0 0 0" TIMES "6 2 600 4096 99 99 0 11 0 0 0" TIMES
                   "0 3 600 4096 99 99 0 11 0 0 0" TIMES "0 4 600 4096 1 99 0 11 0 0 0" TIMES
                   "0 5 600 4096 99 99 1 11 0 0 0" TIMES "0 6 600 4096 0 0 0 11 0 0 0" TIMES);
    assert_findings(tree, "warning orphans 1 3; info orphans-with-key 2; info states 6; ");
}

static void dest_and_owners_without_a_user(void **state)
{
    const struct tree *tree = *state;

    fill_tree(tree);
    tree_puts(tree, "proc/sysvipc/shm",
              HEAD "0 1 1600 4096 1 1 2 11 0 0 0" TIMES "6 2 600 4096 1 1 1 12 0 0 0" TIMES);
    assert_findings(tree, "info dest 1; warning owners 2; ");
    /* A user database that knows nobody is none. */
    tree_puts(tree, "etc/passwd", "");
    assert_findings(tree, "info dest 1; ");
}

#define MAPPING "7f72%08x000-7f72%08x000 rw-s 00000000 00:01 %d    /SYSV00000005 (deleted)\n"

/* Gives process 1 some mappings of segment 1, and one of segment 2. */
static void put_maps(const struct tree *tree, unsigned count)
{
    CLEANUP_STRBUF struct strbuf maps = STRBUF_INIT;

    for (unsigned i = 0; i < count; i++)
        strbuf_printf(&maps, MAPPING, i, i + 1, 1);
    strbuf_printf(&maps, MAPPING, count, count + 1, 2);
    tree_puts(tree, "proc/1/maps", strbuf_string(&maps));
}

static void several_attachments_of_one_process(void **state)
{
    const struct tree *tree = *state;
    struct machine machine;

    fill_tree(tree);
    tree_puts(tree, "proc/sysvipc/shm",
              HEAD "5 1 600 4096 1 1 12 11 0 0 0" TIMES "5 2 600 4096 1 1 1 11 0 0 0" TIMES);
    put_maps(tree, 1);
    assert_findings(tree, "");
    put_maps(tree, 2);
    assert_findings(tree, "info attachments 1; ");
    put_maps(tree, 9);
    assert_findings(tree, "info attachments 1; ");
    put_maps(tree, 10);
    assert_findings(tree, "warning attachments 1; ");
    diagnose(tree, &machine);
    assert_int_equal(machine.diagnosis.items[0].rows[0]->attachments[0].maps, 10);
    assert_int_equal(inventory_unseen(&machine.diagnosis.inventory), 2);
    assert_int_equal(machine.diagnosis.by_pages.count, 1);
    assert_int_equal(machine.diagnosis.by_pages.items[0].segments, 2);
    release(&machine);
}

static void owners_are_summed_up_both_ways(void **state)
{
    const struct tree *tree = *state;
    struct machine machine;

    fill_tree(tree);
    tree_puts(tree, "proc/sysvipc/shm",
              HEAD "5 1 600 5000 99 99 0 11 0 0 0" TIMES "6 2 600 1 99 99 1 22 0 0 0" TIMES
                   "0 3 600 4096 1 1 0 22 0 0 0" TIMES "0 4 600 1 99 99 0 22 0 0 0" TIMES
                   "0 5 600 90000 99 99 2 33 0 0 0" TIMES);
    diagnose(tree, &machine);
    assert_int_equal(machine.diagnosis.by_pages.count, 3);
    assert_int_equal(machine.diagnosis.by_pages.items[0].first.segment.uid, 33);
    assert_int_equal(machine.diagnosis.by_pages.items[0].pages, 22);
    assert_int_equal(machine.diagnosis.by_pages.items[0].orphans, 0);
    assert_int_equal(machine.diagnosis.by_pages.items[1].first.segment.uid, 22);
    assert_int_equal(machine.diagnosis.by_pages.items[2].first.segment.uid, 11);
    assert_string_equal(machine.diagnosis.by_pages.items[2].first.owner, "zc");
    assert_int_equal(machine.diagnosis.by_pages.items[2].orphans, 1);
    assert_int_equal(machine.diagnosis.by_pages.items[2].orphan_pages, 2);
    assert_int_equal(machine.diagnosis.by_segments.items[0].first.segment.uid, 22);
    assert_int_equal(machine.diagnosis.by_segments.items[0].segments, 3);
    assert_int_equal(machine.diagnosis.by_segments.items[0].bytes.low, 1 + 4096 + 1);
    /* Of the three one is in use, and the creator of another is alive. */
    assert_int_equal(machine.diagnosis.by_segments.items[0].orphans, 1);
    assert_int_equal(machine.diagnosis.by_segments.items[0].orphan_pages, 1);
    assert_int_equal(machine.diagnosis.by_segments.items[1].first.segment.uid, 11);
    assert_int_equal(machine.diagnosis.by_segments.items[2].first.segment.uid, 33);
    release(&machine);
}

static void without_segments_nobody_has_a_share(void **state)
{
    const struct tree *tree = *state;
    struct machine machine;

    fill_tree(tree);
    tree_puts(tree, "proc/sysvipc/shm", HEAD);
    diagnose(tree, &machine);
    assert_int_equal(machine.diagnosis.by_pages.count, 0);
    assert_int_equal(machine.diagnosis.by_segments.count, 0);
    release(&machine);
}

/* Unlike a listing, a diagnosis of what nobody can inspect would be a wrong one. */
static void without_processes_there_is_no_diagnosis(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct tree *tree = *state;
    struct system system;
    struct diagnosis diagnosis = {.count = 77};

    fill_tree(tree);
    assert_int_equal(system_open(&system, tree->path, NULL), 0);
    system.procfs.live = true;
    assert_int_equal(diagnose_machine(&system, SEVERITY_INFO, &diagnosis, &err), -ENOENT);
    assert_string_equal(err.text, "/proc: not mounted: no process can be inspected");
    assert_int_equal(diagnosis.count, 77);
    system_close(&system);
}

static void a_segment_that_is_gone_by_then_is_nobodys_leak(void **state)
{
    const struct tree *tree = *state;

    fill_tree(tree);
    tree_puts(tree, "proc/sysvipc/shm", HEAD);
    put_maps(tree, 20);
    assert_findings(tree, "");
}

static void without_limits_the_rest_is_looked_at(void **state)
{
    const struct tree *tree = *state;
    struct machine machine;

    tree_puts(tree, "proc/sysvipc/shm", HEAD "0 1 1600 4096 1 1 2 11 0 0 0" TIMES);
    assert_findings(tree, "info dest 1; ");
    diagnose(tree, &machine);
    assert_int_equal(machine.diagnosis.inventory.limits_error.code, ENOENT);
    release(&machine);
}

static void without_a_listing_there_is_no_diagnosis(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct tree *tree = *state;
    struct system system;
    struct diagnosis diagnosis = {.count = 77};

    tree_mkdir(tree, "proc");
    assert_int_equal(system_open(&system, tree->path, NULL), 0);
    assert_int_equal(diagnose_machine(&system, SEVERITY_INFO, &diagnosis, &err), -ENOENT);
    assert_non_null(strstr(err.text, "proc/sysvipc/shm"));
    assert_int_equal(diagnosis.count, 77);
    system_close(&system);
}

int main(void)
{
#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)
    const struct CMUnitTest tests[] = {
        TREE_TEST(nothing_is_wrong),
        TREE_TEST(limits_are_nearly_full_from_90_percent_on),
        TREE_TEST(limits_that_contradict_each_other),
        TREE_TEST(a_shmmax_of_less_than_a_page_allows_hardly_anything),
        TREE_TEST(no_pages_at_all_are_one_finding),
        TREE_TEST(states_that_are_unknown),
        TREE_TEST(orphans_with_and_without_a_key),
        TREE_TEST(dest_and_owners_without_a_user),
        TREE_TEST(several_attachments_of_one_process),
        TREE_TEST(owners_are_summed_up_both_ways),
        TREE_TEST(without_segments_nobody_has_a_share),
        TREE_TEST(without_processes_there_is_no_diagnosis),
        TREE_TEST(a_segment_that_is_gone_by_then_is_nobodys_leak),
        TREE_TEST(without_limits_the_rest_is_looked_at),
        TREE_TEST(without_a_listing_there_is_no_diagnosis),
    };

    return cmocka_run_group_tests_name("action/diagnose", tests, NULL, NULL);
}
