/* model/limits: counting as the kernel counts, and words that set a limit. */
#include "model/limits.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "unit.h"

enum { PAGE = 4096 };

static struct usage count_sizes(const uint64_t *sizes, size_t count)
{
    struct usage usage = {0};

    for (size_t i = 0; i < count; i++) {
        const struct segment segment = {.size = sizes[i]};

        usage_add(&usage, &segment, PAGE);
    }
    return usage;
}

/* What is in huge pages is no part of Shmem, known or not. */
static void rss_is_that_of_ordinary_pages(void **state)
{
    static const struct segment segments[] = {
        {.has_swap = true, .has_rss = true, .rss = 4096},
        {.has_swap = true, .has_rss = true, .rss = 9999, .huge_page = 65536},
        {.has_swap = true, .rss = 99999},
        {.size = 1},
    };
    struct usage usage = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(segments); i++)
        usage_add(&usage, &segments[i], PAGE);
    assert_int_equal(usage.rss, 4096);
    assert_int_equal(usage.without_rss, 1);
    assert_int_equal(usage.segments, 4);
}

static void whole_pages_are_counted_for_each_segment(void **state)
{
    const uint64_t sizes[] = {1, 1, 1, 1};
    struct usage usage = count_sizes(sizes, COUNT_OF(sizes));

    (void)state;
    assert_int_equal(usage.segments, 4);
    assert_int_equal(usage.pages, 4);
    assert_int_equal(usage.bytes, 4);
    assert_int_equal(usage.largest, 1);
}

static void the_largest_is_remembered(void **state)
{
    const uint64_t sizes[] = {4096, 4097, 8192, 4095};
    struct usage usage = count_sizes(sizes, COUNT_OF(sizes));

    (void)state;
    assert_int_equal(usage.pages, 1 + 2 + 2 + 1);
    assert_int_equal(usage.bytes, 4096 + 4097 + 8192 + 4095);
    assert_int_equal(usage.largest, 8192);
}

static void sums_stop_at_the_top(void **state)
{
    const uint64_t sizes[] = {UINT64_MAX, UINT64_MAX};
    struct usage usage = count_sizes(sizes, COUNT_OF(sizes));

    (void)state;
    assert_true(usage.bytes == UINT64_MAX);
    assert_true(usage.pages == UINT64_C(1) << 53);
}

static void only_shmall_and_shmmni_are_used_up(void **state)
{
    struct limits limits = {.known = {true, true, true, true, true}, .page_size = PAGE};
    const struct usage usage = {.segments = 3, .pages = 7, .bytes = 20000, .largest = 9000};
    uint64_t used = 99;

    (void)state;
    assert_false(limits_used(&limits, &usage, LIMIT_SHMMAX, &used));
    assert_false(limits_used(&limits, &usage, LIMIT_SHMMIN, &used));
    assert_false(limits_used(&limits, &usage, LIMIT_RMID_FORCED, &used));
    assert_int_equal(used, 99);
    assert_true(limits_used(&limits, &usage, LIMIT_SHMALL, &used));
    assert_int_equal(used, 7);
    assert_true(limits_used(&limits, &usage, LIMIT_SHMMNI, &used));
    assert_int_equal(used, 3);
    limits.known[LIMIT_SHMMNI] = false;
    assert_false(limits_used(&limits, &usage, LIMIT_SHMMNI, &used));
}

static void percent_is_rounded_down_and_never_wraps(void **state)
{
    (void)state;
    assert_int_equal(limits_percent(0, 4096), 0);
    assert_int_equal(limits_percent(40, 4096), 0);
    assert_int_equal(limits_percent(41, 4096), 1);
    assert_int_equal(limits_percent(4095, 4096), 99);
    assert_int_equal(limits_percent(4096, 4096), 100);
    assert_int_equal(limits_percent(8192, 4096), 200);
    assert_int_equal(limits_percent(0, 0), 100);
    assert_int_equal(limits_percent(5, 0), 100);
    assert_int_equal(limits_percent(4, UINT64_MAX - (1 << 24)), 0);
    assert_int_equal(limits_percent(UINT64_MAX - 1, UINT64_MAX), 99);
    assert_int_equal(limits_percent(UINT64_MAX, UINT64_MAX), 100);
    assert_int_equal(limits_percent(UINT64_MAX / 2, UINT64_MAX), 50);
    assert_true(limits_percent(UINT64_MAX, 1) == UINT64_MAX);
    assert_true(limits_percent(UINT64_MAX, 200) >= 100);
}

static struct limits two_limits(uint64_t shmmax, uint64_t shmall)
{
    struct limits limits = {.page_size = PAGE};

