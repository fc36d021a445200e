#include "kernel/logind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "kernel/dropins.h"
#include "model/ipc_namespace.h"

enum { CONF_SIZE_MAX = 1024 * 1024 };

/* What was read of RemoveIPC so far. */
struct remove_ipc {
    const struct procfs *procfs;
    bool configured; /* there is a file of logind's, whatever it says */
    bool value;
    char *file; /* owned; that set it last; NULL: none */
};

/* --- Files ------------------------------------------------------------------------------------ */

/* Understands what systemd takes for a yes or a no. Returns false for anything else. */
static bool parse_boolean(const char *word, bool *ret_value)
{
    static const char *const words[] = {"0", "1", "no",    "yes",  "n",   "y",
                                        "f", "t", "false", "true", "off", "on"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(word, words[i]) == 0) {
            *ret_value = i % 2 == 1;
            return true;
        }
    }
    return false;
}

/* Cuts blanks off both ends of TEXT. */
static char *trim(char *text)
{
    size_t length;

    text += strspn(text, " \t\r");
    length = strlen(text);
    while (length > 0 && strchr(" \t\r", text[length - 1]))
        length--;
    text[length] = '\0';
    return text;
}

/*
 * Reads the lines of a file (systemd.syntax(7)): RemoveIPC in the section Login, the last one of
 * them. A value that is neither yes nor no is ignored, as logind does. Returns whether it is set.
 */
static bool find_remove_ipc(char *text, bool *ret_value)
{
    static const char name[] = "RemoveIPC";
    bool in_login = false;
    bool continued = false;
    bool found = false;
    char *rest = text;
    char *line;

    while ((line = strsep(&rest, "\n"))) {
        size_t length = strlen(line);
        bool skipped = continued;

        continued = length > 0 && line[length - 1] == '\\';
        line = trim(line);
        if (skipped || *line == '#' || *line == ';')
            continue;
        if (*line == '[')
            in_login = strcmp(line, "[Login]") == 0;
        if (!in_login || strncmp(line, name, strlen(name)) != 0)
            continue;
        line = trim(line + strlen(name));
        if (*line == '=' && parse_boolean(trim(line + 1), ret_value))
            found = true;
    }
    return found;
}

/* Reads one file, if there is one. Returns 1, 0 when there is none, or a negative errno. */
static int read_conf(struct remove_ipc *setting, const char *path, struct error *err)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    int r = procfs_read_file(setting->procfs, path, CONF_SIZE_MAX, &text, NULL);

    if (r < 0)
        return dropin_is_absent(r)
                   ? 0
                   : error_set_errno(err, -r, "%s%s", procfs_prefix(setting->procfs), path);
    setting->configured = true;
    if (text.length > 0 && find_remove_ipc(text.data, &setting->value)) {
        free(setting->file);
        if (asprintf(&setting->file, "/%s", path) < 0)
            xalloc_die();
    }
    return 1;
}

/* Reads the first logind.conf there is, then all of logind.conf.d, the last word of which counts.
 */
static int read_settings(struct remove_ipc *setting, struct error *err)
{
    static const char *const files[] = {"etc/systemd/logind.conf", "run/systemd/logind.conf",
                                        "usr/local/lib/systemd/logind.conf",
                                        "usr/lib/systemd/logind.conf"};
    static const char *const dirs[] = {"etc/systemd/logind.conf.d", "run/systemd/logind.conf.d",
                                       "usr/local/lib/systemd/logind.conf.d",
                                       "usr/lib/systemd/logind.conf.d", NULL};
    CLEANUP_DROPINS struct dropins dropins = {0};
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof(files) / sizeof(files[0]); i++)
        r = read_conf(setting, files[i], err);
    if (r >= 0)
        r = dropins_find(setting->procfs, dirs, NULL, &dropins, err);
    for (size_t i = 0; r >= 0 && i < dropins.count; i++) {
        CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;

        strbuf_printf(&path, "%s/%s", dropins.items[i].dir, dropins.items[i].name);
        r = read_conf(setting, strbuf_string(&path), err);
    }
    return r < 0 ? r : 0;
}

/* --- Whether there is a logind ---------------------------------------------------------------- */

/* Whether the caller's IPC namespace is the one that logind sees. */
static bool is_logind_namespace(const struct procfs *procfs)
{
    struct stat own;
    struct stat first;

    if (fstatat(procfs->root_fd, "proc/self/ns/ipc", &own, 0) < 0)
        return false;
    if (fstatat(procfs->root_fd, "proc/1/ns/ipc", &first, 0) == 0)
        return own.st_ino == first.st_ino;
    return own.st_ino == NAMESPACE_NUMBER_HOST;
}

bool logind_runs(const struct procfs *procfs)
{
    CLEANUP_CLOSE int seats = procfs_open_place(procfs, LOGIND_SEATS, 0); /* sd-login's own test */

    return seats >= 0 && (!procfs->live || is_logind_namespace(procfs));
}

int logind_removes_ipc(const struct procfs *procfs, char **ret_file, struct error *err)
{
    struct remove_ipc setting = {.procfs = procfs, .value = true};
    bool runs = logind_runs(procfs);
    int r;

    if (procfs->live && !runs)
        return 0;
    r = read_settings(&setting, err);
    if (r == 0 && setting.value && (runs || setting.configured)) {
        *ret_file = setting.file;
        return 1;
    }
    free(setting.file);
    return r;
}

bool logind_keeps_user(const struct procfs *procfs, const char *user)
{
    CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;
    CLEANUP_CLOSE int fd = -1;

    if (strchr(user, '/'))
        return false;
    strbuf_printf(&path, "var/lib/systemd/linger/%s", user);
    fd = procfs_open_file(procfs, strbuf_string(&path), NULL);
    return fd >= 0;
}
