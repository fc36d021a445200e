#include "action/elsewhere.h"

#include <errno.h>
#include <stdlib.h>

#include "action/inventory.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "kernel/namespaces.h"
#include "kernel/system.h"

static void add_key(struct elsewhere *elsewhere, const struct segment_info *info)
{
    elsewhere->keys = xgrow(elsewhere->keys, elsewhere->key_count, &elsewhere->key_capacity,
                            sizeof(*elsewhere->keys));
    elsewhere->keys[elsewhere->key_count++] = (struct elsewhere_key){
        .number = info->elsewhere,
        .container = info->container ? xstrdup(info->container) : NULL,
        .shmid = info->segment.shmid,
    };
}

static void sum_up(const struct inventory *inventory, uint32_t key, struct elsewhere *elsewhere)
{
    uint64_t last = 0;

    for (size_t i = 0; i < inventory->count; i++) {
        const struct segment_info *info = &inventory->rows[i];

        if (info->elsewhere == 0)
            continue;
        elsewhere->namespaces += info->elsewhere != last;
        last = info->elsewhere;
        elsewhere->segments++;
        elsewhere->bytes = saturating_add(elsewhere->bytes, info->segment.size);
        if (key != 0 && info->segment.key == key)
            add_key(elsewhere, info);
    }
}

int elsewhere_read(struct system *system, uint32_t key, struct elsewhere *ret_elsewhere,
                   struct error *err)
{
    CLEANUP_NAMESPACES struct ipc_namespace_list list = {0};
    CLEANUP_INVENTORY struct inventory inventory = {0};
    struct elsewhere elsewhere = {0};
    int r;

    if (system->procfs.live && !system->namespaces && system->elsewhere == 0 &&
        !system->one_of_many && namespaces_find(&system->procfs, &list, NULL) == 0) {
        system->namespaces = &list;
        r = inventory_read(system, NULL, key != 0 ? NEED_CONTAINER : 0, &inventory, err);
        system->namespaces = NULL;
        if (r == -ENOSYS && err)
            error_clear(err);
        if (r < 0 && r != -ENOSYS)
            return r;
        sum_up(&inventory, key, &elsewhere); /* without System V shared memory: nothing */
    }
    *ret_elsewhere = elsewhere;
    return 0;
}

void elsewhere_release(struct elsewhere *elsewhere)
{
    for (size_t i = 0; i < elsewhere->key_count; i++)
        free(elsewhere->keys[i].container);
    free(elsewhere->keys);
    *elsewhere = (struct elsewhere){0};
}
