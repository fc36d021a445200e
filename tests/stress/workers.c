/*
 * The workers. Each notes on the board what its segments are to everybody else, before that changes
 * to the worse and after it has changed to the better, and complains when one that nobody may touch
 * is not as it was.
 */
#include <sched.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "../helpers/helper.h"
#include "churn.h"

static struct slot *slots_of(struct board *board, int number)
{
    return &board->slots[(size_t)number * SLOTS_A_WORKER];
}

static bool stopped(struct board *board)
{
    return atomic_load(&board->stop);
}

/* Makes the segment of KEY in SLOT. Returns false when there is no room for one. */
static bool make_segment(struct board *board, struct slot *slot, uint32_t key)
{
    int shmid;

    slot_set(slot, SLOT_BUSY);
    shmid = shmget((key_t)key, size_of_key(key), IPC_CREAT | IPC_EXCL | (int)mode_of_key(key));
    if (shmid < 0 && errno != ENOSPC && errno != EEXIST)
        die(HELPER_FAILED, "shmget: %s", strerror(errno));
    if (shmid < 0) {
        slot_set(slot, SLOT_FREE);
        sched_yield();
        return false;
    }
    atomic_fetch_add(&board->created, 1);
    atomic_store(&slot->shmid, shmid);
    atomic_store(&slot->key, key);
    slot_set(slot, SLOT_PROTECTED);
    return true;
}

static char *attach(struct board *board, const struct slot *slot)
{
    char *memory = shmat(slot->shmid, NULL, 0);

    if ((intptr_t)memory == -1) {
        complain(board, BY_USERS, "%d, which is in use, cannot be attached: %s", slot->shmid,
                 strerror(errno));
        return NULL;
    }
    return memory;
}

/* Whether the segment of SLOT, which nobody may touch, is as it was made. */
static void check_intact(struct board *board, const struct slot *slot)
{
    struct shmid_ds ds;

    if (shmctl(slot->shmid, IPC_STAT, &ds) < 0)
        complain(board, BY_USERS, "%d, which is in use, is gone: %s", slot->shmid, strerror(errno));
    else if (ds.shm_perm.mode & SHM_DEST)
        complain(board, BY_USERS, "%d, which is in use, is marked", slot->shmid);
    else if ((uint32_t)ds.shm_perm.__key != slot->key)
        complain(board, BY_USERS, "%d, which is in use, has another key", slot->shmid);
    else if ((ds.shm_perm.mode & 0777) != mode_of_key(slot->key))
        complain(board, BY_USERS, "%d, which is in use, has permissions %o", slot->shmid,
                 (unsigned)ds.shm_perm.mode);
}

static void use(struct board *board, const struct slot *slot, int times)
{
    for (int i = 0; i < times; i++) {
        char *memory = attach(board, slot);

        if (!memory)
            return;
        memory[0] = (char)(memory[0] + 1);
        shmdt(memory);
        check_intact(board, slot);
        atomic_fetch_add(&board->uses, 1);
    }
}

/* Takes away a segment that is its worker's own. */
static void remove_own(struct board *board, struct slot *slot)
{
    slot_set(slot, SLOT_BUSY);
    if (shmctl(slot->shmid, IPC_RMID, NULL) < 0)
        complain(board, BY_USERS, "%d, which was in use, was gone before its owner removed it: %s",
                 slot->shmid, strerror(errno));
    slot_set(slot, SLOT_FREE);
}

/* Makes a segment with the id of one that is gone, an orphan's among them. */
static bool make_again(struct board *board, struct slot *slot, unsigned number, uint32_t key)
{
    const struct slot *gone = &board->slots[number * 31 % SLOTS];
    int shmid = gone->shmid;
    bool made;

    if (gone->key != 0 && word_state(gone->word) == SLOT_FREE)
        ask_for_id(shmid);
    made = make_segment(board, slot, key);
    if (made && gone->key != 0 && slot->shmid == shmid)
        atomic_fetch_add(&board->reused, 1);
    return made;
}

void work_live(struct board *board, int number)
{
    struct slot *slots = slots_of(board, number);

    for (unsigned i = 0; !stopped(board); i++) {
        struct slot *slot = &slots[i % SLOTS_A_WORKER];

        /* Some live on for a while, unattached, before their turn comes again. */
        if (word_state(slot->word) == SLOT_PROTECTED) {
            use(board, slot, 4);
            remove_own(board, slot);
        }
        if (make_again(board, slot, i, churn_key(number, i, false)))
            use(board, slot, 4);
    }
    for (unsigned i = 0; i < SLOTS_A_WORKER; i++) {
        if (word_state(slots[i].word) == SLOT_PROTECTED)
            remove_own(board, &slots[i]);
    }
}

/* Forks; the child dies with its parent. */
static pid_t fork_child(void)
{
    pid_t parent = getpid();
    pid_t child = fork();

    if (child < 0)
        die(HELPER_FAILED, "fork: %s", strerror(errno));
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(HELPER_FAILED);
    }
    return child;
}

/* Has a child make a segment, attaches it, and lets the child die. Returns NULL when none was made.
 */
static char *inherit(struct board *board, struct slot *slot, uint32_t key)
{
    int pair[2];
    pid_t child;
    char byte = 0;
    char *memory = NULL;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        die(HELPER_FAILED, "socketpair: %s", strerror(errno));
    child = fork_child();
    if (child == 0) {
        byte = make_segment(board, slot, key) ? 'y' : 'n';
        if (write(pair[1], &byte, 1) == 1 && read(pair[1], &byte, 1) == 1)
            _exit(0);
        _exit(HELPER_FAILED);
    }
    if (read(pair[0], &byte, 1) == 1 && byte == 'y')
        memory = attach(board, slot);
    if (write(pair[0], &byte, 1) != 1 || waitpid(child, NULL, 0) != child)
        die(HELPER_FAILED, "a child: %s", strerror(errno));
    close(pair[0]);
    close(pair[1]);
    return memory;
}

