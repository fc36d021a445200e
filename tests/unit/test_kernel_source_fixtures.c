/*
 * kernel/source: the listings of tests/fixtures.
 *
 * wrap: shmctl
 */
#include "kernel/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>

#include "base/cleanup.h"
#include "listing.h"
#include "record.h"
#include "tree.h"
#include "unit.h"

int __wrap_shmctl(int shmid, int command, struct shmid_ds *ds);

/* A saved tree must never be answered by this machine. */
int __wrap_shmctl(int shmid, int command, struct shmid_ds *ds)
{
    (void)ds;
    fail_msg("shmctl(%d, %d) was called for a saved tree", shmid, command);
    return -1;
}

/*
 * Reads a tree of tests/fixtures. TEXT is what the error must say of a file below the tree, NULL
 * when there must be none.
 */
static int read_fixture(const char *name, struct listing *got, const char *text)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const char *top = getenv("SRC");
    char dir[512];
    int r;

    snprintf(dir, sizeof(dir), "%s/tests/fixtures/%s", top ? top : ".", name);
    r = listing_read(dir, got, &err);
    assert_int_equal(err.code, -r);
    if (text)
        assert_string_equal(below(dir, err.text), text);
    else
        assert_null(err.text);
    return r;
}

static void listing_is_read_in_full(void **state)
{
    static const struct {
        uint32_t key;
        int shmid;
        uid_t uid;
        uint32_t mode;
        uint64_t size;
        uint64_t nattch;
    } rows[] = {
        {0x00000000, 1867776, 0, 01600, 393216, 2},
        {0x00000000, 1900545, 0, 01600, 393216, 2},
        {0x00030021, 1703938, 1001, 0666, 131104, 1},
        {0x0003802e, 1736707, 1001, 0666, 131104, 1},
        {0x00030004, 1769476, 1001, 0666, 131104, 1},
        {0x00038002, 1802245, 1001, 0666, 131104, 1},
        {0x00000000, 1933318, 0, 01600, 393216, 2},
        {0x00000000, 1966087, 0, 01600, 393216, 2},
        {0x00000000, 1998856, 0, 01600, 393216, 2},
        {0x00000000, 2031625, 0, 01600, 393216, 2},
        {0x00000000, 2064394, 0, 01600, 393216, 2},
        {0x0014350c, 2261003, 1002, 0666, 33554432, 2},
        {0x00000000, 2129932, 0, 01600, 393216, 2},
        {0x00000000, 2162701, 0, 01600, 393216, 2},
        {0x00143511, 395837454, 0, 0666, 1048576, 1},
    };
    CLEANUP_LISTING struct listing got = LISTING_INIT;

    (void)state;
    assert_int_equal(read_fixture("listing", &got, NULL), 0);
    assert_int_equal(got.complaints.count, 0);
    assert_int_equal(got.list.count, COUNT_OF(rows));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(got.list.items[i].key, rows[i].key);
        assert_int_equal(got.list.items[i].shmid, rows[i].shmid);
        assert_int_equal(got.list.items[i].uid, rows[i].uid);
        assert_int_equal(got.list.items[i].mode, rows[i].mode);
        assert_int_equal(got.list.items[i].size, rows[i].size);
        assert_int_equal(got.list.items[i].nattch, rows[i].nattch);
        assert_true(got.list.items[i].has_rss && got.list.items[i].has_swap);
    }
}

/* The three segments that most of the small fixtures hold. */
static const struct segment three[] = {
    {.key = 0x00143511,
     .shmid = 0,
     .mode = 0600,
     .size = 4096,
     .cpid = 701,
     .lpid = 702,
     .uid = 1001,
     .gid = 1001,
     .cuid = 1001,
     .cgid = 1001,
     .atime = 1795298945,
     .dtime = 1795298975,
     .ctime = 1795298915,
     .has_rss = true,
     .has_swap = true,
     .rss = 4096},
    {.key = 0xdeadbeef,
     .shmid = 32769,
     .mode = 0640,
     .size = 131104,
     .cpid = 801,
     .ctime = 1795298995,
     .has_rss = true,
     .has_swap = true},
    {.key = 0,
     .shmid = 65538,
     .mode = 01666,
     .size = 56,
     .cpid = 901,
     .lpid = 902,
     .nattch = 3,
     .uid = 1002,
     .gid = 1002,
     .cuid = 1002,
     .cgid = 1002,
     .atime = 1795299000,
     .ctime = 1795298998,
     .has_rss = true,
     .has_swap = true,
     .rss = 4096},
};

