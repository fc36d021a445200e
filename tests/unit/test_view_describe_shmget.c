/*
 * view/describe_shmget and view/remedy_shmget: memory, huge pages, shmat, calls that are refused,
 * and what goes before a limit is raised. (Segments that have the key: test_view_shmget_report.c)
 */
#include "view/describe_shmget.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shown.h"
#include "unit.h"
#include "view/remedy_shmget.h"
#include "view/shmget_report.h"
#include "view/wrap.h"

#define MIB (UINT64_C(1) << 20)

#define ASKED_BY(name, ...) \
    .live = true, .has_credentials = true, .limits = {.page_size = 4096}, \
    .credentials = {__VA_ARGS__}, .user = (name)
#define BY_CS ASKED_BY("cs", .euid = 1002, .egid = 1012)
#define BY_ROOT ASKED_BY("root", .sys_admin = true, .sets_limits = true)

#define HUGE_REQUEST(bytes, more) \
    { \
        .size = (bytes), .flags = SHMGET_CREATE | SHMGET_HUGE | (more) | 0600 \
    }

static void expect_texts(const struct shmget_diagnosis *diagnosis, const char *reason,
                         const char *remedy)
{
    assert_appends(reason, describe_shmget, diagnosis);
    assert_appends(remedy, remedy_shmget, diagnosis);
}

/* --- Huge pages ------------------------------------------------------------------------------- */

#define TWO_SIZES .known = true, .sizes = {2 * MIB, 1024 * MIB}, .size_count = 2
#define OR_LESS \
    ", and read it back: memory may be in too many pieces for so many; or ask for less, or " \
    "without " \
    "SHM_HUGETLB"

static void too_few_huge_pages(void **state)
{
    struct shmget_diagnosis diagnosis = {
        .request = HUGE_REQUEST(5 * MIB, 0),
        .answer = {SHMGET_HUGE_SHORT, ENOMEM},
        .inventory = {BY_CS},
        .huge = {TWO_SIZES, .page_size = 2 * MIB, .is_default = true},
    };

    (void)state;
    expect_texts(&diagnosis,
                 "5242880 bytes (5 MiB) need 3 huge pages of 2 MiB; the pool has 0 pages",
                 "as root: sysctl vm.nr_hugepages=3" OR_LESS);
    diagnosis.huge.total = 8;
    diagnosis.huge.free = 3;
    diagnosis.huge.reserved = 2;
    diagnosis.huge.more = 1;
    expect_texts(&diagnosis,
                 "5242880 bytes (5 MiB) need 3 huge pages of 2 MiB; the pool has 8 pages, of which "
                 "3 are free, 2 of these promised to other segments and mappings, and no more than "
                 "1 may be added (nr_overcommit_hugepages)",
                 "as root: sysctl vm.nr_hugepages=10" OR_LESS);
    diagnosis.huge.is_default = false;
    diagnosis.huge.page_size = 1024 * MIB;
    diagnosis.inventory.credentials.private_user = true;
    expect_texts(&diagnosis,
                 "5242880 bytes (5 MiB) need 1 huge page of 1 GiB; the pool has 8 pages, of which "
                 "3 are free, 2 of these promised to other segments and mappings, and no more than "
                 "1 may be added (nr_overcommit_hugepages)",
                 "on the host, as root: echo 8 "
                 ">/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages" OR_LESS);
}

static void huge_pages_of_another_size(void **state)
{
    struct shmget_diagnosis diagnosis = {
        .request = HUGE_REQUEST(5, UINT32_C(22) << SHMGET_HUGE_SHIFT),
        .answer = {SHMGET_HUGE_SIZE, EINVAL},
        .inventory = {BY_CS},
        .huge = {TWO_SIZES},
    };

    (void)state;
    expect_texts(&diagnosis, "there are no huge pages of 4 MiB, but of 2 MiB and 1 GiB",
                 "ask for one of these sizes, or for the default one, without SHM_HUGE_* flags; or "
                 "ask without SHM_HUGETLB");
    diagnosis.huge.size_count = 0;
    expect_texts(&diagnosis, "this kernel has no huge pages", "ask without SHM_HUGETLB");
}

#define MEMLOCK "; RLIMIT_MEMLOCK (ulimit -l) does not help"
#define GIVE_CAPABILITY \
    "run it as root, or give the program the capability: as root: setcap cap_ipc_lock=ep " \
    "PROGRAM, or AmbientCapabilities=CAP_IPC_LOCK in its unit; or "

