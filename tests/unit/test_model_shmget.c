/* model/shmget: each answer, and that the checks come in the kernel's order. */
#include "model/shmget.h"

#include <errno.h>

#include "unit.h"

#define PAGE UINT64_C(4096)

enum { ME = 1001, MY_GROUP = 1002, THEM = 2001, THEIR_GROUP = 2002 };

static const struct credentials me = {.euid = ME, .egid = MY_GROUP};

/* Facts under which nothing fails. */
static struct shmget_facts plenty(void)
{
    struct shmget_facts facts = {
        .limits = {.known = {true, true, true, true, true}, .page_size = PAGE},
        .memory = {.known = true, .total = 1U << 20},
        .credentials = &me,
    };

    facts.limits.values[LIMIT_SHMMAX] = UINT64_MAX;
    facts.limits.values[LIMIT_SHMALL] = UINT64_MAX;
    facts.limits.values[LIMIT_SHMMNI] = 4096;
    return facts;
}

/* A segment that has the key, 8192 bytes, somebody else's. */
static struct shmget_facts taken(uint32_t mode)
{
    struct shmget_facts facts = plenty();

    facts.exists = true;
    facts.segment = (struct segment){.key = 5,
                                     .mode = mode,
                                     .uid = THEM,
                                     .cuid = THEM,
                                     .gid = THEIR_GROUP,
                                     .cgid = THEIR_GROUP,
                                     .size = 8192};
    return facts;
}

static struct shmget_request ask(uint32_t key, uint64_t size, bool create, bool exclusive)
{
    return (struct shmget_request){
        key, size, 0600 | (create ? SHMGET_CREATE : 0) | (exclusive ? SHMGET_EXCLUSIVE : 0)};
}

static void expect(struct shmget_request request, const struct shmget_facts *facts,
                   enum shmget_cause cause, int code)
{
    struct shmget_answer answer = shmget_predict(&request, facts);

    assert_int_equal(answer.cause, cause);
    assert_int_equal(answer.code, code);
}

static void a_key_that_nobody_has(void **state)
{
    const struct shmget_facts facts = plenty();

    (void)state;
    expect(ask(5, 100, true, false), &facts, SHMGET_MAKES, 0);
    expect(ask(5, 100, true, true), &facts, SHMGET_MAKES, 0);
    expect(ask(5, 100, false, false), &facts, SHMGET_ABSENT, ENOENT);
    /* Before any look at the size. */
    expect(ask(5, 0, false, true), &facts, SHMGET_ABSENT, ENOENT);
    expect(ask(5, UINT64_MAX, false, false), &facts, SHMGET_ABSENT, ENOENT);
    expect(ask(5, 0, true, false), &facts, SHMGET_ZERO, EINVAL);
}

static void private_is_always_new(void **state)
{
    struct shmget_facts facts = taken(0);

    (void)state;
    facts.segment.key = 0;
    expect(ask(0, 100, true, true), &facts, SHMGET_MAKES, 0);
    expect(ask(0, 100, false, false), &facts, SHMGET_MAKES, 0);
    expect(ask(0, 0, false, false), &facts, SHMGET_ZERO, EINVAL);
}

static void exclusive_comes_before_size_and_permissions(void **state)
{
    const struct shmget_facts facts = taken(0);

    (void)state;
    expect(ask(5, 100, true, true), &facts, SHMGET_EXISTS, EEXIST);
    expect(ask(5, UINT64_MAX, true, true), &facts, SHMGET_EXISTS, EEXIST);
    expect(ask(5, 0, true, true), &facts, SHMGET_EXISTS, EEXIST);
    /* IPC_EXCL alone means nothing. */
    expect(ask(5, 8193, false, true), &facts, SHMGET_TOO_SMALL, EINVAL);
}

static void size_comes_before_permissions(void **state)
{
    const struct shmget_facts facts = taken(0);

    (void)state;
    expect(ask(5, 8193, true, false), &facts, SHMGET_TOO_SMALL, EINVAL);
    expect(ask(5, 8192, true, false), &facts, SHMGET_DENIED, EACCES);
    expect(ask(5, 0, false, false), &facts, SHMGET_DENIED, EACCES);
}

