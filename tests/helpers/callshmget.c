/*
 * callshmget: makes one call of shmget and prints the errno's name, or OK.
 *
 *     callshmget [--attach] [--times N] [--by WAY] KEY SIZE FLAGS
 *
 * --times   makes it so often, and prints the last answer
 * --by      libc: as the C library does; x32: as a program of that architecture; i386, ipc: as one
 *           of 32 bits does, by shmget or by ipc(2); the status is 77 where the kernel or the
 *           machine knows no such programs
 * --attach  prints what shmat says too, for reading and for writing: "OK OK EACCES", and takes a
 *           segment away again that the call made
 * KEY       0x hex, decimal or octal; 0 is IPC_PRIVATE
 * SIZE      bytes, up to 64 bits
 * FLAGS     octal: the mode, 01000 for IPC_CREAT, 02000 for IPC_EXCL ...; 0x hex
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include "helper.h"

static const char *name_of(int code)
{
    return code == 0 ? "OK" : errno_name(code);
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

/* --- Ways to call it -------------------------------------------------------------------------- */

enum { CANNOT = 77, IPC_SHMGET = 23 };

struct arguments {
    uint32_t key;
    size_t size;
    int flags;
};

/* All return the id, or -1 and set errno. */

static int call_libc(const struct arguments *arguments)
{
    return shmget((key_t)arguments->key, arguments->size, arguments->flags);
}

/* musl's shmget asks for SIZE_MAX where a size is beyond PTRDIFF_MAX. */
static int call_kernel(const struct arguments *arguments)
{
    return (int)syscall(SYS_shmget, arguments->key, arguments->size, arguments->flags);
}

#if defined(__x86_64__)
static int call_x32(const struct arguments *arguments)
{
    const long x32 = 0x40000000;

    return (int)syscall(x32 | SYS_shmget, arguments->key, arguments->size, arguments->flags);
}

/* As a program of 32 bits makes calls. */
static int call_32(long number, long first, long second, long third, long fourth)
{
    long answer;

    __asm__ volatile("int $0x80"
                     : "=a"(answer)
                     : "a"(number), "b"(first), "c"(second), "d"(third), "S"(fourth)
                     : "memory", "cc", "r8", "r9", "r10", "r11");
    if (answer >= 0)
        return (int)answer;
    errno = (int)-answer;
    return -1;
}

static int call_i386(const struct arguments *arguments)
{
    return call_32(395, (int)arguments->key, (long)arguments->size, arguments->flags, 0);
}

static int call_ipc(const struct arguments *arguments)
{
    return call_32(117, IPC_SHMGET, (int)arguments->key, (long)arguments->size, arguments->flags);
}
#else
static int call_x32(const struct arguments *arguments)
{
    (void)arguments;
    exit(CANNOT);
}
#define call_i386 call_x32
#define call_ipc call_x32
#endif

static int (*way_of(const char *name))(const struct arguments *)
{
    static const struct {
        const char *name;
        int (*call)(const struct arguments *arguments);
    } ways[] = {{"libc", call_libc}, {"x32", call_x32}, {"i386", call_i386}, {"ipc", call_ipc}};

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (strcmp(ways[i].name, name) == 0)
            return ways[i].call;
    }
    die(HELPER_USAGE, "'%s': not a way to call shmget", name);
}

/* --- The command line ------------------------------------------------------------------------- */

static const struct option OPTIONS[] = {
    {"attach", no_argument, NULL, 'a'},
    {"times", required_argument, NULL, 't'},
    {"by", required_argument, NULL, 'b'},
    {NULL, 0, NULL, 0},
};

static size_t size_of(const char *word)
{
    char *end;
    unsigned long long size;

    errno = 0;
    size = strtoull(word, &end, 10);
    if (end == word || *end || errno || size > SIZE_MAX)
        die(HELPER_USAGE, "'%s': not a size", word);
    return (size_t)size;
}

int main(int argc, char **argv)
{
    bool attaches = false;
    long long times = 1;
    int (*call)(const struct arguments *) = call_kernel;
    struct arguments arguments;
    char **words;
    int option;
    int shmid = -1;

    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1) {
        if (option == 'a')
            attaches = true;
        else if (option == 't')
            times = helper_number(optarg, 10, 1, 1000000);
        else if (option == 'b')
            call = way_of(optarg);
        else
            exit(HELPER_USAGE);
    }
    words = argv + optind;
    if (argc - optind != 3)
        die(HELPER_USAGE, "[--attach] [--times N] [--by WAY] KEY SIZE FLAGS");
    require_own_namespace();
    arguments = (struct arguments){
        .key = (uint32_t)helper_number(words[0], 0, INT32_MIN, UINT32_MAX),
        .size = size_of(words[1]),
        .flags =
            (int)helper_number(words[2], strncmp(words[2], "0x", 2) == 0 ? 16 : 8, 0, UINT32_MAX),
    };
    for (long long i = 0; i < times; i++)
        shmid = call(&arguments);
    /* Where a way is unknown no call of that number is. */
    if (shmid < 0 && errno == ENOSYS && call != call_libc && call != call_kernel)
        return CANNOT;
    fputs(name_of(shmid < 0 ? errno : 0), stdout);
    if (attaches && shmid >= 0) {
        printf(" %s", name_of(attach(shmid, SHM_RDONLY)));
        printf(" %s", name_of(attach(shmid, 0)));
        remove_own(shmid);
    }
    putchar('\n');
    return fflush(stdout) == 0 ? 0 : HELPER_FAILED;
}
