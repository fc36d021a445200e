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

/* On 32 bits glibc's functions of 64-bit times and sizes have names of their own, and so has what
 * --wrap puts in their place. */
#if defined(__GLIBC__) && __SIZEOF_LONG__ == 4
#define PRAGMA(text) _Pragma(#text)
#define RENAME(name, wide) \
    PRAGMA(redefine_extname __wrap_##name __wrap_##wide) \
    PRAGMA(redefine_extname __real_##name __real_##wide)
RENAME(clock_gettime, __clock_gettime64)
RENAME(clock_nanosleep, __clock_nanosleep_time64)
RENAME(fcntl, __fcntl_time64)
RENAME(fstatat, __fstatat64_time64)
RENAME(ioctl, __ioctl_time64)
RENAME(open, open64)
RENAME(prctl, __prctl_time64)
RENAME(readdir, readdir64)
RENAME(recvmmsg, __recvmmsg64)
RENAME(shmctl, __shmctl64)
#endif

/* Skips the test; tests/run shows the reason, printf's words. */
#define skip_because(...) \
    do { \
        print_message(__VA_ARGS__); \
        print_message("\n"); \
        skip(); \
    } while (0)

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
