#include "view/remedy_shmget.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "view/describe.h"
#include "view/remedy.h"

/* The limits, and all the pages that there would be in use after the call. */
static const struct limits *limits_of(const struct shmget_diagnosis *diagnosis)
{
    return &diagnosis->inventory.limits;
}

static uint64_t pages_after(const struct shmget_diagnosis *diagnosis)
{
    return saturating_add(diagnosis->inventory.usage.pages,
                          pages_of(diagnosis->request.size, limits_of(diagnosis)->page_size));
}

/* --- A segment has the key -------------------------------------------------------------------- */

/* Appends a command about the segment that has the key: remedy_remove(), remedy_who(). */
static void put_segment_command(struct strbuf *out, const struct shmget_diagnosis *diagnosis,
                                void (*remedy)(struct strbuf *out,
                                               const struct inventory *inventory,
                                               const struct segment_info *const *rows, size_t count,
                                               const char *arguments))
{
    char id[16];

    snprintf(id, sizeof(id), "%d", diagnosis->segment->segment.shmid);
    remedy(out, &diagnosis->inventory, &diagnosis->segment, 1, id);
}

/* Appends what is to be done where rm leaves the segment that has the key. Returns whether it does.
 */
static bool put_kept_segment(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    const struct protection_rule *rule = diagnosis->segment->protected_by;

    if (!rule)
        return false;
    strbuf_puts(out, "use another key: the segment is protected by ");
    describe_rule(out, rule);
    return true;
}

/*
 * Appends the condition under which the segment may go: whoever asks knows what their own orphans
 * are, and not whether another user's program keeps its own on purpose for its next start.
 */
static void put_doubt(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    const struct inventory *inventory = &diagnosis->inventory;
    const struct segment_info *info = diagnosis->segment;
    bool own = inventory->has_credentials && inventory->credentials.euid == info->segment.uid;

    if (!own || info->state != STATE_ORPHAN)
        strbuf_puts(out, "if nobody needs it any more: ");
}

/* To get rid of the segment that has the key, without taking it from those who use it. */
static void remedy_old_segment(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    if (put_kept_segment(out, diagnosis))
        return;
    if (diagnosis->segment->state == STATE_USED) {
        strbuf_puts(out, "stop the processes that use it (");
        put_segment_command(out, diagnosis, remedy_who);
        strbuf_puts(out, "), then: ");
    } else
        put_doubt(out, diagnosis);
    put_segment_command(out, diagnosis, remedy_remove);
    if (diagnosis->answer.cause == SHMGET_TOO_SMALL && diagnosis->segment->state == STATE_USED)
        strbuf_printf(out, "; or ask for no more than %llu bytes",
                      (unsigned long long)diagnosis->segment->segment.size);
}

/*
 * Appends what helps where the segment's permissions do not grant the bits ASKED for. Its owner may
 * have no more than others.
 */
static void put_call_as_owner(struct strbuf *out, const struct shmget_diagnosis *diagnosis,
                              unsigned asked)
{
    const struct segment_info *info = diagnosis->segment;
    bool owner_may = !(asked & ~(info->segment.mode >> 6));

    if (remedy_hides_user(&diagnosis->inventory, info->segment.uid)) {
        strbuf_printf(out, "call it outside of this user namespace, as %sroot",
                      owner_may ? "its owner or " : "");
    } else {
        strbuf_puts(out, "call it as ");
        if (owner_may)
            describe_user(out, info->owner, info->segment.uid);
        else
            strbuf_puts(out, "root");
    }
    strbuf_puts(out, ", or have its program make it with a mode that grants more");
}

static void remedy_denied(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    if (diagnosis->segment->state != STATE_ORPHAN) {
        put_call_as_owner(out, diagnosis, shmget_asked_bits(diagnosis->request.flags));
    } else if (!put_kept_segment(out, diagnosis)) {
        put_doubt(out, diagnosis);
        put_segment_command(out, diagnosis, remedy_remove);
    }
}

/* --- Limits ----------------------------------------------------------------------------------- */

/* Appends the command that raises a limit, and shmall with it if that would be next. */
static void put_raise(struct strbuf *out, const struct shmget_diagnosis *diagnosis,
                      enum limit_id id, uint64_t value)
{
    const struct inventory *inventory = &diagnosis->inventory;
    uint64_t pages = pages_after(diagnosis);
    const struct limit_setting settings[] = {{id, value}, {LIMIT_SHMALL, pages}};
    bool shmall_is_next = id == LIMIT_SHMMAX && inventory->limits.known[LIMIT_SHMALL] &&
                          pages > limits_of(diagnosis)->values[LIMIT_SHMALL];

    remedy_set_limits(out, inventory, settings, shmall_is_next ? 2 : 1);
}

