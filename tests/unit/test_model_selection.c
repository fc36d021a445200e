/* model/selection: lines of standard input, named ids, and what was claimed of them. */
#include "model/selection.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

/* --- Lines ---------------------------------------------------------------------------------- */

static const struct named_id untouched = {.shmid = -7, .key = 77, .size = 777};

static int parse(const char *line, size_t length, struct named_id *ret_id, struct error *err)
{
    struct input_state state = {0};

    *ret_id = untouched;
    return selection_parse_line(&state, line, length, ret_id, err);
}

static void assert_id(const char *line, int shmid)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct named_id id;

    if (parse(line, strlen(line), &id, &err) != 1)
        fail_msg("'%s' was not taken for an id: %s", line, err.text ? err.text : "passed over");
    assert_int_equal(id.shmid, shmid);
    assert_false(id.is_row);
    assert_false(id.has_size);
}

static void assert_row(const char *line, int shmid, uint32_t key, bool has_size, uint64_t size)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct named_id id;

    if (parse(line, strlen(line), &id, &err) != 1)
        fail_msg("'%s' was not taken for a row: %s", line, err.text ? err.text : "passed over");
    assert_true(id.is_row);
    assert_int_equal(id.shmid, shmid);
    assert_int_equal(id.key, key);
    assert_int_equal(id.has_size, has_size);
    if (has_size)
        assert_true(id.size == size);
}

static void assert_passed_over(const char *line)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct named_id id;

    if (parse(line, strlen(line), &id, &err) != 0)
        fail_msg("'%s' was not passed over", line);
    assert_memory_equal(&id, &untouched, sizeof(id));
    assert_null(err.text);
}

static void assert_refused_bytes(const char *line, size_t length)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct named_id id;

    if (parse(line, length, &id, &err) != -EINVAL)
        fail_msg("'%s' was not refused", line);
    assert_memory_equal(&id, &untouched, sizeof(id));
    assert_int_equal(err.code, EINVAL);
    assert_non_null(strstr(err.text, "neither an id alone nor a row of "));
    assert_int_equal(parse(line, length, &id, NULL), -EINVAL);
}

static void assert_refused(const char *line)
{
    assert_refused_bytes(line, strlen(line));
}

#define assert_all_refused(...) \
    do { \
        static const char *const lines_[] = {__VA_ARGS__}; \
\
        for (size_t i_ = 0; i_ < COUNT_OF(lines_); i_++) \
            assert_refused(lines_[i_]); \
    } while (0)

static void ids_alone(void **state)
{
    (void)state;
    assert_id("0", 0);
    assert_id("7", 7);
    assert_id("1867776", 1867776);
    assert_id("2147483647", 2147483647);
    assert_id("5\r", 5);
    assert_id(" 5", 5);
    assert_id("5 ", 5);
    assert_id("\t5", 5);
    assert_id("5\t", 5);
    assert_id(" \t 2147483647\t  \t\r", 2147483647);
    assert_id("                0", 0);
}

static void what_is_not_an_id_alone(void **state)
{
    (void)state;
    assert_all_refused("-5", "+5", "05", "00", "0x5", "5.0", "5,", "5;", "x", "5x", "x5", "5 6",
                       "5\t6", "5,6", "#5", "'5'", "\"5\"", "5\r\r", "\r5", "5\r ", "5\v",
                       "\xef\xbc\x95", "\xff", "\x1b[31m5", "-", "--", "*", "2147483648",
                       "4294967295", "4294967296", "4294967301", "18446744073709551616",
                       "10000000000", "99999999999999999999999999999999999", "1e3", "0x00000077");
}

