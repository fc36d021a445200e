/* kernel/maps: which lines of a process's mappings are segments. */
#include "kernel/maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "unit.h"

#define LINE(perms, device, inode, name) \
    "7f7291c00000-7f7291c01000 " perms " 00000000 " device " " inode " " name
#define SEGMENT(inode, key) \
    LINE("rw-s", "00:01", inode, "                   /SYSV" key " (deleted)")

/* --- Lines ------------------------------------------------------------------------------------ */

static bool parse(const char *line, struct mapping *ret_mapping)
{
    return maps_parse_line(line, strlen(line), ret_mapping);
}

static void lines_of_segments_are_understood(void **state)
{
    static const struct {
        const char *line;
        struct mapping mapping;
    } cases[] = {
        {SEGMENT("5", "00001234"), {5, 0x1234, true, 0, 1, 0}},
        {SEGMENT("0", "00000000"), {0, 0, true, 0, 1, 0}},
        {SEGMENT("2147483647", "ffffffff"), {INT32_MAX, 0xffffffff, true, 0, 1, 0}},
        {LINE("r--s", "00:11", "7", "/SYSVdeadbeef (deleted)"), {7, 0xdeadbeef, false, 0, 0x11, 0}},
        {LINE("rwxs", "00:01", "7", "/SYSV00000000"), {7, 0, true, 0, 1, 0}},
        {LINE("---s", "00:01", "7", "/SYSV00000000"), {7, 0, false, 0, 1, 0}},
        {LINE("-w-s", "fe:fffff", "7", "/SYSV00000000"), {7, 0, true, 0xfe, 0xfffff, 0}},
        {"08048000-08049000 rw-s 00000000 00:04 32768 /SYSV0000162e (deleted)",
         {32768, 0x162e, true, 0, 4, 0}},
        {"ffff8000000000-ffff8000001000 rw-s ffff00000000 00:01 3          /SYSV00000001 (deleted)",
         {3, 1, true, 0, 1, 0}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct mapping mapping = {0};

        assert_true(parse(cases[i].line, &mapping));
        assert_int_equal(mapping.shmid, cases[i].mapping.shmid);
        assert_int_equal(mapping.key, cases[i].mapping.key);
        assert_int_equal(mapping.writable, cases[i].mapping.writable);
        assert_int_equal(mapping.major, cases[i].mapping.major);
        assert_int_equal(mapping.minor, cases[i].mapping.minor);
    }
}

static void other_lines_are_none(void **state)
{
    static const char *const lines[] = {
        "",
        "/SYSV00001234 (deleted)",
        LINE("rw-p", "00:01", "5", "/SYSV00001234 (deleted)"), /* never private */
        LINE("rw-s", "00:01", "5", "/dev/zero (deleted)"),
        LINE("rw-s", "00:01", "5", "/memfd:SYSV00001234 (deleted)"),
        LINE("rw-s", "00:01", "5", "/tmp/SYSV00001234 (deleted)"),
        LINE("rw-s", "00:01", "5", "/tmp//SYSV00001234 (deleted)"),
        LINE("rw-s", "00:01", "5", "/SYSV00001234/x"),
        LINE("rw-s", "00:01", "5", "/SYSV00001234x (deleted)"),
        LINE("rw-s", "00:01", "5", "/SYSV00001234 (deleted) (deleted)"),
        LINE("rw-s", "00:01", "5", "/SYSV00001234 "),
        LINE("rw-s", "00:01", "5", "/SYSV00001234 (deletex)"),
        LINE("rw-s", "00:01", "5", "/SYSV0000123 (deleted)"),
        LINE("rw-s", "00:01", "5", "/SYSV0000123"),
        LINE("rw-s", "00:01", "5", "/SYSV0000123g (deleted)"),
        LINE("rw-s", "00:01", "5", "/SYSV0000ABCD (deleted)"),
        LINE("rw-s", "00:01", "5", "/sysv00001234 (deleted)"),
        LINE("rw-s", "00:01", "2147483648", "/SYSV00001234 (deleted)"),
        LINE("rw-s", "00:01", "4294967301", "/SYSV00001234 (deleted)"),
        LINE("rw-s", "00:01", "-5", "/SYSV00001234 (deleted)"),
        LINE("rw-s", "00:01", "5x", "/SYSV00001234 (deleted)"),
        LINE("rw-s", "00:01", "", "/SYSV00001234 (deleted)"),
        LINE("rw-s", "0001", "5", "/SYSV00001234 (deleted)"),
        LINE("rw-", "00:01", "5", "/SYSV00001234 (deleted)"),
        "-7f7291c01000 rw-s 00000000 00:01 5 /SYSV00001234 (deleted)",
        "7f7291c00000 rw-s 00000000 00:01 5 /SYSV00001234 (deleted)",
        "7f7291c000007f729-7f7291c01000 rw-s 00000000 00:01 5 /SYSV00001234 (deleted)",
        "7f7291c00000-7f7291c01000 rw-s 00000000 00:01 5/SYSV00001234 (deleted)",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct mapping mapping = {.shmid = -77};

        if (parse(lines[i], &mapping) || mapping.shmid != -77)
            fail_msg("treated as a segment: %s", lines[i]);
    }
}

static void a_line_is_not_read_past_its_length(void **state)
{
    static const char line[] = SEGMENT("5", "00001234");
    struct mapping mapping;

    (void)state;
    for (size_t length = 0; length < sizeof(line) - 1; length++) {
        /* In memory of its own, so that a sanitizer sees what lies behind. */
        char *cut = malloc(length + 1);
        bool whole = length == sizeof(line) - 1 - strlen(" (deleted)");

        assert_non_null(cut);
        memcpy(cut, line, length);
        assert_int_equal(maps_parse_line(cut, length, &mapping), whole);
        free(cut);
    }
}

/* --- Files ------------------------------------------------------------------------------------ */

enum { BUFFER_SIZE = 256 * 1024 }; /* that src/kernel/maps.c reads into */

struct found {
    struct mapping items[16];
    size_t count;
};

static int read_text(const char *text, size_t length, struct found *found)
{
    struct maps_reader reader = maps_reader_new(false);
    int fd = memfd_create("maps", MFD_CLOEXEC);
    int r;

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, text, length, 0), length);
    r = maps_read(&reader, fd);
    assert_true(reader.text_only); /* an ordinary file answers no queries */
    close(fd);
    assert_in_range(reader.count, 0, COUNT_OF(found->items));
    for (size_t i = 0; i < reader.count; i++)
        found->items[found->count++] = reader.items[i];
    maps_reader_release(&reader);
    return r;
}

