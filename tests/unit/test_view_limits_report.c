/* view/limits_report: limits known and not, amounts beyond 64 bits, changes, conflicts. */
#include "view/human.h"
#include "view/limits_report.h"

#include <stdlib.h>
#include <string.h>

#include "shown.h"
#include "unit.h"

static void pages_are_bytes_however_many(void **state)
{
    static const struct {
        uint64_t pages;
        uint64_t page_size;
        const char *expected;
    } cases[] = {
        {0, 4096, "0 B"},
        {1, 4096, "4 KiB"},
        {4096, 4096, "16 MiB"},
        {(UINT64_C(1) << 52) - 1, 4096, "16 EiB"},
        {UINT64_C(1) << 52, 4096, "16 EiB"},
        {UINT64_C(3) << 51, 4096, "24 EiB"},
        {(UINT64_C(1) << 58) - (UINT64_C(1) << 50), 4096, "1020 EiB"},
        {UINT64_C(1) << 58, 4096, "1 ZiB"},
        {(UINT64_C(1) << 63) + (UINT64_C(3) << 56), 4096, "33 ZiB"},
        {(UINT64_C(1) << 63) + (UINT64_C(1) << 56), 4096, "32 ZiB"},
        {UINT64_MAX - (1 << 24), 4096, "64 ZiB"},
        {UINT64_MAX, 65536, "1024 ZiB"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_appends(cases[i].expected, human_pages, cases[i].pages, cases[i].page_size);
}

/* Demands the whole table. */
static void assert_table(const struct limits *limits, const struct usage *usage,
                         const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    limits_report_table(out, limits, usage);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, expected);
    free(text);
}

static void what_is_not_known_is_null(void **state)
{
    static const struct limits limits = {.page_size = 4096};
    static const struct usage usage = {.segments = 3};

    (void)state;
    assert_appends("\"limits\": {\n"
                   "  \"shmmax\": {\"value\": null, \"used\": null, \"unit\": \"bytes\"},\n"
                   "  \"shmall\": {\"value\": null, \"used\": null, \"unit\": \"pages\"},\n"
                   "  \"shmmni\": {\"value\": null, \"used\": null, \"unit\": \"segments\"},\n"
                   "  \"shmmin\": {\"value\": null, \"used\": null, \"unit\": \"bytes\"},\n"
                   "  \"shm_rmid_forced\": {\"value\": null, \"used\": null, \"unit\": "
                   "\"flag\"}\n"
                   "}, \"page_size\": 4096, \"system\": {\"shmem\": null, \"sysv\": 0}}\n",
                   limits_report_json, &limits, &usage, NULL, 0, false);
    assert_table(&limits, &usage,
                 "name            value used full% unit     size meaning\n"
                 "shmmax              -    -     - bytes    -    largest segment\n"
                 "shmall              -    -     - pages    -    all segments together\n"
                 "shmmni              -    -     - segments -    number of segments\n"
                 "shmmin              -    -     - bytes    -    smallest segment\n"
                 "shm_rmid_forced     -    -     - flag     -    1: end with last user\n");
}

/* All known: each in its unit, with what is in use of it and how full it is. */
static void the_table_and_the_document_of_known_limits(void **state)
{
    static const struct limits limits = {
        .known = {true, true, true, true, true},
        .values = {UINT64_MAX, 16, 0, 1, 1},
        .page_size = 4096,
    };
    static const struct usage usage = {.segments = 3, .pages = 8};

    (void)state;
    assert_table(&limits, &usage,
                 "name                value used full% unit     size   meaning\n"
                 "shmmax          unlimited    -     - bytes    -      largest segment\n"
                 "shmall                 16    8    50 pages    64 KiB all segments together\n"
                 "shmmni                  0    3   100 segments -      number of segments\n"
                 "shmmin                  1    -     - bytes    1 B    smallest segment\n"
                 "shm_rmid_forced         1    -     - flag     -      1: end with last user\n");
    assert_appends("\"limits\": {\n"
                   "  \"shmmax\": {\"value\": 18446744073709551615, \"used\": null, \"unit\": "
                   "\"bytes\"},\n"
                   "  \"shmall\": {\"value\": 16, \"used\": 8, \"unit\": \"pages\"},\n"
                   "  \"shmmni\": {\"value\": 0, \"used\": 3, \"unit\": \"segments\"},\n"
                   "  \"shmmin\": {\"value\": 1, \"used\": null, \"unit\": \"bytes\"},\n"
                   "  \"shm_rmid_forced\": {\"value\": 1, \"used\": null, \"unit\": "
                   "\"flag\"}\n"
                   "}, \"page_size\": 4096, \"system\": {\"shmem\": null, \"sysv\": 0}}\n",
                   limits_report_json, &limits, &usage, NULL, 0, false);
}

static void a_change_shows_what_became_of_it(void **state)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    const struct limits limits = {.page_size = 4096};
    const struct usage usage = {0};
    const struct limit_change changes[] = {
        {.setting = {LIMIT_SHMMAX, UINT64_MAX},
         .has_before = true,
         .before = 7,
         .done = true,
         .kept = true},
        {.setting = {LIMIT_SHMMNI, 5}, .code = 30},
        {.setting = {LIMIT_SHMALL, 6}, .code = 4095},
    };

    (void)state;
    limits_report_json(&out, &limits, &usage, changes, 3, false);
    assert_non_null(strstr(strbuf_string(&out),
                           ", \"dry_run\": false, \"changes\": [\n"
                           "  {\"name\": \"shmmax\", \"from\": 7, \"to\": 18446744073709551615, "
                           "\"set\": true, \"kept\": true, \"error\": null},\n"
                           "  {\"name\": \"shmmni\", \"from\": null, \"to\": 5, \"set\": false, "
                           "\"kept\": false, \"error\": \"EROFS\"},\n"));
    assert_non_null(strstr(strbuf_string(&out), "\"error\": \"errno 4095\"}\n]}\n"));
}

