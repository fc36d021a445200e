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

/* The digits and the one letter that an age may be made of, in that order. */
static void check_letters(const char *word)
{
    size_t digits = strspn(word, "0123456789");

    CHECK(digits > 0);
    CHECK(word[digits] == '\0' || (strchr("smhd", word[digits]) && word[digits + 1] == '\0'));
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
