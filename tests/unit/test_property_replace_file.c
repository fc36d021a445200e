/* kernel/replace_file: a reader sees the old file or the new one, and never a part. */
#include "kernel/replace_file.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tree.h"
#include "unit.h"

enum { WRITES = 10000, SIZES = 50, LINE = 97 };

/* Text number I: as many lines of its letter as its size says, and a last line. */
static void put_numbered_text(struct strbuf *text, unsigned i)
{
    strbuf_reset(text);
    strbuf_printf(text, "%u\n", i % SIZES);
    for (unsigned line = 0; line < i % SIZES; line++) {
        for (int k = 0; k < LINE; k++)
            strbuf_putc(text, (char)('a' + i % SIZES % 26));
        strbuf_putc(text, '\n');
    }
    strbuf_puts(text, "# EOF\n");
}

/* Whether it is one of these texts, whole. */
static bool is_whole(const char *read_text, size_t length)
{
    CLEANUP_STRBUF struct strbuf expected = STRBUF_INIT;

    put_numbered_text(&expected, (unsigned)strtoul(read_text, NULL, 10));
    return expected.length == length && memcmp(expected.data, read_text, length) == 0;
}

/* Reads the file until SIGTERM, in a process of its own: ends with 0 if it was whole each time. */
static pid_t start_reader(const char *path)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child > 0)
        return child;
    for (;;) {
        char text[2 * SIZES * LINE];
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        struct stat status;
        ssize_t length;

        if (fd < 0 || fstat(fd, &status) < 0)
            _exit(2); /* never missing */
        length = read(fd, text, sizeof(text) - 1);
        close(fd);
        if (length < 0)
            _exit(3);
        text[length] = '\0';
        if (!is_whole(text, (size_t)length) || (status.st_mode & 0777) != 0644)
            _exit(4);
    }
}

static void a_reader_never_sees_a_part(void **state)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    char path[512];
    pid_t reader;
    int status;

    snprintf(path, sizeof(path), "%s/shmtool.prom", ((const struct tree *)*state)->path);
    put_numbered_text(&text, 0);
    assert_int_equal(file_replace(path, &text, NULL), 0);
    reader = start_reader(path);
    for (unsigned i = 0; i < WRITES; i++) {
        put_numbered_text(&text, i);
        assert_int_equal(file_replace(path, &text, NULL), 0);
    }
    kill(reader, SIGTERM);
    assert_int_equal(waitpid(reader, &status, 0), reader);
    if (WIFEXITED(status))
        fail_msg("the reader ended with %d", WEXITSTATUS(status));
}

/* Two who write at the same time do not write into one another's file. */
static void writers_do_not_meet(void **state)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    char path[512];
    pid_t reader;
    pid_t writer;
    int status;

    snprintf(path, sizeof(path), "%s/shmtool.prom", ((const struct tree *)*state)->path);
    put_numbered_text(&text, 7);
    assert_int_equal(file_replace(path, &text, NULL), 0);
    reader = start_reader(path);
    writer = fork();
    assert_true(writer >= 0);
    for (unsigned i = 0; i < WRITES / 10; i++) {
        put_numbered_text(&text, writer == 0 ? i : 2 * i);
        if (file_replace(path, &text, NULL) < 0) {
            if (writer == 0)
                _exit(1);
            fail_msg("write %u failed", i);
        }
    }
    if (writer == 0)
        _exit(0);
    assert_int_equal(waitpid(writer, &status, 0), writer);
    assert_int_equal(status, 0);
    kill(reader, SIGTERM);
    assert_int_equal(waitpid(reader, &status, 0), reader);
    if (WIFEXITED(status))
        fail_msg("the reader ended with %d", WEXITSTATUS(status));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_reader_never_sees_a_part, tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(writers_do_not_meet, tree_setup, tree_teardown),
    };

    return cmocka_run_group_tests_name("kernel/replace_file, 10,000 times", tests, NULL, NULL);
}
