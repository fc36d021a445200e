/*
 * kernel/attach on the live system: processes that attach in every way there is.
 *
 * All of it twice: with a kernel that answers queries about mappings, if this one does, and with
 * one that does not. The tests make segments: skipped where the runner has no namespace for them.
 *
 * wrap: ioctl
 */
#include "kernel/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kernel/proc.h"
#include "unit.h"

static bool old_kernel;

int __real_ioctl(int fd, unsigned long request, void *arg);
int __wrap_ioctl(int fd, unsigned long request, void *arg);

int __wrap_ioctl(int fd, unsigned long request, void *arg)
{
    if (!old_kernel)
        return __real_ioctl(fd, request, arg);
    errno = ENOTTY;
    return -1;
}

/* What a child of a live test does before it waits to be killed. */
typedef void (*child_job)(int shmid);

static int new_segment(key_t key, int flags)
{
    int shmid = shmget(key, 8192, IPC_CREAT | IPC_EXCL | 0600 | flags);

    assert_true(shmid >= 0);
    return shmid;
}

static void attach(int shmid, int flags)
{
    if ((intptr_t)shmat(shmid, NULL, flags) == -1)
        _exit(1);
}

static void attach_once(int shmid)
{
    attach(shmid, 0);
}

static void attach_read_only_thrice(int shmid)
{
    for (int i = 0; i < 3; i++)
        attach(shmid, SHM_RDONLY);
}

static void attach_and_split(int shmid)
{
    char *address = shmat(shmid, NULL, 0);

    if ((intptr_t)address == -1 || mprotect(address, 4096, PROT_READ) < 0)
        _exit(1);
}

static void attach_and_cut(int shmid)
{
    char *address = shmat(shmid, NULL, 0);

    if ((intptr_t)address == -1 || munmap(address, 4096) < 0)
        _exit(1);
}

static void attach_and_leave(int shmid)
{
    attach(shmid, 0);
    if (unshare(CLONE_NEWIPC) < 0)
        _exit(1);
}

/* Attaches in a namespace of its own, where its segment has the same id. */
static void attach_elsewhere(int shmid)
{
    if (unshare(CLONE_NEWIPC) < 0 || shmget(0x77, 8192, IPC_CREAT | 0600) != shmid)
        _exit(1);
    attach(shmid, 0);
}

static void become_unreadable(int shmid)
{
    attach(shmid, 0);
    if (prctl(PR_SET_DUMPABLE, 0) < 0)
        _exit(1);
}

/* Maps what looks like a segment but for its device: a deleted file of a file system that is gone.
 */
static void map_an_impostor(int shmid)
{
    char path[64];
    int fd;

    snprintf(path, sizeof(path), "/mnt/SYSV%08x", (unsigned)shmid);
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("impostor", "/mnt", "tmpfs", 0, NULL) < 0)
        _exit(1);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || unlink(path) < 0 || ftruncate(fd, 4096) < 0 ||
        mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ||
        umount2("/mnt", MNT_DETACH) < 0)
        _exit(1);
}

static void *wait_forever(void *arg)
{
    for (;;)
        pause();
    return arg;
}

static void attach_and_end_the_leader(int shmid)
{
    pthread_t thread;

    attach(shmid, 0);
    if (pthread_create(&thread, NULL, wait_forever, NULL) != 0)
        _exit(1);
}

/* Starts a child that does JOB; -1 when it could not. */
static pid_t start(child_job job, int shmid)
{
    int fds[2];
    char byte;
    pid_t child;
    ssize_t got;

    assert_int_equal(pipe(fds), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        job(shmid);
        if (write(fds[1], "r", 1) != 1)
            _exit(1);
        if (job == attach_and_end_the_leader)
            syscall(SYS_exit, 0); /* this thread alone */
        for (;;)
            pause();
    }
    close(fds[1]);
    got = read(fds[0], &byte, 1);
    close(fds[0]);
    if (got == 1)
        return child;
    assert_int_equal(waitpid(child, NULL, 0), child);
    return -1;
}

static void end(pid_t child, int shmid)
{
    if (child > 0) {
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
    }
    /* A marked one is gone with its last process. */
    assert_true(shmctl(shmid, IPC_RMID, NULL) == 0 || errno == EINVAL);
}

