/* model/attachment and model/segment_info: whose attachments are whose, and how many are unseen. */
#include "model/attachment.h"

#include "base/xalloc.h"
#include "model/segment_info.h"
#include "unit.h"

static void a_segments_attachments_stand_in_a_row(void **state)
{
    struct attachment items[] = {
        {.shmid = 0, .pid = 9},          {.shmid = 5, .pid = 1},
        {.shmid = 5, .pid = 2},          {.shmid = 5, .pid = 3},
        {.shmid = 7, .pid = 1},          {.shmid = 7, .pid = 2},
        {.shmid = 2147483647, .pid = 4}, {.namespace = 8, .shmid = 5, .pid = 6}};
    const struct attachment_list list = {.items = items, .count = COUNT_OF(items)};
    static const struct {
        uint64_t namespace;
        int shmid;
        size_t first;
        size_t count;
    } cases[] = {
        {0, 0, 0, 1}, {0, 5, 1, 3}, {0, 7, 4, 2}, {0, 2147483647, 6, 1}, {0, 1, 0, 0},
        {0, 6, 0, 0}, {0, 8, 0, 0}, {8, 5, 7, 1}, {8, 0, 0, 0},          {7, 5, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t count = 77;
        const struct attachment *found =
            attachment_list_find(&list, cases[i].namespace, cases[i].shmid, &count);

        assert_int_equal(count, cases[i].count);
        assert_ptr_equal(found, count > 0 ? &items[cases[i].first] : NULL);
    }
}

static void nothing_is_found_in_an_empty_list(void **state)
{
    struct attachment_list list = {.count = 0};
    size_t count = 77;

    (void)state;
    assert_null(attachment_list_find(&list, 0, 0, &count));
    assert_int_equal(count, 0);
    list.items = xcalloc(1, sizeof(*list.items));
    list.count = list.capacity = 1;
    list.unreadable = 3;
    attachment_list_release(&list);
    assert_null(list.items);
    assert_int_equal(list.count, 0);
    assert_int_equal(list.capacity, 0);
    assert_int_equal(list.unreadable, 0);
    attachment_list_release(&list);
}

static void what_was_not_found_is_unseen(void **state)
{
    const struct attachment two[] = {{.shmid = 5, .pid = 1, .maps = 2},
                                     {.shmid = 5, .pid = 2, .maps = 3}};
    static const struct {
        uint64_t nattch;
        uint32_t processes;
        uint64_t maps;
        uint64_t unseen;
    } cases[] = {
        {8, 2, 5, 3}, {5, 2, 5, 0}, {2, 2, 5, 0}, /* some may share their memory */
        {4, 0, 0, 4}, {0, 0, 0, 0}, {3, 1, 2, 1}, {UINT64_MAX, 2, 5, UINT64_MAX - 5},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct segment_info info = {
            .segment = {.shmid = 5, .nattch = cases[i].nattch},
            .attachments = cases[i].processes > 0 ? two : NULL,
            .attachment_count = cases[i].processes,
        };

        assert_int_equal(segment_info_maps(&info), cases[i].maps);
        assert_true(segment_info_unseen(&info) == cases[i].unseen);
    }
}

static void a_trace_of_use_is_a_pid_or_a_time(void **state)
{
    (void)state;
    assert_true(segment_was_never_attached(&(const struct segment){.cpid = 5, .ctime = 7}));
    assert_false(segment_was_never_attached(&(const struct segment){.lpid = 5}));
    assert_false(segment_was_never_attached(&(const struct segment){.atime = 5}));
    assert_false(segment_was_never_attached(&(const struct segment){.dtime = 5}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_segments_attachments_stand_in_a_row),
        cmocka_unit_test(nothing_is_found_in_an_empty_list),
        cmocka_unit_test(what_was_not_found_is_unseen),
        cmocka_unit_test(a_trace_of_use_is_a_pid_or_a_time),
    };

    return cmocka_run_group_tests_name("model/attachment", tests, NULL, NULL);
}