static void bytes_that_no_line_of_text_has(void **state)
{
    (void)state;
    assert_refused_bytes("5\0", 2);
    assert_refused_bytes("\0005", 2);
    assert_refused_bytes("5\0006", 3);
    assert_refused_bytes("\0", 1);
    assert_refused_bytes("0x00000077 5 root 666 131104 0\0", 31);
    assert_refused_bytes("0x00000077 5\0 root 666 131104 0", 31);
    assert_refused_bytes("0x0000007\0 5 root 666 131104 0", 30);
    assert_refused_bytes("0x00000077 5 root 66\0 131104 0", 30);
    assert_refused_bytes("0x00000077 5 root 666 131\0 0", 28);
    /* In an owner's name any byte may stand: it names nothing. */
    assert_refused_bytes("key shmid owner perms bytes nattch status\0", 42);
}

static void headers_and_blank_lines(void **state)
{
    (void)state;
    assert_passed_over("");
    assert_passed_over("\r");
    assert_passed_over(" ");
    assert_passed_over("          ");
    assert_passed_over("    \r");
    assert_passed_over("\t");
    assert_passed_over(" \t \t\r");
    assert_passed_over("key shmid owner perms bytes nattch status");
    assert_passed_over("key        shmid owner perms    bytes nattch status");
    assert_passed_over(
        "key        shmid      owner      perms      bytes      nattch     status      ");
    assert_passed_over(
        "key        shmid      owner      perms      bytes      nattch     status      \r");
    assert_passed_over("------ Shared Memory Segments --------");
    assert_passed_over("------ Shared Memory Segments --------\r");
}

static void headers_of_ls_with_more_columns(void **state)
{
    (void)state;
    assert_passed_over("key shmid owner perms bytes nattch");
    assert_passed_over("key        shmid owner perms bytes nattch status state cpid lpid rss swap "
                       "ctime command");
    assert_passed_over("key shmid owner perms bytes nattch status creator_group");
}

static void headers_of_other_listings(void **state)
{
    (void)state;
    assert_all_refused(
        "key        msqid      owner      perms      used-bytes   messages    ",
        "key        semid      owner      perms      nsems     ",
        "shmid      owner      cpid       lpid      ",
        "shmid      owner      attached             detached             changed             ",
        "shmid      perms      cuid       cgid       uid        gid       ",
        "key shmid owner perms size nattch status", "shmid key owner perms bytes nattch status",
        "KEY SHMID OWNER PERMS BYTES NATTCH STATUS", "key", "shmid", "status",
        "KEY        ID     PERMS OWNER SIZE NATTCH STATUS CTIME  CPID  LPID COMMAND",
        "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid",
        "key,shmid,owner,perms,bytes,nattch,status",
        "key        proj shmid owner bytes nattch path");
}

static void what_begins_with_a_dash_and_is_no_banner(void **state)
{
    (void)state;
    assert_all_refused("-", "--", "------", "- -", "------ --------", "-x", "--all", "--owner zc",
                       "-5", "-5 -", "------ Segments of 5 --------", "------Segments--------",
                       "------ Shared Memory Segments -------- x");
}

/* Feeds LINES, which NULL ends, to one state, and returns what became of the last one. */
static int parse_lines(const char *const *lines)
{
    struct input_state state = {0};
    struct named_id id;
    int r = 0;

    for (; *lines; lines++)
        r = selection_parse_line(&state, *lines, strlen(*lines), &id, NULL);
    return r;
}

#define assert_lines(r, ...) \
    assert_int_equal(parse_lines((const char *const[]){__VA_ARGS__, NULL}), r)

