/*
 * Property: model/shmget predicts what the kernel's shmget answers, and shmat after it.
 *
 * Thousands of random situations are made in an IPC namespace of this program's own: limits,
 * segments of other sizes, owners and modes, all flags, huge pages of sizes that there are and are
 * not, a limit of the address space, and a caller that is root, root without the capability to
 * override permissions, or an ordinary user with other groups. In each the library reads what there
 * is and predicts the answers; then the real calls are made, and both must agree. Of some
 * situations the program itself is asked too (shmtool doctor --json). Huge pages are taken as the
 * machine has them: with an empty pool those are made that reserve none.
 *
 * The seeds are fixed and printed: a situation that fails can be made again.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "action/diagnose.h"
#include "ipcns.h"
#include "kernel/limits.h"
#include "kernel/memory.h"
#include "kernel/system.h"
#include "model/shmget.h"
#include "unit.h"

enum {
    SITUATIONS = 400, /* a seed */
    ASK_PROGRAM = 8,  /* every so many */
    SEGMENTS_MAX = 6, /* in a situation */
    KEYS = 4,         /* from FIRST_KEY on; the last one is never taken */
    FIRST_KEY = 0x5eed01,
};

static const uint32_t seeds[] = {1, 2, 3, 5, 8, 13, 21, 34};

/* Who calls. */
enum who {
    ROOT,
    ROOT_WITHOUT_CAPABILITIES,
    USER,
    USER_IN_GROUPS,
    USER_OF_HUGE_PAGES, /* in the group of vm.hugetlb_shm_group */
    WHO_COUNT
};

#define ADDRESS_SPACE (UINT64_C(1) << 32)

enum { USER_ID = 12345, OTHER_ID = 23456, GROUP_ID = 34567 };

struct situation {
    enum who who;
    bool limited; /* to ADDRESS_SPACE bytes */
    struct shmget_request request;
};

/* What came of it, reported by the child through a pipe. */
struct outcome {
    struct shmget_answer predicted;           /* by the model */
    int code;                                 /* positive errno of the real call, 0: success */
    int diagnosed;                            /* by all of doctor's engine, likewise */
    int attach_diagnosed[SHMAT_ACCESS_COUNT]; /* of shmat, only where shmget succeeds */
    int attach_codes[SHMAT_ACCESS_COUNT];     /* of the real calls */
    char word[16];                            /* what the program says; "": it was not asked */
};

/* splitmix64: small, and the same everywhere. */
struct dice {
    uint64_t state;
};

static uint64_t roll(struct dice *dice, uint64_t sides)
{
    uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % sides;
}

static bool one_in(struct dice *dice, uint64_t sides)
{
    return roll(dice, sides) == 0;
}

static const struct procfs *live(void)
{
    static struct procfs procfs;

    if (!procfs.live)
        assert_int_equal(procfs_open(&procfs, NULL, NULL), 0);
    return &procfs;
}

static void set_limit(enum limit_id id, uint64_t value)
{
    const struct limit_setting setting = {id, value};
    uint64_t now;

    assert_int_equal(limits_write(live(), &setting, &now, NULL), 0);
}

static void remove_all(void)
{
    struct shm_info info;
    int highest = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&info);

    for (int index = 0; index <= highest; index++) {
        struct shmid_ds ds;
        int id = shmctl(index, SHM_STAT, &ds);

        if (id >= 0)
            shmctl(id, IPC_RMID, NULL);
    }
}

static const uid_t uids[] = {0, USER_ID, OTHER_ID};
static const gid_t gids[] = {0, USER_ID, OTHER_ID, GROUP_ID};

/* Makes a segment with a random size and creator. */
static int create_segment(struct dice *dice, uint32_t key)
{
    int id;

    assert_int_equal(setegid(gids[roll(dice, COUNT_OF(gids))]), 0);
    assert_int_equal(seteuid(uids[roll(dice, COUNT_OF(uids))]), 0);
    id = shmget((key_t)key, (size_t)(1 + roll(dice, 20000)), IPC_CREAT | IPC_EXCL | 0600);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(setegid(0), 0);
    assert_true(id >= 0);
    return id;
}

/* Segments that are marked for destruction and attached by this program. */
static void *held[SEGMENTS_MAX];
static size_t held_count;