static void files_are_searched(void **state)
{
    static const char text[] = LINE("r-xp", "fe:00", "332383", "/usr/lib/SYSV00000000.so") "\n" SEGMENT(
        "3",
        "0000000"
        "3") "\n" LINE("rw-p", "00:00", "0",
                       "") "\n" SEGMENT("4",
                                        "00000004") "\n" SEGMENT("4",
                                                                 "00000004") "\n" LINE("rw-s",
                                                                                       "00:01", "9",
                                                                                       "/SYSV "
                                                                                       "/SYSV000000"
                                                                                       "0"
                                                                                       "9") "\n" SEGMENT("5",
                                                                                                         "00000005");
    struct found found = {0};

    (void)state;
    assert_int_equal(read_text(text, sizeof(text) - 1, &found), 1);
    assert_int_equal(found.count, 4);
    assert_int_equal(found.items[0].shmid, 3);
    assert_int_equal(found.items[1].shmid, 4);
    assert_int_equal(found.items[2].shmid, 4);
    assert_int_equal(found.items[3].shmid, 5);
}

static void empty_files_have_nothing(void **state)
{
    struct found found = {0};

    (void)state;
    assert_int_equal(read_text("", 0, &found), 0);
    assert_int_equal(found.count, 0);
}

/* A file larger than the buffer, with a segment's line across every possible end of it. */
static void lines_across_the_buffers_end_are_whole(void **state)
{
    static const char filler[] = LINE("rw-p", "00:00", "0", "[heap]") "\n";
    static const char line[] = SEGMENT("6", "00000006") "\n";
    size_t fill_length = sizeof(filler) - 1;
    size_t length = sizeof(line) - 1;

    (void)state;
    for (size_t shift = 0; shift <= length; shift += 9) {
        CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
        struct found found = {0};

        while (text.length + fill_length + length < BUFFER_SIZE)
            strbuf_append(&text, filler, fill_length);
        while (text.length + shift < BUFFER_SIZE)
            strbuf_append(&text, "\n", 1);
        strbuf_append(&text, line, length);
        for (int i = 0; i < 10; i++)
            strbuf_append(&text, filler, fill_length);
        assert_int_equal(read_text(text.data, text.length, &found), 1);
        assert_int_equal(found.count, 1);
        assert_int_equal(found.items[0].shmid, 6);
    }
}

