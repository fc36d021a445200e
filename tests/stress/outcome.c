/*
 * Runs of shmtool: started, and what they wrote.
 */
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../helpers/helper.h"
#include "churn.h"

static int make_file(void)
{
    char name[] = "/tmp/shmtool-churn.XXXXXX";
    int fd = mkostemp(name, O_CLOEXEC);

    if (fd < 0)
        die(HELPER_FAILED, "%s: %s", name, strerror(errno));
    unlink(name);
    return fd;
}

/* Reads the file from its beginning, into BUFFER of SIZE bytes with a NUL behind. */
static size_t read_back(int fd, char *buffer, size_t size)
{
    size_t length = 0;
    ssize_t got;

    while (length < size - 1 &&
           (got = pread(fd, buffer + length, size - 1 - length, (off_t)length)) > 0)
        length += (size_t)got;
    buffer[length] = '\0';
    return length;
}

struct started start_shmtool(const char *shmtool, const char *const *words, int input)
{
    struct started started = {.files = {input, make_file(), make_file()}};
    char *copies[MOST_WORDS] = {NULL};
    posix_spawn_file_actions_t actions;

    for (int i = 0; words[i]; i++)
        copies[i] = strdup(words[i]);
    posix_spawn_file_actions_init(&actions);
    for (int i = 0; i < 3; i++)
        posix_spawn_file_actions_adddup2(&actions, started.files[i], i);
    errno = posix_spawn(&started.child, shmtool, &actions, NULL, copies, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (errno)
        die(HELPER_FAILED, "%s: %s", shmtool, strerror(errno));
    for (int i = 0; copies[i]; i++)
        free(copies[i]);
    return started;
}

bool has_complained(const struct started *started, const char *text)
{
    char complaint[8192];

    read_back(started->files[2], complaint, sizeof(complaint));
    return strstr(complaint, text) != NULL;
}

struct outcome finish_shmtool(struct started *started)
{
    struct outcome outcome = {0};
    struct stat status;

    if (waitpid(started->child, &outcome.status, 0) != started->child ||
        fstat(started->files[1], &status) < 0)
        die(HELPER_FAILED, "a run of shmtool: %s", strerror(errno));
    outcome.text = malloc((size_t)status.st_size + 1);
    if (!outcome.text)
        die(HELPER_FAILED, "out of memory");
    outcome.length = read_back(started->files[1], outcome.text, (size_t)status.st_size + 1);
    read_back(started->files[2], outcome.complaint, sizeof(outcome.complaint));
    for (int i = 0; i < 3; i++)
        close(started->files[i]);
    return outcome;
}

struct outcome run_shmtool(const char *shmtool, const char *const *words, const char *input)
{
    int file = make_file();
    struct started started;

    if (pwrite(file, input, strlen(input), 0) != (ssize_t)strlen(input))
        die(HELPER_FAILED, "a temporary file: %s", strerror(errno));
    started = start_shmtool(shmtool, words, file);
    return finish_shmtool(&started);
}

unsigned long number_of(const char *text, const char *name)
{
    char mark[32];
    const char *found;

    snprintf(mark, sizeof(mark), "\"%s\": ", name);
    found = strstr(text, mark);
    return found ? strtoul(found + strlen(mark), NULL, 10) : 0;
}

void check_status(struct board *board, const struct outcome *outcome)
{
    bool failed = number_of(outcome->text, "changed") > 0 || number_of(outcome->text, "failed") > 0;

    if (!WIFEXITED(outcome->status) || WEXITSTATUS(outcome->status) != failed ||
        strncmp(outcome->text, "{\"schema\": 1,", 13) != 0 ||
        number_of(outcome->text, "failed") > 0)
        complain(board, BY_ROUNDS, "rm or set: wait status %#x, '%.60s', '%.60s'",
                 (unsigned)outcome->status, outcome->text, outcome->complaint);
}
