/*
 * Who asks: the identity and rights by which the kernel decides on this process's calls.
 */
#ifndef SHMTOOL_KERNEL_CREDENTIALS_H
#define SHMTOOL_KERNEL_CREDENTIALS_H

#include "base/error.h"
#include "kernel/procfs.h"
#include "model/shmget.h"

/*
 * Reads this process's effective ids, groups, whether it may set limits, and the capabilities that
 * it has in the user namespace to which its IPC namespace belongs: root in a user namespace of its
 * own has none in the IPC namespace that was there before (security/commoncap.c, cap_capable).
 *
 * ret_caller: released by the caller of this function with credentials_release()
 * Returns 0 or a negative errno with words in ERR.
 */
int credentials_read(const struct procfs *procfs, struct credentials *ret_caller,
                     struct error *err);

#endif
