#include "view/balance_report.h"

#include <string.h>

#include "base/text.h"
#include "view/describe.h"
#include "view/human.h"
#include "view/wrap.h"
#include "view/writer.h"

/* --- The table -------------------------------------------------------------------------------- */

/* A line of it. */
struct balance_line {
    bool known;
    uint64_t bytes;
    const char *what;
};

static void get_line_bytes(const struct column_format *format, const void *record,
                           struct column_value *ret_value)
{
    const struct balance_line *line = record;

    (void)format;
    ret_value->known = line->known;
    ret_value->number = line->bytes;
}

static void get_line_text(const struct column_format *format, const void *record,
                          struct column_value *ret_value)
{
    const struct balance_line *line = record;

    (void)format;
    ret_value->known = true;
    ret_value->text = line->what;
}

static const struct column line_columns[] = {
    {"bytes", COLUMN_SIZE, 0, "how much", get_line_bytes},
    {"memory", COLUMN_TEXT, 0, "of what", get_line_text},
};

static void write_balance_line(struct writer *writer, bool known, uint64_t bytes, const char *what)
{
    const struct balance_line line = {known, bytes, what};

    writer_row(writer, &line);
}

/* Why there is no rest. */
static const char *explain_no_rest(const struct inventory *inventory)
{
    const struct balance *balance = &inventory->balance;

    if (!balance->has_shmem)
        return "the rest: not known, as Shmem is not";
    if (!balance->has_sysv)
        return "the rest: not known, as the rss of segments is not";
    if (!balance->has_tmpfs)
        return inventory->live ? "the rest: not known, as the mounts cannot be read"
                               : "the rest: not known, as a saved tree does not show tmpfs";
    return "the rest: not known; the parts are more than Shmem: see shmtool-du(1)";
}

/* Removed segments that descriptors keep: each once, with the first process that has it. */
static void write_held(struct writer *writer, const struct open_segment_list *held)
{
    for (size_t i = 0, end; i < held->count; i = end) {
        CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

        end = i + 1;
        while (end < held->count && held->items[end].shmid == held->items[i].shmid)
            end++;
        strbuf_printf(&text, "of the rest: removed segment %d, held by a descriptor of ",
                      held->items[i].shmid);
        describe_process(&text, held->items[i].command, held->items[i].pid);
        if (end - i > 1)
            strbuf_printf(&text, " and %zu more", end - i - 1);
        write_balance_line(writer, held->items[i].has_bytes, held->items[i].bytes,
                           strbuf_string(&text));
    }
}

static uint64_t pool_bytes(uint64_t pages, const struct huge_pool *pool)
{
    uint64_t bytes;

    return __builtin_mul_overflow(pages, pool->page_size, &bytes) ? UINT64_MAX : bytes;
}

static void write_pool(struct writer *writer, const struct huge_pool *pool,
                       const struct balance *balance)
{
    const bool known = balance->huge.segments_known;
    const char *of_the_pool = "of the pool: System V segments of this IPC namespace";
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    strbuf_puts(&text, "pool of ");
    describe_huge_pages(&text, pool->total, pool->page_size);
    strbuf_printf(&text, ", not in Shmem: %llu free (%llu promised)",
                  (unsigned long long)pool->free, (unsigned long long)pool->reserved);
    write_balance_line(writer, true, pool_bytes(pool->total, pool), strbuf_string(&text));
    if (!known)
        of_the_pool = "of the pool: System V segments; no process shows their page size";
    else if (balance->everywhere)
        of_the_pool = "of the pool: System V segments of the IPC namespaces that were read";
    write_balance_line(writer, known, pool_bytes(pool->segments, pool), of_the_pool);
}

