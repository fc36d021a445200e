/*
 * The rounds: runs of shmtool, and what they say compared with the board.
 */
#include <ftw.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>

#include "../helpers/helper.h"
#include "churn.h"

/* The board's words at one moment. */
struct snapshot {
    uint64_t words[SLOTS];
};

static void take_snapshot(struct board *board, struct snapshot *snapshot)
{
    for (int i = 0; i < SLOTS; i++)
        snapshot->words[i] = atomic_load(&board->slots[i].word);
}

/* Whether the slot's segment had to stay all the time since the snapshot. */
static bool had_to_stay(struct board *board, const struct snapshot *snapshot, int slot)
{
    return word_state(snapshot->words[slot]) == SLOT_PROTECTED &&
           atomic_load(&board->slots[slot].word) == snapshot->words[slot];
}

/* --- ls ------------------------------------------------------------------------------------- */

struct row {
    uint32_t key;
    int shmid;
    unsigned mode;
    unsigned long size;
    unsigned long nattch;
    char state[16];
    char status[32];
};

static bool parse_row(const char *line, struct row *row)
{
    char status[32] = "";

    row->status[0] = '\0';
    if (sscanf(line, "0x%x,%d,%o,%lu,%lu,%15[a-z],%31[^\n]", &row->key, &row->shmid, &row->mode,
               &row->size, &row->nattch, row->state, status) < 6)
        return false;
    memcpy(row->status, status, sizeof(status));
    return true;
}

/* Whether there can have been such a segment at any moment. */
static void check_row(struct board *board, const struct row *row)
{
    bool marked = strstr(row->status, "dest") != NULL;
    bool used = strcmp(row->state, "used") == 0 || strcmp(row->state, "dest") == 0;

    if (is_churn_key(row->key) && (row->size != size_of_key(row->key) ||
                                   (row->mode & ~SET_BITS) != mode_of_key(row->key) || marked))
        complain(board, BY_ROUNDS, "ls: %d: key 0x%08x with %lu bytes, perms %o, status '%s'",
                 row->shmid, row->key, row->size, row->mode, row->status);
    if (used != (row->nattch > 0) && !marked)
        complain(board, BY_ROUNDS, "ls: %d: nattch %lu, and state %s", row->shmid, row->nattch,
                 row->state);
    if (marked != (strcmp(row->state, "dest") == 0) || (marked && row->key != 0))
        complain(board, BY_ROUNDS, "ls: %d: key 0x%08x, status '%s', state %s", row->shmid,
                 row->key, row->status, row->state);
}

struct rows {
    struct row *items;
    size_t count;
};

static struct rows parse_rows(struct board *board, char *text)
{
    struct rows rows = {0};
    size_t lines = 0;
    char *line;

    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    rows.items = calloc(lines + 1, sizeof(*rows.items));
    if (!rows.items)
        die(HELPER_FAILED, "out of memory");
    line = strsep(&text, "\n");
    if (strcmp(line, "key,shmid,perms,bytes,nattch,state,status") != 0)
        complain(board, BY_ROUNDS, "ls: the header is '%s'", line);
    while ((line = strsep(&text, "\n")) && text) {
        if (parse_row(line, &rows.items[rows.count]))
            check_row(board, &rows.items[rows.count++]);
        else
            complain(board, BY_ROUNDS, "ls: a row '%s'", line);
    }
    return rows;
}

static const struct row *find_row(const struct rows *rows, int shmid, size_t *ret_times)
{
    const struct row *found = NULL;

    *ret_times = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->items[i].shmid == shmid) {
            found = &rows->items[i];
            (*ret_times)++;
        }
    }
    return found;
}

/* Whether each segment that was there all the time is listed, once, and as what it is. */
static void check_listed(struct board *board, const struct snapshot *snapshot,
                         const struct rows *rows)
{
    for (int i = 0; i < SLOTS; i++) {
        int shmid = board->slots[i].shmid;
        uint32_t key = board->slots[i].key;
        const struct row *row;
        size_t times;

        if (!had_to_stay(board, snapshot, i))
            continue;
        row = find_row(rows, shmid, &times);
        if (times != 1)
            complain(board, BY_ROUNDS, "ls: %d is listed %zu times", shmid, times);
        else if (row->key != key || strcmp(row->state, "orphan") == 0 || row->mode & SET_BITS)
            complain(board, BY_ROUNDS, "ls: %d is listed with key 0x%08x, perms %o, state %s",
                     shmid, row->key, row->mode, row->state);
    }
}

