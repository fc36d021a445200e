/*
 * blink: attaches and detaches segments all the time, each time in a process that exits then.
 *
 *     blink ID...
 *
 * Prints `ready PID` once all were attached, and goes on until SIGTERM, or until whoever started
 * it ends: whoever looks at them sees them attached, or left by a last user that is dead.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/wait.h>

#include "helper.h"

static void blink(int shmid)
{
    pid_t child = fork();
    void *address;
    int status;

    if (child < 0)
        die(HELPER_FAILED, "fork: %s", strerror(errno));
    if (child == 0) {
        address = shmat(shmid, NULL, 0);
        _exit((intptr_t)address == -1 || shmdt(address) < 0);
    }
    if (waitpid(child, &status, 0) != child || status != 0)
        die(HELPER_FAILED, "segment %d cannot be attached", shmid);
}

int main(int argc, char **argv)
{
    bool ready = false;

    require_own_namespace();
    if (argc < 2)
        die(HELPER_USAGE, "which segments?");
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    for (;;) {
        for (int i = 1; i < argc; i++)
            blink((int)helper_number(argv[i], 10, 0, INT_MAX));
        if (!ready) {
            printf("ready %d\n", (int)getpid());
            fflush(stdout);
        }
        ready = true;
    }
}