static void an_existing_segment_needs_no_room(void **state)
{
    struct shmget_facts facts = taken(0666);

    (void)state;
    facts.limits.values[LIMIT_SHMMAX] = 0;
    facts.limits.values[LIMIT_SHMALL] = 0;
    facts.limits.values[LIMIT_SHMMNI] = 0;
    expect(ask(5, 8192, true, false), &facts, SHMGET_FINDS, 0);
    expect(ask(5, 1, true, false), &facts, SHMGET_FINDS, 0);
    expect(ask(5, 0, false, false), &facts, SHMGET_FINDS, 0);
}

static bool granted(const struct shmget_facts *facts, uint32_t mode)
{
    struct shmget_request request = {5, 0, mode};

    return shmget_predict(&request, facts).code == 0;
}

static void owner_group_and_others_have_their_own_bits(void **state)
{
    struct shmget_facts facts = taken(0640);

    (void)state;
    assert_true(granted(&facts, 0));
    assert_false(granted(&facts, 0400));
    assert_false(granted(&facts, 0004));
    facts.segment.gid = MY_GROUP;
    assert_true(granted(&facts, 0400));
    assert_false(granted(&facts, 0600));
    facts.segment.gid = THEIR_GROUP;
    facts.segment.cgid = MY_GROUP;
    assert_true(granted(&facts, 0040));
    assert_false(granted(&facts, 0020));
    facts.segment.uid = ME;
    assert_true(granted(&facts, 0600));
    facts.segment.uid = THEM;
    facts.segment.cuid = ME;
    assert_true(granted(&facts, 0006));
    /* An owner who took the right away from himself has not got it as one of the others. */
    facts.segment.mode = 0066;
    assert_false(granted(&facts, 0400));
}

static void supplementary_groups_count(void **state)
{
    gid_t groups[] = {7, THEIR_GROUP};
    const struct credentials member = {
        .euid = ME, .egid = MY_GROUP, .groups = groups, .group_count = 2};
    struct shmget_facts facts = taken(0060);

    (void)state;
    assert_false(granted(&facts, 0600));
    facts.credentials = &member;
    assert_true(granted(&facts, 0600));
}

static void a_capability_passes_over_permissions_alone(void **state)
{
    const struct credentials mighty = {.euid = ME, .egid = MY_GROUP, .ipc_owner = true};
    struct shmget_facts facts = taken(0);

    (void)state;
    facts.credentials = &mighty;
    assert_true(granted(&facts, 0777));
    expect(ask(5, 8193, true, false), &facts, SHMGET_TOO_SMALL, EINVAL);
    expect(ask(5, 1, true, true), &facts, SHMGET_EXISTS, EEXIST);
}

static void bits_that_a_mode_asks_for_are_folded(void **state)
{
    (void)state;
    assert_int_equal(shmget_asked_bits(0), 0);
    assert_int_equal(shmget_asked_bits(0600), 06);
    assert_int_equal(shmget_asked_bits(0042), 06);
    assert_int_equal(shmget_asked_bits(0100), 01);
    assert_int_equal(shmget_asked_bits(01000), 0);
}

static void owner_creator_and_administrator_may_remove(void **state)
{
    struct shmget_facts facts = taken(0);
    struct credentials credentials = me;

    (void)state;
    assert_false(shmget_may_remove(&facts.segment, &credentials));
    facts.segment.uid = ME;
    assert_true(shmget_may_remove(&facts.segment, &credentials));
    facts.segment.uid = THEM;
    facts.segment.cuid = ME;
    assert_true(shmget_may_remove(&facts.segment, &credentials));
    facts.segment.cuid = THEM;
    credentials.ipc_owner = true;
    assert_false(shmget_may_remove(&facts.segment, &credentials));
    credentials.sys_admin = true;
    assert_true(shmget_may_remove(&facts.segment, &credentials));
}

