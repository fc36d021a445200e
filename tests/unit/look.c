#include "look.h"

#include <stdlib.h>

#include "unit.h"

struct look *look_at(const struct tree *tree)
{
    struct look *look = calloc(1, sizeof(*look));

    assert_non_null(look);
    assert_int_equal(procfs_open(&look->procfs, tree ? tree->path : NULL, NULL), 0);
    look->pids = pids_new(&look->procfs);
    return look;
}

void look_away(struct look **look)
{
    pids_free((*look)->pids);
    procfs_close(&(*look)->procfs);
    free(*look);
}
