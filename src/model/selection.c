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
#include "model/ipc_namespace.h"

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

/* Tells whether WORD, which may be an id, can only be a key: in hex, negative, or beyond all ids.
 */
static bool is_key_alone(const char *word)
{
    CLEANUP_ERROR struct error ignored = ERROR_INIT;
    uint32_t key;

    if (word[0] == '0')
        return strncasecmp(word, "0x", 2) == 0;
    return parse_key(word, &key, &ignored) == 0 && key > INT32_MAX;
}

int selection_add_word(struct selection *selection, const char *word, struct error *err)
{
    struct named_id id = {0};
    int r;

    if (is_key_alone(word))
        return error_set(err, EINVAL, "'%s': not an id; a key is named by --key", word);
    if (strcmp(word, "shm") == 0) /* ipcrm shm ID */
        return error_set(err, EINVAL, "'shm': not an id; ids need no word before them");
    r = parse_shmid(word, &id.shmid, err);
    if (r == 0)
        selection_add_id(selection, &id);
    return r;
}

/* The columns of ls and of ipcs -m: up to nattch they make a row, status may be empty. */
enum { ROW_KEY, ROW_ID, ROW_OWNER, ROW_PERMS, ROW_BYTES, ROW_NATTCH, ROW_WORDS };

struct word {
    const char *at;
    size_t length;
};

/* Finds the first word from *at on, and moves *at past it; false where there is none. */
static bool next_word(const char *line, size_t length, size_t *at, struct word *ret_word)
{
    size_t start;

    while (*at < length && line[*at] == ' ')
        ++*at;
    start = *at;
    while (*at < length && line[*at] != ' ')
        ++*at;
    *ret_word = (struct word){line + start, *at - start};
    return *at > start;
}

/* Whether WORD is made of the characters of SET alone, and of LEAST to MOST of them. */
static bool is_made_of(const struct word *word, const char *set, size_t least, size_t most)
{
    for (size_t i = 0; i < word->length; i++) {
        if (!strchr(set, word->at[i]))
            return false;
    }
    return word->length >= least && word->length <= most;
}

/* --- Headers ---------------------------------------------------------------------------------- */

static bool has_digit(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (line[i] >= '0' && line[i] <= '9')
            return true;
    }
    return false;
}

/* "------ Shared Memory Segments --------" in whatever language; "--all" is none. */
static bool is_banner(const struct word *line)
{
    return line->length > 0 && line->at[0] == '-' && line->at[line->length - 1] == '-' &&
           memchr(line->at, ' ', line->length) && !is_made_of(line, "- \t", 0, SIZE_MAX) &&
           !has_digit(line->at, line->length);
}

/* Whether LINE has TEXT in it, in upper or lower case. */
static bool names_column(const struct word *line, const char *text)
{
    size_t length = strlen(text);

    for (size_t at = 0; at + length <= line->length; at++) {
        if (strncasecmp(line->at + at, text, length) == 0)
            return true;
    }
    return false;
}

/*
 * The names of columns below a banner, in whatever language. msqid and semid are translated hardly
 * anywhere: those are the lists of message queues and semaphore sets.
 */
static bool is_translated_header(const struct word *line)
{
    return !has_digit(line->at, line->length) && !names_column(line, "msqid") &&
           !names_column(line, "semid");
}

/* The header of ls, and of ipcs -m in English: names of columns, whatever follows nattch. */
static bool is_header(const struct word *line, const struct word *words, size_t count)
{
    static const char *const columns[ROW_WORDS] = {"key",   "shmid", "owner",
                                                   "perms", "bytes", "nattch"};

    for (size_t i = 0; i < count; i++) {
        if (words[i].length != strlen(columns[i]) ||
            memcmp(words[i].at, columns[i], words[i].length) != 0)
            return false;
    }
    return count == ROW_WORDS && !has_digit(line->at, line->length);
}

