#include "model/selection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "base/xalloc.h"

/* A copy of an owner that the selection owns; most rows show the one of the row before. */
static const char *keep_owner(struct selection *selection, const char *owner, size_t length)
{
    const char *last =
        selection->owner_count > 0 ? selection->owners[selection->owner_count - 1] : NULL;

    if (last && strlen(last) == length && memcmp(last, owner, length) == 0)
        return last;
    selection->owners = xgrow(selection->owners, selection->owner_count, &selection->owner_capacity,
                              sizeof(*selection->owners));
    return selection->owners[selection->owner_count++] = xstrndup(owner, length);
}

void selection_add_id(struct selection *selection, const struct named_id *id)
{
    selection->by_id = true;
    selection->ids = xgrow(selection->ids, selection->id_count, &selection->id_capacity,
                           sizeof(*selection->ids));
    selection->ids[selection->id_count] = *id;
    if (id->owner)
        selection->ids[selection->id_count].owner =
            keep_owner(selection, id->owner, id->owner_length);
    selection->id_count++;
    idset_add(&selection->id_set, id->shmid);
}

int selection_add_word(struct selection *selection, const char *word, struct error *err)
{
    struct named_id id = {0};
    int r;

    if (strncasecmp(word, "0x", 2) == 0)
        return error_set(err, EINVAL, "'%s': not an id; a key is named by --key", word);
    r = parse_shmid(word, &id.shmid, err);
    if (r == 0)
        selection_add_id(selection, &id);
    return r;
}

/* One more word than any row has, so that a line with too many is seen. */
enum { WORDS_MAX = 10 };

struct word {
    const char *at;
    size_t length;
};

static size_t split_words(const char *line, size_t length, struct word *words)
{
    size_t count = 0;
    size_t at = 0;

    while (at < length && count < WORDS_MAX) {
        size_t start;

        while (at < length && line[at] == ' ')
            at++;
        start = at;
        while (at < length && line[at] != ' ')
            at++;
        if (at > start)
            words[count++] = (struct word){line + start, at - start};
    }
    return count;
}

static bool word_is(const struct word *word, const char *text)
{
    return word->length == strlen(text) && memcmp(word->at, text, word->length) == 0;
}

static bool words_are(const struct word *words, size_t count, const char *const *texts)
{
    for (size_t i = 0; i < count; i++) {
        if (!texts[i] || !word_is(&words[i], texts[i]))
            return false;
    }
    return !texts[count];
}

static bool is_header_line(const struct word *words, size_t count)
{
    static const char *const columns[] = {"key",   "shmid",  "owner",  "perms",
                                          "bytes", "nattch", "status", NULL};
    static const char *const banner[] = {"------",   "Shared",   "Memory",
                                         "Segments", "--------", NULL};

    return words_are(words, count, columns) || words_are(words, count, banner);
}

/* Whether WORD is made of the characters of SET alone, and of LEAST to MOST of them. */
static bool is_made_of(const struct word *word, const char *set, size_t least, size_t most)
{
    for (size_t i = 0; i < word->length; i++) {
        if (word->at[i] == '\0' || !strchr(set, word->at[i]))
            return false;
    }
    return word->length >= least && word->length <= most;
}

/* ipcs prints "dest locked" as two words, ls as one. */
static bool are_status_words(const struct word *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!word_is(&words[i], "dest") && !word_is(&words[i], "locked") &&
            !word_is(&words[i], "dest,locked"))
            return false;
    }
    return count <= 2;
}

/* A number of bytes, or 1.5M as ls -H prints it; the latter cannot be compared. */
static bool read_row_size(const struct word *word, struct named_id *id)
{
    struct word human = *word;

    id->has_size = parse_digits(word->at, word->length, &id->size) == word->length;
    /* The kernel makes no empty segments: this is a message queue. */
    if (id->has_size)
        return id->size > 0;
    human.length--;
    return is_made_of(&human, "0123456789.", 1, 6) && human.at[0] != '.' &&
           strchr("BKMGTPE", word->at[word->length - 1]) && word->at[word->length - 1];
}

/*
 * A row of ipcs -q has as many words, and numbers in the same places. It is recognised by its last
 * column: "%-12ju" there, while ipcs -m pads its status, and ls pads nothing that long.
 */
static bool is_queue_row(const struct word *words, size_t count, const char *end)
{
    enum { MESSAGES_WIDTH = 12, COUNT_MAX_LENGTH = 10 };

    return count == 6 && end - words[5].at == MESSAGES_WIDTH && words[5].length <= COUNT_MAX_LENGTH;
}

