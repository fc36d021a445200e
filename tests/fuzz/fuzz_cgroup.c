/*
 * The text of /proc/PID/cgroup: what comes out of it stands in it, is named by its own words, and
 * is the same behind another line that says less.
 */
#include <stdbool.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "model/cgroup.h"

static void check_unit(const char *text, size_t length, const struct cgroup_unit *unit)
{
    CHECK(unit->kind[0] && unit->unit[0] && unit->part[0]);
    CHECK(!strchr(unit->unit, '\n') && !strchr(unit->part, '/'));
    CHECK(memmem(text, length, unit->part, strlen(unit->part)));
    CHECK(cgroup_unit_matches(unit, true, unit->unit) &&
          cgroup_unit_matches(unit, false, unit->unit));
    CHECK(cgroup_unit_same(unit, unit) && cgroup_unit_same_container(unit, unit));
    CHECK(!unit->container || cgroup_unit_matches(unit, true, unit->container));
    CHECK(!unit->pod || cgroup_unit_matches(unit, false, unit->pod));
    CHECK(!unit->name && !cgroup_unit_matches(unit, true, ""));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char root[] = "77:none:/\n";
    const size_t before = sizeof(root) - 1;
    CLEANUP_FREE char *text = xmalloc(before + size);
    CLEANUP_CGROUP_UNIT struct cgroup_unit unit = {.kind = NULL};
    CLEANUP_CGROUP_UNIT struct cgroup_unit again = {.kind = NULL};
    bool found;

    memcpy(text, root, before);
    if (size > 0)
        memcpy(text + before, data, size);
    found = cgroup_parse(text + before, size, &unit);
    CHECK(found == (unit.unit != NULL));
    CHECK(cgroup_parse(text, before + size, &again) == found);
    if (!found)
        return 0;
    CHECK(cgroup_unit_same(&unit, &again) && strcmp(unit.kind, again.kind) == 0);
    check_unit(text + before, size, &unit);
    cgroup_unit_set_name(&unit, "a_b_c");
    CHECK(cgroup_unit_matches(&unit, true, "a_b_c"));
    return 0;
}
