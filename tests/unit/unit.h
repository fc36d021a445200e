/*
 * What every unit test includes: cmocka, with the headers that it wants before it.
 */
#ifndef SHMTOOL_TESTS_UNIT_H
#define SHMTOOL_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* cmocka 2 has them by sign, and warns of the old names. */
#ifdef assert_uint_in_range
#undef assert_in_range
#define assert_in_range assert_uint_in_range
#endif
#ifdef check_expected_int
#undef check_expected
#define check_expected check_expected_int
#undef expect_value
#define expect_value expect_int_value
#undef expect_value_count
#define expect_value_count expect_int_value_count
#endif

/* Skips the test; tests/run shows the reason, printf's words. */
#define skip_because(...) (print_message(__VA_ARGS__), print_message("\n"), skip())

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
