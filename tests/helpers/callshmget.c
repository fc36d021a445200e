/*
 * callshmget: makes one call of shmget and prints the errno's name, or OK.
 *
 *     callshmget [--attach] KEY SIZE FLAGS
 *
 * --attach  prints what shmat says too, for reading and for writing: "OK OK EACCES", and takes a
 *           segment away again that the call made
 * KEY       0x hex, decimal or octal; 0 is IPC_PRIVATE
 * SIZE      bytes, up to 64 bits
 * FLAGS     octal: the mode, 01000 for IPC_CREAT, 02000 for IPC_EXCL ...; 0x hex
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "helper.h"

static const char *name_of(int code)
{
    return code == 0 ? "OK" : strerrorname_np(code);
}

static int attach(int shmid, int flags)
{
    void *address = shmat(shmid, NULL, flags);

    if ((intptr_t)address == -1)
        return errno;
    shmdt(address);
    return 0;
}

/* Removes the segment if this process made it. It may not be readable to us: IPC_STAT fails then.
 */
static void remove_own(int shmid)
{
    struct shmid_ds ds;

    if (shmctl(shmid, SHM_STAT_ANY, &ds) >= 0 && ds.shm_cpid == getpid())
        shmctl(shmid, IPC_RMID, NULL);
}

int main(int argc, char **argv)
{
    bool attaches = argc > 1 && strcmp(argv[1], "--attach") == 0;
    char **words = argv + 1 + attaches;
    uint32_t key;
    int flags;
    int shmid;
    size_t size;
    char *end;

    if (argc != 4 + attaches)
        die(HELPER_USAGE, "[--attach] KEY SIZE FLAGS");
    require_own_namespace();
    key = (uint32_t)helper_number(words[0], 0, INT32_MIN, UINT32_MAX);
    flags = (int)helper_number(words[2], strncmp(words[2], "0x", 2) == 0 ? 16 : 8, 0, UINT32_MAX);
    errno = 0;
    size = strtoull(words[1], &end, 10);
    if (end == words[1] || *end || errno)
        die(HELPER_USAGE, "'%s': not a size", words[1]);
    shmid = shmget((key_t)key, size, flags);
    fputs(name_of(shmid < 0 ? errno : 0), stdout);
    if (attaches && shmid >= 0) {
        printf(" %s", name_of(attach(shmid, SHM_RDONLY)));
        printf(" %s", name_of(attach(shmid, 0)));
        remove_own(shmid);
    }
    putchar('\n');
    return fflush(stdout) == 0 ? 0 : HELPER_FAILED;
}
