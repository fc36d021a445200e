/* model/shmget_flags: flags of shmget as programs and strace print them. */
#include <errno.h>
#include <string.h>

#include "model/shmget.h"
#include "shown.h"
#include "unit.h"

static void words_of_flags(void **state)
{
    static const struct {
        const char *word;
        uint32_t flags;
    } cases[] = {
        {"0", 0},
        {"03600", 03600},
        {"0xfb0", 0xfb0},
        {"0XFB0", 0xfb0},
        {"960", 960},
        {"600", 600},
        {"4294967295", UINT32_MAX},
        {"IPC_CREAT", 01000},
        {"IPC_CREAT|IPC_EXCL|0600", 03600},
        {"IPC_CREAT | IPC_EXCL | 0600", 03600},
        {" 0600 ", 0600},
        {"0600|IPC_CREAT", 01600},
        {"IPC_NOWAIT", 04000}, /* one bit with SHM_HUGETLB */
        {"SHM_HUGETLB|SHM_NORESERVE", 014000},
        {"SHM_HUGETLB|SHM_HUGE_2MB", 04000 | 21U << 26},
        {"SHM_HUGETLB|SHM_HUGE_16GB", 04000 | 34U << 26},
        {"SHM_HUGETLB|21<<SHM_HUGE_SHIFT|0600", 04600 | 21U << 26},
        {"63<<26", 63U << 26},
        {"SHM_R|SHM_W", 0600},
        {"S_IRUSR|S_IWUSR|S_IRGRP|S_IROTH", 0644},
        {"S_IRWXU|S_IRWXG|S_IRWXO", 0777},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint32_t flags = 1;

        assert_int_equal(shmget_parse_flags(cases[i].word, &flags, NULL), 0);
        assert_int_equal(flags, cases[i].flags);
    }
}

static void words_that_are_none(void **state)
{
    static const struct {
        const char *word;
        const char *part;
    } cases[] = {
        {"", "''"},
        {" ", "' '"},
        {"|", "''"},
        {"0600|", "''"},
        {"IPC_CREAT||0600", "''"},
        {"IPC_CREAT|IPC_EXEL|0600", "'IPC_EXEL'"},
        {"ipc_creat", "'ipc_creat'"},
        {"IPC_CREAT,0600", "'IPC_CREAT,0600'"},
        {"IPC_CREAT 0600", "'IPC_CREAT 0600'"},
        {"0800", "'0800'"},
        {"0x", "'0x'"},
        {"-1", "'-1'"},
        {"+5", "'+5'"},
        {"4294967296", "'4294967296'"},
        {"0600x", "'0600x'"},
        {"64<<SHM_HUGE_SHIFT", "'64<<SHM_HUGE_SHIFT'"},
        {"<<26", "'<<26'"},
        {"SHM_HUGE_3MB", "'SHM_HUGE_3MB'"},
        {"SHM_RDONLY", "'SHM_RDONLY'"},
        {"IPC_CREATIPC_CREATIPC_CREATIPC_CREAT", "'IPC_CREATIPC_CREATIPC_CREATIPC_CREAT'"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;
        uint32_t flags = 1;

        assert_int_equal(shmget_parse_flags(cases[i].word, &flags, &err), -EINVAL);
        assert_int_equal(flags, 1);
        assert_int_equal(strncmp(err.text, cases[i].part, strlen(cases[i].part)), 0);
        assert_non_null(strstr(err.text, ": not a flag of shmget; "));
    }
}

static void flags_as_c_has_them(void **state)
{
    (void)state;
    assert_appends("0000", shmget_put_flags, 0U);
    assert_appends("0600", shmget_put_flags, 0600U);
    assert_appends("IPC_CREAT | IPC_EXCL | 0640", shmget_put_flags, 03640U);
    assert_appends("IPC_CREAT | SHM_HUGETLB | SHM_NORESERVE | SHM_HUGE_1GB | 0007",
                   shmget_put_flags, 015007U | 30U << 26);
    assert_appends("SHM_HUGETLB | 22<<SHM_HUGE_SHIFT | 0000", shmget_put_flags, 04000U | 22U << 26);
    assert_appends("0x2000000 | 0600", shmget_put_flags, 0x2000000U | 0600U);
}

/* What is shown is understood again, and means the same. */
static void what_is_shown_is_read_back(void **state)
{
    uint32_t flags = 0;

    (void)state;
    for (uint32_t i = 0; i < 20000; i++) {
        CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
        uint32_t again = ~flags;

        flags = flags * 1664525U + 1013904223U;
        shmget_put_flags(&text, flags);
        assert_int_equal(shmget_parse_flags(strbuf_string(&text), &again, NULL), 0);
        assert_int_equal(again, flags);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_flags),
        cmocka_unit_test(words_that_are_none),
        cmocka_unit_test(flags_as_c_has_them),
        cmocka_unit_test(what_is_shown_is_read_back),
    };

    return cmocka_run_group_tests_name("model/shmget_flags", tests, NULL, NULL);
}