static void shmmax_is_the_most(void **state)
{
    struct shmget_facts facts = plenty();

    (void)state;
    facts.limits.values[LIMIT_SHMMAX] = 10000;
    expect(ask(5, 10000, true, false), &facts, SHMGET_MAKES, 0);
    expect(ask(5, 10001, true, false), &facts, SHMGET_ABOVE_SHMMAX, EINVAL);
    expect(ask(5, UINT64_MAX, true, false), &facts, SHMGET_ABOVE_SHMMAX, EINVAL);
    facts.limits.values[LIMIT_SHMMAX] = 0;
    expect(ask(5, 1, true, false), &facts, SHMGET_ABOVE_SHMMAX, EINVAL);
    facts.limits.known[LIMIT_SHMMAX] = false;
    expect(ask(5, 1, true, false), &facts, SHMGET_MAKES, 0);
}

static void shmall_counts_whole_pages(void **state)
{
    struct shmget_facts facts = plenty();

    (void)state;
    facts.limits.values[LIMIT_SHMALL] = 10;
    facts.usage.pages = 8;
    expect(ask(5, 8192, true, false), &facts, SHMGET_MAKES, 0);
    expect(ask(5, 8193, true, false), &facts, SHMGET_ABOVE_SHMALL, ENOSPC);
    facts.usage.pages = 11;
    expect(ask(5, 1, true, false), &facts, SHMGET_ABOVE_SHMALL, ENOSPC);
    facts.limits.values[LIMIT_SHMALL] = UINT64_MAX;
    facts.usage.pages = UINT64_MAX;
    expect(ask(5, 1, true, false), &facts, SHMGET_ABOVE_SHMALL, ENOSPC);
}

static void sizes_beyond_all_files(void **state)
{
    struct shmget_facts facts = plenty();
    const uint64_t half = UINT64_C(1) << 63;

    (void)state;
    expect(ask(5, half, true, false), &facts, SHMGET_ABOVE_FILES, EINVAL);
    expect(ask(5, UINT64_MAX - 4095, true, false), &facts, SHMGET_ABOVE_FILES, EINVAL);
    expect(ask(5, UINT64_MAX - 4094, true, false), &facts, SHMGET_WRAPS, ENOSPC);
    expect(ask(5, UINT64_MAX, true, false), &facts, SHMGET_WRAPS, ENOSPC);
    expect(ask(5, half - 1, true, false), &facts, SHMGET_NO_MEMORY, ENOMEM);
    /* shmall comes first. */
    facts.limits.values[LIMIT_SHMALL] = 10;
    expect(ask(5, half, true, false), &facts, SHMGET_ABOVE_SHMALL, ENOSPC);
}

static void memory_is_promised_up_to_what_there_is(void **state)
{
    struct shmget_facts facts = plenty();

    (void)state;
    facts.memory.total = 100;
    expect(ask(5, 100 * PAGE, true, false), &facts, SHMGET_MAKES, 0);
    expect(ask(5, 100 * PAGE + 1, true, false), &facts, SHMGET_NO_MEMORY, ENOMEM);
    facts.memory.overcommit = 1;
    expect(ask(5, INT64_MAX, true, false), &facts, SHMGET_MAKES, 0);
    facts.memory.overcommit = 2;
    facts.memory.commit_limit = 50;
    facts.memory.committed = 40;
    expect(ask(5, 9 * PAGE, true, false), &facts, SHMGET_MAKES, 0);
    expect(ask(5, 10 * PAGE, true, false), &facts, SHMGET_NO_MEMORY, ENOMEM);
    facts.memory.known = false;
    expect(ask(5, INT64_MAX, true, false), &facts, SHMGET_MAKES, 0);
}

static void shmmni_is_looked_at_last(void **state)
{
    struct shmget_facts facts = plenty();

    (void)state;
    facts.limits.values[LIMIT_SHMMNI] = 3;
    facts.usage.segments = 2;
    expect(ask(5, 1, true, false), &facts, SHMGET_MAKES, 0);
    facts.usage.segments = 3;
    expect(ask(5, 1, true, false), &facts, SHMGET_ABOVE_SHMMNI, ENOSPC);
    facts.memory.total = 0;
    expect(ask(5, 1, true, false), &facts, SHMGET_NO_MEMORY, ENOMEM);
    facts.limits.values[LIMIT_SHMALL] = 0;
    expect(ask(5, 1, true, false), &facts, SHMGET_ABOVE_SHMALL, ENOSPC);
    facts.limits.values[LIMIT_SHMMAX] = 0;
    expect(ask(5, 1, true, false), &facts, SHMGET_ABOVE_SHMMAX, EINVAL);
}

