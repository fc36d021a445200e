/*
 * The question that only the word "yes" answers.
 */
#ifndef SHMTOOL_VIEW_PROMPT_H
#define SHMTOOL_VIEW_PROMPT_H

#include <stdio.h>

enum prompt_answer {
    PROMPT_YES,
    PROMPT_NO,        /* another line */
    PROMPT_NUMBER,    /* one that begins with a digit: an id or a row, and no answer */
    PROMPT_END,       /* the input ended, or could not be read */
    PROMPT_INTERRUPT, /* a signal came */
    PROMPT_UNSHOWN,   /* the question, or what stood before it, could not be written */
};

/*
 * Asks QUESTION on OUT and reads one line from INPUT, byte by byte: nothing after it is taken.
 *
 * input: descriptor of the terminal or of what stands in for it
 * interrupt: descriptor that becomes readable when the question is to be given up
 * The answer is yes only when the line is exactly "yes". Nothing is read where nobody can have seen
 * what is asked.
 */
enum prompt_answer prompt_ask(FILE *out, const char *question, int input, int interrupt);

#endif
