/*
 * The churn test: workers that make, use, leave and remove segments at full speed while shmtool
 * lists and removes, and what they tell each other of it on a shared board.
 */
#ifndef SHMTOOL_TESTS_CHURN_H
#define SHMTOOL_TESTS_CHURN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SLOTS_A_WORKER = 48, MOST_WORKERS = 8, SLOTS = SLOTS_A_WORKER * MOST_WORKERS };

/* An orphan of the large kind may go only when it has been left for so many seconds. */
enum { OLD_SECONDS = 2 };

enum slot_state {
    SLOT_FREE,      /* no segment */
    SLOT_BUSY,      /* its worker is making or removing it: nothing can be said */
    SLOT_PROTECTED, /* somebody alive made or used it: must stay, unmarked */
    SLOT_FAIR,      /* left behind: may be removed, if it is old enough */
};

/* Who looks after the segments. */
enum observer {
    BY_USERS,   /* the workers that use them */
    BY_WITNESS, /* reads the kernel's listing all the time */
    BY_ROUNDS,  /* compares what shmtool says */
    OBSERVERS,
};

enum { MOST_COMPLAINTS = 6 };

/* What the board knows of a segment. The word changes whenever the rest does. */
struct slot {
    _Atomic uint64_t word; /* how often it has changed, and an enum slot_state in the low byte */
    _Atomic int shmid;
    _Atomic uint32_t key;
    _Atomic int64_t last; /* of SLOT_FAIR: the latest of the segment's times */
};

/* The shared board. */
struct board {
    struct slot slots[SLOTS];
    atomic_bool stop;
    atomic_bool only_old;   /* large orphans are safe while they are young */
    atomic_ulong removals;  /* runs of `shmtool rm` and `set` that have ended */
    atomic_ulong created;   /* segments */
    atomic_ulong reused;    /* of those: with the id of one that is gone */
    atomic_ulong uses;      /* attached, written, detached */
    atomic_ulong adopted;   /* orphans that somebody attached again */
    atomic_ulong late;      /* of those: marked while that happened, which no remover can prevent */
    atomic_ulong scans;     /* the witness's readings of the listing */
    atomic_ulong sightings; /* protected segments that it saw in their place */
    atomic_ulong wrong[OBSERVERS];
    char complaints[OBSERVERS][MOST_COMPLAINTS][160]; /* the first ones */
};

/* Notes something that must not be. */
__attribute__((format(printf, 3, 4))) void complain(struct board *board, enum observer observer,
                                                    const char *format, ...);

/* A command line of such a program. */
struct options {
    long long rounds;
    long long seconds;
    const char *shmtool;
};

/* Ends the program where it is wrong. */
struct options read_options(int argc, char **argv);

/* Seconds of a clock that nobody sets. */
time_t now(void);

/* Has the kernel give this id to the next segment of this namespace, if nobody has it. */
void ask_for_id(int shmid);

/* Ends the workers. Tells whether all of them ended well. */
bool stop_workers(struct board *board, const pid_t *pids, int count);

unsigned long count_wrong(const struct board *board);

/* The parts of a slot's word, and a new word for it. */
enum slot_state word_state(uint64_t word);
void slot_set(struct slot *slot, enum slot_state state);

/* The time of day in seconds. time() may still say the second before, for some milliseconds. */
int64_t wall_clock(void);

/* Changes the state if the word is still WORD. Tells whether it was. */
bool slot_change(struct slot *slot, uint64_t word, enum slot_state state);

/*
 * What a segment is made with follows from its key, so that a row that mixes two segments shows.
 * A worker's keys all differ.
 */
uint32_t churn_key(int maker, unsigned number, bool large);
bool is_churn_key(uint32_t key);
bool is_large(uint32_t key);
size_t size_of_key(uint32_t key);
unsigned mode_of_key(uint32_t key);

/* The bits that no segment is made with, and that `shmtool set` gives orphans. */
#define SET_BITS 0111U

/* A worker: NUMBER is its own, its slots are SLOTS_A_WORKER from there on. Ends when told to stop.
 */
typedef void worker(struct board *board, int number);

worker work_live;    /* makes, uses and removes its own */
worker work_inherit; /* uses what dead processes made */
worker work_leave;   /* leaves orphans behind */
worker work_large;   /* leaves large orphans behind */
worker work_adopt;   /* attaches other workers' orphans again */
worker work_witness; /* reads the kernel's listing and compares it with the board */

/* A run of shmtool. */
enum { MOST_WORDS = 16 };

struct started {
    pid_t child;
    int files[3]; /* owned; its standard input, output and error */
};

/* What it wrote, and how it ended. */
struct outcome {
    char *text; /* standard output, owned */
    size_t length;
    char complaint[256]; /* the beginning of standard error */
    int status;
};

/* Starts shmtool with the WORDS, NULL behind them; takes over INPUT, its standard input. */
struct started start_shmtool(const char *shmtool, const char *const *words, int input);

/* Whether it has written TEXT to standard error. */
bool has_complained(const struct started *started, const char *text);

struct outcome finish_shmtool(struct started *started);

/* All of it, with INPUT (may be "") on standard input. */
struct outcome run_shmtool(const char *shmtool, const char *const *words, const char *input);

/* The number behind "NAME": in a document. */
unsigned long number_of(const char *text, const char *name);

/* Whether the exit status of rm is that of its document, and nothing failed. */
void check_status(struct board *board, const struct outcome *outcome);

/* What the rounds came to. */
struct tally {
    unsigned long listings;
    unsigned long rows;
    unsigned long removals; /* runs of rm */
    unsigned long removed;  /* segments */
    unsigned long old;      /* of those, by --older-than */
    unsigned long saved;    /* and by --save */
    unsigned long set;      /* segments whose permissions were changed */
    unsigned long marked;
    unsigned long left_alone; /* rows with a wrong key, that were left alone */
};

/* One `shmtool ls`, every row of it checked. */
void round_list(struct board *board, const char *shmtool, struct tally *tally);

/* Which segments a run of rm, or of set, is to take. */
enum removal_kind {
    REMOVE_ORPHANS,       /* --orphan */
    REMOVE_SMALL_ORPHANS, /* --orphan --size, leaving the large ones */
    REMOVE_OLD_ORPHANS,   /* --orphan --older-than */
    REMOVE_SAVED,         /* --orphan --size --save */
    SET_ORPHANS,          /* set perms= --orphan --size */
    REMOVE_IDS,           /* named */
    REMOVE_ROWS,          /* rows on standard input, some with a wrong key */
};

/* One `shmtool rm`, or set, all that it says it removed or changed checked. */
void round_remove(struct board *board, const char *shmtool, enum removal_kind kind,
                  struct tally *tally);

#endif
