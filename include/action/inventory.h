/*
 * The one reading of the system: from a selection, and what is needed of each segment, to resolved
 * rows.
 *
 * inventory_read() reads the system once. Whatever is shown, summed up or decided afterwards is a
 * function of the inventory and asks the system nothing more, so that two lines of one answer
 * cannot contradict each other. Only what changes a segment reads that one again, right before
 * (action/inventory_match), through the same resolver.
 */
#ifndef SHMTOOL_ACTION_INVENTORY_H
#define SHMTOOL_ACTION_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/balance.h"
#include "model/limits.h"
#include "model/segment_info.h"
#include "model/selection.h"
#include "model/shmget.h"

struct system;

/* The limits of one of many namespaces, and what is in use of them. */
struct namespace_limits {
    uint64_t number;      /* the namespace's */
    struct limits limits; /* those that can be read */
    struct error error;   /* why none can be read, if so */
    struct usage usage;   /* of all segments in it, selected or not */
};

struct inventory {
    struct segment_info *rows; /* owned; those selected, in kernel order */
    size_t count;
    struct complaint_list unparsed; /* lines that were not understood: they are in no row */

    /* With NEED_ATTACHMENTS or NEED_TRY_ATTACHMENTS. */
    struct attachment_list attachments; /* of all segments */
    struct error attachments_error;     /* why no process can be inspected, if so */

    int *missing_ids; /* owned; named ids that do not exist, each once, as they were named */
    size_t missing_id_count;
    uint32_t *missing_keys; /* owned; keys asked for, not 0, that no segment has */
    size_t missing_key_count;
    struct idset key_numbers; /* ids that were named, and are the key of some segment */
    struct idset id_numbers;  /* keys that were asked for, and are the id of some segment */

    /* Of many namespaces: those that could not be entered or read, by number, and why. */
    struct complaint_list refused;

    struct unknown_counts unknown; /* segments that the selection left out for it */

    uint64_t elsewhere; /* number of the IPC namespace that was entered; 0: that of the caller */
    bool live;          /* the running system, not a saved tree */
    bool own_pids;      /* /proc shows processes by the pids that this process knows them by */
    struct state_clock clock; /* when this was read */
    /* Where shmtool.conf cannot be used: "/etc/shmtool.conf:2"; until that is right, nothing is
     * removed. NULL: nowhere, or it was not read; borrowed. */
    const char *conf_problem;

    /* With NEED_LIMITS. */
    struct limits limits;      /* those that can be read */
    struct error limits_error; /* why none can be read, if so */
    struct usage usage;        /* of all segments, selected or not; of many namespaces: see below */
    struct namespace_limits *each_limits; /* owned; of many namespaces: those that were entered */
    size_t each_limits_count;
    struct error shmem_error; /* with NEED_SHMEM: why its shmem is not known, if so */

    struct open_segment_list held; /* with NEED_HELD; none where lines were not understood */
    struct balance balance;        /* with NEED_BALANCE; of all segments, selected or not */
    struct error balance_error;    /* why mounts cannot be read, if so */

    bool has_credentials; /* with NEED_CREDENTIALS, of the live system */
    struct credentials credentials;
    const char *user; /* name of the effective user; NULL: no such user; borrowed */
    bool has_users;   /* with NEED_USERS: the user database knows root, so it is one, and has
                         answered each time */
};

/*
 * Reads what SELECTION selects, and resolves what NEEDS (enum need) asks for, and the selection's
 * own needs.
 *
 * selection: NULL for all segments
 * ret_inventory: released by the caller with inventory_release(); its names and command lines stay
 *                valid until SYSTEM is closed or read again
 * Returns 0, or a negative errno and sets *err when the state cannot be read at all. Limits that
 * cannot be read are no failure (limits_error), nor are attachments with NEED_TRY_ATTACHMENTS.
 */
int inventory_read(struct system *system, const struct selection *selection, unsigned needs,
                   struct inventory *ret_inventory, struct error *err);

/* Is given the rows that an inventory has so far, which go when it returns. */
struct row_handler {
    void (*handle)(void *arg, const struct inventory *inventory);
    void *arg;
};

/*
 * The same, but hands over rows as soon as all that was asked of them is known, in kernel order:
 * then a long listing takes no memory. Rows that wait for attachments, and all after them, are in
 * ret_inventory; so are all whose processes are asked about on the live system, as what is known of
 * these would grow old meanwhile. Where it fails, some may have been handed over.
 */
int inventory_read_parts(struct system *system, const struct selection *selection, unsigned needs,
                         const struct row_handler *handler, struct inventory *ret_inventory,
                         struct error *err);

/*
 * Lists all segments by their records alone, without rss and swap: for a supervisor that reads
 * them often. Lines that are not understood are left out. Returns 0 or a negative errno and sets
 * *err.
 */
int inventory_list_segments(struct system *system, struct segment_list *ret_segments,
                            struct error *err);

/* Returns the row whose segment has KEY (not 0), or NULL. */
const struct segment_info *inventory_find_key(const struct inventory *inventory, uint32_t key);

/* Returns the row of this id, or NULL. */
const struct segment_info *inventory_find_id(const struct inventory *inventory, int shmid);

/* Returns an array of pointers to the rows, which the caller frees: for what takes a part of them.
 */
const struct segment_info **inventory_pointers(const struct inventory *inventory);

/*
 * Returns an array of pointers to the rows whose state is orphan (only with NEED_STATE), *ret_count
 * of them, which the caller frees; OWNER: of this owner alone; NULL: of all. Not those that are
 * known to be protected (NEED_PROTECTION).
 */
const struct segment_info **inventory_orphans(const struct inventory *inventory, const uid_t *owner,
                                              size_t *ret_count);

/* How many attachments of all rows were found in no process. Only with NEED_ATTACHMENTS. */
uint64_t inventory_unseen(const struct inventory *inventory);

void inventory_release(struct inventory *inventory);

#define CLEANUP_INVENTORY __attribute__((cleanup(inventory_release)))

#endif
