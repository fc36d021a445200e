/*
 * refuse: runs a program to which the kernel refuses some system calls, as a filter of a container
 * or of a unit would, or a kernel without them.
 *
 *     refuse ERRNO CALL[,CALL...] PROGRAM [ARG]...
 *
 * ERRNO  EPERM, ENOSYS, EACCES
 * CALL   shmget, shmat, shmdt, shmctl, seccomp, pidfd_open
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/ipc.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "helper.h"

enum { CALLS_MAX = 8, NOT_OF_IPC = -1 };

struct call {
    const char *name;
    int number;
    int of_ipc; /* its number as a part of ipc(2), by which i386's libc makes it */
};

static struct call find_call(const char *call)
{
    static const struct call calls[] = {
        {"shmget", SYS_shmget, SHMGET},       {"shmat", SYS_shmat, SHMAT},
        {"shmdt", SYS_shmdt, SHMDT},          {"shmctl", SYS_shmctl, SHMCTL},
        {"seccomp", SYS_seccomp, NOT_OF_IPC}, {"pidfd_open", SYS_pidfd_open, NOT_OF_IPC},
    };

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (strcmp(calls[i].name, call) == 0)
            return calls[i];
    }
    die(HELPER_USAGE, "'%s': not a call that can be refused", call);
}

static unsigned code_of(const char *name)
{
    static const int codes[] = {EPERM, ENOSYS, EACCES};

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (strcmp(errno_name(codes[i]), name) == 0)
            return (unsigned)codes[i];
    }
    die(HELPER_USAGE, "'%s': not an errno", name);
}

/* Appends: CODE where what was loaded last is NUMBER. */
static void put_refusal(struct sock_fprog *program, int number, unsigned code)
{
    program->filter[program->len++] =
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1);
    program->filter[program->len++] =
        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | code);
}

/* Appends the loading of a member of struct seccomp_data. */
static void put_load(struct sock_fprog *program, unsigned offset)
{
    program->filter[program->len++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset);
}

/* Has the kernel answer CODE to each of the calls from now on. */
static void refuse_calls(unsigned code, const struct call *calls, unsigned count)
{
    struct sock_filter filter[4 * CALLS_MAX + 5];
    struct sock_fprog program = {.filter = filter};

    put_load(&program, offsetof(struct seccomp_data, nr));
    for (unsigned i = 0; i < count; i++)
        put_refusal(&program, calls[i].number, code);
#ifdef SYS_ipc
    filter[program.len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ipc, 1, 0);
    filter[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    put_load(&program, offsetof(struct seccomp_data, args)); /* little endian, as i386 is */
    for (unsigned i = 0; i < count; i++)
        put_refusal(&program, calls[i].of_ipc, code);
#endif
    filter[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        die(HELPER_FAILED, "no system call filter here: %s", strerror(errno));
}

int main(int argc, char **argv)
{
    struct call calls[CALLS_MAX];
    unsigned count = 0;
    unsigned code;

    if (argc < 4)
        die(HELPER_USAGE, "ERRNO CALL[,CALL...] PROGRAM [ARG]...");
    code = code_of(argv[1]);
    for (char *call = strtok(argv[2], ","); call; call = strtok(NULL, ",")) {
        if (count == CALLS_MAX)
            die(HELPER_USAGE, "too many calls");
        calls[count++] = find_call(call);
    }
    refuse_calls(code, calls, count);
    execvp(argv[3], argv + 3);
    die(HELPER_FAILED, "%s: %s", argv[3], strerror(errno));
}
