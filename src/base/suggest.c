#include "base/suggest.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Longer words are nobody's slip of a finger. */
enum { WORD_MAX = 32, BEGUN_MIN = 3 };

static char lower_case(char letter)
{
    if (letter >= 'A' && letter <= 'Z')
        letter = (char)(letter + 32);
    return letter;
}

static unsigned char smaller_of(unsigned a, unsigned b)
{
    return (unsigned char)(a < b ? a : b);
}

/*
 * How many letters must be changed, added, left out or swapped with the next to make A of B
 * (optimal string alignment); both up to WORD_MAX long.
 */
static size_t word_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned char cost[WORD_MAX + 1][WORD_MAX + 1];

    for (size_t i = 0; i <= a_length; i++)
        cost[i][0] = (unsigned char)i;
    for (size_t k = 0; k <= b_length; k++)
        cost[0][k] = (unsigned char)k;
    for (size_t i = 1; i <= a_length; i++) {
        for (size_t k = 1; k <= b_length; k++) {
            char left = lower_case(a[i - 1]);
            char right = lower_case(b[k - 1]);

            cost[i][k] = smaller_of(cost[i - 1][k] + 1U, cost[i][k - 1] + 1U);
            cost[i][k] = smaller_of(cost[i][k], cost[i - 1][k - 1] + (left != right ? 1U : 0U));
            if (i > 1 && k > 1 && left == lower_case(b[k - 2]) && lower_case(a[i - 2]) == right)
                cost[i][k] = smaller_of(cost[i][k], cost[i - 2][k - 2] + 1U);
        }
    }
    return cost[a_length][b_length];
}

/* Tells whether LONGER, of LENGTH bytes, is SHORTER after what makes it its opposite. */
static bool is_opposite(const char *longer, size_t length, const char *shorter,
                        size_t shorter_length)
{
    static const char *const prefixes[] = {"un", "no", "no-", "non", "non-", "not", "not-"};

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t begin = strlen(prefixes[i]);

        if (length == begin + shorter_length && strncasecmp(longer, prefixes[i], begin) == 0 &&
            strncasecmp(longer + begin, shorter, shorter_length) == 0)
            return true;
    }
    return false;
}

struct suggestion suggest_begin(const char *word, size_t length)
{
    /* One letter may be wrong in a short word, three in a long one, none in a single letter. */
    size_t wrong_max = length < 2 ? 0 : length < 5 ? 1 : length < 8 ? 2 : 3;

    return (struct suggestion){.word = word, .length = length, .distance = wrong_max + 1};
}

void suggest_try(struct suggestion *suggestion, const char *candidate)
{
    const char *word = suggestion->word;
    size_t length = suggestion->length;
    size_t candidate_length = strlen(candidate);
    size_t distance;

    if (length == 0 || length > WORD_MAX || candidate_length > WORD_MAX)
        return;
    if (is_opposite(word, length, candidate, candidate_length) ||
        is_opposite(candidate, candidate_length, word, length))
        return;
    if (length >= BEGUN_MIN && strncasecmp(word, candidate, length) == 0)
        distance = candidate_length > length;
    else
        distance = word_distance(word, length, candidate, candidate_length);
    if (distance < suggestion->distance) {
        suggestion->distance = distance;
        suggestion->best = candidate;
    }
}

void suggest_synonym(struct suggestion *suggestion, const struct synonym *synonyms)
{
    for (; synonyms->habit; synonyms++) {
        if (strlen(synonyms->habit) == suggestion->length &&
            memcmp(synonyms->habit, suggestion->word, suggestion->length) == 0) {
            suggestion->best = synonyms->word;
            suggestion->distance = 0;
        }
    }
}

void suggest_put(struct strbuf *out, const struct suggestion *suggestion, const char *prefix)
{
    if (suggestion->best)
        strbuf_printf(out, "; did you mean '%s%s'?", prefix, suggestion->best);
}