/* key shmid owner perms bytes nattch [status] */
static bool read_row(const struct word *words, size_t count, struct named_id *ret_id)
{
    static const char decimal[] = "0123456789";
    struct named_id id = {.is_row = true, .owner = words[2].at, .owner_length = words[2].length};
    char text[16];
    uint64_t nattch;

    if (count < 6 || !is_made_of(&words[1], decimal, 1, 10) ||
        !is_made_of(&words[3], "01234567", 1, 3) || !read_row_size(&words[4], &id) ||
        parse_digits(words[5].at, words[5].length, &nattch) != words[5].length ||
        !are_status_words(words + 6, count - 6) || memchr(id.owner, '\0', id.owner_length))
        return false;
    for (size_t i = 0; i < words[3].length; i++)
        id.perms = id.perms * 8 + (uint32_t)(words[3].at[i] - '0');
    if (words[0].length != 10 || memcmp(words[0].at, "0x", 2) != 0 ||
        !is_made_of(&(const struct word){words[0].at + 2, 8}, "0123456789abcdefABCDEF", 8, 8))
        return false;
    memcpy(text, words[0].at, 10);
    text[10] = '\0';
    if (parse_key(text, &id.key, NULL) < 0)
        return false;
    memcpy(text, words[1].at, words[1].length);
    text[words[1].length] = '\0';
    if (parse_shmid(text, &id.shmid, NULL) < 0)
        return false;
    *ret_id = id;
    return true;
}

int selection_parse_line(const char *line, size_t length, struct named_id *ret_id,
                         struct error *err)
{
    struct word words[WORDS_MAX];
    size_t count;

    if (length > 0 && line[length - 1] == '\r')
        length--;
    count = split_words(line, length, words);
    if (count == 0 || is_header_line(words, count))
        return 0;
    /* An id alone stands at the line's start and fills it. */
    if (count == 1 && words[0].length == length && length <= 10) {
        struct named_id id = {0};
        char text[16];

        memcpy(text, line, length);
        text[length] = '\0';
        if (!memchr(line, '\0', length) && parse_shmid(text, &id.shmid, NULL) == 0) {
            *ret_id = id;
            return 1;
        }
    }
    if (words[0].at == line && !is_queue_row(words, count, line + length) &&
        read_row(words, count, ret_id))
        return 1;
    return error_set(err, EINVAL,
                     "'%.*s'%s: neither an id alone nor a row of 'shmtool ls' or 'ipcs -m' with "
                     "its seven columns",
                     length > 200 ? 200 : (int)length, line,
                     memchr(line, '\0', length) ? " and a NUL byte" : "");
}

bool selection_is_empty(const struct selection *selection)
{
    return !selection->by_id && filter_is_empty(&selection->filter);
}

bool selection_is_named(const struct selection *selection)
{
    return selection->by_id || filter_names_keys(&selection->filter);
}

bool selection_has_id(const struct selection *selection, int shmid)
{
    return !selection->by_id || idset_has(&selection->id_set, shmid);
}

bool selection_has_rows(const struct selection *selection)
{
    for (size_t i = 0; i < selection->id_count; i++) {
        if (selection->ids[i].is_row)
            return true;
    }
    return false;
}

static int compare_named_ids(const void *left, const void *right)
{
    const struct named_id *a = left;
    const struct named_id *b = right;

    return num_compare_signed(a->shmid, b->shmid);
}

void selection_sort_ids(struct selection *selection)
{
    if (selection->id_count > 0)
        qsort(selection->ids, selection->id_count, sizeof(*selection->ids), compare_named_ids);
}

/* The position of the first id that is not below SHMID. */
static size_t first_named_id(const struct selection *selection, int shmid)
{
    size_t low = 0;
    size_t high = selection->id_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (selection->ids[middle].shmid < shmid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/*
 * Whether the owner that a row shows is INFO's: its number, or its name as it is, escaped as in a
 * table, or cut to ten bytes by ipcs.
 */
static bool owner_is_shown(const struct named_id *id, const struct segment_info *info)
{
    enum { IPCS_WIDTH = 10 };
    void (*const escapes[])(struct strbuf *, const char *, size_t) = {text_escape,
                                                                      text_escape_utf8};
    CLEANUP_STRBUF struct strbuf shown = STRBUF_INIT;

    /* First what nearly every row shows. */
    if (info->owner &&
        (strcmp(info->owner, id->owner) == 0 ||
         (id->owner_length == IPCS_WIDTH && strncmp(info->owner, id->owner, IPCS_WIDTH) == 0)))
        return true;
    strbuf_put_u64(&shown, info->segment.uid);
    if (strcmp(strbuf_string(&shown), id->owner) == 0)
        return true;
    for (size_t i = 0; info->owner && i < sizeof(escapes) / sizeof(escapes[0]); i++) {
        strbuf_reset(&shown);
        escapes[i](&shown, info->owner, strlen(info->owner));
        if (strcmp(strbuf_string(&shown), id->owner) == 0)
            return true;
    }
    return false;
}

static bool row_holds(const struct named_id *row, const struct segment_info *info)
{
    const struct segment *segment = &info->segment;

    return row->key == segment->key && row->perms == (segment->mode & 0777) &&
           (!row->has_size || row->size == segment->size) &&
           (!row->owner || owner_is_shown(row, info));
}

bool selection_claims_hold(const struct selection *selection, const struct segment_info *info)
{
    const int shmid = info->segment.shmid;

    for (size_t i = first_named_id(selection, shmid);
         i < selection->id_count && selection->ids[i].shmid == shmid; i++) {
        if (selection->ids[i].is_row && !row_holds(&selection->ids[i], info))
            return false;
    }
    return true;
}

void selection_release(struct selection *selection)
{
    filter_release(&selection->filter);
    free(selection->ids);
    for (size_t i = 0; i < selection->owner_count; i++)
        free(selection->owners[i]);
    free(selection->owners);
    idset_release(&selection->id_set);
    *selection = (struct selection){0};
}
