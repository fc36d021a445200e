/*
 * Words of several kinds: flags of shmget, what set changes, line 7 of postmaster.pid. Each is
 * understood whole or not at all, and the same when it is written and read again.
 *
 * The first byte of an input chooses the kind.
 */
#include <errno.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "fuzz.h"
#include "model/change.h"
#include "model/program.h"
#include "model/shmget.h"

/* --- Flags ------------------------------------------------------------------------------------ */

static void check_flags_again(uint32_t flags)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    uint32_t again = ~flags;

    shmget_put_flags(&text, flags);
    CHECK(shmget_parse_flags(strbuf_string(&text), &again, NULL) == 0 && again == flags);
}

/* With BEFORE in front, which ends in a bar or is empty, and a bar and AFTER behind. */
static int parse_longer(const char *before, const char *word, const char *after, uint32_t *flags)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    strbuf_printf(&text, "%s%s|%s", before, word, after);
    return shmget_parse_flags(strbuf_string(&text), flags, NULL);
}

static void check_flags(const char *word)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    uint32_t flags = 0x5a5a5a5a;
    uint32_t more = 0x5a5a5a5a;
    int r = shmget_parse_flags(word, &flags, &err);

    CHECK(r == 0 || (r == -EINVAL && err.text && err.text[0] == '\'' && flags == 0x5a5a5a5a));
    CHECK(parse_longer("", word, " IPC_EXCL ", &more) == r);
    CHECK(r < 0 ? more == 0x5a5a5a5a : more == (flags | SHMGET_EXCLUSIVE));
    CHECK(parse_longer(" 21<<SHM_HUGE_SHIFT |", word, "0", &more) == r);
    CHECK(r < 0 || more == (flags | 21U << SHMGET_HUGE_SHIFT));
    CHECK(parse_longer("", word, "", &more) == -EINVAL);
    CHECK(parse_longer("|", word, "0", &more) == -EINVAL);
    if (r < 0)
        return;
    check_flags_again(flags);
    check_flags_again(~flags);
}

/* --- Changes ---------------------------------------------------------------------------------- */

static const uint32_t umasks[] = {0, 022, 077};

/* Bits that the first letters of a clause let it change. */
static uint32_t named_bits(const char *word)
{
    uint32_t bits = 0;

    for (; strchr("ugoa", *word) && *word; word++)
        bits |= *word == 'u' ? 0700 : *word == 'g' ? 0070 : *word == 'o' ? 0007 : 0777;
    return bits ? bits : 0777;
}

/* What is written of a result gives it from any other mode. */
static void check_result(uint32_t result)
{
    char text[32];
    uint32_t again;

    CHECK(result <= 0777);
    snprintf(text, sizeof(text), "%o", (unsigned)result);
    CHECK(change_parse_mode(text, 077, 0777 ^ result, &again, NULL) == 0 && again == result);
    snprintf(text, sizeof(text), "a=,u+%s%s%s,g=", result & 0400 ? "r" : "",
             result & 0200 ? "w" : "", result & 0100 ? "x" : "");
    CHECK(change_parse_mode(text, 022, 0777, &again, NULL) == 0 && again == (result & 0700));
}

/* Clauses one after the other are the same as all of them at once. */
static void check_parts(const char *word, uint32_t umask, uint32_t mode, uint32_t result)
{
    CLEANUP_FREE char *first = xstrdup(word);
    char *comma = strchr(first, ',');
    uint32_t between;
    uint32_t again;

    if (!comma) {
        CHECK(first[0] >= '0' && first[0] <= '7'
                  ? true
                  : ((result ^ mode) & ~named_bits(first) & 0777) == 0);
        return;
    }
    *comma = '\0';
    CHECK(change_parse_mode(first, umask, mode, &between, NULL) == 0);
    CHECK(change_parse_mode(comma + 1, umask, between, &again, NULL) == 0 && again == result);
}