static void remedy_above_shmmax(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    /* More than any limit allows: nothing helps. */
    if (diagnosis->request.size <= INT64_MAX)
        put_raise(out, diagnosis, LIMIT_SHMMAX, diagnosis->request.size);
}

/* What is wanted of a limit of all segments together: in pages or in segments. */
struct shortage {
    uint64_t amount;
    bool in_pages;
};

/* Orphans that may go to make room. */
struct leftovers {
    const struct sum *sum; /* of this owner; NULL: of all */
    bool keyless;          /* those without a key alone, which nobody can find any more */
};

/* The rows of LEFTOVERS, which the caller frees, and what they take. */
static const struct segment_info **find_leftovers(const struct shmget_diagnosis *diagnosis,
                                                  struct leftovers leftovers, bool in_pages,
                                                  size_t *ret_count, uint64_t *ret_amount)
{
    size_t count;
    const struct segment_info **rows = inventory_orphans(
        &diagnosis->inventory, leftovers.sum ? &leftovers.sum->first.segment.uid : NULL, &count);

    *ret_count = 0;
    *ret_amount = 0;
    for (size_t i = 0; i < count; i++) {
        const struct segment *segment = &rows[i]->segment;

        if (leftovers.keyless && segment->key != 0)
            continue;
        rows[(*ret_count)++] = rows[i];
        *ret_amount = saturating_add(
            *ret_amount, in_pages ? pages_of(segment->size, limits_of(diagnosis)->page_size) : 1);
    }
    return rows;
}

/* Appends the removal of LEFTOVERS where that is enough, and returns whether it is. */
static bool put_enough(struct strbuf *out, const struct shmget_diagnosis *diagnosis,
                       struct leftovers leftovers, struct shortage shortage)
{
    CLEANUP_STRBUF struct strbuf options = STRBUF_INIT;
    size_t count;
    uint64_t amount;
    CLEANUP_FREE const struct segment_info **rows =
        find_leftovers(diagnosis, leftovers, shortage.in_pages, &count, &amount);

    if (count == 0 || amount < shortage.amount)
        return false;
    strbuf_puts(&options, leftovers.keyless ? "--orphan --key 0" : "--orphan");
    if (leftovers.sum)
        remedy_owner(&options, &diagnosis->inventory, leftovers.sum->first.owner,
                     leftovers.sum->first.segment.uid);
    if (!leftovers.keyless) {
        strbuf_puts(out, "look at the leftovers, some of which may be kept on purpose (");
        remedy_shmtool(out, diagnosis->inventory.elsewhere);
        strbuf_printf(out, " ls %s), then: ", strbuf_string(&options));
    }
    remedy_remove(out, &diagnosis->inventory, rows, count, strbuf_string(&options));
    return true;
}

/*
 * Appends the removal of orphans where that is enough: before all others those that nobody can find
 * any more, of one owner if it can be, the one with the most first.
 */
static bool put_enough_orphans(struct strbuf *out, const struct shmget_diagnosis *diagnosis,
                               struct shortage shortage)
{
    for (int keyless = 1; keyless >= 0; keyless--) {
        for (size_t i = 0; i < diagnosis->sums.count; i++) {
            const struct leftovers own = {&diagnosis->sums.items[i], keyless};

            if (put_enough(out, diagnosis, own, shortage))
                return true;
        }
        if (put_enough(out, diagnosis, (struct leftovers){NULL, keyless}, shortage))
            return true;
    }
    return false;
}

/* Appends that the process that made the most, and lives, is to be inspected. */
static bool put_stop_creator(struct strbuf *out, const struct shmget_diagnosis *diagnosis,
                             bool in_pages)
{
    const struct sum *creator = &diagnosis->creator;
    pid_t pid = creator->first.segment.cpid;
    const struct usage *usage = &diagnosis->inventory.usage;
    uint64_t share = in_pages ? creator->pages : creator->segments;

    if (creator->segments < 2 || share <= (in_pages ? usage->pages : usage->segments) / 2)
        return false;
    strbuf_puts(out, "if ");
    describe_process(out, creator->first.command, pid);
    strbuf_printf(out, " needs no %llu segments (", (unsigned long long)creator->segments);
    remedy_shmtool(out, diagnosis->inventory.elsewhere);
    strbuf_printf(out, " ls --cpid %d), stop or fix it", (int)pid);
    return true;
}

/* Appends what makes room below a full limit, and "; or: " where there is anything. */
static void put_make_room(struct strbuf *out, const struct shmget_diagnosis *diagnosis,
                          struct shortage shortage)
{
    if (put_enough_orphans(out, diagnosis, shortage))
        strbuf_puts(out, "; or: ");
    if (put_stop_creator(out, diagnosis, shortage.in_pages))
        strbuf_puts(out, "; or: ");
}

