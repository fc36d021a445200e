/*
 * The witness: reads the kernel's own listing again and again and looks whether each segment that
 * must be there is there. It knows nothing of shmtool.
 */

#include "../helpers/helper.h"
#include "churn.h"

/* The listing, as far as it matters here. */
struct listing {
    size_t count;
    struct {
        int shmid;
        uint32_t key;
        bool marked;
    } rows[8192];
};

static void read_listing(struct listing *listing)
{
    enum { DEST = 01000, MOST = sizeof(listing->rows) / sizeof(listing->rows[0]) };
    FILE *file = fopen("/proc/sysvipc/shm", "re");
    char line[512];

    if (!file || !fgets(line, sizeof(line), file))
        die(HELPER_FAILED, "/proc/sysvipc/shm: %s", strerror(errno));
    for (listing->count = 0; listing->count < MOST && fgets(line, sizeof(line), file);
         listing->count++) {
        char *rest = line;
        long key = strtol(rest, &rest, 10);
        long shmid = strtol(rest, &rest, 10);
        long mode = strtol(rest, &rest, 8);

        listing->rows[listing->count].key = (uint32_t)key;
        listing->rows[listing->count].shmid = (int)shmid;
        listing->rows[listing->count].marked = (mode & DEST) != 0;
    }
    fclose(file);
}

/* Whether the slot's segment, which must stay, is in the listing. */
static void look_for(struct board *board, const struct listing *listing, int shmid, uint32_t key)
{
    for (size_t i = 0; i < listing->count; i++) {
        if (listing->rows[i].shmid != shmid)
            continue;
        atomic_fetch_add(&board->sightings, 1);
        if (listing->rows[i].marked || listing->rows[i].key != key)
            complain(board, BY_WITNESS, "%d must stay as it is, and was marked", shmid);
        return;
    }
    complain(board, BY_WITNESS, "%d must stay, and is gone", shmid);
}

/* Whether an orphan is too young to go, by a clock read after the listing. */
static bool is_young(struct board *board, const struct slot *slot)
{
    return atomic_load(&board->only_old) && is_large(slot->key) &&
           wall_clock() - slot->last < OLD_SECONDS;
}

static void scan(struct board *board, struct listing *listing)
{
    uint64_t words[SLOTS];
    bool only_old = atomic_load(&board->only_old);

    for (int i = 0; i < SLOTS; i++)
        words[i] = atomic_load(&board->slots[i].word);
    read_listing(listing);
    for (int i = 0; i < SLOTS; i++) {
        const struct slot *slot = &board->slots[i];
        int shmid = slot->shmid;
        uint32_t key = slot->key;
        bool stays = word_state(words[i]) == SLOT_PROTECTED ||
                     (word_state(words[i]) == SLOT_FAIR && only_old && is_young(board, slot));

        /* What changed meanwhile cannot be judged. */
        if (stays && atomic_load(&slot->word) == words[i])
            look_for(board, listing, shmid, key);
    }
    atomic_fetch_add(&board->scans, 1);
}

void work_witness(struct board *board, int number)
{
    struct listing *listing = malloc(sizeof(*listing));

    (void)number;
    if (!listing)
        die(HELPER_FAILED, "out of memory");
    while (!atomic_load(&board->stop))
        scan(board, listing);
    free(listing);
}
