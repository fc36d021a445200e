/*
 * What people call containers: the names that Podman, Docker and the kubelet keep on this machine.
 *
 * For root alone, and only from files that root alone can have written (procfs_open_trusted()):
 *   podman   /var/lib/containers/storage/DRIVER-containers/containers.json, and where containers do
 *            not outlive a boot, /run/containers/storage/DRIVER-containers/volatile-containers.json
 *            (containers/storage): an array of objects with "id" and "names"
 *   docker   /var/lib/docker/containers/ID/config.v2.json: an object with "ID" and "Name"
 *   pod      the links POD_NAMESPACE_CONTAINER-ID.log in /var/log/containers (kubelet); their names
 *            are what counts, they are not followed
 * A build without Jansson (NO_JANSSON) reads the links alone.
 */
#ifndef SHMTOOL_KERNEL_CONTAINER_NAMES_H
#define SHMTOOL_KERNEL_CONTAINER_NAMES_H

#include "kernel/procfs.h"

struct container_names;

/* Returns a cache for PROCFS, which must outlive it; released with container_names_free(). */
struct container_names *container_names_new(const struct procfs *procfs);

/* Releases the cache and all names it gave out. NULL is allowed. */
void container_names_free(struct container_names *names);

/*
 * Returns the name of a container, kept by the cache, or NULL when it is not known. Files are read
 * when a container of their kind is asked for, once.
 *
 * kind: as in struct cgroup_unit: podman, docker and pod have names. id: all of its digits
 */
const char *container_name(struct container_names *names, const char *kind, const char *id);

#endif