void work_inherit(struct board *board, int number)
{
    enum { HELD = 16 };
    struct slot *slots = slots_of(board, number);
    char *held[HELD] = {NULL};

    for (unsigned i = 0; !stopped(board); i++) {
        struct slot *slot = &slots[i % HELD];
        char **memory = &held[i % HELD];

        /* Attached for a round of slots, then on and off, with a dead creator all the time. */
        if (*memory) {
            check_intact(board, slot);
            shmdt(*memory);
            use(board, slot, 8);
            remove_own(board, slot);
        }
        *memory = inherit(board, slot, churn_key(number, i, false));
    }
    for (unsigned i = 0; i < HELD; i++) {
        if (held[i])
            remove_own(board, &slots[i]);
    }
}

/* The latest time of the segment, 0 when it is gone. */
static int64_t last_time(int shmid)
{
    struct shmid_ds ds;

    if (shmctl(shmid, IPC_STAT, &ds) < 0)
        return 0;
    if (ds.shm_atime > ds.shm_ctime)
        ds.shm_ctime = ds.shm_atime;
    return ds.shm_dtime > ds.shm_ctime ? ds.shm_dtime : ds.shm_ctime;
}

/* Finds a free slot, from *AT on. Returns NULL when there is none. */
static struct slot *find_free(struct slot *slots, unsigned *at)
{
    for (unsigned i = 0; i < SLOTS_A_WORKER; i++) {
        struct slot *slot = &slots[(*at)++ % SLOTS_A_WORKER];

        if (word_state(slot->word) == SLOT_FREE)
            return slot;
    }
    return NULL;
}

/* Makes up to MOST segments, uses some of them, and leaves them all to whoever comes. */
static void make_and_leave(struct board *board, int number, unsigned first, bool large)
{
    enum { MOST = 6 };
    struct slot *made[MOST];
    int count = 0;
    unsigned at = first;

    for (unsigned i = 0; i < MOST; i++) {
        struct slot *slot = find_free(slots_of(board, number), &at);

        if (!slot || !make_segment(board, slot, churn_key(number, first + i, large)))
            break;
        if (i % 2)
            use(board, slot, 1);
        made[count++] = slot;
    }
    for (int i = 0; i < count; i++) {
        atomic_store(&made[i]->last, last_time(made[i]->shmid));
        check_intact(board, made[i]);
    }
    /* From here on nobody is sorry for them: a process that has ended counts as gone at once. */
    for (int i = 0; i < count; i++)
        slot_set(made[i], SLOT_FAIR);
}

static void leave_orphans(struct board *board, int number, bool large)
{
    for (unsigned i = 0; !stopped(board); i += 6) {
        unsigned at = 0;
        pid_t child;

        if (!find_free(slots_of(board, number), &at)) {
            sched_yield();
            continue;
        }
        child = fork_child();
        if (child == 0) {
            make_and_leave(board, number, i, large);
            _exit(0);
        }
        waitpid(child, NULL, 0);
    }
}

void work_leave(struct board *board, int number)
{
    leave_orphans(board, number, false);
}

void work_large(struct board *board, int number)
{
    leave_orphans(board, number, true);
}

/* Waits until COUNT more runs of rm have ended, or all is to stop. */
static void wait_for_removals(struct board *board, unsigned long count)
{
    unsigned long until = atomic_load(&board->removals) + count;

    while (atomic_load(&board->removals) < until && !stopped(board))
        sched_yield();
}

/* Attaches an orphan and keeps it while rm is run again and again. */
static void adopt(struct board *board, struct slot *slot, uint64_t word)
{
    int shmid = slot->shmid;
    char *memory = shmat(shmid, NULL, 0);
    struct shmid_ds ds;

    if ((intptr_t)memory == -1) /* it was faster */
        return;
    /* Another one may have its id since. */
    if (shmctl(shmid, IPC_STAT, &ds) < 0 || (uint32_t)ds.shm_perm.__key != slot->key ||
        !slot_change(slot, word, SLOT_BUSY)) {
        shmdt(memory);
        return;
    }
    atomic_fetch_add(&board->adopted, 1);
    /* The rm that runs now may have had its last look before we came. */
    wait_for_removals(board, 1);
    if (shmctl(shmid, IPC_STAT, &ds) < 0 || ds.shm_perm.mode & SHM_DEST) {
        atomic_fetch_add(&board->late, 1);
        shmdt(memory);
        slot_set(slot, SLOT_FREE);
        return;
    }
    /* As an orphan it may have been changed. */
    ds.shm_perm.mode &= (unsigned short)~SET_BITS;
    shmctl(shmid, IPC_SET, &ds);
    slot_set(slot, SLOT_PROTECTED);
    wait_for_removals(board, 2);
    check_intact(board, slot);
    remove_own(board, slot);
    shmdt(memory);
}

void work_adopt(struct board *board, int number)
{
    for (unsigned i = (unsigned)number; !stopped(board); i += 7) {
        struct slot *slot = &board->slots[i % SLOTS];
        uint64_t word = atomic_load(&slot->word);

        if (word_state(word) == SLOT_FAIR)
            adopt(board, slot, word);
        else
            sched_yield();
    }
}
