#include "record.h"

#include "unit.h"

void assert_same_record(const struct segment *a, const struct segment *b)
{
    assert_int_equal(a->shmid, b->shmid);
    assert_int_equal(a->key, b->key);
    assert_int_equal(a->mode, b->mode);
    assert_int_equal(a->uid, b->uid);
    assert_int_equal(a->gid, b->gid);
    assert_int_equal(a->cuid, b->cuid);
    assert_int_equal(a->cgid, b->cgid);
    assert_int_equal(a->cpid, b->cpid);
    assert_int_equal(a->lpid, b->lpid);
    assert_int_equal(a->size, b->size);
    assert_int_equal(a->nattch, b->nattch);
    assert_int_equal(a->atime, b->atime);
    assert_int_equal(a->dtime, b->dtime);
    assert_int_equal(a->ctime, b->ctime);
}

void assert_same_record_and_usage(const struct segment *a, const struct segment *b)
{
    assert_same_record(a, b);
    assert_int_equal(a->has_rss, b->has_rss);
    if (a->has_rss)
        assert_int_equal(a->rss, b->rss);
    assert_int_equal(a->has_swap, b->has_swap);
    if (a->has_swap)
        assert_int_equal(a->swap, b->swap);
}

bool __wrap_sysv_tells_sizes(void)
{
    return true;
}