static void the_line_below_a_banner_is_a_header_in_any_language(void **state)
{
    (void)state;
    assert_lines(
        0, "------ Gemeinsamer Speicher: Segmente --------",
        "Schl\xc3\xbcssel shmid      Besitzer   Rechte     Bytes      nattch     Status    ");
    assert_lines(0,
                 "------------ \xe5\x85\xb1\xe4\xba\xab\xe5\x86\x85\xe5\xad\x98\xe6\xae\xb5 "
                 "--------------",
                 "\xe9\x94\xae        shmid      \xe6\x8b\xa5\xe6\x9c\x89\xe8\x80\x85  ");
    assert_lines(0, "- Segmentos da mem\xc3\xb3ria compartilhada -\r", "chave shmid \r");
    assert_lines(1, "------ Segmente --------", "Kopf", "5");
    /* Only right below, only once, not with a digit, not of other objects. */
    assert_lines(-EINVAL, "Kopf");
    assert_lines(-EINVAL, "------ Segmente --------", "Kopf", "Kopf");
    assert_lines(-EINVAL, "------ Segmente --------", "", "Kopf");
    assert_lines(-EINVAL, "------ Segmente --------", "5", "Kopf");
    assert_lines(-EINVAL, "------ Segmente --------", "segments allocated 4");
    assert_lines(-EINVAL, "------ Message Queues --------", "key msqid owner");
    assert_lines(-EINVAL, "------ Semaphorenfelder --------", "Schl\xc3\xbcssel SemID Besitzer");
    assert_lines(-EINVAL, "------ Redovi poruka: --------", "klju\xc4\x8d msqID vlasnik");
}

static void rows_of_ipcs(void **state)
{
    (void)state;
    assert_row("0x00143511 395837454  root       666        1048576    1                       ",
               395837454, 0x00143511, true, 1048576);
    assert_row("0x00000000 1867776    root       600        393216     2          dest         ",
               1867776, 0, true, 393216);
    assert_row("0x0000003f 4          54321      7          33554432   0                 locked", 4,
               0x3f, true, 33554432);
    assert_row("0x00000000 5          root       0          1          4          dest   locked", 5,
               0, true, 1);
    assert_row("0xffffffff 0          a-very-long-name 600        4096       0                     "
               "  \r",
               0, UINT32_MAX, true, 4096);
    /* Squeezed, as tr -s and awk leave them. */
    assert_row("0x00030021 1703938 zc 666 131104 1", 1703938, 0x00030021, true, 131104);
    assert_row("0x00030021 1703938 zc 666 131104 1 ", 1703938, 0x00030021, true, 131104);
    /* An owner with blanks: the columns tell. */
    assert_row("0x00000077 5          jane doe   666        131104     0                       ", 5,
               0x77, true, 131104);
    assert_row("0x00000077 2147483647 DOM\\jane d 666        131104     0", INT_MAX, 0x77, true,
               131104);
}

static void rows_with_a_status_in_any_language(void **state)
{
    static const char *const words[] = {
        "zerst\xc3\xb6rt",
        "\xe5\x89\x8a\xe9\x99\xa4",
        "\xe7\x9b\xae\xe6\xa0\x87 \xe5\xb7\xb2\xe9\x94\x81\xe5\xae\x9a",
        "\304\221\303\255ch \304\221\303\243 kh\303\263a",
        "gone",
        "Dest",
        "-",
        "dest locked dest"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        char line[128];

        snprintf(line, sizeof(line),
                 "0x00000077 5          root       666        131104     0     "
                 "     %s    ",
                 words[i]);
        assert_row(line, 5, 0x77, true, 131104);
    }
}

static void rows_of_ls_with_more_columns(void **state)
{
    (void)state;
    assert_row(
        "0x00001234 5     root     600       4096      1 -      used   23367 23373      0    0 "
        "2026-11-21T22:10:05+00:00 ./a.out 1 2 3",
        5, 0x1234, true, 4096);
    assert_row("0x00001234 5     root     600       4096      1 dest 701", 5, 0x1234, true, 4096);
    assert_row("0x00001234 5     DOM\\x5cjane\\x20doe     600  4K      1", 5, 0x1234, false, 0);
}

static void rows_of_ls(void **state)
{
    (void)state;
    assert_row("0x00000000 1867776   root  600     393216      2 dest", 1867776, 0, true, 393216);
    assert_row("0x00143511 395837454 root  666    1048576      1", 395837454, 0x00143511, true,
               1048576);
    assert_row("0xfffffffb 1         54321 0     10001      4 dest,locked", 1, 0xfffffffb, true,
               10001);
    assert_row("0x0000003f 2         zc    7      4096      0 locked", 2, 0x3f, true, 4096);
    assert_row("0x00000000 2147483647 root 600 18446744073709551615 18446744073709551615",
               2147483647, 0, true, UINT64_MAX);
    assert_row("0x00000000 1 a\\x1b[31m\\xff 600 1 0", 1, 0, true, 1);
    assert_row("0xABCDEF01 1 root 600 1 0", 1, 0xabcdef01, true, 1);
}

