#include "view/describe_shmget.h"

#include <string.h>

#include "base/num.h"
#include "view/describe.h"
#include "view/human.h"

static uint64_t limit_value(const struct shmget_diagnosis *diagnosis, enum limit_id id)
{
    return diagnosis->inventory.limits.values[id];
}

static uint64_t page_size_of(const struct shmget_diagnosis *diagnosis)
{
    return diagnosis->inventory.limits.page_size;
}

static void put_pages(struct strbuf *out, const struct shmget_diagnosis *diagnosis, uint64_t pages)
{
    describe_pages(out, pages, page_size_of(diagnosis));
}

/* --- A segment has the key -------------------------------------------------------------------- */

/* Appends "segment 5 has the key". */
static void put_key_holder(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    strbuf_printf(out, "segment %d has the key", diagnosis->segment->segment.shmid);
}

static void put_key_segment(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    describe_segment(out, &diagnosis->inventory, diagnosis->segment);
}

static void describe_finds(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    put_key_holder(out, diagnosis);
    strbuf_puts(out, " and is what the call returns, with its ");
    describe_bytes(out, diagnosis->segment->segment.size);
    if (diagnosis->segment->segment.size > diagnosis->request.size && diagnosis->request.size > 0) {
        strbuf_puts(out, ": more than the ");
        strbuf_put_u64(out, diagnosis->request.size);
        strbuf_puts(out, " asked for, and with what was in it before");
    }
    strbuf_puts(out, "; ");
    put_key_segment(out, diagnosis);
}

/* Says that the key was taken until its segment was marked for destruction. */
static void put_former(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    if (!diagnosis->former)
        return;
    strbuf_printf(out,
                  "; segment %d had it until it was marked for destruction, and is still held by ",
                  diagnosis->former->segment.shmid);
    describe_holders(out, diagnosis->former);
    strbuf_puts(out, ", who will share nothing with a new one");
}

static void describe_makes(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    bool huge = (diagnosis->request.flags & SHMGET_HUGE) != 0;

    if (diagnosis->request.key != 0)
        strbuf_puts(out, "nobody has the key: ");
    strbuf_puts(out, "the call makes a new segment of ");
    describe_bytes(out, diagnosis->request.size);
    if (huge && diagnosis->huge.page_size > 0) {
        strbuf_puts(out, ", ");
        describe_huge_pages(out, huge_pages_of(&diagnosis->huge, diagnosis->request.size),
                            diagnosis->huge.page_size);
    } else if (huge) {
        strbuf_puts(out, "; whether there are huge pages for it is unknown: /proc or /sys does "
                         "not show them");
    } else if (!diagnosis->memory.known) {
        strbuf_puts(out, "; whether there is memory for it is unknown: /proc/meminfo and "
                         "/proc/sys/vm cannot be read");
    }
    put_former(out, diagnosis);
}

static void describe_exists(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    put_key_holder(out, diagnosis);
    strbuf_puts(out, ", and with IPC_EXCL nobody may have it; ");
    put_key_segment(out, diagnosis);
}

static void describe_too_small(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    put_key_holder(out, diagnosis);
    strbuf_puts(out, " and only ");
    describe_bytes(out, diagnosis->segment->segment.size);
    strbuf_puts(out, ", less than the ");
    strbuf_put_u64(out, diagnosis->request.size);
    strbuf_puts(out, " asked for; a segment never grows; ");
    put_key_segment(out, diagnosis);
}

/* Appends permission bits in words: "reading and writing". */
static void put_permissions(struct strbuf *out, unsigned bits)
{
    static const char *const names[] = {
        "nothing",
        "execution",
        "writing",
        "writing and execution",
        "reading",
        "reading and execution",
        "reading and writing",
        "reading, writing and execution",
    };

    strbuf_puts(out, names[bits & 07]);
}

/* Appends "grants zc reading". */
static void put_grants(struct strbuf *out, const struct shmget_diagnosis *diagnosis,
                       const struct segment *segment)
{
    const struct inventory *inventory = &diagnosis->inventory;

    strbuf_puts(out, "grants ");
    describe_user(out, inventory->user, inventory->credentials.euid);
    strbuf_putc(out, ' ');
    put_permissions(out, shmget_granted_bits(segment, &inventory->credentials));
}

