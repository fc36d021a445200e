/*
 * Reading a segment's bytes, by the way that changes least.
 */
#ifndef SHMTOOL_ACTION_READING_H
#define SHMTOOL_ACTION_READING_H

#include "base/error.h"
#include "kernel/content.h"
#include "model/segment_info.h"

struct system;

struct reading {
    struct content content; /* owned */
    pid_t pid;              /* through this process; 0: attached, or a saved file */
    uint64_t holes;         /* bytes that reading would allocate at the most */
};

/* How much may be allocated without being asked for. */
enum { READING_HOLES_MAX = 1024 * 1024 * 1024 };

/*
 * Opens a saved segment's file; or a live one through a process that has it attached, which changes
 * nothing; else attaches it read-only, which sets its atime, dtime and lpid.
 *
 * info: with NEED_USAGE; of the live system also NEED_TRY_ATTACHMENTS
 * length: how many bytes will be read
 * opens_mappings: this process may open its own mappings (CAP_SYS_ADMIN in the initial namespace)
 * allocates: more than READING_HOLES_MAX bytes may be allocated
 * Returns 0; -EFBIG where that would be needed, with ret_reading->holes set and nothing opened;
 * -EACCES where it may not be read; or another negative errno. Sets *err.
 */
int reading_open(struct system *system, const struct segment_info *info, uint64_t length,
                 bool opens_mappings, bool allocates, struct reading *ret_reading,
                 struct error *err);

/* What takes the bytes, in their order. Each returns 0, or a negative errno that ends it. */
struct reading_callbacks {
    int (*zeros)(void *arg, uint64_t offset, uint64_t length);
    int (*data)(void *arg, uint64_t offset, const char *bytes, size_t length);
    void *arg;
};

/*
 * Reads the bytes from OFFSET up to END. Returns 0, what a callback has returned, or a negative
 * errno of reading: -ENODATA where the segment was made shorter meanwhile.
 */
int reading_run(const struct reading *reading, uint64_t offset, uint64_t end,
                const struct reading_callbacks *callbacks);

/*
 * Tells, after it was read, whether pages may have been treated as holes that were swapped out
 * meanwhile.
 */
bool reading_is_doubtful(struct system *system, const struct reading *reading, int shmid);

/* The text of -ENODATA, which is the same for all: "its memory is not there any more: ...". */
extern const char reading_shrunk[];

void reading_close(struct reading *reading);

#endif
