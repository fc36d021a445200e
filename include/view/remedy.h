/*
 * Commands that help: for which machine they are, and who may run them.
 */
#ifndef SHMTOOL_VIEW_REMEDY_H
#define SHMTOOL_VIEW_REMEDY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "action/inventory.h"
#include "base/strbuf.h"

/*
 * Appends "on that machine: " where a saved tree was read: a command that helps there would act on
 * another machine here. Nothing for the live system.
 */
void remedy_begin(struct strbuf *out, const struct inventory *inventory);

/* Appends "shmtool", or "shmtool -N 4026532177" for what is in the IPC namespace ELSEWHERE. */
void remedy_shmtool(struct strbuf *out, uint64_t elsewhere);

/* The same for who is outside of this user namespace, and perhaps of the IPC namespace. */
void remedy_shmtool_outside(struct strbuf *out, const struct inventory *inventory,
                            uint64_t elsewhere);

/*
 * Appends "shmtool rm ARGUMENTS", and before it who else must run it where this process may not
 * remove all ROWS, or who must where it is for another machine: "as root: ", or "as zc or root: "
 * where one user may too, and where: "outside of this user namespace, as root: " where it hides an
 * owner. Then ROWS are named by their ids, if ARGUMENTS are options. Where shmtool.conf cannot be
 * used, which comes first: "once /etc/shmtool.conf:2 is right: ".
 */
void remedy_remove(struct strbuf *out, const struct inventory *inventory,
                   const struct segment_info *const *rows, size_t count, const char *arguments);

/*
 * Appends "shmtool who ARGUMENTS", and before it "as root: " where some of those who hold ROWS are
 * in processes that this user may not inspect. Root of a user namespace has to be outside of it,
 * where users have other names: there ROWS are named by their ids, if ARGUMENTS are options.
 */
void remedy_who(struct strbuf *out, const struct inventory *inventory,
                const struct segment_info *const *rows, size_t count, const char *arguments);

/*
 * Appends "shmtool limits --set NAME=VALUE... --persist", and before it who must run it. Where
 * nobody can set limits here, as in a container with a read-only /proc/sys: how it is done from
 * the host. --persist is of the initial IPC namespace alone: no other one outlives a reboot.
 */
void remedy_set_limits(struct strbuf *out, const struct inventory *inventory,
                       const struct limit_setting *settings, size_t count);

/* The same for one limit. */
void remedy_set_limit(struct strbuf *out, const struct inventory *inventory, enum limit_id id,
                      uint64_t value);

/*
 * Appends "; as root: shmtool limits --set shmmni=5", or how it is done from the host, to a setting
 * that was refused because this process may not make it. Nothing where it may set limits.
 *
 * persist: whether to keep it over a reboot, as it was asked for
 */
void remedy_refused_limit(struct strbuf *out, const struct inventory *inventory,
                          const struct limit_setting *setting, bool persist);

/*
 * As remedy_set_limits() for another setting of the IPC namespace: "as root: sysctl -w
 * kernel.msgmni=64000".
 *
 * value: quoted as needed
 */
void remedy_sysctl(struct strbuf *out, const struct inventory *inventory, const char *name,
                   const char *value);

/*
 * Appends "nsenter --ipc --target PID ", which other tools need to act in the IPC namespace that
 * was entered; nothing for that of this process.
 */
void remedy_enter(struct strbuf *out, const struct inventory *inventory);

/* Appends, after such commands, where PID is found. */
void remedy_enter_whom(struct strbuf *out, const struct inventory *inventory);

/* Appends who may set what belongs to the whole host, and where: "on the host, as root: ". */
void remedy_on_host(struct strbuf *out, const struct inventory *inventory);

/*
 * Appends "as root: ", or "as zc or root: ", where this process is neither a user of this uid nor
 * root, or it is for another machine. NAME may be NULL, UID that of root.
 */
void remedy_as_owner(struct strbuf *out, const struct inventory *inventory, const char *name,
                     uid_t uid);

/*
 * Whether UID is what this user namespace shows of users that it does not have
 * (kernel.overflowuid): outside it is somebody else's, or nobody's.
 */
bool remedy_hides_user(const struct inventory *inventory, uid_t uid);

/*
 * Appends " --owner zc", as a shell reads it; the uid where NAME is NULL: there is no such user.
 * Nothing for a user that is hidden: the option would mean another one outside.
 */
void remedy_owner(struct strbuf *out, const struct inventory *inventory, const char *name,
                  uid_t uid);

/* Appends WORD so that a shell reads it as one word. */
void remedy_word(struct strbuf *out, const char *word);

/* Tells whether this is root of a user namespace already: what it may not, root outside of it may.
 */
bool remedy_is_outside(const struct inventory *inventory);

/* Appends "zc or ": a user whom one can be to do it, who has a NAME and is not root; else nothing.
 */
void remedy_other_user(struct strbuf *out, const char *name, uid_t uid);

/* "root", or what root lacks where this process is root and still may not. */
const char *remedy_root(const struct inventory *inventory);

#endif
