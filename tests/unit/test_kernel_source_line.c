/* kernel/source: one line of /proc/sysvipc/shm, understood whole or not at all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "kernel/source.h"
#include "listing.h"
#include "record.h"
#include "tree.h"
#include "unit.h"

enum { COLUMNS = 16, PAGE = 4096 };

enum column {
    KEY,
    SHMID,
    PERMS,
    SIZE,
    CPID,
    LPID,
    NATTCH,
    UID,
    GID,
    CUID,
    CGID,
    ATIME,
    DTIME,
    CTIME,
    RSS,
    SWAP,
};

static const char *const sample[COLUMNS] = {
    "1324305", "395837454", "666",  "1048576",    "701",        "702",        "2",     "1001",
    "1002",    "1003",      "1004", "1795299005", "1795299004", "1795299003", "12288", "8192",
};

/* As the kernel prints it. */
static const char kernels_header[] =
    "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  "
    "cgid"
    "      atime      dtime      ctime                   rss                  swap";

/* The field of a record that a column is read into. */
static uint64_t field_of(const struct segment *segment, size_t column)
{
    switch ((enum column)column) {
    case KEY:
        return segment->key;
    case SHMID:
        return (uint64_t)segment->shmid;
    case PERMS:
        return segment->mode;
    case SIZE:
        return segment->size;
    case CPID:
        return (uint64_t)segment->cpid;
    case LPID:
        return (uint64_t)segment->lpid;
    case NATTCH:
        return segment->nattch;
    case UID:
        return segment->uid;
    case GID:
        return segment->gid;
    case CUID:
        return segment->cuid;
    case CGID:
        return segment->cgid;
    case ATIME:
        return (uint64_t)segment->atime;
    case DTIME:
        return (uint64_t)segment->dtime;
    case CTIME:
        return (uint64_t)segment->ctime;
    case RSS:
        return segment->rss;
    case SWAP:
        return segment->swap;
    }
    fail();
    return 0;
}

/* Parses TEXT; when it is refused, nothing may have been touched. */
static bool parse_bytes(const char *text, size_t length, size_t columns,
                        struct segment *ret_segment)
{
    /* In memory of exactly that size a sanitizer sees a step too far. */
    char *copy = malloc(length ? length : 1);
    struct segment untouched;
    struct segment segment;
    bool understood;

    assert_non_null(copy);
    memcpy(copy, text, length);
    memset(&untouched, 0x5a, sizeof(untouched));
    segment = untouched;
    understood = source_parse_line(copy, length, columns, PAGE, &segment);
    free(copy);
    if (!understood)
        assert_memory_equal(&segment, &untouched, sizeof(segment));
    *ret_segment = segment;
    return understood;
}

static bool parse(const char *text, size_t columns, struct segment *ret_segment)
{
    return parse_bytes(text, strlen(text), columns, ret_segment);
}

/* Makes the sample's line of the first COLUMNS columns, with WORD in one of them. */
static void make_line(char *line, size_t size, size_t columns, size_t column, const char *word)
{
    size_t length = 0;

    for (size_t i = 0; i < columns; i++) {
        length += (size_t)snprintf(line + length, size - length, "%s%10s", i > 0 ? " " : "",
                                   i == column ? word : sample[i]);
        assert_true(length < size);
    }
}

/* Puts TEXT behind LINE. */
static void add(char *line, size_t size, const char *text)
{
    size_t length = strlen(line);

    assert_true((size_t)snprintf(line + length, size - length, "%s", text) < size - length);
}

/* Whether the sample's line is understood with WORD in one column, as *ret_value. */
static bool understands(size_t column, const char *word, uint64_t *ret_value)
{
    struct segment segment;
    char line[1024];

    make_line(line, sizeof(line), COLUMNS, column, word);
    if (!parse(line, COLUMNS, &segment))
        return false;
    *ret_value = field_of(&segment, column);
    return true;
}

static void assert_refused(size_t column, const char *word)
{
    uint64_t value;

    if (understands(column, word, &value))
        fail_msg("column %zu: '%s' was not refused, but read as %llu", column, word,
                 (unsigned long long)value);
}