static void huge_pages_without_the_right(void **state)
{
    struct shmget_diagnosis diagnosis = {
        .request = HUGE_REQUEST(5, 0),
        .answer = {SHMGET_HUGE_DENIED, EPERM},
        .inventory = {BY_CS},
        .huge = {TWO_SIZES, .page_size = 2 * MIB, .has_group = true, .group = 27},
    };

    (void)state;
    expect_texts(&diagnosis,
                 "segments of huge pages are for those who have CAP_IPC_LOCK, and for the group of "
                 "vm.hugetlb_shm_group, gid 27; cs has neither" MEMLOCK,
                 GIVE_CAPABILITY
                 "make cs a member of the group with gid 27; or ask without SHM_HUGETLB");
    /* Nobody loses the right where no group but root's has it. */
    diagnosis.huge.group = 0;
    expect_texts(&diagnosis,
                 "segments of huge pages are for those who have CAP_IPC_LOCK, and for the group of "
                 "vm.hugetlb_shm_group, gid 0; cs has neither" MEMLOCK,
                 GIVE_CAPABILITY "give its group the right: as root: sysctl "
                                 "vm.hugetlb_shm_group=1012; or ask without SHM_HUGETLB");
    diagnosis.inventory.credentials.private_user = true;
    diagnosis.huge.group = 27;
    expect_texts(
        &diagnosis,
        "segments of huge pages are for those who have CAP_IPC_LOCK on the host, not in a "
        "user namespace, and for the group of vm.hugetlb_shm_group, gid 27; cs has neither" MEMLOCK,
        "run it outside of this user namespace, as root; or make its user on the host a member of "
        "the group with gid 27; or ask without SHM_HUGETLB");
    diagnosis.huge.has_group = false;
    expect_texts(
        &diagnosis,
        "segments of huge pages are for those who have CAP_IPC_LOCK on the host, not in a "
        "user namespace, and for the group of vm.hugetlb_shm_group; cs has neither" MEMLOCK,
        "run it outside of this user namespace, as root; or give its group the right: on the "
        "host, as root: sysctl vm.hugetlb_shm_group=GID, its gid there; or ask without "
        "SHM_HUGETLB");
}

static void a_segment_of_huge_pages(void **state)
{
    struct shmget_diagnosis diagnosis = {
        .request = HUGE_REQUEST(5 * MIB, 0),
        .answer = {SHMGET_MAKES, 0},
        .inventory = {BY_CS},
        .huge = {TWO_SIZES, .page_size = 2 * MIB},
    };

    (void)state;
    expect_texts(&diagnosis,
                 "the call makes a new segment of 5242880 bytes (5 MiB), 3 huge pages of 2 MiB",
                 "");
    diagnosis.huge = (struct huge_state){.known = false};
    expect_texts(&diagnosis,
                 "the call makes a new segment of 5242880 bytes (5 MiB); whether there are huge "
                 "pages for it is unknown: /proc or /sys does not show them",
                 "");
    diagnosis.request.flags = SHMGET_CREATE;
    expect_texts(&diagnosis,
                 "the call makes a new segment of 5242880 bytes (5 MiB); whether there is memory "
                 "for it is unknown: /proc/meminfo and /proc/sys/vm cannot be read",
                 "");
}

/* --- shmat ------------------------------------------------------------------------------------ */

static const struct segment_info of_zc = {
    .segment = {.shmid = 5, .key = 7, .mode = 0644, .uid = 1001, .cuid = 1001, .size = 4096},
    .owner = "zc",
    .state = STATE_UNKNOWN,
};

static struct shmget_diagnosis found(void)
{
    return (struct shmget_diagnosis){
        .request = {.key = 7},
        .answer = {SHMGET_FINDS, 0},
        .inventory = {BY_CS},
        .segment = &of_zc,
        .attach = {{SHMAT_ATTACHES, 0}, {SHMAT_DENIED, EACCES}},
    };
}

/* The end of the reason, from the last semicolon on. */
static void expect_attach(const struct shmget_diagnosis *diagnosis, const char *clause,
                          const char *remedy)
{
    CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;
    const char *attaching;

    describe_shmget(&reason, diagnosis);
    attaching = strstr(strbuf_string(&reason), "; attaching it");
    assert_string_equal(attaching ? attaching : "", clause);
    assert_appends(remedy, remedy_shmget, diagnosis);
}

