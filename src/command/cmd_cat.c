/*
 * cat: writes the bytes of a segment.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "action/inventory_settled.h"
#include "action/reading.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "command/incomplete.h"
#include "command/options.h"
#include "view/describe.h"
#include "view/hexdump.h"
#include "view/remedy.h"

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

/* Says why it cannot be read. Returns an exit status. */
static int refuse_reading(struct context *context, const struct inventory *inventory,
                          const struct reading *reading, const struct error *err)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const struct segment_info *info = &inventory->rows[0];
    const struct segment *segment = &info->segment;
    bool outside = remedy_is_outside(inventory);

    if (!context->system.procfs.live)
        return context_fail(context, err, STATUS_FAILED);
    if (err->code == EFBIG) {
        describe_bytes(&text, reading->holes);
        context_warn(context,
                     "%d: reading it would allocate up to %s of memory for pages that were never "
                     "written: nothing was done; --yes does it, --offset and --length read a part",
                     segment->shmid, strbuf_string(&text));
        return STATUS_DECLINED;
    }
    if (err->code == EACCES) {
        strbuf_puts(&text, ": it belongs to ");
        describe_owner(&text, inventory, info);
        strbuf_printf(&text, " (perms %03o); %s%s may read it", segment->mode & 0777U,
                      outside ? "outside of this user namespace " : "",
                      outside ? "root" : remedy_root(inventory));
    }
    context_warn(context, "%d: %s%s", segment->shmid, err->text, strbuf_string(&text));
    return STATUS_FAILED;
}

/* Says how it is read, and what that changes. */
static void report_way(struct context *context, const struct segment *segment,
                       const struct reading *reading)
{
    if (!context->system.procfs.live)
        return;
    if (reading->pid > 0)
        context_warn(context,
                     "%d: read through process %d, which has it attached: that changes nothing",
                     segment->shmid, (int)reading->pid);
    else
        context_warn(context, "%d: attached read-only, which sets its atime, dtime and lpid; %s",
                     segment->shmid,
                     reading->content.fd >= 0 || reading->content.skips
                         ? "pages that were never written stay so"
                         : "pages that were never written are allocated by reading them");
}

/* --- Writing ---------------------------------------------------------------------------------- */

/* That output could not be written is main's to report. */
static int check_output(const struct cat_output *output)
{
    return ferror(output->context->out) ? -ECANCELED : 0;
}

static int write_dump(struct cat_output *output)
{
    context_write(output->context, &output->text);
    strbuf_reset(&output->text);
    return check_output(output);
}

static int write_zeros(void *arg, uint64_t offset, uint64_t length)
{
    static const char zeros[64 * 1024];
    struct cat_output *output = arg;

    (void)offset;
    if (output->hex) {
        hexdump_add_zeros(&output->dump, &output->text, length);
        return write_dump(output);
    }
    while (length > 0 && check_output(output) == 0) {
        size_t part = length < sizeof(zeros) ? (size_t)length : sizeof(zeros);

        fwrite(zeros, 1, part, output->context->out);
        length -= part;
    }
    return check_output(output);
}

static int write_data(void *arg, uint64_t offset, const char *bytes, size_t length)
{
    struct cat_output *output = arg;

    (void)offset;
    if (output->hex) {
        hexdump_add(&output->dump, &output->text, bytes, length);
        return write_dump(output);
    }
    fwrite(bytes, 1, length, output->context->out);
    return check_output(output);
}

/* --- The whole -------------------------------------------------------------------------------- */

