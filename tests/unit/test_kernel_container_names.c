/*
 * kernel/container_names, and the files that root alone can write: procfs_open_trusted(). Below a
 * tree that stands for the live system's root.
 */
#include "kernel/container_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree.h"
#include "unit.h"

#define ID "4f3a12bc9d0177b0c1d2e3f405162738495a6b7c8d9e0f1a2b3c4d5e6f708192"
#define OTHER "aa3a12bc9d0177b0c1d2e3f405162738495a6b7c8d9e0f1a2b3c4d5e6f708192"
#define DOCKER_FILE "var/lib/docker/containers/" ID "/config.v2.json"
#define PODMAN_FILE "var/lib/containers/storage/overlay-containers/containers.json"

static int setup(void **state)
{
    umask(022);
    return tree_setup(state);
}

static void need_root(void)
{
    if (geteuid() != 0)
        skip_because("needs root");
}

/* Demands that the container ID of this kind has this name in the tree; NULL: none. */
static void assert_name(const struct tree *tree, const char *kind, const char *id, const char *name)
{
    struct procfs procfs;
    struct container_names *names;
    const char *found;

    assert_int_equal(procfs_open(&procfs, tree->path, NULL), 0);
    names = container_names_new(&procfs);
    found = container_name(names, kind, id);
    if (name && !found)
        fail_msg("no name, not %s", name);
    if (name)
        assert_string_equal(found, name);
    else if (found)
        fail_msg("it has a name: %s", found);
    /* Once more, from what is kept. */
    assert_ptr_equal(container_name(names, kind, id), found);
    container_names_free(names);
    procfs_close(&procfs);
}

/* These two are here in every build but one that was made without. */
#ifndef NO_JANSSON

static void docker_has_a_file_a_container(void **state)
{
    const struct tree *tree = *state;

    need_root();
    assert_name(tree, "docker", ID, NULL);
    tree_puts(tree, DOCKER_FILE, "{\"ID\": \"" ID "\", \"Name\": \"/web\", \"State\": {}}");
    assert_name(tree, "docker", ID, "web");
    assert_name(tree, "docker", OTHER, NULL);
    assert_name(tree, "podman", ID, NULL);
    assert_name(tree, "lxc", ID, NULL);
    assert_name(tree, "docker", "4f3a12bc", NULL);
    tree_puts(tree, DOCKER_FILE, "{\"ID\": \"" OTHER "\", \"Name\": \"/web\"}");
    assert_name(tree, "docker", ID, NULL);
}

static void podman_has_a_file_for_all(void **state)
{
    const struct tree *tree = *state;

    need_root();
    tree_puts(tree, PODMAN_FILE,
              "[7, {}, {\"id\": 5, \"names\": [\"a\"]}, {\"id\": \"4f\", \"names\": [\"b\"]}, "
              "{\"id\": \"" ID "\", \"names\": [\"shop\", \"old\"]}]");
    tree_puts(tree, "run/containers/storage/vfs-containers/volatile-containers.json",
              "[{\"id\": \"" OTHER "\", \"names\": [\"short\"]}]");
    assert_name(tree, "podman", ID, "shop");
    assert_name(tree, "podman", OTHER, "short");
    tree_puts(tree, PODMAN_FILE, "[{\"id\": \"" ID "\", \"names\": [7]}]");
    assert_name(tree, "podman", ID, NULL);
}

static void what_is_no_json_names_nothing(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[",
        "7",
        "[[[[",
        "{\"ID\": \"" ID "\", \"Name\": \"/web\"} x",
        "{\"ID\": \"" ID "\", \"Name\": \"/a\", \"Name\": \"/b\"}",
        "{\"ID\": \"" ID "\", \"Name\": \"/\xff\"}",
        "{\"ID\": \"" ID "\", \"Name\": \"\"}",
        "{\"ID\": \"" ID "\", \"Name\": \"/\"}",
        "{\"ID\": \"" ID "\", \"Name\": \"/a\\u0000b\"}",
        "{\"ID\": \"" ID "\", \"Name\": [\"/web\"]}",
    };
    const struct tree *tree = *state;

    need_root();
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        tree_puts(tree, DOCKER_FILE, texts[i]);
        assert_name(tree, "docker", ID, NULL);
        tree_puts(tree, PODMAN_FILE, texts[i]);
        assert_name(tree, "podman", ID, NULL);
    }
}

#endif

