/*
 * setseg: changes whose segments are, or what may be done with them (IPC_SET).
 *
 *     setseg [--uid U] [--gid G] [--mode M] ID...
 *
 * --uid --gid  owner and owning group
 * --mode       octal
 *
 * With none of them the segments are only marked as changed: their ctime is now.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "helper.h"

struct request {
    bool has_uid;
    bool has_gid;
    bool has_mode;
    uid_t uid;
    gid_t gid;
    unsigned short mode;
};

static const struct option OPTIONS[] = {
    {"uid", required_argument, NULL, 'u'},
    {"gid", required_argument, NULL, 'g'},
    {"mode", required_argument, NULL, 'm'},
    {NULL, 0, NULL, 0},
};

static void read_options(int argc, char **argv, struct request *request)
{
    int option;

    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'u':
            request->uid = (uid_t)helper_number(optarg, 10, 0, UINT32_MAX - 1);
            request->has_uid = true;
            break;
        case 'g':
            request->gid = (gid_t)helper_number(optarg, 10, 0, UINT32_MAX - 1);
            request->has_gid = true;
            break;
        case 'm':
            request->mode = (unsigned short)helper_number(optarg, 8, 0, 0777);
            request->has_mode = true;
            break;
        default:
            exit(HELPER_USAGE);
        }
    }
    if (optind == argc)
        die(HELPER_USAGE, "which segments? give their ids");
}

static void change(int shmid, const struct request *request)
{
    struct shmid_ds ds;

    if (shmctl(shmid, IPC_STAT, &ds) < 0)
        die(HELPER_FAILED, "IPC_STAT %d: %s", shmid, strerror(errno));
    if (request->has_uid)
        ds.shm_perm.uid = request->uid;
    if (request->has_gid)
        ds.shm_perm.gid = request->gid;
    if (request->has_mode)
        ds.shm_perm.mode = request->mode;
    if (shmctl(shmid, IPC_SET, &ds) < 0)
        die(HELPER_FAILED, "IPC_SET %d: %s", shmid, strerror(errno));
}

int main(int argc, char **argv)
{
    struct request request = {0};

    read_options(argc, argv, &request);
    require_own_namespace();
    for (int i = optind; i < argc; i++)
        change((int)helper_number(argv[i], 10, 0, INT_MAX), &request);
    return 0;
}
