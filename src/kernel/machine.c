#include "kernel/machine.h"

int machine_open(struct machine *machine, const char *dir, struct error *err)
{
    int r = procfs_open(&machine->procfs, dir, err);

    if (r < 0)
        return r;
    machine->names = names_new(&machine->procfs);
    machine->pids = pids_new(&machine->procfs);
    return 0;
}

void machine_close(struct machine *machine)
{
    pids_free(machine->pids);
    names_free(machine->names);
    procfs_close(&machine->procfs);
}
