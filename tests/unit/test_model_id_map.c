/*
 * model/id_map: ids of a user namespace, as another one sees them.
 */
#include "model/id_map.h"

#include "unit.h"

static void assert_outside(const char *text, uint32_t inside, uint32_t expected)
{
    struct id_map map;

    assert_true(id_map_parse(text, &map));
    assert_int_equal(id_map_outside(&map, inside), expected);
    id_map_release(&map);
}

/* As the kernel prints them: "%10u %10u %10u\n" (kernel/user_namespace.c, uid_m_show). */
#define ROOTLESS "         0       1000          1\n         1     100000      65536\n"

static void ids_are_translated(void **state)
{
    (void)state;
    assert_outside(ROOTLESS, 0, 1000);
    assert_outside(ROOTLESS, 1, 100000);
    assert_outside(ROOTLESS, 999, 100998);
    assert_outside(ROOTLESS, 65536, 165535);
}

static void what_is_not_mapped_stays(void **state)
{
    (void)state;
    assert_outside(ROOTLESS, 65537, 65537);
    assert_outside("0 1000 1\n", 65534, 65534);
    assert_outside("5 1000 2\n", 4, 4);
    assert_outside("", 7, 7);
}

static void ids_are_translated_back(void **state)
{
    struct id_map map;
    uint32_t inside = 7;

    (void)state;
    assert_true(id_map_parse(ROOTLESS, &map));
    assert_false(id_map_inside(&map, 999, &inside));
    assert_false(id_map_inside(&map, 1001, &inside));
    assert_false(id_map_inside(&map, 165536, &inside));
    assert_int_equal(inside, 7);
    assert_true(id_map_inside(&map, 1000, &inside));
    assert_int_equal(inside, 0);
    assert_true(id_map_inside(&map, 165535, &inside));
    assert_int_equal(inside, 65536);
    id_map_release(&map);
}

static void who_is_not_mapped_shows_as_the_overflow_id(void **state)
{
    struct id_map map;

    (void)state;
    assert_true(id_map_parse(ROOTLESS, &map));
    assert_int_equal(id_map_shown(&map, 1000, true), 0);
    assert_int_equal(id_map_shown(&map, 100004, true), 5);
    assert_int_equal(id_map_shown(&map, 0, true), ID_MAP_OVERFLOW);
    assert_int_equal(id_map_shown(&map, 1001, true), ID_MAP_OVERFLOW);
    assert_int_equal(id_map_shown(&map, 0, false), 0);
    assert_int_equal(id_map_shown(&map, 1000, false), 1000);
    assert_int_equal(id_map_shown(&map, 65537, false), ID_MAP_OVERFLOW);
    assert_false(id_map_is_whole(&map));
    id_map_release(&map);
    assert_false(id_map_is_whole(&map));
    assert_int_equal(id_map_shown(&map, 0, true), ID_MAP_OVERFLOW);
    assert_true(id_map_parse("         0          0 4294967295\n", &map));
    assert_true(id_map_is_whole(&map));
    assert_int_equal(id_map_shown(&map, 4711, true), 4711);
    id_map_release(&map);
}

static void the_widest_map_is_everybody(void **state)
{
    (void)state;
    assert_outside("         0          0 4294967295\n", 0, 0);
    assert_outside("         0          0 4294967295\n", UINT32_MAX - 1, UINT32_MAX - 1);
    assert_outside("         0          0 4294967295\n", UINT32_MAX, UINT32_MAX);
    assert_outside("4294967290 5 5", 4294967294U, 9);
}

static void other_texts_are_no_map(void **state)
{
    static const char *const wrong[] = {
        "0 1000",         "0 1000 1 2", "0 1000 1x", "a 1000 1", "0 -1 1", "0 1000 1\n\n0 1 2",
        "0 0 4294967296", "0 0 1\r\n",  "\n",
    };
    struct id_map map = {.count = 77};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        if (id_map_parse(wrong[i], &map))
            fail_msg("'%s' is a map", wrong[i]);
        assert_int_equal(map.count, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_translated),
        cmocka_unit_test(what_is_not_mapped_stays),
        cmocka_unit_test(ids_are_translated_back),
        cmocka_unit_test(the_widest_map_is_everybody),
        cmocka_unit_test(other_texts_are_no_map),
        cmocka_unit_test(who_is_not_mapped_shows_as_the_overflow_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
