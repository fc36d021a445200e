/*
 * action/limits_change: what is set, kept and destroyed, and how often segments are read for it.
 *
 * wrap: inventory_read limits_write limits_check_write limits_read sysctl_file_keep
 * wrap: sysctl_file_override
 */
#include "action/limits_change.h"
#include "kernel/system.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "kernel/limits.h"
#include "unit.h"

int __wrap_inventory_read(struct system *system, struct selection *selection, unsigned needs,
                          struct inventory *ret_inventory, struct error *err);
int __wrap_limits_write(const struct procfs *procfs, const struct limit_setting *setting,
                        uint64_t *ret_now, struct error *err);
int __wrap_limits_check_write(const struct procfs *procfs, enum limit_id id, struct error *err);
int __wrap_limits_read(const struct procfs *procfs, struct limits *ret_limits, struct error *err);
int __wrap_sysctl_file_keep(const struct procfs *procfs, const struct limit_setting *settings,
                            size_t count, struct error *err);
int __wrap_sysctl_file_override(const struct procfs *procfs, enum limit_id id,
                                struct sysctl_override *ret_override, struct error *err);

/* The system of the test: what it answers, and what was asked. */
static struct {
    struct limits limits;
    int write_code; /* of shmmni alone */
    int check_code;
    int keep_code;
    const char *override; /* what another file sets shmmax to; NULL: nothing */
    int survivor;         /* the one segment that a second look finds */
    size_t looks;
    size_t limit_looks;
    size_t written;
    size_t kept;
} fake;

int __wrap_inventory_read(struct system *system, struct selection *selection, unsigned needs,
                          struct inventory *ret_inventory, struct error *err)
{
    (void)system;
    (void)err;
    assert_null(selection);
    assert_true(needs & NEED_LIMITS);
    fake.looks++;
    *ret_inventory = (struct inventory){.limits = fake.limits};
    ret_inventory->rows = xcalloc(1, sizeof(struct segment_info));
    ret_inventory->rows[ret_inventory->count++].segment.shmid = fake.survivor;
    return 0;
}

int __wrap_limits_write(const struct procfs *procfs, const struct limit_setting *setting,
                        uint64_t *ret_now, struct error *err)
{
    (void)procfs;
    fake.written++;
    if (setting->id == LIMIT_SHMMNI && fake.write_code)
        return error_set(err, fake.write_code, "refused");
    fake.limits.values[setting->id] = *ret_now = setting->value;
    return 0;
}

int __wrap_limits_check_write(const struct procfs *procfs, enum limit_id id, struct error *err)
{
    (void)procfs;
    (void)id;
    return fake.check_code ? error_set(err, fake.check_code, "not to be written") : 0;
}

int __wrap_limits_read(const struct procfs *procfs, struct limits *ret_limits, struct error *err)
{
    (void)procfs;
    (void)err;
    fake.limit_looks++;
    *ret_limits = fake.limits;
    return 0;
}

int __wrap_sysctl_file_keep(const struct procfs *procfs, const struct limit_setting *settings,
                            size_t count, struct error *err)
{
    (void)procfs;
    (void)settings;
    if (fake.keep_code)
        return error_set(err, fake.keep_code, "not kept");
    fake.kept += count;
    return 0;
}

int __wrap_sysctl_file_override(const struct procfs *procfs, enum limit_id id,
                                struct sysctl_override *ret_override, struct error *err)
{
    (void)procfs;
    (void)err;
    if (id != LIMIT_SHMMAX || !fake.override)
        return 0;
    *ret_override = (struct sysctl_override){xstrdup("/etc/sysctl.conf"), xstrdup(fake.override)};
    return 1;
}

struct fixture {
    struct system system;
    struct limits_change change;
    struct inventory inventory; /* 5: attached; 6, 7: not, and their creators are dead; 8: alive */
};

static int setup(void **state)
{
    static const struct segment_info rows[] = {
        {.segment = {.shmid = 5, .nattch = 1, .size = 1}, .creator_status = PROCESS_DEAD},
        {.segment = {.shmid = 6, .size = 10}, .creator_status = PROCESS_DEAD},
        {.segment = {.shmid = 7, .size = 100}, .creator_status = PROCESS_PID_REUSED},
        {.segment = {.shmid = 8, .size = 1000}, .creator_status = PROCESS_ALIVE},
    };
    static struct fixture fixture;

    fixture = (struct fixture){0};
    memset(&fake, 0, sizeof(fake));
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        fake.limits.known[i] = true;
    fake.limits.values[LIMIT_SHMMAX] = 4096;
    fake.survivor = 7;
    fixture.inventory.limits = fake.limits;
    fixture.inventory.rows = xcalloc(COUNT_OF(rows), sizeof(rows[0]));
    fixture.inventory.count = COUNT_OF(rows);
    memcpy(fixture.inventory.rows, rows, sizeof(rows));
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    limits_change_release(&fixture->change);
    inventory_release(&fixture->inventory);
    return 0;
}