/* --- Huge pages ------------------------------------------------------------------------------- */

enum { HUGE_GROUP = 27, HUGE_FLAGS = SHMGET_CREATE | SHMGET_HUGE | 0600 };

static const struct credentials locker = {.euid = ME, .egid = MY_GROUP, .init_lock = true};

/* 10 huge pages of 2 MiB, 4 of them free, one of these promised, 2 more to be had. */
static struct shmget_facts huge_facts(void)
{
    struct shmget_facts facts = plenty();

    facts.credentials = &locker;
    facts.huge = (struct huge_state){.known = true,
                                     .sizes = {2 << 20},
                                     .size_count = 1,
                                     .page_size = 2 << 20,
                                     .total = 10,
                                     .free = 4,
                                     .reserved = 1,
                                     .more = 2,
                                     .has_group = true,
                                     .group = HUGE_GROUP};
    return facts;
}

static struct shmget_request ask_huge(uint64_t size, uint32_t more)
{
    return (struct shmget_request){5, size, HUGE_FLAGS | more};
}

static void huge_pages_are_counted_whole(void **state)
{
    struct shmget_facts facts = huge_facts();

    (void)state;
    expect(ask_huge(5 * (2 << 20), 0), &facts, SHMGET_MAKES, 0);
    expect(ask_huge(5 * (2 << 20) + 1, 0), &facts, SHMGET_HUGE_SHORT, ENOMEM);
    expect(ask_huge(INT64_MAX, 0), &facts, SHMGET_HUGE_SHORT, ENOMEM);
    expect(ask_huge(INT64_MAX, SHMGET_NORESERVE), &facts, SHMGET_MAKES, 0);
    /* Beyond 64 bits nothing is left of it. */
    expect(ask_huge(UINT64_MAX - (2 << 20) + 1, 0), &facts, SHMGET_HUGE_SHORT, ENOMEM);
    expect(ask_huge(UINT64_MAX - (2 << 20) + 2, 0), &facts, SHMGET_MAKES, 0);
    facts.huge.reserved = 5;
    facts.huge.more = 0;
    expect(ask_huge(1, 0), &facts, SHMGET_HUGE_SHORT, ENOMEM);
    facts.huge = (struct huge_state){.known = false};
    expect(ask_huge(INT64_MAX, 0), &facts, SHMGET_MAKES, 0);
}

static void huge_pages_in_the_kernels_order(void **state)
{
    struct shmget_facts facts = huge_facts();

    (void)state;
    facts.huge.free = 0;
    facts.huge.more = 0;
    facts.limits.values[LIMIT_SHMMNI] = 0;
    expect(ask_huge(1, SHMGET_NORESERVE), &facts, SHMGET_ABOVE_SHMMNI, ENOSPC);
    expect(ask_huge(1, 0), &facts, SHMGET_HUGE_SHORT, ENOMEM);
    facts.credentials = &me;
    expect(ask_huge(1, 0), &facts, SHMGET_HUGE_DENIED, EPERM);
    facts.huge.page_size = 0;
    expect(ask_huge(1, 0), &facts, SHMGET_HUGE_SIZE, EINVAL);
    facts.limits.values[LIMIT_SHMALL] = 0;
    expect(ask_huge(1, 0), &facts, SHMGET_ABOVE_SHMALL, ENOSPC);
    facts.limits.values[LIMIT_SHMMAX] = 0;
    expect(ask_huge(1, 0), &facts, SHMGET_ABOVE_SHMMAX, EINVAL);
    /* A segment that has the key is found whatever pages it has. */
    facts.exists = true;
    facts.segment = (struct segment){.mode = 0600, .uid = ME, .size = 5};
    expect(ask_huge(1, 0), &facts, SHMGET_FINDS, 0);
}

