#include "ipcns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#include "unit.h"

static bool entered;

static bool write_map(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return written;
}

/* An ordinary user gets it inside of a user namespace, where the user stays who it was. */
static bool enter_with_user(void)
{
    char uid_map[64];
    char gid_map[64];

    snprintf(uid_map, sizeof(uid_map), "%u %u 1", (unsigned)geteuid(), (unsigned)geteuid());
    snprintf(gid_map, sizeof(gid_map), "%u %u 1", (unsigned)getegid(), (unsigned)getegid());
    return unshare(CLONE_NEWUSER | CLONE_NEWIPC) == 0 &&
           write_map("/proc/self/setgroups", "deny") && write_map("/proc/self/uid_map", uid_map) &&
           write_map("/proc/self/gid_map", gid_map);
}

void ipcns_enter(void)
{
    if (entered)
        return;
    if (unshare(CLONE_NEWIPC) < 0 && !enter_with_user())
        skip_because("no IPC namespace of its own: segments are neither made nor removed");
    entered = true;
}

int ipcns_segment(int key, unsigned long size, int mode)
{
    int shmid;

    assert_true(entered);
    shmid = shmget(key, size, IPC_CREAT | IPC_EXCL | mode);
    assert_true(shmid >= 0);
    return shmid;
}

int ipcns_teardown(void **state)
{
    struct shm_info info;
    struct shmid_ds ds;
    int highest;

    (void)state;
    if (!entered)
        return 0;
    highest = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&info);
    for (int index = 0; index <= highest; index++) {
        int shmid = shmctl(index, SHM_STAT, &ds);

        if (shmid >= 0)
            shmctl(shmid, IPC_RMID, NULL);
    }
    return 0;
}
