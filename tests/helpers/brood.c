/*
 * brood: descendants that make a segment each, and live or die in various ways.
 *
 *     brood IDS COUNT KIND
 *
 * The ids are added to the file IDS, one a line. KIND:
 *
 *     short     grandchildren, one after another: each makes its segment and ends at once, and is
 *               waited for by its own parent
 *     many      the same, all at the same time
 *     slow      the same, one after another, but each lives until the process that started brood
 * has slept and woken ten times more orphans   children of a child that has ended (double fork);
 * each ends at once lasting   grandchildren that make their segments and attach them, and live on
 * when all others have ended; their pids are printed, one a line. They end when IDS is gone, or
 * after a minute deaf      children that nobody waits for: their parent ignores SIGCHLD vfork
 * children made by vfork(2) that end in it threads   the first thread of a child ends; another
 * makes the segment
 *
 * The processes in between have ended when brood ends, with status 0.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>

#include "helper.h"

struct brood {
    const char *ids;
    int fd; /* of IDS */
    long long count;
};

static int make_segment(const struct brood *brood)
{
    char line[32];
    int shmid = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
    int length = snprintf(line, sizeof(line), "%d\n", shmid);

    if (shmid < 0 || write(brood->fd, line, (size_t)length) != length)
        _exit(HELPER_FAILED);
    return shmid;
}

static pid_t fork_or_die(void)
{
    pid_t pid = fork();

    if (pid < 0)
        die(HELPER_FAILED, "fork: %s", strerror(errno));
    return pid;
}

static void wait_for_children(void)
{
    int status;

    while (wait(&status) > 0) {
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            exit(HELPER_FAILED);
    }
}

/* How often a process has slept. */
static long long sleeps_of(pid_t pid)
{
    char path[64];
    char line[256];
    long long sleeps = -1;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file)) {
        if (strncmp(line, "voluntary_ctxt_switches:", 24) == 0)
            sleeps = strtoll(line + 24, NULL, 10);
    }
    if (sleeps < 0)
        _exit(HELPER_FAILED);
    fclose(file);
    return sleeps;
}

static void linger(pid_t watcher)
{
    const struct timespec moment = {0, 1000000};
    long long until = sleeps_of(watcher) + 10;

    while (sleeps_of(watcher) < until)
        nanosleep(&moment, NULL);
}

static void bear_slow(const struct brood *brood)
{
    pid_t watcher = getppid();

    if (fork_or_die() == 0) {
        for (long long i = 0; i < brood->count; i++) {
            if (fork_or_die() == 0) {
                make_segment(brood);
                linger(watcher);
                _exit(0);
            }
            wait_for_children();
        }
        _exit(0);
    }
    wait_for_children();
}

static void bear_short(const struct brood *brood, bool together)
{
    if (fork_or_die() == 0) {
        for (long long i = 0; i < brood->count; i++) {
            if (fork_or_die() == 0) {
                make_segment(brood);
                _exit(0);
            }
            if (!together)
                wait_for_children();
        }
        wait_for_children();
        _exit(0);
    }
    wait_for_children();
}

/* A pipe by whose end of file a process tells that it has ended, or got so far. */
struct gate {
    int read_fd;
    int write_fd;
};

static struct gate new_gate(void)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        die(HELPER_FAILED, "pipe: %s", strerror(errno));
    return (struct gate){ends[0], ends[1]};
}

/* Waits until nobody holds the gate's other side any more. */
static void wait_at(struct gate *gate)
{
    char byte;

    close(gate->write_fd);
    if (read(gate->read_fd, &byte, 1) != 0)
        _exit(HELPER_FAILED);
    close(gate->read_fd);
}

static void bear_orphans(const struct brood *brood)
{
    for (long long i = 0; i < brood->count; i++) {
        struct gate parent_gone = new_gate();
        struct gate done = new_gate();

        if (fork_or_die() == 0) {
            if (fork_or_die() == 0) {
                wait_at(&parent_gone);
                make_segment(brood);
            }
            _exit(0);
        }
        wait_for_children();
        close(parent_gone.write_fd);
        close(parent_gone.read_fd);
        wait_at(&done);
    }
}

