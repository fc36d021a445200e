/*
 * crash: a program that makes segments, uses them, and aborts before it has removed them.
 *
 *     crash [--key K] [--size N] [--count N] [--mode M]
 *
 * --key    of the first segment, the next has the next key; default 0, IPC_PRIVATE
 * --size   bytes, default 131104
 * --count  how many, default 1
 * --mode   octal, default 666
 *
 * Prints the ids, one a line, and ends by SIGABRT, without a core file.
 */
#include <getopt.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/resource.h>
#include <sys/shm.h>

#include "helper.h"

struct request {
    long long key;
    size_t size;
    long long count;
    int mode;
};

static const struct option OPTIONS[] = {
    {"key", required_argument, NULL, 'k'},
    {"size", required_argument, NULL, 's'},
    {"count", required_argument, NULL, 'n'},
    {"mode", required_argument, NULL, 'm'},
    {NULL, 0, NULL, 0},
};

static void read_options(int argc, char **argv, struct request *request)
{
    int option;

    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'k':
            request->key = helper_number(optarg, 0, INT32_MIN, UINT32_MAX);
            break;
        case 's':
            request->size = (size_t)helper_number(optarg, 10, 1, LLONG_MAX);
            break;
        case 'n':
            request->count = helper_number(optarg, 10, 1, 1000);
            break;
        case 'm':
            request->mode = (int)helper_number(optarg, 8, 0, 0777);
            break;
        default:
            exit(HELPER_USAGE);
        }
    }
    if (optind < argc)
        die(HELPER_USAGE, "'%s': takes no operands", argv[optind]);
}

static void make_and_use(uint32_t key, const struct request *request)
{
    int shmid = shmget((key_t)key, request->size, IPC_CREAT | IPC_EXCL | request->mode);
    void *address;

    if (shmid < 0)
        die(HELPER_FAILED, "shmget key 0x%08x: %s", key, strerror(errno));
    address = shmat(shmid, NULL, 0);
    if ((intptr_t)address == -1)
        die(HELPER_FAILED, "shmat %d: %s", shmid, strerror(errno));
    memset(address, 'x', request->size);
    printf("%d\n", shmid);
}

int main(int argc, char **argv)
{
    struct request request = {.size = 131104, .count = 1, .mode = 0666};
    struct rlimit no_core = {0, 0};

    read_options(argc, argv, &request);
    require_own_namespace();
    setrlimit(RLIMIT_CORE, &no_core);
    for (long long i = 0; i < request.count; i++)
        make_and_use((uint32_t)(request.key == 0 ? 0 : request.key + i), &request);
    fflush(stdout);
    abort();
}
