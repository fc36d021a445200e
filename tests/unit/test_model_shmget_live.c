/*
 * model/shmget against the kernel: every combination of keys, sizes, flags and modes below, as root
 * and as an ordinary user, with the limits wide and narrow. (Random ones: test_property_shmget.c)
 */
#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "action/inventory.h"
#include "ipcns.h"
#include "kernel/limits.h"
#include "kernel/memory.h"
#include "kernel/system.h"
#include "unit.h"

enum { USER_ID = 12345, SIZE = 8192, OWN = 0x51, READABLE = 0x52, CLOSED = 0x53, FREE = 0x54 };

static const uint32_t keys[] = {IPC_PRIVATE, OWN, READABLE, CLOSED, FREE};
static const uint64_t sizes[] = {
    0, 1, SIZE, SIZE + 1, UINT64_C(1) << 50, UINT64_C(1) << 63, UINT64_MAX - (1 << 20), UINT64_MAX};
static const uint32_t modes[] = {0, 0400, 0200, 0600, 0644, 0777};
/* Page sizes: the default one, 2 MiB, 4 MiB. */
static const uint32_t huge_logs[] = {0, 21, 22};

/* IPC_CREAT, IPC_EXCL, SHM_HUGETLB, SHM_NORESERVE */
enum { FLAG_COMBINATIONS = 16, FLAGS_SHIFT = 9 };

/* The system as the caller sees it, read again only where a call changed it. */
struct scene {
    struct system system;
    struct inventory inventory;
    struct memory_state memory;
    struct huge_state huge[COUNT_OF(huge_logs)];
};

static void read_scene(struct scene *scene)
{
    const struct procfs *procfs = &scene->system.procfs;

    if (inventory_read(&scene->system, NULL, NEED_LIMITS | NEED_CREDENTIALS, &scene->inventory,
                       NULL) < 0)
        _exit(97);
    memory_read(procfs, procfs->page_size, scene->inventory.credentials.init_admin, &scene->memory);
    for (size_t i = 0; i < COUNT_OF(huge_logs); i++)
        huge_read(procfs, huge_logs[i], &scene->huge[i]);
}

struct answers {
    int code; /* positive errno of shmget, 0: success */
    int attach[SHMAT_ACCESS_COUNT];
};

static struct answers predict(const struct scene *scene, const struct shmget_request *request,
                              const struct huge_state *huge)
{
    const struct segment_info *taken = inventory_find_key(&scene->inventory, request->key);
    const struct credentials *credentials = &scene->inventory.credentials;
    struct shmget_facts facts = {
        .exists = taken != NULL,
        .limits = scene->inventory.limits,
        .usage = scene->inventory.usage,
        .memory = scene->memory,
        .huge = *huge,
        .credentials = credentials,
    };
    struct answers answers = {0};
    struct segment segment = shmget_new_segment(request, credentials);
    uint64_t huge_size = !taken && request->flags & SHMGET_HUGE ? huge->page_size : 0;

    if (taken)
        segment = facts.segment = taken->segment;
    answers.code = shmget_predict(request, &facts).code;
    for (enum shmat_access access = 0; answers.code == 0 && access < SHMAT_ACCESS_COUNT; access++)
        answers.attach[access] = shmat_predict(&segment, huge_size, credentials, access,
                                               address_space_try(segment.size).has_room)
                                     .code;
    return answers;
}

static int attach(int shmid, int flags)
{
    void *address = shmat(shmid, NULL, flags);

    if ((intptr_t)address == -1)
        return errno;
    shmdt(address);
    return 0;
}

/* Makes the calls, and takes away what they made. */
static struct answers call(const struct scene *scene, const struct shmget_request *request)
{
    /* musl's shmget asks for SIZE_MAX where a size is beyond PTRDIFF_MAX. */
    int shmid = (int)syscall(SYS_shmget, request->key, (size_t)request->size, request->flags);
    struct answers answers = {.code = shmid < 0 ? errno : 0};

    if (shmid < 0)
        return answers;
    answers.attach[SHMAT_READ] = attach(shmid, SHM_RDONLY);
    answers.attach[SHMAT_WRITE] = attach(shmid, 0);
    if (!inventory_find_id(&scene->inventory, shmid) && shmctl(shmid, IPC_RMID, NULL) < 0)
        _exit(96);
    return answers;
}

