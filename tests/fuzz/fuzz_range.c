/* Sizes and ranges of the command line: in order, written and read back the same. */
#include <errno.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "fuzz.h"

static void put_range(struct strbuf *text, struct range range)
{
    strbuf_put_u64(text, range.low);
    strbuf_puts(text, "..");
    strbuf_put_u64(text, range.high);
}

static void check_range(const char *word, struct range range)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct range again = {1, 0};

    CHECK(range.low <= range.high);
    CHECK(strspn(word, "0123456789KkMmGgTtPpIiBb.") == strlen(word));
    put_range(&text, range);
    CHECK(parse_range(strbuf_string(&text), &again, NULL) == 0);
    CHECK(again.low == range.low && again.high == range.high);
    /* The wrong way round it is none. */
    strbuf_reset(&text);
    put_range(&text, (struct range){range.high, range.low});
    CHECK(parse_range(strbuf_string(&text), &again, NULL) ==
          (range.low == range.high ? 0 : -EINVAL));
    /* Nothing may stand in front of it or behind. */
    strbuf_reset(&text);
    strbuf_puts(&text, word);
    strbuf_putc(&text, 'x');
    CHECK(parse_range(strbuf_string(&text), &again, NULL) == -EINVAL);
    strbuf_reset(&text);
    strbuf_putc(&text, ' ');
    strbuf_puts(&text, word);
    CHECK(parse_range(strbuf_string(&text), &again, NULL) == -EINVAL);
}

/* A size is a range of one, and no other word without dots is a range. */
static void check_size(const char *word, int range_result, struct range range)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    uint64_t bytes = UINT64_C(0x5a5a5a5a5a5a5a5a);
    int r = parse_size(word, &bytes, &err);

    if (strstr(word, "..")) {
        CHECK(r == -EINVAL);
    } else {
        CHECK(r == range_result);
    }
    CHECK(r == 0 ? bytes == range.low && bytes == range.high
                 : bytes == UINT64_C(0x5a5a5a5a5a5a5a5a) && err.code == EINVAL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_FREE char *word = fuzz_word(data, size);
    struct range range = {7, 5};
    int r = parse_range(word, &range, &err);

    if (r == 0) {
        CHECK(!err.text);
        check_range(word, range);
    } else {
        CHECK(r == -EINVAL && err.code == EINVAL && range.low == 7 && range.high == 5);
        CHECK(err.text[0] == '\'' && strncmp(err.text + 1, word, strlen(word)) == 0);
    }
    check_size(word, r, range);
    return 0;
}
