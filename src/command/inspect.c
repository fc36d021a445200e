#include "command/inspect.h"

#include <unistd.h>

#include "base/strbuf.h"
#include "command/options.h"

static int take_segment(void *arg, const struct segment *segment)
{
    struct inspection *inspection = arg;

    segment_list_add(&inspection->segments, segment);
    return 0;
}

static void take_garbage(void *arg, const char *where, const char *text, size_t length)
{
    struct inspection *inspection = arg;

    inspection->incomplete = true;
    context_warn_garbage(inspection->context, where, text, length);
}

int inspect(struct inspection *inspection, struct error *err)
{
    const struct select_sink sink = {take_segment, take_garbage, inspection, false};
    struct system *system = &inspection->context->system;
    struct select_report report = {0};
    int r = select_segments(system, &inspection->selection, &sink, &report, err);

    if (r == 0) {
        inspection->incomplete |=
            options_warn_missing(inspection->context, &inspection->selection, &report);
        r = attach_scan(&system->procfs, &inspection->attachments, err);
    }
    select_report_release(&report);
    return r;
}

void inspect_warn_unreadable(const struct inspection *inspection)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const struct attachment_list *table = &inspection->attachments;
    const char *remedy = "root sees all";

    if (table->unreadable == 0 && !table->hidden)
        return;
    if (table->unreadable > 0)
        strbuf_printf(&text, "%zu process%s could not be read", table->unreadable,
                      table->unreadable == 1 ? "" : "es");
    if (table->hidden)
        strbuf_printf(&text, "%s of other users do not show at all (hidepid)",
                      table->unreadable > 0 ? ", and others" : "processes");
    if (!inspection->context->system.procfs.live)
        remedy = "whoever saved the tree could not see them";
    else if (geteuid() == 0)
        remedy = "root with all capabilities sees all";
    context_warn(inspection->context, "%s; %s", strbuf_string(&text), remedy);
}

void inspect_release(struct inspection *inspection)
{
    selection_release(&inspection->selection);
    segment_list_release(&inspection->segments);
    attachment_list_release(&inspection->attachments);
}