/* Returns whether prediction and kernel agree. */
static bool compare(const struct scene *scene, const struct shmget_request *request,
                    const struct huge_state *huge)
{
    struct answers predicted = predict(scene, request, huge);
    struct answers real = call(scene, request);

    if (memcmp(&predicted, &real, sizeof(real)) == 0)
        return true;
    print_error(
        "uid %u: shmget(0x%x, %llu, %#x): the kernel says %s %s %s, predicted was %s %s %s\n",
        (unsigned)geteuid(), request->key, (unsigned long long)request->size,
        (unsigned)request->flags, strerror(real.code), strerror(real.attach[0]),
        strerror(real.attach[1]), strerror(predicted.code), strerror(predicted.attach[0]),
        strerror(predicted.attach[1]));
    return false;
}

/* All flags and modes for one key and size. Returns how many predictions were wrong. */
static unsigned compare_flags(const struct scene *scene, uint32_t key, uint64_t size)
{
    unsigned wrong = 0;

    for (uint32_t flags = 0; flags < FLAG_COMBINATIONS; flags++) {
        for (size_t m = 0; m < COUNT_OF(modes); m++) {
            for (size_t h = 0; h < COUNT_OF(huge_logs); h++) {
                const struct shmget_request request = {
                    key, size, flags << FLAGS_SHIFT | modes[m] | huge_logs[h] << SHMGET_HUGE_SHIFT};

                wrong += !compare(scene, &request, &scene->huge[h]);
            }
        }
    }
    return wrong;
}

static void compare_all(uid_t uid)
{
    struct scene scene;
    unsigned wrong = 0;

    if (uid != 0 &&
        (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0))
        _exit(99);
    if (system_open(&scene.system, NULL, NULL) < 0)
        _exit(98);
    read_scene(&scene);
    for (size_t k = 0; k < COUNT_OF(keys); k++) {
        for (size_t s = 0; s < COUNT_OF(sizes); s++)
            wrong += sizes[s] > SIZE_MAX ? 0 : compare_flags(&scene, keys[k], sizes[s]);
    }
    inventory_release(&scene.inventory);
    system_close(&scene.system);
    _exit(wrong > 0);
}

/* Runs all combinations in a child of this user. */
static void expect_agreement(uid_t uid)
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        compare_all(uid);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 99)
        skip_because("other users are needed, and root to become them");
    assert_int_equal(status, 0);
}

static void make_segments(void)
{
    struct shmid_ds ds = {.shm_perm = {.uid = USER_ID, .gid = USER_ID, .mode = 0600}};

    ipcns_enter();
    shmctl(ipcns_segment(OWN, SIZE, 0600), IPC_SET, &ds);
    ipcns_segment(READABLE, SIZE, 0644);
    ipcns_segment(CLOSED, SIZE, 0);
}

static void set_limit(enum limit_id id, uint64_t value)
{
    const struct limit_setting setting = {id, value};
    struct procfs procfs;
    uint64_t now;
    int r;

    assert_int_equal(procfs_open(&procfs, NULL, NULL), 0);
    r = limits_write(&procfs, &setting, &now, NULL);
    procfs_close(&procfs);
    if (r < 0)
        skip_because("may not set limits");
}

static void as_the_limits_are(void **state)
{
    (void)state;
    make_segments();
    expect_agreement(0);
    expect_agreement(USER_ID);
}

static void with_every_size_allowed(void **state)
{
    (void)state;
    make_segments();
    set_limit(LIMIT_SHMMAX, UINT64_MAX);
    set_limit(LIMIT_SHMALL, UINT64_MAX);
    expect_agreement(0);
    expect_agreement(USER_ID);
}

static void with_full_limits(void **state)
{
    (void)state;
    make_segments();
    set_limit(LIMIT_SHMMNI, 3);
    expect_agreement(0);
    expect_agreement(USER_ID);
    set_limit(LIMIT_SHMMNI, 4096);
    set_limit(LIMIT_SHMALL, 7);
    expect_agreement(0);
    expect_agreement(USER_ID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(as_the_limits_are, ipcns_teardown),
        cmocka_unit_test_teardown(with_every_size_allowed, ipcns_teardown),
        cmocka_unit_test_teardown(with_full_limits, ipcns_teardown),
    };

    return cmocka_run_group_tests_name("model/shmget against the kernel", tests, NULL, NULL);
}