/* --- Rows ------------------------------------------------------------------------------------- */

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
           strchr("BKMGTPE", word->at[word->length - 1]);
}

/* The bytes that ipcs prints of an owner, at the most and at the least: "%-10.10s". */
enum { IPCS_OWNER = 10 };

/*
 * A row of ipcs -q has as many words, and numbers in the same places. Where it stands in columns it
 * is recognised by them: ipcs prints "%-10d %-10s %-10o %-12ju" after the key of a queue, and
 * "%-10d %-10s %-10o %-10ju" after that of a segment; ls aligns sizes to the right.
 */
static bool is_queue_row(const struct word words[ROW_WORDS])
{
    enum { WIDTH = 10 + 1, QUEUE_WIDTH = 12 + 1 };
    bool long_owner = words[ROW_OWNER].length >= WIDTH;

    return words[ROW_ID].at - words[ROW_KEY].at == WIDTH &&
           words[ROW_OWNER].at - words[ROW_ID].at == WIDTH &&
           (long_owner || words[ROW_PERMS].at - words[ROW_OWNER].at == WIDTH) &&
           words[ROW_BYTES].at - words[ROW_PERMS].at == WIDTH &&
           words[ROW_NATTCH].at - words[ROW_BYTES].at == QUEUE_WIDTH &&
           words[ROW_BYTES].length < WIDTH;
}

/* 0x and eight digits. */
static bool read_row_key(const struct word *word, uint32_t *ret_key)
{
    const struct word digits = {word->at + 2, word->length - 2};
    char text[16];

    if (word->length != 10 || memcmp(word->at, "0x", 2) != 0 ||
        !is_made_of(&digits, "0123456789abcdefABCDEF", 8, 8))
        return false;
    memcpy(text, word->at, word->length);
    text[word->length] = '\0';
    return parse_key(text, ret_key, NULL) == 0;
}

static bool read_id(const struct word *word, int *ret_shmid)
{
    char text[16];

    if (!is_made_of(word, "0123456789", 1, 10))
        return false;
    memcpy(text, word->at, word->length);
    text[word->length] = '\0';
    return parse_shmid(text, ret_shmid, NULL) == 0;
}

/*
 * key shmid owner perms bytes nattch; what follows, a status in any language or more columns, says
 * nothing of the segment.
 */
static bool read_row(const struct word words[ROW_WORDS], struct named_id *ret_id)
{
    const struct word *perms = &words[ROW_PERMS];
    const struct word *nattch = &words[ROW_NATTCH];
    struct named_id id = {
        .is_row = true, .owner = words[ROW_OWNER].at, .owner_length = words[ROW_OWNER].length};
    uint64_t count;

    if (!read_row_key(&words[ROW_KEY], &id.key) || !read_id(&words[ROW_ID], &id.shmid) ||
        !is_made_of(perms, "01234567", 1, 3) || !read_row_size(&words[ROW_BYTES], &id) ||
        parse_digits(nattch->at, nattch->length, &count) != nattch->length || is_queue_row(words))
        return false;
    for (size_t i = 0; i < perms->length; i++)
        id.perms = id.perms * 8 + (uint32_t)(perms->at[i] - '0');
    *ret_id = id;
    return true;
}

/*
 * The IPC namespace that a row names after the six words: the column may stand anywhere, and its
 * header may have been filtered out. Anything else that looks like the number of one (an argument
 * in a command line) counts as one too: rather a row too many is refused. 0: none.
 */
static uint64_t find_row_namespace(const char *line, size_t length, const struct word *nattch)
{
    size_t at = (size_t)(nattch->at - line) + nattch->length;
    struct word word;
    uint64_t number;

    while (next_word(line, length, &at, &word)) {
        if (parse_digits(word.at, word.length, &number) == word.length &&
            number >= NAMESPACE_NUMBER_HOST && number <= UINT32_MAX)
            return number;
    }
    return 0;
}

