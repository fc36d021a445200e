/*
 * lock: locks segments into memory (SHM_LOCK), or with --unlock lets them go again.
 *
 *     lock [--unlock] ID...
 */
#include <getopt.h>
#include <stdbool.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "helper.h"

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"unlock", no_argument, NULL, 'u'},
        {NULL, 0, NULL, 0},
    };
    int command = SHM_LOCK;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'u')
            return HELPER_USAGE;
        command = SHM_UNLOCK;
    }
    if (optind == argc)
        die(HELPER_USAGE, "which segments? give their ids");
    require_own_namespace();
    for (int i = optind; i < argc; i++) {
        int shmid = (int)helper_number(argv[i], 10, 0, INT_MAX);

        if (shmctl(shmid, command, NULL) < 0)
            die(HELPER_FAILED, "%s %d: %s", command == SHM_LOCK ? "SHM_LOCK" : "SHM_UNLOCK", shmid,
                strerror(errno));
    }
    return 0;
}