static void the_kubelets_links_are_names(void **state)
{
    const struct tree *tree = *state;

    need_root();
    tree_mkdir(tree, "var/log/containers");
    assert_name(tree, "pod", ID, NULL);
    tree_symlink(tree, "var/log/containers/web-0_prod_app-" ID ".log", "/nowhere");
    tree_symlink(tree, "var/log/containers/-" OTHER ".log", "/nowhere");
    tree_puts(tree, "var/log/containers/" OTHER ".log", "");
    tree_puts(tree, "var/log/containers/x-" OTHER "0.log", "");
    tree_puts(tree, "var/log/containers/x-" OTHER ".txt", "");
    tree_puts(tree, "var/log/containers/log", "");
    assert_name(tree, "pod", ID, "web-0_prod_app");
    assert_name(tree, "pod", OTHER, NULL);
}

/* Opens a/b/file below the tree. Returns 0 or the errno, negative. */
static int try_open(const struct tree *tree)
{
    struct procfs procfs;
    int fd;

    assert_int_equal(procfs_open(&procfs, tree->path, NULL), 0);
    fd = procfs_open_trusted(&procfs, "a/b/file", 0);
    procfs_close(&procfs);
    if (fd >= 0)
        close(fd);
    return fd < 0 ? fd : 0;
}

static void only_what_root_alone_can_write(void **state)
{
    static const char *const names[] = {"", "/a", "/a/b", "/a/b/file"};
    const struct tree *tree = *state;
    int before = lowest_descriptor();

    need_root();
    /* Root of a user namespace with no other users. */
    if (chown(tree->path, 12345, 0) != 0)
        skip_because("there are no other users here");
    assert_int_equal(chown(tree->path, 0, 0), 0);
    assert_int_equal(try_open(tree), -ENOENT);
    tree_puts(tree, "a/b/file", "x");
    assert_int_equal(try_open(tree), 0);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char path[512];

        snprintf(path, sizeof(path), "%s%s", tree->path, names[i]);
        assert_int_equal(chmod(path, 0775), 0);
        assert_int_equal(try_open(tree), -EPERM);
        assert_int_equal(chmod(path, 01757), 0);
        assert_int_equal(try_open(tree), -EPERM);
        assert_int_equal(chmod(path, 0755), 0);
        assert_int_equal(chown(path, 12345, 0), 0);
        assert_int_equal(try_open(tree), -EPERM);
        assert_int_equal(chown(path, 0, 12345), 0);
        assert_int_equal(try_open(tree), 0);
    }
    assert_int_equal(lowest_descriptor(), before);
}

static void no_link_is_followed(void **state)
{
    const struct tree *tree = *state;
    char path[512];
    char moved[512];

    need_root();
    tree_puts(tree, "a/b/real", "x");
    tree_symlink(tree, "a/b/file", "real");
    assert_int_equal(try_open(tree), -ELOOP);
    tree_puts(tree, "a/c/file", "x");
    snprintf(path, sizeof(path), "%s/a/b", tree->path);
    snprintf(moved, sizeof(moved), "%s/a/d", tree->path);
    assert_int_equal(rename(path, moved), 0);
    tree_symlink(tree, "a/b", "c");
    assert_int_equal(try_open(tree), -ENOTDIR);
}

static void only_whole_regular_files_are_read(void **state)
{
    struct strbuf text = STRBUF_INIT;
    const struct tree *tree = *state;
    struct procfs procfs;

    need_root();
    tree_puts(tree, "file", "12345");
    tree_mkdir(tree, "directory");
    tree_mkfifo(tree, "fifo");
    assert_int_equal(procfs_open(&procfs, tree->path, NULL), 0);
    assert_int_equal(procfs_read_trusted(&procfs, "file", 4, &text), -EFBIG);
    strbuf_reset(&text);
    assert_int_equal(procfs_read_trusted(&procfs, "file", 5, &text), 0);
    assert_string_equal(strbuf_string(&text), "12345");
    assert_int_equal(procfs_read_trusted(&procfs, "directory", 5, &text), -EINVAL);
    assert_int_equal(procfs_read_trusted(&procfs, "fifo", 5, &text), -EINVAL);
    procfs_close(&procfs);
    strbuf_release(&text);
}

#define IN_TREE(test) cmocka_unit_test_setup_teardown(test, setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifndef NO_JANSSON
        IN_TREE(docker_has_a_file_a_container), IN_TREE(podman_has_a_file_for_all),
        IN_TREE(what_is_no_json_names_nothing),
#endif
        IN_TREE(the_kubelets_links_are_names),  IN_TREE(only_what_root_alone_can_write),
        IN_TREE(no_link_is_followed),           IN_TREE(only_whole_regular_files_are_read),
    };

    return cmocka_run_group_tests_name("kernel/container_names", tests, NULL, NULL);
}
