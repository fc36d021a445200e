/*
 * Which program a segment is of: ONE table of programs (src/model/program.c), and what of it fits
 * an executable, a key and a size.
 *
 * Names of processes are what these say of themselves: good for showing, never for allowing.
 */
#ifndef SHMTOOL_MODEL_PROGRAM_H
#define SHMTOOL_MODEL_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/num.h"

enum { PROGRAM_EXECUTABLES_MAX = 8, PROGRAM_KEYS_MAX = 4 };

/* A file that can prove that a segment is of a program (kernel/program_files). */
enum program_proof {
    PROOF_NONE,
    PROOF_POSTGRES, /* line 7 of postmaster.pid in the directory whose inode number is the key */
    PROOF_QT,       /* the file that the key is made of has Qt's name */
};

/* One program. */
struct program {
    const char *name;    /* as the column shows it, and --program takes it */
    const char *guessed; /* the same with a question mark */
    const char *title;   /* in sentences: "PostgreSQL" */
    /* Names of its executable files, less than 16 characters, NULL after the last. */
    const char *executables[PROGRAM_EXECUTABLES_MAX];
    struct range keys[PROGRAM_KEYS_MAX]; /* well-known ones, at low 0 they end */
    struct range sizes;                  /* of segments with these keys, in bytes; high 0: any */
    const char *cleaner;                 /* its own command for what it left; NULL: none */
    enum program_proof proof;
    bool believed; /* nobody has seen its segments for this table: never more than a guess */
    bool clients;  /* processes of other programs attach its segments, too */
    bool keeps;    /* a segment stays on purpose after a clean stop */
};

/* All of them, by the order in which a key is looked for; a name of NULL after the last. */
extern const struct program programs[];

/* What tells which program a segment is of, in this order. */
enum program_evidence {
    PROGRAM_UNKNOWN,
    PROGRAM_BY_ATTACHED, /* the executables of those that have it attached */
    PROGRAM_BY_CREATOR,  /* that of the creator, which is alive */
    PROGRAM_BY_FILE,     /* a file proves it */
    PROGRAM_BY_KEY,      /* the key alone */
    PROGRAM_BY_LABEL,    /* a label line of shmtool.conf */
};

/* "attached", "creator", "file", "key", "label"; NULL for PROGRAM_UNKNOWN. */
const char *program_evidence_name(enum program_evidence evidence);

/* The executable that a process runs. */
struct executable {
    char *name; /* owned; of its file, without the directories; or what the process calls itself */
    bool is_file; /* it is that of its file */
    bool is_sure; /* and root alone can have named it so */
};

/*
 * Finds a program by its name, guessed or not, or by its title, in either case. Returns NULL when
 * there is none of that name.
 */
const struct program *program_find(const char *name);

/*
 * Finds the program whose executable has this name; digits and dots after it or within count as a
 * version ("php8.2", "db5.3_stat"). Returns NULL when there is none.
 */
const struct program *program_find_executable(const char *name);

/* Finds the program whose key KEY is, with this size in bytes. Returns NULL when there is none. */
const struct program *program_find_key(uint32_t key, uint64_t size);

/* Returns the program that a file of this kind proves. */
const struct program *program_find_proof(enum program_proof proof);

/* What line 1 and line 7 of PostgreSQL's postmaster.pid say. */
struct postmaster_file {
    uint32_t key;
    int shmid;
};

/*
 * Parses the text of a postmaster.pid. Returns false with *ret_file untouched where its seventh
 * line is not "KEY ID": a key is written as an unsigned long, of 64 bits where it was negative.
 */
bool program_parse_postmaster(const char *text, struct postmaster_file *ret_file);

/* Tells whether the key is four letters or digits, as those that people make up; and which. */
bool program_key_letters(uint32_t key, char ret_letters[5]);

#endif
