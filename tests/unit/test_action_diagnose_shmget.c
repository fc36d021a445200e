/*
 * action/diagnose_shmget: where the kernel's own answer differs from the predicted one, and what
 * goes with each answer.
 *
 * wrap: shmget
 */
#include "action/diagnose.h"

#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "ipcns.h"
#include "kernel/system.h"
#include "unit.h"

enum { KEY = 0x5eed };

int __real_shmget(key_t key, size_t size, int flags);
int __wrap_shmget(key_t key, size_t size, int flags);

static int refusal;   /* errno that shmget is made to give; 0: the kernel answers */
static bool all_keys; /* for each key, not for KEY alone */
static size_t asked;  /* calls of shmget about KEY */
static bool creating; /* a call could have made a segment */

int __wrap_shmget(key_t key, size_t size, int flags)
{
    asked += key == KEY;
    creating |= key == IPC_PRIVATE || (flags & IPC_CREAT);
    if (!refusal || (key != KEY && !all_keys))
        return __real_shmget(key, size, flags);
    errno = refusal;
    return -1;
}

struct prediction {
    struct system system;
    struct shmget_diagnosis diagnosis;
};

static void ask(struct prediction *prediction, struct shmget_request request)
{
    asked = 0;
    creating = false;
    assert_int_equal(system_open(&prediction->system, NULL, NULL), 0);
    assert_int_equal(
        diagnose_shmget(&prediction->system, &request, 0, NULL, &prediction->diagnosis, NULL), 0);
    assert_false(creating);
    refusal = 0;
    all_keys = false;
}

static void end(struct prediction *prediction)
{
    shmget_diagnosis_release(&prediction->diagnosis);
    assert_int_equal(prediction->diagnosis.sums.count, 0);
    system_close(&prediction->system);
}

static struct shmget_request finding(uint64_t size)
{
    return (struct shmget_request){.key = KEY, .size = size, .flags = 0600};
}

static struct shmget_request creation(uint64_t size)
{
    return (struct shmget_request){.key = KEY, .size = size, .flags = SHMGET_CREATE | 0600};
}

static void assert_answer(const struct prediction *prediction, enum shmget_cause cause, int code)
{
    assert_int_equal(prediction->diagnosis.answer.cause, cause);
    assert_int_equal(prediction->diagnosis.answer.code, code);
}

static void what_is_predicted_is_confirmed(void **state)
{
    struct prediction prediction;
    int shmid;

    (void)state;
    ipcns_enter();
    ask(&prediction, finding(0));
    assert_answer(&prediction, SHMGET_ABSENT, ENOENT);
    assert_int_equal(asked, 1);
    assert_null(prediction.diagnosis.segment);
    end(&prediction);
    shmid = ipcns_segment(KEY, 5000, 0600);
    ask(&prediction, creation(5000));
    assert_answer(&prediction, SHMGET_FINDS, 0);
    assert_non_null(prediction.diagnosis.segment);
    assert_int_equal(prediction.diagnosis.segment->segment.shmid, shmid);
    assert_int_equal(prediction.diagnosis.segment->state, STATE_IDLE);
    end(&prediction);
    ask(&prediction, creation(5001));
    assert_answer(&prediction, SHMGET_TOO_SMALL, EINVAL);
    end(&prediction);
}

static void a_refusal_that_nothing_explains_is_reported(void **state)
{
    struct prediction prediction;

    (void)state;
    ipcns_enter();
    ipcns_segment(KEY, 5000, 0600);
    refusal = EACCES;
    ask(&prediction, creation(1));
    assert_answer(&prediction, SHMGET_REFUSED, EACCES);
    assert_non_null(prediction.diagnosis.segment);
    end(&prediction);
}

/* A filter forbids the call whatever it asks for: also for a key that nobody has. */
static void a_call_that_is_refused_as_such(void **state)
{
    const struct shmget_request requests[] = {
        {.size = 1, .flags = SHMGET_CREATE | 0600}, /* private: there is nothing to ask for */
        creation(1),
        {.key = KEY, .size = 1, .flags = SHMGET_CREATE | SHMGET_EXCLUSIVE | 0600},
        {.key = KEY + 1},
    };
    static const int codes[] = {EPERM, ENOSYS, EACCES, EINVAL};

    (void)state;
    ipcns_enter();
    ipcns_segment(KEY, 5000, 0600);
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct prediction prediction;

        refusal = codes[i];
        all_keys = true;
        ask(&prediction, requests[i]);
        assert_answer(&prediction, SHMGET_FILTERED, codes[i]);
        end(&prediction);
    }
}

