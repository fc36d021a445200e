/*
 * Whether systemd-logind removes what users leave in System V IPC when they log out.
 */
#ifndef SHMTOOL_KERNEL_LOGIND_H
#define SHMTOOL_KERNEL_LOGIND_H

#include <stdbool.h>

#include "base/error.h"
#include "kernel/procfs.h"

/* Users up to this uid are the system's: logind takes nothing of theirs (SYSTEM_UID_MAX). */
enum { LOGIND_SYSTEM_UID_MAX = 999 };

/* Whose being there shows that logind runs; in a saved tree too. */
#define LOGIND_SEATS "run/systemd/seats"

/*
 * Tells whether logind runs: on the live system, in the caller's IPC namespace, process 1's, or
 * where that may not be read, the initial one.
 */
bool logind_runs(const struct procfs *procfs);

/*
 * Reads RemoveIPC of logind.conf(5) and of the files in its logind.conf.d, as logind does: the
 * default is yes.
 *
 * On the live system logind must be running. Of a saved tree it is there if that is shown, or if
 * its configuration says so.
 *
 * ret_file: the file that says so, as that machine names it ("/etc/systemd/logind.conf"), released
 *           by the caller; NULL: none does
 * Returns 1 when logind removes what ordinary users leave, 0 when it does not or there is none, or
 * a negative errno with the file or directory in *err when one cannot be read.
 */
int logind_removes_ipc(const struct procfs *procfs, char **ret_file, struct error *err);

/*
 * Tells whether a user of this name lingers (loginctl(1), enable-linger): logind treats him as
 * logged in for ever.
 */
bool logind_keeps_user(const struct procfs *procfs, const char *user);

#endif
