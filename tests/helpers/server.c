/*
 * server: what a program with shared memory does that nobody taught to clean up.
 *
 *     server BYTES
 *
 * Makes the segment of its key, or takes the one that is there, attaches it, prints `server: ready`
 * and goes on until a signal ends it: the segment stays. Where shmget fails it says so as perror
 * does.
 */
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "helper.h"

#define SERVER_KEY 0x00143511

int main(int argc, char **argv)
{
    int shmid;

    if (argc != 2)
        die(HELPER_USAGE, "usage: server BYTES");
    require_own_namespace();
    shmid = shmget(SERVER_KEY, (size_t)helper_number(argv[1], 10, 1, LLONG_MAX), IPC_CREAT | 0600);
    if (shmid < 0 || (intptr_t)shmat(shmid, NULL, 0) == -1) {
        perror(shmid < 0 ? "server: shmget" : "server: shmat");
        return HELPER_FAILED;
    }
    puts("server: ready");
    fflush(stdout);
    for (;;)
        pause();
}
