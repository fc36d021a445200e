/*
 * cat: writes the bytes of a segment.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "action/inventory_settled.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "command/options.h"
#include "kernel/content.h"
#include "view/describe.h"
#include "view/hexdump.h"

/* How much is read and written at a time; and what may be allocated without being asked for. */
enum { CHUNK = 1024 * 1024, HOLES_MAX = 1024 * 1024 * 1024 };

/* A command line of cat. */
struct cat {
    struct selection selection;
    struct option_number offset;
    struct option_number length;
    bool hex;
    bool verbose;
    bool yes;
};

/* A writing of bytes. */
struct cat_output {
    struct context *context;
    bool hex;
    struct hexdump dump;
    struct strbuf text; /* owned; of the dump */
    char *buffer;       /* owned; CHUNK bytes */
};

static const struct option_spec cat_options[] = {
    {'x', "hex", NULL, "a hex dump, as on a terminal", offsetof(struct cat, hex), option_flag},
    {0, "offset", "N", "from this byte on: 4096, 4K ...", offsetof(struct cat, offset),
     option_size},
    {0, "length", "N", "this many bytes at the most", offsetof(struct cat, length), option_size},
    {'y', "yes", NULL, "also where more than 1 GiB would be allocated", offsetof(struct cat, yes),
     option_flag},
    {'v', "verbose", NULL, "say how it is read, and what that changes",
     offsetof(struct cat, verbose), option_flag},
};

static const struct option_group cat_group = {"Options", OPTIONS(cat_options)};

static int check_cat(struct context *context, void *args, struct error *err)
{
    const struct cat *cat = args;

    if (cat->selection.id_count != 1)
        return error_set(err, EINVAL, "%s",
                         cat->selection.id_count ? "takes one ID" : "no ID given");
    (void)context;
    return 0;
}

/* --- Opening ---------------------------------------------------------------------------------- */

/* Whether a process was found through which it can be read. */
static bool open_by_holder(const struct context *context, const struct segment_info *info,
                           struct content *ret_content, pid_t *ret_pid)
{
    uint64_t maps = 0;
    int r = -ENOENT;

    for (uint32_t i = 0; i < info->attachment_count; i++)
        maps = saturating_add(maps, info->attachments[i].maps);
    /* More mappings than attachments: one is of something else, perhaps of another namespace. */
    if (maps > info->segment.nattch)
        return false;
    for (uint32_t i = 0; r == -ENOENT && i < info->attachment_count; i++) {
        *ret_pid = info->attachments[i].pid;
        r = content_open_by_process(&context->system.procfs, &info->segment, *ret_pid, ret_content);
    }
    return r == 0;
}

/* How many of LENGTH bytes reading would allocate at the most, where no page can be skipped. */
static uint64_t holes_of(const struct segment *segment, uint64_t length, uint64_t page_size)
{
    uint64_t whole = saturating_add(segment->size, page_size - 1) / page_size * page_size;
    uint64_t there = segment->has_rss ? segment->rss : 0;

    there = saturating_add(there, segment->has_swap ? segment->swap : 0);
    whole = whole > there ? whole - there : 0;
    return whole < length ? whole : length;
}

/* Attaches it. Returns an exit status. */
static int attach_for_reading(struct context *context, const struct cat *cat,
                              const struct segment_info *info, uint64_t length,
                              bool may_open_mappings, struct content *ret_content)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const struct segment *segment = &info->segment;
    uint64_t page_size = context->system.procfs.page_size;
    bool skips = segment->has_swap && segment->swap == 0;
    uint64_t holes = skips || may_open_mappings ? 0 : holes_of(segment, length, page_size);

    if (holes > HOLES_MAX && !cat->yes) {
        describe_bytes(&text, holes);
        context_warn(context,
                     "%d: reading it would allocate up to %s of memory for pages that were never "
                     "written: nothing was done; --yes does it, --offset and --length read a part",
                     segment->shmid, strbuf_string(&text));
        return STATUS_DECLINED;
    }
    if (content_attach(&context->system.procfs, segment, skips, ret_content, &err) < 0) {
        if (err.code == EACCES) {
            strbuf_puts(&text, ": it belongs to ");
            describe_user(&text, info->owner, segment->uid);
            strbuf_printf(&text, " (perms %03o); root may read it", segment->mode & 0777U);
        }
        context_warn(context, "%d: %s%s", segment->shmid, err.text, strbuf_string(&text));
        return STATUS_FAILED;
    }
    if (cat->verbose)
        context_warn(context, "%d: attached read-only, which sets its atime, dtime and lpid; %s",
                     segment->shmid,
                     ret_content->fd >= 0 || skips
                         ? "pages that were never written stay so"
                         : "pages that were never written are allocated by reading them");
    return STATUS_DONE;
}

