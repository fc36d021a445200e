/* view/sort: records in the order of their values. */
#include <errno.h>
#include <string.h>

#include "unit.h"
#include "view/column.h"

/* A record of the test's own, with a column of each kind that is compared in its own way. */
struct record {
    uint64_t id;
    uint64_t number;
    bool has_number;
    const char *name; /* NULL: the number is all there is */
};

#define GETTER(name) \
    static void name(const struct column_format *format, const void *data, \
                     struct column_value *ret_value)

GETTER(get_id)
{
    const struct record *record = data;

    (void)format;
    *ret_value = (struct column_value){.known = true, .number = record->id};
}

GETTER(get_number)
{
    const struct record *record = data;

    (void)format;
    *ret_value = (struct column_value){.known = record->has_number, .number = record->number};
}

GETTER(get_name)
{
    const struct record *record = data;

    (void)format;
    *ret_value =
        (struct column_value){.known = true, .number = record->number, .text = record->name};
}

static const struct column columns[] = {
    {"id", COLUMN_ID, 0, "", get_id},
    {"number", COLUMN_NUMBER, 1, "", get_number},
    {"name", COLUMN_NAME, 4, "", get_name},
};

static const struct column_table table = {.columns = columns, .count = COUNT_OF(columns)};

/* Sorts RECORDS by LIST and demands the ids in this order. */
static void assert_order(const struct record *records, size_t count, const char *list,
                         const int *ids)
{
    const struct column_format format = {0};
    struct sort_order order = {0};
    struct record copy[16];

    assert_in_range(count, 0, COUNT_OF(copy));
    if (count > 0)
        memcpy(copy, records, count * sizeof(*records));
    assert_int_equal(sort_order_add_list(&order, &table, list, NULL), 0);
    sort_records(copy, count, sizeof(copy[0]), &order, &format);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(copy[i].id, ids[i]);
    sort_order_release(&order);
}

#define assert_sorted(records, list, ...) \
    do { \
        const int ids_[] = {__VA_ARGS__}; \
\
        assert_int_equal(COUNT_OF(ids_), COUNT_OF(records)); \
        assert_order(records, COUNT_OF(ids_), list, ids_); \
    } while (0)

static void numbers_as_numbers(void **state)
{
    static const struct record records[] = {
        {1, 9, true, NULL}, {2, 10, true, NULL},        {3, UINT64_MAX, true, NULL},
        {4, 0, true, NULL}, {5, INT64_MAX, true, NULL},
    };

    (void)state;
    assert_sorted(records, "number", 4, 1, 2, 5, 3);
    assert_sorted(records, "-number", 3, 5, 2, 1, 4);
}

static void equal_ones_keep_their_order_both_ways(void **state)
{
    static const struct record records[] = {
        {1, 5, true, NULL}, {2, 4, true, NULL}, {3, 5, true, NULL},
        {4, 4, true, NULL}, {5, 5, true, NULL},
    };

    (void)state;
    assert_sorted(records, "number", 2, 4, 1, 3, 5);
    assert_sorted(records, "-number", 1, 3, 5, 2, 4);
}

static void what_is_not_known_comes_first(void **state)
{
    static const struct record records[] = {
        {1, 0, true, NULL}, {2, 7, false, NULL}, {3, 5, true, NULL}, {4, 1, false, NULL}};

    (void)state;
    assert_sorted(records, "number", 2, 4, 1, 3);
    assert_sorted(records, "-number", 3, 1, 2, 4);
}

static void names_by_their_bytes_and_numbers_before_them(void **state)
{
    static const struct record records[] = {
        {1, 1, true, "zc"},       {2, 2, true, "Zc"},  {3, 54321, true, NULL},
        {4, 3, true, "\xc3\xbc"}, {5, 4, true, "zc1"}, {6, 100000, true, NULL},
        {7, 5, true, ""},         {8, 6, true, "10"},
    };

    (void)state;
    assert_sorted(records, "name", 3, 6, 7, 8, 2, 1, 5, 4);
    assert_sorted(records, "-name", 4, 5, 1, 2, 8, 7, 6, 3);
}

