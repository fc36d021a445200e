#include "view/prompt.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Waits for INPUT; false when INTERRUPT was first, or nothing can be waited for. */
static bool wait_for_input(int input, int interrupt)
{
    struct pollfd fds[] = {{.fd = interrupt, .events = POLLIN}, {.fd = input, .events = POLLIN}};

    while (poll(fds, 2, -1) < 0) {
        if (errno != EINTR)
            return false;
    }
    return fds[0].revents == 0;
}

enum prompt_answer prompt_ask(FILE *out, const char *question, int input, int interrupt)
{
    char line[8];
    size_t length = 0;

    fputs(question, out);
    fflush(out);
    if (ferror(out))
        return PROMPT_UNSHOWN;
    for (;;) {
        char byte;
        ssize_t got;

        if (!wait_for_input(input, interrupt))
            return PROMPT_INTERRUPT;
        got = read(input, &byte, 1);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got < 0 || (got == 0 && length == 0))
            return PROMPT_END;
        if (got == 0 || byte == '\n')
            break;
        /* A line too long for "yes" is read to its end, and is another answer. */
        if (length < sizeof(line))
            line[length++] = byte;
    }
    if (length > 0 && line[0] >= '0' && line[0] <= '9')
        return PROMPT_NUMBER;
    return length == 3 && memcmp(line, "yes", 3) == 0 ? PROMPT_YES : PROMPT_NO;
}
