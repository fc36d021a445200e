/*
 * Eight bytes of text looked at in one step, as a 64-bit number whose lowest byte is the first.
 *
 * A listing is short numbers between runs of blanks. Taken byte by byte, each run ends where the
 * processor did not expect it, and reading the lines costs more than all that is done with them.
 */
#ifndef SHMTOOL_BASE_EIGHT_H
#define SHMTOOL_BASE_EIGHT_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { EIGHT = 8 };

/* The same byte in all eight places. */
#define EIGHT_TIMES(byte) (UINT64_C(0x0101010101010101) * (byte))

/* TEXT must have eight bytes. */
static inline uint64_t eight_load(const char *text)
{
    uint64_t bytes;

    memcpy(&bytes, text, sizeof(bytes));
    return le64toh(bytes);
}

/* How many bytes come before the first whose place in MARKS is not 0: 0 to 8. */
static inline size_t eight_before(uint64_t marks)
{
    return marks ? (size_t)__builtin_ctzll(marks) / 8 : EIGHT;
}

/* How many blanks stand in front. */
static inline size_t eight_blanks(uint64_t bytes)
{
    return eight_before(bytes ^ EIGHT_TIMES(' '));
}

/*
 * How many decimal digits stand in front, and the number they are.
 *
 * '0' to '9' become 0 to 9; adding 118 carries all that is larger into its byte's highest bit.
 * What a byte carries further reaches only those behind it, when it is no digit itself.
 */
static inline size_t eight_digits(uint64_t bytes, uint64_t *ret_value)
{
    uint64_t digits = bytes ^ EIGHT_TIMES('0');
    size_t count = eight_before(((digits + EIGHT_TIMES(118)) | digits) & EIGHT_TIMES(0x80));

    if (count == 0)
        return 0;
    /* The last digit belongs into the highest byte; zeros come in before the first. */
    digits <<= 8 * (EIGHT - count);
    /* Neighbours are put together: digits to pairs, pairs to fours, fours to the number. */
    digits = (digits * 10 + (digits >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
    digits = (digits * 100 + (digits >> 16)) & UINT64_C(0x0000ffff0000ffff);
    *ret_value = (digits * 10000 + (digits >> 32)) & UINT64_C(0xffffffff);
    return count;
}

#endif
