/*
 * base/xalloc: memory is there or the program ends, with a message and status 1.
 *
 * wrap: malloc calloc reallocarray
 */
#include "base/xalloc.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "unit.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_reallocarray(void *pointer, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_reallocarray(void *pointer, size_t count, size_t size);

/* Set in the processes that are to die. */
static bool exhausted;

/* What libc refuses by itself; a sanitizer's would end the program with words of its own. */
static bool overflows(size_t count, size_t size)
{
    size_t product;

    return __builtin_mul_overflow(count, size, &product) || product > PTRDIFF_MAX;
}

void *__wrap_malloc(size_t size)
{
    assert_true(size > 0);
    return exhausted || overflows(1, size) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    assert_true(count > 0 && size > 0);
    return exhausted || overflows(count, size) ? NULL : __real_calloc(count, size);
}

void *__wrap_reallocarray(void *pointer, size_t count, size_t size)
{
    assert_true(count > 0 && size > 0);
    return exhausted || overflows(count, size) ? NULL : __real_reallocarray(pointer, count, size);
}

/* A number that the compiler does not know. */
static size_t opaque(size_t value)
{
    volatile size_t hidden = value;

    return hidden;
}

static void malloc_fails(void)
{
    exhausted = true;
    free(xmalloc(opaque(16)));
}

static void malloc_of_everything(void)
{
    free(xmalloc(opaque(SIZE_MAX)));
}

static void calloc_fails(void)
{
    exhausted = true;
    free(xcalloc(opaque(2), 8));
}

static void calloc_overflows(void)
{
    free(xcalloc(opaque(SIZE_MAX / 2), 3));
}

static void reallocarray_fails(void)
{
    void *pointer = xmalloc(8);

    exhausted = true;
    free(xreallocarray(pointer, opaque(16), 1));
}

static void reallocarray_overflows(void)
{
    free(xreallocarray(NULL, opaque(SIZE_MAX / 2), 3));
}

static void strdup_fails(void)
{
    exhausted = true;
    free(xstrdup("text"));
}

static void strndup_fails(void)
{
    exhausted = true;
    free(xstrndup("text", opaque(2)));
}

static void grow_fails(void)
{
    size_t capacity = 8;
    void *array = xmalloc(8);

    exhausted = true;
    free(xgrow(array, 8, &capacity, 1));
}

static void strbuf_fails(void)
{
    struct strbuf buf = STRBUF_INIT;

    exhausted = true;
    strbuf_puts(&buf, "text");
}

static void strbuf_length_overflows(void)
{
    struct strbuf buf = STRBUF_INIT;

    strbuf_puts(&buf, "text");
    strbuf_reserve(&buf, opaque(SIZE_MAX - 2));
}

static void strbuf_nul_overflows(void)
{
    struct strbuf buf = STRBUF_INIT;

    strbuf_reserve(&buf, opaque(SIZE_MAX));
}

/* Runs FUNCTION in a child; it must end with status 1 and the message alone. */
static void assert_dies(void (*function)(void))
{
    char text[256] = "";
    ssize_t length;
    int pipes[2];
    int status;
    pid_t child;

    assert_int_equal(pipe(pipes), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(pipes[1], STDERR_FILENO);
        function();
        _exit(0);
    }
    close(pipes[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    length = read(pipes[0], text, sizeof(text) - 1);
    close(pipes[0]);
    assert_true(length >= 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_string_equal(text, "shmtool: out of memory\n");
}

static void running_out_ends_the_program(void **state)
{
    static void (*const functions[])(void) = {
        xalloc_die,
        malloc_fails,
        malloc_of_everything,
        calloc_fails,
        calloc_overflows,
        reallocarray_fails,
        strdup_fails,
        strndup_fails,
        grow_fails,
        reallocarray_overflows,
        strbuf_fails,
        strbuf_nul_overflows,
        strbuf_length_overflows,
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(functions); i++)
        assert_dies(functions[i]);
}

static void nothing_is_something(void **state)
{
    void *bytes = xmalloc(opaque(0));
    void *none = xcalloc(opaque(0), 8);
    void *empty = xcalloc(8, opaque(0));

    (void)state;
    assert_non_null(bytes);
    assert_non_null(none);
    assert_non_null(empty);
    bytes = xreallocarray(bytes, opaque(0), 8);
    assert_non_null(bytes);
    free(bytes);
    free(none);
    free(empty);
}

static void calloc_zeroes(void **state)
{
    static const char zeroes[800];
    char *bytes = xcalloc(100, 8);

    (void)state;
    assert_memory_equal(bytes, zeroes, sizeof(zeroes));
    free(bytes);
}

static void reallocarray_keeps_what_is_there(void **state)
{
    uint64_t *numbers = xreallocarray(NULL, 2, sizeof(*numbers));

    (void)state;
    numbers[0] = 11;
    numbers[1] = 22;
    numbers = xreallocarray(numbers, 10000, sizeof(*numbers));
    numbers[9999] = 33;
    assert_int_equal(numbers[0], 11);
    assert_int_equal(numbers[1], 22);
    free(numbers);
}

static void copies_strings(void **state)
{
    char *whole = xstrdup("text");
    char *part = xstrndup("text", 2);
    char *none = xstrndup("text", 0);
    char *bytes = xstrndup("a\0b", 3);
    char *empty = xstrdup("");

    (void)state;
    assert_string_equal(whole, "text");
    assert_string_equal(part, "te");
    assert_string_equal(none, "");
    assert_string_equal(empty, "");
    assert_memory_equal(bytes, "a\0b\0", 4);
    free(whole);
    free(part);
    free(none);
    free(bytes);
    free(empty);
}

static void grow_makes_room_for_one_more(void **state)
{
    uint32_t *array = NULL;
    size_t capacity = 0;
    size_t grown = 0;

    (void)state;
    for (size_t count = 0; count < 10000; count++) {
        size_t before = capacity;

        array = xgrow(array, count, &capacity, sizeof(*array));
        assert_true(capacity > count);
        grown += capacity != before;
        array[count] = (uint32_t)count;
    }
    for (size_t i = 0; i < 10000; i++)
        assert_int_equal(array[i], i);
    assert_true(grown < 20);
    free(array);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(running_out_ends_the_program),
        cmocka_unit_test(nothing_is_something),
        cmocka_unit_test(calloc_zeroes),
        cmocka_unit_test(reallocarray_keeps_what_is_there),
        cmocka_unit_test(copies_strings),
        cmocka_unit_test(grow_makes_room_for_one_more),
    };

    return cmocka_run_group_tests_name("base/xalloc", tests, NULL, NULL);
}