static void assert_value(size_t column, const char *word, uint64_t expected)
{
    uint64_t value = 0;

    if (!understands(column, word, &value))
        fail_msg("column %zu: '%s' was refused", column, word);
    if (value != expected)
        fail_msg("column %zu: '%s' was read as %llu", column, word, (unsigned long long)value);
}

static void each_column_is_read_into_its_field(void **state)
{
    static const uint64_t expected[COLUMNS] = {
        1324305, 395837454, 0666, 1048576,    701,        702,        2,     1001,
        1002,    1003,      1004, 1795299005, 1795299004, 1795299003, 12288, 8192,
    };
    struct segment segment;
    char line[1024];

    (void)state;
    make_line(line, sizeof(line), COLUMNS, COLUMNS, "");
    assert_true(parse(line, COLUMNS, &segment));
    assert_true(segment.has_rss && segment.has_swap);
    for (size_t column = 0; column < COLUMNS; column++)
        assert_int_equal(field_of(&segment, column), expected[column]);
}

static void old_kernels_have_14_columns(void **state)
{
    struct segment segment;
    char line[1024];

    (void)state;
    make_line(line, sizeof(line), 14, COLUMNS, "");
    assert_true(parse(line, 14, &segment));
    assert_false(segment.has_rss || segment.has_swap);
    assert_int_equal(segment.rss, 0);
    assert_int_equal(segment.swap, 0);
    for (size_t column = 0; column < 14; column++) {
        if (column != PERMS)
            assert_int_equal(field_of(&segment, column), strtoul(sample[column], NULL, 10));
    }
    assert_false(parse(line, COLUMNS, &segment));
    make_line(line, sizeof(line), COLUMNS, COLUMNS, "");
    assert_false(parse(line, 14, &segment));
}

static void columns_to_come_are_passed_over(void **state)
{
    static const char *const tails[] = {" 0", " -1", " word", " 99999999999999999999999",
                                        " \t/x=y"};
    struct segment expected;
    struct segment segment;
    char line[1024];

    (void)state;
    make_line(line, sizeof(line), COLUMNS, COLUMNS, "");
    assert_true(parse(line, COLUMNS, &expected));
    for (size_t i = 0; i < COUNT_OF(tails); i++) {
        make_line(line, sizeof(line), COLUMNS, COLUMNS, "");
        add(line, sizeof(line), tails[i]);
        assert_true(parse(line, 17, &segment));
        assert_same_record_and_usage(&segment, &expected);
        /* Neither fewer than the header has, nor more. */
        assert_false(parse(line, 18, &segment));
        assert_false(parse(line, 16, &segment));
    }
    add(line, sizeof(line), " 18th");
    assert_true(parse(line, 18, &segment));
    assert_same_record_and_usage(&segment, &expected);
}

/* The largest number of each column. */
static const uint64_t largest[COLUMNS] = {
    [KEY] = INT32_MAX,   [SHMID] = INT32_MAX,   [SIZE] = UINT64_MAX, [CPID] = INT32_MAX,
    [LPID] = INT32_MAX,  [NATTCH] = UINT64_MAX, [UID] = UINT32_MAX,  [GID] = UINT32_MAX,
    [CUID] = UINT32_MAX, [CGID] = UINT32_MAX,   [ATIME] = INT64_MAX, [DTIME] = INT64_MAX,
    [CTIME] = INT64_MAX, [RSS] = UINT64_MAX,    [SWAP] = UINT64_MAX,
};

static void numbers_end_where_their_column_ends(void **state)
{
    static const uint64_t values[] = {
        0,
        1,
        INT32_MAX,
        UINT64_C(2147483648),
        UINT32_MAX,
        UINT64_C(4294967296),
        UINT64_C(4294967297),
        INT64_MAX,
        UINT64_C(9223372036854775808),
        UINT64_MAX,
    };
    char word[32];

    (void)state;
    for (size_t column = 0; column < COLUMNS; column++) {
        for (size_t i = 0; i < COUNT_OF(values) && column != PERMS; i++) {
            snprintf(word, sizeof(word), "%llu", (unsigned long long)values[i]);
            if (values[i] <= largest[column])
                assert_value(column, word, values[i]);
            else
                assert_refused(column, word);
        }
        assert_refused(column, "18446744073709551616");
        assert_refused(column, "18446744073709551617");
        assert_refused(column, "99999999999999999999999999999999999999999");
    }
}

