#include "model/cgroup.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/text.h"
#include "base/xalloc.h"

/* --- The table of patterns -------------------------------------------------------------------- */

/* How much a match says; of several the highest counts. */
enum rank { RANK_NONE, RANK_CGROUP, RANK_UNIT, RANK_JOB, RANK_CONTAINER };

enum role {
    ROLE_POD,       /* a pod, perhaps with a container of it */
    ROLE_IN_POD,    /* a container, where the part above is a pod */
    ROLE_CONTAINER, /* a container, by its id */
    ROLE_NAMED,     /* a container, by its name */
    ROLE_JOB,
    ROLE_UNIT,
};

static const enum rank ranks[] = {
    [ROLE_POD] = RANK_CONTAINER,
    [ROLE_IN_POD] = RANK_CONTAINER,
    [ROLE_CONTAINER] = RANK_CONTAINER,
    [ROLE_NAMED] = RANK_CONTAINER,
    [ROLE_JOB] = RANK_JOB,
    [ROLE_UNIT] = RANK_UNIT,
};

/*
 * A pattern stands for the last part of a path, or its last few. In it
 *   $  is a container's id: 64 hex digits, no more and no less
 *   %  a pod's uid: 8-4-4-4-12 hex digits with - or _ between, or 32 without (a static pod)
 *   #  a number
 *   *  anything, but no slash
 * Those before count more.
 */
static const struct pattern {
    const char *text;
    const char *kind;
    enum role role;
} patterns[] = {
    /* Kubernetes: the kubelet's cgroup drivers, systemd and cgroupfs; containerd set to use
     * cgroupfs below a slice; static pods. */
    {"*kubepods*-pod%.slice:cri-containerd:$", "pod", ROLE_POD},
    {"cri-containerd-$.scope", "pod", ROLE_IN_POD},
    {"cri-containerd-$", "pod", ROLE_IN_POD},
    {"crio-$.scope", "pod", ROLE_IN_POD},
    {"crio-$", "pod", ROLE_IN_POD},
    {"docker-$.scope", "pod", ROLE_IN_POD},
    {"$", "pod", ROLE_IN_POD},
    {"*kubepods*-pod%.slice", "pod", ROLE_POD},
    {"kubepods/pod%", "pod", ROLE_POD},
    {"kubepods/*/pod%", "pod", ROLE_POD},

    /* Docker by systemd, by cgroupfs, by cgroupfs with a slice as its parent. */
    {"docker-$.scope", "docker", ROLE_CONTAINER},
    {"docker/$", "docker", ROLE_CONTAINER},
    {"*:docker:$", "docker", ROLE_CONTAINER},
    /* Podman by systemd, and by cgroupfs below libpod_parent. */
    {"libpod-$.scope", "podman", ROLE_CONTAINER},
    {"libpod-$", "podman", ROLE_CONTAINER},
    {"nerdctl-$.scope", "nerdctl", ROLE_CONTAINER},
    /* Whoever made it: a parent cgroup of the user's choice (--cgroup-parent, Amazon ECS). */
    {"$", "container", ROLE_CONTAINER},

    /* LXC 4 and LXD, LXC 3.2, those before. */
    {"lxc.payload.*", "lxc", ROLE_NAMED},
    {"lxc.payload/*", "lxc", ROLE_NAMED},
    {"lxc/*", "lxc", ROLE_NAMED},
    /* systemd-machined, for nspawn and libvirt. */
    {"machine-*.scope", "machine", ROLE_NAMED},
    {"systemd-nspawn@*.service", "machine", ROLE_NAMED},

    /* Slurm on cgroup v2 and v1; with several daemons on a node each has its name in it. */
    {"slurmstepd.scope/job_#", "slurm", ROLE_JOB},
    {"*_slurmstepd.scope/job_#", "slurm", ROLE_JOB},
    {"slurm/uid_#/job_#", "slurm", ROLE_JOB},
    {"slurm_*/uid_#/job_#", "slurm", ROLE_JOB},

    {"user-#.slice/session-*.scope", "session", ROLE_UNIT},
    {"*.service", "service", ROLE_UNIT},
};

/* --- Matching --------------------------------------------------------------------------------- */

struct span {
    const char *at; /* NULL: none */
    size_t length;
};

/* What a pattern's signs stand for in a path. */
struct captures {
    struct span id;   /* $ */
    struct span pod;  /* % */
    struct span name; /* *, the first of several */
};

/* How many lowercase hex digits TEXT begins with, at most MAX. */
static size_t hex_length(const char *text, const char *end, size_t max)
{
    size_t length = 0;

    while (length < max && text + length < end && text[length] &&
           strchr("0123456789abcdef", text[length]))
        length++;
    return length;
}

