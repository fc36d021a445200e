#include "kernel/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "kernel/proc.h"

enum { CHILDREN_SIZE_MAX = 16 * 1024 * 1024 };

/* In the child: waits to be released. Returns 0, or an errno when that will not happen. */
static int wait_for_release(int fd)
{
    char byte;
    ssize_t got;

    do {
        got = read(fd, &byte, 1);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno;
    return got == 1 ? 0 : ECANCELED; /* the parent is gone */
}

/* Whether a directory of PATH has NAME. */
static bool is_in_path(const char *name)
{
    const char *path = getenv("PATH");

    while (path && *path) {
        int length = (int)strcspn(path, ":");
        char file[PATH_MAX];

        if (snprintf(file, sizeof(file), "%.*s%s%s", length, path, length > 0 ? "/" : "", name) <
                (int)sizeof(file) &&
            access(file, F_OK) == 0)
            return true;
        path += length + (path[length] == ':');
    }
    return false;
}

/*
 * Why exec failed. Where a directory of PATH may not be searched execvp(3) says EACCES of every
 * name; a shell says of one that is nowhere that it was not found.
 */
static int exec_error(const char *name, int code)
{
    if (code == EACCES && !strchr(name, '/') && !is_in_path(name))
        return ENOENT;
    return code;
}

/* In the child: reports why it does not become the program, by its status too, as a shell does. */
__attribute__((noreturn)) static void report_exec_error(int report_fd, int code)
{
    ssize_t written;

    do {
        written = write(report_fd, &code, sizeof(code));
    } while (written < 0 && errno == EINTR);
    _exit(code == ENOENT ? 127 : 126);
}

/*
 * In the child: becomes the program. It does not allocate: without memory it would end with the
 * message and the status of the parent.
 */
__attribute__((noreturn)) static void
become_program(char *const argv[], const struct signals *signals, int release_fd, int report_fd)
{
    int code = wait_for_release(release_fd);

    if (code == 0) {
        signals_restore(signals);
        execvp(argv[0], argv);
        code = exec_error(argv[0], errno);
    }
    report_exec_error(report_fd, code);
}

static int make_pipe(int *ret_read, int *ret_write, struct error *err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_errno(err, errno, "no pipe");
    *ret_read = ends[0];
    *ret_write = ends[1];
    return 0;
}

static int make_socket_pair(int *ret_read, int *ret_write, struct error *err)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return error_set_errno(err, errno, "no socket");
    *ret_read = ends[0];
    *ret_write = ends[1];
    return 0;
}

int child_start(struct child *ret_child, char *const argv[], const struct signals *signals,
                struct shmget_listener *listener, struct error *err)
{
    CLEANUP_CLOSE int release_read = -1;
    CLEANUP_CLOSE int release_write = -1;
    CLEANUP_CLOSE int report_read = -1;
    CLEANUP_CLOSE int report_write = -1;
    CLEANUP_CLOSE int listener_read = -1;
    CLEANUP_CLOSE int listener_write = -1;
    pid_t pid;
    int r;

    r = make_pipe(&release_read, &release_write, err);
    if (r == 0)
        r = make_pipe(&report_read, &report_write, err);
    if (r == 0 && listener)
        r = make_socket_pair(&listener_read, &listener_write, err);
    if (r < 0)
        return r;
    if (prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L) < 0)
        return error_set_errno(err, errno, "cannot become a subreaper");
    if (fcntl(report_read, F_SETFL, O_NONBLOCK) < 0)
        return error_set_errno(err, errno, "no pipe");
    pid = fork();
    if (pid < 0)
        return error_set_errno(err, errno, "fork");
    if (pid == 0) {
        close(steal_fd(&release_write));
        if (listener) {
            shmget_listener_send(listener_write);
            /* Both ends: the parent sees if nothing was sent. */
            close(steal_fd(&listener_write));
            close(steal_fd(&listener_read));
        }
        become_program(argv, signals, release_read, report_write);
    }
    *ret_child = (struct child){pid, steal_fd(&release_write), steal_fd(&report_read)};
    if (!listener)
        return 0;
    close(steal_fd(&listener_write));
    r = shmget_listener_receive(listener, listener_read, err);
    if (r < 0)
        child_abandon(ret_child);
    return r;
}

int child_fork(struct child *ret_child, struct error *err)
{
    CLEANUP_CLOSE int release_read = -1;
    CLEANUP_CLOSE int release_write = -1;
    pid_t pid;
    int r = make_pipe(&release_read, &release_write, err);

    if (r < 0)
        return r;
    pid = fork();
    if (pid < 0)
        return error_set_errno(err, errno, "fork");
    if (pid > 0) {
        *ret_child = (struct child){pid, steal_fd(&release_write), -1};
        return 1;
    }
    close(steal_fd(&release_write));
    if (wait_for_release(release_read) != 0)
        _exit(EXIT_FAILURE);
    return 0;
}

static void close_pipe_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

int child_release(struct child *child)
{
    ssize_t written;
    int code;

    do {
        written = write(child->release_fd, "", 1);
    } while (written < 0 && errno == EINTR);
    code = errno;
    close_pipe_end(&child->release_fd);
    /* It is there to read it; if not, its status says more. SIGPIPE is blocked. */
    return written == 1 || code == EPIPE ? 0 : -code;
}

