#include "kernel/program_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "model/program.h"

enum {
    PLACES_MAX = 1024,       /* usual places that are inspected */
    QT_FILES_MAX = 4096,     /* files of Qt */
    ENTRIES_MAX = 100000,    /* entries of /tmp that are looked through for them */
    PID_FILE_SIZE_MAX = 4096 /* postmaster.pid has eight short lines */
};

/* A directory that may be PostgreSQL's. */
struct place {
    char *path;   /* owned; as it is shown */
    uint64_t ino; /* of the live system alone, and the owner */
    uid_t uid;
    int code; /* negative errno of reading postmaster.pid; 0: its line was understood */
    struct postmaster_file file;
};

struct program_files {
    const struct procfs *procfs;
    struct place *places; /* owned; those that were found to be some segment's come later */
    size_t place_count;
    size_t place_capacity;
    bool has_places; /* the usual ones were read */
    struct qt_file *qt;
    size_t qt_count;
    size_t qt_capacity;
    bool has_qt;
};

struct program_files *program_files_new(const struct procfs *procfs)
{
    struct program_files *files = xcalloc(1, sizeof(*files));

    files->procfs = procfs;
    return files;
}

void program_files_free(struct program_files *files)
{
    if (!files)
        return;
    for (size_t i = 0; i < files->place_count; i++)
        free(files->places[i].path);
    for (size_t i = 0; i < files->qt_count; i++)
        free(files->qt[i].path);
    free(files->places);
    free(files->qt);
    free(files);
}

/* --- PostgreSQL ------------------------------------------------------------------------------- */

static bool identify_place(int dir, struct place *place)
{
    struct stat status;

    if (procfs_identify(dir, "", &status) < 0)
        return false;
    place->ino = status.st_ino;
    place->uid = status.st_uid;
    return true;
}

static void read_postmaster_file(const struct procfs *procfs, int dir, struct place *place)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    place->code = procfs_read_at(dir, "postmaster.pid", procfs->live ? &place->uid : NULL,
                                 PID_FILE_SIZE_MAX, &text);
    if (place->code == 0 && !program_parse_postmaster(strbuf_string(&text), &place->file))
        place->code = -EBADMSG;
}

/* Whether the directory can be that of the segment, before anything in it is read. */
static bool may_be_place(const struct program_files *files, const struct place *place,
                         const struct claimed_segment *segment)
{
    return !files->procfs->live ||
           ((uint32_t)place->ino == segment->key && place->uid == segment->creator);
}

/* The same after that. That nobody may read the file leaves it possible. */
static bool is_place(const struct program_files *files, const struct place *place,
                     const struct claimed_segment *segment)
{
    if (!may_be_place(files, place, segment))
        return false;
    if (place->code == -EACCES && files->procfs->live)
        return true;
    return place->code == 0 && place->file.key == segment->key &&
           place->file.shmid == segment->shmid;
}

static struct place *add_place(struct program_files *files, const struct place *place)
{
    files->places =
        xgrow(files->places, files->place_count, &files->place_capacity, sizeof(*place));
    files->places[files->place_count] = *place;
    return &files->places[files->place_count++];
}

/* Looks at the working directory of a process. Returns NULL when it is not the segment's. */
static const struct place *find_working_directory(struct program_files *files,
                                                  const struct claimed_segment *segment, pid_t pid)
{
    enum { PATH_LENGTH_MAX = 4096 };
    char target[PATH_LENGTH_MAX];
    struct place place = {.path = NULL};
    char path[64];
    ssize_t length;
    CLEANUP_CLOSE int dir = -1;

    snprintf(path, sizeof(path), "proc/%d/cwd", (int)pid);
    dir = procfs_open_place(files->procfs, path, 0);
    if (dir < 0 || !identify_place(dir, &place) || !may_be_place(files, &place, segment))
        return NULL;
    read_postmaster_file(files->procfs, dir, &place);
    if (!is_place(files, &place, segment))
        return NULL;
    length = readlinkat(files->procfs->root_fd, path, target, sizeof(target) - 1);
    target[length > 0 ? length : 0] = '\0';
    place.path = xstrdup(length > 0 ? target : path);
    return add_place(files, &place);
}

