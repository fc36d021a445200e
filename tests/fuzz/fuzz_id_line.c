/*
 * Lines of rm's standard input: what is taken for an id stands there as one, in full.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "model/selection.h"

/* Whether LINE, but for blanks and tabs around it and a carriage return at its end, is TEXT. */
static bool line_is(const char *line, size_t length, const char *text)
{
    if (length > 0 && line[length - 1] == '\r')
        length--;
    while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
        length--;
    for (; length > 0 && (*line == ' ' || *line == '\t'); length--)
        line++;
    return length == strlen(text) && memcmp(line, text, length) == 0;
}

static int parse_first_line(const char *line, size_t length, struct named_id *ret_id,
                            struct error *err)
{
    struct input_state state = {0};

    return selection_parse_line(&state, line, length, ret_id, err);
}

/* A row begins with its key, and its second word is the id. */
static void check_row(const char *line, size_t length, const struct named_id *id)
{
    char text[32];
    size_t at = 10;
    size_t digits;

    CHECK(length > 10 && line[0] == '0' && line[1] == 'x' && line[10] == ' ');
    memcpy(text, line, 10);
    text[10] = '\0';
    CHECK(strtoul(text, NULL, 16) == id->key);
    while (line[at] == ' ')
        at++;
    digits = (size_t)snprintf(text, sizeof(text), "%d", id->shmid);
    CHECK(length - at > digits && memcmp(line + at, text, digits) == 0 && line[at + digits] == ' ');
    CHECK(!memchr(line, '\0', length) && (!id->has_size || id->size > 0));
}

static void check_id(const char *line, size_t length, const struct named_id *id)
{
    CLEANUP_FREE char *longer = xmalloc(length + 1);
    struct named_id again;
    char text[16];

    CHECK(id->shmid >= 0);
    if (id->is_row) {
        check_row(line, length, id);
    } else {
        snprintf(text, sizeof(text), "%d", id->shmid);
        CHECK(line_is(line, length, text));
    }
    /* A blank may stand before an id, not before a row. */
    longer[0] = ' ';
    memcpy(longer + 1, line, length);
    CHECK(parse_first_line(longer, length + 1, &again, NULL) == (id->is_row ? -EINVAL : 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_FREE char *line = xmalloc(size);
    struct named_id id = {.shmid = -77};
    int r;

    if (size > 0)
        memcpy(line, data, size);
    r = parse_first_line(line, size, &id, &err);
    CHECK(r == 1 || r == 0 || r == -EINVAL);
    CHECK((err.text != NULL) == (r < 0));
    if (r == 1)
        check_id(line, size, &id);
    else
        CHECK(id.shmid == -77);
    return 0;
}