void round_list(struct board *board, const char *shmtool, struct tally *tally)
{
    static const char *const words[] = {
        "shmtool", "ls", "--csv", "--columns=key,shmid,perms,bytes,nattch,state,status", NULL};
    struct snapshot snapshot;
    struct outcome outcome;
    struct rows rows;

    take_snapshot(board, &snapshot);
    outcome = run_shmtool(shmtool, words, "");
    if (outcome.status != 0 || outcome.complaint[0])
        complain(board, BY_ROUNDS, "ls: wait status %#x, '%.100s'", (unsigned)outcome.status,
                 outcome.complaint);
    rows = parse_rows(board, outcome.text);
    check_listed(board, &snapshot, &rows);
    tally->listings++;
    tally->rows += rows.count;
    free(rows.items);
    free(outcome.text);
}

/* --- rm and set ----------------------------------------------------------------------------- */

enum { MOST_NAMED = 8 };

/* What a run of rm is asked to do. */
struct request {
    enum removal_kind kind;
    const char *words[MOST_WORDS];
    char ids[MOST_NAMED][16]; /* named, as words */
    int named[MOST_NAMED];
    bool lied[MOST_NAMED]; /* its row has a wrong key */
    int count;
    char input[MOST_NAMED * 64];
    char folder[32]; /* that --save makes */
    char save[40];   /* --save=folder */
};

/* Chooses segments, some of them such as must stay where LIES may be told of them. */
static void choose(struct board *board, struct request *request, bool lies)
{
    static unsigned at;

    for (int i = 0; i < SLOTS && request->count < MOST_NAMED; i++, at++) {
        const struct slot *slot = &board->slots[at % SLOTS];
        enum slot_state state = word_state(slot->word);
        bool lie = lies && state == SLOT_PROTECTED && request->count % 2 == 0;

        if (!lie && (state != SLOT_FAIR || is_large(slot->key)))
            continue;
        request->lied[request->count] = lie;
        request->named[request->count++] = slot->shmid;
        snprintf(request->input + strlen(request->input),
                 sizeof(request->input) - strlen(request->input), "0x%08x %d root %o %zu 0\n",
                 slot->key ^ lie, slot->shmid, mode_of_key(slot->key), size_of_key(slot->key));
    }
    at += SLOTS_A_WORKER / 2;
}

static void build(struct board *board, struct request *request)
{
    static const char *const options[][6] = {
        [REMOVE_ORPHANS] = {"rm", "--orphan", "--yes"},
        [REMOVE_SMALL_ORPHANS] = {"rm", "--orphan", "--yes", "--size=..1M"},
        [REMOVE_OLD_ORPHANS] = {"rm", "--orphan", "--yes", "--older-than=2s"},
        [REMOVE_SAVED] = {"rm", "--orphan", "--yes", "--size=..1M"},
        [SET_ORPHANS] = {"set", "perms=a+x", "--orphan", "--yes", "--size=..1M"},
        [REMOVE_IDS] = {"rm", "--ignore-missing", "--"},
        [REMOVE_ROWS] = {"rm", "--ignore-missing", "-"},
    };
    int count = 0;

    request->words[count++] = "shmtool";
    request->words[count++] = options[request->kind][0];
    request->words[count++] = "--json";
    if (request->kind == REMOVE_SAVED) {
        strcpy(request->folder, "/tmp/shmtool-churn.XXXXXX");
        if (!mkdtemp(request->folder))
            die(HELPER_FAILED, "%s: %s", request->folder, strerror(errno));
        snprintf(request->save, sizeof(request->save), "--save=%s", request->folder);
        request->words[count++] = request->save;
    }
    for (int i = 1; options[request->kind][i]; i++)
        request->words[count++] = options[request->kind][i];
    if (request->kind == REMOVE_IDS || request->kind == REMOVE_ROWS)
        choose(board, request, request->kind == REMOVE_ROWS);
    for (int i = 0; i < request->count && request->kind == REMOVE_IDS; i++) {
        snprintf(request->ids[i], sizeof(request->ids[i]), "%d", request->named[i]);
        request->words[count++] = request->ids[i];
    }
    request->words[count] = NULL;
}

/* Whether SHMID may be among what REQUEST removed, as far as the request tells. */
static bool was_asked_for(const struct request *request, int shmid)
{
    if (request->kind != REMOVE_IDS && request->kind != REMOVE_ROWS)
        return true;
    for (int i = 0; i < request->count; i++) {
        if (request->named[i] == shmid && !request->lied[i])
            return true;
    }
    return false;
}

/* Whether the slot's own segment is there: another one may have its id. */
static bool is_there(const struct slot *slot)
{
    struct shmid_ds ds;

    return shmctl(slot->shmid, IPC_STAT, &ds) == 0 && (uint32_t)ds.shm_perm.__key == slot->key;
}

