/*
 * clearsegs: removes all segments that are left in this IPC namespace, and turns its counter of
 * indexes to the beginning.
 *
 *     clearsegs
 *
 * The kernel gives indexes out in a circle of 64 and lists segments by them: what a test makes from
 * then on is listed in the order in which it is made, however many there were before.
 */
#include <sys/ipc.h>
#include <sys/shm.h>

#include "helper.h"

enum { INDEXES = 32768, LAST_OF_CIRCLE = 63 };

int main(void)
{
    struct shmid_ds ds;
    int highest;

    require_own_namespace();
    highest = shmctl(0, SHM_INFO, &ds);
    for (int index = 0; index <= highest; index++) {
        int shmid = shmctl(index, SHM_STAT, &ds);

        if (shmid >= 0)
            shmctl(shmid, IPC_RMID, NULL);
    }
    /* No more than a circle: some kernels give indexes out in another way. */
    for (int made = 0; made <= LAST_OF_CIRCLE; made++) {
        int shmid = shmget(IPC_PRIVATE, 1, 0600);

        /* Below a limit that leaves no room there is nothing to be turned. */
        if (shmid < 0 || shmctl(shmid, IPC_RMID, NULL) < 0 || shmid % INDEXES == LAST_OF_CIRCLE)
            break;
    }
    return 0;
}