/* Opens it by the way that changes least. Returns an exit status. */
static int open_content(struct context *context, const struct cat *cat,
                        const struct segment_info *info, uint64_t length, bool may_open_mappings,
                        struct content *ret_content)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    pid_t pid = 0;

    if (!context->system.procfs.live)
        return content_open_saved(&context->system.procfs, &info->segment, ret_content, &err) < 0
                   ? context_fail(context, &err, STATUS_FAILED)
                   : STATUS_DONE;
    if (!open_by_holder(context, info, ret_content, &pid))
        return attach_for_reading(context, cat, info, length, may_open_mappings, ret_content);
    if (cat->verbose)
        context_warn(context,
                     "%d: read through process %d, which has it attached: that changes "
                     "nothing",
                     info->segment.shmid, (int)pid);
    return STATUS_DONE;
}

/* --- Writing ---------------------------------------------------------------------------------- */

static void write_dump(struct cat_output *output)
{
    context_write(output->context, &output->text);
    strbuf_reset(&output->text);
}

static void write_zeros(struct cat_output *output, uint64_t length)
{
    if (output->hex) {
        hexdump_add_zeros(&output->dump, &output->text, length);
        write_dump(output);
        return;
    }
    memset(output->buffer, 0, CHUNK);
    while (length > 0 && !ferror(output->context->out)) {
        size_t part = length < CHUNK ? (size_t)length : CHUNK;

        fwrite(output->buffer, 1, part, output->context->out);
        length -= part;
    }
}

static int write_data(struct cat_output *output, const struct content *content, uint64_t offset,
                      uint64_t stop)
{
    while (offset < stop && !ferror(output->context->out)) {
        size_t part = stop - offset < CHUNK ? (size_t)(stop - offset) : CHUNK;
        ssize_t got = content_read(content, offset, output->buffer, part);

        if (got < 0)
            return (int)got;
        if (output->hex) {
            hexdump_add(&output->dump, &output->text, output->buffer, (size_t)got);
            write_dump(output);
        } else {
            fwrite(output->buffer, 1, (size_t)got, output->context->out);
        }
        offset += (uint64_t)got;
    }
    return 0;
}

/* Returns 0 or a negative errno; output that could not be written is main's to report. */
static int write_content(struct cat_output *output, const struct content *content, uint64_t offset,
                         uint64_t end)
{
    int r = 0;

    while (r == 0 && offset < end && !ferror(output->context->out)) {
        bool hole = false;
        uint64_t stop = end;

        r = content_extent(content, offset, end, &hole, &stop);
        if (r == 0 && hole)
            write_zeros(output, stop - offset);
        else if (r == 0)
            r = write_data(output, content, offset, stop);
        offset = stop;
    }
    hexdump_end(&output->dump, &output->text);
    write_dump(output);
    return r;
}

/* --- The whole -------------------------------------------------------------------------------- */

/* Whether pages may have been skipped that were swapped out while it was read. */
static bool was_swapped_out(struct context *context, const struct cat *cat)
{
    CLEANUP_INVENTORY struct inventory inventory = {0};

    return inventory_read(&context->system, &cat->selection, NEED_USAGE, &inventory, NULL) == 0 &&
           inventory.count == 1 && inventory.rows[0].segment.swap > 0;
}

