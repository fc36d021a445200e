/*
 * The controlling terminal: which process group has it, and handing it over.
 */
#ifndef SHMTOOL_KERNEL_TERMINAL_H
#define SHMTOOL_KERNEL_TERMINAL_H

#include <sys/types.h>

/*
 * The process group in the foreground of our controlling terminal.
 * Returns a negative errno when we have no terminal.
 */
pid_t terminal_foreground(void);

/* Puts GROUP, of our session, into the foreground. Returns 0 or a negative errno. */
int terminal_give(pid_t group);

#endif