static void remedy_above_shmall(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    uint64_t pages = pages_after(diagnosis);
    const struct shortage shortage = {pages - limits_of(diagnosis)->values[LIMIT_SHMALL], true};

    put_make_room(out, diagnosis, shortage);
    put_raise(out, diagnosis, LIMIT_SHMALL, pages);
}

static void remedy_above_shmmni(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    uint64_t now = limits_of(diagnosis)->values[LIMIT_SHMMNI];
    uint64_t needed = saturating_add(diagnosis->inventory.usage.segments, 1);
    uint64_t twice = now < SHMMNI_USUAL_MAX / 2 ? now * 2 : SHMMNI_USUAL_MAX;

    put_make_room(out, diagnosis, (struct shortage){needed - now, false});
    if (needed <= SHMMNI_USUAL_MAX)
        put_raise(out, diagnosis, LIMIT_SHMMNI, twice > needed ? twice : needed);
    else {
        strbuf_puts(out, "remove segments that nobody needs (");
        remedy_shmtool(out, diagnosis->inventory.elsewhere);
        strbuf_puts(out, " ls --unattached): a kernel allows more than 32768 only with the boot "
                         "option ipcmni_extend");
    }
}

/* --- Memory ----------------------------------------------------------------------------------- */

static void remedy_no_memory(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    if (diagnosis->memory.overcommit == 2) {
        strbuf_puts(out, "ask for less, or add swap, or raise what may be promised: ");
        remedy_on_host(out, &diagnosis->inventory);
        strbuf_puts(out, "sysctl vm.overcommit_ratio=PERCENT");
        return;
    }
    strbuf_puts(out, "ask for less, or add swap, or let the kernel grant any amount: ");
    remedy_on_host(out, &diagnosis->inventory);
    strbuf_puts(out, "sysctl vm.overcommit_memory=1");
}

static void remedy_huge_size(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    if (diagnosis->huge.size_count > 0)
        strbuf_puts(out, "ask for one of these sizes, or for the default one, without SHM_HUGE_* "
                         "flags; or ");
    strbuf_puts(out, "ask without SHM_HUGETLB");
}

/* There is one group that has the right, so none that has it already is to lose it. */
static void put_huge_group(struct strbuf *out, const struct inventory *inventory,
                           const struct huge_state *huge)
{
    const struct credentials *credentials = &inventory->credentials;

    if (huge->has_group && huge->group != 0) {
        strbuf_puts(out, "make ");
        if (credentials->private_user)
            strbuf_puts(out, "its user on the host");
        else
            describe_user(out, inventory->user, credentials->euid);
        strbuf_printf(out, " a member of the group with gid %lu", (unsigned long)huge->group);
        return;
    }
    strbuf_puts(out, "give its group the right: ");
    remedy_on_host(out, inventory);
    if (credentials->private_user)
        strbuf_puts(out, "sysctl vm.hugetlb_shm_group=GID, its gid there");
    else
        strbuf_printf(out, "sysctl vm.hugetlb_shm_group=%lu", (unsigned long)credentials->egid);
}

static void remedy_huge_denied(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    const struct inventory *inventory = &diagnosis->inventory;
    const struct huge_state *huge = &diagnosis->huge;

    if (inventory->credentials.private_user)
        strbuf_puts(out, "run it outside of this user namespace, as root");
    else
        strbuf_printf(out,
                      "run it as %s, or give the program the capability: as root: setcap "
                      "cap_ipc_lock=ep PROGRAM, or AmbientCapabilities=CAP_IPC_LOCK in its unit",
                      remedy_root(inventory));
    strbuf_puts(out, "; or ");
    put_huge_group(out, inventory, huge);
    strbuf_puts(out, "; or ask without SHM_HUGETLB");
}

static void remedy_huge_short(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    const struct huge_state *huge = &diagnosis->huge;
    unsigned long long wanted = huge_pages_wanted(huge, diagnosis->request.size);

    remedy_on_host(out, &diagnosis->inventory);
    if (huge->is_default)
        strbuf_printf(out, "sysctl vm.nr_hugepages=%llu", wanted);
    else
        strbuf_printf(out, "echo %llu >/sys/kernel/mm/hugepages/hugepages-%llukB/nr_hugepages",
                      wanted, (unsigned long long)(huge->page_size / 1024));
    strbuf_puts(out, ", and read it back: memory may be in too many pieces for so many; or ask for "
                     "less, or without SHM_HUGETLB");
}

static void remedy_filtered(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    if (diagnosis->has_filter)
        strbuf_puts(out, "have the filter allow shmget, shmat, shmdt and shmctl: SystemCallFilter= "
                         "of a systemd unit (@ipc), --security-opt seccomp=PROFILE of a container");
}

