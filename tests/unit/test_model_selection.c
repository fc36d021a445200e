/* model/selection: ids as they were named, by words and by lines of standard input. */
#include "model/selection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

/* Gives a line to the reader in memory of exactly its size. */
static int parse_bytes(const char *line, size_t length, struct named_id *ret_id, struct error *err)
{
    char *copy = malloc(length ? length : 1);
    int r;

    assert_non_null(copy);
    memcpy(copy, line, length);
    r = selection_parse_line(copy, length, ret_id, err);
    free(copy);
    return r;
}

static int parse(const char *line, struct named_id *ret_id)
{
    return parse_bytes(line, strlen(line), ret_id, NULL);
}

static void an_id_alone_fills_the_line(void **state)
{
    static const struct {
        const char *line;
        int shmid;
    } cases[] = {
        {"0", 0}, {"7", 7}, {"395837454", 395837454}, {"2147483647", 2147483647}, {"5\r", 5},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct named_id id = {.shmid = -77, .is_row = true};

        assert_int_equal(parse(cases[i].line, &id), 1);
        assert_int_equal(id.shmid, cases[i].shmid);
        assert_false(id.is_row);
        assert_false(id.has_size);
    }
}

static void rows_name_the_key_and_the_size(void **state)
{
    static const struct {
        const char *line;
        struct named_id id;
    } cases[] = {
        {"0x00000000 1867776 root  600  393216 2 dest", {1867776, true, 0, true, 393216}},
        {"0x00143511 395837454 root 666 1048576 1", {395837454, true, 0x143511, true, 1048576}},
        {"0xdeadbeef 0 zc 0 1 0", {0, true, 0xdeadbeef, true, 1}},
        {"0xffffffff 2147483647 zc 777 18446744073709551615 18446744073709551615 dest,locked",
         {2147483647, true, 0xffffffff, true, UINT64_MAX}},
        {"0x00030021 1703938 zc 666 131104 1 locked\r", {1703938, true, 0x30021, true, 131104}},
        /* as ipcs -m pads it */
        {"0x00000000 1867776    root       600        393216     2          dest         ",
         {1867776, true, 0, true, 393216}},
        {"0x00000000 5          root       600        393216     2          dest         locked",
         {5, true, 0, true, 393216}},
        {"0x00030021 1703938    zc         666        131104     1                       ",
         {1703938, true, 0x30021, true, 131104}},
        /* a size of ls -H, which cannot be compared */
        {"0x00030021 1703938 zc 666 1.5M 1", {1703938, true, 0x30021, false, 0}},
        {"0x00030021 1703938 zc 666 56B 1", {1703938, true, 0x30021, false, 0}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct named_id id = {.shmid = -77};

        if (parse(cases[i].line, &id) != 1)
            fail_msg("'%s' was not understood", cases[i].line);
        assert_int_equal(id.shmid, cases[i].id.shmid);
        assert_true(id.is_row);
        assert_int_equal(id.key, cases[i].id.key);
        assert_int_equal(id.has_size, cases[i].id.has_size);
        if (id.has_size)
            assert_true(id.size == cases[i].id.size);
    }
}

static void headers_and_blank_lines_are_passed_over(void **state)
{
    static const char *const lines[] = {
        "",
        "\r",
        " ",
        "          ",
        "  \r",
        "key        shmid  owner perms    bytes nattch status",
        "key        shmid      owner      perms      bytes      nattch     status      ",
        "key shmid owner perms bytes nattch status\r",
        "------ Shared Memory Segments --------",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct named_id id = {.shmid = -77};

        assert_int_equal(parse(lines[i], &id), 0);
        assert_int_equal(id.shmid, -77);
    }
}

static const char *const other_lines[] = {
    /* ids with something around them, or none */
    "x 5",
    "5 6",
    " 5",
    "5 ",
    "\t5",
    "5\t",
    "5,6",
    "-1",
    "+1",
    "1x",
    "0x5",
    "05",
    "5.",
    "2147483648",
    "4294967296",
    "18446744073709551616",
    "5\r\r",
    "\r5",
    "#5",
    "id 5",
    "all",
    "*",
    "\xd9\xa5",
    /* other tables and other columns */
    "------ Semaphore Arrays --------",
    "------ Message Queues --------",
    "------ Shared Memory Segments",
    "key        semid      owner      perms      nsems     ",
    "key shmid owner perms bytes nattch",
    "shmid key owner perms bytes nattch status",
    "KEY ID PERMS OWNER SIZE NATTCH STATUS CTIME CPID LPID COMMAND",
    "0x00000000 0          root       600        1         ",
    "0x00000000 32769      root       644        0            0           ",
    "0x00000000 32769      root       644        4096         1           ",
    "0 1867776 1600 393216 2411 1187 2 0 0 0 0 17 0 17 393216 0",
    "1867776 0x00000000 root 600 393216 2 dest",
    "1867776 root 600 393216 2 dest",
    "0x00000000 1867776",
    "0x00000000 1867776 root 600 393216",
    /* rows with a wrong word */
    " 0x00000000 1867776 root 600 393216 2 dest",
    "0x0000000 1867776 root 600 393216 2 dest",
    "0x000000000 1867776 root 600 393216 2 dest",
    "0x0000000g 1867776 root 600 393216 2 dest",
    "0X00000000 1867776 root 600 393216 2 dest",
    "1234567890 1867776 root 600 393216 2 dest",
    "0x00000000 -1 root 600 393216 2",
    "0x00000000 01867776 root 600 393216 2",
    "0x00000000 2147483648 root 600 393216 2",
    "0x00000000 4294967296 root 600 393216 2",
    "0x00000000 18446744073709551616 root 600 393216 2",
    "0x00000000 1x root 600 393216 2",
    "0x00000000 1 root 688 393216 2",
    "0x00000000 1 root 0600 393216 2",
    "0x00000000 1 root rw- 393216 2",
    "0x00000000 1 root 600 0 2",
    "0x00000000 1 root 600 -1 2",
    "0x00000000 1 root 600 1.5X 2",
    "0x00000000 1 root 600 .5M 2",
    "0x00000000 1 root 600 M 2",
    "0x00000000 1 root 600 18446744073709551616 2",
    "0x00000000 1 root 600 393216 -2",
    "0x00000000 1 root 600 393216 2x",
    "0x00000000 1 root 600 393216 2 used",
    "0x00000000 1 root 600 393216 2 dest dest dest",
    "0x00000000 1 root 600 393216 2 dest 5",
    "0x00000000 1 root 600 393216 2 dest locked orphan",
    "0x00000000\t1 root 600 393216 2 dest",
};

static void other_lines_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(other_lines); i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;
        struct named_id id = {.shmid = -77};

        if (parse_bytes(other_lines[i], strlen(other_lines[i]), &id, &err) != -EINVAL)
            fail_msg("'%s' was not refused", other_lines[i]);
        assert_int_equal(id.shmid, -77);
        assert_int_equal(err.code, EINVAL);
        assert_int_equal(err.text[0], '\'');
        assert_int_equal(parse(other_lines[i], &id), -EINVAL);
    }
}

