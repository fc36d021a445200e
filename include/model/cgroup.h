/*
 * Which unit, container, pod or job a process belongs to, from the text of its /proc/PID/cgroup.
 *
 * A path is matched against ONE table of patterns (src/model/cgroup.c), from its innermost part
 * outward. A container counts more than what runs inside of it: a service of a container is not
 * the service of that name on this machine. Of several lines (cgroup v1, and the hybrid of v1 and
 * v2, where a manager may use some hierarchies only) the one that says most counts: a container
 * before a job, a job before a unit, a unit before the mere name of a cgroup; among equals
 * systemd's own hierarchy (name=systemd), then that of v2 (0::), then the first.
 *
 * Formats: cgroups(7), "/proc/PID/cgroup"; systemd.unit(5); the cgroup drivers of Docker, Podman,
 * containerd, CRI-O, LXC and Slurm.
 */
#ifndef SHMTOOL_MODEL_CGROUP_H
#define SHMTOOL_MODEL_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

/* Hex digits of a container's id, and how many of them are shown. */
enum { CONTAINER_ID_LENGTH = 64, CONTAINER_ID_SHOWN = 12 };

/* All strings but kind are owned. They may hold any byte but NUL and a newline. */
struct cgroup_unit {
    /* docker, podman, nerdctl, pod, container, lxc, machine, slurm, service, session or cgroup */
    const char *kind;

    /*
     * As it is shown and named: docker:4f3a12bc9d01, docker:web, pod:UID, pod:POD_NAMESPACE,
     * lxc:NAME, machine:NAME, job_4711, postgresql.service, session-3.scope. What a user's own
     * service manager runs, under names of that user's choice, has it before its name:
     * user@1000:postgresql.service.
     */
    char *unit;

    char *part;      /* of the path, which decided: docker-4f3a....scope */
    char *pod;       /* a pod's uid, its parts separated by dashes; NULL: no pod */
    char *container; /* its whole id, or its name where it has one alone (lxc, machine); or NULL */
    char *name;      /* its name for people, of a pod's POD_NAMESPACE_CONTAINER; NULL: not known */
    bool by_user;    /* below a user's own service manager, where that user names the cgroups */
};

/*
 * Finds out what the process belongs to whose /proc/PID/cgroup is TEXT, LENGTH bytes of anything.
 * Takes time in proportion to LENGTH.
 *
 * ret_unit: released by the caller with cgroup_unit_release()
 * Returns false with *ret_unit untouched when it belongs to nothing that has a name: the root
 * cgroup.
 */
bool cgroup_parse(const char *text, size_t length, struct cgroup_unit *ret_unit);

/* Gives the container its name for people, with which UNIT is shown from then on. */
void cgroup_unit_set_name(struct cgroup_unit *unit, const char *name);

/* The name of the container or pod that UNIT is, without its kind; NULL: it is neither. */
const char *cgroup_unit_container(const struct cgroup_unit *unit);

/* Tells whether both are shown as the same unit. */
bool cgroup_unit_same(const struct cgroup_unit *a, const struct cgroup_unit *b);

/* Tells whether they are the same container too, or neither is one. */
bool cgroup_unit_same_container(const struct cgroup_unit *a, const struct cgroup_unit *b);

/*
 * Tells whether WORD names the unit: as it is shown, with or without its kind; the systemd unit
 * that the part is; a pod's uid; and of the container its name, its id or at least the first 8
 * digits of that; a name as it is or as a table shows it (text_is_shown_as()). Nothing else: no
 * part of a name, no pattern.
 *
 * by_container: what names the container alone counts too
 */
bool cgroup_unit_matches(const struct cgroup_unit *unit, bool by_container, const char *word);

/* Releases what UNIT holds and leaves it empty. */
void cgroup_unit_release(struct cgroup_unit *unit);

#define CLEANUP_CGROUP_UNIT __attribute__((cleanup(cgroup_unit_release)))

#endif
