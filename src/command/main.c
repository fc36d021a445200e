/*
 * shmtool shows, explains and safely cleans System V shared memory.
 *
 * The modules, from the ground up. A file includes only its own layer and those above it here.
 *
 * base       libc only, knows nothing of segments
 *   cleanup          scope-bound release and handing over
 *   xalloc           memory that is always there
 *   error            what went wrong, carried upward
 *   clock            a clock that only goes forward, in nanoseconds
 *   strbuf           growing bytes
 *   text             untrusted text made safe for terminals and JSON
 *   num              spans, sums that cannot wrap, pages, the order of two numbers
 *   parse            strict numbers, ids, keys, sizes, ranges, ages
 * model      plain data, no input or output
 *   attachment       a segment that a process has attached
 *   segment          the record, its identity, lists of it
 *   idset            sets of segment ids
 *   state            used, dest, orphan, idle, unknown
 *   filter           the selection options as data, and the test
 *   selection        named ids and a filter; lines of rm's standard input
 *   limits           limits of shared memory, what is in use; NAME=VALUE
 *   shmget           what shmget answers, check by check
 *   sysctl_text      lines of a file of sysctl.d
 *   kinship          whose was a process number, by births and deaths
 * kernel     the only code that touches the system
 *   sysv             the only caller of shm*()
 *   procfs           files below / or --sysroot
 *   source           segments, by the calls or from a listing; source_proc: the listing
 *   names            users and groups
 *   pids             processes by number: alive, since when, which command
 *   pidstat          the line /proc/PID/stat
 *   attach           who has which segment mapped; maps: which mappings are segments; shmdev:
 *                    on which devices segments are
 *   system           procfs, names and pids together
 *   interrupts       signals held back
 *   limits           limits read and set; how memory is promised
 *   credentials      whose rights count
 *   sysctl_file      limits kept over a reboot
 *   filewalk         the files of one file system
 *   ticks            clocks that only go forward
 *   signals          every signal held back and taken in turn
 *   child, terminal  a program as our child; who has the terminal
 *   namespace        an IPC namespace of one's own
 *   forks, bearer    births of processes as they happen; descent as /proc shows it
 * action     what changes things or combines
 *   select           from a selection to segments
 *   removal          plan, verify, remove
 *   survey           segments, limits and their use in one reading
 *   ftok             keys of files, files of a key
 *   supervise        a program run, and what it left removed; supervise_trace: whose is it?
 *   diagnose         what is wrong on this machine; diagnose_call: one call of shmget
 * view       what people and programs read
 *   human            sizes, times, counts
 *   column, sort     columns of any record; segment_columns: those of segments
 *   writer, table    records as table, ids, JSON, NDJSON, CSV
 *   attachment_columns  columns of a process and what it has attached
 *   explain          a segment's state, attach count and fate in words; segment_block: all of it
 *   prompt           the question
 *   removal_report   what rm is about to do, and did
 *   limits_report    limits as table and JSON
 *   ftok_columns     columns of files and their keys
 *   words, tally     phrases about segments and processes; how many of what
 *   advice, wrap     for whom and where commands are that mend something; lines that fit a terminal
 *   findings_report  what doctor found; findings_words: what it means, and what mends it
 *   call_report, call_words  why a call of shmget fails
 * command    one file a command
 *   command          the list of commands, messages
 *   options, help    command lines, made from tables
 *   inspect          segments and their processes, for who and stat
 *   cmd_*            a command each
 *   main             from argv to a command
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "command/command.h"
#include "command/help.h"

/* The words in front of the command. */
struct invocation {
    const char *sysroot;
    int command_at; /* in argv */
    int status;     /* when nothing is left to do; else -1 */
};

/*
 * A standard stream that is closed would be taken by the next file opened, and results written
 * into it. /dev/null takes its place, opened the wrong way round: using it is an error.
 */
static void hold_standard_streams(void)
{
    static const int wrong_way[] = {O_WRONLY, O_RDONLY, O_RDONLY};

    for (int fd = 0; fd < 3; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            open("/dev/null", wrong_way[fd] | O_CLOEXEC); /* a program of run's gets it closed */
    }
}

/* Standard output as a stream that remembers why a write failed: stdio keeps no more than that. */
struct output {
    int fd;
    int code; /* positive errno of the first failure; 0: none */
};

static ssize_t write_output(void *cookie, const char *data, size_t size)
{
    struct output *output = cookie;
    size_t done = 0;

    while (done < size) {
        ssize_t written = write(output->fd, data + done, size - done);

        if (written >= 0) {
            done += (size_t)written;
        } else if (errno != EINTR) {
            output->code = output->code ? output->code : errno;
            return 0;
        }
    }
    return (ssize_t)done;
}

