#include "model/program.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/parse.h"

#define NAMES(word, in_sentences) .name = (word), .guessed = word "?", .title = (in_sentences)

/*
 * Each entry says how its facts are known: [measured] on a running program, [read] in its source or
 * its maker's documentation, [believed] otherwise. An entry of which only the names are believed
 * never gives more than a guess.
 */
const struct program programs[] = {
    {
        /* [measured] 15: 56 bytes, 0600, and all that shared_memory_type=sysv asks for; the file
         * and the key too. [read] a start removes what a server that died left. */
        NAMES("postgresql", "PostgreSQL"),
        .executables = {"postgres", "postmaster"},
        .proof = PROOF_POSTGRES,
    },
    {
        /* [measured] ntpsec: "NTP0" and up, 96 bytes; they stay after a clean stop. chronyd and
         * gpsd, which talk to it by them, create them, too. [read] 80 bytes with a 32-bit time. */
        NAMES("ntpd", "ntpd"),
        .executables = {"ntpd"},
        .keys = {{0x4e545030, 0x4e5450ff}},
        .sizes = {64, 128},
        .keeps = true,
    },
    {
        /* [measured] */
        NAMES("chrony", "chronyd"),
        .executables = {"chronyd"},
        .keeps = true,
    },
    {
        /* [measured] 3.22: "GPSD", 24512 bytes, which every version changes; stays on purpose. */
        NAMES("gpsd", "gpsd"),
        .executables = {"gpsd"},
        .keys = {{0x47505344, 0x47505344}},
        .sizes = {1024, UINT64_C(1024) * 1024},
        .keeps = true,
    },
    {
        /* [measured] Xvfb: a client creates its images, marks them, and the server attaches them;
         * Xvfb -shmem creates the screen. [believed] the other servers' names. */
        NAMES("xserver", "the X server"),
        .executables = {"Xvfb", "Xorg", "X", "Xwayland", "Xephyr", "Xnest", "Xtigervnc"},
        .clients = true,
    },
    {
        /* [measured] 4.3: key 0, not marked. */
        NAMES("pgpool", "pgpool"),
        .executables = {"pgpool"},
    },
    {
        /* [measured] 6.0, the proxy: key 0, marked. [believed] server and agent alike. */
        NAMES("zabbix", "Zabbix"),
        .executables = {"zabbix_proxy", "zabbix_server", "zabbix_agentd"},
    },
    {
        /* [measured] 5.7 with diskd. */
        NAMES("squid", "squid"),
        .executables = {"squid", "diskd"},
    },
    {
        /* [measured] */
        NAMES("stress-ng", "stress-ng"),
        .executables = {"stress-ng"},
    },
    {
        /* [measured] 5.3: DB_SYSTEM_MEM keeps an environment's regions between runs, 0660, with
         * keys from a base on; the program that uses the library can have any name, these are its
         * own, of which db_checkpoint -p stays. */
        NAMES("berkeleydb", "Berkeley DB"),
        .executables = {"db_stat", "db_recover", "db_checkpoint", "db_deadlock", "db_archive"},
        .cleaner = "db_recover -h HOME",
        .clients = true,
        .keeps = true,
    },
    {
        /* [measured] 5.15: QSharedMemory's key is ftok of an empty file of this name below the
         * folder for temporary files, with the letter Q. */
        NAMES("qt", "Qt's QSharedMemory"),
        .proof = PROOF_QT,
    },
    {
        /* [believed] */
        NAMES("oracle", "Oracle"),
        .executables = {"oracle"},
        .cleaner = "sysresv",
        .believed = true,
    },
    {
        /* [believed] */
        NAMES("openedge", "OpenEdge"),
        .executables = {"_mprosrv", "_progres", "_mprshut", "_sqlsrv2"},
        .cleaner = "proutil -C dbipcs",
        .believed = true,
    },
    {
        /* [believed] */
        NAMES("yottadb", "YottaDB or GT.M"),
        .executables = {"yottadb", "mumps", "mupip", "lke", "dse"},
        .cleaner = "mupip rundown",
        .believed = true,
    },
    {
        /* [believed] its servers have names of their own. */
        NAMES("tuxedo", "Tuxedo"),
        .executables = {"BBL", "DBBL", "BRIDGE", "WSL", "tmboot"},
        .cleaner = "tmipcrm",
        .believed = true,
        .clients = true,
    },
    {
        /* [believed] */
        NAMES("sap", "SAP"),
        .executables = {"disp+work", "gwrd", "icman", "msg_server", "sapstartsrv"},
        .cleaner = "cleanipc NUMBER remove",
        .believed = true,
    },
    {
        /* [believed] */
        NAMES("db2", "Db2"),
        .executables = {"db2sysc", "db2fmp", "db2wdog", "db2vend"},
        .cleaner = "ipclean",
        .believed = true,
    },
    {
        /* [read] the first key is 0x52564801 + SERVERNUM * 65536. [believed] the names. */
        NAMES("informix", "Informix"),
        .executables = {"oninit"},
        .keys = {{0x52564801, 0x525648ff},
                 {0x52574801, 0x525748ff},
                 {0x52584801, 0x525848ff},
                 {0x52594801, 0x525948ff}},
        .cleaner = "onclean",
        .believed = true,
    },
    {
        /* [believed] */
        NAMES("apache", "Apache"),
        .executables = {"apache2", "httpd"},
        .believed = true,
    },
    {
        /* [measured] 8.2: shmop and shm_attach. [believed] the names but that of php itself. */
        NAMES("php", "PHP"),
        .executables = {"php", "php-fpm", "php-cgi"},
    },
    {
        /* [measured] shmget of perl itself. [read] IPC::Shareable, which rests on it. */
        NAMES("perl", "a Perl script"),
        .executables = {"perl"},
    },
    {
        /* [measured] 4.04: key 0, the program under test attaches it, too. */
        NAMES("afl++", "AFL++"),
        .executables = {"afl-fuzz", "afl-showmap", "afl-tmin", "afl-analyze"},
        .clients = true,
    },
    {
        /* [believed] the ranks, which attach it, have names of their own. */
        NAMES("openmpi", "Open MPI"),
        .executables = {"mpirun", "mpiexec", "orterun", "orted", "prterun", "prted"},
        .believed = true,
        .clients = true,
    },
    {.name = NULL},
};

