/*
 * What both churn programs are driven by: their options, the clock, the end of the workers.
 */
#include <fcntl.h>
#include <getopt.h>
#include <sys/wait.h>
#include <time.h>

#include "../helpers/helper.h"
#include "churn.h"

static const struct option OPTIONS[] = {
    {"rounds", required_argument, NULL, 'r'},
    {"seconds", required_argument, NULL, 's'},
    {NULL, 0, NULL, 0},
};

struct options read_options(int argc, char **argv)
{
    struct options options = {.rounds = 200, .seconds = 3600};
    int option;

    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        if (option == 'r')
            options.rounds = helper_number(optarg, 10, 2, 1000000);
        else if (option == 's')
            options.seconds = helper_number(optarg, 10, 1, 1000000);
        else
            exit(HELPER_USAGE);
    }
    if (optind + 1 != argc)
        die(HELPER_USAGE, "which shmtool? give its path");
    options.shmtool = argv[optind];
    return options;
}

time_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

void ask_for_id(int shmid)
{
    int fd = open("/proc/sys/kernel/shm_next_id", O_WRONLY | O_CLOEXEC);

    if (fd < 0 || dprintf(fd, "%d", shmid) < 0)
        die(HELPER_FAILED, "kernel.shm_next_id: %s", strerror(errno));
    close(fd);
}

bool stop_workers(struct board *board, const pid_t *pids, int count)
{
    bool well = true;

    atomic_store(&board->stop, true);
    for (int i = 0; i < count; i++) {
        int status;

        if (waitpid(pids[i], &status, 0) != pids[i] || status != 0)
            well = false;
    }
    return well;
}

unsigned long count_wrong(const struct board *board)
{
    unsigned long wrong = 0;

    for (int i = 0; i < OBSERVERS; i++)
        wrong += board->wrong[i];
    return wrong;
}
