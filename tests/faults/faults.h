/*
 * The fault tests: a system call, or an allocation, is made to fail the first time it happens, then
 * the second, and so on, and what shmtool makes of it is judged.
 */
#ifndef SHMTOOL_TESTS_FAULTS_H
#define SHMTOOL_TESTS_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The exit status where calls cannot be made to fail at all. */
enum { FAULTS_UNSUPPORTED = 77 };

/*
 * What is to fail. Counting begins where the program's own code does; a child that it forks is
 * counted too until it becomes another program.
 */
struct fault {
    long call; /* a system call's number, or FAULT_MEMORY or FAULT_NONE */
    int error; /* errno */
    unsigned long nth;
    bool rest; /* all from the nth on, not it alone */
};

enum { FAULT_NONE = -1, FAULT_MEMORY = -2 };

/* The page that is shared with the program under test, for its allocations (see shim.c). */
struct fault_page {
    uint64_t nth; /* 0: none fails */
    uint64_t rest;
    uint64_t count; /* allocations so far */
};

/* Names the descriptor of the page. */
#define FAULT_PAGE "SHMTOOL_FAULT_PAGE"

/* The shim makes this call, which shmtool never makes, right before the program's own code begins.
 */
#define FAULT_MARK SYS_sched_yield

/* What came of a run. */
struct outcome {
    bool hung;           /* and was killed */
    unsigned marks;      /* from the shim: 0 it was not there, 1 the program ended early, 2 */
    int status;          /* as waitpid gives it */
    unsigned long calls; /* that could have failed */
    bool left_children;  /* it ended before a process that it had started, which was killed */
    char *out;           /* owned, with a NUL behind */
    char *err;
};

/*
 * Runs PROGRAM with the WORDS (the first is its name, NULL behind the last), INPUT on standard
 * input, and the fault. Ends the test program when that cannot be done.
 */
struct outcome inject(const char *program, const char *const *words, const char *input,
                      const struct fault *fault);

void outcome_release(struct outcome *outcome);

/* The segments that all cases begin with. */
enum { ORPHANS = 3, SEGMENTS = ORPHANS + 3, SCENE_SIZE = 5000 };

struct scene {
    int ids[SEGMENTS]; /* orphans first, then one idle, one attached, one marked */
    char words[SEGMENTS][16];
    pid_t holders[2]; /* the processes that have the last two attached */
    struct {
        pid_t pid; /* 0: there is none */
        char word[16];
        int channel; /* to the process */
    } other;         /* an IPC namespace */
};

/* The segments of the other namespace, of a size that none of ours has. */
enum { OTHERS = 2, OTHERS_SIZE = 6000 };

/* Starts a process in an IPC namespace of its own, and makes what is not there (any more). */
void scene_build_other(struct scene *scene);

/* How many of its segments there are. */
int scene_count_other(const struct scene *scene);

/* Makes what is not there (any more). */
void scene_build(struct scene *scene);

/* Removes what is left. */
void scene_clear(struct scene *scene);

/* Whether the segment is there, and not marked. The last one is marked from the beginning. */
bool scene_has(const struct scene *scene, int number);

/* Whether it is there, and its owner, group and permissions are others than they were. */
bool scene_is_changed(const struct scene *scene, int number);

/* What all bytes of a segment are. */
char scene_byte(int number);

/* Which of the cases. */
struct choice {
    bool quick;          /* with one errno of each call */
    const char *command; /* the first case of this command; NULL: all */
    const char *call;    /* faults of this call, by its name; NULL: all */
};

/* How many segments there are, of whomever. */
int scene_count(void);

/* Removes all segments but those of the scene. */
void scene_sweep(const struct scene *scene);

/*
 * Whether GOT, JSON or a table (compared word by word; CSV field by field), says what WANT says,
 * but for what may be unknown.
 */
bool is_same_json(const char *want, const char *got);
bool is_same_table(const char *want, const char *got);

/*
 * Judges a run of the command run, whose program makes segments, prints their ids and ends. Returns
 * what is wrong, or NULL.
 *
 * left: how many segments there are more than before
 */
const char *judge_program(const struct fault *fault, const struct outcome *outcome,
                          const struct outcome *reference, int left);

/* --- Commands that make segments or write files ---------------------------------------------- */

enum { FOLDER_PATHS = 8 };

/* A folder for what is written, made when a path in it is asked for first. */
struct folder {
    char path[64];
    char paths[FOLDER_PATHS][256];
    unsigned next;
};

/* In it: what a run writes, what was saved before, and the file that metrics replaces. */
#define OUT_NAME "out"
#define SAVED_NAME "saved"
#define TEXTFILE_NAME OUT_NAME "/x.prom"

struct run_files {
    struct folder folder;
    const struct scene *scene;
};

/* The path of NAME in it, valid until the eighth call after this one. */
const char *folder_path(struct folder *folder, const char *name);

/* Removes NAME and all below it; "": the folder. */
void folder_remove(struct folder *folder, const char *name);

/* Each says what is wrong, or NULL: with the segments that were removed, and are to be saved; */
const char *judge_saved(struct run_files *files, unsigned removed);

/* with a tree that capture calls complete; */
const char *judge_captured(struct run_files *files);

/* with the file that was to be replaced, which textfile_begin() makes. */
const char *judge_textfile(struct run_files *files, const struct outcome *outcome);
void textfile_begin(struct folder *folder);

/* Segments that no scene has, of a size of their own. */
enum { MADE = 2, MADE_SIZE = 7000 };

/* Makes them, with bytes in them. */
void life_make(void);

/*
 * Judges the ids that were printed, which are COUNT of them if all went well: all, with their
 * bytes, or one that is new.
 *
 * left: how many segments there are more than before
 */
const char *judge_made(const struct fault *fault, const struct outcome *outcome, int count,
                       int left);

/*
 * Runs the cases that are chosen with all their faults. Prints what was wrong and how much was
 * done. Returns how many runs were wrong, or -1 when a case could not be tested at all.
 */
long run_cases(const char *program, const struct choice *choice);

#endif