/* Makes a segment with a random owner and mode too. */
static void make_segment(struct dice *dice, uint32_t key)
{
    struct shmid_ds ds;
    int id = create_segment(dice, key);

    assert_int_equal(shmctl(id, IPC_STAT, &ds), 0);
    ds.shm_perm.uid = uids[roll(dice, COUNT_OF(uids))];
    ds.shm_perm.gid = gids[roll(dice, COUNT_OF(gids))];
    ds.shm_perm.mode = (unsigned short)roll(dice, 01000);
    assert_int_equal(shmctl(id, IPC_SET, &ds), 0);
    if (one_in(dice, 6)) {
        /* Marked for destruction, but held by this program: it counts, and has no key any more. */
        void *address = shmat(id, NULL, 0);

        assert_true((intptr_t)address != -1);
        assert_int_equal(shmctl(id, IPC_RMID, NULL), 0);
        if (one_in(dice, 2)) {
            assert_true(held_count < COUNT_OF(held));
            held[held_count++] = address;
        } else {
            assert_int_equal(shmdt(address), 0);
        }
    }
}

/* Some of the keys get a segment, and there are some without a key. */
static void make_segments(struct dice *dice)
{
    for (uint32_t i = 0; i < KEYS - 1; i++) {
        if (!one_in(dice, 3))
            make_segment(dice, FIRST_KEY + i);
    }
    for (uint64_t more = roll(dice, 3); more > 0; more--)
        make_segment(dice, IPC_PRIVATE);
}

static uint64_t random_limit(struct dice *dice, uint64_t near)
{
    switch (roll(dice, 8)) {
    case 0:
        return roll(dice, 3);
    case 1:
        return UINT64_MAX - roll(dice, 10000);
    case 2:
        return near + 1000;
    default:
        return near + roll(dice, 9) - (near < 4 ? 0 : 4);
    }
}

/* Limits on the edge of what there is, or far from it. */
static void set_limits(struct dice *dice)
{
    struct shm_info info;
    uint64_t page = live()->page_size;

    assert_true(shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&info) >= 0);
    set_limit(LIMIT_SHMMAX, one_in(dice, 3) ? UINT64_MAX - roll(dice, 2) * roll(dice, 20000)
                                            : random_limit(dice, page * (1 + roll(dice, 6))));
    set_limit(LIMIT_SHMALL, one_in(dice, 3) ? UINT64_MAX - roll(dice, 2) * (1U << 24)
                                            : random_limit(dice, info.shm_tot));
    set_limit(LIMIT_SHMMNI, one_in(dice, 3) ? 32768 : (uint64_t)info.used_ids + roll(dice, 3));
}

static uint64_t huge_group(void)
{
    uint64_t group = 0;

    assert_int_equal(procfs_read_number(live(), "proc/sys/vm/hugetlb_shm_group", &group, NULL), 0);
    return group;
}

static bool has_huge_pages(void)
{
    struct huge_state huge;

    huge_read(live(), 0, &huge);
    return huge.page_size > 0;
}

/* Flags of huge pages: the default size, those that there are, and those that there are not. */
static uint32_t random_huge(struct dice *dice)
{
    static const uint32_t logs[] = {0, 0, 0, 21, 21, 30, 16, 22, 63};
    uint32_t log = logs[roll(dice, COUNT_OF(logs))];

    return (one_in(dice, 6) ? 0 : SHMGET_HUGE) | (one_in(dice, 2) ? SHMGET_NORESERVE : 0) |
           log << SHMGET_HUGE_SHIFT | (one_in(dice, 8) ? 0x20000 : 0);
}

/* The edge of what is free of the pool of huge pages. */
static uint64_t random_huge_size(struct dice *dice)
{
    struct huge_state huge;

    huge_read(live(), 0, &huge);
    return huge_pages_available(&huge) * huge.page_size + roll(dice, 3) - 1;
}

/* A size that some check may stumble over. */
static uint64_t random_size(struct dice *dice, const struct limits *limits, uint64_t taken)
{
    uint64_t page = live()->page_size;
    uint64_t shmmax = limits->values[LIMIT_SHMMAX];
    struct memory_state memory;

    memory_read(live(), page, true, &memory);
    assert_true(memory.known);
    switch (roll(dice, 17)) {
    case 0:
        return 0;
    case 1:
        return 1;
    case 2:
        return shmmax;
    case 3:
        return shmmax + 1; /* 0 where shmmax is the largest number */
    case 4:
        return UINT64_MAX - roll(dice, 2 * page);
    case 5:
        return (UINT64_C(1) << 63) + roll(dice, 5) - 2;
    case 6:
        return memory.total * page + roll(dice, 3) - 1; /* the edge of what is ever promised */
    case 7:
        return UINT64_C(1) << (32 + roll(dice, 30));
    case 8:
        return page * (1 + roll(dice, 8)) + roll(dice, 3) - 1;
    case 9:
        return taken + roll(dice, 3) - 1; /* the edge of the segment that has the key */
    case 10:
        return random_huge_size(dice);
    case 11:
        return UINT64_MAX - roll(dice, 3 << 20); /* the edge of what huge pages wrap around */
    default:
        return roll(dice, 20001);
    }
}