static void describe_denied(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    put_key_holder(out, diagnosis);
    strbuf_puts(out, " and ");
    put_grants(out, diagnosis, &diagnosis->segment->segment);
    strbuf_printf(out, ", but mode %03o asks for ",
                  (unsigned)(diagnosis->request.flags & SHMGET_MODE));
    put_permissions(out, shmget_asked_bits(diagnosis->request.flags));
    strbuf_puts(out, "; ");
    put_key_segment(out, diagnosis);
}

/* --- Nobody has it ---------------------------------------------------------------------------- */

static void describe_absent(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    strbuf_puts(out, "nobody has the key, in this IPC namespace, and without IPC_CREAT "
                     "none is made");
    put_former(out, diagnosis);
    for (size_t i = 0; i < diagnosis->elsewhere.key_count && i < DESCRIBE_NAMED_MAX; i++) {
        const struct elsewhere_key *key = &diagnosis->elsewhere.keys[i];

        strbuf_printf(out, "; IPC namespace %llu", (unsigned long long)key->number);
        if (key->container)
            strbuf_printf(out, " (container %s)", key->container);
        strbuf_printf(out, " has a segment with it, %d", key->shmid);
    }
}

static void describe_zero(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    if (diagnosis->request.key != 0)
        strbuf_puts(out, "nobody has the key, and ");
    strbuf_puts(out, "a new segment must have 1 byte or more (shmmin)");
}

static void describe_above_shmmax(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    if (diagnosis->request.key != 0)
        strbuf_puts(out, "nobody has the key, and ");
    strbuf_puts(out, "a new segment may have no more than shmmax, ");
    describe_bytes(out, limit_value(diagnosis, LIMIT_SHMMAX));
    strbuf_puts(out, "; asked for are ");
    describe_bytes(out, diagnosis->request.size);
}

static void describe_above_files(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    strbuf_puts(out, "the kernel makes no segment of 2^63 bytes or more, whatever the "
                     "limits allow; asked for are ");
    describe_bytes(out, diagnosis->request.size);
}

/*
 * Appends who has the most of what a full limit is about, and which process made more than half of
 * it and is alive.
 */
static void put_shares(struct strbuf *out, const struct shmget_diagnosis *diagnosis, bool in_pages)
{
    const struct sum *creator = &diagnosis->creator;
    const struct usage *usage = &diagnosis->inventory.usage;
    uint64_t share = in_pages ? creator->pages : creator->segments;
    uint64_t all = in_pages ? usage->pages : usage->segments;

    describe_largest(out, &diagnosis->sums, page_size_of(diagnosis));
    if (creator->segments == 0 || share <= all / 2)
        return;
    strbuf_puts(out, "; ");
    describe_process(out, creator->first.command, creator->first.segment.cpid);
    strbuf_puts(out, " (alive) made ");
    human_count(out, creator->segments, "segment");
    strbuf_puts(out, ", ");
    put_pages(out, diagnosis, creator->pages);
}

static void describe_above_shmall(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    strbuf_puts(out, "this is about a limit, not about disks: shmall allows ");
    put_pages(out, diagnosis, limit_value(diagnosis, LIMIT_SHMALL));
    strbuf_puts(out, " for all segments together; ");
    strbuf_put_u64(out, diagnosis->inventory.usage.pages);
    strbuf_puts(out, " are in use and ");
    strbuf_put_u64(out, pages_of(diagnosis->request.size, page_size_of(diagnosis)));
    strbuf_puts(out, " more are asked for");
    put_shares(out, diagnosis, true);
}

static void describe_above_shmmni(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    strbuf_puts(out, "this is about a limit, not about disks: shmmni allows ");
    human_count(out, limit_value(diagnosis, LIMIT_SHMMNI), "segment");
    strbuf_puts(out, ", and there are ");
    strbuf_put_u64(out, diagnosis->inventory.usage.segments);
    put_shares(out, diagnosis, false);
}

static void describe_no_memory(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    const struct memory_state *memory = &diagnosis->memory;

    describe_bytes(out, diagnosis->request.size);
    strbuf_puts(out, " are more memory than the kernel grants: ");
    if (memory->overcommit == 2) {
        strbuf_puts(out, "with vm.overcommit_memory 2 at most ");
        human_pages(out, memory->commit_limit, page_size_of(diagnosis));
        strbuf_puts(out, ", of which ");
        human_pages(out, memory->committed, page_size_of(diagnosis));
        strbuf_puts(out, " are taken");
        return;
    }
    strbuf_puts(out, "it has ");
    human_pages(out, memory->total, page_size_of(diagnosis));
    strbuf_puts(out, " of RAM and swap");
}

