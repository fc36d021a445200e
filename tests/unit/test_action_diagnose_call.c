/*
 * action/diagnose_call: where the kernel's own word differs from what was foreseen, and what goes
 * with each answer.
 *
 * wrap: shmget
 */
#include "action/diagnose_call.h"

#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "ipcns.h"
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

static void no_garbage(void *arg, const char *where, const char *text, size_t length)
{
    (void)arg;
    (void)length;
    fail_msg("%s: %s", where, text);
}

struct visit {
    struct system system;
    struct call_diagnosis diagnosis;
};

static void ask(struct visit *visit, struct shmget_request request)
{
    const struct survey_sink sink = {no_garbage, NULL};

    asked = 0;
    creating = false;
    assert_int_equal(system_open(&visit->system, NULL, NULL), 0);
    assert_int_equal(diagnose_call(&visit->system, &request, &sink, &visit->diagnosis, NULL), 0);
    assert_false(creating);
    refusal = 0;
}

static void end(struct visit *visit)
{
    call_diagnosis_release(&visit->diagnosis);
    assert_null(visit->diagnosis.shares);
    system_close(&visit->system);
}

static struct shmget_request finding(uint64_t size)
{
    return (struct shmget_request){.key = KEY, .size = size, .mode = 0600};
}

static struct shmget_request creation(uint64_t size)
{
    return (struct shmget_request){.key = KEY, .size = size, .mode = 0600, .create = true};
}

static void assert_answer(const struct visit *visit, enum shmget_cause cause, int code)
{
    assert_int_equal(visit->diagnosis.answer.cause, cause);
    assert_int_equal(visit->diagnosis.answer.code, code);
}

static void what_is_foreseen_is_confirmed(void **state)
{
    struct visit visit;
    int shmid;

    (void)state;
    ipcns_enter();
    ask(&visit, finding(0));
    assert_answer(&visit, SHMGET_ABSENT, ENOENT);
    assert_int_equal(asked, 1);
    assert_false(visit.diagnosis.has_segment);
    end(&visit);
    shmid = ipcns_segment(KEY, 5000, 0600);
    ask(&visit, creation(5000));
    assert_answer(&visit, SHMGET_FINDS, 0);
    assert_true(visit.diagnosis.has_segment);
    assert_int_equal(visit.diagnosis.segment.shmid, shmid);
    assert_int_equal(visit.diagnosis.state, STATE_IDLE);
    end(&visit);
    ask(&visit, creation(5001));
    assert_answer(&visit, SHMGET_TOO_SMALL, EINVAL);
    end(&visit);
}

static void a_refusal_that_nothing_explains_is_told(void **state)
{
    struct visit visit;

    (void)state;
    ipcns_enter();
    ipcns_segment(KEY, 5000, 0600);
    refusal = EACCES;
    ask(&visit, creation(1));
    assert_answer(&visit, SHMGET_REFUSED, EACCES);
    assert_true(visit.diagnosis.has_segment);
    end(&visit);
    /* One for which nobody has the key: the call itself is forbidden. */
    refusal = ENOSYS;
    ask(&visit, (struct shmget_request){.key = KEY + 1, .size = 1, .mode = 0600, .create = true});
    assert_answer(&visit, SHMGET_REFUSED, ENOSYS);
    end(&visit);
}

static void what_cannot_be_asked_is_not(void **state)
{
    struct visit visit;

    (void)state;
    ipcns_enter();
    ask(&visit, (struct shmget_request){.size = 1, .mode = 0600, .create = true});
    assert_answer(&visit, SHMGET_MAKES, 0);
    assert_int_equal(asked, 0);
    end(&visit);
    ipcns_segment(KEY, 5000, 0600);
    ask(&visit, (struct shmget_request){
                    .key = KEY, .size = 1, .mode = 0600, .create = true, .exclusive = true});
    assert_answer(&visit, SHMGET_EXISTS, EEXIST);
    assert_int_equal(asked, 0);
    end(&visit);
}

static void a_former_owner_of_the_key_is_found_by_its_mappings(void **state)
{
    struct visit visit;
    int shmid;
    void *address;

    (void)state;
    ipcns_enter();
    shmid = ipcns_segment(KEY, 5000, 0600);
    address = shmat(shmid, NULL, 0);
    assert_true((intptr_t)address != -1);
    assert_int_equal(shmctl(shmid, IPC_RMID, NULL), 0);
    ask(&visit, finding(0));
    assert_answer(&visit, SHMGET_ABSENT, ENOENT);
    assert_true(visit.diagnosis.has_former);
    assert_int_equal(visit.diagnosis.former.shmid, shmid);
    end(&visit);
    /* Another key has nothing to do with it. */
    ask(&visit, (struct shmget_request){.key = KEY + 1, .mode = 0600});
    assert_false(visit.diagnosis.has_former);
    end(&visit);
    assert_int_equal(shmdt(address), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_is_foreseen_is_confirmed, ipcns_teardown),
        cmocka_unit_test_teardown(a_refusal_that_nothing_explains_is_told, ipcns_teardown),
        cmocka_unit_test_teardown(what_cannot_be_asked_is_not, ipcns_teardown),
        cmocka_unit_test_teardown(a_former_owner_of_the_key_is_found_by_its_mappings,
                                  ipcns_teardown),
    };

    return cmocka_run_group_tests_name("action/diagnose_call", tests, NULL, NULL);
}
