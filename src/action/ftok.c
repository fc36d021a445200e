#include "action/ftok.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/parse.h"
#include "base/xalloc.h"

/* Which bits of a key are what. */
enum { PROJ_SHIFT = 24, DEVICE_SHIFT = 16 };

uint32_t ftok_key(const struct file_identity *file, unsigned proj)
{
    return (uint32_t)(proj & 0xff) << PROJ_SHIFT | (uint32_t)(file->dev & 0xff) << DEVICE_SHIFT |
           (uint32_t)(file->ino & 0xffff);
}

int ftok_parse_proj(const char *word, unsigned *ret_proj, struct error *err)
{
    size_t length = strlen(word);
    uint64_t value = 0;

    if (length > 0 && parse_digits(word, length, &value) == length) {
        if (value >= 1 && value <= 255) {
            *ret_proj = (unsigned)value;
            return 0;
        }
    } else if (length == 1) {
        *ret_proj = (unsigned char)word[0];
        return 0;
    }
    return error_set(err, EINVAL, "'%s': not a PROJ (a number from 1 to 255, or one character)",
                     word);
}

/* Takes the file, but for its path, which is copied. */
static void add_ftok_file(struct ftok_list *list, const char *path, struct ftok_file file)
{
    list->items = xgrow(list->items, list->count, &list->capacity, sizeof(struct ftok_file));
    file.path = xstrdup(path);
    list->items[list->count++] = file;
}

static struct ftok_file made_by_ftok(const struct file_identity *identity, unsigned proj)
{
    return (struct ftok_file){.identity = *identity, .proj = proj, .key = ftok_key(identity, proj)};
}

int ftok_add(struct ftok_list *list, const char *path, unsigned proj, struct error *err)
{
    struct file_identity identity;
    int r = file_identify(path, &identity, err);

    if (r == 0)
        add_ftok_file(list, path, made_by_ftok(&identity, proj));
    return r;
}

int ftok_search_device(const struct ftok_search *search, const char *dir, unsigned *ret_device,
                       struct error *err)
{
    struct file_identity identity;
    int r = file_identify_start(dir, &identity, err);

    if (r < 0)
        return r;
    *ret_device = (unsigned)(identity.dev & 0xff);
    return *ret_device == (search->key >> DEVICE_SHIFT & 0xff);
}

static bool is_same_file(const struct file_identity *a, const struct file_identity *b)
{
    return a->dev == b->dev && a->ino == b->ino;
}

/* Whether it was found before, below another of the directories that were searched. */
static bool was_ftok_found(const struct ftok_search *search, const char *path,
                           const struct file_identity *identity)
{
    /* One walk meets a name once: comparing its own would take long where links are many. */
    for (size_t i = 0; i < search->earlier; i++) {
        const struct ftok_file *file = &search->found.items[i];

        if (is_same_file(&file->identity, identity) && file_is_same_name(file->path, path))
            return true;
    }
    return false;
}

static void match_ftok_file(void *arg, const char *path, const struct file_identity *identity)
{
    struct ftok_search *search = arg;
    /* Where any will do, the one with which a file could have made the key. */
    unsigned proj = search->any_proj ? search->key >> PROJ_SHIFT : search->proj;
    const struct ftok_file by_ftok = made_by_ftok(identity, proj);
    const struct ftok_file by_inode = {.identity = *identity, .by_inode = true, .key = search->key};
    bool is_inode = search->any_proj && (uint32_t)identity->ino == search->key;

    if ((by_ftok.key != search->key && !is_inode) || was_ftok_found(search, path, identity))
        return;
    if (by_ftok.key == search->key)
        add_ftok_file(&search->found, path, by_ftok);
    if (is_inode)
        add_ftok_file(&search->found, path, by_inode);
}

static void count_ftok_unreadable(void *arg, const char *path, int code)
{
    struct ftok_search *search = arg;

    (void)path;
    (void)code;
    search->unreadable++;
}

int ftok_search_run(struct ftok_search *search, const char *dir, struct error *err)
{
    const struct filewalk_callbacks callbacks = {match_ftok_file, count_ftok_unreadable, search};

    search->earlier = search->found.count;
    return filewalk_run(dir, &callbacks, err);
}

/* By key, then in the list's order. */
static int compare_ftok_keys(const void *a, const void *b)
{
    const struct ftok_file *first = *(const struct ftok_file *const *)a;
    const struct ftok_file *second = *(const struct ftok_file *const *)b;

    int order = num_compare(first->key, second->key);

    return order != 0 ? order : (first > second) - (first < second);
}

bool ftok_collides(const struct ftok_list *list, size_t *ret_first, size_t *ret_second)
{
    CLEANUP_FREE const struct ftok_file **sorted = xcalloc(list->count, sizeof(struct ftok_file *));
    const struct ftok_file *first = NULL;

    for (size_t i = 0; i < list->count; i++)
        sorted[i] = &list->items[i];
    qsort(sorted, list->count, sizeof(struct ftok_file *), compare_ftok_keys);
    for (size_t i = 0; i < list->count; i++) {
        /* If any two of one key differ, one differs from the first of that key. */
        if (!first || first->key != sorted[i]->key) {
            first = sorted[i];
        } else if (!is_same_file(&first->identity, &sorted[i]->identity)) {
            *ret_first = (size_t)(first - list->items);
            *ret_second = (size_t)(sorted[i] - list->items);
            return true;
        }
    }
    return false;
}

void ftok_list_release(struct ftok_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].path);
    free(list->items);
    *list = (struct ftok_list){0};
}
