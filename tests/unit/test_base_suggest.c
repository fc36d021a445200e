/* base/suggest: the word that was probably meant. */
#include "base/suggest.h"

#include <string.h>

#include "unit.h"

static const char *const known[] = {"ls",    "stat",  "who",      "limits",     "doctor",
                                    "owner", "group", "attached", "unattached", "fail-if-none"};

static const char *nearest(const char *word)
{
    struct suggestion suggestion = suggest_begin(word, strlen(word));

    for (size_t i = 0; i < COUNT_OF(known); i++)
        suggest_try(&suggestion, known[i]);
    return suggestion.best ? suggestion.best : "";
}

static void slips_of_a_finger_are_understood(void **state)
{
    (void)state;
    assert_string_equal(nearest("onwer"), "owner"); /* swapped */
    assert_string_equal(nearest("owne"), "owner");
    assert_string_equal(nearest("ownerr"), "owner");
    assert_string_equal(nearest("pwner"), "owner");
    assert_string_equal(nearest("OWNER"), "owner");
    assert_string_equal(nearest("sl"), "ls");
    assert_string_equal(nearest("limit"), "limits");
    assert_string_equal(nearest("docter"), "doctor");
    assert_string_equal(nearest("unatached"), "unattached");
    assert_string_equal(nearest("fail"), "fail-if-none"); /* begun */
    assert_string_equal(nearest("unattach"), "unattached");
}

static void what_is_far_away_is_not_guessed(void **state)
{
    char text[512];

    (void)state;
    assert_string_equal(nearest(""), "");
    assert_string_equal(nearest("l"), "");
    assert_string_equal(nearest("x"), "");
    assert_string_equal(nearest("xy"), "");
    assert_string_equal(nearest("frobnicate"), "");
    assert_string_equal(nearest("newor"), "");
    memset(text, 'o', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_string_equal(nearest(text), "");
}

static void opposites_are_not_guessed(void **state)
{
    static const char *const pairs[][2] = {
        {"unlocked", "locked"}, {"UNDEST", "dest"}, {"no-dest", "dest"}, {"reserve", "noreserve"}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        struct suggestion suggestion = suggest_begin(pairs[i][0], strlen(pairs[i][0]));

        suggestion.distance = SIZE_MAX; /* however near */
        suggest_try(&suggestion, pairs[i][1]);
        assert_null(suggestion.best);
    }
    /* A slip of a finger all the same. */
    assert_string_equal(nearest("nwho"), "who");
}

static void no_more_of_the_word_is_read_than_its_length(void **state)
{
    struct suggestion suggestion = suggest_begin("lsxxxxxx", 2);

    (void)state;
    suggest_try(&suggestion, "ls");
    assert_string_equal(suggestion.best, "ls");
}

static void habits_come_first(void **state)
{
    static const struct synonym synonyms[] = {{"list", "ls"}, {NULL, NULL}};
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    struct suggestion suggestion = suggest_begin("list", 4);

    (void)state;
    suggest_put(&out, &suggestion, "--");
    assert_string_equal(strbuf_string(&out), "");
    suggest_try(&suggestion, "lists");
    suggest_synonym(&suggestion, synonyms);
    suggest_try(&suggestion, "lisp");
    suggest_put(&out, &suggestion, "--");
    assert_string_equal(strbuf_string(&out), "; did you mean '--ls'?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slips_of_a_finger_are_understood),
        cmocka_unit_test(what_is_far_away_is_not_guessed),
        cmocka_unit_test(opposites_are_not_guessed),
        cmocka_unit_test(no_more_of_the_word_is_read_than_its_length),
        cmocka_unit_test(habits_come_first),
    };

    return cmocka_run_group_tests_name("base/suggest", tests, NULL, NULL);
}