static size_t pod_uid_length(const char *text, const char *end)
{
    static const size_t groups[] = {8, 4, 4, 4, 12};
    const char *at = text;

    if (hex_length(text, end, 32) == 32)
        return 32;
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (i > 0 && (at == end || (*at != '-' && *at != '_')))
            return 0;
        at += i > 0;
        if (hex_length(at, end, groups[i]) < groups[i])
            return 0;
        at += groups[i];
    }
    return (size_t)(at - text);
}

static size_t number_length(const char *text, const char *end)
{
    size_t length = 0;

    while (text + length < end && text[length] >= '0' && text[length] <= '9')
        length++;
    return length;
}

static bool match_text(const char *pattern, const char *text, const char *end,
                       struct captures *captures);

/* Lets the * before PATTERN stand for as little as possible. */
static bool match_rest(const char *pattern, const char *text, const char *end,
                       struct captures *captures)
{
    for (const char *rest = text;; rest++) {
        if (match_text(pattern, rest, end, captures)) {
            captures->name = (struct span){text, (size_t)(rest - text)};
            return true;
        }
        if (rest == end || *rest == '/')
            return false;
    }
}

/* Whether PATTERN is all of TEXT, which ends at END. */
static bool match_text(const char *pattern, const char *text, const char *end,
                       struct captures *captures)
{
    for (; *pattern; pattern++) {
        size_t length = 1;

        switch (*pattern) {
        case '*':
            return match_rest(pattern + 1, text, end, captures);
        case '$':
            length = hex_length(text, end, CONTAINER_ID_LENGTH);
            captures->id = (struct span){text, length};
            length = length == CONTAINER_ID_LENGTH ? length : 0;
            break;
        case '%':
            length = pod_uid_length(text, end);
            captures->pod = (struct span){text, length};
            break;
        case '#':
            length = number_length(text, end);
            break;
        default:
            length = text < end && *text == *pattern;
        }
        if (length == 0)
            return false;
        text += length;
    }
    return text == end;
}

/* Longer names of cgroups there are not (NAME_MAX); with them no match takes long. */
enum { PART_MAX = 255 };

/* Where the part begins that ends at END, in the path from PATH on, which begins with a slash. */
static const char *part_start(const char *path, const char *end)
{
    while (end > path && end[-1] != '/')
        end--;
    return end > path ? end : NULL;
}

/* Whether PATTERN stands for the path's last parts, up to END. */
static bool match_path(const struct pattern *pattern, const char *path, const char *end,
                       struct captures *ret_captures)
{
    struct captures captures = {.id = {NULL, 0}};
    const char *start = part_start(path, end);

    for (const char *slash = pattern->text; start && (slash = strchr(slash, '/')); slash++) {
        const char *above = start - 1;

        if (above == path)
            return false;
        start = part_start(path, above);
        if (start && above - start > PART_MAX)
            return false;
    }
    if (!start || !match_text(pattern->text, start, end, &captures))
        return false;
    if (captures.name.length == 0 && (pattern->role == ROLE_NAMED || pattern->role == ROLE_UNIT))
        return false;
    *ret_captures = captures;
    return true;
}

/* A part that was recognised. */
struct match {
    enum rank rank;
    const struct pattern *pattern; /* NULL: by none, it is the last part */
    struct span part;
    struct captures captures;
    struct span user; /* the uid of the service manager that it is below, if it is a user's own */
};

/* Whether the path up to END is a pod's; sets its uid. */
static bool match_pod(const char *path, const char *end, struct span *ret_pod)
{
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        struct captures captures;

        if (patterns[i].role == ROLE_POD && match_path(&patterns[i], path, end, &captures)) {
            *ret_pod = captures.pod;
            return true;
        }
    }
    return false;
}

/* Recognises the path's part PART; its rank is RANK_NONE when no pattern stands for it. */
static struct match match_part(const char *path, struct span part)
{
    struct match match = {.part = part};
    const char *end = part.at + part.length;

    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        const struct pattern *pattern = &patterns[i];

        if (!match_path(pattern, path, end, &match.captures))
            continue;
        if (pattern->role == ROLE_IN_POD &&
            (part.at - 1 == path || !match_pod(path, part.at - 1, &match.captures.pod)))
            continue;
        match.pattern = pattern;
        match.rank = ranks[pattern->role];
        break;
    }
    return match;
}

/* Whether PART is no name: where a path leads out of the reader's cgroup namespace it begins in
 * them. */
static bool is_no_name(struct span part)
{
    return part.length == 0 || part.length > PART_MAX ||
           (part.at[0] == '.' && (part.length == 1 || (part.length == 2 && part.at[1] == '.')));
}

