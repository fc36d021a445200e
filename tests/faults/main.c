/*
 * faults: makes each system call and each allocation of shmtool fail in turn, and judges what comes
 * of it.
 *
 *     faults [--quick] [--only COMMAND] [--call NAME] SHMTOOL
 *
 * --quick  with one errno of each call
 * --only   the first case of this command ("ls", "rm -A")
 * --call   with faults of this call only (malloc, read, ...)
 *
 * SHMTOOL is linked with shim.c. Ends with 0 when nothing was wrong, 1 when something was, 77 where
 * system calls cannot be made to fail. Runs in an IPC namespace of the tests only.
 */
#include <getopt.h>

#include "../helpers/helper.h"
#include "faults.h"

static const struct option OPTIONS[] = {
    {"quick", no_argument, NULL, 'q'},
    {"only", required_argument, NULL, 'o'},
    {"call", required_argument, NULL, 'c'},
    {NULL, 0, NULL, 0},
};

int main(int argc, char **argv)
{
    struct choice choice = {0};
    int option;

    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        if (option == 'q')
            choice.quick = true;
        else if (option == 'o')
            choice.command = optarg;
        else if (option == 'c')
            choice.call = optarg;
        else
            return HELPER_USAGE;
    }
    if (optind + 1 != argc)
        die(HELPER_USAGE, "which shmtool? give its path");
    require_own_namespace();
    setvbuf(stdout, NULL, _IOLBF, 0);
    return run_cases(argv[optind], &choice) == 0 ? 0 : HELPER_FAILED;
}
