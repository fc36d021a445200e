/*
 * ptyrun: runs a command on a terminal of its own, talks to it, and shows what it wrote.
 *
 *     ptyrun [OPTION]... [STEP]... -- COMMAND [ARG]...
 *
 * Steps, done in the order given:
 *     -e TEXT    wait until TEXT appears in the output, behind what an earlier -e found
 *     -s BYTES   type BYTES; C escapes: \n \r \t \\ \003 (Ctrl+C) \004 (end of file) \x1b
 *     -k SIGNAL  send SIGNAL (INT, TERM, HUP, QUIT, KILL, USR1, STOP, CONT or a number) to COMMAND
 *     -h         hang up: close the terminal
 *
 * Options:
 *     --stdin FILE --stdout FILE --stderr FILE   COMMAND's stream is FILE, not the terminal, which
 *                stays its controlling terminal; - is ptyrun's own stream
 *     --columns N   the terminal's width, default 80
 *
 * What COMMAND writes on the terminal is copied to standard output as it comes (lines end in
 * \r\n, what was typed is echoed). The exit status is COMMAND's, or 128+N when signal N ended it;
 * 124 when a step, or the end behind the last step, took more than a minute (COMMAND is killed),
 * 125 when ptyrun itself failed, 127 when COMMAND cannot be executed.
 */
#include <ctype.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <utmp.h>

#include "helper.h"

#define PTY_DEADLINE 124
#define PTY_FAILED 125
#define PTY_NOT_FOUND 127

enum { DEADLINE = 60000 }; /* ms: on a busy machine what takes a moment takes long */

struct step {
    enum { STEP_EXPECT, STEP_SEND, STEP_SIGNAL, STEP_HANG_UP } kind;
    char *bytes;
    size_t length;
    int signal_number;
};

struct session {
    struct step *steps;
    size_t step_count;
    const char *streams[3]; /* FILE for 0, 1, 2; NULL: the terminal */
    int columns;
    int master;       /* -1 once it was closed */
    int slave;        /* kept open, so that the terminal outlives a COMMAND that closes it */
    int child_events; /* signalfd of SIGCHLD */
    pid_t child;
    bool ended;
    int status; /* as waitpid gives it; only with ended */
    char *output;
    size_t output_length;
    size_t output_capacity;
    size_t searched; /* output up to here was found by an earlier -e */
};

enum { OPTION_STDIN = 256, OPTION_STDOUT, OPTION_STDERR, OPTION_COLUMNS };

static const struct option OPTIONS[] = {
    {"stdin", required_argument, NULL, OPTION_STDIN},
    {"stdout", required_argument, NULL, OPTION_STDOUT},
    {"stderr", required_argument, NULL, OPTION_STDERR},
    {"columns", required_argument, NULL, OPTION_COLUMNS},
    {NULL, 0, NULL, 0},
};

/* --- Arguments ------------------------------------------------------------------------------ */

static char unescape_number(const char **text, int base, int digits)
{
    char word[4] = "";

    for (int i = 0; i < digits && isxdigit((unsigned char)**text); i++)
        word[i] = *(*text)++;
    return (char)helper_number(word, base, 0, 255);
}

/* Replaces C escapes in TEXT, in place, and returns how many bytes it is then. */
static size_t unescape(char *text)
{
    static const char letters[] = "nrtae\\0";
    static const char values[] = "\n\r\t\a\033\\";
    const char *from = text;
    char *to = text;

    while (*from) {
        const char *letter;

        if (*from != '\\') {
            *to++ = *from++;
            continue;
        }
        from++;
        letter = *from ? strchr(letters, *from) : NULL;
        if (*from >= '0' && *from <= '7') {
            *to++ = unescape_number(&from, 8, 3);
        } else if (*from == 'x') {
            from++;
            *to++ = unescape_number(&from, 16, 2);
        } else if (letter) {
            *to++ = values[letter - letters];
            from++;
        } else {
            die(PTY_FAILED, "\\%s: not an escape", from);
        }
    }
    return (size_t)(to - text);
}

static int signal_by_name(const char *word)
{
    static const struct {
        const char *name;
        int number;
    } names[] = {{"INT", SIGINT},   {"TERM", SIGTERM}, {"HUP", SIGHUP},   {"QUIT", SIGQUIT},
                 {"KILL", SIGKILL}, {"USR1", SIGUSR1}, {"STOP", SIGSTOP}, {"CONT", SIGCONT}};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(word, names[i].name) == 0)
            return names[i].number;
    return (int)helper_number(word, 10, 1, 64);
}

