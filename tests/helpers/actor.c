/*
 * actor: does what its words say, one after the other, and then waits for SIGTERM.
 *
 *     actor WORD...
 *
 * make:KEY    makes a segment of two pages (KEY as in C; 0: private), the current one from now on
 * thread-make:KEY  the same, by a thread that ends then
 * huge:KEY    the same of huge pages, none of which need exist
 * use:ID      this is the current segment
 * attach      attaches the current segment; attach-ro: read-only
 * map-files   maps what was attached last once more, by /proc/self/map_files: needs root
 * detach      detaches what was attached last
 * split       makes the first page of what was attached last read-only: two mappings
 * cut         unmaps the first page of what was attached last
 * write       writes to the first page of what was attached last: of a huge page, all of it is
 * there then mark        marks the current segment for destruction daemon      forks and ends: the
 * child goes on sibling     the same, but the child's parent is the parent of this process
 * (CLONE_PARENT) fork        makes a child that does nothing but wait share       makes a child
 * that shares all memory (CLONE_VM) and waits thread      makes a thread that waits end-leader  the
 * first thread ends (behind `thread`); SIGKILL ends the rest name:TEXT   is called that from now on
 * (PR_SET_NAME, 15 bytes at the most) bare        overwrites its command line with NUL bytes once
 * the words are done closed      may not be looked at by its own user any more (not dumpable) leave
 * moves to an IPC namespace of its own end         ends at once, with status 0
 *
 * When all is done it prints `ready PID ID CHILD...`: its own pid, the current segment's id (-1:
 * none) and its children's and threads' numbers. Its children end with it.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "helper.h"

enum { MOST_NUMBERS = 64, STACK_SIZE = 65536, WITHOUT_RESERVE = 010000 };

struct actor {
    int shmid;
    char *address; /* of what was attached last */
    long page_size;
    pid_t numbers[MOST_NUMBERS];
    size_t count;
    bool end_leader;
    bool bare;
};

static void note(struct actor *actor, pid_t number)
{
    if (actor->count == MOST_NUMBERS)
        die(HELPER_USAGE, "too many children");
    actor->numbers[actor->count++] = number;
}

static void make(struct actor *actor, const char *word, size_t size, int flags)
{
    uint32_t key = (uint32_t)helper_number(word, 0, INT32_MIN, UINT32_MAX);

    actor->shmid = shmget((key_t)key, size, IPC_CREAT | IPC_EXCL | 0600 | flags);
    if (actor->shmid < 0)
        die(HELPER_FAILED, "shmget 0x%08x: %s", key, strerror(errno));
}

static void attach(struct actor *actor, int flags)
{
    actor->address = shmat(actor->shmid, NULL, flags);
    if ((intptr_t)actor->address == -1)
        die(HELPER_FAILED, "shmat %d: %s", actor->shmid, strerror(errno));
}

static void must(int r, const char *what)
{
    if (r < 0)
        die(HELPER_FAILED, "%s: %s", what, strerror(errno));
}