/* --- shmat ------------------------------------------------------------------------------------ */

/* A user's own shell goes no further than the hard limit, nor does root of a user namespace. */
static void remedy_no_room(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    const struct inventory *inventory = &diagnosis->inventory;
    bool by_itself = inventory->credentials.euid == 0 && !inventory->credentials.private_user;

    if (!diagnosis->space.has_limit) {
        strbuf_puts(out, "ask for less");
        return;
    }
    strbuf_puts(out, "raise the limit where the program is started: ");
    if (!diagnosis->space.has_hard_limit || by_itself) {
        strbuf_puts(out, "ulimit -v unlimited");
    } else {
        remedy_on_host(out, inventory);
        strbuf_puts(out, "prlimit --as=unlimited --pid PID (PID: that of the shell that starts it");
        strbuf_puts(out, inventory->credentials.private_user ? ", as the host knows it)" : ")");
    }
    strbuf_puts(out, ", or LimitAS=infinity in its unit");
}

static void remedy_attach(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    enum shmat_access access = diagnosis->has_access ? diagnosis->access : SHMAT_WRITE;

    switch (diagnosis->attach[access].cause) {
    case SHMAT_DENIED:
        if (diagnosis->attach[SHMAT_READ].code == 0)
            strbuf_puts(out, "attach it for reading alone (SHM_RDONLY), or ");
        if (diagnosis->segment)
            put_call_as_owner(out, diagnosis, shmat_asked_bits(access));
        else
            strbuf_puts(out, "ask with a mode that grants its owner reading and writing, as 0600");
        break;
    case SHMAT_NO_ROOM:
        remedy_no_room(out, diagnosis);
        break;
    case SHMAT_EMPTY:
        strbuf_puts(out, "ask for less");
        break;
    case SHMAT_FILTERED:
        remedy_filtered(out, diagnosis);
        break;
    case SHMAT_ATTACHES:
        break;
    }
}

/* Programs of two IPC namespaces share nothing. */
static void remedy_absent(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    if (diagnosis->elsewhere.key_count == 0) {
        strbuf_puts(out, "start the program that makes the segment first");
        return;
    }
    strbuf_puts(out, "start the program in the IPC namespace of the one that makes the segment "
                     "(docker run --ipc container:NAME, or nsenter --ipc), or both outside of "
                     "containers; see it: ");
    remedy_shmtool(out, diagnosis->elsewhere.keys[0].number);
    strbuf_printf(out, " stat %d", diagnosis->elsewhere.keys[0].shmid);
}

/* --- The whole -------------------------------------------------------------------------------- */

static const struct {
    void (*put)(struct strbuf *out, const struct shmget_diagnosis *diagnosis);
    const char *text; /* where it is always the same */
} remedies[SHMGET_CAUSE_COUNT] = {
    [SHMGET_FINDS] = {remedy_attach, NULL},
    [SHMGET_MAKES] = {remedy_attach, NULL},
    [SHMGET_EXISTS] = {remedy_old_segment, NULL},
    [SHMGET_TOO_SMALL] = {remedy_old_segment, NULL},
    [SHMGET_DENIED] = {remedy_denied, NULL},
    [SHMGET_ABSENT] = {remedy_absent, NULL},
    [SHMGET_ZERO] = {NULL, "ask for 1 byte or more"},
    [SHMGET_ABOVE_SHMMAX] = {remedy_above_shmmax, NULL},
    [SHMGET_ABOVE_SHMALL] = {remedy_above_shmall, NULL},
    [SHMGET_NO_MEMORY] = {remedy_no_memory, NULL},
    [SHMGET_HUGE_SIZE] = {remedy_huge_size, NULL},
    [SHMGET_HUGE_DENIED] = {remedy_huge_denied, NULL},
    [SHMGET_HUGE_SHORT] = {remedy_huge_short, NULL},
    [SHMGET_ABOVE_SHMMNI] = {remedy_above_shmmni, NULL},
    [SHMGET_FILTERED] = {remedy_filtered, NULL},
    [SHMGET_NO_SYSV] = {NULL, "run it where the kernel has System V shared memory, or have it use "
                              "POSIX shared memory (shm_open)"},
};

void remedy_shmget(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    enum shmget_cause cause = diagnosis->answer.cause;
    size_t before = out->length;

    if (remedies[cause].put)
        remedies[cause].put(out, diagnosis);
    else if (remedies[cause].text)
        strbuf_puts(out, remedies[cause].text);
    if (!shmget_diagnosis_exceeds_group(diagnosis))
        return;
    if (out->length > before)
        strbuf_puts(out, "; ");
    strbuf_puts(out,
                "ask for less, or allow the group more: MemoryMax= of a systemd unit, --memory "
                "of a container");
}