/* The size of the segment that has a key; 1 where nobody has it. */
static uint64_t size_of_key(uint32_t key)
{
    struct shmid_ds ds;
    int id = key == IPC_PRIVATE ? -1 : shmget((key_t)key, 0, 0);

    if (id < 0)
        return 1;
    assert_int_equal(shmctl(id, IPC_STAT, &ds), 0);
    return ds.shm_segsz;
}

static struct situation make_situation(struct dice *dice)
{
    static const uint32_t modes[] = {0, 0400, 0200, 0600, 0644, 0666, 0060, 0004, 0777};
    struct situation situation = {.who = (enum who)roll(dice, WHO_COUNT),
                                  .limited = one_in(dice, 4)};
    struct shmget_request *request = &situation.request;
    struct limits limits;

    remove_all();
    set_limit(LIMIT_SHMMAX, 1000000);
    set_limit(LIMIT_SHMALL, 1000000);
    set_limit(LIMIT_SHMMNI, 4096);
    make_segments(dice);
    set_limits(dice);
    assert_int_equal(limits_read(live(), &limits, NULL), 0);
    request->key = one_in(dice, 6) ? IPC_PRIVATE : FIRST_KEY + (uint32_t)roll(dice, KEYS);
    request->size = random_size(dice, &limits, size_of_key(request->key));
    request->flags =
        one_in(dice, 3) ? (uint32_t)roll(dice, 01000) : modes[roll(dice, COUNT_OF(modes))];
    request->flags |= one_in(dice, 4) ? 0 : SHMGET_CREATE;
    request->flags |= one_in(dice, 4) ? SHMGET_EXCLUSIVE : 0;
    if (one_in(dice, 3))
        request->flags |= random_huge(dice);
    /* More than there is: granted where no memory is reserved. */
    if (request->flags & SHMGET_NORESERVE && one_in(dice, 3))
        request->size = UINT64_C(1) << (35 + roll(dice, 12));
    if (request->size > SIZE_MAX)
        request->size = SIZE_MAX - roll(dice, 2 * live()->page_size);
    return situation;
}

/* Whether it is no wonder that a cause does not come up. */
static bool cannot_come_up(enum shmget_cause cause)
{
    /* A kernel without huge pages is never short of them. */
    if (cause == SHMGET_HUGE_SHORT && !has_huge_pages())
        return true;
    /* A program of 32 bits cannot ask for so much. */
    return SIZE_MAX < UINT64_MAX &&
           (cause == SHMGET_WRAPS || cause == SHMGET_ABOVE_FILES || cause == SHMGET_NO_MEMORY);
}

/* --- In the child, which is whoever calls ----------------------------------------------------- */

static void drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

    /* The first one: the program that is asked must not get them back because it is root's. */
    if (prctl(PR_SET_SECUREBITS, SECBIT_NOROOT) < 0 || syscall(SYS_capset, &header, data) < 0)
        _exit(99);
}

static void limit_address_space(void)
{
    const struct rlimit limit = {ADDRESS_SPACE, ADDRESS_SPACE};
    uint64_t pages = 0;

    /* A sanitizer has far more than that already. */
    if (procfs_find_number(live(), "proc/self/statm", "", &pages) &&
        pages < ADDRESS_SPACE / live()->page_size && setrlimit(RLIMIT_AS, &limit) < 0)
        _exit(99);
}

static void become(enum who who)
{
    const gid_t groups[] = {OTHER_ID, GROUP_ID, (gid_t)huge_group()};
    size_t count = who == USER ? 0 : who == USER_IN_GROUPS ? 2 : COUNT_OF(groups);

    if (who == ROOT_WITHOUT_CAPABILITIES)
        drop_capabilities();
    if (who >= USER && (setgroups(count, groups) < 0 || setresgid(USER_ID, USER_ID, USER_ID) < 0 ||
                        setresuid(USER_ID, USER_ID, USER_ID) < 0))
        _exit(99);
}