static void rows_of_ls_human(void **state)
{
    static const char *const sizes[] = {"1B", "1023B", "384K", "1.5M", "1023.9K", "15.9E", "16E"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char line[128];

        snprintf(line, sizeof(line), "0x00000000 7 root 600 %s 2 dest", sizes[i]);
        assert_row(line, 7, 0, false, 0);
    }
    assert_all_refused("0x00000000 7 root 600 1.5 2", "0x00000000 7 root 600 K 2",
                       "0x00000000 7 root 600 .5K 2", "0x00000000 7 root 600 1.5k 2",
                       "0x00000000 7 root 600 1.5Z 2", "0x00000000 7 root 600 -1K 2",
                       "0x00000000 7 root 600 1K1K 2", "0x00000000 7 root 600 12345678K 2",
                       "0x00000000 7 root 600 1.5 M 2");
}

static void rows_that_are_not_whole_or_have_wrong_fields(void **state)
{
    (void)state;
    assert_all_refused(
        "0x00000077", "0x00000077 5", "0x00000077 5 root", "0x00000077 5 root 666",
        "0x00000077 5 root 666 131104", "77 5 root 666 131104 0", "119 5 root 666 131104 0",
        "0x77 5 root 666 131104 0", "0x000000077 5 root 666 131104 0",
        "0X00000077 5 root 666 131104 0", "0x0000007g 5 root 666 131104 0",
        "0x-0000077 5 root 666 131104 0", "0x00000077 -5 root 666 131104 0",
        "0x00000077 +5 root 666 131104 0", "0x00000077 05 root 666 131104 0",
        "0x00000077 5x root 666 131104 0", "0x00000077 2147483648 root 666 131104 0",
        "0x00000077 4294967301 root 666 131104 0", "0x00000077 99999999999 root 666 131104 0",
        "0x00000077 5 root 888 131104 0", "0x00000077 5 root 0666 131104 0",
        "0x00000077 5 root rw- 131104 0", "0x00000077 5 root -1 131104 0",
        "0x00000077 5 root 666 x 0", "0x00000077 5 root 666 -1 0", "0x00000077 5 root 666 0 0",
        "0x00000077 5 root 666 18446744073709551616 0", "0x00000077 5 root 666 131104 x",
        "0x00000077 5 root 666 131104 -1", "0x00000077 5 root 666 131104 18446744073709551616",
        "0x00000077 5 two words 666 131104 0",
        "0x00000077 5          two words   666       131104     0",
        "0x00000077 5          more than ten bytes 666        131104     0",
        "0x00000077 5          two words 666", " 0x00000077 5 root 666 131104 0",
        "0x00000077\t5\troot\t666\t131104\t0", "5 0x00000077 root 666 131104 0",
        "root 0x00000077 5 666 131104 0", "0x00000077 0x00000005 root 666 131104 0");
}