static void attaching_without_permission(void **state)
{
    static const char clause[] = "; attaching it for reading and writing fails: mode 644 grants cs "
                                 "reading";
    static const char by_owner[] =
        "call it as zc, or have its program make it with a mode that grants more";
    struct shmget_diagnosis diagnosis = found();

    (void)state;
    expect_attach(&diagnosis, clause,
                  "attach it for reading alone (SHM_RDONLY), or call it as zc, or have its program "
                  "make it with a mode that grants more");
    diagnosis.has_access = true;
    diagnosis.access = SHMAT_WRITE;
    assert_int_equal(shmget_diagnosis_code(&diagnosis), EACCES);
    expect_attach(&diagnosis, clause,
                  "attach it for reading alone (SHM_RDONLY), or call it as zc, or have its program "
                  "make it with a mode that grants more");
    diagnosis.access = SHMAT_READ;
    assert_int_equal(shmget_diagnosis_code(&diagnosis), 0);
    expect_attach(&diagnosis, "", "");
    diagnosis.attach[SHMAT_READ] = diagnosis.attach[SHMAT_WRITE];
    expect_attach(&diagnosis, "; attaching it for reading fails: mode 644 grants cs reading",
                  by_owner);
}

static void attaching_what_nobody_may(void **state)
{
    const struct shmget_diagnosis diagnosis = {
        .request = {.size = 5, .flags = SHMGET_CREATE | 0066},
        .answer = {SHMGET_MAKES, 0},
        .inventory = {BY_CS},
        .attach = {{SHMAT_DENIED, EACCES}, {SHMAT_DENIED, EACCES}},
    };

    (void)state;
    expect_attach(&diagnosis, "; attaching it fails: mode 066 grants cs nothing",
                  "ask with a mode that grants its owner reading and writing, as 0600");
}

#define LIMITED_SPACE \
    "; attaching it fails: the address space of a process may have no more than 2097152 bytes " \
    "(2 MiB), its program and libraries counted in (RLIMIT_AS, ulimit -v)"
#define RAISE "raise the limit where the program is started: "
#define OR_IN_UNIT ", or LimitAS=infinity in its unit"

static void attaching_without_room(void **state)
{
    struct shmget_diagnosis diagnosis = found();

    (void)state;
    diagnosis.attach[SHMAT_READ] = (struct shmat_answer){SHMAT_NO_ROOM, ENOMEM};
    diagnosis.attach[SHMAT_WRITE] = (struct shmat_answer){SHMAT_NO_ROOM, ENOMEM};
    expect_attach(&diagnosis,
                  sizeof(void *) == 8
                      ? "; attaching it fails: the address space of a process of 64 "
                        "bits has no room for so much"
                      : "; attaching it fails: the address space of a process of 32 "
                        "bits has no room for so much",
                  "ask for less");
    diagnosis.space = (struct address_space){.has_limit = true, .limit = 2 * MIB};
    expect_attach(&diagnosis, LIMITED_SPACE, RAISE "ulimit -v unlimited" OR_IN_UNIT);
    diagnosis.space.has_hard_limit = true;
    expect_attach(&diagnosis, LIMITED_SPACE,
                  RAISE "as root: prlimit --as=unlimited --pid PID (PID: that of the shell that "
                        "starts it)" OR_IN_UNIT);
    diagnosis.inventory.credentials.euid = 0;
    expect_attach(&diagnosis, LIMITED_SPACE, RAISE "ulimit -v unlimited" OR_IN_UNIT);
    diagnosis.inventory.credentials.private_user = true;
    expect_attach(&diagnosis, LIMITED_SPACE,
                  RAISE "on the host, as root: prlimit --as=unlimited --pid PID (PID: that of the "
                        "shell that starts it, as the host knows it)" OR_IN_UNIT);
    diagnosis.attach[SHMAT_READ] = (struct shmat_answer){SHMAT_EMPTY, EINVAL};
    diagnosis.attach[SHMAT_WRITE] = (struct shmat_answer){SHMAT_EMPTY, EINVAL};
    expect_attach(&diagnosis,
                  "; attaching it fails: rounded up to huge pages its size is beyond 64 bits, and "
                  "nothing is left of it",
                  "ask for less");
    diagnosis.attach[SHMAT_READ] = (struct shmat_answer){SHMAT_FILTERED, EPERM};
    diagnosis.attach[SHMAT_WRITE] = (struct shmat_answer){SHMAT_FILTERED, EPERM};
    expect_attach(&diagnosis,
                  "; attaching it fails: the call itself is refused, whatever it asks for", "");
}