static void need_namespace(void)
{
    const char *own = getenv("SHMTOOL_TEST_NS");

    if (!own || strcmp(own, "1") != 0)
        skip_because("no IPC namespace of its own: segments are neither made nor removed");
}

static void scan(struct attachment_list *ret_table)
{
    struct procfs procfs;

    assert_int_equal(procfs_open(&procfs, NULL, NULL), 0);
    assert_int_equal(attach_scan(&procfs, false, ret_table, NULL), 0);
    procfs_close(&procfs);
}

/* The only attachment of SHMID must be PID's; it is written to *ret_found. */
static void scan_for(int shmid, pid_t pid, struct attachment *ret_found)
{
    CLEANUP_ATTACHMENT_LIST struct attachment_list table = {0};
    const struct attachment *found;
    size_t count;

    scan(&table);
    found = attachment_list_find(&table, 0, shmid, &count);
    assert_int_equal(count, 1);
    assert_int_equal(found->pid, pid);
    *ret_found = *found;
}

static void a_live_attachment_is_found(void **state)
{
    struct attachment found;
    int shmid;
    pid_t child;

    (void)state;
    need_namespace();
    shmid = new_segment(0x7a7b7c7d, 0);
    child = start(attach_once, shmid);
    assert_true(child > 0);
    scan_for(shmid, child, &found);
    assert_true(found.has_uid);
    assert_int_equal(found.uid, geteuid());
    assert_true(found.writable);
    assert_int_equal(found.maps, 1);
    assert_int_equal(found.original_key, 0x7a7b7c7d);
    end(child, shmid);
}

static void a_marked_segment_keeps_its_original_key(void **state)
{
    struct attachment found;
    int shmid;
    pid_t child;

    (void)state;
    need_namespace();
    shmid = new_segment(0x1234, 0);
    child = start(attach_once, shmid);
    assert_int_equal(shmctl(shmid, IPC_RMID, NULL), 0);
    scan_for(shmid, child, &found);
    assert_int_equal(found.original_key, 0x1234);
    end(child, shmid);
}

static void every_mapping_counts(void **state)
{
    static const struct {
        child_job job;
        uint64_t maps;
        bool writable;
    } cases[] = {
        {attach_read_only_thrice, 3, false},
        {attach_and_split, 2, true},
        {attach_and_cut, 1, true},
    };

    (void)state;
    need_namespace();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int shmid = new_segment(IPC_PRIVATE, 0);
        pid_t child = start(cases[i].job, shmid);
        struct attachment found;

        scan_for(shmid, child, &found);
        assert_int_equal(found.maps, cases[i].maps);
        assert_int_equal(found.writable, cases[i].writable);
        end(child, shmid);
    }
}

static void huge_pages_are_found(void **state)
{
    enum { WITHOUT_RESERVE = 010000 }; /* SHM_NORESERVE: no huge page need exist */
    struct attachment found;
    int shmid;
    pid_t child;

    (void)state;
    need_namespace();
    shmid = shmget(0x4875, 4 << 20, IPC_CREAT | 0600 | SHM_HUGETLB | WITHOUT_RESERVE);
    if (shmid < 0)
        skip_because("no huge pages, or not allowed");
    child = start(attach_once, shmid);
    if (child > 0) {
        scan_for(shmid, child, &found);
        assert_int_equal(found.original_key, 0x4875);
    }
    end(child, shmid);
}

static void a_dead_leaders_threads_are_looked_at(void **state)
{
    time_t deadline = time(NULL) + 60;
    struct proc_stat stat;
    struct procfs procfs;
    struct attachment found;
    int shmid;
    pid_t child;

    (void)state;
    need_namespace();
    shmid = new_segment(IPC_PRIVATE, 0);
    child = start(attach_and_end_the_leader, shmid);
    assert_int_equal(procfs_open(&procfs, NULL, NULL), 0);
    do {
        assert_int_equal(proc_stat_read(&procfs, child, &stat), 0);
        assert_true(time(NULL) < deadline);
    } while (stat.state != 'Z');
    procfs_close(&procfs);
    scan_for(shmid, child, &found);
    assert_int_equal(found.uid, geteuid());
    end(child, shmid);
}

