#include "model/ipc_use.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/parse.h"
#include "base/xalloc.h"

enum { FIELDS_MAX = 14, SEM_FIELDS = 10, MSG_FIELDS = 14 };

/* Where in a line, counted from 0, the owner's uid stands, and how many there are of what counts.
 */
static const struct {
    size_t fields; /* in all */
    size_t uid;
    size_t amount; /* 0: the line counts as one */
} ipc_lines[IPC_LIMIT_COUNT] = {
    [IPC_SEMMNI] = {SEM_FIELDS, 4, 0},
    [IPC_SEMMNS] = {SEM_FIELDS, 4, 3},
    [IPC_MSGMNI] = {MSG_FIELDS, 7, 0},
};

/* What one user has. */
struct ipc_share {
    uint64_t uid;
    uint64_t amount;
};

struct ipc_shares {
    struct ipc_share *items; /* owned */
    size_t count;
    size_t capacity;
};

/* Reads the first WANTED numbers of a line of LENGTH bytes; the key may be negative. */
static bool read_ipc_fields(const char *line, size_t length, uint64_t *fields, size_t wanted)
{
    size_t at = 0;

    for (size_t i = 0; i < wanted; i++) {
        size_t digits;

        while (at < length && line[at] == ' ')
            at++;
        if (i == 0 && at < length && line[at] == '-')
            at++;
        digits = parse_digits(line + at, length - at, &fields[i]);
        at += digits;
        if (digits == 0 || (at < length && line[at] != ' '))
            return false;
    }
    return true;
}

static int compare_share_owners(const void *a, const void *b)
{
    return num_compare(((const struct ipc_share *)a)->uid, ((const struct ipc_share *)b)->uid);
}

/* Sums up what each user has. */
static void find_most(struct ipc_shares *shares, struct ipc_count *count)
{
    struct ipc_share sum = {0, 0};

    count->used = 0;
    count->most = 0;
    if (shares->count > 0)
        qsort(shares->items, shares->count, sizeof(struct ipc_share), compare_share_owners);
    for (size_t i = 0; i < shares->count; i++) {
        const struct ipc_share *share = &shares->items[i];

        if (i == 0 || share->uid != sum.uid)
            sum = (struct ipc_share){share->uid, 0};
        sum.amount = saturating_add(sum.amount, share->amount);
        count->used = saturating_add(count->used, share->amount);
        if (sum.amount > count->most) {
            count->most = sum.amount;
            count->uid = (uid_t)sum.uid;
        }
    }
}

static int read_shares(const char *text, enum ipc_limit limit, struct ipc_shares *shares,
                       struct error *err)
{
    const char *line = strchrnul(text, '\n');

    for (unsigned number = 2; *line && line[1]; number++) {
        uint64_t fields[FIELDS_MAX];
        size_t length = strcspn(++line, "\n");

        if (!read_ipc_fields(line, length, fields, ipc_lines[limit].fields) ||
            fields[ipc_lines[limit].uid] > UINT32_MAX)
            return error_set(err, EBADMSG, "line %u: not understood: %.*s", number,
                             (int)(length < 200 ? length : 200), line);
        shares->items =
            xgrow(shares->items, shares->count, &shares->capacity, sizeof(struct ipc_share));
        shares->items[shares->count++] = (struct ipc_share){
            .uid = fields[ipc_lines[limit].uid],
            .amount = ipc_lines[limit].amount > 0 ? fields[ipc_lines[limit].amount] : 1,
        };
        line += length;
    }
    return 0;
}

int ipc_use_count(const char *text, enum ipc_limit limit, struct ipc_count *count,
                  struct error *err)
{
    struct ipc_shares shares = {0};
    int r = read_shares(text, limit, &shares, err);

    if (r == 0)
        find_most(&shares, count);
    free(shares.items);
    return r;
}
