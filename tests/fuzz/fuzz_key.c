/* Keys of the command line: what is read can be written in every form, and is read the same. */
#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "fuzz.h"

static void check_form(const char *form, uint32_t key)
{
    uint32_t again = ~key;

    CHECK(parse_key(form, &again, NULL) == 0 && again == key);
}

static void check_forms(uint32_t key)
{
    CLEANUP_STRBUF struct strbuf hex = STRBUF_INIT;
    char text[64];

    strbuf_put_key(&hex, key);
    check_form(strbuf_string(&hex), key);
    snprintf(text, sizeof(text), "%u", key);
    check_form(text, key);
    snprintf(text, sizeof(text), "%d", (int)key);
    check_form(text, key);
    snprintf(text, sizeof(text), "0%o", key);
    check_form(text, key);
}

/* Nothing may stand around a key. */
static void check_surroundings(const char *word)
{
    static const char *const formats[] = {" %s", "%s ", "+%s", "%s\n", "%sx", "'%s'", "%s,"};
    uint32_t key;

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
        const char *hole = strchr(formats[i], '%');

        strbuf_append(&text, formats[i], (size_t)(hole - formats[i]));
        strbuf_puts(&text, word);
        strbuf_puts(&text, hole + 2);
        CHECK(parse_key(strbuf_string(&text), &key, NULL) == -EINVAL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_FREE char *word = fuzz_word(data, size);
    uint32_t keys[2] = {0x5a5a5a5a, 0xa5a5a5a5};
    int r = parse_key(word, &keys[0], &err);

    CHECK(keys[1] == 0xa5a5a5a5);
    if (r == 0) {
        CHECK(!err.text);
        check_forms(keys[0]);
        check_surroundings(word);
    } else {
        CHECK(r == -EINVAL && err.code == EINVAL && keys[0] == 0x5a5a5a5a);
        CHECK(err.text[0] == '\'' && strncmp(err.text + 1, word, strlen(word)) == 0);
    }
    return 0;
}