static int share_memory(void *arg)
{
    (void)arg;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        pause();
    return 0;
}

static void sharers_of_memory_are_both_found(void **state)
{
    CLEANUP_ATTACHMENT_LIST struct attachment_list table = {0};
    enum { STACK_SIZE = 65536 };
    struct shmid_ds ds;
    char *stack;
    void *address;
    int shmid;
    pid_t child;
    size_t count;

    (void)state;
    need_namespace();
    shmid = new_segment(IPC_PRIVATE, 0);
    address = shmat(shmid, NULL, 0);
    assert_true((intptr_t)address != -1);
    stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(stack != MAP_FAILED);
    child = clone(share_memory, stack + STACK_SIZE, CLONE_VM | SIGCHLD, NULL);
    assert_true(child > 0);
    assert_int_equal(shmctl(shmid, IPC_STAT, &ds), 0);
    assert_int_equal(ds.shm_nattch, 1);
    scan(&table);
    assert_non_null(attachment_list_find(&table, 0, shmid, &count));
    assert_int_equal(count, 2);
    assert_int_equal(shmdt(address), 0);
    end(child, shmid);
    munmap(stack, STACK_SIZE);
}

/* Whether PID's own file says that it has something of a segment's name. */
static bool has_segments_name(pid_t pid)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct procfs procfs;
    char path[64];

    snprintf(path, sizeof(path), "proc/%d/maps", (int)pid);
    assert_int_equal(procfs_open(&procfs, NULL, NULL), 0);
    assert_int_equal(procfs_read_file(&procfs, path, 1 << 20, &text, NULL), 0);
    procfs_close(&procfs);
    return strstr(strbuf_string(&text), " /SYSV") != NULL;
}

/* JOB's child must not be in the table. Returns false where it could not do its job. */
static bool is_not_found(child_job job, int shmid)
{
    CLEANUP_ATTACHMENT_LIST struct attachment_list table = {0};
    pid_t child = start(job, shmid);

    if (child > 0) {
        assert_true(has_segments_name(child));
        scan(&table);
        for (size_t i = 0; i < table.count; i++)
            assert_int_not_equal(table.items[i].pid, child);
    }
    end(child, shmid);
    return child > 0;
}

static void other_namespaces_are_passed_over(void **state)
{
    int shmid;

    (void)state;
    need_namespace();
    shmid = new_segment(IPC_PRIVATE, 0);
    if (!is_not_found(attach_and_leave, shmid))
        skip_because("may make no IPC namespaces");
    /* Id 0, if nothing was made in this namespace before: then the other one's first is the same.
     */
    shmid = shmget(0x77, 8192, IPC_CREAT | 0600);
    assert_true(shmid >= 0);
    if (shmid == 0)
        assert_true(is_not_found(attach_elsewhere, shmid));
    else
        assert_int_equal(shmctl(shmid, IPC_RMID, NULL), 0);
}

/* Attaches the first segment of a namespace of its own. */
static void attach_first_elsewhere(int shmid)
{
    (void)shmid;
    if (unshare(CLONE_NEWIPC) < 0)
        _exit(1);
    attach(shmget(0x77, 8192, IPC_CREAT | 0600), 0);
}

static uint64_t number_of_namespace(pid_t pid)
{
    struct stat status;
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/ns/ipc", (int)pid);
    assert_int_equal(stat(path, &status), 0);
    return status.st_ino;
}

static void everywhere_ids_belong_to_their_namespace(void **state)
{
    CLEANUP_ATTACHMENT_LIST struct attachment_list table = {0};
    const struct attachment *found;
    struct procfs procfs;
    pid_t inside;
    pid_t outside;
    size_t count;
    int shmid;

    (void)state;
    need_namespace();
    inside = start(attach_first_elsewhere, 0);
    if (inside < 0)
        skip_because("may make no IPC namespaces");
    shmid = new_segment(IPC_PRIVATE, 0);
    outside = start(attach_once, shmid);
    assert_int_equal(procfs_open(&procfs, NULL, NULL), 0);
    assert_int_equal(attach_scan(&procfs, true, &table, NULL), 0);
    procfs_close(&procfs);
    found = attachment_list_find(&table, number_of_namespace(inside), 0, &count);
    assert_int_equal(count, 1);
    assert_int_equal(found->pid, inside);
    found = attachment_list_find(&table, number_of_namespace(outside), shmid, &count);
    assert_int_equal(count, 1);
    assert_int_equal(found->pid, outside);
    end(outside, shmid);
    assert_int_equal(kill(inside, SIGKILL), 0);
    assert_int_equal(waitpid(inside, NULL, 0), inside);
}