/*
 * Finds the words of LINE again where the owner's name has blanks, which nothing but their columns
 * tells: ipcs -m prints "%-10s %-10d %-10.10s " before the perms. False where they stand elsewhere.
 */
static bool split_by_columns(const char *line, size_t length, struct word words[ROW_WORDS])
{
    enum { ID_AT = 11, OWNER_AT = 22, PERMS_AT = 33 };
    struct word owner = {line + OWNER_AT, IPCS_OWNER};
    size_t at = PERMS_AT - 1;

    if (length <= PERMS_AT || words[ROW_ID].at != line + ID_AT || words[ROW_OWNER].at != owner.at ||
        line[PERMS_AT - 1] != ' ' || line[PERMS_AT] == ' ')
        return false;
    text_trim(&owner.at, &owner.length, " ");
    words[ROW_OWNER] = owner;
    for (size_t i = ROW_PERMS; i < ROW_WORDS; i++) {
        if (!next_word(line, length, &at, &words[i]))
            return false;
    }
    return true;
}

static int refuse_line(const char *line, size_t length, struct error *err)
{
    enum { SHOWN_MAX = 60 };
    size_t shown = text_cut(line, length, SHOWN_MAX);

    return error_set(err, EINVAL,
                     "'%.*s'%s%s: neither an id alone nor a row of 'shmtool ls' or 'ipcs -m'",
                     (int)shown, line, shown < length ? "..." : "",
                     memchr(line, '\0', length) ? " and a NUL byte" : "");
}

int selection_parse_line(struct input_state *state, const char *line, size_t length,
                         struct named_id *ret_id, struct error *err)
{
    const bool below_banner = state->below_banner;
    struct word words[ROW_WORDS] = {{NULL, 0}};
    struct named_id id = {0};
    struct word whole;
    size_t count = 0;
    size_t at = 0;

    *state = (struct input_state){0};
    if (length > 0 && line[length - 1] == '\r')
        length--;
    if (memchr(line, '\0', length))
        return refuse_line(line, length, err);
    whole = (struct word){line, length};
    text_trim(&whole.at, &whole.length, " \t");
    while (count < ROW_WORDS && next_word(line, length, &at, &words[count]))
        count++;
    state->below_banner = is_banner(&whole);
    if (whole.length == 0 || state->below_banner || is_header(&whole, words, count) ||
        (below_banner && is_translated_header(&whole)))
        return 0;
    if (read_id(&whole, &id.shmid) ||
        (count == ROW_WORDS && words[0].at == line &&
         (read_row(words, &id) ||
          (split_by_columns(line, length, words) && read_row(words, &id))))) {
        if (id.is_row)
            id.namespace = find_row_namespace(line, length, &words[ROW_NATTCH]);
        *ret_id = id;
        return 1;
    }
    return refuse_line(line, length, err);
}

/* --- Asking a selection ----------------------------------------------------------------------- */

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

/* Whether ipcs shows NAME so: cut, and then without the blanks that the cut left at its end. */
static bool is_cut_owner(const struct named_id *id, const char *name)
{
    return id->owner_length <= IPCS_OWNER && strncmp(name, id->owner, id->owner_length) == 0 &&
           strspn(name + id->owner_length, " ") >= IPCS_OWNER - id->owner_length;
}

/*
 * Whether the owner that a row shows is INFO's: its number, or its name as it is, escaped as in a
 * table, or cut by ipcs.
 */
static bool owner_is_shown(const struct named_id *id, const struct segment_info *info)
{
    CLEANUP_STRBUF struct strbuf shown = STRBUF_INIT;

    /* First what nearly every row shows. */
    if (info->owner && (strcmp(info->owner, id->owner) == 0 || is_cut_owner(id, info->owner)))
        return true;
    strbuf_put_u64(&shown, info->segment.uid);
    return strcmp(strbuf_string(&shown), id->owner) == 0 ||
           (info->owner && text_is_shown_as(info->owner, id->owner));
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