const char *program_evidence_name(enum program_evidence evidence)
{
    static const char *const names[] = {
        [PROGRAM_UNKNOWN] = NULL,   [PROGRAM_BY_ATTACHED] = "attached",
        [PROGRAM_BY_FILE] = "file", [PROGRAM_BY_CREATOR] = "creator",
        [PROGRAM_BY_KEY] = "key",   [PROGRAM_BY_LABEL] = "label",
    };

    return names[evidence];
}

const struct program *program_find(const char *name)
{
    const struct program *program = programs;

    while (program->name && strcasecmp(program->name, name) != 0 &&
           strcasecmp(program->guessed, name) != 0 && strcasecmp(program->title, name) != 0)
        program++;
    return program->name ? program : NULL;
}

/* Whether NAME is WANTED, with a version somewhere in it or without one. */
static bool is_some_version_of(const char *wanted, const char *name)
{
    for (; *name; name++) {
        if (*name == *wanted)
            wanted++;
        else if (!strchr("0123456789.", *name))
            return false;
    }
    return *wanted == '\0';
}

const struct program *program_find_executable(const char *name)
{
    for (const struct program *program = programs; program->name; program++) {
        for (size_t i = 0; i < PROGRAM_EXECUTABLES_MAX && program->executables[i]; i++) {
            if (is_some_version_of(program->executables[i], name))
                return program;
        }
    }
    return NULL;
}

const struct program *program_find_key(uint32_t key, uint64_t size)
{
    for (const struct program *program = programs; program->name; program++) {
        bool fits =
            program->sizes.high == 0 || (size >= program->sizes.low && size <= program->sizes.high);

        for (size_t i = 0; fits && i < PROGRAM_KEYS_MAX && program->keys[i].low != 0; i++) {
            if (key >= program->keys[i].low && key <= program->keys[i].high)
                return program;
        }
    }
    return NULL;
}

const struct program *program_find_proof(enum program_proof proof)
{
    const struct program *program = programs;

    while (program->name && program->proof != proof)
        program++;
    return program;
}

bool program_parse_postmaster(const char *text, struct postmaster_file *ret_file)
{
    enum { LINE_OF_SEGMENT = 7 };
    uint64_t key;
    uint64_t shmid;
    size_t length;

    for (int line = 1; line < LINE_OF_SEGMENT; line++) {
        text = strchr(text, '\n');
        if (!text)
            return false;
        text++;
    }
    text += strspn(text, " ");
    length = parse_digits(text, strcspn(text, " \n"), &key);
    if (length == 0 || text[length] != ' ' || (key > UINT32_MAX && key < (uint64_t)INT32_MIN))
        return false;
    text += length;
    text += strspn(text, " ");
    length = parse_digits(text, strcspn(text, " \n"), &shmid);
    if (length == 0 || (text[length] && !strchr(" \n", text[length])) || shmid > INT32_MAX)
        return false;
    *ret_file = (struct postmaster_file){(uint32_t)key, (int)shmid};
    return true;
}

bool program_key_letters(uint32_t key, char ret_letters[5])
{
    for (int i = 0; i < 4; i++) {
        ret_letters[i] = (char)(key >> (24 - 8 * i) & 0xff);
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                    ret_letters[i]) ||
            ret_letters[i] == '\0')
            return false;
    }
    ret_letters[4] = '\0';
    return true;
}