static void rows_of_other_listings(void **state)
{
    (void)state;
    /* ipcs -q, also cut and with something added; -s, -m -p, -m -t, -m -c, -m -u */
    assert_all_refused(
        "0xefe19fd0 0          root       644        0            0           ",
        "0x00000077 5          root       666        131104       3           ",
        "0x00000077 5          root       666        131104       3           \r",
        "0x00000077 5          root       666        131104       3",
        "0x00000077 5          root       666        131104       3 ",
        "0x00000077 5          root       666        131104       3            x",
        "0x00000077 5          a-very-long-name 666        131104       3           ",
        "0x00000077 2147483647 ten-bytes- 666        1234567890   1234567890  ",
        "0x00000077 5          jane doe   666        131104       3           ",
        "0x8d77a912 0          root       644        3         ",
        "0          root       14982      0         ",
        "0          root       Not set              Not set              Nov 22 01:37:29     ",
        "0          600        root       root       root       root      ", "segments allocated 4",
        "pages allocated 289", "max seg size (kbytes) = 1844674407370955",
        /* lsipc -m, with names, numbers, raw */
        "0x00001234 0  rw-------  root   4K      0        01:37 14982     0 ",
        "0x00001234 0  0600  root   4096      0        01:37 14982     0 ",
        "0x00001234 0 rw------- root 4096 0 dest 01:37 14982 0",
        "0x00001234 0 rw------- root 4K 0  01:37 14982 0",
        /* /proc/sysvipc/shm */
        "        -5          0  2640                  4096 21182     0      0 54321     4     0",
        "   1324305          0   600                  4096   701   702      0",
        /* --csv, --ndjson, -c, key */
        "0x00001234,0,root,0,root,0,root,0,root,0,600,4096,0,0,1,,used,23367,23373,,,,",
        "{\"key\": \"0x00001234\", \"shmid\": 0}", "{\"schema\": 1, \"segments\": [", "]}",
        "4096 0", "0     0x00001234", "0x00001234 1    -     -      -      - /etc",
        "0x00001234 1    5     root   4096      0 /etc");
}

static void lines_of_any_length(void **state)
{
    enum { LONG = 300000 };
    CLEANUP_ERROR struct error err = ERROR_INIT;
    char *line = malloc(LONG + 1);
    struct named_id id;

    (void)state;
    assert_non_null(line);
    memset(line, '1', LONG);
    line[LONG] = '\0';
    assert_refused(line);
    assert_int_equal(parse(line, LONG, &id, &err), -EINVAL);
    assert_in_range(strlen(err.text), 60, 200);
    memset(line, ' ', LONG);
    assert_passed_over(line);
    line[LONG - 1] = '5';
    assert_id(line, 5);
    line[0] = '5';
    assert_refused(line);
    memcpy(line, "0x00000077 5 ", 13);
    memset(line + 13, 'z', LONG - 30);
    memcpy(line + LONG - 17, " 666 131104 0    ", 17);
    assert_row(line, 5, 0x77, true, 131104);
    free(line);
}

static void the_error_shows_the_line(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct named_id id;

    (void)state;
    assert_int_equal(parse("x 5", 3, &id, &err), -EINVAL);
    assert_int_equal(strncmp(err.text, "'x 5': ", 7), 0);
    assert_int_equal(parse("x 5\r", 4, &id, &err), -EINVAL);
    assert_int_equal(strncmp(err.text, "'x 5': ", 7), 0);
    assert_int_equal(parse("x\0005", 3, &id, &err), -EINVAL);
    assert_int_equal(strncmp(err.text, "'x' and a NUL byte: ", 20), 0);
    /* 60 characters of it. */
    assert_int_equal(
        parse("123456789 123456789 123456789 123456789 123456789 123456789\xe5\x89\x8ax", 63, &id,
              &err),
        -EINVAL);
    assert_int_equal(strncmp(err.text + 60, "\xe5\x89\x8a'...: neither", 16), 0);
    /* No more of it than was given. */
    assert_int_equal(parse("xyz", 1, &id, &err), -EINVAL);
    assert_int_equal(strncmp(err.text, "'x': ", 5), 0);
}

/* --- Selections ----------------------------------------------------------------------------- */

static void select_id(struct selection *selection, int shmid)
{
    const struct named_id id = {.shmid = shmid};

    selection_add_id(selection, &id);
}

static void a_new_selection_is_empty(void **state)
{
    struct selection selection = {0};

    (void)state;
    assert_true(selection_is_empty(&selection));
    assert_false(selection_is_named(&selection));
    assert_true(selection_has_id(&selection, 0));
    assert_true(selection_has_id(&selection, 2147483647));
    selection_sort_ids(&selection);
    selection_release(&selection);
}

