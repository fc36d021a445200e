/*
 * pair: times two commands as whole processes, in turn, and tells the median of the ratios of each
 * turn: a machine that changes its speed between two turns does not change what is told.
 *
 *     pair [-n RUNS] [-i FILE] [-p COMMAND] NAME LIMIT A... --vs B...
 *
 * -n  counted runs of each, default 7; one of each goes before, uncounted
 * -i  standard input of both, default /dev/null
 * -p  a shell command before every run, not timed
 *
 * Output goes to /dev/null. Prints "NAME<tab>A's median seconds<tab>B's<tab>ratio<tab>LIMIT<tab>ok
 * or MISSED", exits 0 when the ratio is at most LIMIT, 1 when not, 2 when a command fails or cannot
 * be run.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_RUNS = 100 };

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "pair: %s: %s\n", what, strerror(errno));
    exit(2);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void redirect(const char *path, int flags, int fd)
{
    int opened = open(path, flags);

    if (opened < 0 || dup2(opened, fd) < 0)
        die(path);
    close(opened);
}

/* Runs ARGV once; returns the seconds it took. */
static double run(char **argv, const char *input)
{
    double start = now();
    int status;
    pid_t pid = fork();

    if (pid < 0)
        die("fork");
    if (pid == 0) {
        redirect(input, O_RDONLY, STDIN_FILENO);
        redirect("/dev/null", O_WRONLY, STDOUT_FILENO);
        execvp(argv[0], argv);
        die(argv[0]);
    }
    if (waitpid(pid, &status, 0) < 0)
        die("waitpid");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "pair: %s failed (wait status %d)\n", argv[0], status);
        exit(2);
    }
    return now() - start;
}

static double prepared_run(const char *prepare, char **argv, const char *input)
{
    if (prepare && system(prepare) != 0) {
        fprintf(stderr, "pair: preparation failed: %s\n", prepare);
        exit(2);
    }
    return run(argv, input);
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;

    return (a > b) - (a < b);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(*values), compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

int main(int argc, char **argv)
{
    double a[MOST_RUNS];
    double b[MOST_RUNS];
    double ratios[MOST_RUNS];
    const char *prepare = NULL;
    const char *input = "/dev/null";
    int runs = 7;
    int option;
    int split;
    double limit;
    double ratio;

    while ((option = getopt(argc, argv, "+n:i:p:")) != -1) {
        if (option == 'n')
            runs = atoi(optarg);
        else if (option == 'i')
            input = optarg;
        else if (option == 'p')
            prepare = optarg;
        else
            return 2;
    }
    for (split = optind; split < argc && strcmp(argv[split], "--vs") != 0; split++)
        continue;
    if (runs < 1 || runs > MOST_RUNS || argc - optind < 5 || split - optind < 3 ||
        split + 1 >= argc) {
        fprintf(stderr, "usage: pair [-n RUNS] [-i FILE] [-p COMMAND] NAME LIMIT A... --vs B...\n");
        return 2;
    }
    limit = atof(argv[optind + 1]);
    argv[split] = NULL;
    for (int i = -1; i < runs; i++) {
        double of_a = prepared_run(prepare, argv + optind + 2, input);
        double of_b = prepared_run(prepare, argv + split + 1, input);

        if (i >= 0) {
            a[i] = of_a;
            b[i] = of_b;
            ratios[i] = of_a / of_b;
        }
    }
    ratio = median(ratios, runs);
    printf("%s\t%.5f\t%.5f\t%.3f\t%s\t%s\n", argv[optind], median(a, runs), median(b, runs), ratio,
           argv[optind + 1], ratio <= limit ? "ok" : "MISSED");
    return ratio <= limit ? 0 : 1;
}