static FILE *open_output(struct output *output)
{
    const cookie_io_functions_t functions = {.write = write_output};
    FILE *stream = fopencookie(output, "w", functions);

    if (!stream)
        xalloc_die();
    /* On a terminal each line is seen when it is written. */
    if (isatty(output->fd))
        setvbuf(stream, NULL, _IOLBF, BUFSIZ);
    return stream;
}

static int usage(struct context *context, const char *word, const char *why)
{
    context_warn(context, "%s%s%s; see 'shmtool --help'", word, *word ? ": " : "", why);
    return STATUS_USAGE;
}

/* shmtool help [COMMAND] */
static int show_help(struct context *context, int argc, char **argv, int at)
{
    const struct command *command;

    if (at == argc) {
        help_program(context->out);
        return STATUS_DONE;
    }
    if (at + 1 < argc)
        return usage(context, text_word(argv[at + 1]), "help takes one command");
    command = command_find(argv[at]);
    if (!command)
        return usage(context, text_word(argv[at]), "no such command");
    help_command(context->out, command);
    return STATUS_DONE;
}

static struct invocation read_invocation(struct context *context, int argc, char **argv)
{
    struct invocation invocation = {.command_at = 1, .status = -1};

    for (; invocation.command_at < argc; invocation.command_at++) {
        const char *word = argv[invocation.command_at];

        if (strcmp(word, "--help") == 0) {
            help_program(context->out);
            invocation.status = STATUS_DONE;
        } else if (strcmp(word, "--version") == 0) {
            fputs("shmtool " SHMTOOL_VERSION "\n", context->out);
            invocation.status = STATUS_DONE;
        } else if (strncmp(word, "--sysroot=", 10) == 0) {
            invocation.sysroot = word + 10;
        } else if (strcmp(word, "--sysroot") == 0 && invocation.command_at + 1 < argc) {
            invocation.sysroot = argv[++invocation.command_at];
        } else if (strcmp(word, "--sysroot") == 0) {
            invocation.status = usage(context, word, "needs a directory");
        } else if (strcmp(word, "help") == 0) {
            invocation.status = show_help(context, argc, argv, invocation.command_at + 1);
        } else if (word[0] == '-') {
            invocation.status = usage(context, word, "no such option");
        } else {
            return invocation;
        }
        if (invocation.status < 0 && invocation.sysroot && *invocation.sysroot == '\0')
            invocation.status = usage(context, "--sysroot", "needs a directory");
        if (invocation.status >= 0)
            return invocation;
    }
    invocation.status = usage(context, "", "a command is missing");
    return invocation;
}

static int run_command(struct context *context, const struct invocation *invocation, int argc,
                       char **argv)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct command *command = command_find(argv[invocation->command_at]);
    int status;

    if (!command)
        return usage(context, text_word(argv[invocation->command_at]), "no such command");
    context->command = command->name;
    if (invocation->sysroot && command->flags & COMMAND_CHANGES) {
        context_warn(context, "--sysroot: %s changes the live system only", command->name);
        return STATUS_USAGE;
    }
    if (system_open(&context->system, invocation->sysroot, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    status = command->run(context, argc - invocation->command_at, argv + invocation->command_at);
    system_close(&context->system);
    return status;
}

/* Results that could not be written are a failure, but for a reader who went away. */
static int close_output(struct context *context, struct output *output, int status)
{
    fclose(context->out);
    if (close(output->fd) < 0 && output->code == 0)
        output->code = errno;
    if (output->code == 0)
        return status;
    if (output->code != EPIPE)
        context_warn(context, "standard output: %s", strerror(output->code));
    return status == STATUS_DONE ? STATUS_FAILED : status;
}

int main(int argc, char **argv)
{
    struct output output = {.fd = STDOUT_FILENO};
    struct context context = {.err = stderr};
    struct invocation invocation;
    int status;

    hold_standard_streams();
    /* Characters as the terminal has them; messages and numbers as scripts expect them. */
    setlocale(LC_CTYPE, "");
    if (getuid() != geteuid() || getgid() != getegid()) {
        context_warn(&context, "refuses to run setuid or setgid: it would remove for others what "
                               "they may not remove themselves");
        return STATUS_USAGE;
    }
    context.out = open_output(&output);
    invocation = read_invocation(&context, argc, argv);
    status =
        invocation.status >= 0 ? invocation.status : run_command(&context, &invocation, argc, argv);
    return close_output(&context, &output, status);
}