static void ids_make_it_one_by_ids(void **state)
{
    struct selection selection = {0};

    (void)state;
    select_id(&selection, 5);
    select_id(&selection, 0);
    select_id(&selection, 5);
    assert_false(selection_is_empty(&selection));
    assert_true(selection_is_named(&selection));
    assert_true(selection_has_id(&selection, 5));
    assert_true(selection_has_id(&selection, 0));
    assert_false(selection_has_id(&selection, 1));
    selection_release(&selection);
    assert_true(selection_is_empty(&selection));
    assert_true(selection_has_id(&selection, 1));
}

static void ids_asked_for_and_none_given(void **state)
{
    struct selection selection = {.by_id = true};

    (void)state;
    assert_false(selection_is_empty(&selection));
    assert_true(selection_is_named(&selection));
    assert_false(selection_has_id(&selection, 0));
    selection_release(&selection);
}

static void words_are_ids_or_refused(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct selection selection = {0};

    (void)state;
    assert_int_equal(selection_add_word(&selection, "2147483647", &err), 0);
    assert_true(selection_has_id(&selection, 2147483647));
    assert_int_equal(selection_add_word(&selection, "2147483648", &err), -EINVAL);
    assert_non_null(strstr(err.text, "'2147483648'"));
    /* Whoever knows ipcrm -M may name a key here. */
    assert_int_equal(selection_add_word(&selection, "0x30021", &err), -EINVAL);
    assert_string_equal(err.text, "'0x30021': not an id; a key is named by --key");
    assert_int_equal(selection_add_word(&selection, "0X5", NULL), -EINVAL);
    assert_int_equal(selection_add_word(&selection, "", NULL), -EINVAL);
    assert_int_equal(selection_add_word(&selection, " 5", NULL), -EINVAL);
    assert_int_equal(selection.id_count, 1);
    selection_release(&selection);
    assert_int_equal(selection_add_word(&selection, "x", NULL), -EINVAL);
    assert_true(selection_is_empty(&selection));
}

static void keys_that_are_not_0_name_and_options_do_not(void **state)
{
    struct selection selection = {0};

    (void)state;
    filter_add_value(&selection.filter.keys, 0x77);
    assert_true(selection_is_named(&selection));
    assert_false(selection_is_empty(&selection));
    filter_add_value(&selection.filter.owners, 0);
    assert_true(selection_is_named(&selection));
    filter_add_value(&selection.filter.keys, 0);
    assert_false(selection_is_named(&selection));
    select_id(&selection, 5);
    assert_true(selection_is_named(&selection));
    selection_release(&selection);

    filter_add_value(&selection.filter.keys, 0);
    assert_false(selection_is_named(&selection));
    assert_false(selection_is_empty(&selection));
    selection_release(&selection);

    selection.filter.unattached = true;
    assert_false(selection_is_named(&selection));
    assert_false(selection_is_empty(&selection));
    selection_release(&selection);
}

static void claim(struct selection *selection, int shmid, uint32_t key, bool has_size,
                  uint64_t size)
{
    const struct named_id id = {.shmid = shmid,
                                .is_row = true,
                                .key = key,
                                .perms = 0640,
                                .has_size = has_size,
                                .size = size};

    selection_add_id(selection, &id);
}

/* Whether ROW names INFO's segment and nothing that it says of it is wrong. */
static bool row_claims_hold(const char *row, const struct segment_info *info)
{
    struct selection selection = {0};
    struct named_id id;
    bool hold;

    assert_int_equal(parse(row, strlen(row), &id, NULL), 1);
    selection_add_id(&selection, &id);
    assert_true(selection_has_rows(&selection));
    hold = selection_claims_hold(&selection, info);
    selection_release(&selection);
    return hold;
}

