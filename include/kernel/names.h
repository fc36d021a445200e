/*
 * User and group names: looked up once each, misses remembered too.
 *
 * Of the live system they come from the C library (files, LDAP, ...), of a saved tree from its own
 * etc/passwd and etc/group alone.
 */
#ifndef SHMTOOL_KERNEL_NAMES_H
#define SHMTOOL_KERNEL_NAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/procfs.h"

struct names;

/* Returns a cache for PROCFS, which must outlive it; released with names_free(). */
struct names *names_new(const struct procfs *procfs);

/*
 * From here on names are first those of a saved tree, which must outlive the cache, and then those
 * of the live system. Before the first name is asked for.
 */
void names_add_tree(struct names *names, const struct procfs *tree);

/* Releases the cache and all names it gave out. NULL is allowed. */
void names_free(struct names *names);

/* Returns the name of a uid or gid, kept by the cache, or NULL when there is no such user or group.
 */
const char *names_user(struct names *names, uid_t uid);
const char *names_group(struct names *names, gid_t gid);

/*
 * Whether a user could not be looked up so far, because a database did not answer: then one without
 * a name may exist.
 */
bool names_users_failed(const struct names *names);

/*
 * Append the line that a saved tree's etc/passwd or etc/group has of an id: its name alone, no
 * password, folder or members. Nothing when there is no such user or group.
 */
void names_put_user(struct names *names, uid_t uid, struct strbuf *out);
void names_put_group(struct names *names, gid_t gid, struct strbuf *out);

/* The same of all that were asked for so far and have a name, of the live system. */
void names_put_known(const struct names *names, struct strbuf *users, struct strbuf *groups);

/*
 * Parses a USER or GROUP of the command line: an exact name, as it is or as a table shows it
 * (text_unescape()), or a number. All digits are looked up as a name first, as chown(1) does.
 *
 * Returns 0; -EINVAL when it is neither; or another negative errno when the database could not be
 * read; sets *err, with the word in it.
 */
int names_find_user(struct names *names, const char *word, uid_t *ret_uid, struct error *err);
int names_find_group(struct names *names, const char *word, gid_t *ret_gid, struct error *err);

#endif