static void words_are_no_numbers(void **state)
{
    static const char *const words[] = {
        "+1",  "-",     "--1",   "0x1",      "x",    "1x",    "x1",           "1.5",
        ".",   "1,000", "1e3",   "1-",       "'1'",  "nan",   "(1)",          "1\r",
        "1\v", "\f1",   "1\x01", "\x1b[1m1", "\xff", "1\x80", "\xef\xbc\x91", "1\xc2\xa0",
        "*",   "%d",    "1K",    "0b1",      "1;",   "#1",    "1/1",
    };

    (void)state;
    for (size_t column = 0; column < COLUMNS; column++) {
        for (size_t i = 0; i < COUNT_OF(words); i++)
            assert_refused(column, words[i]);
        if (column != KEY) {
            assert_refused(column, "-1");
            assert_refused(column, "-0");
        }
    }
}

static void keys_are_signed(void **state)
{
    (void)state;
    assert_value(KEY, "0", 0);
    assert_value(KEY, "1", 1);
    assert_value(KEY, "2147483647", 0x7fffffff);
    assert_value(KEY, "-1", 0xffffffff);
    assert_value(KEY, "-559038737", 0xdeadbeef);
    assert_value(KEY, "-2147483647", 0x80000001);
    assert_value(KEY, "-2147483648", 0x80000000);
    assert_refused(KEY, "2147483648");
    assert_refused(KEY, "-2147483649");
    assert_refused(KEY, "-4294967296");
    assert_refused(KEY, "-18446744073709551615");
    assert_refused(KEY, "0x00143511");
    /* A sign without its number, which the next column must not lend. */
    assert_refused(KEY, "-");
    assert_refused(KEY, "- 1");
    assert_refused(KEY, "-\t1");
    assert_refused(KEY, "-+1");
    assert_refused(KEY, "-\t");
}

static void perms_are_octal(void **state)
{
    (void)state;
    assert_value(PERMS, "0", 0);
    assert_value(PERMS, "7", 07);
    assert_value(PERMS, "600", 0600);
    assert_value(PERMS, "0600", 0600);
    assert_value(PERMS, "1600", 01600);
    assert_value(PERMS, "2666", 02666);
    assert_value(PERMS, "3777", 03777);
    assert_value(PERMS, "177777", 0177777);
    assert_refused(PERMS, "8");
    assert_refused(PERMS, "608");
    assert_refused(PERMS, "9");
    assert_refused(PERMS, "rw-rw-rw-");
    assert_refused(PERMS, "0x180");
    assert_refused(PERMS, "7777777");
    assert_refused(PERMS, "37777777777");
}

static void blanks_part_the_columns(void **state)
{
    static const char line[] = "1 2 600 4 5 6 7 8 9 10 11 12 13 14 15 16";
    struct segment expected;
    struct segment segment;
    char text[256];

    (void)state;
    assert_true(parse(line, COLUMNS, &expected));
    snprintf(text, sizeof(text), "    %s", line);
    assert_true(parse(text, COLUMNS, &segment));
    assert_same_record_and_usage(&segment, &expected);
    snprintf(text, sizeof(text), "%s  \t", line);
    assert_true(parse(text, COLUMNS, &segment));
    assert_same_record_and_usage(&segment, &expected);
    snprintf(text, sizeof(text), "%s", line);
    for (char *blank = text; (blank = strchr(blank, ' ')); blank++)
        *blank = '\t';
    assert_true(parse(text, COLUMNS, &segment));
    assert_same_record_and_usage(&segment, &expected);
    /* Nothing else does. */
    for (char other = 1; other < 127; other++) {
        snprintf(text, sizeof(text), "%s", line);
        *strrchr(text, ' ') = other;
        if (other != ' ' && other != '\t')
            assert_false(parse(text, COLUMNS, &segment));
    }
}