static struct shmget_answer predict(const struct shmget_request *request)
{
    struct system system;
    struct inventory inventory;
    struct shmget_facts facts = {.credentials = &inventory.credentials};
    struct shmget_answer answer;
    const struct segment_info *taken;

    if (system_open(&system, NULL, NULL) < 0 ||
        inventory_read(&system, NULL, NEED_LIMITS | NEED_CREDENTIALS, &inventory, NULL) < 0)
        _exit(97);
    if (inventory.unparsed.count > 0 || inventory.limits_error.code)
        _exit(98);
    taken = inventory_find_key(&inventory, request->key);
    facts.exists = taken != NULL;
    if (taken)
        facts.segment = taken->segment;
    facts.limits = inventory.limits;
    facts.usage = inventory.usage;
    memory_read(&system.procfs, system.procfs.page_size, inventory.credentials.init_admin,
                &facts.memory);
    if (request->flags & SHMGET_HUGE)
        huge_read(&system.procfs, request->flags >> SHMGET_HUGE_SHIFT, &facts.huge);
    answer = shmget_predict(request, &facts);
    inventory_release(&inventory);
    system_close(&system);
    return answer;
}

/* Has all of doctor's engine predict. */
static void diagnose(const struct shmget_request *request, struct outcome *outcome)
{
    struct system system;
    struct shmget_diagnosis diagnosis;

    if (system_open(&system, NULL, NULL) < 0 ||
        diagnose_shmget(&system, request, 0, NULL, &diagnosis, NULL) < 0)
        _exit(95);
    outcome->diagnosed = diagnosis.answer.code;
    for (enum shmat_access access = 0; access < SHMAT_ACCESS_COUNT; access++)
        outcome->attach_diagnosed[access] = diagnosis.attach[access].code;
    shmget_diagnosis_release(&diagnosis);
    system_close(&system);
}

/* Has the program say what it predicts; takes the word behind "result". */
static void ask_program(const struct shmget_request *request, char *word, size_t size)
{
    static const char mark[] = "\"result\": \"";
    char command[512];
    char text[4096];
    FILE *output;
    size_t length;
    const char *found;

    snprintf(command, sizeof(command),
             "\"$SHMTOOL\" doctor --json --key 0x%x --size %llu --flags 0x%x", request->key,
             (unsigned long long)request->size, (unsigned)request->flags);
    output = popen(command, "r"); /* the words are this test's own */
    length = output ? fread(text, 1, sizeof(text) - 1, output) : 0;
    text[length] = '\0';
    if (output)
        pclose(output);
    found = strstr(text, mark);
    if (!found) {
        snprintf(word, size, "nothing");
        return;
    }
    found += strlen(mark);
    snprintf(word, size, "%.*s", (int)strcspn(found, "\""), found);
}

static int attach(int shmid, int flags)
{
    void *address = shmat(shmid, NULL, flags);

    if ((intptr_t)address == -1)
        return errno;
    shmdt(address);
    return 0;
}

/* Makes the real calls. */
static void call(const struct shmget_request *request, struct outcome *outcome)
{
    /* musl's shmget asks for SIZE_MAX where a size is beyond PTRDIFF_MAX. */
    int shmid = (int)syscall(SYS_shmget, request->key, (size_t)request->size, request->flags);

    outcome->code = shmid < 0 ? errno : 0;
    if (shmid < 0)
        return;
    outcome->attach_codes[SHMAT_READ] = attach(shmid, SHM_RDONLY);
    outcome->attach_codes[SHMAT_WRITE] = attach(shmid, 0);
}

static void run_child(const struct situation *situation, bool ask, int report)
{
    struct outcome outcome = {0};

    become(situation->who);
    if (situation->limited)
        limit_address_space();
    outcome.predicted = predict(&situation->request);
    diagnose(&situation->request, &outcome);
    if (ask)
        ask_program(&situation->request, outcome.word, sizeof(outcome.word));
    call(&situation->request, &outcome);
    _exit(write(report, &outcome, sizeof(outcome)) == sizeof(outcome) ? 0 : 96);
}

/* --- Comparing -------------------------------------------------------------------------------- */

