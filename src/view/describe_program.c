#include "view/describe_program.h"

/* "the processes that have it attached run postgres" */
static void put_running(struct strbuf *out, const struct segment_program *program)
{
    bool attached = program->by == PROGRAM_BY_ATTACHED;
    const struct executable *running = program->running;

    strbuf_puts(out, attached ? "the processes that have it attached " : "its creator ");
    if (!running->is_file)
        strbuf_printf(out, "%s %s, as any process may",
                      attached ? "call themselves" : "calls itself", running->name);
    else
        strbuf_printf(out, "%s %s%s", attached ? "run" : "runs", running->name,
                      running->is_sure ? "" : ", a file that root alone did not put there");
}

static void put_file(struct strbuf *out, const struct segment_program *program)
{
    if (program->is->proof == PROOF_POSTGRES && program->by == PROGRAM_BY_FILE)
        strbuf_printf(out, "%s/postmaster.pid names its key and id", program->file);
    else if (program->is->proof == PROOF_POSTGRES)
        strbuf_printf(out,
                      "its key is the inode number of its creator's directory %s, whose "
                      "postmaster.pid cannot be read",
                      program->file);
    else
        strbuf_printf(out, "its key is made of the file %s", program->file);
}

static void put_key(struct strbuf *out, const struct segment_info *info)
{
    char letters[5];

    strbuf_puts(out, "its key ");
    strbuf_put_key(out, info->segment.key);
    if (program_key_letters(info->segment.key, letters))
        strbuf_printf(out, " (%s)", letters);
    strbuf_puts(out, " is one of that program's, but any other may have taken it");
}

/* What PostgreSQL does with it, and what must not be done. The creator is the postmaster. */
static void put_postgres(struct strbuf *out, const struct segment_info *info)
{
    const char *directory = info->program.file;

    if (info->program.running)
        strbuf_printf(out, " Its data directory is %s.", directory);
    if (info->creator_status == PROCESS_ALIVE) {
        strbuf_printf(out, " Its server runs: process %d.", (int)info->segment.cpid);
    } else if (info->segment.nattch > 0) {
        strbuf_printf(out,
                      " %s, but a backend still has it attached: end that first. Removing the "
                      "segment and postmaster.pid while it lives lets two servers onto one "
                      "directory.",
                      info->creator_status == PROCESS_DEAD ||
                              info->creator_status == PROCESS_PID_REUSED
                          ? "Its server does not run"
                          : "Whether its server runs is not known");
    } else {
        strbuf_puts(out, " No server has it attached; the next start of the server cleans it up. "
                         "There is no need to remove it by hand, nor postmaster.pid.");
    }
}

void describe_program(struct strbuf *out, const struct segment_info *info,
                      const struct inventory *inventory)
{
    const struct segment_program *program = &info->program;

    if (program->label)
        strbuf_printf(out, " shmtool.conf calls it %s.", program->label);
    if (!program->is)
        return;
    strbuf_printf(out, " It %s of %s: ", program->is_guess ? "may be" : "is", program->is->title);
    if (program->running)
        put_running(out, program);
    else if (program->file)
        put_file(out, program);
    else
        put_key(out, info);
    strbuf_putc(out, '.');
    if (program->is->proof == PROOF_POSTGRES && program->file)
        put_postgres(out, info);
    if (program->is->keeps)
        strbuf_printf(out, " %s keeps its segments on purpose for its next start.",
                      program->is->title);
    if (program->is->cleaner)
        strbuf_printf(out, " Its own command for what it left%s: %s.",
                      inventory->live ? "" : " on that machine", program->is->cleaner);
}
