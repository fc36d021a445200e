#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "churn.h"

enum { STATE_BITS = 8 };

/* Keys: 0x5a, a bit for large, four for the worker, the rest a number. */
#define KEY_MARK UINT32_C(0x5a000000)
#define KEY_LARGE UINT32_C(0x00800000)
enum { WORKER_SHIFT = 19, NUMBER_MASK = (1 << WORKER_SHIFT) - 1 };

void complain(struct board *board, enum observer observer, const char *format, ...)
{
    unsigned long number = atomic_fetch_add(&board->wrong[observer], 1);
    va_list args;

    if (number >= MOST_COMPLAINTS)
        return;
    va_start(args, format);
    vsnprintf(board->complaints[observer][number], sizeof(board->complaints[0][0]), format, args);
    va_end(args);
}

int64_t wall_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

enum slot_state word_state(uint64_t word)
{
    return (enum slot_state)(word & ((1U << STATE_BITS) - 1));
}

static uint64_t next_word(uint64_t word, enum slot_state state)
{
    return ((word >> STATE_BITS) + 1) << STATE_BITS | (uint64_t)state;
}

void slot_set(struct slot *slot, enum slot_state state)
{
    atomic_store(&slot->word, next_word(atomic_load(&slot->word), state));
}

bool slot_change(struct slot *slot, uint64_t word, enum slot_state state)
{
    return atomic_compare_exchange_strong(&slot->word, &word, next_word(word, state));
}

uint32_t churn_key(int maker, unsigned number, bool large)
{
    return KEY_MARK | (large ? KEY_LARGE : 0) | (uint32_t)maker << WORKER_SHIFT |
           (number & NUMBER_MASK);
}

bool is_churn_key(uint32_t key)
{
    return (key & 0xff000000U) == KEY_MARK;
}

bool is_large(uint32_t key)
{
    return (key & KEY_LARGE) != 0;
}

size_t size_of_key(uint32_t key)
{
    return (is_large(key) ? (size_t)2 << 20 : 4096) + (key & 0xfff);
}

unsigned mode_of_key(uint32_t key)
{
    return 0600 | (key * 5 & 066);
}