    limits.known[LIMIT_SHMMAX] = limits.known[LIMIT_SHMALL] = true;
    limits.values[LIMIT_SHMMAX] = shmmax;
    limits.values[LIMIT_SHMALL] = shmall;
    return limits;
}

static bool conflicts(uint64_t shmmax, uint64_t shmall)
{
    struct limits limits = two_limits(shmmax, shmall);
    uint64_t pages;

    return limits_conflict(&limits, &pages);
}

static void shmmax_must_fit_into_shmall(void **state)
{
    struct limits limits = two_limits(8193, 2);
    uint64_t pages = 0;

    (void)state;
    assert_true(limits_conflict(&limits, &pages));
    assert_int_equal(pages, 3);
    assert_false(conflicts(8192, 2));
    assert_false(conflicts(8191, 2));
    assert_false(conflicts(0, 0));
    assert_true(conflicts(1, 0));
    /* The kernel's defaults: as a product of bytes they would be beyond 64 bits. */
    assert_false(conflicts(UINT64_MAX - (1 << 24), UINT64_MAX - (1 << 24)));
    assert_true(conflicts(UINT64_MAX, (UINT64_C(1) << 52) - 1));
    assert_false(conflicts(UINT64_MAX, UINT64_C(1) << 52));
    limits.known[LIMIT_SHMALL] = false;
    assert_false(limits_conflict(&limits, &pages));
}

static void assert_setting(const char *word, enum limit_id id, uint64_t value)
{
    struct limit_setting setting = {LIMIT_COUNT, 0};

    assert_int_equal(limits_parse_setting(word, PAGE, &setting, NULL), 0);
    assert_int_equal(setting.id, id);
    assert_true(setting.value == value);
}

static void words_set_limits(void **state)
{
    (void)state;
    assert_setting("shmmax=268435456", LIMIT_SHMMAX, 268435456);
    assert_setting("shmmax=256M", LIMIT_SHMMAX, 268435456);
    assert_setting("shmmax=256MB", LIMIT_SHMMAX, 256000000);
    assert_setting("shmmax=0", LIMIT_SHMMAX, 0);
    assert_setting("shmmax=18446744073709551615", LIMIT_SHMMAX, UINT64_MAX);
    assert_setting("shmall=4096", LIMIT_SHMALL, 4096);
    assert_setting("shmall=16M", LIMIT_SHMALL, 4096);
    assert_setting("shmall=1KB", LIMIT_SHMALL, 1);
    assert_setting("shmall=5K", LIMIT_SHMALL, 2);
    assert_setting("shmall=18446744073709551615", LIMIT_SHMALL, UINT64_MAX);
    assert_setting("shmmni=4096", LIMIT_SHMMNI, 4096);
    assert_setting("shmmni=99999999999", LIMIT_SHMMNI, 99999999999);
    assert_setting("shm_rmid_forced=1", LIMIT_RMID_FORCED, 1);
    assert_setting("kernel.shmmni=7", LIMIT_SHMMNI, 7);
    assert_setting("kernel.shm_rmid_forced=1", LIMIT_RMID_FORCED, 1);
    assert_setting("shmmax=unlimited", LIMIT_SHMMAX, UINT64_MAX - (1 << 24));
    assert_setting("kernel.shmall=unlimited", LIMIT_SHMALL, UINT64_MAX - (1 << 24));
}

static void the_kernels_own_values_are_no_limits(void **state)
{
    const struct limits limits = {.narrow = false};

    (void)state;
    assert_false(limits_is_unlimited(&limits, LIMIT_SHMMAX, UINT64_MAX - (1 << 24) - 1));
    assert_true(limits_is_unlimited(&limits, LIMIT_SHMMAX, UINT64_MAX - (1 << 24)));
    assert_true(limits_is_unlimited(&limits, LIMIT_SHMALL, UINT64_MAX));
    assert_false(limits_is_unlimited(&limits, LIMIT_SHMALL, UINT32_MAX));
    assert_false(limits_is_unlimited(&limits, LIMIT_SHMMNI, UINT64_MAX));
    assert_false(limits_is_unlimited(&limits, LIMIT_RMID_FORCED, UINT64_MAX));
    assert_true(limits_usual(&limits, LIMIT_SHMALL) == UINT64_MAX - (1 << 24));
}

/* Whatever this program's unsigned long has. */
static void of_a_kernel_of_32_bits_they_are_smaller(void **state)
{
    const struct limits limits = {.narrow = true};

    (void)state;
    assert_false(limits_is_unlimited(&limits, LIMIT_SHMMAX, UINT32_MAX - (1 << 24) - 1));
    assert_true(limits_is_unlimited(&limits, LIMIT_SHMMAX, UINT32_MAX - (1 << 24)));
    assert_true(limits_is_unlimited(&limits, LIMIT_SHMALL, UINT32_MAX));
    assert_false(limits_is_unlimited(&limits, LIMIT_SHMALL, UINT64_C(5) << 30));
    assert_false(limits_is_unlimited(&limits, LIMIT_SHMMNI, UINT32_MAX));
    assert_int_equal(limits_usual(&limits, LIMIT_SHMMAX), UINT32_MAX - (1 << 24));
    assert_int_equal(limits_usual(&limits, LIMIT_SHMALL), UINT32_MAX - (1 << 24));
    assert_int_equal(limits_usual(&limits, LIMIT_SHMMNI), 4096);
}