static void a_line_without_end_is_an_error(void **state)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct found found = {0};

    (void)state;
    while (text.length < (size_t)3 * BUFFER_SIZE)
        strbuf_puts(&text, "/SYSV00000001 ");
    assert_int_equal(read_text(text.data, text.length, &found), -EBADMSG);
    assert_int_equal(found.count, 0);
}

/* --- Devices ---------------------------------------------------------------------------------- */

static void page_sizes_are_found_in_smaps(void **state)
{
    static const char text[] =
        "7f0000000000-7f0000800000 rw-s 00000000 00:0f 5    /SYSV00000001 (deleted)\n"
        "Size:               8192 kB\n"
        "KernelPageSize:     2048 kB\n"
        "MMUPageSize:        2048 kB\n"
        "7f0000900000-7f0000a00000 rw-s 00000000 00:01 6    /SYSV00000002 (deleted)\n"
        "KernelPageSize:       64 kB\n"
        "55d0c0000000-55d0c0001000 r-xp 00000000 fe:00 7    /usr/bin/db\n"
        "KernelPageSize:        4 kB\n"
        "7f0000b00000-7f0000b01000 rw-s 00000000 00:01 8    /SYSV00000003 (deleted)\n"
        "KernelPageSize:\n"
        "7f0000c00000-7f0000c01000 rw-s 00000000 00:01 9    /SYSV00000004 (deleted)\n"
        "KernelPageSize: 99999999999999999999 kB";
    uint64_t size = 0;
    uint64_t smallest = 0;

    (void)state;
    assert_true(smaps_find_page_size(text, 5, &size, &smallest));
    assert_int_equal(size, 2048 * 1024);
    assert_int_equal(smallest, 4096);
    assert_true(smaps_find_page_size(text, 6, &size, &smallest));
    assert_int_equal(size, 65536);
    /* A file of that inode, a line without a number or with one that is none, nobody's. */
    for (int shmid = 7; shmid <= 10; shmid++)
        assert_false(smaps_find_page_size(text, shmid, &size, &smallest));
    assert_false(smaps_find_page_size("", 5, &size, &smallest));
    assert_int_equal(size, 65536);
}

static void devices_are_those_of_memory_files(void **state)
{
    struct segment_devices devices = {0};
    struct stat status;
    int fd = memfd_create("device", MFD_CLOEXEC);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &status), 0);
    close(fd);
    assert_true(segment_devices_has(&devices, major(status.st_dev), minor(status.st_dev)));
    assert_false(segment_devices_has(&devices, 0, 0xfffff));
    assert_false(segment_devices_has(&devices, 8, minor(status.st_dev)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_segments_are_understood),
        cmocka_unit_test(other_lines_are_none),
        cmocka_unit_test(a_line_is_not_read_past_its_length),
        cmocka_unit_test(files_are_searched),
        cmocka_unit_test(empty_files_have_nothing),
        cmocka_unit_test(lines_across_the_buffers_end_are_whole),
        cmocka_unit_test(a_line_without_end_is_an_error),
        cmocka_unit_test(page_sizes_are_found_in_smaps),
        cmocka_unit_test(devices_are_those_of_memory_files),
    };

    return cmocka_run_group_tests_name("kernel/maps", tests, NULL, NULL);
}