/* What becomes of the segment after shmget. */
static void shmat_is_predicted_too(void **state)
{
    const enum shmat_access access = SHMAT_WRITE;
    struct shmget_request request = {.size = 1, .flags = SHMGET_CREATE | 0600};
    struct system system;
    struct shmget_diagnosis diagnosis;

    (void)state;
    ipcns_enter();
    assert_int_equal(system_open(&system, NULL, NULL), 0);
    assert_int_equal(diagnose_shmget(&system, &request, 0, &access, &diagnosis, NULL), 0);
    assert_int_equal(shmget_diagnosis_code(&diagnosis), 0);
    assert_int_equal(diagnosis.untouched, 1);
    shmget_diagnosis_release(&diagnosis);
    /* No address space has so much room, but a segment may be so large. */
    request = (struct shmget_request){.size = SIZE_MAX < UINT64_MAX ? UINT64_C(3900) << 20
                                                                    : UINT64_C(1) << 55,
                                      .flags = SHMGET_CREATE | SHMGET_NORESERVE | 0600};
    assert_int_equal(diagnose_shmget(&system, &request, 0, &access, &diagnosis, NULL), 0);
    assert_int_equal(diagnosis.answer.cause, SHMGET_MAKES);
    assert_int_equal(diagnosis.attach[SHMAT_READ].cause, SHMAT_NO_ROOM);
    assert_int_equal(shmget_diagnosis_code(&diagnosis), ENOMEM);
    shmget_diagnosis_release(&diagnosis);
    system_close(&system);
}

static void what_cannot_be_asked_is_not(void **state)
{
    struct prediction prediction;

    (void)state;
    ipcns_enter();
    ask(&prediction, (struct shmget_request){.size = 1, .flags = SHMGET_CREATE | 0600});
    assert_answer(&prediction, SHMGET_MAKES, 0);
    assert_int_equal(asked, 0);
    end(&prediction);
    ipcns_segment(KEY, 5000, 0600);
    ask(&prediction, (struct shmget_request){
                         .key = KEY, .size = 1, .flags = SHMGET_CREATE | SHMGET_EXCLUSIVE | 0600});
    assert_answer(&prediction, SHMGET_EXISTS, EEXIST);
    assert_int_equal(asked, 0);
    end(&prediction);
}

static void a_former_owner_of_the_key_is_found_by_its_mappings(void **state)
{
    struct prediction prediction;
    int shmid;
    void *address;

    (void)state;
    ipcns_enter();
    shmid = ipcns_segment(KEY, 5000, 0600);
    address = shmat(shmid, NULL, 0);
    assert_true((intptr_t)address != -1);
    assert_int_equal(shmctl(shmid, IPC_RMID, NULL), 0);
    ask(&prediction, finding(0));
    assert_answer(&prediction, SHMGET_ABSENT, ENOENT);
    assert_non_null(prediction.diagnosis.former);
    assert_int_equal(prediction.diagnosis.former->segment.shmid, shmid);
    end(&prediction);
    /* Another key has nothing to do with it. */
    ask(&prediction, (struct shmget_request){.key = KEY + 1, .flags = 0600});
    assert_null(prediction.diagnosis.former);
    end(&prediction);
    assert_int_equal(shmdt(address), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_is_predicted_is_confirmed, ipcns_teardown),
        cmocka_unit_test_teardown(a_refusal_that_nothing_explains_is_reported, ipcns_teardown),
        cmocka_unit_test_teardown(a_call_that_is_refused_as_such, ipcns_teardown),
        cmocka_unit_test_teardown(shmat_is_predicted_too, ipcns_teardown),
        cmocka_unit_test_teardown(what_cannot_be_asked_is_not, ipcns_teardown),
        cmocka_unit_test_teardown(a_former_owner_of_the_key_is_found_by_its_mappings,
                                  ipcns_teardown),
    };

    return cmocka_run_group_tests_name("action/diagnose_shmget", tests, NULL, NULL);
}
