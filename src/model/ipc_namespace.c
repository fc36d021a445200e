#include "model/ipc_namespace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"

struct ipc_namespace *ipc_namespace_list_find(const struct ipc_namespace_list *list,
                                              uint64_t number, dev_t device)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].number == number && list->items[i].device == device)
            return &list->items[i];
    }
    return NULL;
}

void namespace_complaint_add(struct complaint_list *refused, uint64_t number, const char *why)
{
    char text[32];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
    complaint_list_add(refused, text, why, strlen(why));
}

/* How many digits of a container's id name it, at the least. */
enum { ID_DIGITS_MIN = 8 };

int namespace_parse_word(const char *word, enum namespace_word *ret_kind, uint64_t *ret_value,
                         struct error *err)
{
    size_t length = strlen(word);
    uint64_t value = 0;

    if (strchr(word, '/')) {
        *ret_kind = NAMESPACE_BY_FILE;
        return 0;
    }
    if (length > 0 && word[0] != '0' && parse_digits(word, length, &value) == length &&
        (value <= NAMESPACE_PID_MAX || (value >= NAMESPACE_NUMBER_HOST && value <= UINT32_MAX))) {
        *ret_kind = value > NAMESPACE_PID_MAX ? NAMESPACE_BY_NUMBER : NAMESPACE_OF_PID;
        *ret_value = value;
        return 0;
    }
    if (length >= ID_DIGITS_MIN || strspn(word, "0123456789") < length) {
        *ret_kind = NAMESPACE_BY_NAME;
        return 0;
    }
    return error_set(err, EINVAL,
                     "'%s': neither a pid (1 to %llu) nor the number of an IPC namespace (%llu and "
                     "above)",
                     word, (unsigned long long)NAMESPACE_PID_MAX,
                     (unsigned long long)NAMESPACE_NUMBER_HOST);
}