static void several_columns_each_its_own_way(void **state)
{
    static const struct record records[] = {
        {1, 5, true, "b"}, {2, 4, true, "a"}, {3, 6, true, "a"}, {4, 4, true, "b"}};

    (void)state;
    assert_sorted(records, "name,number", 2, 3, 4, 1);
    assert_sorted(records, "name,-number", 3, 2, 1, 4);
    assert_sorted(records, "-name,number", 4, 1, 2, 3);
    assert_sorted(records, "-number,-name", 3, 1, 4, 2);
    /* The first word of a column counts. */
    assert_sorted(records, "id,-id", 1, 2, 3, 4);
    assert_sorted(records, "-id,id", 4, 3, 2, 1);
}

static void nothing_to_sort(void **state)
{
    static const struct record one[] = {{1, 5, true, NULL}};
    struct sort_order none = {0};
    const struct column_format format = {0};
    struct record copy[] = {{2, 5, true, NULL}, {1, 4, true, NULL}};

    (void)state;
    assert_order(NULL, 0, "number", NULL);
    assert_sorted(one, "number", 1);
    sort_records(copy, 2, sizeof(copy[0]), &none, &format);
    assert_int_equal(copy[0].id, 2);
}

static void many_records(void **state)
{
    enum { MANY = 10000 };
    static struct record records[MANY];
    const struct column_format format = {0};
    struct sort_order order = {0};
    uint64_t random = 12345;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        records[i] = (struct record){(uint64_t)i, random >> 60, true, NULL};
    }
    assert_int_equal(sort_order_add_list(&order, &table, "-number", NULL), 0);
    sort_records(records, MANY, sizeof(records[0]), &order, &format);
    for (int i = 1; i < MANY; i++) {
        assert_true(records[i - 1].number >= records[i].number);
        if (records[i - 1].number == records[i].number)
            assert_true(records[i - 1].id < records[i].id);
    }
    sort_order_release(&order);
}

static void lists_are_read_whole_or_refused(void **state)
{
    static const char *const wrong[] = {"",   "-",   "--id", "id,",    ",id", "id,,name",
                                        "x",  "-x",  "id,x", "id,- x", "id-", "+id",
                                        "ID", " id", "id ",  "id:name"};
    struct sort_order order = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;

        assert_int_equal(sort_order_add_list(&order, &table, wrong[i], &err), -EINVAL);
        assert_non_null(strstr(err.text, ": no such column; "));
        assert_non_null(strstr(err.text, "here are: id number name"));
    }
    sort_order_release(&order);
    assert_int_equal(order.count, 0);
    assert_int_equal(sort_order_add_list(&order, &table, "id,-name", NULL), 0);
    assert_int_equal(sort_order_add_list(&order, &table, "number", NULL), 0);
    assert_int_equal(order.count, 3);
    assert_ptr_equal(order.items[0].column, &columns[0]);
    assert_false(order.items[0].descending);
    assert_ptr_equal(order.items[1].column, &columns[2]);
    assert_true(order.items[1].descending);
    assert_ptr_equal(order.items[2].column, &columns[1]);
    sort_order_release(&order);
}

static void what_is_sorted_by_has_to_be_looked_up(void **state)
{
    struct sort_order order = {0};

    (void)state;
    assert_int_equal(sort_order_needs(&order), 0);
    assert_int_equal(sort_order_add_list(&order, &table, "id", NULL), 0);
    assert_int_equal(sort_order_needs(&order), 0);
    assert_int_equal(sort_order_add_list(&order, &table, "-number,name", NULL), 0);
    assert_int_equal(sort_order_needs(&order), 5);
    sort_order_release(&order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_as_numbers),
        cmocka_unit_test(equal_ones_keep_their_order_both_ways),
        cmocka_unit_test(what_is_not_known_comes_first),
        cmocka_unit_test(names_by_their_bytes_and_numbers_before_them),
        cmocka_unit_test(several_columns_each_its_own_way),
        cmocka_unit_test(nothing_to_sort),
        cmocka_unit_test(many_records),
        cmocka_unit_test(lists_are_read_whole_or_refused),
        cmocka_unit_test(what_is_sorted_by_has_to_be_looked_up),
    };

    return cmocka_run_group_tests_name("view/sort", tests, NULL, NULL);
}
