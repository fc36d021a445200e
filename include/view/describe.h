/*
 * Phrases about segments, users and processes: whose, since when, in what state, held by whom.
 */
#ifndef SHMTOOL_VIEW_DESCRIBE_H
#define SHMTOOL_VIEW_DESCRIBE_H

#include <stdint.h>
#include <sys/types.h>

#include "action/inventory.h"
#include "base/strbuf.h"
#include "model/sums.h"

/* Processes and owners that are named one by one; the rest are counted. */
enum { DESCRIBE_NAMED_MAX = 5 };

/* Appends a user's name for a sentence, or "uid 4711" where NAME is NULL: there is no such user. */
void describe_user(struct strbuf *out, const char *name, uid_t uid);

/* The same of a segment's owner, or that this user namespace hides who it is. */
void describe_owner(struct strbuf *out, const struct inventory *inventory,
                    const struct segment_info *info);

/* Appends the line that protects a segment: "/etc/shmtool.conf:2 (stop the instance first)". */
void describe_rule(struct strbuf *out, const struct protection_rule *rule);

/* Appends "postgres[812]": the program's name without directories, and the pid. */
void describe_process(struct strbuf *out, const char *command, pid_t pid);

/* Appends "3 segments, 1.2 MiB". */
void describe_segments(struct strbuf *out, uint64_t count, uint64_t bytes);

/* Appends "1048576 bytes (1 MiB)", "256 pages (1 MiB)". */
void describe_bytes(struct strbuf *out, uint64_t bytes);
void describe_pages(struct strbuf *out, uint64_t pages, uint64_t page_size);

/* Appends "3 huge pages of 2 MiB". */
void describe_huge_pages(struct strbuf *out, uint64_t pages, uint64_t page_size);

/*
 * Appends who has the most, after a semicolon: "; zc has the most: 2 segments, 40 pages (160 KiB),
 * 1 of them orphans". Nothing without sums.
 *
 * sums: by owner
 */
void describe_largest(struct strbuf *out, const struct sums *sums, uint64_t page_size);

/* Appends "and 3 more" where COUNT is above DESCRIBE_NAMED_MAX, with a blank before it. */
void describe_rest(struct strbuf *out, size_t count);

/* Appends what became of the creator, or of the last user: "alive", "dead", ... */
void describe_creator(struct strbuf *out, const struct segment_info *info);
void describe_last_user(struct strbuf *out, const struct segment_info *info);

/*
 * Appends the attach count against what was found: "nattch 5: 3 found in 2 processes, 2 in
 * processes not visible to you".
 */
void describe_nattch(struct strbuf *out, const struct segment_info *info,
                     const struct inventory *inventory);

/*
 * Appends how many attachments of which segments were found in no process, and why that may be;
 * nothing where all were found.
 */
void describe_unseen(struct strbuf *out, const struct inventory *inventory);

/*
 * Appends of which segments more mappings were found than nattch counts, and why that may be;
 * nothing where there are none, and of a saved tree, whose files were read at various moments.
 */
void describe_surplus(struct strbuf *out, const struct inventory *inventory);

/* Appends why the state is unknown: "its creator is in another PID namespace". */
void describe_doubt(struct strbuf *out, const struct segment_info *info);

/*
 * Appends the processes that hold a segment: "postgres[812] 2 times, php[99]", the first few by
 * name, and how many of its attachments were not found.
 */
void describe_holders(struct strbuf *out, const struct segment_info *info);

/*
 * Appends whose a segment is, since when, and in what state with all that shows it: the processes
 * that hold it, or whether those that did are alive. No full stop.
 */
void describe_segment(struct strbuf *out, const struct inventory *inventory,
                      const struct segment_info *info);

/*
 * Appends what the state means and what rm would do, as sentences in one line: on that machine
 * where a saved tree was read; that rm would be refused where this process may not remove it; and
 * that others may write, where its permissions allow that; and which unit or container it belongs
 * to, and which program it is of, by which evidence, if that is known.
 */
void describe_state(struct strbuf *out, const struct segment_info *info,
                    const struct inventory *inventory);

#endif
