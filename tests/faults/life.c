/*
 * What may come of commands that make segments or write files.
 *
 * An id that is printed is a whole segment, and one that is left without being printed is told of.
 * A segment that was removed is saved, line and bytes, if it was to be. A file that is replaced is
 * the old one or the new one, and nothing lies beside it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "../helpers/helper.h"
#include "faults.h"

/* --- Files ---------------------------------------------------------------------------------- */

const char *folder_path(struct folder *folder, const char *name)
{
    char *path = folder->paths[folder->next++ % FOLDER_PATHS];

    if (!folder->path[0]) {
        snprintf(folder->path, sizeof(folder->path), "%s/shmtool-faults.XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        if (!mkdtemp(folder->path))
            die(HELPER_FAILED, "%s: %s", folder->path, strerror(errno));
    }
    strcpy(path, folder->path);
    strcat(path, "/");
    return strcat(path, name);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status;
    (void)type;
    (void)at;
    return remove(path);
}

void folder_remove(struct folder *folder, const char *name)
{
    if (folder->path[0])
        nftw(*name ? folder_path(folder, name) : folder->path, remove_entry, 8,
             FTW_DEPTH | FTW_PHYS);
    if (!*name)
        folder->path[0] = '\0';
}

/* Returns the text of a file, with a NUL behind; NULL: there is none. The caller frees it. */
static char *read_text(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t capacity = 0;

    if (!file)
        return NULL;
    if (getdelim(&text, &capacity, '\0', file) < 0) {
        free(text);
        text = strdup("");
    }
    fclose(file);
    return text;
}

/* Whether the listing of a saved tree has a line of this id. */
static bool is_listed(const char *listing, const char *id)
{
    const char *line = listing;

    while (line && (line = strchr(line, '\n'))) {
        char word[16] = "";

        if (sscanf(++line, "%*s %15s", word) == 1 && strcmp(word, id) == 0)
            return strchr(line, '\n') != NULL;
    }
    return false;
}

static bool is_filled(const char *bytes, size_t size, char byte)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != byte)
            return false;
    }
    return true;
}

const char *judge_saved(struct run_files *files, unsigned removed)
{
    char *listing = read_text(folder_path(&files->folder, OUT_NAME "/proc/sysvipc/shm"));
    const char *wrong = NULL;

    for (int i = 0; i < SEGMENTS && !wrong; i++) {
        const char *id = files->scene->words[i];
        char name[64];
        char *bytes;

        if (!(removed & 1U << i))
            continue;
        snprintf(name, sizeof(name), OUT_NAME "/content/%s", id);
        bytes = read_text(folder_path(&files->folder, name));
        if (!is_listed(listing, id))
            wrong = "it removed a segment that has no line in what was saved";
        else if (!bytes || strlen(bytes) != SCENE_SIZE ||
                 !is_filled(bytes, SCENE_SIZE, scene_byte(i)))
            wrong = "it removed a segment whose bytes are not saved";
        free(bytes);
    }
    free(listing);
    return wrong;
}

const char *judge_captured(struct run_files *files)
{
    char *listing = read_text(folder_path(&files->folder, OUT_NAME "/proc/sysvipc/shm"));
    const char *wrong = NULL;

    for (int i = 0; i < SEGMENTS && !wrong; i++) {
        if (!is_listed(listing, files->scene->words[i]))
            wrong = "status 0, and a segment is not in what was captured";
    }
    free(listing);
    return wrong;
}

void textfile_begin(struct folder *folder)
{
    FILE *file;

    folder_remove(folder, OUT_NAME);
    mkdir(folder_path(folder, OUT_NAME), 0755);
    file = fopen(folder_path(folder, TEXTFILE_NAME), "we");
    if (!file || fputs("old\n", file) < 0 || fclose(file) != 0)
        die(HELPER_FAILED, "a file to be replaced: %s", strerror(errno));
}

const char *judge_textfile(struct run_files *files, const struct outcome *outcome)
{
    char *text = read_text(folder_path(&files->folder, TEXTFILE_NAME));
    size_t length = text ? strlen(text) : 0;
    bool is_new = length > 6 && strcmp(text + length - 6, "# EOF\n") == 0;
    const char *wrong = NULL;
    struct dirent **entries;
    int count = scandir(folder_path(&files->folder, OUT_NAME), &entries, NULL, NULL);

    if (!text || (!is_new && strcmp(text, "old\n") != 0))
        wrong = "the file is neither the old one nor the new one";
    else if (outcome->status == 0 && !is_new)
        wrong = "status 0, and the file is the old one";
    else if (count != 3)
        wrong = "something lies beside the file";
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    free(text);
    return wrong;
}

/* --- Segments that were made ---------------------------------------------------------------- */

enum { MADE_KEY = 0x7000, MADE_PERMS = 0640 };

void life_make(void)
{
    for (int i = 0; i < MADE; i++) {
        int shmid = shmget(MADE_KEY + i, MADE_SIZE, IPC_CREAT | IPC_EXCL | MADE_PERMS);
        void *bytes = shmid < 0 ? (void *)-1 : shmat(shmid, NULL, 0);

        if ((intptr_t)bytes == -1)
            die(HELPER_FAILED, "a segment to be saved: %s", strerror(errno));
        memset(bytes, 'A' + i, MADE_SIZE);
        shmdt(bytes);
    }
}

/* Whether it is segment NUMBER of those that life_make() makes, and has its bytes. */
static bool is_made(int shmid, int number, bool with_bytes)
{
    struct shmid_ds ds;
    bool same = shmctl(shmid, IPC_STAT, &ds) == 0 && ds.shm_perm.__key == MADE_KEY + number &&
                ds.shm_segsz == MADE_SIZE && (ds.shm_perm.mode & 0777) == MADE_PERMS &&
                ds.shm_perm.uid == geteuid() && ds.shm_nattch == 0;
    char *bytes = same && with_bytes ? shmat(shmid, NULL, SHM_RDONLY) : NULL;

    if (bytes) {
        same = is_filled(bytes, MADE_SIZE, (char)('A' + number));
        shmdt(bytes);
    }
    return same;
}

const char *judge_made(const struct fault *fault, const struct outcome *outcome, int count,
                       int left)
{
    int printed = 0;
    bool whole = true;
    char *at = outcome->out;
    char *end;

    for (long id = strtol(at, &end, 10); end > at && *end == '\n'; id = strtol(at, &end, 10)) {
        bool found = false;

        for (int i = 0; i < MADE && !found; i++)
            found = is_made((int)id, i, count == MADE);
        whole = whole && found;
        printed++;
        at = end + 1;
    }
    if (!whole)
        return "it printed an id that is not the segment";
    if (outcome->status == 0 && (printed != count || left != count))
        return "status 0, and not all is made";
    if (left < printed)
        return "it removed what was there before";
    /* Where nothing can be written there is no other way to say something. */
    if (left > printed && !outcome->err[0] && fault->call != SYS_write)
        return "a segment is left without a word";
    return NULL;
}