int child_became(struct child *child)
{
    int code = 0;
    ssize_t got = read(child->report_fd, &code, sizeof(code));

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    close_pipe_end(&child->report_fd);
    return got == (ssize_t)sizeof(code) ? -code : 1;
}

void child_abandon(struct child *child)
{
    close_pipe_end(&child->release_fd);
    close_pipe_end(&child->report_fd);
    if (child->pid <= 0)
        return;
    /* It may be stopped, and would not notice that its pipe was closed. */
    kill(child->pid, SIGKILL);
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    child->pid = 0;
}

/* Looks for a child in a state of OPTIONS, without waiting. Returns whether there is one. */
static bool find_child(idtype_t type, id_t id, int options, siginfo_t *ret_info)
{
    int r;

    do {
        ret_info->si_pid = 0;
        r = waitid(type, id, ret_info, options | WNOHANG);
    } while (r < 0 && errno == EINTR);
    return r == 0 && ret_info->si_pid != 0;
}

bool child_has_ended(const struct child *child, struct child_end *ret_end)
{
    siginfo_t info;

    if (!find_child(P_PID, (id_t)child->pid, WEXITED | WNOWAIT, &info))
        return false;
    if (info.si_code == CLD_EXITED)
        *ret_end = (struct child_end){.status = info.si_status & 0xff};
    else
        *ret_end = (struct child_end){info.si_status, 128 + info.si_status};
    return true;
}

int child_was_stopped(const struct child *child)
{
    siginfo_t info;

    return find_child(P_PID, (id_t)child->pid, WSTOPPED, &info) ? info.si_status : 0;
}

bool child_is_stopped(const struct child *child, const struct procfs *procfs)
{
    struct proc_stat stat;

    return proc_stat_read(procfs, child->pid, &stat) < 0 || stat.state == 'T';
}

void child_signal(const struct child *child, int number)
{
    kill(child->pid, number);
}

pid_t child_group(const struct child *child)
{
    pid_t group = getpgid(child->pid);

    return group < 0 ? -errno : group;
}

static bool find_exited(idtype_t type, id_t id, pid_t *ret_pid)
{
    siginfo_t info;

    if (!find_child(type, id, WEXITED | WNOWAIT, &info))
        return false;
    *ret_pid = info.si_pid;
    return true;
}

/* Without a list only one can be seen at a time. */
static size_t find_orphan(const struct child *child, pid_t *ret_orphan)
{
    pid_t pid;

    if (!find_exited(P_ALL, 0, &pid) || pid == child->pid)
        return 0;
    *ret_orphan = pid;
    return 1;
}

size_t child_orphans(const struct child *child, const struct procfs *procfs, pid_t *ret_orphans,
                     size_t max)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const char *at;
    char path[64];
    uint64_t orphan;
    size_t count = 0;
    size_t length;
    pid_t pid;

    snprintf(path, sizeof(path), "proc/self/task/%d/children", (int)getpid());
    if (max == 0 || procfs_read_file(procfs, path, CHILDREN_SIZE_MAX, &text, NULL) < 0)
        return max == 0 ? 0 : find_orphan(child, ret_orphans);
    at = strbuf_string(&text);
    while (count < max && (length = parse_digits(at, strlen(at), &orphan)) > 0) {
        at += length + strspn(at + length, " ");
        if (orphan <= INT_MAX && (pid_t)orphan != child->pid &&
            find_exited(P_PID, (id_t)orphan, &pid))
            ret_orphans[count++] = pid;
    }
    return count > 0 ? count : find_orphan(child, ret_orphans);
}

bool child_any_alive(void)
{
    /* Those too whose exit sends no signal: clone(2), __WCLONE. */
    int options = WSTOPPED | WNOHANG | WNOWAIT | __WALL;
    siginfo_t info;
    int r;

    /* ECHILD also where all have exited, since exits are not asked for. */
    do {
        r = waitid(P_ALL, 0, &info, options);
        if (r < 0 && errno == EINVAL && (options & __WALL)) {
            options &= ~__WALL; /* before Linux 4.7 */
            errno = EINTR;
        }
    } while (r < 0 && errno == EINTR);
    return r == 0;
}

void child_reap(pid_t orphan)
{
    siginfo_t info;

    find_child(P_PID, (id_t)orphan, WEXITED, &info);
}

void child_close(struct child *child)
{
    close_pipe_end(&child->release_fd);
    close_pipe_end(&child->report_fd);
    if (child->pid > 0)
        child_reap(child->pid);
    child->pid = 0;
}

/* --- The terminal ----------------------------------------------------------------------------- */

/* Standard streams may be redirected, or another terminal: this one is ours. */
static int open_terminal(void)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

    return fd < 0 ? -errno : fd;
}

pid_t terminal_foreground(void)
{
    CLEANUP_CLOSE int fd = open_terminal();
    pid_t group;

    if (fd < 0)
        return fd;
    group = tcgetpgrp(fd);
    return group < 0 ? -errno : group;
}

int terminal_give(pid_t group)
{
    CLEANUP_CLOSE int fd = open_terminal();

    if (fd < 0)
        return fd;
    return tcsetpgrp(fd, group) < 0 ? -errno : 0;
}
