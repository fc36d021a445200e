#include "action/select.h"

#include <errno.h>

#include "kernel/attach.h"

/* One pass over the segments. */
struct pass {
    struct system *system;
    const struct selection *selection;
    const struct select_sink *sink;
    struct select_report report;
    struct filter_facts facts;
};

/* The ids that the filter's pids hold now. */
static int read_attached(struct system *system, const struct filter *filter, struct idset *attached,
                         struct error *err)
{
    for (size_t i = 0; i < filter->pids.count; i++) {
        int r = attach_ids_of_pid(&system->procfs, (pid_t)filter->pids.items[i].low, attached, err);

        if (r < 0)
            return r;
    }
    return 0;
}

static void note_keys(struct pass *pass, const struct segment *segment)
{
    const struct filter_values *keys = &pass->selection->filter.keys;

    for (size_t i = 0; i < keys->count; i++) {
        if (keys->items[i].low == segment->key)
            idset_add(&pass->report.met_keys, (int)i);
    }
}

static int take_segment(struct pass *pass, const struct segment *segment)
{
    const struct selection *selection = pass->selection;

    note_keys(pass, segment);
    if (!selection_has_id(selection, segment->shmid))
        return 0;
    if (selection->by_id)
        idset_add(&pass->report.met_ids, segment->shmid);
    if (filter_wants_state(&selection->filter))
        pass->facts.state = pids_state(pass->system->pids, segment);
    if (!filter_match(&selection->filter, segment, &pass->facts))
        return 0;
    return pass->sink->segment(pass->sink->arg, segment);
}

int select_segments(struct system *system, const struct selection *selection,
                    const struct select_sink *sink, struct select_report *ret_report,
                    struct error *err)
{
    CLEANUP_IDSET struct idset attached = IDSET_INIT;
    struct pass pass = {.system = system, .selection = selection, .sink = sink};
    CLEANUP_SEGMENT_LIST struct segment_list segments = SEGMENT_LIST_INIT;
    CLEANUP_COMPLAINT_LIST struct complaint_list complaints = COMPLAINT_LIST_INIT;
    int r = read_attached(system, &selection->filter, &attached, err);

    if (r < 0)
        return r;
    pass.facts.now = pids_clock(system->pids)->now;
    pass.facts.attached = &attached;
    r = source_read(&system->procfs, sink->without_usage, &segments, &complaints, err);
    for (size_t i = 0; i < complaints.count; i++)
        sink->garbage(sink->arg, complaints.items[i].where, complaints.items[i].text,
                      complaints.items[i].length);
    for (size_t i = 0; r == 0 && i < segments.count; i++)
        r = take_segment(&pass, &segments.items[i]);
    if (r == 0 && ret_report)
        *ret_report = pass.report;
    else
        select_report_release(&pass.report);
    return r;
}

int select_still_matches(struct system *system, const struct selection *selection,
                         const struct segment *segment, struct error *err)
{
    CLEANUP_IDSET struct idset attached = IDSET_INIT;
    struct filter_facts facts = {.attached = &attached};
    int r = read_attached(system, &selection->filter, &attached, err);

    if (r < 0)
        return r;
    if (filter_wants_state(&selection->filter)) {
        pids_forget(system->pids);
        facts.state = pids_state(system->pids, segment);
    }
    facts.now = pids_clock(system->pids)->now;
    return filter_match(&selection->filter, segment, &facts);
}

bool select_met_id(const struct select_report *report, int shmid)
{
    return idset_has(&report->met_ids, shmid);
}

bool select_met_key(const struct select_report *report, size_t position)
{
    return idset_has(&report->met_keys, (int)position);
}

void select_report_release(struct select_report *report)
{
    idset_release(&report->met_ids);
    idset_release(&report->met_keys);
}