static void assert_ceiling(enum limit_id id, uint64_t value, const char *words)
{
    const struct limit_setting setting = {id, value};
    const char *ceiling = limits_ceiling(&setting);

    assert_int_equal(ceiling != NULL, words != NULL);
    assert_true(!words || strstr(ceiling, words));
}

static void ceilings_of_the_kernel(void **state)
{
    (void)state;
    assert_ceiling(LIMIT_SHMMNI, 32768, NULL);
    assert_ceiling(LIMIT_SHMMNI, 32769, "32768 unless it was booted with ipcmni_extend");
    assert_ceiling(LIMIT_SHMMNI, 16777216, "unless");
    assert_ceiling(LIMIT_SHMMNI, 16777217, "or 16777216 when it was booted with ipcmni_extend");
    assert_ceiling(LIMIT_SHMMAX, UINT64_MAX, NULL);
    assert_ceiling(LIMIT_RMID_FORCED, 1, NULL);
    assert_ceiling(LIMIT_RMID_FORCED, 2, "0 or 1");
}

static void refuse(const char *word, const char *reason)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct limit_setting setting = {LIMIT_COUNT, 77};

    assert_int_equal(limits_parse_setting(word, PAGE, &setting, &err), -EINVAL);
    assert_non_null(err.text);
    assert_non_null(strstr(err.text, reason));
    assert_int_equal(setting.id, LIMIT_COUNT);
    assert_int_equal(setting.value, 77);
}

static void wrong_words_are_named(void **state)
{
    (void)state;
    refuse("", "not NAME=VALUE");
    refuse("shmmax", "'shmmax': not NAME=VALUE");
    refuse("=5", "no such limit");
    refuse("shmma=5", "'shmma': no such limit");
    refuse("shmmaxx=5", "'shmmaxx': no such limit");
    refuse("SHMMAX=5", "'SHMMAX': no such limit");
    refuse("kernel.=5", "'kernel.': no such limit");
    refuse("kernel.kernel.shmmax=5", "'kernel.kernel.shmmax': no such limit");
    refuse("kernel.msgmni=5", "there are: shmmax shmall shmmni shm_rmid_forced");
    refuse("shmmin=2", "cannot be set");
    refuse("shmmax=", "'shmmax=': shmmax takes a number of bytes, or a size with a unit");
    refuse("shmmax= 5", "'shmmax= 5': ");
    refuse("shmmax=-1", "'shmmax=-1': ");
    refuse("shmmax=1.5G", "'shmmax=1.5G': ");
    refuse("shmmax=18446744073709551616", "KB ..., or unlimited; below 2^64");
    refuse("shmall=x", "'shmall=x': shmall takes a number of pages, or a size with a unit: K M");
    refuse("shmall=16X", "'shmall=16X': ");
    refuse("shmall=", "'shmall=': ");
    refuse("shmmax=unlimited ", "'shmmax=unlimited ': ");
    refuse("shmmni=unlimited", "shmmni takes a plain number");
    refuse("shmmni=4K", "'shmmni=4K': shmmni takes a plain number: how many segments");
    refuse("shm_rmid_forced=yes", "'shm_rmid_forced=yes': shm_rmid_forced takes 0 or 1");
    refuse("shm_rmid_forced=yes", "'shm_rmid_forced=yes': shm_rmid_forced takes 0 or 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rss_is_that_of_ordinary_pages),
        cmocka_unit_test(whole_pages_are_counted_for_each_segment),
        cmocka_unit_test(the_largest_is_remembered),
        cmocka_unit_test(sums_stop_at_the_top),
        cmocka_unit_test(only_shmall_and_shmmni_are_used_up),
        cmocka_unit_test(percent_is_rounded_down_and_never_wraps),
        cmocka_unit_test(shmmax_must_fit_into_shmall),
        cmocka_unit_test(words_set_limits),
        cmocka_unit_test(wrong_words_are_named),
        cmocka_unit_test(the_kernels_own_values_are_no_limits),
        cmocka_unit_test(of_a_kernel_of_32_bits_they_are_smaller),
        cmocka_unit_test(ceilings_of_the_kernel),
    };

    return cmocka_run_group_tests_name("model/limits", tests, NULL, NULL);
}