static void claims_of_perms_must_hold(void **state)
{
    const struct segment_info info = {
        .segment = {.shmid = 5, .key = 0x77, .size = 100, .uid = 7, .mode = 03040}};

    (void)state;
    assert_true(row_claims_hold("0x00000077 5 7 40 100 0", &info));
    assert_true(row_claims_hold("0x00000077 5 7 040 100 0", &info));
    assert_false(row_claims_hold("0x00000077 5 7 640 100 0", &info));
    assert_false(row_claims_hold("0x00000077 5 7 0 100 0", &info));
}

static void claims_of_the_owner_must_hold(void **state)
{
    struct segment_info info = {.segment = {.shmid = 5, .key = 0x77, .size = 100, .uid = 1234}};

    (void)state;
    assert_true(row_claims_hold("0x00000077 5 1234 0 100 0", &info));
    assert_false(row_claims_hold("0x00000077 5 123 0 100 0", &info));
    assert_false(row_claims_hold("0x00000077 5 postgres 0 100 0", &info));
    info.owner = "postgres-replica";
    assert_true(row_claims_hold("0x00000077 5 1234 0 100 0", &info));
    assert_true(row_claims_hold("0x00000077 5 postgres-replica 0 100 0", &info));
    /* ipcs shows ten bytes of it. */
    assert_true(row_claims_hold("0x00000077 5 postgres-r 0 100 0", &info));
    assert_false(row_claims_hold("0x00000077 5 postgres- 0 100 0", &info));
    assert_false(row_claims_hold("0x00000077 5 postgres-re 0 100 0", &info));
    assert_false(row_claims_hold("0x00000077 5 postgres-x 0 100 0", &info));
    assert_false(row_claims_hold("0x00000077 5 root 0 100 0", &info));
    /* A table shows it escaped, ipcs as it is. */
    info.owner = "DOM\\jan\303\251\377";
    assert_true(row_claims_hold("0x00000077 5 DOM\\jan\303\251\377 0 100 0", &info));
    assert_true(row_claims_hold("0x00000077 5 DOM\\jan\\xc3\\xa9\\xff 0 100 0", &info));
    assert_true(row_claims_hold("0x00000077 5 DOM\\jan\303\251\\xff 0 100 0", &info));
    assert_false(row_claims_hold("0x00000077 5 DOM\\jane 0 100 0", &info));
    info.owner = "DOM\\jane doe";
    assert_true(row_claims_hold("0x00000077 5 DOM\\x5cjane\\x20doe 0 100 0", &info));
    assert_false(row_claims_hold("0x00000077 5 DOM\\x5cjane\\x20do 0 100 0", &info));
    assert_false(row_claims_hold("0x00000077 5 DOM\\x5cjane\\x20doe\\x00 0 100 0", &info));
    assert_false(row_claims_hold("0x00000077 5 DOM\\x5cjane 0 100 0", &info));
    /* In the columns of ipcs -m. */
    assert_true(
        row_claims_hold("0x00000077 5          DOM\\jane d 0          100        0", &info));
    assert_false(
        row_claims_hold("0x00000077 5          DOM\\jane x 0          100        0", &info));
    assert_false(
        row_claims_hold("0x00000077 5          DOM\\jane   0          100        0", &info));
    info.owner = "CORP\\anna maria"; /* its tenth byte is a blank */
    assert_true(
        row_claims_hold("0x00000077 5          CORP\\anna  0          100        0", &info));
    assert_true(row_claims_hold("0x00000077 5 CORP\\anna 0 100 0", &info));
    assert_false(
        row_claims_hold("0x00000077 5          CORP\\ann   0          100        0", &info));
    /* As ipcs prints it: no escape. */
    info.owner = "a\\x20b";
    assert_true(row_claims_hold("0x00000077 5 a\\x20b 0 100 0", &info));
    assert_true(row_claims_hold("0x00000077 5 a\\x5cx20b 0 100 0", &info));
}

