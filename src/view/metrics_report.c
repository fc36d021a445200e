#include "view/metrics_report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "view/columns.h"

/* More groups than these are counted together, as "other". */
enum { GROUPS_SHOWN_MAX = 20 };
#define OTHER "other"

/* --- Labels ----------------------------------------------------------------------------------- */

/* The words of --by: columns of sums. */
static const char *const label_names[] = {"owner", "container", "program"};

int metrics_find_label(const char *word, const struct column **ret_label, struct error *err)
{
    CLEANUP_STRBUF struct strbuf all = STRBUF_INIT;

    for (size_t i = 0; i < sizeof(label_names) / sizeof(label_names[0]); i++) {
        strbuf_printf(&all, " %s", label_names[i]);
        if (strcmp(word, label_names[i]) != 0)
            continue;
        *ret_label = column_find(&sum_columns, word, strlen(word));
        return 0;
    }
    return error_set(err, EINVAL, "'%s': metrics are not counted by that, but by:%s", word,
                     strbuf_string(&all));
}

enum { NUMBER_SIZE = 24 };

/* What a row's label says: the text, else the number, else nothing. */
static const char *label_text(const struct column *label, const struct segment_info *info,
                              char number[NUMBER_SIZE])
{
    const struct column_format format = {0};
    struct column_value value = {0};

    label->get(&format, info, &value);
    if (value.text)
        return value.text;
    number[0] = '\0';
    if (value.known)
        snprintf(number, NUMBER_SIZE, "%llu", (unsigned long long)value.number);
    return number;
}

/* By what the label says: two samples with one label would be no metric. */
static int compare_labels(const struct segment_info *a, const struct segment_info *b,
                          const void *arg)
{
    char first[NUMBER_SIZE];
    char second[NUMBER_SIZE];

    return strcmp(label_text(arg, a, first), label_text(arg, b, second));
}

static int compare_states(const struct segment_info *a, const struct segment_info *b,
                          const void *arg)
{
    (void)arg;
    return num_compare(a->state, b->state);
}

/* --- Groups ----------------------------------------------------------------------------------- */

/* Rows of one label, counted by state. */
struct labelled {
    char *text; /* owned; NULL: no label */
    struct sum states[STATE_COUNT];
};

struct labelled_list {
    struct labelled items[GROUPS_SHOWN_MAX + 1];
    size_t count;
};

static void add_labelled(struct labelled_list *list, const char *text,
                         const struct segment_info *const *rows, size_t count)
{
    const struct grouping by_state = {compare_states, NULL};
    struct labelled *labelled = &list->items[list->count++];
    CLEANUP_SUMS struct sums sums = {0};

    *labelled = (struct labelled){.text = text ? xstrdup(text) : NULL};
    sums_make(rows, count, 1, &by_state, SUM_BY_BYTES, &sums);
    for (size_t i = 0; i < sums.count; i++)
        labelled->states[sums.items[i].first.state] = sums.items[i];
}

/* The largest groups one by one, the others together; a group that is called so is one of them. */
static void add_groups(struct labelled_list *list, const struct column *label,
                       const struct segment_info *const *rows, size_t count)
{
    const struct grouping by_label = {compare_labels, label};
    CLEANUP_FREE const struct segment_info **others =
        xcalloc(count, sizeof(const struct segment_info *));
    CLEANUP_SUMS struct sums sums = {0};
    size_t other_count = 0;

    sums_make(rows, count, 1, &by_label, SUM_BY_BYTES, &sums);
    for (size_t i = 0; i < sums.count; i++) {
        const struct sum *sum = &sums.items[i];
        char number[NUMBER_SIZE];
        const char *text = label_text(label, &sum->first, number);
        size_t segments = (size_t)sum->segments;

        if (strcmp(text, OTHER) != 0 && list->count < GROUPS_SHOWN_MAX) {
            add_labelled(list, text, sum->rows, segments);
            continue;
        }
        memcpy(others + other_count, sum->rows, segments * sizeof(const struct segment_info *));
        other_count += segments;
    }
    if (other_count > 0)
        add_labelled(list, OTHER, others, other_count);
}

/* --- Text ------------------------------------------------------------------------------------- */