static void check_mode(const char *word)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    uint32_t result = 0x5a5a5a5a;
    int r = change_parse_mode(word, 0, 0, &result, &err);

    CHECK(r == 0 || (r == -EINVAL && err.text && result == 0x5a5a5a5a));
    for (uint32_t mode = 0; mode <= 0777; mode += 0111 - 0022 + mode % 7) {
        for (size_t i = 0; i < sizeof(umasks) / sizeof(umasks[0]); i++) {
            CHECK(change_parse_mode(word, umasks[i], mode, &result, NULL) == r);
            if (r < 0)
                continue;
            check_result(result);
            check_parts(word, umasks[i], mode, result);
        }
    }
}

/* What is not changed stays as it is, and a lock is no permission. */
static void check_apply(struct change *change)
{
    const struct segment before = {
        .mode = SEGMENT_LOCKED | SEGMENT_DEST | 0640, .uid = 5, .gid = 6};
    const struct segment after = change_apply(change, &before);

    CHECK(after.uid == (change->values[CHANGE_OWNER] ? change->uid : 5));
    CHECK(after.gid == (change->values[CHANGE_GROUP] ? change->gid : 6));
    CHECK((after.mode & ~(0777 | SEGMENT_LOCKED)) == SEGMENT_DEST);
    CHECK(change->values[CHANGE_PERMS] || (after.mode & 0777) == 0640);
    CHECK(segment_is_locked(&after) == (change->values[CHANGE_LOCKED] ? change->locked : true));
}

static void check_change(const char *word)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct change change = {.uid = 77, .gid = 78, .umask = 022};
    enum change_name name = CHANGE_NAMES;
    int r = change_parse(&change, word, &name, &err);
    size_t length;

    if (r < 0) {
        CHECK(r == -EINVAL && err.text && name == CHANGE_NAMES && change_is_empty(&change));
        return;
    }
    CHECK(r == 0 && name < CHANGE_NAMES && !change_is_empty(&change));
    length = strlen(change_name(name));
    CHECK(strncmp(word, change_name(name), length) == 0 && word[length] == '=');
    CHECK(change.values[name] == word + length + 1);
    if (name == CHANGE_PERMS)
        check_mode(change.values[name]);
    check_apply(&change);
    /* Once is enough. */
    CHECK(change_parse(&change, word, &name, &err) == -EINVAL);
    CHECK(change.values[name] == word + length + 1);
}

/* --- postmaster.pid --------------------------------------------------------------------------- */

/* The start of line NUMBER, from 1, or NULL. */
static const char *find_line(const char *text, int number)
{
    while (--number > 0) {
        text = strchr(text, '\n');
        if (!text)
            return NULL;
        text++;
    }
    return text;
}

static void check_postmaster(const char *text)
{
    CLEANUP_STRBUF struct strbuf written = STRBUF_INIT;
    struct postmaster_file file = {0x5a5a5a5a, -77};
    struct postmaster_file again = {0, -1};
    const char *line = find_line(text, 7);
    char *end;

    if (!program_parse_postmaster(text, &file)) {
        CHECK(file.key == 0x5a5a5a5a && file.shmid == -77);
        return;
    }
    CHECK(line && file.shmid >= 0);
    CHECK((uint32_t)strtoull(line, &end, 10) == file.key && *end == ' ');
    CHECK(strtol(end, &end, 10) == file.shmid && (*end == ' ' || *end == '\n' || *end == '\0'));
    /* As CreateDataDirLockFile() and PGSharedMemoryCreate() write it. */
    strbuf_append(&written, text, (size_t)(line - text));
    strbuf_printf(&written, "%9lu %9lu ", (unsigned long)(long)(int32_t)file.key,
                  (unsigned long)file.shmid);
    CHECK(program_parse_postmaster(strbuf_string(&written), &again));
    CHECK(again.key == file.key && again.shmid == file.shmid);
    /* Anything but a blank after it is no id; and a line less is none at all. */
    strbuf_reset(&written);
    strbuf_append(&written, text, (size_t)(end - text));
    strbuf_putc(&written, 'x');
    CHECK(!program_parse_postmaster(strbuf_string(&written), &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP_FREE char *word = NULL;

    if (size == 0)
        return 0;
    word = fuzz_word(data + 1, size - 1);
    switch (data[0] & 3) {
    case 0:
        check_flags(word);
        break;
    case 1:
        check_change(word);
        break;
    case 2:
        check_mode(word);
        break;
    default:
        check_postmaster(word);
    }
    return 0;
}
