/* Ages of the command line: a number of seconds that fits, written and read back the same. */
#include <errno.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "fuzz.h"

static void check_again(uint64_t seconds, const char *unit)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    uint64_t again = ~seconds;

    strbuf_put_u64(&text, seconds);
    strbuf_puts(&text, unit);
    CHECK(parse_age(strbuf_string(&text), &again, NULL) == 0 && again == seconds);
}

/* Digits alone, or digits and a letter, again and again, each letter for a shorter unit. */
static void check_letters(const char *word)
{
    const char *units = "wdhms";
    size_t digits = strspn(word, "0123456789");

    CHECK(digits > 0);
    if (word[digits] == '\0')
        return;
    for (; *word; word += digits + 1) {
        const char *unit;

        digits = strspn(word, "0123456789");
        unit = word[digits] ? strchr(units, word[digits]) : NULL;
        CHECK(digits > 0 && unit);
        units = unit + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_FREE char *word = fuzz_word(data, size);
    uint64_t seconds = UINT64_C(0x5a5a5a5a5a5a5a5a);
    int r = parse_age(word, &seconds, &err);

    if (r == 0) {
        CHECK(!err.text && seconds <= INT64_MAX);
        check_letters(word);
        check_again(seconds, "");
        check_again(seconds, "s");
    } else {
        CHECK(r == -EINVAL && err.code == EINVAL);
        CHECK(seconds == UINT64_C(0x5a5a5a5a5a5a5a5a));
        CHECK(err.text[0] == '\'' && strncmp(err.text + 1, word, strlen(word)) == 0);
    }
    return 0;
}
