#include "otherns.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipcns.h"
#include "kernel/namespaces.h"
#include "unit.h"

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        _exit(2);
    close(fd);
}

static void map_ids(uid_t uid, gid_t gid)
{
    char map[64];

    write_file("/proc/self/setgroups", "deny");
    snprintf(map, sizeof(map), "5 %u 1\n", uid);
    write_file("/proc/self/uid_map", map);
    snprintf(map, sizeof(map), "7 %u 1\n", gid);
    write_file("/proc/self/gid_map", map);
}

static void live_inside(int ready)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int shmid;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (unshare(uid == 0 ? CLONE_NEWIPC : CLONE_NEWUSER | CLONE_NEWIPC) < 0)
        _exit(2);
    if (uid != 0)
        map_ids(uid, gid);
    shmid = shmget(OTHERNS_KEY, OTHERNS_SIZE, IPC_CREAT | 0600);
    if (shmid < 0 || (intptr_t)shmat(shmid, NULL, 0) == -1 || write(ready, "", 1) != 1)
        _exit(2);
    for (;;)
        pause();
}

bool otherns_try(const struct procfs *procfs, struct otherns *other)
{
    static const struct ipc_namespace_list nothing = {0};
    char word[16];
    char byte;
    int ends[2];
    bool is_ready;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    other->pid = fork();
    if (other->pid == 0)
        live_inside(ends[1]);
    close(ends[1]);
    is_ready = read(ends[0], &byte, 1) == 1;
    close(ends[0]);
    snprintf(word, sizeof(word), "%d", (int)other->pid);
    return is_ready && namespaces_resolve(procfs, &nothing, word, &other->namespace, NULL) == 0;
}

void otherns_start(const struct procfs *procfs, struct otherns *other)
{
    if (!otherns_try(procfs, other))
        skip_because("no IPC namespace of another process can be made here");
}

void otherns_begin(struct system *system, int own_key, struct otherns *other,
                   struct ipc_namespace *ret_own)
{
    static const struct ipc_namespace_list nothing = {0};

    otherns_need_root();
    ipcns_enter();
    assert_int_equal(system_open(system, NULL, NULL), 0);
    ipcns_segment(own_key, 100, 0600);
    otherns_start(&system->procfs, other);
    assert_int_equal(
        namespaces_resolve(&system->procfs, &nothing, "/proc/self/ns/ipc", ret_own, NULL), 0);
}

void otherns_end(struct otherns *other)
{
    namespaces_release_one(&other->namespace);
    kill(other->pid, SIGKILL);
    waitpid(other->pid, NULL, 0);
}

void otherns_need_root(void)
{
    if (geteuid() != 0 || setgroups(0, NULL) < 0)
        skip_because("root is needed, to enter namespaces and to become other users");
}
