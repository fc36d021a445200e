#include "model/change.h"

#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "base/suggest.h"

static const char *const names[CHANGE_NAMES] = {
    [CHANGE_OWNER] = "owner",
    [CHANGE_GROUP] = "group",
    [CHANGE_PERMS] = "perms",
    [CHANGE_LOCKED] = "locked",
};

enum { MODE_BITS = 0777 };

const char *change_name(enum change_name name)
{
    return names[name];
}

bool change_is_empty(const struct change *change)
{
    for (int name = 0; name < CHANGE_NAMES; name++) {
        if (change->values[name])
            return false;
    }
    return true;
}

/* --- Permissions ------------------------------------------------------------------------------ */

/* The bits of user, group and others that one of the letters means; 0: it is none of them. */
static uint32_t bits_of_whom(char letter)
{
    switch (letter) {
    case 'u':
        return 0700;
    case 'g':
        return 0070;
    case 'o':
        return 0007;
    case 'a':
        return MODE_BITS;
    default:
        return 0;
    }
}

/* Reads what follows an operator: r, w, x, X, or whose bits to take. They are for all three. */
static uint32_t read_mode_bits(const char **at, uint32_t mode)
{
    uint32_t bits = 0;

    switch (**at) {
    case 'u':
        ++*at;
        return (mode >> 6 & 7) * 0111;
    case 'g':
        ++*at;
        return (mode >> 3 & 7) * 0111;
    case 'o':
        ++*at;
        return (mode & 7) * 0111;
    default:
        break;
    }
    for (;; ++*at) {
        if (**at == 'r')
            bits |= 0444;
        else if (**at == 'w')
            bits |= 0222;
        else if (**at == 'x')
            bits |= 0111;
        else if (**at == 'X')
            bits |= mode & 0111 ? 0111 : 0;
        else
            return bits;
    }
}

/* Applies one clause: whom, then operators and bits. Returns where it ends, NULL: it is none. */
static const char *apply_clause(const char *at, uint32_t umask, uint32_t *mode)
{
    uint32_t whom = 0;

    for (; bits_of_whom(*at); at++)
        whom |= bits_of_whom(*at);
    if (*at != '+' && *at != '-' && *at != '=')
        return NULL;
    while (*at == '+' || *at == '-' || *at == '=') {
        char sign = *at++;
        uint32_t bits = read_mode_bits(&at, *mode) & (whom ? whom : MODE_BITS & ~umask);

        if (sign == '-')
            *mode &= ~bits;
        else if (sign == '+')
            *mode |= bits;
        else
            *mode = (*mode & ~(whom ? whom : MODE_BITS)) | bits;
    }
    return at;
}

int change_parse_mode(const char *word, uint32_t umask, uint32_t mode, uint32_t *ret_mode,
                      struct error *err)
{
    const char *at = word;

    if (parse_mode(word, ret_mode, NULL) == 0)
        return 0;
    mode &= MODE_BITS;
    while ((at = apply_clause(at, umask, &mode)) && *at == ',')
        at++;
    if (!at || *at)
        return error_set(err, EINVAL,
                         "'%s': not permissions (octal as 640, or as chmod takes them: u+w,o=)",
                         word);
    *ret_mode = mode;
    return 0;
}

/* --- NAME=VALUE ------------------------------------------------------------------------------- */

static int refuse_change_name(const char *word, size_t length, struct error *err)
{
    static const struct synonym synonyms[] = {{"user", "owner"},  {"uid", "owner"},
                                              {"gid", "group"},   {"mode", "perms"},
                                              {"lock", "locked"}, {NULL, NULL}};
    CLEANUP_STRBUF struct strbuf hint = STRBUF_INIT;
    struct suggestion suggestion = suggest_begin(word, length);

    suggest_synonym(&suggestion, synonyms);
    for (int name = 0; name < CHANGE_NAMES && !suggestion.best; name++)
        suggest_try(&suggestion, names[name]);
    suggest_put(&hint, &suggestion, "");
    return error_set(err, EINVAL, "%.*s: cannot be set%s", (int)length, word,
                     suggestion.best ? strbuf_string(&hint)
                                     : ": owner, group, perms and locked can be");
}

bool change_is_name(const char *word)
{
    return parse_name(word, strlen(word), names, CHANGE_NAMES) < CHANGE_NAMES;
}

int change_parse(struct change *change, const char *word, enum change_name *ret_name,
                 struct error *err)
{
    size_t length = strcspn(word, "=");
    const char *value = word + length + 1;
    unsigned name = parse_name(word, length, names, CHANGE_NAMES);
    int r = 0;

    if (name == CHANGE_NAMES)
        return refuse_change_name(word, length, err);
    if (!word[length])
        return error_set(err, EINVAL, "%s: a value is missing, %s=VALUE", word, word);
    if (change->values[name])
        return error_set(err, EINVAL, "%s: is set twice", word);
    if (name == CHANGE_PERMS) {
        CLEANUP_ERROR struct error wrong = ERROR_INIT;
        uint32_t mode;

        r = change_parse_mode(value, 0, 0, &mode, &wrong);
        if (r < 0)
            return error_set(err, EINVAL, "perms=: %s", wrong.text);
    } else if (name == CHANGE_LOCKED) {
        change->locked = strcmp(value, "yes") == 0;
        if (!change->locked && strcmp(value, "no") != 0)
            return error_set(err, EINVAL, "locked=: '%s': neither yes nor no", value);
    }
    change->values[name] = value;
    *ret_name = name;
    return 0;
}

/* --- Segments --------------------------------------------------------------------------------- */

struct segment change_apply(const struct change *change, const struct segment *segment)
{
    struct segment after = *segment;
    uint32_t bits = segment->mode & MODE_BITS;

    if (change->values[CHANGE_OWNER])
        after.uid = change->uid;
    if (change->values[CHANGE_GROUP])
        after.gid = change->gid;
    if (change->values[CHANGE_PERMS])
        change_parse_mode(change->values[CHANGE_PERMS], change->umask, bits, &bits, NULL);
    after.mode = (segment->mode & ~(uint32_t)MODE_BITS) | bits;
    if (change->values[CHANGE_LOCKED])
        after.mode = (after.mode & ~SEGMENT_LOCKED) | (change->locked ? SEGMENT_LOCKED : 0);
    return after;
}

bool change_same(const struct segment *a, const struct segment *b)
{
    const uint32_t bits = MODE_BITS | SEGMENT_LOCKED;

    return a->uid == b->uid && a->gid == b->gid && (a->mode & bits) == (b->mode & bits);
}

const char *change_lock_refusal(int code)
{
    if (code == ENOMEM)
        return "with what this user has locked already it is more than RLIMIT_MEMLOCK allows "
               "('ulimit -l', in KiB)";
    if (code == EPERM)
        return "RLIMIT_MEMLOCK is 0 ('ulimit -l'), and only CAP_IPC_LOCK goes beyond it";
    return NULL;
}

const char *change_owner_refusal(int code)
{
    return code == EINVAL ? "this user namespace does not have the user or the group that "
                            "it would belong to"
                          : NULL;
}