static void errors_quote_the_line(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct named_id id;

    (void)state;
    assert_int_equal(parse_bytes("x 5", 3, &id, &err), -EINVAL);
    assert_non_null(strstr(err.text, "'x 5'"));
}

/* Text that may hold NULs. */
#define BYTES(literal) literal, sizeof(literal) - 1

static void nul_bytes_end_nothing(void **state)
{
    static const struct {
        const char *line;
        size_t length;
    } lines[] = {
        {BYTES("5\0")},
        {BYTES("\0")},
        {BYTES("5\0 6")},
        {BYTES("0x4\0\0\0\0\0\0\0 1867776 root 600 393216 2 dest")},
        {BYTES("0x00000000 18677\0 root 600 393216 2 dest")},
        {BYTES("0x00000000 1 root 60\0 393216 2")},
        {BYTES("0x00000000 1 root 600 39\0 2")},
        {BYTES("0x00000000 1 root 600 393216 2\0")},
        {BYTES("0x00000000 1 root 600 393216 2 dest\0")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;
        struct named_id id = {.shmid = -77};

        assert_int_equal(parse_bytes(lines[i].line, lines[i].length, &id, &err), -EINVAL);
        assert_int_equal(id.shmid, -77);
        assert_non_null(strstr(err.text, "NUL"));
    }
}

static void part_of_a_row_names_no_other_segment(void **state)
{
    static const char row[] = "0x00143511 395837454 root 666 1048576 1 dest";
    struct named_id id;

    (void)state;
    /* But for its first digit, which alone is an id. */
    for (size_t length = 2; length < sizeof(row) - 1; length++) {
        if (parse_bytes(row, length, &id, NULL) == 1) {
            assert_int_equal(id.shmid, 395837454);
            assert_int_equal(id.key, 0x143511);
        }
    }
    for (size_t start = 1; start < sizeof(row) - 1; start++)
        assert_int_equal(parse(row + start, &id), -EINVAL);
}

static void words_are_ids_alone(void **state)
{
    struct selection selection = {0};
    CLEANUP_ERROR struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(selection_add_word(&selection, "5", NULL), 0);
    assert_int_equal(selection_add_word(&selection, "0", NULL), 0);
    assert_int_equal(selection_add_word(&selection, "4294967296", &err), -EINVAL);
    assert_string_equal(err.text,
                        "'4294967296': not an id (a decimal number from 0 to 2147483647)");
    assert_int_equal(selection_add_word(&selection, "", &err), -EINVAL);
    assert_int_equal(selection_add_word(&selection, "5\r", &err), -EINVAL);
    assert_int_equal(selection.id_count, 2);
    assert_true(selection_has_id(&selection, 5));
    assert_true(selection_has_id(&selection, 0));
    assert_false(selection_has_id(&selection, 6));
    selection_release(&selection);
}

static void without_ids_every_id_is_allowed(void **state)
{
    struct selection selection = {0};

    (void)state;
    assert_true(selection_is_empty(&selection));
    assert_false(selection_is_named(&selection));
    assert_true(selection_has_id(&selection, 5));
    /* Standard input that had no id: then nothing is meant, not everything. */
    selection.by_id = true;
    assert_false(selection_is_empty(&selection));
    assert_true(selection_is_named(&selection));
    assert_false(selection_has_id(&selection, 5));
    selection_release(&selection);
}

static void ids_and_keys_are_names(void **state)
{
    struct selection selection = {0};

    (void)state;
    filter_add_value(&selection.filter.owners, 1001);
    assert_false(selection_is_empty(&selection));
    assert_false(selection_is_named(&selection));
    filter_add_value(&selection.filter.keys, 0x4711);
    assert_true(selection_is_named(&selection));
    filter_add_value(&selection.filter.keys, 0);
    assert_false(selection_is_named(&selection));
    assert_int_equal(selection_add_word(&selection, "5", NULL), 0);
    assert_true(selection_is_named(&selection));
    selection_release(&selection);
    assert_true(selection_is_empty(&selection));
}

static void claims_are_held_against_the_segment(void **state)
{
    struct selection selection = {0};
    struct segment segment = {.shmid = 50, .key = 0x4711, .size = 4096};

    (void)state;
    for (int shmid = 99; shmid >= 0; shmid--)
        selection_add_id(&selection, &(struct named_id){.shmid = shmid});
    selection_sort_ids(&selection);
    assert_true(selection_claims_hold(&selection, &segment));
    selection_add_id(&selection, &(struct named_id){50, true, 0x4711, true, 4096});
    selection_add_id(&selection, &(struct named_id){50, true, 0x4711, false, 0});
    selection_sort_ids(&selection);
    assert_true(selection_claims_hold(&selection, &segment));
    segment.size = 4097;
    assert_false(selection_claims_hold(&selection, &segment));
    segment.size = 4096;
    segment.key = 0;
    assert_false(selection_claims_hold(&selection, &segment));
    /* Of another segment nothing was said. */
    segment.shmid = 51;
    assert_true(selection_claims_hold(&selection, &segment));
    segment.shmid = 1000;
    assert_true(selection_claims_hold(&selection, &segment));
    selection_release(&selection);
    assert_true(selection_claims_hold(&selection, &segment));
}

static void one_wrong_claim_of_several_is_enough(void **state)
{
    struct selection selection = {0};
    const struct segment segment = {.shmid = 7, .key = 0x4711, .size = 4096};

    (void)state;
    selection_add_id(&selection, &(struct named_id){7, true, 0x4711, true, 4096});
    selection_add_id(&selection, &(struct named_id){.shmid = 7});
    selection_add_id(&selection, &(struct named_id){7, true, 0x4712, false, 0});
    selection_sort_ids(&selection);
    assert_false(selection_claims_hold(&selection, &segment));
    selection_release(&selection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_alone_fills_the_line),
        cmocka_unit_test(rows_name_the_key_and_the_size),
        cmocka_unit_test(headers_and_blank_lines_are_passed_over),
        cmocka_unit_test(other_lines_are_refused),
        cmocka_unit_test(errors_quote_the_line),
        cmocka_unit_test(nul_bytes_end_nothing),
        cmocka_unit_test(part_of_a_row_names_no_other_segment),
        cmocka_unit_test(words_are_ids_alone),
        cmocka_unit_test(without_ids_every_id_is_allowed),
        cmocka_unit_test(ids_and_keys_are_names),
        cmocka_unit_test(claims_are_held_against_the_segment),
        cmocka_unit_test(one_wrong_claim_of_several_is_enough),
    };

    return cmocka_run_group_tests_name("model/selection", tests, NULL, NULL);
}
