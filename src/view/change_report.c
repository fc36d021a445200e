#include "view/change_report.h"

#include <errno.h>

#include "model/shmget.h"
#include "view/describe.h"
#include "view/human.h"
#include "view/remedy.h"

void change_report_words(struct strbuf *out, const struct change *change)
{
    const char *blank = "";

    for (int name = 0; name < CHANGE_NAMES; name++) {
        if (!change->values[name])
            continue;
        strbuf_printf(out, "%s%s=", blank, change_name((enum change_name)name));
        remedy_word(out, change->values[name]);
        blank = " ";
    }
}

void change_report_differences(struct strbuf *out, const struct change *change,
                               const struct segment_info *info)
{
    const struct segment *before = &info->segment;
    const struct segment after = change_apply(change, before);

    if (change_same(before, &after))
        strbuf_puts(out, ", it was so already");
    if (before->uid != after.uid) {
        strbuf_puts(out, ", owner ");
        describe_user(out, info->owner, before->uid);
        strbuf_printf(out, " -> %s", change->values[CHANGE_OWNER]);
    }
    if (before->gid != after.gid) {
        if (info->group)
            strbuf_printf(out, ", group %s", info->group);
        else
            strbuf_printf(out, ", group gid %lu", (unsigned long)before->gid);
        strbuf_printf(out, " -> %s", change->values[CHANGE_GROUP]);
    }
    if (((before->mode ^ after.mode) & SHMGET_MODE) != 0)
        strbuf_printf(out, ", perms %03o -> %03o", before->mode & SHMGET_MODE,
                      after.mode & SHMGET_MODE);
    if (segment_is_locked(before) != segment_is_locked(&after))
        strbuf_puts(out, segment_is_locked(&after) ? ", locked" : ", unlocked");
}

void change_report_failure(struct strbuf *out, const struct change *change, int code)
{
    const char *why = code == ENOMEM ? change_lock_refusal(code) : change_owner_refusal(code);

    if (code == EOPNOTSUPP)
        why = "only a process of its own may enter that user namespace; nsenter --user --ipc does";
    if (change && why)
        strbuf_printf(out, ": %s", why);
}

void change_report_gift(struct strbuf *out, const struct removal_plan *plan,
                        const struct credentials *credentials)
{
    size_t count = 0;

    for (size_t i = 0; i < plan->count; i++) {
        const struct removal_item *item = &plan->items[i];
        const struct segment after = change_apply(plan->change, &item->info.segment);

        if (item->outcome != REMOVAL_SELECTED || item->info.elsewhere != 0 ||
            !shmget_may_remove(&item->info.segment, credentials) ||
            shmget_may_remove(&after, credentials))
            continue;
        if (count++ < DESCRIBE_NAMED_MAX)
            strbuf_printf(out, "%s%d", count > 1 ? ", " : "", after.shmid);
    }
    if (count == 0)
        return;
    describe_rest(out, count);
    strbuf_printf(out,
                  ": given away for good: you are neither %s creator nor root, and may change %s "
                  "no more",
                  count == 1 ? "its" : "their", count == 1 ? "it" : "them");
}

void change_report_notes(struct strbuf *out, const struct removal_plan *plan)
{
    const struct change *change = plan->change;
    size_t kept = 0;
    size_t locked = 0;

    for (size_t i = 0; i < plan->count; i++) {
        const struct segment *before = &plan->items[i].info.segment;
        const struct segment after = change_apply(change, before);

        if (plan->items[i].outcome != REMOVAL_SET)
            continue;
        kept += before->uid != after.uid && after.uid != after.cuid;
        locked += !segment_is_locked(before) && segment_is_locked(&after);
    }
    if (kept > 0)
        strbuf_puts(out,
                    "the creator of a segment that was given away keeps all rights of an owner");
    if (kept > 0 && locked > 0)
        strbuf_puts(out, "; ");
    if (locked > 0)
        strbuf_puts(out, "locking reads no pages in, and counts against RLIMIT_MEMLOCK of this "
                         "user also when this process has ended");
}
