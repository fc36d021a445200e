#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

void tree_make(struct tree *tree)
{
    const char *parent = getenv("TMPDIR");
    int length = snprintf(tree->path, sizeof(tree->path), "%s/shmtool-unit-XXXXXX",
                          parent && *parent ? parent : "/tmp");

    assert_in_range(length, 1, sizeof(tree->path) - 1);
    assert_non_null(mkdtemp(tree->path));
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

void tree_remove(const struct tree *tree)
{
    assert_int_equal(nftw(tree->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* Puts the whole path into FULL and makes the directories above it. */
static void prepare(const struct tree *tree, const char *path, char *full, size_t size)
{
    int length = snprintf(full, size, "%s/%s", tree->path, path);

    assert_in_range(length, 1, size - 1);
    for (char *slash = full + strlen(tree->path) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
        *slash = '/';
    }
}

void tree_write(const struct tree *tree, const char *path, const void *data, size_t length)
{
    char full[512];
    FILE *file;

    prepare(tree, path, full, sizeof(full));
    file = fopen(full, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

void tree_puts(const struct tree *tree, const char *path, const char *text)
{
    tree_write(tree, path, text, strlen(text));
}

void tree_mkdir(const struct tree *tree, const char *path)
{
    char full[512];

    prepare(tree, path, full, sizeof(full));
    assert_int_equal(mkdir(full, 0755), 0);
}

void tree_mkfifo(const struct tree *tree, const char *path)
{
    char full[512];

    prepare(tree, path, full, sizeof(full));
    assert_int_equal(mkfifo(full, 0644), 0);
}

void tree_symlink(const struct tree *tree, const char *path, const char *target)
{
    char full[512];

    prepare(tree, path, full, sizeof(full));
    assert_int_equal(symlink(target, full), 0);
}

const char *below(const char *dir, const char *text)
{
    size_t length = strlen(dir);

    if (!text || strncmp(text, dir, length) != 0 || text[length] != '/')
        fail_msg("\"%s\" does not begin with \"%s/\"", text ? text : "", dir);
    return text + length + 1;
}

int lowest_descriptor(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    close(fd);
    return fd;
}

int tree_setup(void **state)
{
    struct tree *tree = calloc(1, sizeof(*tree));

    assert_non_null(tree);
    tree_make(tree);
    *state = tree;
    return 0;
}

int tree_teardown(void **state)
{
    tree_remove(*state);
    free(*state);
    return 0;
}