static void a_part_of_a_line_is_no_segment(void **state)
{
    struct segment segment;
    char line[1024];
    size_t last;

    (void)state;
    make_line(line, sizeof(line), COLUMNS, COLUMNS, "");
    last = (size_t)(strrchr(line, ' ') + 1 - line);
    for (size_t length = 0; length <= last; length++)
        assert_false(parse_bytes(line, length, COLUMNS, &segment));
    for (size_t length = last + 1; length <= strlen(line); length++)
        assert_true(parse_bytes(line, length, COLUMNS, &segment));
    for (size_t start = strlen(sample[KEY]) + 3; start < strlen(line); start++)
        assert_false(parse_bytes(line + start, strlen(line) - start, COLUMNS, &segment));
}

static void other_lines_are_no_segments(void **state)
{
    static const char *const lines[] = {
        "",
        " ",
        "\t",
        kernels_header,
        "0x00000000 1867776 root 600 393216 2 dest",
        "------ Shared Memory Segments --------",
        "root:x:0:0:root:/root:/bin/bash",
        "1 2 3",
        "1 2 600 4 5 6 7 8 9 10 11 12 13 14 15 16 17",
        "1 2 600 4 5 6 7 8 9 10 11 12 13 14 15",
        "1 2 600 4 5 6 7 8 9 10 11 12 13 14 15 16 # comment",
    };
    struct segment segment;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        assert_false(parse(lines[i], COLUMNS, &segment));
}

static void nul_bytes_are_no_ends(void **state)
{
    struct segment segment;
    char line[1024];
    size_t length;

    (void)state;
    make_line(line, sizeof(line), COLUMNS, COLUMNS, "");
    length = strlen(line);
    assert_false(parse_bytes(line, length + 1, COLUMNS, &segment));
    line[length - 1] = '\0';
    assert_false(parse_bytes(line, length, COLUMNS, &segment));
    line[0] = '\0';
    assert_false(parse_bytes(line, length - 1, COLUMNS, &segment));
}