/* Demands the first COUNT of the three segments, and no more. */
static void assert_three(const struct listing *got, size_t count, bool has_usage)
{
    assert_int_equal(got->list.count, count);
    for (size_t i = 0; i < count; i++) {
        struct segment expected = three[i];

        expected.has_rss = has_usage;
        expected.has_swap = has_usage;
        assert_same_record_and_usage(&got->list.items[i], &expected);
    }
}

static void small_fixtures_give_the_first_of_them(void **state)
{
    static const struct {
        const char *name;
        size_t count; /* of the three */
        bool has_usage;
        const char *complaints;
    } cases[] = {
        {"columns14", 3, false, ""},
        {"header-only", 0, true, ""},
        {"truncated", 2, true,
         "proc/sysvipc/shm: line 4|         0      65538 1666                    56   901   902    "
         " "
         "3  1002  1002  1002  1002 1795299000          0 1795298\n"},
        {"garbage", 3, true, "proc/sysvipc/shm: line 3|the quick brown fox\n"},
        {"repeated", 3, true, ""},
        {"future", 2, true, ""}, /* columns to come are skipped */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP_LISTING struct listing got = LISTING_INIT;

        assert_int_equal(read_fixture(cases[i].name, &got, NULL), 0);
        assert_three(&got, cases[i].count, cases[i].has_usage);
        listing_assert_complaints(&got, cases[i].complaints, strlen(cases[i].complaints));
    }
}

static void what_is_no_listing_is_an_error(void **state)
{
    static const struct {
        const char *name;
        int r;
        const char *text;
    } cases[] = {
        {"no-file", -ENOENT, "proc/sysvipc/shm: No such file or directory"},
        {"empty-file", -EBADMSG,
         "proc/sysvipc/shm: not a listing of shared memory segments: no header"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP_LISTING struct listing got = LISTING_INIT;

        assert_int_equal(read_fixture(cases[i].name, &got, cases[i].text), cases[i].r);
    }
}

static void overlong_columns_push_the_rest(void **state)
{
    static const struct segment widest = {
        .key = 0x80000000,
        .shmid = 2147483647,
        .mode = 03777,
        .size = UINT64_MAX,
        .cpid = 4194304,
        .lpid = 4194303,
        .nattch = UINT64_MAX,
        .uid = 4294967294U,
        .gid = 4294967293U,
        .cuid = 4294967292U,
        .cgid = 4294967291U,
        .atime = INT64_MAX,
        .dtime = 253402300800,
        .ctime = 99999999999,
        .has_rss = true,
        .has_swap = true,
        .rss = UINT64_MAX - 1,
        .swap = UINT64_MAX,
    };
    CLEANUP_LISTING struct listing got = LISTING_INIT;

    (void)state;
    assert_int_equal(read_fixture("overlong", &got, NULL), 0);
    assert_int_equal(got.complaints.count, 0);
    assert_int_equal(got.list.count, 3);
    assert_same_record_and_usage(&got.list.items[0], &widest);
    assert_int_equal(got.list.items[1].key, 0xffffffff);
    assert_true(got.list.items[1].size == UINT64_C(1) << 63);
    assert_int_equal(got.list.items[1].lpid, 7654321);
    assert_true(got.list.items[1].swap == UINT64_C(1) << 63);
    assert_same_record_and_usage(&got.list.items[2], &three[0]);
}

static void huge_pages_have_no_known_rss(void **state)
{
    CLEANUP_LISTING struct listing got = LISTING_INIT;

    (void)state;
    assert_int_equal(read_fixture("huge-page", &got, NULL), 0);
    assert_int_equal(got.list.count, 3);
    assert_false(got.list.items[0].has_rss);
    assert_true(got.list.items[0].has_swap);
    assert_true(got.list.items[1].has_rss && got.list.items[1].has_swap);
    assert_int_equal(got.list.items[1].rss, 4096);
    assert_true(got.list.items[2].has_rss && got.list.items[2].has_swap);
    assert_int_equal(got.list.items[2].rss, 8192);
    assert_int_equal(got.list.items[2].swap, 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listing_is_read_in_full),
        cmocka_unit_test(small_fixtures_give_the_first_of_them),
        cmocka_unit_test(what_is_no_listing_is_an_error),
        cmocka_unit_test(overlong_columns_push_the_rest),
        cmocka_unit_test(huge_pages_have_no_known_rss),
    };

    return cmocka_run_group_tests_name("kernel/source: fixtures", tests, NULL, NULL);
}