static void last(const struct brood *brood, struct gate *ready)
{
    const struct timespec moment = {0, 20000000};
    int shmid = make_segment(brood);

    if ((intptr_t)shmat(shmid, NULL, 0) == -1)
        _exit(HELPER_FAILED);
    printf("%d\n", (int)getpid());
    fflush(stdout);
    close(ready->write_fd);
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    /* Nobody is left who could end it: it ends with the test's files. */
    alarm(60);
    while (access(brood->ids, F_OK) == 0)
        nanosleep(&moment, NULL);
    _exit(0);
}

static void bear_lasting(const struct brood *brood)
{
    for (long long i = 0; i < brood->count; i++) {
        struct gate ready = new_gate();

        if (fork_or_die() == 0) {
            if (fork_or_die() == 0)
                last(brood, &ready);
            _exit(0);
        }
        wait_for_children();
        wait_at(&ready);
    }
}

static void bear_deaf(const struct brood *brood)
{
    signal(SIGCHLD, SIG_IGN);
    for (long long i = 0; i < brood->count; i++) {
        if (fork_or_die() == 0) {
            make_segment(brood);
            _exit(0);
        }
        while (wait(NULL) > 0)
            continue;
    }
}

static void vfork_one(const struct brood *brood)
{
    pid_t child = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */

    if (child == 0) {
        make_segment(brood); /* NOLINT(clang-analyzer-unix.Vfork) */
        _exit(0);
    }
}

static void bear_vfork(const struct brood *brood)
{
    for (long long i = 0; i < brood->count; i++) {
        vfork_one(brood);
        wait_for_children();
    }
}

static void *outlive(void *arg)
{
    const struct brood *brood = arg;
    char path[64];
    char line[512];
    FILE *file;

    /* Until the leader is dead: state Z of the process. */
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)getpid());
    do {
        file = fopen(path, "re");
        if (!file || !fgets(line, sizeof(line), file))
            _exit(HELPER_FAILED);
        fclose(file);
    } while (!strstr(line, ") Z "));
    make_segment(brood);
    _exit(0);
}

static void bear_threads(const struct brood *brood)
{
    static struct brood lasting; /* longer than the first thread's stack */

    lasting = *brood;
    for (long long i = 0; i < brood->count; i++) {
        if (fork_or_die() == 0) {
            pthread_t thread;

            if (pthread_create(&thread, NULL, outlive, &lasting) != 0)
                _exit(HELPER_FAILED);
            pthread_exit(NULL);
        }
        wait_for_children();
    }
}

int main(int argc, char **argv)
{
    struct brood brood;
    const char *kind;

    if (argc != 4)
        die(HELPER_USAGE, "IDS COUNT KIND");
    require_own_namespace();
    brood.ids = argv[1];
    brood.count = helper_number(argv[2], 10, 1, 10000);
    kind = argv[3];
    brood.fd = open(brood.ids, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (brood.fd < 0)
        die(HELPER_FAILED, "%s: %s", brood.ids, strerror(errno));
    if (strcmp(kind, "short") == 0)
        bear_short(&brood, false);
    else if (strcmp(kind, "many") == 0)
        bear_short(&brood, true);
    else if (strcmp(kind, "slow") == 0)
        bear_slow(&brood);
    else if (strcmp(kind, "orphans") == 0)
        bear_orphans(&brood);
    else if (strcmp(kind, "lasting") == 0)
        bear_lasting(&brood);
    else if (strcmp(kind, "deaf") == 0)
        bear_deaf(&brood);
    else if (strcmp(kind, "vfork") == 0)
        bear_vfork(&brood);
    else if (strcmp(kind, "threads") == 0)
        bear_threads(&brood);
    else
        die(HELPER_USAGE, "'%s': no such kind", kind);
    return 0;
}