static void add_setting(struct fixture *fixture, enum limit_id id, uint64_t value)
{
    fixture->change.items[fixture->change.count++].setting = (struct limit_setting){id, value};
}

static void assert_runs(struct fixture *fixture)
{
    limits_change_prepare(&fixture->system, &fixture->change, &fixture->inventory);
    assert_int_equal(
        limits_change_run(&fixture->system, &fixture->change, &fixture->inventory, NULL), 0);
}

static void only_what_destroys_segments_makes_them_be_read_again(void **state)
{
    struct fixture *fixture = *state;

    add_setting(fixture, LIMIT_SHMMAX, 8192);
    assert_int_equal(limits_change_needs(&fixture->change), NEED_LIMITS | NEED_CREDENTIALS);
    assert_runs(fixture);
    assert_int_equal(fake.looks, 0);
    assert_int_equal(fake.limit_looks, 1);
    assert_int_equal(fixture->change.destroyed, 0);
    assert_true(fixture->change.items[0].done);
    assert_true(fixture->change.items[0].has_before);
    assert_int_equal(fixture->change.items[0].before, 4096);
    assert_int_equal(fixture->inventory.limits.values[LIMIT_SHMMAX], 8192);
    assert_int_equal(fixture->inventory.count, 4);
    assert_false(limits_change_failed(&fixture->change));
}

/* Which kernel it is for is not known where the word is read. */
static void unlimited_is_the_kernels_own_value(void **state)
{
    struct fixture *fixture = *state;

    add_setting(fixture, LIMIT_SHMMAX, limit_kinds[LIMIT_SHMMAX].usual);
    assert_runs(fixture);
    assert_true(fixture->inventory.limits.values[LIMIT_SHMMAX] == UINT64_C(18446744073692774399));
    fixture->inventory.limits.narrow = true;
    assert_runs(fixture);
    assert_int_equal(fixture->inventory.limits.values[LIMIT_SHMMAX], 4278190079);
}

static void what_shm_rmid_forced_destroyed_is_counted(void **state)
{
    struct fixture *fixture = *state;

    add_setting(fixture, LIMIT_RMID_FORCED, 1);
    assert_runs(fixture);
    assert_int_equal(fake.looks, 1);
    /* 5 was attached: it went by itself. */
    assert_int_equal(fixture->change.destroyed, 2);
    assert_int_equal(fixture->change.destroyed_bytes, 1010);
    assert_int_equal(fixture->inventory.count, 1);
    assert_int_equal(fixture->inventory.limits.values[LIMIT_RMID_FORCED], 1);
}

static void where_it_was_on_or_goes_off_nothing_is_destroyed(void **state)
{
    struct fixture *fixture = *state;

    add_setting(fixture, LIMIT_RMID_FORCED, 1);
    fixture->inventory.limits.values[LIMIT_RMID_FORCED] = 1;
    assert_runs(fixture);
    assert_int_equal(fixture->change.plan.count, 0);
    fixture->change.items[0].setting.value = 0;
    assert_runs(fixture);
    assert_int_equal(fixture->change.plan.count, 0);
    assert_int_equal(fake.looks, 0);
    assert_int_equal(fixture->change.destroyed, 0);
}

static void a_dry_run_predicts_it_and_changes_nothing(void **state)
{
    struct fixture *fixture = *state;

    fixture->change.dry_run = fixture->change.persist = true;
    fake.override = "5";
    add_setting(fixture, LIMIT_RMID_FORCED, 1);
    add_setting(fixture, LIMIT_SHMMAX, 6);
    assert_int_equal(limits_change_needs(&fixture->change),
                     NEED_LIMITS | NEED_CREDENTIALS | NEED_STATE | NEED_PROTECTION);
    assert_runs(fixture);
    assert_int_equal(fake.looks + fake.limit_looks + fake.written + fake.kept, 0);
    assert_int_equal(fixture->change.destroyed, 2);
    assert_int_equal(fixture->change.destroyed_bytes, 110);
    assert_int_equal(fixture->change.doubtful, 1);
    assert_int_equal(fixture->change.doubtful_bytes, 1000);
    assert_false(fixture->change.items[0].done || fixture->change.items[0].kept);
    assert_null(fixture->change.items[0].override.path);
    assert_string_equal(fixture->change.items[1].override.value, "5");
    assert_int_equal(fixture->inventory.limits.values[LIMIT_SHMMAX], 4096);
}