static void the_calls_of_shmat(void **state)
{
    struct shmget_diagnosis diagnosis = found();
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

    (void)state;
    shmget_report_text(&out, &diagnosis, WRAP_NEVER);
    assert_int_equal(strncmp(strbuf_string(&out),
                             "shmget(0x00000007, 0, 0000) would succeed\n"
                             "shmat(5, NULL, SHM_RDONLY) would succeed\n"
                             "shmat(5, NULL, 0) would fail: EACCES (Permission denied)\n"
                             "reason: ",
                             147),
                     0);
    strbuf_reset(&out);
    shmget_report_json(&out, &diagnosis);
    assert_non_null(strstr(strbuf_string(&out), "\"result\": \"OK\", \"shmid\": 5, "
                                                "\"attach\": {\"ro\": \"OK\", \"rw\": "
                                                "\"EACCES\"}, \"reason\": "));
    diagnosis.has_access = true;
    diagnosis.access = SHMAT_WRITE;
    strbuf_reset(&out);
    shmget_report_json(&out, &diagnosis);
    assert_non_null(strstr(strbuf_string(&out), "\"result\": \"EACCES\", \"shmid\": 5, "));
    diagnosis.access = SHMAT_READ;
    diagnosis.segment = NULL;
    diagnosis.answer.cause = SHMGET_MAKES;
    strbuf_reset(&out);
    shmget_report_text(&out, &diagnosis, WRAP_NEVER);
    assert_non_null(strstr(strbuf_string(&out),
                           "succeed\nshmat(shmid, NULL, SHM_RDONLY) would succeed\nreason: "));
}

/* --- The memory control group ----------------------------------------------------------------- */

static void a_group_that_allows_less(void **state)
{
    char path[] = "/a\x1b[m";
    struct shmget_diagnosis diagnosis = {
        .request = {.size = 4 * MIB, .flags = SHMGET_CREATE | 0600},
        .answer = {SHMGET_MAKES, 0},
        .inventory = {BY_CS},
        .memory = {.known = true},
        .group = {.known = true, .path = path, .limit = 5 * MIB, .left = 3 * MIB},
        .untouched = 4 * MIB,
    };
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

    (void)state;
    assert_appends(
        "the memory control group /a\x1b[m allows 5 MiB, of which 3 MiB are left, and the "
        "segment takes up to 4 MiB more: a process that touches all of it is killed",
        describe_shmget_warning, &diagnosis);
    assert_appends(
        "ask for less, or allow the group more: MemoryMax= of a systemd unit, --memory of "
        "a container",
        remedy_shmget, &diagnosis);
    shmget_report_text(&out, &diagnosis, WRAP_NEVER);
    assert_non_null(strstr(strbuf_string(&out), "\nwarning: the memory control group /a\\x1b[m "));
    strbuf_reset(&out);
    shmget_report_json(&out, &diagnosis);
    assert_non_null(
        strstr(strbuf_string(&out), "\"warning\": \"the memory control group /a\\u001b"));
    diagnosis.untouched = 3 * MIB;
    assert_appends("", describe_shmget_warning, &diagnosis);
    assert_appends("", remedy_shmget, &diagnosis);
}

/* --- The call is refused ---------------------------------------------------------------------- */

#define REFUSED_AS_SUCH \
    "the call itself is refused, whatever it asks for: a key that nobody has is answered in the " \
    "same way, where ENOENT is the normal answer; "

static void a_call_that_is_refused(void **state)
{
    struct shmget_diagnosis diagnosis = {
        .request = {.size = 5, .flags = SHMGET_CREATE | 0600},
        .answer = {SHMGET_FILTERED, EPERM},
        .inventory = {BY_CS},
        .has_filter = true,
    };

    (void)state;
    expect_texts(&diagnosis, REFUSED_AS_SUCH "a system call filter (seccomp) is in force here",
                 "have the filter allow shmget, shmat, shmdt and shmctl: SystemCallFilter= of a "
                 "systemd unit (@ipc), --security-opt seccomp=PROFILE of a container");
    diagnosis.has_filter = false;
    expect_texts(&diagnosis,
                 REFUSED_AS_SUCH "no system call filter (seccomp) is in force here, so a security "
                                 "module (SELinux, AppArmor) may forbid it",
                 "");
}

static void a_kernel_without(void **state)
{
    struct shmget_diagnosis diagnosis = {.answer = {SHMGET_NO_SYSV, ENOSYS}};

    (void)state;
    expect_texts(&diagnosis,
                 "this kernel has no System V shared memory: it was built without CONFIG_SYSVIPC",
                 "run it where the kernel has System V shared memory, or have it use POSIX shared "
                 "memory (shm_open)");
    diagnosis.has_filter = true;
    assert_appends(
        "this kernel has no System V shared memory: it was built without CONFIG_SYSVIPC, "
        "or the system call filter (seccomp) that is in force here hides it",
        describe_shmget, &diagnosis);
}

