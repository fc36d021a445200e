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

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
