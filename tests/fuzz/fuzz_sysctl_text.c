/*
 * Files of sysctl.d: what was set is found, twice is the same as once, and every line that sets
 * something else keeps its place and its bytes.
 *
 * The first byte of an input chooses the name and the value.
 */
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "fuzz.h"
#include "model/sysctl_text.h"

static const char *const names[] = {"kernel.shmmax", "kernel.shmall", "kernel.shmmni",
                                    "kernel.shm_rmid_forced"};

/* Whether NAME has VALUE in the text. */
static bool has_value(const struct strbuf *text, const char *name, const char *value)
{
    const char *found;
    size_t length;

    return sysctl_text_find(text->data, text->length, name, &found, &length) &&
           length == strlen(value) && memcmp(found, value, length) == 0;
}

/*
 * Appends the lines that do not set NAME, each ended by a newline. Returns how many do set it.
 */
static size_t put_others(struct strbuf *out, const struct strbuf *text, const char *name)
{
    const char *at = text->data;
    size_t length = text->length;
    size_t count = 0;

    while (length > 0) {
        const char *newline = memchr(at, '\n', length);
        size_t line = newline ? (size_t)(newline - at) : length;
        size_t step = newline ? line + 1 : line;

        if (sysctl_text_sets(at, line, name, NULL, NULL)) {
            count++;
        } else {
            strbuf_append(out, at, line);
            strbuf_putc(out, '\n');
        }
        at += step;
        length -= step;
    }
    return count;
}

static bool same_text(const struct strbuf *a, const struct strbuf *b)
{
    return a->length == b->length && (a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}

/* The value that the text gives NAME is one line's, without blanks around it. */
static void check_found(const struct strbuf *text, const char *name)
{
    const char *value = names[0];
    size_t length = 77;

    if (!sysctl_text_find(text->data, text->length, name, &value, &length)) {
        CHECK(value == names[0] && length == 77);
        return;
    }
    CHECK(value > text->data && value + length <= text->data + text->length);
    CHECK(length == 0 || !memchr(value, '\n', length));
    CHECK(length == 0 || (!strchr(" \t\r", value[0]) || value[0] == '\0'));
    CHECK(length == 0 || (!strchr(" \t\r", value[length - 1]) || value[length - 1] == '\0'));
}

/* Every other name has the value that it had. */
static void check_other_names(const struct strbuf *before, const struct strbuf *after,
                              const char *name)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *old = NULL;
        const char *new = NULL;
        size_t old_length = 0;
        size_t new_length = 0;

        if (strcmp(names[i], name) == 0)
            continue;
        CHECK(sysctl_text_find(before->data, before->length, names[i], &old, &old_length) ==
              sysctl_text_find(after->data, after->length, names[i], &new, &new_length));
        CHECK(old_length == new_length && (!old || memcmp(old, new, old_length) == 0));
    }
}

static void check_set(const struct strbuf *before, const char *name, const char *value)
{
    CLEANUP_STRBUF struct strbuf after = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf again = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf others_before = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf others_after = STRBUF_INIT;

    sysctl_text_set(&after, before->data, before->length, name, value);
    CHECK(has_value(&after, name, value));
    put_others(&others_before, before, name);
    CHECK(put_others(&others_after, &after, name) == 1);
    CHECK(same_text(&others_before, &others_after));
    check_other_names(before, &after, name);
    sysctl_text_set(&again, after.data, after.length, name, value);
    CHECK(same_text(&after, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const values[] = {"1", "", "18446744073692774399", "a = b # c"};
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    uint8_t choice = size > 0 ? data[0] : 0;
    const char *name = names[choice & 3];

    if (size > 0)
        strbuf_append(&text, data + 1, size - 1);
    strbuf_make_room(&text, 1); /* memory of its own even when it is empty */
    check_found(&text, name);
    check_set(&text, name, values[choice >> 2 & 3]);
    return 0;
}
