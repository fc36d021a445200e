/*
 * Files of shmtool.conf: every line that says something is one rule or one problem, names its own
 * place, and says the same in another file.
 */
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "command/command.h"
#include "command/protect.h"
#include "fuzz.h"

static const char blanks[] = " \t\r";

/* What a saved tree with TEXT in etc/shmtool.conf, and MORE in a file of etc/shmtool.d, says. */
static void read_conf(struct context *context, const char *text, size_t length, const char *more,
                      size_t more_length)
{
    fuzz_tree_put("etc/shmtool.conf", text, length);
    fuzz_tree_put("etc/shmtool.d/1.conf", more, more_length);
    CHECK(system_open(&context->system, fuzz_tree(), NULL) == 0);
    protect_read(context, NULL, NEED_PROTECTION);
    CHECK(context->system.protection);
}

static size_t end_of_line(const char *text, size_t length)
{
    const char *newline = memchr(text, '\n', length);

    return newline ? (size_t)(newline - text) : length;
}

/* Finds line NUMBER, from 1. Returns its length. */
static size_t find_line(const char *text, size_t length, size_t number, const char **ret_line)
{
    size_t line;

    while (line = end_of_line(text, length), --number > 0) {
        CHECK(line < length);
        text += line + 1;
        length -= line + 1;
    }
    *ret_line = text;
    return line;
}

/* Lines with anything but blanks and what follows a #; with a NUL all are. */
static size_t count_lines(const char *text, size_t length)
{
    size_t count = 0;

    while (length > 0) {
        size_t line = end_of_line(text, length);
        size_t step = line < length ? line + 1 : line;
        size_t at = 0;

        while (at < line && text[at] && strchr(blanks, text[at]))
            at++;
        count += (at < line && text[at] != '#') || memchr(text, '\0', line);
        text += step;
        length -= step;
    }
    return count;
}

/* The rule is of the line that it names. */
static void check_rule(const struct protection_rule *rule, const char *word, const char *text,
                       size_t length)
{
    static const char place[] = "/etc/shmtool.conf:";
    const char *line;
    size_t line_length;
    char *end;

    CHECK(strncmp(rule->where, place, strlen(place)) == 0);
    line_length = find_line(text, length, strtoul(rule->where + strlen(place), &end, 10), &line);
    CHECK(*end == '\0' && !memchr(line, '\0', line_length));
    while (line_length > 0 && strchr(blanks, *line)) {
        line++;
        line_length--;
    }
    CHECK(line_length > strlen(word) && memcmp(line, word, strlen(word)) == 0);
    CHECK(strchr(blanks, line[strlen(word)]));
    CHECK(!filter_is_empty(&rule->filter));
    if (!rule->text)
        return;
    CHECK(rule->text[0] && !strchr(blanks, rule->text[0]));
    CHECK(!strchr(blanks, rule->text[strlen(rule->text) - 1]));
    /* A label's words may have had more blanks between them. */
    CHECK(word[0] == 'l' || memmem(line, line_length, rule->text, strlen(rule->text)));
}

static bool same_rule(const struct protection_rule *a, const struct protection_rule *b)
{
    if (!a || !b)
        return a == b;
    return (!a->text || !b->text) ? a->text == b->text : strcmp(a->text, b->text) == 0;
}

/* Both protect the same segments, for the same reasons. */
static void check_same(const struct protection *a, const struct protection *b)
{
    static const struct segment segments[] = {
        {.key = 0, .mode = 0600, .size = 1, .cpid = 1},
        {.key = 0x1234, .mode = 0644 | SEGMENT_LOCKED, .uid = 77, .cuid = 0, .size = 4096},
        {.key = 0x52000000, .mode = 0666, .uid = 1000, .cuid = 77, .gid = 7, .size = 1 << 20},
        {.key = UINT32_MAX, .mode = 0777 | SEGMENT_DEST, .uid = 77, .cuid = 77, .size = SIZE_MAX},
    };

    CHECK(a->protects.count == b->protects.count && a->labels.count == b->labels.count);
    CHECK(a->problem_count == b->problem_count);
    for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
        CHECK(same_rule(protection_find(a, &segments[i]), protection_find(b, &segments[i])));
        CHECK(same_rule(protection_find_label(a, &segments[i]),
                        protection_find_label(b, &segments[i])));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *nowhere;
    CLEANUP_FREE char *text = fuzz_word(data, size);
    struct context whole = {.where = {.sysroot = fuzz_tree()}};
    struct context parts = whole;
    const struct protection *found;
    size_t first;

    if (!nowhere) {
        static const char users[] = "root:x:0:0::/:\nalice:x:77:7::/:\n";

        nowhere = fopen("/dev/null", "w");
        CHECK(nowhere);
        fuzz_tree_put("etc/passwd", users, strlen(users));
        fuzz_tree_put("etc/group", "staff:x:7:\n", 11);
    }
    whole.out = whole.err = parts.out = parts.err = nowhere;
    read_conf(&whole, text, size, "", 0);
    found = whole.system.protection;
    CHECK(found->protects.count + found->labels.count + found->problem_count ==
          count_lines(text, size));
    CHECK(protection_is_complete(found) == (found->problem_count == 0));
    CHECK((found->problem.text != NULL) == (found->problem_count > 0));
    CHECK(!found->problem.text || strstr(found->problem.text, "etc/shmtool.conf:"));
    for (size_t i = 0; i < found->protects.count; i++)
        check_rule(&found->protects.items[i], "protect", text, size);
    for (size_t i = 0; i < found->labels.count; i++)
        check_rule(&found->labels.items[i], "label", text, size);
    /* Its first line in a file, and all others in another one. */
    first = end_of_line(text, size);
    first += first < size;
    read_conf(&parts, text, first, text + first, size - first);
    check_same(found, parts.system.protection);
    system_close(&parts.system);
    system_close(&whole.system);
    return 0;
}