/* The uid in "user@UID.service", a user's own service manager; none in other parts. */
static struct span user_of_manager(struct span part)
{
    static const char before[] = "user@";
    const size_t length = sizeof(before) - 1;
    struct captures unused;
    size_t digits;

    if (!match_text("user@#.service", part.at, part.at + part.length, &unused))
        return (struct span){NULL, 0};
    digits = number_length(part.at + length, part.at + part.length);
    return (struct span){part.at + length, digits};
}

/* Recognises a path, from its innermost part outward. */
static struct match match_whole_path(const char *path, size_t length)
{
    struct match best = {.rank = RANK_NONE};
    const char *end = path + length;
    const char *start;

    for (; end > path && (start = part_start(path, end)); end = start - 1) {
        struct span part = {start, (size_t)(end - start)};
        struct match match;

        if (is_no_name(part))
            continue;
        if (best.rank > RANK_CGROUP && !best.user.at)
            best.user = user_of_manager(part);
        if (best.rank == RANK_CONTAINER)
            continue;
        match = match_part(path, part);
        if (match.rank == RANK_CONTAINER || (best.rank <= RANK_CGROUP && match.rank > best.rank))
            best = match;
        else if (best.rank == RANK_NONE)
            best = (struct match){.rank = RANK_CGROUP, .part = part};
    }
    return best;
}

/* --- Lines ------------------------------------------------------------------------------------ */

/* A line "HIERARCHY:CONTROLLERS:PATH". Returns how much its path says, among equals too. */
static unsigned match_line(const char *line, size_t length, struct match *ret_match)
{
    static const char deleted[] = " (deleted)"; /* what the kernel appends in v2 */
    const size_t deleted_length = sizeof(deleted) - 1;
    const char *first = memchr(line, ':', length);
    const char *second = first ? memchr(first + 1, ':', length - (size_t)(first + 1 - line)) : NULL;
    bool is_v2 = first && first - line == 1 && line[0] == '0' && second == first + 1;
    const char *path;

    if (!second || memchr(line, '\0', length))
        return 0;
    path = second + 1;
    length -= (size_t)(path - line);
    if (length == 0 || path[0] != '/')
        return 0;
    if (is_v2 && length > deleted_length &&
        memcmp(path + length - deleted_length, deleted, deleted_length) == 0)
        length -= deleted_length;
    *ret_match = match_whole_path(path, length);
    if (ret_match->rank == RANK_NONE)
        return 0;
    if (second - first == 13 && memcmp(first, ":name=systemd", 13) == 0)
        return ret_match->rank * 3U + 2;
    return ret_match->rank * 3U + is_v2;
}

/* Appends NAME with systemd's \xNN as the bytes they stand for (systemd.unit(5)). */
static void put_unescaped(struct strbuf *out, struct span name)
{
    for (size_t i = 0; i < name.length; i++) {
        char digits[] = {0, 0, 0};
        int byte = 0;

        if (name.length - i >= 4 && name.at[i] == '\\' && name.at[i + 1] == 'x' &&
            isxdigit((unsigned char)name.at[i + 2]) && isxdigit((unsigned char)name.at[i + 3])) {
            memcpy(digits, name.at + i + 2, 2);
            byte = (int)strtol(digits, NULL, 16);
        }
        /* A NUL or a newline can be in no name. */
        if (byte == 0 || byte == '\n') {
            strbuf_putc(out, name.at[i]);
        } else {
            strbuf_putc(out, (char)byte);
            i += 3;
        }
    }
}

static void set_unit_text(struct cgroup_unit *unit, const char *name, size_t length)
{
    struct strbuf text = STRBUF_INIT;

    strbuf_puts(&text, unit->kind);
    strbuf_putc(&text, ':');
    strbuf_append(&text, name, length);
    free(unit->unit);
    unit->unit = text.data;
}

static char *copy_span(struct span span)
{
    return xstrndup(span.at, span.length);
}

/* A pod, with a container of it or without. */
static void fill_pod(struct cgroup_unit *unit, const struct match *match)
{
    unit->pod = copy_span(match->captures.pod);
    for (char *byte = unit->pod; *byte; byte++) {
        if (*byte == '_')
            *byte = '-';
    }
    if (match->captures.id.at)
        unit->container = copy_span(match->captures.id);
    set_unit_text(unit, unit->pod, strlen(unit->pod));
}

static void fill_named(struct cgroup_unit *unit, const struct match *match)
{
    struct strbuf name = STRBUF_INIT;

    put_unescaped(&name, match->captures.name);
    unit->container = name.data;
    set_unit_text(unit, name.data, name.length);
}

