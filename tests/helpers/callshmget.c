/*
 * callshmget: makes one call of shmget and prints the errno's name, or OK.
 *
 *     callshmget KEY SIZE FLAGS
 *
 * KEY    0x hex, decimal or octal; 0 is IPC_PRIVATE
 * SIZE   bytes, up to 64 bits
 * FLAGS  octal: the mode, 01000 for IPC_CREAT, 02000 for IPC_EXCL
 */
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "helper.h"

int main(int argc, char **argv)
{
    uint32_t key;
    int flags;
    size_t size;
    char *end;

    if (argc != 4)
        die(HELPER_USAGE, "KEY SIZE FLAGS");
    require_own_namespace();
    key = (uint32_t)helper_number(argv[1], 0, INT32_MIN, UINT32_MAX);
    flags = (int)helper_number(argv[3], 8, 0, 03777);
    errno = 0;
    size = strtoull(argv[2], &end, 10);
    if (end == argv[2] || *end || errno)
        die(HELPER_USAGE, "'%s': not a size", argv[2]);
    puts(shmget((key_t)key, size, flags) < 0 ? strerrorname_np(errno) : "OK");
    return fflush(stdout) == 0 ? 0 : HELPER_FAILED;
}