/* The kernel's name of a mapping in map_files is its two ends. */
static void map_by_descriptor(const struct actor *actor)
{
    size_t size = (size_t)actor->page_size * 2;
    char path[64];
    int fd;

    snprintf(path, sizeof(path), "/proc/self/map_files/%llx-%llx",
             (unsigned long long)(uintptr_t)actor->address,
             (unsigned long long)((uintptr_t)actor->address + size));
    fd = open(path, O_RDWR | O_CLOEXEC);
    must(fd, path);
    if (mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
        die(HELPER_FAILED, "mmap: %s", strerror(errno));
    close(fd);
}

/* Dies with PARENT, also when PARENT is gone already. */
static void tie_to(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(HELPER_FAILED);
}

static _Noreturn void wait_to_be_killed(void)
{
    for (;;)
        pause();
}

static void become_daemon(void)
{
    pid_t parent = getpid();
    pid_t child;

    fflush(stdout);
    child = fork();
    must(child, "fork");
    if (child > 0)
        _exit(0);
    while (getppid() == parent) /* until it is an orphan */
        sched_yield();
}

/* By the system call: the C library has no fork with flags. */
static void become_sibling(void)
{
    long child;

    fflush(stdout);
    child = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
    must((int)child, "clone");
    if (child > 0)
        _exit(0);
}

static void make_child(struct actor *actor)
{
    pid_t parent = getpid();
    pid_t child = fork();

    must(child, "fork");
    if (child == 0) {
        tie_to(parent);
        wait_to_be_killed();
    }
    note(actor, child);
}

static int sharer(void *arg)
{
    const pid_t *parent = arg;

    tie_to(*parent);
    wait_to_be_killed();
}

static void make_sharer(struct actor *actor)
{
    static pid_t parent;
    char *stack =
        mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pid_t child;

    if (stack == MAP_FAILED)
        die(HELPER_FAILED, "mmap: %s", strerror(errno));
    parent = getpid();
    child = clone(sharer, stack + STACK_SIZE, CLONE_VM | SIGCHLD, &parent);
    must(child, "clone");
    note(actor, child);
}

/* Hands its number over and waits; the process ends when the parent of it all does. */
static void *thread_main(void *arg)
{
    int fd = *(const int *)arg;
    pid_t tid = (pid_t)syscall(SYS_gettid);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (write(fd, &tid, sizeof(tid)) != (ssize_t)sizeof(tid))
        _exit(HELPER_FAILED);
    wait_to_be_killed();
}

static void make_thread(struct actor *actor)
{
    static int fds[2];
    pthread_t thread;
    pid_t tid;

    must(pipe(fds), "pipe");
    errno = pthread_create(&thread, NULL, thread_main, &fds[1]);
    must(errno ? -1 : 0, "pthread_create");
    if (read(fds[0], &tid, sizeof(tid)) != (ssize_t)sizeof(tid))
        die(HELPER_FAILED, "the thread did not start");
    note(actor, tid);
}

struct order {
    struct actor *actor;
    const char *word;
};

static void *make_in_thread(void *arg)
{
    const struct order *order = arg;

    make(order->actor, order->word, (size_t)order->actor->page_size * 2, 0);
    return NULL;
}

static void make_by_thread(struct actor *actor, const char *word)
{
    struct order order = {actor, word};
    pthread_t thread;

    errno = pthread_create(&thread, NULL, make_in_thread, &order);
    must(errno ? -1 : 0, "pthread_create");
    errno = pthread_join(thread, NULL);
    must(errno ? -1 : 0, "pthread_join");
}

static bool starts_with(const char *word, const char *start)
{
    return strncmp(word, start, strlen(start)) == 0;
}

/* Words about segments. Returns false when WORD is none. */
static bool do_segment(struct actor *actor, const char *word)
{
    if (starts_with(word, "make:"))
        make(actor, word + 5, (size_t)actor->page_size * 2, 0);
    else if (starts_with(word, "thread-make:"))
        make_by_thread(actor, word + 12);
    else if (starts_with(word, "huge:"))
        make(actor, word + 5, 4 << 20, SHM_HUGETLB | WITHOUT_RESERVE);
    else if (starts_with(word, "use:"))
        actor->shmid = (int)helper_number(word + 4, 10, 0, INT_MAX);
    else if (strcmp(word, "attach") == 0)
        attach(actor, 0);
    else if (strcmp(word, "attach-ro") == 0)
        attach(actor, SHM_RDONLY);
    else if (strcmp(word, "map-files") == 0)
        map_by_descriptor(actor);
    else if (strcmp(word, "detach") == 0)
        must(shmdt(actor->address), word);
    else if (strcmp(word, "split") == 0)
        must(mprotect(actor->address, (size_t)actor->page_size, PROT_READ), word);
    else if (strcmp(word, "cut") == 0)
        must(munmap(actor->address, (size_t)actor->page_size), word);
    else if (strcmp(word, "write") == 0)
        *actor->address = 1;
    else if (strcmp(word, "mark") == 0)
        must(shmctl(actor->shmid, IPC_RMID, NULL), word);
    else
        return false;
    return true;
}

static void do_word(struct actor *actor, const char *word)
{
    if (do_segment(actor, word))
        return;
    if (strcmp(word, "daemon") == 0)
        become_daemon();
    else if (strcmp(word, "sibling") == 0)
        become_sibling();
    else if (strcmp(word, "fork") == 0)
        make_child(actor);
    else if (strcmp(word, "share") == 0)
        make_sharer(actor);
    else if (strcmp(word, "thread") == 0)
        make_thread(actor);
    else if (strcmp(word, "end-leader") == 0)
        actor->end_leader = true;
    else if (starts_with(word, "name:"))
        must(prctl(PR_SET_NAME, word + 5), word);
    else if (strcmp(word, "bare") == 0)
        actor->bare = true;
    else if (strcmp(word, "closed") == 0)
        must(prctl(PR_SET_DUMPABLE, 0), word);
    else if (strcmp(word, "leave") == 0)
        must(unshare(CLONE_NEWIPC), word);
    else if (strcmp(word, "end") == 0)
        exit(0);
    else
        die(HELPER_USAGE, "'%s': what is that?", word);
}

int main(int argc, char **argv)
{
    struct actor actor = {.shmid = -1, .page_size = sysconf(_SC_PAGESIZE)};
    sigset_t term;
    int signal_number;

    require_own_namespace();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 1; i < argc; i++)
        do_word(&actor, argv[i]);
    for (int i = 0; actor.bare && i < argc; i++)
        memset(argv[i], 0, strlen(argv[i]));
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    printf("ready %d %d", (int)getpid(), actor.shmid);
    for (size_t i = 0; i < actor.count; i++)
        printf(" %d", (int)actor.numbers[i]);
    puts("");
    if (fflush(stdout) != 0)
        die(HELPER_FAILED, "standard output: %s", strerror(errno));
    if (actor.end_leader)
        syscall(SYS_exit, 0); /* this thread alone */
    sigwait(&term, &signal_number);
    return 0;
}
