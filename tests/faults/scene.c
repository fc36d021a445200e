/*
 * The segments that shmtool finds in each case.
 */
#include <sched.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "../helpers/helper.h"
#include "faults.h"

/* Which of the segments are what. */
enum { IDLE = ORPHANS, ATTACHED, MARKED };

enum { SCENE_PERMS = 0600 };

char scene_byte(int number)
{
    return (char)('a' + number);
}

static int make(int key, int number)
{
    int shmid = shmget(key, SCENE_SIZE, IPC_CREAT | IPC_EXCL | SCENE_PERMS);
    void *bytes = shmid < 0 ? (void *)-1 : shmat(shmid, NULL, 0);

    if ((intptr_t)bytes == -1)
        die(HELPER_FAILED, "a segment of the scene: %s", strerror(errno));
    memset(bytes, scene_byte(number), SCENE_SIZE);
    shmdt(bytes);
    return shmid;
}

/* Forks a child that can tell something through PAIR. */
static pid_t fork_with_pipe(int pair[2])
{
    pid_t child;

    if (pipe(pair) < 0)
        die(HELPER_FAILED, "pipe: %s", strerror(errno));
    child = fork();
    if (child < 0)
        die(HELPER_FAILED, "fork: %s", strerror(errno));
    return child;
}

/* Made by a process that has ended. */
static int make_orphan(int key, int number)
{
    int pair[2];
    int shmid;
    pid_t child = fork_with_pipe(pair);

    if (child == 0) {
        shmid = make(key, number);
        _exit(write(pair[1], &shmid, sizeof(shmid)) == sizeof(shmid) ? 0 : HELPER_FAILED);
    }
    if (read(pair[0], &shmid, sizeof(shmid)) != sizeof(shmid) || waitpid(child, NULL, 0) != child)
        die(HELPER_FAILED, "a child: %s", strerror(errno));
    close(pair[0]);
    close(pair[1]);
    return shmid;
}

bool scene_has(const struct scene *scene, int number)
{
    struct shmid_ds ds;

    return shmctl(scene->ids[number], IPC_STAT, &ds) == 0 &&
           (number == MARKED || !(ds.shm_perm.mode & SHM_DEST));
}

bool scene_is_changed(const struct scene *scene, int number)
{
    struct shmid_ds ds;

    return shmctl(scene->ids[number], IPC_STAT, &ds) == 0 &&
           ((ds.shm_perm.mode & 0777) != SCENE_PERMS || ds.shm_perm.uid != geteuid() ||
            ds.shm_perm.gid != getegid() || ds.shm_perm.mode & SHM_LOCKED);
}

/* Has a process of its own attach the segment: what we fork must not bring attachments of ours
 * along. */
static pid_t start_holder(int shmid)
{
    int pair[2];
    char byte = 0;
    pid_t child = fork_with_pipe(pair);

    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if ((intptr_t)shmat(shmid, NULL, 0) == -1 || write(pair[1], &byte, 1) != 1)
            _exit(HELPER_FAILED);
        for (;;)
            pause();
    }
    close(pair[1]);
    if (read(pair[0], &byte, 1) != 1)
        die(HELPER_FAILED, "a holder failed");
    close(pair[0]);
    return child;
}

static void stop_holder(pid_t *holder)
{
    if (*holder == 0)
        return;
    kill(*holder, SIGKILL);
    waitpid(*holder, NULL, 0);
    *holder = 0;
}

static void build_one(struct scene *scene, int number)
{
    /* The first has no key, as those that nobody can find any more. */
    int key = number == 0 ? IPC_PRIVATE : 0x5000 + number;
    pid_t *holder = number >= ATTACHED ? &scene->holders[number - ATTACHED] : NULL;

    if (holder)
        stop_holder(holder);
    scene->ids[number] = number < ORPHANS ? make_orphan(key, number) : make(key, number);
    if (holder)
        *holder = start_holder(scene->ids[number]);
    if (number == MARKED)
        shmctl(scene->ids[number], IPC_RMID, NULL);
    snprintf(scene->words[number], sizeof(scene->words[number]), "%d", scene->ids[number]);
}

void scene_build(struct scene *scene)
{
    for (int i = 0; i < SEGMENTS; i++) {
        if (scene->words[i][0] && scene_is_changed(scene, i))
            shmctl(scene->ids[i], IPC_RMID, NULL);
        if (!scene->words[i][0] || !scene_has(scene, i))
            build_one(scene, i);
    }
}

/* Makes segments until there are all. Returns how many there were. */
static int make_others(void)
{
    int before = scene_count();

    for (int i = 0; i < OTHERS && scene_count() < OTHERS; i++) {
        if (shmget(0x6000 + i, OTHERS_SIZE, IPC_CREAT | 0600) < 0)
            die(HELPER_FAILED, "shmget: %s", strerror(errno));
    }
    return before;
}

/* Answers 'c' by how many segments there are, and 'm' too, and then makes all. */
__attribute__((noreturn)) static void serve_others(int channel)
{
    char command;

    if (unshare(CLONE_NEWIPC) < 0)
        die(HELPER_FAILED, "unshare: %s", strerror(errno));
    while (read(channel, &command, 1) == 1) {
        int count = command == 'm' ? make_others() : scene_count();

        if (write(channel, &count, sizeof(count)) != sizeof(count))
            break;
    }
    _exit(0);
}

static int ask_other(const struct scene *scene, char command)
{
    int count;

    if (write(scene->other.channel, &command, 1) != 1 ||
        read(scene->other.channel, &count, sizeof(count)) != sizeof(count))
        die(HELPER_FAILED, "the other namespace: %s", strerror(errno));
    return count;
}

void scene_build_other(struct scene *scene)
{
    int pair[2];

    if (scene->other.pid == 0) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
            die(HELPER_FAILED, "socketpair: %s", strerror(errno));
        scene->other.pid = fork();
        if (scene->other.pid < 0)
            die(HELPER_FAILED, "fork: %s", strerror(errno));
        if (scene->other.pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            close(pair[0]);
            serve_others(pair[1]);
        }
        close(pair[1]);
        scene->other.channel = pair[0];
        snprintf(scene->other.word, sizeof(scene->other.word), "%d", (int)scene->other.pid);
    }
    ask_other(scene, 'm');
}

int scene_count_other(const struct scene *scene)
{
    return ask_other(scene, 'c');
}

static void end_other(struct scene *scene)
{
    if (scene->other.pid == 0)
        return;
    close(scene->other.channel);
    stop_holder(&scene->other.pid);
}

void scene_clear(struct scene *scene)
{
    end_other(scene);
    for (int i = 0; i < SEGMENTS; i++)
        shmctl(scene->ids[i], IPC_RMID, NULL);
    for (int i = 0; i < 2; i++)
        stop_holder(&scene->holders[i]);
}

int scene_count(void)
{
    struct shm_info info;

    if (shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&info) < 0)
        die(HELPER_FAILED, "SHM_INFO: %s", strerror(errno));
    return info.used_ids;
}

static bool is_ours(const struct scene *scene, int shmid)
{
    for (int i = 0; i < SEGMENTS; i++) {
        if (scene->ids[i] == shmid)
            return true;
    }
    return false;
}

void scene_sweep(const struct scene *scene)
{
    struct shmid_ds ds;
    int highest = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&(struct shm_info){0});

    for (int i = 0; i <= highest; i++) {
        int shmid = shmctl(i, SHM_STAT, &ds);

        if (shmid >= 0 && !is_ours(scene, shmid))
            shmctl(shmid, IPC_RMID, NULL);
    }
}