/* --- Before a limit is raised ----------------------------------------------------------------- */

#define ROW(id, key_, uid_, cpid_, status, state_, name) \
    { \
        .segment = {.shmid = (id), \
                    .key = (key_), \
                    .uid = (uid_), \
                    .cuid = (uid_), \
                    .cpid = (cpid_), \
                    .size = 4096}, \
        .owner = (name), .state = (state_), .creator_status = (status), .command = "/bin/leaker x" \
    }

static struct segment_info full_rows[] = {
    ROW(1, 0, 1001, 77, PROCESS_ALIVE, STATE_USED, "zc"),
    ROW(2, 0, 1001, 77, PROCESS_ALIVE, STATE_USED, "zc"),
    ROW(3, 5, 1001, 78, PROCESS_DEAD, STATE_ORPHAN, "zc"),
};

static struct shmget_diagnosis full(uint64_t limit)
{
    const struct segment_info *rows[COUNT_OF(full_rows)];
    struct shmget_diagnosis diagnosis = {
        .request = {.size = 5, .flags = SHMGET_CREATE | 0600},
        .answer = {SHMGET_ABOVE_SHMMNI, ENOSPC},
        .inventory = {BY_ROOT, .rows = full_rows, .count = COUNT_OF(full_rows),
                      .usage = {.segments = 3, .pages = 3}},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        rows[i] = &full_rows[i];
    diagnosis.inventory.limits.known[LIMIT_SHMMNI] = true;
    diagnosis.inventory.limits.values[LIMIT_SHMMNI] = limit;
    sums_make(rows, 3, 4096, &sum_by_owner, SUM_BY_SEGMENTS, &diagnosis.sums);
    diagnosis.creator = creator_sum_largest(rows, 3, 4096, SUM_BY_SEGMENTS);
    return diagnosis;
}

static void a_process_that_made_the_most(void **state)
{
    static const char stop[] =
        "if leaker[77] needs no 2 segments (shmtool ls --cpid 77), stop or fix it; or: ";
    struct shmget_diagnosis diagnosis = full(2);
    CLEANUP_STRBUF struct strbuf remedy = STRBUF_INIT;

    (void)state;
    strbuf_printf(&remedy, "%sshmtool limits --set shmmni=4 --persist", stop);
    expect_texts(&diagnosis,
                 "this is about a limit, not about disks: shmmni allows 2 segments, and there are "
                 "3; zc has the most: 3 segments, 3 pages (12 KiB), 1 of them orphans; leaker[77] "
                 "(alive) made 2 segments, 2 pages (8 KiB)",
                 strbuf_string(&remedy));
    sums_release(&diagnosis.sums);
    /* One orphan is enough, but it has a key: that is looked at first. */
    diagnosis = full(3);
    strbuf_reset(&remedy);
    strbuf_printf(
        &remedy,
        "look at the leftovers, some of which may be kept on purpose (shmtool ls --orphan "
        "--owner zc), then: shmtool rm --orphan --owner zc; or: %sshmtool limits --set "
        "shmmni=6 --persist",
        stop);
    assert_appends(strbuf_string(&remedy), remedy_shmget, &diagnosis);
    /* One that nobody can find any more goes before it. */
    full_rows[2].segment.key = 0;
    strbuf_reset(&remedy);
    strbuf_printf(&remedy,
                  "shmtool rm --orphan --key 0 --owner zc; or: %sshmtool limits --set shmmni=6 "
                  "--persist",
                  stop);
    assert_appends(strbuf_string(&remedy), remedy_shmget, &diagnosis);
    full_rows[2].segment.key = 5;
    sums_release(&diagnosis.sums);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_few_huge_pages),
        cmocka_unit_test(huge_pages_of_another_size),
        cmocka_unit_test(huge_pages_without_the_right),
        cmocka_unit_test(a_segment_of_huge_pages),
        cmocka_unit_test(attaching_without_permission),
        cmocka_unit_test(attaching_what_nobody_may),
        cmocka_unit_test(attaching_without_room),
        cmocka_unit_test(the_calls_of_shmat),
        cmocka_unit_test(a_group_that_allows_less),
        cmocka_unit_test(a_call_that_is_refused),
        cmocka_unit_test(a_kernel_without),
        cmocka_unit_test(a_process_that_made_the_most),
    };

    return cmocka_run_group_tests_name("view/describe_shmget", tests, NULL, NULL);
}
