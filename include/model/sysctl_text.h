/*
 * The text of a file of sysctl.d: finding and changing the line that sets a name (sysctl.d(5)).
 */
#ifndef SHMTOOL_MODEL_SYSCTL_TEXT_H
#define SHMTOOL_MODEL_SYSCTL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/*
 * Parses a line, without its newline. Returns true when it gives NAME ("kernel.shmmax") a
 * value, in any of the forms "kernel.shmmax = 1", "kernel/shmmax=1", "-kernel.shmmax = 1" (where
 * errors do not matter), blanks anywhere between; comments and patterns do not.
 *
 * ret_value, ret_length: the value without blanks around it, inside of LINE; may be NULL
 */
bool sysctl_text_sets(const char *line, size_t length, const char *name, const char **ret_value,
                      size_t *ret_length);

/*
 * Finds the value that the text gives NAME: its last one counts. Returns false when there is none.
 */
bool sysctl_text_find(const char *text, size_t length, const char *name, const char **ret_value,
                      size_t *ret_length);

/*
 * Appends TEXT to OUT with NAME set to VALUE: the first line that sets it is replaced, others that
 * do are dropped, and where there is none a line is added at the end. Every other byte stays.
 */
void sysctl_text_set(struct strbuf *out, const char *text, size_t length, const char *name,
                     const char *value);

#endif