static void only_limits_that_conflict_are_reported(void **state)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    struct limits limits = {.page_size = 4096};

    (void)state;
    limits_report_conflict(&out, &limits);
    assert_int_equal(out.length, 0);
    limits.known[LIMIT_SHMMAX] = limits.known[LIMIT_SHMALL] = true;
    limits.values[LIMIT_SHMMAX] = 4097;
    limits.values[LIMIT_SHMALL] = 1;
    limits_report_conflict(&out, &limits);
    assert_string_equal(strbuf_string(&out),
                        "shmmax allows a segment of 4 KiB, which is 2 pages, but shmall allows "
                        "only 1 page (4 KiB) for all segments together");
    strbuf_reset(&out);
    limits.values[LIMIT_SHMMAX] = UINT64_MAX - (1 << 24);
    limits_report_conflict(&out, &limits);
    assert_string_equal(strbuf_string(&out),
                        "shmmax allows a segment of any size, but shmall "
                        "allows only 1 page (4 KiB) for all segments together");
}

static void a_limit_of_0_forbids_all(void **state)
{
    struct limits limits = {.page_size = 4096};

    (void)state;
    for (enum limit_id id = 0; id < LIMIT_COUNT; id++)
        assert_appends("", limits_report_zero, &limits, id);
    for (enum limit_id id = 0; id < LIMIT_COUNT; id++)
        limits.known[id] = true;
    assert_appends("shmmax is 0: no program can make a segment", limits_report_zero, &limits,
                   LIMIT_SHMMAX);
    assert_appends("shmall is 0: no program can make a segment", limits_report_zero, &limits,
                   LIMIT_SHMALL);
    assert_appends("", limits_report_zero, &limits, LIMIT_RMID_FORCED);
    limits.values[LIMIT_SHMMNI] = 1;
    assert_appends("", limits_report_zero, &limits, LIMIT_SHMMNI);
}

static void what_is_destroyed_and_what_may_be(void **state)
{
    struct limits_change change = {.destroyed = 0};

    (void)state;
    assert_appends("", limits_report_destroyed, &change);
    change.doubtful = 2;
    change.doubtful_bytes = 8192;
    assert_appends("perhaps 2 segments, 8 KiB", limits_report_destroyed, &change);
    change.destroyed = change.destroyed_bytes = 1;
    assert_appends("1 segment, 1 B, and perhaps 2 segments, 8 KiB more", limits_report_destroyed,
                   &change);
    change.doubtful = 0;
    assert_appends("1 segment, 1 B", limits_report_destroyed, &change);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_bytes_however_many),
        cmocka_unit_test(what_is_not_known_is_null),
        cmocka_unit_test(the_table_and_the_document_of_known_limits),
        cmocka_unit_test(a_change_shows_what_became_of_it),
        cmocka_unit_test(only_limits_that_conflict_are_reported),
        cmocka_unit_test(a_limit_of_0_forbids_all),
        cmocka_unit_test(what_is_destroyed_and_what_may_be),
    };

    return cmocka_run_group_tests_name("view/limits_report", tests, NULL, NULL);
}