static void fill_unit(struct cgroup_unit *unit, const struct match *match)
{
    struct strbuf text = STRBUF_INIT;

    if (match->user.at) {
        strbuf_puts(&text, "user@");
        strbuf_append(&text, match->user.at, match->user.length);
        strbuf_putc(&text, ':');
    }
    strbuf_append(&text, match->part.at, match->part.length);
    unit->unit = text.data;
}

static void fill(struct cgroup_unit *unit, const struct match *match)
{
    enum role role = match->pattern ? match->pattern->role : ROLE_UNIT;

    unit->kind = match->pattern ? match->pattern->kind : "cgroup";
    unit->by_user = match->user.at != NULL;
    unit->part = copy_span(match->part);
    switch (role) {
    case ROLE_POD:
    case ROLE_IN_POD:
        fill_pod(unit, match);
        break;
    case ROLE_CONTAINER:
        unit->container = copy_span(match->captures.id);
        set_unit_text(unit, unit->container, CONTAINER_ID_SHOWN);
        break;
    case ROLE_NAMED:
        fill_named(unit, match);
        break;
    case ROLE_JOB:
    case ROLE_UNIT:
        fill_unit(unit, match);
        break;
    }
}

bool cgroup_parse(const char *text, size_t length, struct cgroup_unit *ret_unit)
{
    const char *end = text + length;
    struct cgroup_unit unit = {.kind = NULL};
    struct match best = {.rank = RANK_NONE};
    unsigned most = 0;

    for (const char *line = text; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *line_end = newline ? newline : end;
        struct match match;
        unsigned weight = match_line(line, (size_t)(line_end - line), &match);

        if (weight > most) {
            most = weight;
            best = match;
        }
        line = newline ? newline + 1 : end;
    }
    if (most == 0)
        return false;
    fill(&unit, &best);
    *ret_unit = unit;
    return true;
}

/* --- Names ------------------------------------------------------------------------------------ */

void cgroup_unit_set_name(struct cgroup_unit *unit, const char *name)
{
    const char *last = unit->pod ? strrchr(name, '_') : NULL;

    free(unit->name);
    unit->name = xstrdup(name);
    set_unit_text(unit, name, last ? (size_t)(last - name) : strlen(name));
}

const char *cgroup_unit_container(const struct cgroup_unit *unit)
{
    const char *shown = unit->unit;
    size_t length = strlen(unit->kind);

    if (!unit->container && !unit->pod)
        return NULL;
    if (unit->by_user)
        shown = strchr(shown, ':') + 1;
    return strncmp(shown, unit->kind, length) == 0 && shown[length] == ':' ? shown + length + 1
                                                                           : shown;
}

bool cgroup_unit_same(const struct cgroup_unit *a, const struct cgroup_unit *b)
{
    return a == b || strcmp(a->unit, b->unit) == 0;
}

static bool text_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool cgroup_unit_same_container(const struct cgroup_unit *a, const struct cgroup_unit *b)
{
    return text_same(a->container, b->container);
}

/* Whether WORD is the first 8 digits or more of the id ID. */
static bool begins_id(const char *id, const char *word)
{
    enum { DIGITS_MIN = 8 };
    size_t length = strlen(word);

    return strlen(id) == CONTAINER_ID_LENGTH && length >= DIGITS_MIN &&
           length <= CONTAINER_ID_LENGTH && hex_length(word, word + length, length) == length &&
           memcmp(id, word, length) == 0;
}

static bool is_named(const char *name, const char *word)
{
    return name && text_is_shown_as(name, word);
}

/* Whether WORD names the unit without its kind before it. */
static bool names_unit(const struct cgroup_unit *unit, bool by_container, const char *word)
{
    bool has_kind = unit->container || unit->pod;

    if (has_kind && text_is_shown_as(unit->unit + strlen(unit->kind) + 1, word))
        return true;
    return is_named(unit->pod, word) ||
           (by_container && (is_named(unit->name, word) || is_named(unit->container, word) ||
                             (unit->container && begins_id(unit->container, word))));
}

bool cgroup_unit_matches(const struct cgroup_unit *unit, bool by_container, const char *word)
{
    size_t kind = strlen(unit->kind);
    bool has_kind = strncmp(word, unit->kind, kind) == 0 && word[kind] == ':';

    return text_is_shown_as(unit->unit, word) || names_unit(unit, by_container, word) ||
           (has_kind && names_unit(unit, by_container, word + kind + 1)) ||
           (by_container && !unit->by_user && text_is_shown_as(unit->part, word));
}

void cgroup_unit_release(struct cgroup_unit *unit)
{
    free(unit->unit);
    free(unit->part);
    free(unit->pod);
    free(unit->container);
    free(unit->name);
    *unit = (struct cgroup_unit){.kind = NULL};
}