static void describe_huge_size(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    const struct huge_state *huge = &diagnosis->huge;
    unsigned log = diagnosis->request.flags >> SHMGET_HUGE_SHIFT;

    if (huge->size_count == 0) {
        strbuf_puts(out, "this kernel has no huge pages");
        return;
    }
    strbuf_puts(out, "there are no huge pages of ");
    human_size_long(out, UINT64_C(1) << log);
    strbuf_puts(out, ", but of ");
    for (size_t i = 0; i < huge->size_count; i++) {
        if (i > 0)
            strbuf_puts(out, i + 1 < huge->size_count ? ", " : " and ");
        human_size_long(out, huge->sizes[i]);
    }
}

static void describe_huge_denied(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    const struct huge_state *huge = &diagnosis->huge;

    strbuf_puts(out, "segments of huge pages are for those who have CAP_IPC_LOCK");
    if (diagnosis->inventory.credentials.private_user)
        strbuf_puts(out, " on the host, not in a user namespace");
    strbuf_puts(out, ", and for the group of vm.hugetlb_shm_group");
    if (huge->has_group)
        strbuf_printf(out, ", gid %lu", (unsigned long)huge->group);
    strbuf_puts(out, "; ");
    describe_user(out, diagnosis->inventory.user, diagnosis->inventory.credentials.euid);
    strbuf_puts(out, " has neither; RLIMIT_MEMLOCK (ulimit -l) does not help");
}

static void describe_huge_short(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    const struct huge_state *huge = &diagnosis->huge;

    describe_bytes(out, diagnosis->request.size);
    strbuf_puts(out, " need ");
    describe_huge_pages(out, huge_pages_of(&diagnosis->huge, diagnosis->request.size),
                        diagnosis->huge.page_size);
    strbuf_puts(out, "; the pool has ");
    human_count(out, huge->total, "page");
    if (huge->total > 0) {
        strbuf_puts(out, ", of which ");
        strbuf_put_u64(out, huge->free);
        strbuf_puts(out, " are free");
    }
    if (huge->reserved > 0) {
        strbuf_puts(out, ", ");
        strbuf_put_u64(out, huge->reserved);
        strbuf_puts(out, " of these promised to other segments and mappings");
    }
    if (huge->more > 0) {
        strbuf_puts(out, ", and no more than ");
        strbuf_put_u64(out, huge->more);
        strbuf_puts(out, " may be added (nr_overcommit_hugepages)");
    }
}

/* --- The call is refused ---------------------------------------------------------------------- */

static void describe_filtered(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    strbuf_puts(out, "the call itself is refused, whatever it asks for: a key that nobody has is "
                     "answered in the same way, where ENOENT is the normal answer; ");
    strbuf_puts(out, diagnosis->has_filter
                         ? "a system call filter (seccomp) is in force here"
                         : "no system call filter (seccomp) is in force here, so a security module "
                           "(SELinux, AppArmor) may forbid it");
}

static void describe_no_sysv(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    strbuf_puts(out, "this kernel has no System V shared memory: it was built without "
                     "CONFIG_SYSVIPC");
    if (diagnosis->has_filter)
        strbuf_puts(out, ", or the system call filter (seccomp) that is in force here hides it");
}

/* --- shmat ------------------------------------------------------------------------------------ */

static void put_attach_denied(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    struct segment segment =
        shmget_new_segment(&diagnosis->request, &diagnosis->inventory.credentials);

    if (diagnosis->segment)
        segment = diagnosis->segment->segment;
    strbuf_printf(out, "mode %03o ", (unsigned)(segment.mode & SHMGET_MODE));
    put_grants(out, diagnosis, &segment);
}

static void put_attach_no_room(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    if (!diagnosis->space.has_limit) {
        strbuf_printf(out, "the address space of a process of %zu bits has no room for so much",
                      8 * sizeof(void *));
        return;
    }
    strbuf_puts(out, "the address space of a process may have no more than ");
    describe_bytes(out, diagnosis->space.limit);
    strbuf_puts(out, ", its program and libraries counted in (RLIMIT_AS, ulimit -v)");
}

