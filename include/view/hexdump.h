/*
 * Bytes as hexdump -C shows them.
 */
#ifndef SHMTOOL_VIEW_HEXDUMP_H
#define SHMTOOL_VIEW_HEXDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

enum { HEXDUMP_LINE = 16 };

/* A dump that is being made; zeroed to begin with, but for the address of its first byte. */
struct hexdump {
    uint64_t address; /* of the first byte of LINE */
    unsigned char line[HEXDUMP_LINE];
    size_t filled; /* bytes of LINE */
    unsigned char previous[HEXDUMP_LINE];
    bool has_previous;
    bool repeats; /* lines equal to the previous one have been left out, and a * says so */
};

/* Appends the lines that LENGTH more bytes complete. */
void hexdump_add(struct hexdump *dump, struct strbuf *out, const void *data, size_t length);

/* The same for LENGTH bytes of 0, in no time however many there are. */
void hexdump_add_zeros(struct hexdump *dump, struct strbuf *out, uint64_t length);

/* Appends what is left, and the address after the last byte, unless that is 0. */
void hexdump_end(struct hexdump *dump, struct strbuf *out);

#endif
