/*
 * shmtool shows, explains and safely cleans System V shared memory.
 *
 * The modules, from the ground up. A file includes only its own layer and those above it here.
 *
 * base       libc only, knows nothing of segments
 *   cleanup          scope-bound release and handing over
 *   xalloc           memory that is always there
 *   error            what went wrong, carried upward; lines that were not understood
 *   clock            clocks that only go forward, in nanoseconds
 *   num              ranges, sums, pages and orders of numbers
 *   strbuf           growing bytes
 *   text             text of others made safe for terminals and JSON
 *   suggest          the word that was probably meant
 *   parse            strict readers of numbers, ids, keys, sizes, ranges, ages
 * model      plain data, no input or output
 *   segment          the record, its identity, lists of it
 *   attachment       a segment that a process has attached
 *   segment_info     a segment with all that was found out about it
 *   idset            has this id been seen?
 *   diff             what happened between two looks
 *   unseen           how many came and went between them
 *   state            used, dest, orphan, idle, unknown
 *   filter           the selection options as data, and the test
 *   protection       which segments shmtool.conf protects, by which line
 *   change           what set changes: NAME=VALUE, permissions as chmod takes them
 *   selection        named ids and a filter; lines of rm's standard input
 *   limits           limits of shared memory, what is in use; NAME=VALUE
 *   ipc_use          semaphores and message queues, and how many there may be
 *   memory           what there is of memory: promises, huge pages, control groups
 *   balance          what Shmem consists of; huge pages
 *   shmget           what shmget and shmat answer, check by check
 *   shmget_flags     flags of shmget, as words
 *   sums             how much segments of anything in common have
 *   sysctl_text      lines of a file of sysctl.d
 *   id_map           ids of a user namespace, as another one sees them
 *   ipc_namespace    IPC namespaces of the host, the words that name one
 *   descendants      which pids descend from one, by forks and exits
 *   cgroup           unit, container, pod or job, from the text of /proc/PID/cgroup
 *   program          the programs that make segments, by executable, key and file
 * kernel     the only code that touches the system
 *   sysv             the only caller of shm*()
 *   procfs           files below / or --sysroot
 *   source           segments, by the listing or by calls
 *   source_proc      the reader of the listing
 *   names            users and groups
 *   container_names  what people call containers: Podman's, Docker's, the kubelet's files
 *   proc             processes by pid: alive, since when, which command and unit; kept
 *   program_files    files that prove which program a segment is of
 *   proc_stat        what /proc/PID says, read each time
 *   attach           who has which segment mapped
 *   content          the bytes of a segment
 *   maps             which mappings are segments, and on which devices segments are
 *   system           procfs, names and processes together; the ids and capabilities of this process
 *   signals          signals blocked and taken in turn; those that interrupt rm
 *   limits           limits read and set; semaphores and message queues
 *   memory           how memory is granted; huge pages; room in the address space
 *   memory_group     what the memory control groups still allow
 *   memory_use       file systems in memory, pools of huge pages
 *   dropins          the files of configuration directories, in their order
 *   conf             the files of shmtool.conf, checked and read
 *   replace_file     files written, or replaced, as a whole
 *   saved_tree       a tree as --sysroot reads it, written
 *   sysctl_file      limits kept over a reboot
 *   logind           what systemd-logind removes at logout
 *   filewalk         the files of one file system
 *   shmget_listener  calls of shmget of a program, before they are made
 *   child            a program as our child, and who has the terminal
 *   namespace        an IPC namespace of one's own
 *   namespaces       the IPC namespaces of the host: found, entered, left
 *   namespaces_resolve  one of them, by the word that names it
 *   namespace_entry  the way into one and back
 *   namespace_file   files that are an IPC namespace
 *   mountinfo        lines of /proc/PID/mountinfo
 *   proc_events      forks and exits as they happen
 *   ancestry         descent as /proc shows it
 * action     what changes things or combines
 *   inventory        the one reading: from a selection to resolved rows
 *   inventory_match  whether a segment is selected; one read again
 *   inventory_memory  huge pages, what descriptors keep, what Shmem consists of
 *   elsewhere        what other IPC namespaces hold
 *   resolve          a row: names, creator and last user, state, unit
 *   program_of       which program a row is of, by the evidence there is
 *   inventory_settled  the reading repeated while processes come and go
 *   namespace_rows   what is in IPC namespaces
 *   look             looks that come again and again, and how often
 *   namespace_looks  such looks at one or all IPC namespaces, which come and go
 *   removal          plan, verify, remove or change
 *   change           one segment changed, and read back
 *   create           a segment made, or none
 *   reading          a segment's bytes, by the way that changes least
 *   save             segments saved before they are removed
 *   restore          and made again
 *   capture          the tree of this machine, written by reading it
 *   limits_change    limits set and kept, and what that destroys
 *   ftok             keys of files, files of a key
 *   supervise        a program run, and what it left removed
 *   supervise_trace  which segments are the program's
 *   supervise_left   what it left removed, or kept
 *   supervise_callers  which of its processes have called shmget
 *   supervise_explain  why its calls of shmget fail
 *   diagnose         what is wrong on this machine
 *   diagnose_shmget  what one call of shmget would answer
 * view       what people and programs read
 *   human            sizes, times, counts
 *   wrap             lines that fit a terminal
 *   column           columns of any record
 *   sort             records in order
 *   groups           what sums are by
 *   columns          the tables of columns, one for each kind of record
 *   writer           records as table, ids, JSON, NDJSON, CSV
 *   table            the table, by libsmartcols
 *   describe         phrases about segments, users and processes
 *   describe_program  which program a segment is of, and what that means
 *   describe_shmget  why a call of shmget fails
 *   remedy           commands that help, and for whom
 *   remedy_shmget    what helps where a call of shmget fails
 *   hexdump          bytes as hexdump -C shows them
 *   segment_report   all of a segment, for stat
 *   event_report     what happened, as a line or JSON
 *   removal_preview  what rm or set is about to do
 *   removal_report   what it did
 *   change_report    what a change means
 *   findings_report  what doctor found
 *   finding_text     what is said of each check
 *   finding_limits   limits of shared memory, semaphores, message queues
 *   finding_segments  segments that nobody may need
 *   finding_processes  what processes hold
 *   shmget_report    what one call of shmget would answer
 *   run_report       how a program of run ended, and what it left
 *   limits_report    limits as table and JSON
 *   balance_report   what Shmem consists of, huge pages that are needed
 *   metrics_report   sums for a monitoring system
 *   prompt           the question
 * command    one file a command
 *   command          the list of commands, messages
 *   options          command lines, kinds of values
 *   selecting        the options that select segments
 *   where            --sysroot, -N and -A
 *   incomplete       what an answer lacks
 *   output           the options of output
 *   protect          the lines of shmtool.conf, by the options that select segments
 *   batch            what rm and set share: select, ask, act, report
 *   explain          why a segment could not be made
 *   help             help texts, made from the tables
 *   run_messages     what run says: failing calls, and what is left
 *   cmd_*            a command each
 *   main             from argv to a command
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/suggest.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "command/command.h"
#include "command/help.h"
#include "command/options.h"
#include "kernel/replace_file.h"

/* The words before the command. */
struct invocation {
    int command_at; /* in argv */
    int status;     /* when nothing is left to do; else -1 */
};

