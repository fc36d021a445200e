/*
 * What the helpers share: strict arguments, dying with a message, and the guard that keeps them
 * away from the machine's own segments.
 */
#ifndef SHMTOOL_TESTS_HELPER_H
#define SHMTOOL_TESTS_HELPER_H

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HELPER_FAILED 1
#define HELPER_USAGE 2
#define HELPER_REFUSED 99

/* Ends the helper with STATUS and "NAME: text" on standard error. */
__attribute__((noreturn, format(printf, 2, 3))) static inline void die(int status,
                                                                       const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(status);
}

/* The name of an errno that some call of a test may give; the C library has a table (glibc) or
 * none. */
static inline const char *errno_name(int code)
{
    static const struct {
        int code;
        const char *name;
    } names[] = {{EACCES, "EACCES"}, {EEXIST, "EEXIST"}, {EIDRM, "EIDRM"},
                 {EINVAL, "EINVAL"}, {ENOENT, "ENOENT"}, {ENOMEM, "ENOMEM"},
                 {ENOSPC, "ENOSPC"}, {ENOSYS, "ENOSYS"}, {EPERM, "EPERM"}};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].code == code)
            return names[i].name;
    }
    die(HELPER_FAILED, "errno %d: %s", code, strerror(code));
}

/*
 * Ends the helper with status 99 unless it runs in an IPC namespace that the test runner made:
 * tests/run says so in SHMTOOL_TEST_NS, and names the namespace it came from in
 * SHMTOOL_TEST_OUTER_NS.
 */
static inline void require_own_namespace(void)
{
    const char *own = getenv("SHMTOOL_TEST_NS");
    const char *outer = getenv("SHMTOOL_TEST_OUTER_NS");
    char here[64];
    ssize_t length;

    if (!own || strcmp(own, "1") != 0)
        die(HELPER_REFUSED, "SHMTOOL_TEST_NS is not 1: not in an IPC namespace of the tests");
    if (!outer)
        return;
    length = readlink("/proc/self/ns/ipc", here, sizeof(here) - 1);
    if (length < 0)
        die(HELPER_REFUSED, "/proc/self/ns/ipc: %s", strerror(errno));
    here[length] = '\0';
    if (strcmp(here, outer) == 0)
        die(HELPER_REFUSED, "this is the IPC namespace that the tests were started from");
}

/* Prints `ready PID`, and returns once SIGTERM has come. */
static inline void stay_until_term(void)
{
    sigset_t term;
    int signal_number;

    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    printf("ready %d\n", (int)getpid());
    if (fflush(stdout) == 0)
        sigwait(&term, &signal_number);
}

/* Reads WORD, whole, in BASE (0: as in C) as a number from LOW to HIGH, or ends with status 2. */
static inline long long helper_number(const char *word, int base, long long low, long long high)
{
    char *end;
    long long value;

    errno = 0;
    value = strtoll(word, &end, base);
    if (end == word || *end || errno || value < low || value > high)
        die(HELPER_USAGE, "'%s': not a number from %lld to %lld", word, low, high);
    return value;
}

#endif