static struct step *add_step(struct session *session)
{
    session->steps = reallocarray(session->steps, session->step_count + 1, sizeof(*session->steps));
    if (!session->steps)
        die(PTY_FAILED, "out of memory");
    memset(&session->steps[session->step_count], 0, sizeof(*session->steps));
    return &session->steps[session->step_count++];
}

static void add_text_step(struct session *session, int option, char *text)
{
    struct step *step = add_step(session);

    step->kind = option == 's' ? STEP_SEND : STEP_EXPECT;
    step->bytes = text;
    step->length = option == 's' ? unescape(text) : strlen(text);
}

static void read_options(int argc, char **argv, struct session *session)
{
    int option;

    while ((option = getopt_long(argc, argv, "+e:s:k:h", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'e':
        case 's':
            add_text_step(session, option, optarg);
            break;
        case 'k': {
            struct step *step = add_step(session);

            step->kind = STEP_SIGNAL;
            step->signal_number = signal_by_name(optarg);
            break;
        }
        case 'h':
            add_step(session)->kind = STEP_HANG_UP;
            break;
        case OPTION_STDIN:
        case OPTION_STDOUT:
        case OPTION_STDERR:
            session->streams[option - OPTION_STDIN] = optarg;
            break;
        case OPTION_COLUMNS:
            session->columns = (int)helper_number(optarg, 10, 1, 10000);
            break;
        default:
            exit(PTY_FAILED);
        }
    }
    if (optind == argc)
        die(PTY_FAILED, "which command? give it behind --");
}

/* --- Starting the command ------------------------------------------------------------------- */

/* Opens what shall be COMMAND's stream NUMBER; -1: the terminal. */
static int open_stream(const struct session *session, int number)
{
    const char *file = session->streams[number];
    int fd;

    if (!file)
        return -1;
    if (strcmp(file, "-") == 0)
        fd = fcntl(number, F_DUPFD_CLOEXEC, 10);
    else if (number == 0)
        fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    else
        fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0644);
    if (fd < 0)
        die(PTY_FAILED, "%s: %s", file, strerror(errno));
    return fd;
}

static void reset_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < SIGRTMIN; number++)
        signal(number, SIG_DFL);
}

__attribute__((noreturn)) static void become_command(const struct session *session,
                                                     const int streams[3], char **command)
{
    close(session->master);
    if (login_tty(session->slave) < 0)
        _exit(PTY_FAILED);
    for (int i = 0; i < 3; i++)
        if (streams[i] >= 0 && dup2(streams[i], i) < 0)
            _exit(PTY_FAILED);
    reset_signals();
    execvp(command[0], command);
    dprintf(STDERR_FILENO, "ptyrun: %s: %s\n", command[0], strerror(errno));
    _exit(PTY_NOT_FOUND);
}

static void start(struct session *session, char **command)
{
    struct winsize size = {.ws_row = 24, .ws_col = (unsigned short)session->columns};
    sigset_t child;
    int streams[3];

    for (int i = 0; i < 3; i++)
        streams[i] = open_stream(session, i);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    session->child_events = signalfd(-1, &child, SFD_CLOEXEC);
    if (session->child_events < 0)
        die(PTY_FAILED, "signalfd: %s", strerror(errno));
    if (openpty(&session->master, &session->slave, NULL, NULL, &size) < 0)
        die(PTY_FAILED, "openpty: %s", strerror(errno));
    session->child = fork();
    if (session->child < 0)
        die(PTY_FAILED, "fork: %s", strerror(errno));
    if (session->child == 0)
        become_command(session, streams, command);
    for (int i = 0; i < 3; i++)
        if (streams[i] >= 0)
            close(streams[i]);
}

/* --- Talking -------------------------------------------------------------------------------- */

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void take_output(struct session *session, const char *bytes, size_t length)
{
    if (fwrite(bytes, 1, length, stdout) != length || fflush(stdout) != 0)
        die(PTY_FAILED, "standard output: %s", strerror(errno));
    if (session->output_length + length > session->output_capacity) {
        session->output_capacity = 2 * (session->output_length + length);
        session->output = realloc(session->output, session->output_capacity);
        if (!session->output)
            die(PTY_FAILED, "out of memory");
    }
    memcpy(session->output + session->output_length, bytes, length);
    session->output_length += length;
}