static void claims_of_key_and_size_must_hold(void **state)
{
    struct selection selection = {0};
    struct segment_info info = {.segment = {.shmid = 5, .key = 0x77, .size = 100, .mode = 0640}};

    (void)state;
    assert_true(selection_claims_hold(&selection, &info));
    assert_false(selection_has_rows(&selection));
    select_id(&selection, 5);
    claim(&selection, 5, 0x77, true, 100);
    claim(&selection, 5, 0x77, false, 0);
    claim(&selection, 4, 0, true, 1);
    claim(&selection, 6, 0, true, 1);
    selection_sort_ids(&selection);
    assert_true(selection_claims_hold(&selection, &info));
    info.segment.size = 101;
    assert_false(selection_claims_hold(&selection, &info));
    info.segment.size = 100;
    info.segment.key = 0;
    assert_false(selection_claims_hold(&selection, &info));
    selection_release(&selection);
}

static void one_false_claim_among_true_ones_is_enough(void **state)
{
    const struct segment_info info = {
        .segment = {.shmid = 5, .key = 0x77, .size = 100, .mode = 0640}};

    (void)state;
    for (int wrong = 0; wrong < 3; wrong++) {
        struct selection selection = {0};

        for (int i = 0; i < 3; i++)
            claim(&selection, 5, i == wrong ? 0x78 : 0x77, true, 100);
        selection_sort_ids(&selection);
        assert_false(selection_claims_hold(&selection, &info));
        selection_release(&selection);
    }
}

static void claims_are_found_among_many(void **state)
{
    enum { MANY = 1000 };
    struct selection selection = {0};

    (void)state;
    for (int i = 0; i < MANY; i++)
        claim(&selection, i * 7919 % MANY * 3, (uint32_t)(i * 7919 % MANY), true, 1);
    selection_sort_ids(&selection);
    for (int i = 0; i < MANY; i++) {
        struct segment_info info = {
            .segment = {.shmid = i * 3, .key = (uint32_t)i, .size = 1, .mode = 0640}};

        assert_true(selection_claims_hold(&selection, &info));
        info.segment.key++;
        assert_false(selection_claims_hold(&selection, &info));
        info.segment.shmid++;
        assert_true(selection_claims_hold(&selection, &info));
    }
    selection_release(&selection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_alone),
        cmocka_unit_test(what_is_not_an_id_alone),
        cmocka_unit_test(bytes_that_no_line_of_text_has),
        cmocka_unit_test(headers_and_blank_lines),
        cmocka_unit_test(headers_of_ls_with_more_columns),
        cmocka_unit_test(headers_of_other_listings),
        cmocka_unit_test(what_begins_with_a_dash_and_is_no_banner),
        cmocka_unit_test(the_line_below_a_banner_is_a_header_in_any_language),
        cmocka_unit_test(rows_of_ipcs),
        cmocka_unit_test(rows_with_a_status_in_any_language),
        cmocka_unit_test(rows_of_ls_with_more_columns),
        cmocka_unit_test(rows_of_ls),
        cmocka_unit_test(rows_of_ls_human),
        cmocka_unit_test(rows_that_are_not_whole_or_have_wrong_fields),
        cmocka_unit_test(rows_of_other_listings),
        cmocka_unit_test(lines_of_any_length),
        cmocka_unit_test(the_error_shows_the_line),
        cmocka_unit_test(a_new_selection_is_empty),
        cmocka_unit_test(ids_make_it_one_by_ids),
        cmocka_unit_test(ids_asked_for_and_none_given),
        cmocka_unit_test(words_are_ids_or_refused),
        cmocka_unit_test(keys_that_are_not_0_name_and_options_do_not),
        cmocka_unit_test(claims_of_key_and_size_must_hold),
        cmocka_unit_test(claims_of_perms_must_hold),
        cmocka_unit_test(claims_of_the_owner_must_hold),
        cmocka_unit_test(one_false_claim_among_true_ones_is_enough),
        cmocka_unit_test(claims_are_found_among_many),
    };

    return cmocka_run_group_tests_name("model/selection", tests, NULL, NULL);
}