static void inspect_usual_place(struct program_files *files, const char *path)
{
    CLEANUP_STRBUF struct strbuf shown = STRBUF_INIT;
    CLEANUP_CLOSE int dir = procfs_open_place(files->procfs, path, O_NOFOLLOW);
    struct place place = {.path = NULL};

    if (dir < 0 || !identify_place(dir, &place))
        return;
    read_postmaster_file(files->procfs, dir, &place);
    if (place.code < 0 && place.code != -EACCES)
        return;
    strbuf_printf(&shown, "/%s", path);
    place.path = xstrdup(strbuf_string(&shown));
    add_place(files, &place);
}

/* Goes through the directories of FOLDER, DEPTH levels down, and inspects those of the last. */
static void inspect_below(struct program_files *files, const char *folder, int depth,
                          size_t *inspected)
{
    CLEANUP_CLOSEDIR DIR *dir = procfs_open_dir(files->procfs, folder, NULL);
    const struct dirent *entry;

    while (dir && *inspected < PLACES_MAX && (entry = procfs_next_entry(dir))) {
        CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;

        if (entry->d_name[0] == '.' || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
            continue;
        strbuf_printf(&path, "%s/%s", folder, entry->d_name);
        if (depth > 1) {
            inspect_below(files, strbuf_string(&path), depth - 1, inspected);
        } else {
            ++*inspected;
            inspect_usual_place(files, strbuf_string(&path));
        }
    }
}

/* Where Debian (VERSION/NAME) and Red Hat (data, VERSION/data) put a cluster. */
static void read_usual_places(struct program_files *files)
{
    size_t inspected = 0;

    files->has_places = true;
    inspect_below(files, "var/lib/postgresql", 2, &inspected);
    inspect_usual_place(files, "var/lib/postgresql/data");
    inspect_usual_place(files, "var/lib/pgsql/data");
    inspect_below(files, "var/lib/pgsql", 2, &inspected);
}

bool program_files_find_data(struct program_files *files, const struct claimed_segment *segment,
                             const pid_t *pids, size_t count, struct data_directory *ret_directory)
{
    const struct place *place = NULL;

    for (size_t i = 0; !place && i < count; i++)
        place = find_working_directory(files, segment, pids[i]);
    if (!place && !files->has_places)
        read_usual_places(files);
    for (size_t i = 0; !place && i < files->place_count; i++) {
        if (is_place(files, &files->places[i], segment))
            place = &files->places[i];
    }
    if (!place)
        return false;
    *ret_directory = (struct data_directory){place->path, place->code == 0};
    return true;
}

/* --- Qt --------------------------------------------------------------------------------------- */

static void add_qt_file(struct program_files *files, int dir, const char *name)
{
    CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;
    struct stat status;

    if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode))
        return;
    strbuf_printf(&path, "/tmp/%s", name);
    files->qt = xgrow(files->qt, files->qt_count, &files->qt_capacity, sizeof(struct qt_file));
    files->qt[files->qt_count++] = (struct qt_file){
        .path = xstrdup(strbuf_string(&path)),
        .identity = {.dev = status.st_dev, .ino = status.st_ino},
        .uid = status.st_uid,
    };
}

const struct qt_file *program_files_qt(struct program_files *files, size_t *ret_count)
{
    static const char prefix[] = "qipc_sharedmemory_";
    bool wanted = files->procfs->live && !files->has_qt;
    CLEANUP_CLOSEDIR DIR *dir = wanted ? procfs_open_dir(files->procfs, "tmp", NULL) : NULL;
    const struct dirent *entry;

    files->has_qt = true;
    for (int i = 0; dir && i < ENTRIES_MAX && files->qt_count < QT_FILES_MAX &&
                    (entry = procfs_next_entry(dir));
         i++) {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
            add_qt_file(files, dirfd(dir), entry->d_name);
    }
    *ret_count = files->qt_count;
    return files->qt;
}