static void deleted_files_are_no_segments(void **state)
{
    int shmid;

    (void)state;
    need_namespace();
    shmid = new_segment(IPC_PRIVATE, 0);
    if (!is_not_found(map_an_impostor, shmid))
        skip_because("may mount nothing in a namespace of its own");
}

static void ids_of_a_live_process(void **state)
{
    CLEANUP_IDSET struct idset ids = IDSET_INIT;
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct procfs procfs;
    int shmid;
    pid_t child;

    (void)state;
    need_namespace();
    shmid = new_segment(IPC_PRIVATE, 0);
    child = start(attach_once, shmid);
    assert_int_equal(procfs_open(&procfs, NULL, NULL), 0);
    assert_int_equal(attach_ids_of_pid(&procfs, getpid(), &ids, &err), 0);
    assert_int_equal(ids.count, 0);
    assert_int_equal(attach_ids_of_pid(&procfs, child, &ids, &err), 0);
    assert_int_equal(ids.count, 1);
    assert_true(idset_has(&ids, shmid));
    idset_release(&ids);
    end(child, shmid);
    assert_int_equal(attach_ids_of_pid(&procfs, child, &ids, &err), 0);
    assert_int_equal(ids.count, 0);
    procfs_close(&procfs);
}

/* Runs LOOK as another user, who may not read our processes; skips where that cannot be had. */
static void as_another_user(void (*look)(pid_t pid), pid_t pid)
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        if (setresgid(54321, 54321, 54321) < 0 || setresuid(54321, 54321, 54321) < 0)
            _exit(77);
        look(pid);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip_because("other users are needed, and root to become them");
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void look_at_unreadable(pid_t pid)
{
    CLEANUP_ATTACHMENT_LIST struct attachment_list table = {0};
    CLEANUP_IDSET struct idset ids = IDSET_INIT;
    struct proc_stat stat;
    struct procfs procfs;

    if (procfs_open(&procfs, NULL, NULL) < 0 || attach_scan(&procfs, false, &table, NULL) < 0)
        _exit(2);
    if (table.count != 0 || table.unreadable == 0)
        _exit(3);
    if (attach_ids_of_pid(&procfs, pid, &ids, NULL) != -EACCES)
        _exit(4);
    /* kthreadd; in a container a process like any other, or none. */
    if (proc_stat_read(&procfs, 2, &stat) == 0 && proc_stat_is_kernel(&stat) &&
        attach_ids_of_pid(&procfs, 2, &ids, NULL) != 0)
        _exit(5);
    procfs_close(&procfs);
}

static void processes_of_others_are_counted(void **state)
{
    int shmid;
    pid_t child;

    (void)state;
    need_namespace();
    shmid = new_segment(IPC_PRIVATE, 0);
    child = start(become_unreadable, shmid);
    assert_true(child > 0);
    as_another_user(look_at_unreadable, child);
    end(child, shmid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_namespaces_are_passed_over), /* first: it wants id 0 */
        cmocka_unit_test(everywhere_ids_belong_to_their_namespace),
        cmocka_unit_test(a_live_attachment_is_found),
        cmocka_unit_test(a_marked_segment_keeps_its_original_key),
        cmocka_unit_test(every_mapping_counts),
        cmocka_unit_test(huge_pages_are_found),
        cmocka_unit_test(a_dead_leaders_threads_are_looked_at),
        cmocka_unit_test(sharers_of_memory_are_both_found),
        cmocka_unit_test(deleted_files_are_no_segments),
        cmocka_unit_test(ids_of_a_live_process),
        cmocka_unit_test(processes_of_others_are_counted),
    };

    int failed = cmocka_run_group_tests_name("kernel/attach: live", tests, NULL, NULL);

    old_kernel = true;
    return failed +
           cmocka_run_group_tests_name("kernel/attach: live, older kernel", tests, NULL, NULL);
}
