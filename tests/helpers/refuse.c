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
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "helper.h"

enum { CALLS_MAX = 8 };

static int number_of(const char *call)
{
    static const struct {
        const char *name;
        int number;
    } calls[] = {{"shmget", SYS_shmget}, {"shmat", SYS_shmat},     {"shmdt", SYS_shmdt},
                 {"shmctl", SYS_shmctl}, {"seccomp", SYS_seccomp}, {"pidfd_open", SYS_pidfd_open}};

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (strcmp(calls[i].name, call) == 0)
            return calls[i].number;
    }
    die(HELPER_USAGE, "'%s': not a call that can be refused", call);
}

static unsigned code_of(const char *name)
{
    static const int codes[] = {EPERM, ENOSYS, EACCES};

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (strcmp(strerrorname_np(codes[i]), name) == 0)
            return (unsigned)codes[i];
    }
    die(HELPER_USAGE, "'%s': not an errno", name);
}

/* Has the kernel answer CODE to each of the calls from now on. */
static void refuse_calls(unsigned code, const int *calls, unsigned short count)
{
    struct sock_filter filter[2 * CALLS_MAX + 2];
    struct sock_fprog program = {.filter = filter};
    unsigned short used = 0;

    filter[used++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (unsigned short i = 0; i < count; i++) {
        filter[used++] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i], 0, 1);
        filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | code);
    }
    filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    program.len = used;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        die(HELPER_FAILED, "no system call filter here: %s", strerror(errno));
}

int main(int argc, char **argv)
{
    int calls[CALLS_MAX];
    unsigned short count = 0;
    unsigned code;

    if (argc < 4)
        die(HELPER_USAGE, "ERRNO CALL[,CALL...] PROGRAM [ARG]...");
    code = code_of(argv[1]);
    for (char *call = strtok(argv[2], ","); call; call = strtok(NULL, ",")) {
        if (count == CALLS_MAX)
            die(HELPER_USAGE, "too many calls");
        calls[count++] = number_of(call);
    }
    refuse_calls(code, calls, count);
    execvp(argv[3], argv + 3);
    die(HELPER_FAILED, "%s: %s", argv[3], strerror(errno));
}