/* Writes the bytes from OFFSET up to END. Returns an exit status. */
static int write_content(struct context *context, const struct cat *cat,
                         const struct reading *reading, int shmid, uint64_t offset, uint64_t end)
{
    struct cat_output output = {
        .context = context, .hex = cat->hex || isatty(STDOUT_FILENO), .dump = {.address = offset}};
    const struct reading_callbacks callbacks = {write_zeros, write_data, &output};
    int r = reading_run(reading, offset, end, &callbacks);

    /* With --offset at the end hexdump says where that is, with --length 0 nothing. */
    if (output.hex && !(cat->length.given && cat->length.value == 0))
        hexdump_end(&output.dump, &output.text);
    write_dump(&output);
    strbuf_release(&output.text);
    if (r < 0 && r != -ECANCELED)
        context_warn(context, "%d: %s", shmid, r == -ENODATA ? reading_shrunk : strerror(-r));
    if (r == 0 && reading_is_doubtful(&context->system, reading, shmid)) {
        context_warn(context,
                     "%d: pages were swapped out while it was read, and may be zeros here; read it "
                     "again",
                     shmid);
        r = -EAGAIN;
    }
    return r < 0 && r != -ECANCELED ? STATUS_FAILED : STATUS_DONE;
}

static int cat_segment(struct context *context, const struct cat *cat,
                       const struct inventory *inventory)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct segment_info *info = &inventory->rows[0];
    const struct segment *segment = &info->segment;
    uint64_t offset = cat->offset.value;
    uint64_t length = segment->size - (offset < segment->size ? offset : segment->size);
    struct reading reading;
    int status;

    if (offset > segment->size) {
        context_warn(context, "--offset %llu: segment %d has %llu bytes",
                     (unsigned long long)offset, segment->shmid, (unsigned long long)segment->size);
        return STATUS_FAILED;
    }
    if (cat->length.given && cat->length.value < length)
        length = cat->length.value;
    if (reading_open(&context->system, info, length, inventory->credentials.init_admin, cat->yes,
                     &reading, &err) < 0)
        return refuse_reading(context, inventory, &reading, &err);
    if (cat->verbose)
        report_way(context, segment, &reading);
    status = write_content(context, cat, &reading, segment->shmid, offset, offset + length);
    reading_close(&reading);
    return status;
}

/*
 * Any process that was found to have the segment will do, and nobody is missed: only who seems to
 * have more mappings than nattch counts, and so would not be trusted, may just have attached it.
 */
static int read_segment(struct system *system, const struct selection *selection, unsigned needs,
                        struct inventory *ret_inventory, struct error *err)
{
    int r = inventory_read(system, selection, needs, ret_inventory, err);

    if (r < 0 || ret_inventory->count == 0 ||
        segment_info_maps(&ret_inventory->rows[0]) <= ret_inventory->rows[0].segment.nattch)
        return r;
    inventory_release(ret_inventory);
    return inventory_read_settled(system, selection, needs, ret_inventory, err);
}

static int cat_here(struct context *context, const struct cat *cat)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_INVENTORY struct inventory inventory = {0};
    unsigned needs = NEED_USAGE | NEED_OWNER;
    int status;

    if (context->system.procfs.live)
        needs |= NEED_TRY_ATTACHMENTS | NEED_CREDENTIALS;
    if (read_segment(&context->system, &cat->selection, needs, &inventory, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    status = context_warn_unparsed(context, &inventory.unparsed) ? STATUS_FAILED : STATUS_DONE;
    if (incomplete_warn_missing(context, &inventory) || inventory.count == 0)
        return STATUS_FAILED;
    return cat_segment(context, cat, &inventory) | status;
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

/* One segment is named by its id: no option selects by a key here. */
static int take_cat_id(const struct option_use *use, struct error *err)
{
    uint32_t key;

    if (strncasecmp(use->word, "0x", 2) == 0 && parse_key(use->word, &key, NULL) == 0)
        return error_set(err, EINVAL, "'%s': not an id; 'shmtool ls -q --key %s' prints it",
                         use->word, use->word);
    return option_id(use, err);
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
    .operand = {offsetof(struct cat, selection), take_cat_id},
    .examples = {{"cat 1867776 > bytes", "what is in the segment"},
                 {"cat -x --offset 4K --length 64 1867776", "64 of its bytes, to be read"}},
    .size = sizeof(struct cat),
    .check = check_cat,
    .run = run_cat,
    .release = release_cat,
};