static void begin_metric(struct strbuf *out, const char *name, const char *help)
{
    strbuf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* Appends a label's value in quotes, as UTF-8 and with the escapes of the format. */
static void put_label_value(struct strbuf *out, const char *text)
{
    CLEANUP_STRBUF struct strbuf safe = STRBUF_INIT;

    text_escape_utf8(&safe, text, strlen(text));
    strbuf_putc(out, '"');
    for (const char *at = strbuf_string(&safe); *at; at++) {
        if (*at == '\\' || *at == '"')
            strbuf_putc(out, '\\');
        strbuf_putc(out, *at);
    }
    strbuf_putc(out, '"');
}

static void put_value(struct strbuf *out, struct wide value)
{
    strbuf_putc(out, ' ');
    strbuf_put_wide(out, value);
    strbuf_putc(out, '\n');
}

static void put_metric(struct strbuf *out, const char *name, const char *help, struct wide value)
{
    begin_metric(out, name, help);
    strbuf_puts(out, name);
    put_value(out, value);
}

static void put_count(struct strbuf *out, const char *name, const char *help, uint64_t value)
{
    put_metric(out, name, help, (struct wide){.low = value});
}

/* A sample a label and state. LABEL_NAME: NULL for none. */
static void put_states(struct strbuf *out, const char *name, const char *help, bool bytes,
                       const struct labelled_list *list, const char *label_name)
{
    begin_metric(out, name, help);
    for (size_t i = 0; i < list->count; i++) {
        for (enum segment_state state = 0; state < STATE_COUNT; state++) {
            const struct sum *sum = &list->items[i].states[state];

            strbuf_printf(out, "%s{", name);
            if (label_name) {
                strbuf_printf(out, "%s=", label_name);
                put_label_value(out, list->items[i].text);
                strbuf_putc(out, ',');
            }
            strbuf_printf(out, "state=\"%s\"}", state_name(state));
            put_value(out, bytes ? sum->bytes : (struct wide){.low = sum->segments});
        }
    }
}

/* --- The metrics ------------------------------------------------------------------------------ */

/* By owner and the like, and of each state. */
static void put_segments(struct strbuf *out, const struct segment_info *const *rows, size_t count,
                         const struct column *label)
{
    struct labelled_list list = {.count = 0};
    const char *name = label ? label->name : NULL;

    if (label)
        add_groups(&list, label, rows, count);
    else
        add_labelled(&list, NULL, rows, count);
    put_states(out, "shmtool_segments", "System V shared memory segments.", false, &list, name);
    put_states(out, "shmtool_bytes", "Their sizes in bytes.", true, &list, name);
    for (size_t i = 0; i < list.count; i++)
        free(list.items[i].text);
}

static void put_orphans(struct strbuf *out, const struct inventory *inventory)
{
    uint64_t keyless = 0;
    uint64_t largest = 0;
    uint64_t oldest = 0;
    size_t count;
    CLEANUP_FREE const struct segment_info **orphans = inventory_orphans(inventory, NULL, &count);

    for (size_t i = 0; i < count; i++) {
        const struct segment *segment = &orphans[i]->segment;
        int64_t last = segment_last_time(segment);
        uint64_t age = last < inventory->clock.now ? (uint64_t)(inventory->clock.now - last) : 0;

        keyless += segment->key == 0;
        largest = segment->size > largest ? segment->size : largest;
        oldest = age > oldest ? age : oldest;
    }
    begin_metric(out, "shmtool_orphans",
                 "Segments that nobody has attached, creator and last user dead; with a key they "
                 "may be kept on purpose.");
    strbuf_printf(out, "shmtool_orphans{key=\"none\"} %llu\n", (unsigned long long)keyless);
    strbuf_printf(out, "shmtool_orphans{key=\"kept\"} %llu\n",
                  (unsigned long long)(count - keyless));
    put_count(out, "shmtool_oldest_orphan_seconds",
              "Since an orphan was last used or changed, the longest time.", oldest);
    put_count(out, "shmtool_largest_orphan_bytes", "Size of the largest orphan.", largest);
}

/* Limits, or what is in use of them. NAMESPACE: a label; 0: none. */
static void put_limit_values(struct strbuf *out, const struct limits *limits,
                             const struct usage *used, uint64_t namespace)
{
    for (enum limit_id id = 0; id < LIMIT_COUNT; id++) {
        uint64_t value = limits->values[id];

        if (used ? !limits_used(limits, used, id, &value) : !limits->known[id])
            continue;
        strbuf_puts(out, used ? "shmtool_limit_used{" : "shmtool_limit{");
        if (namespace != 0)
            strbuf_printf(out, "namespace=\"%llu\",", (unsigned long long)namespace);
        strbuf_printf(out, "name=\"%s\"} %llu\n", limit_kinds[id].name, (unsigned long long)value);
    }
}

/* Of the one namespace, or of each. */
static void put_limits(struct strbuf *out, const struct inventory *inventory, bool everywhere,
                       bool used)
{
    if (!everywhere)
        put_limit_values(out, &inventory->limits, used ? &inventory->usage : NULL, 0);
    for (size_t i = 0; i < inventory->each_limits_count; i++) {
        const struct namespace_limits *each = &inventory->each_limits[i];

        put_limit_values(out, &each->limits, used ? &each->usage : NULL, each->number);
    }
}

static void put_all_limits(struct strbuf *out, const struct inventory *inventory, bool everywhere)
{
    if (inventory->limits_error.text && !everywhere)
        return;
    begin_metric(out, "shmtool_limit",
                 "Limits of the IPC namespace, as below /proc/sys/kernel: shmmax in bytes, shmall "
                 "in pages.");
    put_limits(out, inventory, everywhere, false);
    begin_metric(out, "shmtool_limit_used", "What is in use of them, in the same units.");
    put_limits(out, inventory, everywhere, true);
}

unsigned metrics_needs(const struct column *label)
{
    return NEED_USAGE | NEED_STATE | NEED_LIMITS | NEED_TRY_ATTACHMENTS |
           (label ? label->needs : 0);
}

void metrics_report(struct strbuf *out, const struct inventory *inventory,
                    const struct column *label, bool everywhere)
{
    CLEANUP_FREE const struct segment_info **rows = inventory_pointers(inventory);
    struct sum total = sum_of(rows, inventory->count, 1);

    put_segments(out, rows, inventory->count, label);
    put_metric(out, "shmtool_resident_bytes", "Bytes of segments in memory, as far as known.",
               total.rss);
    put_count(out, "shmtool_resident_unknown_segments",
              "Segments of which it is not known how much is in memory.", total.rss_unknown);
    if (total.swap_unknown == 0)
        put_metric(out, "shmtool_swapped_bytes", "Bytes of segments in swap.", total.swap);
    put_metric(out, "shmtool_attachments", "How often segments are attached.", total.nattch);
    put_orphans(out, inventory);
    put_all_limits(out, inventory, everywhere);
    if (!inventory->attachments_error.text)
        put_count(out, "shmtool_unreadable_processes",
                  "Processes that may have segments attached and could not be read.",
                  inventory->attachments.unreadable);
    if (everywhere)
        put_count(out, "shmtool_unreadable_namespaces",
                  "IPC namespaces that could not be entered: what is in them is not counted.",
                  inventory->refused.count);
    strbuf_puts(out, "# EOF\n");
}
