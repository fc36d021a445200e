#include "view/finding_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "view/describe.h"
#include "view/human.h"
#include "view/remedy.h"

/* --- Parts of messages ------------------------------------------------------------------------ */

/* Appends whose the finding's segments are. */
static void put_finding_owner(const struct finding_text *text)
{
    describe_owner(text->out, text->inventory, text->finding->rows[0]);
}

void finding_put_amount(const struct finding_text *text, const char *one, const char *several)
{
    const struct finding *finding = text->finding;
    uint64_t bytes = 0;

    for (size_t i = 0; i < finding->count; i++)
        bytes = saturating_add(bytes, finding->rows[i]->segment.size);
    describe_segments(text->out, finding->count, bytes);
    strbuf_puts(text->out, finding->count == 1 ? one : several);
}

void finding_put_owner_option(struct strbuf *out, const struct finding_text *text)
{
    remedy_owner(out, text->inventory, text->finding->rows[0]->owner,
                 text->finding->rows[0]->segment.uid);
}

void finding_put_ids(struct strbuf *out, const struct finding *finding)
{
    for (size_t i = 0; i < finding->count && i < DESCRIBE_NAMED_MAX; i++)
        strbuf_printf(out, " %d", finding->rows[i]->segment.shmid);
}

/* --- Messages --------------------------------------------------------------------------------- */

static void describe_orphans(const struct finding_text *text)
{
    finding_put_amount(
        text,
        ", is an orphan: nobody has it attached, those who did are dead, and without a key "
        "nobody can find it again; it belongs to ",
        ", are orphans: nobody has them attached, those who did are dead, and without a "
        "key nobody can find them again; they belong to ");
    put_finding_owner(text);
}

/* How many segments of the finding are of the program of its row FIRST; 0: an earlier row counts
 * it. */
static size_t count_same_program(const struct finding *finding, size_t first)
{
    const char *program = segment_program_text(&finding->rows[first]->program);
    size_t count = 0;

    for (size_t i = 0; program && i < finding->count; i++) {
        const char *other = segment_program_text(&finding->rows[i]->program);

        if (!other || strcmp(other, program) != 0)
            continue;
        if (i < first)
            return 0;
        count++;
    }
    return count;
}

/* Appends "; 2 are of ntpd? (kept on purpose), 1 of postgresql", where any program is known. */
static void put_programs(const struct finding_text *text)
{
    const struct finding *finding = text->finding;
    const char *between = "; ";

    for (size_t i = 0; i < finding->count; i++) {
        const struct segment_program *program = &finding->rows[i]->program;
        size_t count = count_same_program(finding, i);

        if (count == 0)
            continue;
        if (finding->count == 1)
            strbuf_puts(text->out, "; it is");
        else
            strbuf_printf(text->out, "%s%zu%s", between, count,
                          *between != ';' ? ""
                          : count == 1    ? " is"
                                          : " are");
        strbuf_printf(text->out, " of %s%s", segment_program_text(program),
                      program->is && program->is->keeps ? " (kept on purpose)" : "");
        between = ", ";
    }
}

static void describe_keyed_orphans(const struct finding_text *text)
{
    finding_put_amount(
        text,
        ", is an orphan with a key: left over, or kept on purpose for the next start of its "
        "program (ntpd, gpsd, Berkeley DB); it belongs to ",
        ", are orphans with a key: left over, or kept on purpose for the next start of "
        "their programs (ntpd, gpsd, Berkeley DB); they belong to ");
    put_finding_owner(text);
    put_programs(text);
}

static void describe_states(const struct finding_text *text)
{
    CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;
    size_t begin;

    finding_put_amount(
        text, ", is attached by nobody, and whether it is an orphan is unknown: ",
        ", are attached by nobody, and whether they are orphans is unknown; for each, ");
    begin = text->out->length;
    /* Each reason once. */
    for (size_t i = 0; i < text->finding->count; i++) {
        strbuf_reset(&reason);
        describe_doubt(&reason, text->finding->rows[i]);
        if (strstr(strbuf_string(text->out) + begin, strbuf_string(&reason)))
            continue;
        if (text->out->length > begin)
            strbuf_puts(text->out, "; or ");
        strbuf_append(text->out, strbuf_string(&reason), reason.length);
    }
}

static void describe_owners(const struct finding_text *text)
{
    finding_put_amount(text, ", belongs to a user that does not exist",
                       ", belong to a user that does not exist");
    strbuf_puts(text->out,
                text->finding->rows[0]->elsewhere == 0 ? ": " : " here, but may in a container: ");
    put_finding_owner(text);
}

static void describe_writable(const struct finding_text *text)
{
    finding_put_amount(text, ", can be written by every user: its perms are ",
                       ", can be written by every user: their perms are ");
    strbuf_printf(text->out, "%o%s; ", (unsigned)text->finding->rows[0]->segment.mode & 0777,
                  text->finding->count > 1 ? " and the like" : "");
    strbuf_puts(text->out, text->finding->count == 1 ? "it belongs to " : "they belong to ");
    put_finding_owner(text);
    if (text->finding->severity > SEVERITY_INFO)
        strbuf_puts(text->out, ", whose programs read there what anybody may have written");
}

static void describe_remove_ipc(const struct finding_text *text)
{
    const char *file = text->diagnosis->remove_ipc_file;

    finding_put_amount(text, ", is attached by nobody and goes at the last logout of ",
                       ", are attached by nobody and go at the last logout of ");
    put_finding_owner(text);
    strbuf_printf(text->out,
                  ": systemd-logind then removes what an ordinary user left, semaphores and "
                  "message queues too (RemoveIPC=yes%s%s)",
                  file ? " in " : ", the default", file ? file : "");
}