/* Runs the situation as its caller. */
static struct outcome play(const struct situation *situation, bool ask)
{
    struct outcome outcome = {0};
    int ends[2];
    int status;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        run_child(situation, ask, ends[1]);
    close(ends[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(read(ends[0], &outcome, sizeof(outcome)), sizeof(outcome));
    close(ends[0]);
    return outcome;
}

/* As doctor says it. */
static void put_word(struct strbuf *out, int code)
{
    if (code == 0)
        strbuf_puts(out, "OK");
    else
        error_put_name(out, code);
}

static bool agrees(const struct situation *situation, const struct outcome *outcome, uint32_t seed,
                   int number)
{
    const struct shmget_request *request = &situation->request;
    CLEANUP_STRBUF struct strbuf real = STRBUF_INIT;
    const int *attached = outcome->attach_codes;
    const int *diagnosed = outcome->attach_diagnosed;

    put_word(&real, outcome->code);
    if (outcome->predicted.code == outcome->code && outcome->diagnosed == outcome->code &&
        memcmp(attached, diagnosed, sizeof(outcome->attach_codes)) == 0 &&
        (outcome->word[0] == '\0' || strcmp(outcome->word, strbuf_string(&real)) == 0))
        return true;
    print_error(
        "seed %u situation %d: caller %d%s, shmget(0x%x, %llu, %#x): the kernel says %s (ro "
        "%s, rw %s), predicted was %s (cause %d), diagnosed %s (ro %s, rw %s), the program "
        "said '%s'\n",
        seed, number, (int)situation->who, situation->limited ? " limited" : "", request->key,
        (unsigned long long)request->size, (unsigned)request->flags, strbuf_string(&real),
        strerror(attached[SHMAT_READ]), strerror(attached[SHMAT_WRITE]),
        strerror(outcome->predicted.code), (int)outcome->predicted.cause,
        strerror(outcome->diagnosed), strerror(diagnosed[SHMAT_READ]),
        strerror(diagnosed[SHMAT_WRITE]), outcome->word);
    return false;
}

/* Attachments of segments that are marked must not pile up. */
static void detach_all(void)
{
    while (held_count > 0)
        assert_int_equal(shmdt(held[--held_count]), 0);
}

/* Whether other users can be had: not so in a user namespace that knows one alone. */
static bool can_become_others(void)
{
    int status;
    pid_t child;

    if (geteuid() != 0)
        return false;
    child = fork();
    if (child == 0) {
        become(USER_IN_GROUPS);
        _exit(0);
    }
    return waitpid(child, &status, 0) == child && status == 0;
}

static bool can_set_limits(void)
{
    const struct limit_setting setting = {LIMIT_SHMMNI, 4096};
    uint64_t now;

    return limits_write(live(), &setting, &now, NULL) == 0;
}

static void the_kernel_answers_as_predicted(void **state)
{
    int causes[SHMGET_CAUSE_COUNT] = {0};
    int attached[2][2] = {0}; /* by whether reading failed, and whether writing did */
    int played = 0;
    int asked = 0;
    int wrong = 0;

    (void)state;
    ipcns_enter();
    if (!can_become_others() || !can_set_limits())
        skip_because("needs root, other users, and limits of its own to set");
    for (size_t s = 0; s < COUNT_OF(seeds); s++) {
        struct dice dice = {seeds[s]};

        print_message("seed %u: %d situations\n", seeds[s], SITUATIONS);
        for (int number = 0; number < SITUATIONS; number++) {
            struct situation situation = make_situation(&dice);
            bool ask = number % ASK_PROGRAM == 0 && getenv("SHMTOOL");
            struct outcome outcome = play(&situation, ask);

            wrong += !agrees(&situation, &outcome, seeds[s], number);
            causes[outcome.predicted.cause]++;
            attached[outcome.attach_codes[SHMAT_READ] != 0]
                    [outcome.attach_codes[SHMAT_WRITE] != 0] += outcome.code == 0;
            played++;
            asked += ask;
            detach_all();
        }
    }
    for (enum shmget_cause cause = 0; cause < SHMGET_REFUSED; cause++) {
        print_message("cause %d: %d\n", (int)cause, causes[cause]);
        assert_true(causes[cause] >= 10 || cannot_come_up(cause));
    }
    print_message("attached: both %d, for reading alone %d, neither %d\n", attached[0][0],
                  attached[0][1], attached[1][1]);
    assert_true(attached[0][0] >= 100 && attached[0][1] >= 10 && attached[1][1] >= 10);
    assert_int_equal(wrong, 0);
    assert_true(played >= 2000);
    print_message("%d situations, of %d of them the program was asked too\n", played, asked);
    assert_true(asked >= 200 || !getenv("SHMTOOL"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_kernel_answers_as_predicted, ipcns_teardown),
    };

    return cmocka_run_group_tests_name("property: shmget", tests, NULL, NULL);
}