static int cat_segment(struct context *context, const struct cat *cat,
                       const struct segment_info *info, bool may_open_mappings)
{
    const struct segment *segment = &info->segment;
    uint64_t offset = cat->offset.value;
    uint64_t length = segment->size - (offset < segment->size ? offset : segment->size);
    struct content content = {.fd = -1};
    struct cat_output output = {
        .context = context, .hex = cat->hex || isatty(STDOUT_FILENO), .dump = {.address = offset}};
    int status;
    int r;

    if (offset > segment->size) {
        context_warn(context, "--offset %llu: segment %d has %llu bytes",
                     (unsigned long long)offset, segment->shmid, (unsigned long long)segment->size);
        return STATUS_FAILED;
    }
    if (cat->length.given && cat->length.value < length)
        length = cat->length.value;
    status = open_content(context, cat, info, length, may_open_mappings, &content);
    if (status != STATUS_DONE)
        return status;
    output.buffer = xcalloc(1, CHUNK);
    r = write_content(&output, &content, offset, offset + length);
    if (r == -ENODATA)
        context_warn(context,
                     "%d: its memory is not there any more: somebody has made it shorter while it "
                     "was read",
                     segment->shmid);
    else if (r < 0)
        context_warn(context, "%d: %s", segment->shmid, strerror(-r));
    if (r == 0 && content.fd < 0 && content.skips && was_swapped_out(context, cat)) {
        context_warn(context,
                     "%d: pages were swapped out while it was read, and may be zeros here; read it "
                     "again",
                     segment->shmid);
        r = -EAGAIN;
    }
    content_close(&content);
    free(output.buffer);
    strbuf_release(&output.text);
    return r < 0 ? STATUS_FAILED : STATUS_DONE;
}

static int cat_here(struct context *context, const struct cat *cat)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_INVENTORY struct inventory inventory = {0};
    unsigned needs = NEED_USAGE | NEED_OWNER;
    int status;

    if (context->system.procfs.live)
        needs |= NEED_TRY_ATTACHMENTS | NEED_CREDENTIALS;
    if (inventory_read_settled(&context->system, &cat->selection, needs, &inventory, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    status = context_warn_unparsed(context, &inventory.unparsed) ? STATUS_FAILED : STATUS_DONE;
    if (options_warn_missing(context, &inventory) || inventory.count == 0)
        return STATUS_FAILED;
    return cat_segment(context, cat, &inventory.rows[0], inventory.credentials.init_admin) | status;
}

/* What a child does in a namespace that only it may enter: nothing comes back but the status. */
struct cat_errand {
    struct context *context;
    const struct cat *cat;
};

static int cat_by_child(void *arg)
{
    const struct cat_errand *errand = arg;
    struct context *context = errand->context;
    int status;

    context->system.procfs.inside = NULL; /* the listing is that of where it is now */
    status = cat_here(context, errand->cat);
    if (fflush(context->out) == 0 && !ferror(context->out))
        return status;
    context_warn(context, "standard output could not be written");
    return STATUS_FAILED;
}

static int run_cat(struct context *context, void *args)
{
    struct cat_errand errand = {context, args};
    int r;

    if (!context->system.procfs.inside)
        return cat_here(context, args);
    r = namespace_run_inside(&context->system.procfs, cat_by_child, &errand);
    if (r >= 0)
        return r;
    if (r != -ECHILD) /* ended by a signal: its reader went away */
        context_warn(context, "--namespace: %s", strerror(-r));
    return STATUS_FAILED;
}

static void release_cat(void *args)
{
    struct cat *cat = args;

    selection_release(&cat->selection);
}

/* Letters of ipcs and ipcrm. */
static const struct option_habit cat_habits[] = {
    {'m', "ids need no option here", "cat", "ID"},
    {'i', "ids need no option here", "cat", "ID"},
    {'C', "a dump as that of hexdump -C is", "cat -x ID", NULL},
    {0, NULL, NULL, NULL},
};

const struct command command_cat = {
    .name = "cat",
    .synopsis = {"[-x] [-v] [--yes] [--offset N] [--length N] ID"},
    .summary = "write the bytes of a segment",
    .details = "On a terminal a hex dump, as hexdump -C prints it. Read by root while a process\n"
               "has it attached, nothing changes by that; else it is attached read-only.",
    .groups = {{&cat_group, 0}},
    .habits = cat_habits,
    .operand = {offsetof(struct cat, selection), option_id},
    .examples = {{"cat 1867776 > bytes", "what is in the segment"},
                 {"cat -x --offset 4K --length 64 1867776", "64 of its bytes, to be read"}},
    .size = sizeof(struct cat),
    .check = check_cat,
    .run = run_cat,
    .release = release_cat,
};
