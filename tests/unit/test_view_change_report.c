/* view/change_report: what set says of a change, of each segment and of all of them. */
#include "view/change_report.h"

#include <errno.h>

#include "base/cleanup.h"
#include "unit.h"

/* A change of one segment, whose words are VALUES, and what is said of it. */
struct change_case {
    const char *values[CHANGE_NAMES];
    bool locks;
    uint32_t mode;
    const char *group; /* its name, of gid 7 */
    const char *words;
    const char *differences;
    const char *notes; /* once it was set */
};

#define KEPT "the creator of a segment that was given away keeps all rights of an owner"
#define LOCKING \
    "locking reads no pages in, and counts against RLIMIT_MEMLOCK of this user also when this " \
    "process has ended"

static const struct change_case cases[] = {
    {.values = {[CHANGE_OWNER] = "zc"},
     .mode = 0640,
     .words = "owner=zc",
     .differences = ", owner uid 5 -> zc",
     .notes = KEPT},
    {.values = {[CHANGE_GROUP] = "staff"},
     .mode = 0640,
     .group = "users",
     .words = "group=staff",
     .differences = ", group users -> staff",
     .notes = ""},
    {.values = {[CHANGE_GROUP] = "a b"},
     .mode = 0640,
     .words = "group='a b'",
     .differences = ", group gid 7 -> a b",
     .notes = ""},
    {.values = {[CHANGE_PERMS] = "g-r,o+w"},
     .mode = 0640 | SEGMENT_LOCKED,
     .words = "perms=g-r,o+w",
     .differences = ", perms 640 -> 602",
     .notes = ""},
    {.values = {[CHANGE_PERMS] = "u+r", [CHANGE_LOCKED] = "yes"},
     .locks = true,
     .mode = 0640 | SEGMENT_LOCKED,
     .words = "perms=u+r locked=yes",
     .differences = ", it was so already",
     .notes = ""},
    {.values = {[CHANGE_LOCKED] = "no"},
     .mode = 0640 | SEGMENT_LOCKED,
     .words = "locked=no",
     .differences = ", unlocked",
     .notes = ""},
    {.values = {[CHANGE_OWNER] = "zc", [CHANGE_GROUP] = "staff", [CHANGE_LOCKED] = "yes"},
     .locks = true,
     .mode = 0600,
     .group = "users",
     .words = "owner=zc group=staff locked=yes",
     .differences = ", owner uid 5 -> zc, group users -> staff, locked",
     .notes = KEPT "; " LOCKING},
};

static void what_is_said_of_a_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct change_case *one = &cases[i];
        CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
        struct change change = {.uid = 9, .gid = 8, .locked = one->locks};
        struct removal_item item = {.outcome = REMOVAL_SET};
        struct removal_plan plan = {.items = &item, .count = 1, .change = &change};

        for (int name = 0; name < CHANGE_NAMES; name++)
            change.values[name] = one->values[name];
        item.info = (struct segment_info){
            .segment = {.uid = 5, .gid = 7, .cuid = 5, .mode = one->mode}, .group = one->group};
        change_report_words(&text, &change);
        assert_string_equal(strbuf_string(&text), one->words);
        strbuf_reset(&text);
        change_report_differences(&text, &change, &item.info);
        assert_string_equal(strbuf_string(&text), one->differences);
        strbuf_reset(&text);
        change_report_notes(&text, &plan);
        assert_string_equal(strbuf_string(&text), one->notes);
        /* Of what was not set nothing more is said. */
        strbuf_reset(&text);
        item.outcome = REMOVAL_FAILED;
        change_report_notes(&text, &plan);
        assert_string_equal(strbuf_string(&text), "");
    }
}

static void why_the_kernel_refuses(void **state)
{
    static const struct {
        int code;
        const char *text;
    } refusals[] = {
        {EPERM, ""},
        {EIDRM, ""},
        {EINVAL,
         ": this user namespace does not have the user or the group that it would belong to"},
        {ENOMEM, ": with what this user has locked already it is more than RLIMIT_MEMLOCK allows "
                 "('ulimit -l', in KiB)"},
        {EOPNOTSUPP, ": only a process of its own may enter that user namespace; nsenter --user "
                     "--ipc does"},
    };
    const struct change change = {.uid = 9};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

        change_report_failure(&text, NULL, refusals[i].code); /* of rm */
        assert_string_equal(strbuf_string(&text), "");
        change_report_failure(&text, &change, refusals[i].code);
        assert_string_equal(strbuf_string(&text), refusals[i].text);
    }
}

static void assert_gift(const struct removal_plan *plan, const char *expected)
{
    const struct credentials credentials = {.euid = 5};
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    change_report_gift(&text, plan, &credentials);
    assert_string_equal(strbuf_string(&text), expected);
}

static void what_is_given_away_for_good(void **state)
{
    const struct change change = {.values = {[CHANGE_OWNER] = "zc"}, .uid = 9};
    struct removal_item items[3] = {{.missing = false}};
    struct removal_plan plan = {.items = items, .count = 1, .change = &change};

    (void)state;
    for (int i = 0; i < 3; i++) {
        items[i].outcome = REMOVAL_SELECTED;
        items[i].info.segment = (struct segment){.shmid = 10 + i, .uid = 5, .cuid = 1};
    }
    assert_gift(&plan, "10: given away for good: you are neither its creator nor root, and may "
                       "change it no more");
    plan.count = 3;
    items[1].outcome = REMOVAL_PROTECTED;
    assert_gift(&plan, "10, 12: given away for good: you are neither their creator nor root, and "
                       "may change them no more");
    items[0].info.segment.cuid = 5; /* its creator keeps it */
    items[2].info.segment.uid = 6;  /* and of others nothing can be given away */
    assert_gift(&plan, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_of_a_change),
        cmocka_unit_test(why_the_kernel_refuses),
        cmocka_unit_test(what_is_given_away_for_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
