/*
 * mkseg: makes segments, as tests want them, and prints their ids, one a line.
 *
 *     mkseg [--key K] [--size N] [--mode M] [--count N] [--fill] [--touch] [--uid U] [--gid G]
 *           [--stay]
 *
 * --key    0x hex, decimal (negative too) or octal; default 0, IPC_PRIVATE. The second of several
 *          has the next key. A key that is taken is an error
 * --size   bytes, default 4096
 * --mode   octal, default 600
 * --count  how many, default 1
 * --fill   writes every page: the segment has an rss
 * --touch  attaches and detaches once: the segment has a last process
 * --uid --gid  gives the segment away afterwards: its owner is not its creator then
 * --stay   prints `ready PID` behind the ids and lives on until SIGTERM, or until whoever started
 *          it ends: the segment's creator is alive
 */
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/shm.h>

#include "helper.h"

struct request {
    long long key;
    size_t size;
    int mode;
    long long count;
    bool fill;
    bool touch;
    bool stay;
    bool has_uid;
    bool has_gid;
    uid_t uid;
    gid_t gid;
};

static const struct option OPTIONS[] = {
    {"key", required_argument, NULL, 'k'},  {"size", required_argument, NULL, 's'},
    {"mode", required_argument, NULL, 'm'}, {"count", required_argument, NULL, 'n'},
    {"fill", no_argument, NULL, 'f'},       {"touch", no_argument, NULL, 't'},
    {"stay", no_argument, NULL, 'S'},       {"uid", required_argument, NULL, 'u'},
    {"gid", required_argument, NULL, 'g'},  {NULL, 0, NULL, 0},
};

static void read_options(int argc, char **argv, struct request *request)
{
    int option;

    while ((option = getopt_long(argc, argv, "k:s:m:", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'k':
            request->key = helper_number(optarg, 0, INT32_MIN, UINT32_MAX);
            break;
        case 's':
            request->size = (size_t)helper_number(optarg, 10, 0, LLONG_MAX);
            break;
        case 'm':
            request->mode = (int)helper_number(optarg, 8, 0, 0777);
            break;
        case 'n':
            request->count = helper_number(optarg, 10, 1, 1000000);
            break;
        case 'f':
            request->fill = true;
            break;
        case 't':
            request->touch = true;
            break;
        case 'S':
            request->stay = true;
            break;
        case 'u':
            request->uid = (uid_t)helper_number(optarg, 10, 0, UINT32_MAX - 1);
            request->has_uid = true;
            break;
        case 'g':
            request->gid = (gid_t)helper_number(optarg, 10, 0, UINT32_MAX - 1);
            request->has_gid = true;
            break;
        default:
            exit(HELPER_USAGE);
        }
    }
    if (optind < argc)
        die(HELPER_USAGE, "'%s': takes no operands", argv[optind]);
}

static void use(int shmid, const struct request *request)
{
    void *address = shmat(shmid, NULL, 0);

    /* shmat's failure is (void *)-1. */
    if ((intptr_t)address == -1)
        die(HELPER_FAILED, "shmat %d: %s", shmid, strerror(errno));
    if (request->fill)
        memset(address, 'x', request->size);
    if (shmdt(address) < 0)
        die(HELPER_FAILED, "shmdt %d: %s", shmid, strerror(errno));
}

static void give_away(int shmid, const struct request *request)
{
    struct shmid_ds ds;

    if (shmctl(shmid, IPC_STAT, &ds) < 0)
        die(HELPER_FAILED, "IPC_STAT %d: %s", shmid, strerror(errno));
    if (request->has_uid)
        ds.shm_perm.uid = request->uid;
    if (request->has_gid)
        ds.shm_perm.gid = request->gid;
    if (shmctl(shmid, IPC_SET, &ds) < 0)
        die(HELPER_FAILED, "IPC_SET %d: %s", shmid, strerror(errno));
}

/* Returns once SIGTERM has come. */
static void stay(void)
{
    pid_t parent = getppid();

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent)
        stay_until_term();
}

int main(int argc, char **argv)
{
    struct request request = {.size = 4096, .mode = 0600, .count = 1};

    read_options(argc, argv, &request);
    require_own_namespace();
    for (long long i = 0; i < request.count; i++) {
        uint32_t key = (uint32_t)(request.key == 0 ? 0 : request.key + i);
        int shmid = shmget((key_t)key, request.size, IPC_CREAT | IPC_EXCL | request.mode);

        if (shmid < 0)
            die(HELPER_FAILED, "shmget key 0x%08x, %zu bytes: %s", key, request.size,
                strerror(errno));
        if (request.fill || request.touch)
            use(shmid, &request);
        if (request.has_uid || request.has_gid)
            give_away(shmid, &request);
        printf("%d\n", shmid);
    }
    if (request.stay)
        stay();
    return fflush(stdout) == 0 ? 0 : HELPER_FAILED;
}
