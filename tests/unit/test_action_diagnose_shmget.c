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
static size_t asked;  /* calls of shmget */
static bool creating; /* a call could have made a segment */

int __wrap_shmget(key_t key, size_t size, int flags)
{
    asked++;
    creating |= key == IPC_PRIVATE || (flags & IPC_CREAT);
    if (!refusal)
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
    assert_int_equal(diagnose_shmget(&prediction->system, &request, &prediction->diagnosis, NULL),
                     0);
    assert_false(creating);
    refusal = 0;
}

static void end(struct prediction *prediction)
{
    shmget_diagnosis_release(&prediction->diagnosis);
    assert_int_equal(prediction->diagnosis.sums.count, 0);
    system_close(&prediction->system);
}

static struct shmget_request finding(uint64_t size)
{
    return (struct shmget_request){.key = KEY, .size = size, .mode = 0600};
}

static struct shmget_request creation(uint64_t size)
{
    return (struct shmget_request){.key = KEY, .size = size, .mode = 0600, .create = true};
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
    /* One for which nobody has the key: the call itself is forbidden. */
    refusal = ENOSYS;
    ask(&prediction,
        (struct shmget_request){.key = KEY + 1, .size = 1, .mode = 0600, .create = true});
    assert_answer(&prediction, SHMGET_REFUSED, ENOSYS);
    end(&prediction);
}

static void what_cannot_be_asked_is_not(void **state)
{
    struct prediction prediction;

    (void)state;
    ipcns_enter();
    ask(&prediction, (struct shmget_request){.size = 1, .mode = 0600, .create = true});
    assert_answer(&prediction, SHMGET_MAKES, 0);
    assert_int_equal(asked, 0);
    end(&prediction);
    ipcns_segment(KEY, 5000, 0600);
    ask(&prediction, (struct shmget_request){
                         .key = KEY, .size = 1, .mode = 0600, .create = true, .exclusive = true});
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
    ask(&prediction, (struct shmget_request){.key = KEY + 1, .mode = 0600});
    assert_null(prediction.diagnosis.former);
    end(&prediction);
    assert_int_equal(shmdt(address), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_is_predicted_is_confirmed, ipcns_teardown),
        cmocka_unit_test_teardown(a_refusal_that_nothing_explains_is_reported, ipcns_teardown),
        cmocka_unit_test_teardown(what_cannot_be_asked_is_not, ipcns_teardown),
        cmocka_unit_test_teardown(a_former_owner_of_the_key_is_found_by_its_mappings,
                                  ipcns_teardown),
    };

    return cmocka_run_group_tests_name("action/diagnose_shmget", tests, NULL, NULL);
}
