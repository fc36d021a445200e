#include "model/protection.h"

#include <stdlib.h>

#include "base/xalloc.h"

struct protection *protection_new(struct protection *earlier)
{
    struct protection *protection = xcalloc(1, sizeof(*protection));

    protection->earlier = earlier;
    return protection;
}

void protection_add(struct protection_rules *rules, const struct protection_rule *rule)
{
    rules->items = xgrow(rules->items, rules->count, &rules->capacity, sizeof(*rule));
    rules->items[rules->count++] = *rule;
}

void protection_note_problem(struct protection *protection, const struct error *problem)
{
    if (protection->problem_count++ == 0)
        error_copy(&protection->problem, problem);
}

bool protection_is_complete(const struct protection *protection)
{
    return protection && protection->problem_count == 0;
}

const struct protection_rule *protection_find(const struct protection *protection,
                                              const struct segment *segment)
{
    static const struct filter_facts none = {.now = 0}; /* lines test the record alone */

    for (size_t i = 0; protection && i < protection->protects.count; i++) {
        const struct protection_rule *rule = &protection->protects.items[i];

        if (filter_match(&rule->filter, segment, &none))
            return rule;
    }
    return NULL;
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
        free(protection);
        protection = earlier;
    }
}
