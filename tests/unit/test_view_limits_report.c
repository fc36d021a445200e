/* view/limits_report: amounts beyond 64 bits, and limits that are not known. */
#include "view/limits_report.h"

#include <string.h>

#include "unit.h"

static void assert_pages(uint64_t pages, uint64_t page_size, const char *expected)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

    limits_report_pages(&out, pages, page_size);
    assert_string_equal(strbuf_string(&out), expected);
}

static void pages_are_told_as_bytes_however_many(void **state)
{
    (void)state;
    assert_pages(0, 4096, "0 B");
    assert_pages(1, 4096, "4 KiB");
    assert_pages(4096, 4096, "16 MiB");
    assert_pages((UINT64_C(1) << 52) - 1, 4096, "16 EiB");
    assert_pages(UINT64_C(1) << 52, 4096, "16 EiB");
    assert_pages(UINT64_C(3) << 51, 4096, "24 EiB");
    assert_pages((UINT64_C(1) << 58) - (UINT64_C(1) << 50), 4096, "1020 EiB");
    assert_pages(UINT64_C(1) << 58, 4096, "1 ZiB");
    assert_pages((UINT64_C(1) << 63) + (UINT64_C(3) << 56), 4096, "33 ZiB");
    assert_pages((UINT64_C(1) << 63) + (UINT64_C(1) << 56), 4096, "32 ZiB");
    assert_pages(UINT64_MAX - (1 << 24), 4096, "64 ZiB");
    assert_pages(UINT64_MAX, 65536, "1024 ZiB");
}

static void what_is_not_known_is_null(void **state)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    const struct limits limits = {.page_size = 4096};
    const struct usage usage = {.segments = 3};

    (void)state;
    limits_report_json(&out, &limits, &usage, NULL, 0, false);
    assert_string_equal(strbuf_string(&out),
                        "{\"schema\": 1, \"limits\": {\n"
                        "  \"shmmax\": {\"value\": null, \"used\": null, \"unit\": \"bytes\"},\n"
                        "  \"shmall\": {\"value\": null, \"used\": null, \"unit\": \"pages\"},\n"
                        "  \"shmmni\": {\"value\": null, \"used\": null, \"unit\": \"segments\"},\n"
                        "  \"shmmin\": {\"value\": null, \"used\": null, \"unit\": \"bytes\"},\n"
                        "  \"shm_rmid_forced\": {\"value\": null, \"used\": null, \"unit\": "
                        "\"flag\"}\n"
                        "}, \"page_size\": 4096}\n");
}

static void a_change_tells_what_became_of_it(void **state)
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

static void only_limits_that_conflict_are_told(void **state)
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
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_told_as_bytes_however_many),
        cmocka_unit_test(what_is_not_known_is_null),
        cmocka_unit_test(a_change_tells_what_became_of_it),
        cmocka_unit_test(only_limits_that_conflict_are_told),
    };

    return cmocka_run_group_tests_name("view/limits_report", tests, NULL, NULL);
}
