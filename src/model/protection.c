#include "model/protection.h"

#include <stdlib.h>

#include "base/xalloc.h"

struct protection *protection_new(struct protection *earlier)
{
    struct protection *protection = xcalloc(1, sizeof(*protection));

    protection->source = (struct strbuf)STRBUF_INIT;
    protection->earlier = earlier;
    return protection;
}

void protection_add(struct protection_rules *rules, const struct protection_rule *rule)
{
    rules->items = xgrow(rules->items, rules->count, &rules->capacity, sizeof(*rule));
    rules->items[rules->count++] = *rule;
}

void protection_note_problem(struct protection *protection, const char *where,
                             const struct error *problem)
{
    if (protection->problem_count++ > 0)
        return;
    protection->problem_where = xstrdup(where);
    error_copy(&protection->problem, problem);
}

bool protection_is_complete(const struct protection *protection)
{
    return protection && protection->problem_count == 0;
}

/* Returns the first of the rules that selects SEGMENT, or NULL. */
static const struct protection_rule *find_rule(const struct protection_rules *rules,
                                               const struct segment *segment)
{
    static const struct filter_facts none = {.now = 0}; /* lines test the record alone */

    for (size_t i = 0; i < rules->count; i++) {
        if (filter_match(&rules->items[i].filter, segment, &none))
            return &rules->items[i];
    }
    return NULL;
}

const struct protection_rule *protection_find(const struct protection *protection,
                                              const struct segment *segment)
{
    return protection ? find_rule(&protection->protects, segment) : NULL;
}

const struct protection_rule *protection_find_label(const struct protection *protection,
                                                    const struct segment *segment)
{
    return protection ? find_rule(&protection->labels, segment) : NULL;
}

static void release_rules(struct protection_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        filter_release(&rules->items[i].filter);
        free(rules->items[i].where);
        free(rules->items[i].text);
    }
    free(rules->items);
}

void protection_free(struct protection *protection)
{
    while (protection) {
        struct protection *earlier = protection->earlier;

        release_rules(&protection->protects);
        release_rules(&protection->labels);
        error_clear(&protection->problem);
        strbuf_release(&protection->source);
        free(protection->problem_where);
        free(protection);
        protection = earlier;
    }
}