static void put_attach_cause(struct strbuf *out, const struct shmget_diagnosis *diagnosis,
                             enum shmat_cause cause)
{
    switch (cause) {
    case SHMAT_DENIED:
        put_attach_denied(out, diagnosis);
        break;
    case SHMAT_NO_ROOM:
        put_attach_no_room(out, diagnosis);
        break;
    case SHMAT_EMPTY:
        strbuf_puts(out, "rounded up to huge pages its size is beyond 64 bits, and nothing is "
                         "left of it");
        break;
    case SHMAT_FILTERED:
        strbuf_puts(out, "the call itself is refused, whatever it asks for");
        break;
    case SHMAT_ATTACHES:
        break;
    }
}

/* Appends why shmat would fail, as far as it was asked for. */
static void describe_attach(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    static const char *const purposes[SHMAT_ACCESS_COUNT] = {
        [SHMAT_READ] = "reading",
        [SHMAT_WRITE] = "reading and writing",
    };
    const struct shmat_answer *read = &diagnosis->attach[SHMAT_READ];
    const struct shmat_answer *write = &diagnosis->attach[SHMAT_WRITE];
    enum shmat_access access = diagnosis->has_access ? diagnosis->access : SHMAT_WRITE;

    /* Who may not read may not write; what makes the two differ is permission alone. */
    if (diagnosis->attach[access].code == 0)
        return;
    strbuf_puts(out, "; attaching it");
    if (diagnosis->has_access || read->cause != write->cause)
        strbuf_printf(out, " for %s", purposes[access]);
    strbuf_puts(out, " fails: ");
    put_attach_cause(out, diagnosis, diagnosis->attach[access].cause);
}

/* --- The whole -------------------------------------------------------------------------------- */

static const struct {
    void (*put)(struct strbuf *out, const struct shmget_diagnosis *diagnosis);
    const char *text; /* where it is always the same */
} causes[SHMGET_CAUSE_COUNT] = {
    [SHMGET_FINDS] = {describe_finds, NULL},
    [SHMGET_MAKES] = {describe_makes, NULL},
    [SHMGET_EXISTS] = {describe_exists, NULL},
    [SHMGET_TOO_SMALL] = {describe_too_small, NULL},
    [SHMGET_DENIED] = {describe_denied, NULL},
    [SHMGET_ABSENT] = {describe_absent, NULL},
    [SHMGET_ZERO] = {describe_zero, NULL},
    [SHMGET_ABOVE_SHMMAX] = {describe_above_shmmax, NULL},
    [SHMGET_WRAPS] = {describe_above_files, NULL},
    [SHMGET_ABOVE_SHMALL] = {describe_above_shmall, NULL},
    [SHMGET_ABOVE_FILES] = {describe_above_files, NULL},
    [SHMGET_NO_MEMORY] = {describe_no_memory, NULL},
    [SHMGET_HUGE_SIZE] = {describe_huge_size, NULL},
    [SHMGET_HUGE_DENIED] = {describe_huge_denied, NULL},
    [SHMGET_HUGE_SHORT] = {describe_huge_short, NULL},
    [SHMGET_ABOVE_SHMMNI] = {describe_above_shmmni, NULL},
    [SHMGET_REFUSED] =
        {NULL, "limits, permissions and segments do not explain this answer: a security module "
               "(SELinux, AppArmor) or a system call filter may forbid the call"},
    [SHMGET_FILTERED] = {describe_filtered, NULL},
    [SHMGET_NO_SYSV] = {describe_no_sysv, NULL},
};

void describe_shmget(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    enum shmget_cause cause = diagnosis->answer.cause;

    if (causes[cause].put)
        causes[cause].put(out, diagnosis);
    else
        strbuf_puts(out, causes[cause].text);
    if (diagnosis->answer.code == 0)
        describe_attach(out, diagnosis);
}

void describe_shmget_warning(struct strbuf *out, const struct shmget_diagnosis *diagnosis)
{
    const struct memory_group *group = &diagnosis->group;

    if (!shmget_diagnosis_exceeds_group(diagnosis))
        return;
    strbuf_puts(out, "the memory control group ");
    strbuf_puts(out, group->path);
    strbuf_puts(out, " allows ");
    human_size_long(out, group->limit);
    strbuf_puts(out, ", of which ");
    human_size_long(out, group->left);
    strbuf_puts(out, " are left, and the segment takes up to ");
    human_size_long(out, diagnosis->untouched);
    strbuf_puts(out, " more: a process that touches all of it is killed");
}
