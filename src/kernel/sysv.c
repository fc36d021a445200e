#include "kernel/sysv.h"

#include <errno.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/shm.h>
#include <unistd.h>

#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif

static void fill_segment(struct segment *segment, int shmid, const struct shmid_ds *ds)
{
    *segment = (struct segment){
        .key = (uint32_t)ds->shm_perm.__key,
        .shmid = shmid,
        .mode = ds->shm_perm.mode,
        .uid = ds->shm_perm.uid,
        .gid = ds->shm_perm.gid,
        .cuid = ds->shm_perm.cuid,
        .cgid = ds->shm_perm.cgid,
        .cpid = ds->shm_cpid,
        .lpid = ds->shm_lpid,
        .size = ds->shm_segsz,
        .nattch = ds->shm_nattch,
        .atime = ds->shm_atime,
        .dtime = ds->shm_dtime,
        .ctime = ds->shm_ctime,
    };
}

bool sysv_tells_sizes(void)
{
    return sizeof(size_t) >= sizeof(uint64_t);
}

static bool means_gone(int code)
{
    return code == EINVAL || code == EIDRM;
}

int sysv_stat(int shmid, struct segment *ret_segment)
{
    struct shmid_ds ds = {0};
    int id = shmctl(shmid, SHM_STAT_ANY, &ds);

    if (id < 0 && means_gone(errno)) {
        /* Gone, or a kernel without SHM_STAT_ANY: IPC_STAT distinguishes the two. */
        id = shmctl(shmid, IPC_STAT, &ds) == 0 ? shmid : -1;
    }
    if (id < 0)
        return means_gone(errno) ? -ENOENT : -errno;
    if (id != shmid)
        return -ENOENT;
    fill_segment(ret_segment, shmid, &ds);
    return 0;
}

bool sysv_exists(int shmid)
{
    struct shmid_ds ds;

    return shmctl(shmid, IPC_STAT, &ds) == 0 || !means_gone(errno);
}

int sysv_stat_index(int index, struct segment *ret_segment)
{
    struct shmid_ds ds = {0};
    int id = shmctl(index, SHM_STAT_ANY, &ds);

    if (id < 0 && means_gone(errno))
        id = shmctl(index, SHM_STAT, &ds);
    if (id < 0)
        return means_gone(errno) ? -ENOENT : -errno;
    fill_segment(ret_segment, id, &ds);
    return 0;
}

/* Returns the highest index in use, or a negative errno. */
static int read_info(struct shminfo *ret_info)
{
    /* It fills a struct shminfo where the prototype asks for a struct shmid_ds. */
    int highest = shmctl(0, IPC_INFO, (struct shmid_ds *)(void *)ret_info);

    return highest < 0 ? -errno : highest;
}

int sysv_highest_index(int *ret_index)
{
    struct shminfo info = {0};
    int highest = read_info(&info);

    if (highest < 0)
        return highest;
    *ret_index = highest;
    return 0;
}

static void note_limit(struct limits *limits, enum limit_id id, uint64_t value)
{
    limits->known[id] = true;
    limits->values[id] = value;
}

int sysv_limits(struct limits *limits)
{
    struct shminfo info = {0};
    int r = read_info(&info);

    if (r < 0)
        return r;
    if (sysv_tells_sizes()) {
        note_limit(limits, LIMIT_SHMMAX, info.shmmax);
        note_limit(limits, LIMIT_SHMALL, info.shmall);
    }
    note_limit(limits, LIMIT_SHMMNI, info.shmmni);
    note_limit(limits, LIMIT_SHMMIN, info.shmmin);
    return 0;
}

int sysv_remove(int shmid)
{
    return shmctl(shmid, IPC_RMID, NULL) < 0 ? -errno : 0;
}

int sysv_find(uint32_t key, uint64_t size, uint32_t flags, int *ret_shmid)
{
    int shmid;

    /* Without IPC_CREAT no call makes a segment, but for one with IPC_PRIVATE. */
    if (key == 0)
        return -EINVAL;
    if (size > SIZE_MAX)
        return -EOVERFLOW;
    shmid = shmget((key_t)key, (size_t)size, (int)(flags & ~(uint32_t)IPC_CREAT));
    if (shmid < 0)
        return -errno;
    *ret_shmid = shmid;
    return 0;
}

/* KEY may be 0: then nobody can find it by its key. */
static int create_with(uint32_t key, uint64_t size, uint32_t flags, int *ret_shmid)
{
    int shmid;

    if (size > SIZE_MAX)
        return -EOVERFLOW;
    shmid = shmget((key_t)key, (size_t)size, (int)(flags | IPC_CREAT | IPC_EXCL));
    if (shmid < 0)
        return -errno;
    *ret_shmid = shmid;
    return 0;
}

int sysv_create(uint32_t key, uint64_t size, uint32_t flags, int *ret_shmid)
{
    return key == 0 ? -EINVAL : create_with(key, size, flags, ret_shmid);
}

int sysv_create_by(uid_t cuid, gid_t cgid, uint32_t key, uint64_t size, uint32_t flags,
                   int *ret_shmid)
{
    const uid_t uid = geteuid();
    const gid_t gid = getegid();
    const int bits = prctl(PR_GET_SECUREBITS);
    int r = 0;

    if (cuid == uid && cgid == gid)
        return create_with(key, size, flags, ret_shmid);
    /* Else its capabilities would go with its user id, and huge pages need one. */
    prctl(PR_SET_SECUREBITS, bits | SECBIT_NO_SETUID_FIXUP);
    if (setegid(cgid) < 0 || seteuid(cuid) < 0)
        r = -errno;
    if (r == 0)
        r = create_with(key, size, flags, ret_shmid);
    if (seteuid(uid) < 0 || setegid(gid) < 0)
        return -ENOTRECOVERABLE;
    prctl(PR_SET_SECUREBITS, bits);
    return r;
}

int sysv_create_anywhere(uint64_t size, uint32_t flags, uint32_t *ret_key, int *ret_shmid)
{
    enum { ATTEMPTS_MAX = 1000 };
    int r = -EEXIST;

    *ret_key = 0;
    for (int attempt = 0; r == -EEXIST && attempt < ATTEMPTS_MAX; attempt++) {
        uint32_t key = 0;

        if (getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key))
            return -errno;
        if (key == 0)
            continue; /* IPC_PRIVATE */
        *ret_key = key;
        r = sysv_create(key, size, flags, ret_shmid);
    }
    return r;
}

int sysv_set_owner(int shmid, uid_t uid, gid_t gid, uint32_t mode)
{
    struct shmid_ds ds = {.shm_perm = {.uid = uid, .gid = gid}};

    ds.shm_perm.mode = (__typeof__(ds.shm_perm.mode))mode; /* 16 or 32 bits, by the C library */
    return shmctl(shmid, IPC_SET, &ds) < 0 ? -errno : 0;
}

int sysv_lock(int shmid, bool locks)
{
    return shmctl(shmid, locks ? SHM_LOCK : SHM_UNLOCK, NULL) < 0 ? -errno : 0;
}

int sysv_attach(int shmid, bool writes, void **ret_memory)
{
    void *memory = shmat(shmid, NULL, writes ? 0 : SHM_RDONLY);

    if ((intptr_t)memory == -1)
        return -errno;
    *ret_memory = memory;
    return 0;
}

void sysv_detach(const void *memory)
{
    shmdt(memory);
}

int sysv_try_attach(void)
{
    shmat(-1, NULL, SHM_RDONLY); /* ids are never negative */
    return -errno;
}
