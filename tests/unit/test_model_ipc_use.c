/* model/ipc_use: listings of semaphores and message queues counted, by owner. */
#include "model/ipc_use.h"

#include <errno.h>
#include <string.h>

#include "base/strbuf.h"
#include "unit.h"

#define SEM_HEAD \
    "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n"
#define MSG_HEAD \
    "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid\n"

/* Demands what is counted, and who has most of it. */
static void assert_count(const char *text, enum ipc_limit limit, uint64_t used, uid_t uid,
                         uint64_t most)
{
    struct ipc_count count = {.limit = 7, .used = 99, .most = 99};
    CLEANUP_ERROR struct error err = ERROR_INIT;

    assert_int_equal(ipc_use_count(text, limit, &count, &err), 0);
    assert_null(err.text);
    assert_int_equal(count.used, used);
    assert_int_equal(count.most, most);
    assert_int_equal(count.limit, 7);
    if (most > 0)
        assert_int_equal(count.uid, uid);
}

static void nothing_is_counted_as_nothing(void **state)
{
    (void)state;
    assert_count("", IPC_SEMMNI, 0, 0, 0);
    assert_count(SEM_HEAD, IPC_SEMMNS, 0, 0, 0);
    assert_count(MSG_HEAD, IPC_MSGMNI, 0, 0, 0);
}

static void sets_and_semaphores_of_owners(void **state)
{
    static const char text[] = SEM_HEAD "-559038737 0   600   3  1001 0 0 0   0 1795299001\n"
                                        "         0 1   600   1     0 0 0 0   0 1795299001\n"
                                        "         5 2   600   1     0 0 0 0   0 1795299001\n"
                                        "4294967295 3   600   1  1002 0 0 0   0 1795299001";

    (void)state;
    assert_count(text, IPC_SEMMNI, 4, 0, 2);
    assert_count(text, IPC_SEMMNS, 6, 1001, 3);
}

static void of_equal_owners_the_lower_uid(void **state)
{
    (void)state;
    assert_count(MSG_HEAD "0 1 600 0 0 0 0 4294967294 0 0 0 0 0 1\n"
                          "0 2 600 0 0 0 0 12 0 0 0 0 0 1\n",
                 IPC_MSGMNI, 2, 12, 1);
}

static void sums_stop_where_64_bits_end(void **state)
{
    (void)state;
    assert_count(SEM_HEAD "0 1 600 18446744073709551615 5 0 0 0 0 1\n0 1 600 4 5 0 0 0 0 1\n",
                 IPC_SEMMNS, UINT64_MAX, 5, UINT64_MAX);
}

static void what_is_no_line_is_named(void **state)
{
    static const char *const lines[] = {"x 1 600 3 0 0 0 0 0 1",
                                        "1 1 600 3 0 0 0 0 0",
                                        "1 1 600 3 -1 0 0 0 0 1",
                                        "1 1 600 3x 0 0 0 0 0",
                                        "1 1 600 3 4294967296 0 0 0 0 1",
                                        "",
                                        "-",
                                        "1 1 600 18446744073709551616 0 0 0 0 0 1"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct ipc_count count = {.used = 99};
        CLEANUP_ERROR struct error err = ERROR_INIT;
        CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

        strbuf_printf(&text, SEM_HEAD "0 0 600 1 0 0 0 0 0 1\n%s\n", lines[i]);
        assert_int_equal(ipc_use_count(strbuf_string(&text), IPC_SEMMNS, &count, &err), -EBADMSG);
        assert_true(strncmp(err.text, "line 3: not understood: ", 24) == 0);
        assert_string_equal(err.text + 24, lines[i]);
        assert_int_equal(count.used, 99);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_counted_as_nothing),
        cmocka_unit_test(sets_and_semaphores_of_owners),
        cmocka_unit_test(of_equal_owners_the_lower_uid),
        cmocka_unit_test(sums_stop_where_64_bits_end),
        cmocka_unit_test(what_is_no_line_is_named),
    };

    return cmocka_run_group_tests_name("model/ipc_use", tests, NULL, NULL);
}
