#include "action/supervise_callers.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "kernel/proc.h"

/* How many descriptors may be open for this: RLIMIT_NOFILE is 1024 as a rule. */
enum { PIDFDS_MAX = 512 };

static struct caller *find_caller(const struct callers *callers, pid_t pid)
{
    /* The latest first: where a PID was reused the earlier caller has exited. */
    for (size_t i = callers->count; i > 0; i--) {
        if (callers->items[i - 1].pid == pid)
            return &callers->items[i - 1];
    }
    return NULL;
}

bool callers_has(const struct callers *callers, pid_t pid)
{
    const struct caller *caller = find_caller(callers, pid);

    return caller && (caller->pidfd < 0 || proc_pidfd_is_alive(caller->pidfd));
}

void callers_add(struct callers *callers, pid_t pid, int pidfd)
{
    if (pid == 0) {
        callers->incomplete = true;
        return;
    }
    if (pidfd >= 0 && callers->opened == PIDFDS_MAX) {
        close(pidfd);
        pidfd = -1;
    }
    callers->opened += pidfd >= 0;
    callers->items =
        xgrow(callers->items, callers->count, &callers->capacity, sizeof(*callers->items));
    callers->items[callers->count++] = (struct caller){.pid = pid, .pidfd = pidfd};
}

void callers_begin_reading(struct callers *callers)
{
    for (size_t i = 0; i < callers->count; i++) {
        struct caller *caller = &callers->items[i];

        caller->exited = caller->pidfd >= 0 && !proc_pidfd_is_alive(caller->pidfd);
    }
}

enum descent callers_check(const struct callers *callers, const struct procfs *procfs,
                           const struct ancestry_mark *mark, pid_t pid)
{
    const struct caller *caller = find_caller(callers, pid);

    if (!caller)
        return callers->incomplete ? DESCENT_UNKNOWN : DESCENT_UNRELATED;
    if (caller->pidfd < 0)
        return DESCENT_UNKNOWN;
    return proc_pidfd_is_alive(caller->pidfd) || ancestry_is_not_reused(procfs, mark, pid)
               ? DESCENT_DESCENDANT
               : DESCENT_UNKNOWN;
}

void callers_end_reading(struct callers *callers)
{
    size_t kept = 0;

    for (size_t i = 0; i < callers->count; i++) {
        const struct caller *caller = &callers->items[i];

        if (caller->exited) {
            close(caller->pidfd);
            callers->opened--;
        } else {
            callers->items[kept++] = *caller;
        }
    }
    callers->count = kept;
}

void callers_release(struct callers *callers)
{
    for (size_t i = 0; i < callers->count; i++) {
        if (callers->items[i].pidfd >= 0)
            close(callers->items[i].pidfd);
    }
    free(callers->items);
    *callers = (struct callers){.items = NULL};
}
