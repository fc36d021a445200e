/* model/program: the table of programs, and what of it fits names, keys and sizes. */
#include "model/program.h"

#include <string.h>

#include "unit.h"

#define ASSERT_IS(found, word) assert_string_equal((found) ? (found)->name : "none", word)

static void each_entry_can_be_found_and_by_no_other(void **state)
{
    (void)state;
    for (const struct program *program = programs; program->name; program++) {
        size_t length = strlen(program->name);

        assert_ptr_equal(program_find(program->name), program);
        assert_ptr_equal(program_find(program->guessed), program);
        assert_ptr_equal(program_find(program->title), program);
        assert_int_equal(strncmp(program->guessed, program->name, length), 0);
        assert_string_equal(program->guessed + length, "?");
        assert_null(strchr(program->name, ' '));
        for (size_t i = 0; i < PROGRAM_EXECUTABLES_MAX && program->executables[i]; i++) {
            /* The kernel cuts what a process calls itself. */
            assert_true(strlen(program->executables[i]) < 16);
            assert_ptr_equal(program_find_executable(program->executables[i]), program);
        }
        for (size_t i = 0; i < PROGRAM_KEYS_MAX && program->keys[i].low; i++)
            assert_true(program->keys[i].low <= program->keys[i].high);
        assert_true(program->executables[0] || program->proof || program->keys[0].low);
    }
}

static void names_in_either_case_and_whole(void **state)
{
    (void)state;
    ASSERT_IS(program_find("POSTGRESQL"), "postgresql");
    ASSERT_IS(program_find("the x server"), "xserver");
    assert_null(program_find(""));
    assert_null(program_find("?"));
    assert_null(program_find("postgres"));
    assert_null(program_find("ntpd??"));
}

static void executables_with_their_versions(void **state)
{
    (void)state;
    ASSERT_IS(program_find_executable("php8.2"), "php");
    ASSERT_IS(program_find_executable("db5.3_stat"), "berkeleydb");
    ASSERT_IS(program_find_executable("php-fpm8.2"), "php");
    ASSERT_IS(program_find_executable("perl5.36.0"), "perl");
    assert_null(program_find_executable("phpmyadmin"));
    assert_null(program_find_executable("postgres_exporter"));
    assert_null(program_find_executable("Postgres"));
    assert_null(program_find_executable("notpostgres"));
    assert_null(program_find_executable("Xclock"));
    assert_null(program_find_executable(""));
}

static void keys_with_their_sizes(void **state)
{
    (void)state;
    ASSERT_IS(program_find_key(0x4e545030, 96), "ntpd");
    ASSERT_IS(program_find_key(0x4e545032, 80), "ntpd");
    ASSERT_IS(program_find_key(0x47505344, 24512), "gpsd");
    ASSERT_IS(program_find_key(0x52584801, 1), "informix");
    assert_null(program_find_key(0x4e545030, 4096));
    assert_null(program_find_key(0x4e545030, 56));
    assert_null(program_find_key(0x4e54502f, 96));
    assert_null(program_find_key(0x47505345, 24512));
    assert_null(program_find_key(0, 96));
    assert_null(program_find_key(UINT32_MAX, 96));
}

#define LINES "812\n/data\n1700000000\n5432\n/run\nlocalhost\n"

static void line_7_of_postmaster_pid(void **state)
{
    static const char *const wrong[] = {
        "",
        "812\n",
        LINES,
        LINES "\n",
        LINES "12345",
        LINES "12345 \n",
        LINES "x 5\n",
        LINES "12345 x\n",
        LINES "12345 5x\n",
        LINES "12345 -5\n",
        LINES "12345 2147483648\n",
        LINES "4294967296 5\n",
        LINES "99999999999999999999 5\n",
        "\n" LINES "12345 5\n",
    };
    struct postmaster_file file;

    (void)state;
    assert_true(program_parse_postmaster(LINES "    12345         5\nready   \n", &file));
    assert_int_equal(file.key, 12345);
    assert_int_equal(file.shmid, 5);
    assert_true(program_parse_postmaster(LINES "18446744071562067968 2147483647", &file));
    assert_int_equal(file.key, 0x80000000);
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_false(program_parse_postmaster(wrong[i], &file));
}

static void keys_that_are_letters(void **state)
{
    char letters[5];

    (void)state;
    assert_true(program_key_letters(0x4e545032, letters));
    assert_string_equal(letters, "NTP2");
    assert_true(program_key_letters(0x47505344, letters));
    assert_string_equal(letters, "GPSD");
    assert_false(program_key_letters(0, letters));
    assert_false(program_key_letters(0x4e545020, letters));
    assert_false(program_key_letters(0x4e54501b, letters));
    assert_false(program_key_letters(0xce545032, letters));
    assert_false(program_key_letters(0x00545032, letters));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_entry_can_be_found_and_by_no_other),
        cmocka_unit_test(names_in_either_case_and_whole),
        cmocka_unit_test(executables_with_their_versions),
        cmocka_unit_test(keys_with_their_sizes),
        cmocka_unit_test(line_7_of_postmaster_pid),
        cmocka_unit_test(keys_that_are_letters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
