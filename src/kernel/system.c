#include "kernel/system.h"

int system_open(struct system *system, const char *dir, struct error *err)
{
    int r = procfs_open(&system->procfs, dir, err);

    if (r < 0)
        return r;
    system->names = names_new(&system->procfs);
    system->pids = pids_new(&system->procfs);
    return 0;
}

void system_close(struct system *system)
{
    pids_free(system->pids);
    names_free(system->names);
    procfs_close(&system->procfs);
}