static void rss_above_the_size_is_not_known(void **state)
{
    static const struct {
        uint64_t size;
        uint64_t rss;
        uint64_t page;
        bool known;
    } cases[] = {
        {4096, 0, 4096, true},
        {4096, 4096, 4096, true},
        {4096, 4097, 4096, false},
        {56, 4096, 4096, true}, /* a page, rightly */
        {56, 4097, 4096, false},
        {56, 65536, 65536, true},
        {56, 65537, 65536, false},
        {4097, 8192, 4096, true},
        {4097, 8193, 4096, false},
        {8191, 8192, 4096, true},
        {4194304, 4194304, 4096, true},
        {4194304, 1073741824, 4096, false}, /* 4 MiB of huge pages */
        {0, 0, 4096, true},
        {0, 1, 4096, false},
        {UINT64_MAX, UINT64_MAX, 4096, true},
        {UINT64_C(1) << 63, UINT64_C(1) << 63, 4096, true},
        {UINT64_C(1) << 63, (UINT64_C(1) << 63) + 1, 4096, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct segment segment;
        char line[512];

        snprintf(line, sizeof(line), "0 0 600 %llu 0 0 0 0 0 0 0 0 0 0 %llu 4096",
                 (unsigned long long)cases[i].size, (unsigned long long)cases[i].rss);
        assert_true(source_parse_line(line, strlen(line), COLUMNS, cases[i].page, &segment));
        assert_int_equal(segment.has_rss, cases[i].known);
        /* What swap holds is counted in pages of the right size. */
        assert_true(segment.has_swap);
        assert_int_equal(segment.swap, 4096);
    }
}

/* Numbers that look random and are the same each time (xorshift64). */
static uint64_t next_number(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    /* Of all lengths: as many bits as the low six say. */
    return *seed >> (*seed & 63);
}

static struct segment next_segment(uint64_t *seed)
{
    struct segment segment = {
        .key = (uint32_t)next_number(seed),
        .shmid = (int)(next_number(seed) & INT32_MAX),
        .mode = (uint32_t)next_number(seed) & 0177777,
        .uid = (uid_t)next_number(seed),
        .gid = (gid_t)next_number(seed),
        .cuid = (uid_t)next_number(seed),
        .cgid = (gid_t)next_number(seed),
        .cpid = (pid_t)(next_number(seed) & INT32_MAX),
        .lpid = (pid_t)(next_number(seed) & INT32_MAX),
        .size = next_number(seed),
        .nattch = next_number(seed),
        .swap = next_number(seed),
        .atime = (int64_t)(next_number(seed) & INT64_MAX),
        .dtime = (int64_t)(next_number(seed) & INT64_MAX),
        .ctime = (int64_t)(next_number(seed) & INT64_MAX),
    };

    segment.rss = segment.size ? next_number(seed) % segment.size : 0;
    segment.has_rss = true;
    segment.has_swap = true;
    return segment;
}

static void what_the_kernel_prints_is_read_back(void **state)
{
    uint64_t seed = UINT64_C(88172645463325252);

    (void)state;
    for (int round = 0; round < 50000; round++) {
        struct segment segment = next_segment(&seed);
        struct segment back;
        char line[512];

        /* ipc/shm.c, sysvipc_shm_proc_show() */
        snprintf(
            line, sizeof(line),
            "%10d %10d %4o %21llu %5u %5u %5llu %5u %5u %5u %5u %10llu %10llu %10llu %21llu %21llu",
            (int)segment.key, segment.shmid, segment.mode, (unsigned long long)segment.size,
            (unsigned)segment.cpid, (unsigned)segment.lpid, (unsigned long long)segment.nattch,
            segment.uid, segment.gid, segment.cuid, segment.cgid, (unsigned long long)segment.atime,
            (unsigned long long)segment.dtime, (unsigned long long)segment.ctime,
            (unsigned long long)segment.rss, (unsigned long long)segment.swap);
        assert_true(parse(line, COLUMNS, &back));
        assert_same_record_and_usage(&back, &segment);
    }
}

static void headers_tell_how_many_columns(void **state)
{
    static const char all[] = "key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime "
                              "ctime rss swap";
    static const char old[] = "key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime "
                              "ctime";
    static const char future[] = "key shmid perms size cpid lpid nattch uid gid cuid cgid atime "
                                 "dtime ctime rss swap huge\tmemcg ";

    (void)state;
    assert_int_equal(source_parse_header(all, strlen(all)), 16);
    assert_int_equal(source_parse_header(old, strlen(old)), 14);
    assert_int_equal(source_parse_header(kernels_header, strlen(kernels_header)), 16);
    assert_int_equal(source_parse_header(future, strlen(future)), 18);
    /* 15 columns: with rss alone. No kernel printed that, and none of 13. */
    assert_int_equal(source_parse_header(all, strlen(all) - strlen(" swap")), 0);
    assert_int_equal(source_parse_header(old, strlen(old) - strlen(" ctime")), 0);
    for (size_t length = 0; length < strlen(all); length++) {
        bool whole = length == strlen(old) || length == strlen(old) + 1;

        assert_int_equal(source_parse_header(all, length), whole ? 14 : 0);
    }
}

static void other_headers_are_refused(void **state)
{
    static const char *const lines[] = {
        "",
        "   ",
        "key        shmid  owner perms    bytes nattch status",
        "key semid perms nsems uid gid cuid cgid otime ctime",
        "key msqid perms cbytes qnum lspid lrpid uid gid cuid cgid stime rtime ctime",
        "Key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap",
        "keys shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap",
        "key shmi perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap",
        "key shmid perms size lpid cpid nattch uid gid cuid cgid atime dtime ctime rss swap",
        "key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime swap rss",
        "# key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap",
        "\xef\xbb\xbfkey shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime",
        "key,shmid,perms,size,cpid,lpid,nattch,uid,gid,cuid,cgid,atime,dtime,ctime,rss,swap",
        "1 2 600 4 5 6 7 8 9 10 11 12 13 14 15 16",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        assert_int_equal(source_parse_header(lines[i], strlen(lines[i])), 0);
}

/* As a saved tree has it: what was written is read back, by a listing of its own. */
static void lines_of_saved_trees(void **state)
{
    static const struct segment segments[] = {
        {.key = 0x80000001, .shmid = 5, .mode = 03640, .uid = 1, .gid = 2, .cuid = 3, .cgid = 4},
        {.shmid = INT32_MAX, .uid = UINT32_MAX - 1, .size = UINT64_MAX, .nattch = UINT64_MAX},
        {.shmid = 7,
         .size = 4194304,
         .huge_page = 2097152,
         .rss = 4194304,
         .has_swap = true,
         .swap = 4096,
         .atime = INT64_MAX,
         .dtime = 1,
         .ctime = 2,
         .cpid = INT32_MAX,
         .lpid = 1},
        {.shmid = 8, .size = 1, .huge_page = 1073741824, .rss = 1073741824},
    };
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct listing listing = LISTING_INIT;
    struct tree tree;

    (void)state;
    source_put_header(&text);
    for (size_t i = 0; i < COUNT_OF(segments); i++)
        source_put_line(&text, &segments[i]);
    tree_make(&tree);
    tree_write(&tree, "proc/sysvipc/shm", text.data, text.length);
    assert_int_equal(listing_read(tree.path, &listing, NULL), 0);
    assert_int_equal(listing.complaints.count, 0);
    assert_int_equal(listing.list.count, COUNT_OF(segments));
    for (size_t i = 0; i < COUNT_OF(segments); i++) {
        const struct segment *now = &listing.list.items[i];

        assert_true(segment_same(now, &segments[i]));
        assert_int_equal(now->mode, segments[i].mode);
        assert_int_equal(now->nattch, segments[i].nattch);
        assert_int_equal(now->atime, segments[i].atime);
        assert_int_equal(now->rss, segments[i].rss);
        assert_int_equal(now->swap, segments[i].swap);
        assert_int_equal(now->huge_page, segments[i].huge_page);
        assert_true(now->has_rss);
    }
    listing_release(&listing);
    tree_remove(&tree);
}

static void what_is_no_size_of_huge_pages(void **state)
{
    static const char *const words[] = {"-1", "3", "2097153", "2M", "x", "18446744073709551616"};
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct listing listing = LISTING_INIT;
    struct tree tree;

    (void)state;
    source_put_header(&text);
    for (size_t i = 0; i < COUNT_OF(words); i++)
        strbuf_printf(&text, "0 %zu 600 1 0 0 0 0 0 0 0 0 0 0 0 0 %s\n", i, words[i]);
    tree_make(&tree);
    tree_write(&tree, "proc/sysvipc/shm", text.data, text.length);
    assert_int_equal(listing_read(tree.path, &listing, NULL), 0);
    assert_int_equal(listing.list.count, 0);
    assert_int_equal(listing.complaints.count, COUNT_OF(words));
    listing_release(&listing);
    tree_remove(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_column_is_read_into_its_field),
        cmocka_unit_test(old_kernels_have_14_columns),
        cmocka_unit_test(columns_to_come_are_passed_over),
        cmocka_unit_test(numbers_end_where_their_column_ends),
        cmocka_unit_test(words_are_no_numbers),
        cmocka_unit_test(keys_are_signed),
        cmocka_unit_test(perms_are_octal),
        cmocka_unit_test(blanks_part_the_columns),
        cmocka_unit_test(a_part_of_a_line_is_no_segment),
        cmocka_unit_test(other_lines_are_no_segments),
        cmocka_unit_test(nul_bytes_are_no_ends),
        cmocka_unit_test(rss_above_the_size_is_not_known),
        cmocka_unit_test(what_the_kernel_prints_is_read_back),
        cmocka_unit_test(headers_tell_how_many_columns),
        cmocka_unit_test(lines_of_saved_trees),
        cmocka_unit_test(what_is_no_size_of_huge_pages),
        cmocka_unit_test(other_headers_are_refused),
    };

    return cmocka_run_group_tests_name("kernel/source: lines", tests, NULL, NULL);
}
