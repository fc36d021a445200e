/*
 * Linked into a shmtool of the fault tests: says where its own code begins and ends, and brings
 * allocation functions that can be told to fail, for libc and libsmartcols too. Not with sanitizers
 * that have such themselves.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "faults.h"

static struct fault_page *page;

__attribute__((constructor)) static void begin(void)
{
    const char *descriptor = getenv(FAULT_PAGE);

    if (descriptor) {
        void *memory = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED,
                            (int)strtol(descriptor, NULL, 10), 0);

        if (memory != MAP_FAILED)
            page = memory;
    }
    syscall(FAULT_MARK);
}

/* What comes behind is a sanitizer's work, which cannot be expected to stand faults. */
__attribute__((destructor)) static void end(void)
{
    syscall(FAULT_MARK);
}

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer)

/* Nothing is given back: a run is short. */
enum { ARENA_SIZE = 64 << 20, ALIGNMENT = 16 };

static _Alignas(ALIGNMENT) char arena[ARENA_SIZE];
static size_t used;
static int spared; /* above 0: no allocation fails */

static int is_to_fail(void)
{
    if (!page || spared > 0)
        return 0;
    page->count++;
    return page->nth > 0 && (page->rest ? page->count >= page->nth : page->count == page->nth);
}

/* Memory of SIZE bytes, all 0, with its size in front. */
static void *take(size_t size)
{
    size_t whole;
    char *start = arena + used;

    if (is_to_fail() || __builtin_add_overflow(size, 2 * ALIGNMENT - 1, &whole) ||
        whole > ARENA_SIZE - used) {
        errno = ENOMEM;
        return NULL;
    }
    used += whole - whole % ALIGNMENT;
    memcpy(start, &size, sizeof(size));
    return start + ALIGNMENT;
}

void *malloc(size_t size)
{
    return take(size);
}

void *calloc(size_t nmemb, size_t size)
{
    size_t whole;

    if (__builtin_mul_overflow(nmemb, size, &whole)) {
        errno = ENOMEM;
        return NULL;
    }
    return take(whole);
}

void *realloc(void *ptr, size_t size)
{
    void *moved = take(size);
    size_t old;

    if (moved && ptr) {
        memcpy(&old, (char *)ptr - ALIGNMENT, sizeof(old));
        memcpy(moved, ptr, old < size ? old : size);
    }
    return moved;
}

void free(void *ptr)
{
    (void)ptr;
}

/*
 * When memory runs out, glibc's lookups of names go through NULL pointers and failed assertions of
 * their own (nss/nss_database.c of 2.36): whoever calls them can do nothing about it, so they are
 * spared.
 */
#define SPARED(name, key_type, record) \
    int name(key_type key, struct record *entry, char *buffer, size_t size, \
             struct record **ret_entry); \
    int name(key_type key, struct record *entry, char *buffer, size_t size, \
             struct record **ret_entry) \
    { \
        int (*real)(key_type, struct record *, char *, size_t, struct record **); \
        int r; \
        spared++; \
        *(void **)&real = dlsym(RTLD_NEXT, #name); \
        r = real(key, entry, buffer, size, ret_entry); \
        spared--; \
        return r; \
    }

struct passwd;
struct group;
SPARED(getpwuid_r, uid_t, passwd)
SPARED(getpwnam_r, const char *, passwd)
SPARED(getgrgid_r, gid_t, group)
SPARED(getgrnam_r, const char *, group)

#endif