/* Reads what the terminal has. Returns false when it has ended. */
static bool read_terminal(struct session *session)
{
    char buffer[4096];
    ssize_t length = read(session->master, buffer, sizeof(buffer));

    if (length < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (length <= 0)
        return false;
    take_output(session, buffer, (size_t)length);
    return true;
}

static void reap(struct session *session)
{
    struct signalfd_siginfo event;

    if (read(session->child_events, &event, sizeof(event)) < 0)
        die(PTY_FAILED, "signalfd: %s", strerror(errno));
    if (waitpid(session->child, &session->status, WNOHANG) == session->child)
        session->ended = true;
}

/* Waits for output or the command's end, until UNTIL (ms). Returns false when that time is over. */
static bool wait_for_news(struct session *session, long long until)
{
    struct pollfd fds[2] = {{.fd = session->child_events, .events = POLLIN},
                            {.fd = session->master, .events = POLLIN}};
    long long left = until - now_ms();

    if (left <= 0)
        return false;
    if (poll(fds, 2, (int)left) < 0 && errno != EINTR)
        die(PTY_FAILED, "poll: %s", strerror(errno));
    if (fds[1].revents)
        read_terminal(session);
    if (fds[0].revents)
        reap(session);
    return true;
}

__attribute__((noreturn)) static void give_up(struct session *session, int status, const char *what,
                                              const struct step *step)
{
    kill(session->child, SIGKILL);
    if (step)
        die(status, "%s while waiting for '%s'", what, step->bytes);
    die(status, "%s while waiting for the command's end", what);
}

/* Once the command has ended, all that it wrote is there: reads it, up to the terminal's end. */
static void drain(struct session *session)
{
    struct pollfd terminal = {.fd = session->master, .events = POLLIN};

    if (session->slave >= 0)
        close(session->slave);
    session->slave = -1;
    /* A descendant that keeps the terminal open must not keep us: half a second of silence ends it.
     */
    while (session->master >= 0 && poll(&terminal, 1, 500) > 0 && read_terminal(session))
        ;
}

/* Looks for STEP's text in what was not searched yet, and goes behind it. */
static bool find_expected(struct session *session, const struct step *step)
{
    size_t left = session->output_length - session->searched;
    const char *found;

    if (left == 0)
        return false;
    found = memmem(session->output + session->searched, left, step->bytes, step->length);
    if (!found)
        return false;
    session->searched = (size_t)(found - session->output) + step->length;
    return true;
}

static void expect(struct session *session, const struct step *step)
{
    long long until = now_ms() + DEADLINE;

    for (;;) {
        if (find_expected(session, step))
            return;
        if (session->master < 0)
            give_up(session, PTY_FAILED, "hung up", step);
        if (session->ended && session->slave < 0)
            give_up(session, PTY_FAILED, "the command ended", step);
        if (session->ended)
            drain(session);
        else if (!wait_for_news(session, until))
            give_up(session, PTY_DEADLINE, "deadline passed", step);
    }
}

static void send_bytes(struct session *session, const struct step *step)
{
    if (session->master < 0)
        die(PTY_FAILED, "-s after -h");
    if (write(session->master, step->bytes, step->length) != (ssize_t)step->length)
        die(PTY_FAILED, "write to the terminal: %s", strerror(errno));
}

static void hang_up(struct session *session)
{
    close(session->slave);
    close(session->master);
    session->slave = -1;
    session->master = -1;
}

static void do_step(struct session *session, const struct step *step)
{
    switch (step->kind) {
    case STEP_EXPECT:
        expect(session, step);
        break;
    case STEP_SEND:
        send_bytes(session, step);
        break;
    case STEP_SIGNAL:
        if (!session->ended)
            kill(session->child, step->signal_number);
        break;
    case STEP_HANG_UP:
        hang_up(session);
        break;
    }
}

int main(int argc, char **argv)
{
    struct session session = {.columns = 80, .master = -1, .slave = -1};
    long long until;

    read_options(argc, argv, &session);
    start(&session, argv + optind);
    for (size_t i = 0; i < session.step_count; i++)
        do_step(&session, &session.steps[i]);
    until = now_ms() + DEADLINE;
    while (!session.ended)
        if (!wait_for_news(&session, until))
            give_up(&session, PTY_DEADLINE, "deadline passed", NULL);
    drain(&session);
    free(session.output);
    free(session.steps);
    return WIFSIGNALED(session.status) ? 128 + WTERMSIG(session.status)
                                       : WEXITSTATUS(session.status);
}