static void who_may_use_huge_pages(void **state)
{
    gid_t groups[] = {7, HUGE_GROUP};
    const struct credentials member = {.euid = ME, .groups = groups, .group_count = 2};
    const struct credentials root = {.euid = 0, .sys_admin = true, .init_admin = true};
    struct huge_state huge = huge_facts().huge;

    (void)state;
    assert_true(shmget_may_use_huge(&huge, &locker));
    assert_true(shmget_may_use_huge(&huge, &member));
    assert_false(shmget_may_use_huge(&huge, &me));
    assert_false(shmget_may_use_huge(&huge, &root));
    huge.group = MY_GROUP;
    assert_true(shmget_may_use_huge(&huge, &me));
    huge.has_group = false;
    huge.group = 0;
    assert_false(shmget_may_use_huge(&huge, &root));
}

static void nothing_is_promised_without_reserve(void **state)
{
    const struct shmget_request request = {5, UINT64_C(1) << 60,
                                           SHMGET_CREATE | SHMGET_NORESERVE | 0600};
    struct shmget_facts facts = plenty();

    (void)state;
    expect(request, &facts, SHMGET_MAKES, 0);
    facts.memory.overcommit = 2;
    expect(request, &facts, SHMGET_NO_MEMORY, ENOMEM);
}

/* --- shmat ------------------------------------------------------------------------------------ */

static int attach_code(const struct segment *segment, uint64_t huge_size,
                       const struct credentials *credentials, enum shmat_access access, bool room)
{
    return shmat_predict(segment, huge_size, credentials, access, room).code;
}

static void attaching_needs_permission(void **state)
{
    const struct credentials mighty = {.euid = ME, .ipc_owner = true};
    struct segment segment = taken(0604).segment;
    struct shmget_request request = {0, 5, SHMGET_CREATE | 0200};

    (void)state;
    assert_int_equal(attach_code(&segment, 0, &me, SHMAT_READ, true), 0);
    assert_int_equal(attach_code(&segment, 0, &me, SHMAT_WRITE, true), EACCES);
    assert_int_equal(attach_code(&segment, 0, &mighty, SHMAT_WRITE, true), 0);
    /* Who may write but not read may not attach for writing either. */
    segment = shmget_new_segment(&request, &me);
    assert_int_equal(segment.cuid, ME);
    assert_int_equal(segment.size, 5);
    assert_int_equal(segment.mode, 0200);
    assert_int_equal(attach_code(&segment, 0, &me, SHMAT_READ, true), EACCES);
    assert_int_equal(attach_code(&segment, 0, &me, SHMAT_WRITE, true), EACCES);
    /* Permission comes first. */
    assert_int_equal(attach_code(&segment, 0, &me, SHMAT_READ, false), EACCES);
    segment.mode = 0600;
    assert_int_equal(attach_code(&segment, 0, &me, SHMAT_WRITE, false), ENOMEM);
    segment.size = UINT64_MAX;
    assert_int_equal(attach_code(&segment, 0, &me, SHMAT_WRITE, false), ENOMEM);
    assert_int_equal(attach_code(&segment, 2 << 20, &me, SHMAT_WRITE, false), EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_that_nobody_has),
        cmocka_unit_test(private_is_always_new),
        cmocka_unit_test(exclusive_comes_before_size_and_permissions),
        cmocka_unit_test(size_comes_before_permissions),
        cmocka_unit_test(an_existing_segment_needs_no_room),
        cmocka_unit_test(owner_group_and_others_have_their_own_bits),
        cmocka_unit_test(supplementary_groups_count),
        cmocka_unit_test(a_capability_passes_over_permissions_alone),
        cmocka_unit_test(bits_that_a_mode_asks_for_are_folded),
        cmocka_unit_test(owner_creator_and_administrator_may_remove),
        cmocka_unit_test(shmmax_is_the_most),
        cmocka_unit_test(shmall_counts_whole_pages),
        cmocka_unit_test(sizes_beyond_all_files),
        cmocka_unit_test(memory_is_promised_up_to_what_there_is),
        cmocka_unit_test(shmmni_is_looked_at_last),
        cmocka_unit_test(huge_pages_are_counted_whole),
        cmocka_unit_test(huge_pages_in_the_kernels_order),
        cmocka_unit_test(who_may_use_huge_pages),
        cmocka_unit_test(nothing_is_promised_without_reserve),
        cmocka_unit_test(attaching_needs_permission),
    };

    return cmocka_run_group_tests_name("model/shmget", tests, NULL, NULL);
}