/* --- Remedies --------------------------------------------------------------------------------- */

/* Appends "shmtool rm ARGUMENTS --owner zc", and before it who else must run it: it is about ROWS.
 */
static void put_rm(const struct finding_text *text, const char *arguments,
                   const struct segment_info *const *rows, size_t count)
{
    CLEANUP_STRBUF struct strbuf words = STRBUF_INIT;

    strbuf_puts(&words, arguments);
    finding_put_owner_option(&words, text);
    remedy_remove(text->out, text->inventory, rows, count, strbuf_string(&words));
}

static void remedy_orphans(const struct finding_text *text)
{
    put_rm(text, "--orphan --key 0", text->finding->rows, text->finding->count);
}

static void remedy_keyed_orphans(const struct finding_text *text)
{
    CLEANUP_STRBUF struct strbuf ids = STRBUF_INIT;
    const struct finding *finding = text->finding;

    if (finding->count > DESCRIBE_NAMED_MAX) {
        strbuf_puts(text->out, "see what each is (");
        remedy_shmtool(text->out, text->inventory->elsewhere);
        strbuf_puts(text->out, " ls -l --orphan");
        finding_put_owner_option(text->out, text);
        strbuf_puts(text->out, "), and remove by their ids those that nobody needs: ");
        remedy_remove(text->out, text->inventory, finding->rows, finding->count, "ID...");
        return;
    }
    finding_put_ids(&ids, finding);
    strbuf_printf(text->out, "if nobody needs %s: ", finding->count == 1 ? "it" : "them");
    remedy_remove(text->out, text->inventory, finding->rows, finding->count,
                  strbuf_string(&ids) + 1);
}

static void remedy_states(const struct finding_text *text)
{
    if (!text->inventory->own_pids) {
        strbuf_puts(text->out, "mount the /proc of this PID namespace and ask again (unshare "
                               "--mount-proc does it)");
        return;
    }
    strbuf_puts(text->out, "see what is known of each (");
    remedy_shmtool(text->out, text->inventory->elsewhere);
    strbuf_puts(text->out, " stat --state unknown");
    finding_put_owner_option(text->out, text);
    strbuf_puts(text->out, "), and ask ");
    put_finding_owner(text);
    strbuf_puts(text->out, " before you remove any");
}

/*
 * First what nobody can find again, then what is to be inspected before; never what is in use. rm
 * leaves what is protected. Of another namespace nothing: the user may be one of a container.
 */
static void remedy_owners(const struct finding_text *text)
{
    const struct finding *finding = text->finding;
    CLEANUP_FREE const struct segment_info **rows =
        xcalloc(finding->count, sizeof(struct segment_info *));
    size_t unfindable = 0;
    size_t attached = 0;
    bool one;

    for (size_t i = 0; i < finding->count; i++) {
        const struct segment_info *info = finding->rows[i];

        if (info->state == STATE_ORPHAN && info->segment.key == 0 && !info->protected_by &&
            info->elsewhere == 0)
            rows[unfindable++] = info;
        attached += info->segment.nattch > 0 || info->protected_by || info->elsewhere != 0;
    }
    if (unfindable > 0)
        put_rm(text, "--orphan --key 0", rows, unfindable);
    if (unfindable == finding->count)
        return;
    one = finding->count - unfindable == 1;
    strbuf_puts(text->out, unfindable > 0 ? "; then " : "");
    strbuf_puts(text->out,
                one ? "see what it is and who uses it (" : "see what they are and who uses them (");
    remedy_shmtool(text->out, text->inventory->elsewhere);
    strbuf_puts(text->out, " stat");
    finding_put_owner_option(text->out, text);
    strbuf_putc(text->out, ')');
    if (attached + unfindable == finding->count)
        return;
    strbuf_printf(text->out, "; if nobody needs %s: ", one ? "it" : "them");
    put_rm(text, "--unattached", finding->rows, finding->count);
}

static void remedy_writable(const struct finding_text *text)
{
    strbuf_puts(text->out,
                "its program can ask shmget for the mode 0600 or 0660; see who uses it: ");
    remedy_shmtool(text->out, text->inventory->elsewhere);
    strbuf_puts(text->out, " stat");
    finding_put_ids(text->out, text->finding);
}

static void remedy_remove_ipc(const struct finding_text *text)
{
    const char *file = text->diagnosis->remove_ipc_file;
    const struct segment_info *first = text->finding->rows[0];

    strbuf_puts(text->out, "if that is not intended: ");
    remedy_as_owner(text->out, text->inventory, NULL, 0);
    strbuf_printf(text->out,
                  "set RemoveIPC=no in the section [Login] of %s, and restart logind (systemctl "
                  "restart systemd-logind)",
                  file ? file : "a new file /etc/systemd/logind.conf.d/ipc.conf");
    if (!first->owner)
        return;
    strbuf_puts(text->out, "; or for this user alone: ");
    remedy_as_owner(text->out, text->inventory, NULL, 0);
    strbuf_puts(text->out, "loginctl enable-linger ");
    remedy_word(text->out, first->owner);
}

const struct check_text segment_check_texts[] = {
    {CHECK_ORPHANS, describe_orphans, remedy_orphans},
    {CHECK_KEYED_ORPHANS, describe_keyed_orphans, remedy_keyed_orphans},
    {CHECK_STATES, describe_states, remedy_states},
    {CHECK_OWNERS, describe_owners, remedy_owners},
    {CHECK_WRITABLE, describe_writable, remedy_writable},
    {CHECK_REMOVE_IPC, describe_remove_ipc, remedy_remove_ipc},
    {CHECK_COUNT, NULL, NULL},
};