/* Whether the bytes of a segment are among what was saved. */
static bool is_saved(const struct request *request, int shmid, uint32_t key)
{
    char path[64];
    struct stat status;

    snprintf(path, sizeof(path), "%s/content/%d", request->folder, shmid);
    return stat(path, &status) == 0 && (size_t)status.st_size == size_of_key(key);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status;
    (void)type;
    (void)at;
    return remove(path);
}

/* Judges a removal, or a change, that shmtool itself tells of. */
static void judge(struct board *board, const struct snapshot *snapshot,
                  const struct request *request, int shmid)
{
    if (!was_asked_for(request, shmid))
        complain(board, BY_ROUNDS, "rm: %d was removed and not asked for", shmid);
    for (int i = 0; i < SLOTS; i++) {
        struct slot *slot = &board->slots[i];
        uint64_t word = atomic_load(&slot->word);

        if (slot->shmid != shmid)
            continue;
        if (had_to_stay(board, snapshot, i))
            complain(board, BY_ROUNDS, "%s: %d was %s and had to stay", request->words[1], shmid,
                     request->kind == SET_ORPHANS ? "changed" : "removed");
        if (word_state(word) != SLOT_FAIR || request->kind == SET_ORPHANS || is_there(slot))
            continue;
        if (request->kind == REMOVE_OLD_ORPHANS && wall_clock() - slot->last < OLD_SECONDS)
            complain(board, BY_ROUNDS, "rm: %d was removed and was too young", shmid);
        if ((request->kind == REMOVE_SMALL_ORPHANS || request->kind == REMOVE_SAVED) &&
            is_large(slot->key))
            complain(board, BY_ROUNDS, "rm: %d was removed and was too large", shmid);
        else if (request->kind == REMOVE_SAVED && !is_saved(request, shmid, slot->key))
            complain(board, BY_ROUNDS, "rm: %d was removed and is not saved", shmid);
        slot_change(slot, word, SLOT_FREE);
    }
}

static void judge_results(struct board *board, const struct snapshot *snapshot,
                          const struct request *request, const char *text)
{
    static const char mark[] = "{\"shmid\": ";

    while ((text = strstr(text, mark))) {
        char word[16] = "";
        int shmid = -1;

        text += sizeof(mark) - 1;
        if (sscanf(text, "%d, \"outcome\": \"%15[a-z]\"", &shmid, word) != 2)
            complain(board, BY_ROUNDS, "rm: a result '%.40s'", text);
        else if (strcmp(word, request->kind == SET_ORPHANS ? "set" : "removed") == 0 ||
                 strcmp(word, "marked") == 0)
            judge(board, snapshot, request, shmid);
    }
}

/* With its own eyes: all that had to stay is there. */
static void check_all(struct board *board, const struct snapshot *snapshot)
{
    for (int i = 0; i < SLOTS; i++) {
        int shmid = board->slots[i].shmid;
        struct shmid_ds ds;
        int r = shmctl(shmid, IPC_STAT, &ds);

        if ((r < 0 || ds.shm_perm.mode & SHM_DEST) && had_to_stay(board, snapshot, i))
            complain(board, BY_ROUNDS, "%d had to stay and is %s behind rm", shmid,
                     r < 0 ? "gone" : "marked");
    }
}

void round_remove(struct board *board, const char *shmtool, enum removal_kind kind,
                  struct tally *tally)
{
    struct request request = {.kind = kind};
    struct snapshot snapshot;
    struct outcome outcome;

    take_snapshot(board, &snapshot);
    build(board, &request);
    /* Nothing to name: with no ids at all rm would be used wrongly. */
    if ((kind == REMOVE_IDS || kind == REMOVE_ROWS) && request.count == 0)
        return;
    outcome = run_shmtool(shmtool, request.words, request.input);
    check_all(board, &snapshot);
    judge_results(board, &snapshot, &request, outcome.text);
    check_status(board, &outcome);
    tally->removals++;
    tally->removed += number_of(outcome.text, "removed");
    tally->set += number_of(outcome.text, "set");
    if (kind == REMOVE_SAVED) {
        tally->saved += number_of(outcome.text, "removed");
        nftw(request.folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    }
    tally->marked += number_of(outcome.text, "marked");
    if (kind == REMOVE_OLD_ORPHANS)
        tally->old += number_of(outcome.text, "removed");
    if (kind == REMOVE_ROWS)
        tally->left_alone += number_of(outcome.text, "changed");
    free(outcome.text);
    atomic_fetch_add(&board->removals, 1);
}