void balance_report_table(FILE *out, const struct inventory *inventory,
                          const struct column_format *format, bool header)
{
    const struct balance *balance = &inventory->balance;
    CLEANUP_COLUMN_SET struct column_set columns = COLUMN_SET_INIT;
    struct writer writer;

    for (size_t i = 0; i < sizeof(line_columns) / sizeof(line_columns[0]); i++)
        column_set_add(&columns, &line_columns[i]);
    writer_begin(&writer, FORM_TABLE, out, &columns, format, NULL, NULL, header);
    write_balance_line(&writer, balance->has_shmem, balance->shmem,
                       "Shmem, which free shows as shared; of this:");
    write_balance_line(&writer, balance->has_sysv, balance->sysv,
                       "System V segments of this IPC namespace");
    if (balance->everywhere)
        write_balance_line(
            &writer, balance->has_others, balance->others,
            balance->has_others
                ? "System V segments of the other IPC namespaces"
                : "System V segments of other namespaces: not known, and part of the rest");
    for (size_t i = 0; i < balance->tmpfs.count; i++) {
        const struct tmpfs_use *use = &balance->tmpfs.items[i];
        CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

        strbuf_printf(&text, "tmpfs %s%s", use->mount,
                      use->known ? "" : ": not known, and part of the rest");
        write_balance_line(&writer, use->known, use->bytes, strbuf_string(&text));
    }
    write_balance_line(&writer, balance->has_rest, balance->rest,
                       balance->has_rest
                           ? "the rest: memfd, shared anonymous memory, other namespaces"
                           : explain_no_rest(inventory));
    write_held(&writer, &inventory->held);
    for (size_t i = 0; i < balance->huge.count; i++) {
        const struct huge_pool *pool = &balance->huge.items[i];

        if (pool->is_default || pool->total > 0)
            write_pool(&writer, pool, balance);
    }
    writer_end(&writer);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void put_member(struct strbuf *out, const char *before, bool known, uint64_t bytes)
{
    strbuf_puts(out, before);
    text_json_number(out, known, bytes);
}

static void put_json_tmpfs(struct strbuf *out, const struct balance *balance)
{
    if (!balance->has_tmpfs) {
        strbuf_puts(out, "null");
        return;
    }
    strbuf_putc(out, '[');
    for (size_t i = 0; i < balance->tmpfs.count; i++) {
        const struct tmpfs_use *use = &balance->tmpfs.items[i];

        strbuf_puts(out, i > 0 ? ", {\"mount\": " : "{\"mount\": ");
        text_json(out, use->mount, strlen(use->mount));
        put_member(out, ", \"bytes\": ", use->known, use->bytes);
        strbuf_putc(out, '}');
    }
    strbuf_putc(out, ']');
}

static void put_json_pool(struct strbuf *out, const struct huge_pool *pool, bool segments_known)
{
    put_member(out, "{\"page_size\": ", true, pool->page_size);
    put_member(out, ", \"total\": ", true, pool_bytes(pool->total, pool));
    put_member(out, ", \"free\": ", true, pool_bytes(pool->free, pool));
    put_member(out, ", \"reserved\": ", true, pool_bytes(pool->reserved, pool));
    put_member(out, ", \"segments\": ", segments_known, pool_bytes(pool->segments, pool));
    strbuf_putc(out, '}');
}

/* The default pool by itself, and those of other sizes. */
static void put_json_pools(struct strbuf *out, const struct huge_pools *pools)
{
    const struct huge_pool *usual = huge_pools_find(pools, 0);
    const char *before = "";

    strbuf_puts(out, ", \"huge\": ");
    if (usual)
        put_json_pool(out, usual, pools->segments_known);
    else
        strbuf_puts(out, "null");
    strbuf_puts(out, ", \"huge_others\": [");
    for (size_t i = 0; i < pools->count; i++) {
        if (pools->items[i].is_default)
            continue;
        strbuf_puts(out, before);
        put_json_pool(out, &pools->items[i], pools->segments_known);
        before = ", ";
    }
    strbuf_putc(out, ']');
}

void balance_report_json(struct strbuf *out, const struct inventory *inventory)
{
    const struct balance *balance = &inventory->balance;
    const struct open_segment_list *held = &inventory->held;

    put_member(out, "{\"shmem\": ", balance->has_shmem, balance->shmem);
    put_member(out, ", \"sysv\": ", balance->has_sysv, balance->sysv);
    put_member(out, ", \"sysv_others\": ", balance->has_others, balance->others);
    strbuf_puts(out, ", \"tmpfs\": ");
    put_json_tmpfs(out, balance);
    put_member(out, ", \"rest\": ", balance->has_rest, balance->rest);
    put_json_pools(out, &balance->huge);
    strbuf_puts(out, ", \"held\": [");
    for (size_t i = 0; i < held->count; i++) {
        strbuf_printf(out, "%s{\"pid\": %d, \"shmid\": %d", i > 0 ? ", " : "",
                      (int)held->items[i].pid, held->items[i].shmid);
        put_member(out, ", \"bytes\": ", held->items[i].has_bytes, held->items[i].bytes);
        strbuf_putc(out, '}');
    }
    strbuf_puts(out, "]}");
}

/* --- Huge pages that would be needed ---------------------------------------------------------- */

/* Appends how the pool is made that large. */
static void put_pool_remedy(struct strbuf *out, const struct huge_need *need,
                            const struct inventory *inventory)
{
    strbuf_printf(out, "; %sas root: ", inventory->live ? "" : "on that machine, ");
    if (need->pool->is_default)
        strbuf_printf(out, "sysctl vm.nr_hugepages=%llu", (unsigned long long)need->nr_hugepages);
    else
        strbuf_printf(
            out, "sh -c 'echo %llu > /sys/kernel/mm/hugepages/hugepages-%llukB/nr_hugepages'",
            (unsigned long long)need->nr_hugepages, (unsigned long long)need->page_size / 1024);
}

void huge_need_report(struct strbuf *out, const struct huge_need *need,
                      const struct inventory *inventory, size_t width)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    describe_huge_pages(&text, need->pages, need->page_size);
    strbuf_puts(&text, ", ");
    human_pages(&text, need->pages, need->page_size);
    strbuf_puts(&text, ", would hold these segments");
    if (need->pool && need->used > 0)
        strbuf_printf(&text, "; %llu more %s in use or promised", (unsigned long long)need->used,
                      need->used == 1 ? "is" : "are");
    if (!need->pool)
        strbuf_puts(&text, inventory->live ? "; this kernel has none"
                                           : "; how many there are is not known");
    else if (need->pages > 0 && need->pool->total >= need->nr_hugepages)
        strbuf_printf(&text, "; the pool of %llu has room for them",
                      (unsigned long long)need->pool->total);
    else if (need->pages > 0)
        put_pool_remedy(&text, need, inventory);
    wrap_text(out, &text, 4, width);
    strbuf_putc(out, '\n');
}

void huge_need_report_json(struct strbuf *out, const struct huge_need *need)
{
    put_member(out, "{\"page_size\": ", true, need->page_size);
    put_member(out, ", \"pages\": ", true, need->pages);
    put_member(out, ", \"nr_hugepages\": ", need->pool != NULL, need->nr_hugepages);
    strbuf_putc(out, '}');
}
