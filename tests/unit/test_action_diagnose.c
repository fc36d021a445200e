/* action/diagnose: what is found in a saved tree, check by check, and how bad it is. */
#include "action/diagnose.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "tree.h"
#include "unit.h"

#define HEAD "key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap\n"
#define TIMES " 1795299001 1795299001 1795299001 0 0\n"

static void no_garbage(void *arg, const char *where, const char *text, size_t length)
{
    (void)arg;
    (void)length;
    fail_msg("%s: %s", where, text);
}

static const struct survey_sink sink = {no_garbage, NULL};

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

struct patient {
    struct system system;
    struct diagnosis diagnosis;
};

static void examine(const struct tree *tree, struct patient *patient)
{
    assert_int_equal(system_open(&patient->system, tree->path, NULL), 0);
    assert_int_equal(diagnose(&patient->system, &sink, &patient->diagnosis, NULL), 0);
}

static void dismiss(struct patient *patient)
{
    diagnosis_release(&patient->diagnosis);
    assert_int_equal(patient->diagnosis.count, 0);
    system_close(&patient->system);
}

/* Demands these findings, "warning orphans 1 2; error shmall; ", and no others. */
static void assert_findings(const struct tree *tree, const char *expected)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct patient patient;

    examine(tree, &patient);
    for (size_t i = 0; i < patient.diagnosis.count; i++) {
        const struct finding *finding = &patient.diagnosis.items[i];

        strbuf_printf(&text, "%s %s", severity_name(finding->severity), check_name(finding->check));
        for (size_t j = 0; j < finding->segments.count; j++)
            strbuf_printf(&text, " %d", finding->segments.items[j].shmid);
        strbuf_puts(&text, "; ");
    }
    assert_string_equal(strbuf_string(&text), expected);
    dismiss(&patient);
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

static void states_that_cannot_be_told(void **state)
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

static void dest_and_strangers(void **state)
{
    const struct tree *tree = *state;

    fill_tree(tree);
    tree_puts(tree, "proc/sysvipc/shm",
              HEAD "0 1 1600 4096 1 1 2 11 0 0 0" TIMES "6 2 600 4096 1 1 1 12 0 0 0" TIMES);
    assert_findings(tree, "info dest 1; warning owners 2; ");
    /* Who knows nobody cannot tell strangers. */
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
    struct patient patient;

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
    examine(tree, &patient);
    assert_int_equal(patient.diagnosis.items[0].attachment->pid, 1);
    assert_int_equal(patient.diagnosis.items[0].attachment->maps, 10);
    assert_int_equal(patient.diagnosis.unseen, 2);
    assert_int_equal(patient.diagnosis.share_count, 1);
    assert_int_equal(patient.diagnosis.by_pages[0].segments, 2);
    dismiss(&patient);
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
    struct patient patient;

    tree_puts(tree, "proc/sysvipc/shm", HEAD "0 1 1600 4096 1 1 2 11 0 0 0" TIMES);
    assert_findings(tree, "info dest 1; ");
    examine(tree, &patient);
    assert_int_equal(patient.diagnosis.survey.limits_error.code, ENOENT);
    dismiss(&patient);
}

static void without_a_listing_there_is_no_diagnosis(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct tree *tree = *state;
    struct system system;
    struct diagnosis diagnosis = {.count = 77};

    tree_mkdir(tree, "proc");
    assert_int_equal(system_open(&system, tree->path, NULL), 0);
    assert_int_equal(diagnose(&system, &sink, &diagnosis, &err), -ENOENT);
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
        TREE_TEST(states_that_cannot_be_told),
        TREE_TEST(orphans_with_and_without_a_key),
        TREE_TEST(dest_and_strangers),
        TREE_TEST(several_attachments_of_one_process),
        TREE_TEST(a_segment_that_is_gone_by_then_is_nobodys_leak),
        TREE_TEST(without_limits_the_rest_is_looked_at),
        TREE_TEST(without_a_listing_there_is_no_diagnosis),
    };

    return cmocka_run_group_tests_name("action/diagnose", tests, NULL, NULL);
}