/*
 * Where a standard stream is closed, the next file opened would get its descriptor, and results
 * would be written into that file. In its place stands what can be neither read nor written, nor
 * opened for writing by /dev/stdout.
 */
static void fill_standard_streams(void)
{
    for (int fd = 0; fd < 3; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            open("/", O_PATH | O_CLOEXEC); /* closed in a program that run starts */
    }
}

/* Standard output as a stream that remembers why a write failed: stdio keeps no more than that. */
struct output {
    int fd;
    int code; /* positive errno of the first failure; 0: none */
};

/* What the stream takes for a failure: glibc allows nothing negative, for musl 0 is no failure. */
#ifdef __GLIBC__
enum { NOT_WRITTEN = 0 };
#else
enum { NOT_WRITTEN = -1 };
#endif

static ssize_t write_output(void *cookie, const char *data, size_t size)
{
    struct output *output = cookie;
    int r = file_write(output->fd, data, size);

    if (r == 0)
        return (ssize_t)size;
    output->code = output->code ? output->code : -r;
    return NOT_WRITTEN;
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

/*
 * Characters as the terminal has them; messages and numbers as scripts expect them. Results that go
 * to no terminal keep names as they are in every locale, while messages may still go to one.
 */
static void choose_locales(struct context *context)
{
    setlocale(LC_CTYPE, "");
    if (text_locale_is_utf8() || isatty(STDOUT_FILENO))
        return;
    if (isatty(STDERR_FILENO))
        context->err_locale = duplocale(LC_GLOBAL_LOCALE);
    setlocale(LC_CTYPE, "C.UTF-8"); /* without such a locale they are escaped */
}

/* WHAT: "command" or "option". */
static int refuse_unknown(struct context *context, const char *word, const char *what,
                          const struct suggestion *suggestion)
{
    CLEANUP_STRBUF struct strbuf hint = STRBUF_INIT;

    suggest_put(&hint, suggestion, "");
    context_warn(context, "%s: no such %s%s", text_word(word), what,
                 suggestion->best ? strbuf_string(&hint) : "; see 'shmtool --help'");
    return STATUS_USAGE;
}

/* What people call commands elsewhere, and what stands here for it. */
static int refuse_command(struct context *context, const char *word)
{
    static const struct synonym synonyms[] = {
        {"list", "ls"},        {"dir", "ls"},          {"ipcs", "ls"},
        {"lsipc", "ls"},       {"show", "stat"},       {"info", "stat"},
        {"inspect", "stat"},   {"describe", "stat"},   {"status", "stat"},
        {"remove", "rm"},      {"delete", "rm"},       {"del", "rm"},
        {"clean", "rm"},       {"cleanup", "rm"},      {"purge", "rm"},
        {"prune", "rm"},       {"kill", "rm"},         {"ipcrm", "rm"},
        {"ps", "who"},         {"lsns", "ns"},         {"namespaces", "ns"},
        {"users", "who"},      {"holders", "who"},     {"lsof", "who"},
        {"fuser", "who"},      {"exec", "run"},        {"start", "run"},
        {"sysctl", "limits"},  {"ftok", "key"},        {"ipcmk", "create"},
        {"make", "create"},    {"new", "create"},      {"chmod", "set"},
        {"chown", "set"},      {"change", "set"},      {"undo", "restore"},
        {"load", "restore"},   {"bundle", "capture"},  {"snapshot", "capture"},
        {"check", "doctor"},   {"diagnose", "doctor"}, {"why", "doctor"},
        {"explain", "doctor"}, {"monitor", "watch"},   {"events", "watch"},
        {"dump", "cat"},       {"usage", "du"},        {"version", "--version"},
        {NULL, NULL}};
    struct suggestion suggestion = suggest_begin(word, strlen(word));

    for (size_t i = 0; commands[i]; i++)
        suggest_try(&suggestion, commands[i]->name);
    suggest_try(&suggestion, "help");
    suggest_synonym(&suggestion, synonyms);
    return refuse_unknown(context, word, "command", &suggestion);
}

static int refuse_option(struct context *context, const char *word)
{
    static const char *const options[] = {"--help", "--version", "--sysroot", "--namespace",
                                          "--all-namespaces"};
    struct suggestion suggestion = suggest_begin(word, strlen(word));

    for (size_t i = 0; word[1] == '-' && i < sizeof(options) / sizeof(options[0]); i++)
        suggest_try(&suggestion, options[i]);
    return refuse_unknown(context, word, suggestion.best ? "option" : "option before a command",
                          &suggestion);
}

/* shmtool help [COMMAND] */
static int show_help(struct context *context, int argc, char **argv, int at)
{
    const struct command *command;
    const char *of_help = at == argc ? "help" : argv[at];

    if (at + 1 >= argc && (strcmp(of_help, "help") == 0 || strcmp(of_help, "--help") == 0 ||
                           strcmp(of_help, "-h") == 0)) {
        help_program(context->out);
        return STATUS_DONE;
    }
    if (at + 1 < argc) {
        context_warn(context, "%s: help takes one command; see 'shmtool --help'",
                     text_word(argv[at + 1]));
        return STATUS_USAGE;
    }
    command = command_find(argv[at]);
    if (!command)
        return refuse_command(context, argv[at]);
    help_command(context->out, command);
    return STATUS_DONE;
}

static struct invocation read_invocation(struct context *context, int argc, char **argv)
{
    struct invocation invocation = {.command_at = 1, .status = -1};

    for (; invocation.command_at < argc; invocation.command_at++) {
        const char *word = argv[invocation.command_at];

        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            help_program(context->out);
            invocation.status = STATUS_DONE;
        } else if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
            help_version(context->out);
            invocation.status = STATUS_DONE;
        } else if (strcmp(word, "help") == 0) {
            invocation.status = show_help(context, argc, argv, invocation.command_at + 1);
        } else if (word[0] == '-') {
            int used = options_take_where(context, argv + invocation.command_at);

            if (used > 0)
                invocation.command_at += used - 1;
            else
                invocation.status = used < 0 ? STATUS_USAGE : refuse_option(context, word);
        } else {
            return invocation;
        }
        if (invocation.status >= 0)
            return invocation;
    }
    if (argc > 1)
        context_warn(context, "a command is missing; see 'shmtool --help'");
    else
        help_program(context->err);
    invocation.status = STATUS_USAGE;
    return invocation;
}

/* WORDS: the command's name and what follows it. */
static int run_command(struct context *context, char **words)
{
    const struct command *command = command_find(words[0]);

    if (!command)
        return refuse_command(context, words[0]);
    context->command = command;
    return options_run_command(context, words + 1);
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
    struct context context = {.err = stderr, .entry = NAMESPACE_ENTRY_INIT};
    struct invocation invocation;
    int status;

    fill_standard_streams();
    /* AT_SECURE: file capabilities too, which change no id (getauxval(3)). */
    if (getuid() != geteuid() || getgid() != getegid() || getauxval(AT_SECURE)) {
        context_warn(&context,
                     "refuses to run setuid, setgid or with file capabilities (AT_SECURE, "
                     "which a security module may set, too): it would remove for others "
                     "what they may not remove themselves");
        return STATUS_USAGE;
    }
    context.color = terminal_has_color(STDERR_FILENO);
    choose_locales(&context);
    context.out = open_output(&output);
    invocation = read_invocation(&context, argc, argv);
    status = invocation.status >= 0 ? invocation.status
                                    : run_command(&context, argv + invocation.command_at);
    status = close_output(&context, &output, status);
    if (context.err_locale)
        freelocale(context.err_locale);
    return status;
}