static void what_may_be_destroyed_is_planned_behind_what_is(void **state)
{
    struct fixture *fixture = *state;
    const struct removal_plan *plan = &fixture->change.plan;

    fixture->inventory.rows[1].creator_status = PROCESS_HIDDEN;
    add_setting(fixture, LIMIT_RMID_FORCED, 1);
    limits_change_prepare(&fixture->system, &fixture->change, &fixture->inventory);
    assert_true(limits_change_is_possible(&fixture->change));
    assert_int_equal(plan->count, 3);
    assert_int_equal(plan->items[0].info.segment.shmid, 7);
    assert_int_equal(plan->items[1].info.segment.shmid, 6);
    assert_int_equal(plan->items[2].info.segment.shmid, 8);
    assert_int_equal(fixture->change.destroyed, 1);
    assert_int_equal(fixture->change.doubtful, 2);
    assert_int_equal(fake.written, 0);
}

static void what_cannot_be_written_is_not_tried_and_destroys_nothing(void **state)
{
    struct fixture *fixture = *state;

    fake.check_code = EACCES;
    add_setting(fixture, LIMIT_RMID_FORCED, 1);
    assert_runs(fixture);
    assert_int_equal(fake.written, 0);
    assert_int_equal(fixture->change.plan.count, 0);
    assert_int_equal(fixture->change.items[0].code, EACCES);
    assert_string_equal(fixture->change.items[0].refusal, "not to be written");
    assert_false(limits_change_is_possible(&fixture->change));
    assert_true(limits_change_failed(&fixture->change));
}

static void what_was_not_planned_is_counted(void **state)
{
    struct fixture *fixture = *state;
    struct segment_info *rows = fixture->inventory.rows;

    add_setting(fixture, LIMIT_RMID_FORCED, 1);
    limits_change_prepare(&fixture->system, &fixture->change, &fixture->inventory);
    assert_int_equal(limits_change_unplanned(&fixture->change, &fixture->inventory), 0);
    /* Its creator has exited since: it was shown all the same. */
    rows[3].creator_status = PROCESS_DEAD;
    assert_int_equal(limits_change_unplanned(&fixture->change, &fixture->inventory), 0);
    rows[0].segment.nattch = 0;
    assert_int_equal(limits_change_unplanned(&fixture->change, &fixture->inventory), 1);
    /* Another segment by the same id. */
    rows[1].segment.ctime++;
    assert_int_equal(limits_change_unplanned(&fixture->change, &fixture->inventory), 2);
    rows[0].segment.nattch = rows[1].segment.nattch = 1;
    assert_int_equal(limits_change_unplanned(&fixture->change, &fixture->inventory), 0);
}

static void a_refusal_does_not_stop_the_rest_and_is_not_kept(void **state)
{
    struct fixture *fixture = *state;

    fixture->change.persist = true;
    fake.write_code = EPERM;
    fake.override = "6";
    add_setting(fixture, LIMIT_SHMMNI, 5);
    add_setting(fixture, LIMIT_SHMMAX, 6);
    assert_runs(fixture);
    assert_false(fixture->change.items[0].done || fixture->change.items[0].kept);
    assert_int_equal(fixture->change.items[0].code, EPERM);
    assert_string_equal(fixture->change.items[0].refusal, "refused");
    assert_true(fixture->change.items[1].done && fixture->change.items[1].kept);
    /* Another file says the same. */
    assert_null(fixture->change.items[1].override.path);
    assert_int_equal(fake.kept, 1);
    assert_true(limits_change_failed(&fixture->change));
}

static void what_cannot_be_kept_is_set_all_the_same(void **state)
{
    struct fixture *fixture = *state;

    fixture->change.persist = true;
    fake.keep_code = EROFS;
    fake.override = "7";
    add_setting(fixture, LIMIT_SHMMAX, 6);
    assert_runs(fixture);
    assert_true(fixture->change.items[0].done);
    assert_false(fixture->change.items[0].kept);
    assert_null(fixture->change.items[0].override.path);
    assert_string_equal(fixture->change.keep_error.text, "not kept");
    assert_true(limits_change_failed(&fixture->change));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(only_what_destroys_segments_makes_them_be_read_again),
        TEST(unlimited_is_the_kernels_own_value),
        TEST(what_shm_rmid_forced_destroyed_is_counted),
        TEST(where_it_was_on_or_goes_off_nothing_is_destroyed),
        TEST(a_dry_run_predicts_it_and_changes_nothing),
        TEST(what_may_be_destroyed_is_planned_behind_what_is),
        TEST(what_cannot_be_written_is_not_tried_and_destroys_nothing),
        TEST(what_was_not_planned_is_counted),
        TEST(a_refusal_does_not_stop_the_rest_and_is_not_kept),
        TEST(what_cannot_be_kept_is_set_all_the_same),
    };

    return cmocka_run_group_tests_name("action/limits_change", tests, NULL, NULL);
}
