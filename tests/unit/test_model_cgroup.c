/* model/cgroup: what the text of /proc/PID/cgroup says of a process. */
#include "model/cgroup.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "unit.h"

/* A container's id, made of a digit that tells it from others. */
#define ID(digit) "4f3a12bc9d0" digit "77b0c1d2e3f405162738495a6b7c8d9e0f1a2b3c4d5e6f708192"
#define SHOWN(digit) "4f3a12bc9d0" digit
#define UID "03f3f104-3215-44f2-9686-d4dd1f05a7ed"
#define UID_ "03f3f104_3215_44f2_9686_d4dd1f05a7ed"
#define STATIC_UID "187bff14cccb94f179e943eacce55bb3"
#define MANAGER "/user.slice/user-1000.slice/user@1000.service"

/*
 * Texts as these systems make them, from their documentation and from reports of users: each line,
 * but for its ids, was seen there. An empty kind: no unit at all.
 */
static const struct {
    const char *text;
    const char *kind;
    const char *unit;
    const char *container;
} cases[] = {
    /* Docker: systemd and cgroupfs as drivers, v1, v2; inside of itself; systemd in a container */
    {"0::/system.slice/docker-" ID("1") ".scope\n", "docker", "docker:" SHOWN("1"), ID("1")},
    {"0::/docker/" ID("1") "\n", "docker", "docker:" SHOWN("1"), ID("1")},
    {"0::/docker/" ID("1") "/docker/" ID("2") "\n", "docker", "docker:" SHOWN("2"), ID("2")},
    {"0::/docker/" ID("1") "/init.scope\n", "docker", "docker:" SHOWN("1"), ID("1")},
    {"0::/system.slice/docker-" ID("1") ".scope/system.slice/nginx.service\n", "docker",
     "docker:" SHOWN("1"), ID("1")},
    {"12:memory:/system.slice:docker:" ID("1") "\n", "docker", "docker:" SHOWN("1"), ID("1")},
    {"11:hugetlb:/docker/" ID("1") "\n2:cpu,cpuacct:/docker/" ID(
         "1") "\n1:name=systemd:/docker/" ID("1") "\n0::/system.slice/containerd.service\n",
     "docker", "docker:" SHOWN("1"), ID("1")},
    {"0::" MANAGER "/user.slice/docker-" ID("1") ".scope\n", "docker", "docker:" SHOWN("1"),
     ID("1")},
    {"0::/system.slice/docker.service\n", "service", "docker.service", NULL},
    {"9:memory:/actions_job/" ID("1") "\n", "container", "container:" SHOWN("1"), ID("1")},
    {"4:memory:/ecs/0410eff2-7e59-4111-823e-1e0d98ef7f30/" ID("1") "\n", "container",
     "container:" SHOWN("1"), ID("1")},
    {"2:cpu:/" ID("1") "\n", "container", "container:" SHOWN("1"), ID("1")},

    /* Podman: root and rootless, with crun's inner cgroup, in a pod of its own, its monitor */
    {"0::/machine.slice/libpod-" ID("3") ".scope\n", "podman", "podman:" SHOWN("3"), ID("3")},
    {"0::/machine.slice/libpod-" ID("3") ".scope/container\n", "podman", "podman:" SHOWN("3"),
     ID("3")},
    {"0::" MANAGER "/user.slice/libpod-" ID("3") ".scope/container\n", "podman",
     "podman:" SHOWN("3"), ID("3")},
    {"0::" MANAGER "/user.slice/user-libpod_pod_" ID("4") ".slice/libpod-" ID("3") ".scope\n",
     "podman", "podman:" SHOWN("3"), ID("3")},
    {"8:pids:/libpod_parent/libpod-" ID("3") "\n", "podman", "podman:" SHOWN("3"), ID("3")},
    {"8:pids:/libpod_parent/" ID("4") "/libpod-" ID("3") "\n", "podman", "podman:" SHOWN("3"),
     ID("3")},
    {"0::/machine.slice/libpod-conmon-" ID("3") ".scope\n", "cgroup",
     "libpod-conmon-" ID("3") ".scope", NULL},
    {"0::/system.slice/web.service/libpod-payload-" ID("3") "\n", "service", "web.service", NULL},
    {"0::/default/nerdctl-" ID("3") ".scope\n", "nerdctl", "nerdctl:" SHOWN("3"), ID("3")},

    /* Kubernetes: containerd, CRI-O, Docker; systemd and cgroupfs; a static pod; a pod alone */
    {"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
     ".slice/cri-containerd-" ID("5") ".scope\n",
     "pod", "pod:" UID, ID("5")},
    {"0::/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID("5") ".scope/container\n", "pod",
     "pod:" UID, ID("5")},
    {"13:freezer:/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_
     ".slice/docker-" ID("5") ".scope\n12:rdma:/\n",
     "pod", "pod:" UID, ID("5")},
    {"11:pids:/kubepods/burstable/pod" UID "/" ID("5") "\n", "pod", "pod:" UID, ID("5")},
    {"11:pids:/kubepods/pod" UID "/" ID("5") "\n", "pod", "pod:" UID, ID("5")},
    {"11:pids:/kubepods/besteffort/pod" UID "/crio-" ID("5") "\n", "pod", "pod:" UID, ID("5")},
    {"10:blkio:/system.slice/containerd.service/kubepods-besteffort-pod" UID_
     ".slice:cri-containerd:" ID("5") "\n",
     "pod", "pod:" UID, ID("5")},
    {"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" STATIC_UID
     ".slice/cri-containerd-" ID("5") ".scope\n",
     "pod", "pod:" STATIC_UID, ID("5")},
    {"0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
     "kubelet-kubepods-besteffort-pod" UID_ ".slice/cri-containerd-" ID("5") ".scope\n",
     "pod", "pod:" UID, ID("5")},
    {"0::/docker/" ID("1") "/kubelet/kubepods/burstable/pod" UID "/" ID("5") "\n", "pod",
     "pod:" UID, ID("5")},
    {"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice\n", "pod",
     "pod:" UID, NULL},
    {"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
     ".slice/crio-conmon-" ID("5") ".scope\n",
     "pod", "pod:" UID, NULL},
    {"0::/system.slice/kubelet.service\n", "service", "kubelet.service", NULL},

    /* LXC, LXD, Proxmox VE; v1 with systemd's hierarchy elsewhere */
    {"0::/lxc.payload.web\n", "lxc", "lxc:web", "web"},
    {"0::/lxc.payload.web/system.slice/ssh.service\n", "lxc", "lxc:web", "web"},
    {"4:memory:/lxc.payload/web/init.scope\n", "lxc", "lxc:web", "web"},
    {"0::/lxc/101/ns/init.scope\n", "lxc", "lxc:101", "101"},
    {"10:devices:/lxc/u1\n1:name=systemd:/user.slice/user-0.slice/session-1.scope\n", "lxc",
     "lxc:u1", "u1"},
    {"0::/lxc.monitor.web\n", "cgroup", "lxc.monitor.web", NULL},

    /* Machines of systemd: nspawn, libvirt */
    {"0::/machine.slice/machine-my\\x2dbox.scope/payload/system.slice/cron.service\n", "machine",
     "machine:my-box", "my-box"},
    {"0::/machine.slice/systemd-nspawn@debian.service/payload\n", "machine", "machine:debian",
     "debian"},
    {"0::/machine.slice/machine-qemu\\x2d1\\x2dvm7.scope/libvirt/emulator\n", "machine",
     "machine:qemu-1-vm7", "qemu-1-vm7"},

    /* Slurm: v2, several daemons on a node, v1, where systemd's hierarchy shows the daemon */
    {"0::/system.slice/slurmstepd.scope/job_4711/step_0/user/task_0\n", "slurm", "job_4711", NULL},
    {"0::/system.slice/node7_slurmstepd.scope/job_4711/step_extern/user\n", "slurm", "job_4711",
     NULL},
    {"7:cpuset:/slurm/uid_1000/job_4711/step_batch/task_0\n1:name=systemd:/system.slice/"
     "slurmd.service\n",
     "slurm", "job_4711", NULL},
    {"5:memory:/slurm_node7/uid_1000/job_4711/step_0\n", "slurm", "job_4711", NULL},
    {"0::/system.slice/slurmstepd.scope/job_4711/step_0/user/libpod-" ID("3") ".scope\n", "podman",
     "podman:" SHOWN("3"), ID("3")},
    {"0::/system.slice/slurmstepd.scope/system\n", "cgroup", "system", NULL},

    /* systemd: services, templates, delegated ones, sessions, what a user's manager runs */
    {"0::/system.slice/postgresql.service\n", "service", "postgresql.service", NULL},
    {"0::/system.slice/system-postgresql.slice/postgresql@15-main.service\n", "service",
     "postgresql@15-main.service", NULL},
    {"0::/system.slice/system-dbus\\x2d:1.2\\x2dorg.example.slice/"
     "dbus-:1.2-org.example@0.service\n",
     "service", "dbus-:1.2-org.example@0.service", NULL},
    {"0::/system.slice/systemd-udevd.service/udev\n", "service", "systemd-udevd.service", NULL},
    {"0::/system.slice/db.service (deleted)\n", "service", "db.service", NULL},
    {"0::/user.slice/user-1000.slice/session-3.scope\n", "session", "session-3.scope", NULL},
    {"0::/user.slice/user-0.slice/session-c1.scope\n", "session", "session-c1.scope", NULL},
    {"0::" MANAGER "/app.slice/postgresql.service\n", "service", "user@1000:postgresql.service",
     NULL},
    {"0::" MANAGER "/app.slice/app-org.gnome.Terminal.slice/vte-spawn-" UID ".scope\n", "service",
     "user@1000.service", NULL},
    {"0::" MANAGER "/init.scope\n", "service", "user@1000.service", NULL},
    {"0::/init.scope\n", "cgroup", "init.scope", NULL},
    {"0::/system.slice/run-r5b0a.scope\n", "cgroup", "run-r5b0a.scope", NULL},
    {"11:cpuacct,cpu:/system.slice\n10:perf_event:/\n1:name=systemd:/system.slice/sshd.service\n",
     "service", "sshd.service", NULL},
    {"2:freezer:/\n1:name=systemd:/user.slice/user-1000.slice/session-2.scope\n0::/user.slice/"
     "user-1000.slice/session-2.scope\n",
     "session", "session-2.scope", NULL},

    /* Others: no patterns, the root, the reader's cgroup namespace and what is outside of it */
    {"9:name=systemd:/\n4:memory:/batch/worker7\n0::/\n", "cgroup", "worker7", NULL},
    {"0::/\n", "", NULL, NULL},
    {"0::/../../system.slice/cron.service\n", "service", "cron.service", NULL},
    {"0::/../..\n", "", NULL, NULL},
    {"0::/../" ID("1") "\n", "container", "container:" SHOWN("1"), ID("1")},

    /* Only 64 digits are an id, and only a pod's uid makes a pod. */
    {"0::/docker/4f3a12bc9d01\n", "cgroup", "4f3a12bc9d01", NULL},
    {"0::/docker/" ID("1") "a\n", "cgroup", ID("1") "a", NULL},
    {"0::/system.slice/docker-4F3A.scope\n", "cgroup", "docker-4F3A.scope", NULL},
    {"0::/other/pod" UID "/x\n", "cgroup", "x", NULL},
    {"0::/kubepods/podweb/x\n", "cgroup", "x", NULL},
    {"0::/lxc/\n", "cgroup", "lxc", NULL},
    {"0::/.service\n", "cgroup", ".service", NULL},
    {"0::/user-1.slice/session-.scope\n", "cgroup", "session-.scope", NULL},
    {"0::/job_7\n", "cgroup", "job_7", NULL},
    {"0::/slurmstepd.scope/job_x\n", "cgroup", "job_x", NULL},
};

static void each_text_gives_its_unit(void **state)
{
    (void)state;
    assert_true(COUNT_OF(cases) >= 40);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP_CGROUP_UNIT struct cgroup_unit unit = {.kind = ""};

        if (cgroup_parse(cases[i].text, strlen(cases[i].text), &unit) != (cases[i].unit != NULL))
            fail_msg("%s: %s", cases[i].text, unit.unit ? unit.unit : "none");
        if (strcmp(unit.kind, cases[i].kind) != 0)
            fail_msg("%s: kind %s", cases[i].text, unit.kind);
        if (cases[i].unit && strcmp(unit.unit, cases[i].unit) != 0)
            fail_msg("%s: unit %s", cases[i].text, unit.unit);
        if (!unit.container != !cases[i].container ||
            (unit.container && strcmp(unit.container, cases[i].container) != 0))
            fail_msg("%s: container %s", cases[i].text, unit.container ? unit.container : "none");
    }
}

/* Parses TEXT, of which LENGTH bytes count. */
static bool parses(const char *text, size_t length)
{
    struct cgroup_unit unit;

    if (!cgroup_parse(text, length, &unit))
        return false;
    assert_non_null(unit.kind);
    assert_true(strlen(unit.unit) > 0 && strlen(unit.part) > 0);
    assert_null(strchr(unit.unit, '\n'));
    cgroup_unit_release(&unit);
    assert_null(unit.unit);
    return true;
}

static void what_is_no_line_gives_nothing(void **state)
{
    static const char *const texts[] = {
        "",        "\n",       "\n\n\n", ":",          "::",  "0:",     "0::",
        "0::\n",   "0::x\n",   "/",      "0:/",        "x",   "0::/\n", "0:://\n",
        "0::/.\n", "0::/..\n", "\\x",    "0::/./../.", "a:b", "1:x:",   "1:x:y.service"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (parses(texts[i], strlen(texts[i])))
            fail_msg("'%s' gave a unit", texts[i]);
    }
    assert_false(parses("0::/a\0b.service\n", 15));
    assert_true(parses("0::/a.service", 13));
}

/* The unit of TEXT as it is, which the caller frees. */
static char *unit_of(const char *text)
{
    struct cgroup_unit unit;
    char *shown;

    assert_true(cgroup_parse(text, strlen(text), &unit));
    shown = unit.unit;
    unit.unit = NULL;
    cgroup_unit_release(&unit);
    return shown;
}

static void hostile_names_stay_as_they_are(void **state)
{
    static const char *const names[] = {
        "\x1b[31m.service", "\xff\xfe\x80.service", " .service", "a\\x0ab.service", "..service",
        "-.service",        "a:b.service"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct strbuf text = STRBUF_INIT;
        char *shown;

        strbuf_printf(&text, "0::/system.slice/%s\n", names[i]);
        shown = unit_of(text.data);
        assert_string_equal(shown, names[i]);
        free(shown);
        strbuf_release(&text);
    }
}

/* In machines' names alone; neither NUL nor newline comes out of it. */
static void escapes_of_machines_are_undone(void **state)
{
    static const char *const names[][2] = {
        {"a\\x2db", "a-b"},     {"\\x41", "A"},        {"a\\x", "a\\x"},
        {"a\\x2", "a\\x2"},     {"a\\xzz", "a\\xzz"},  {"a\\x00b", "a\\x00b"},
        {"a\\x0ab", "a\\x0ab"}, {"\\x5cx41", "\\x41"}, {"\\xC3\\xBC", "\xc3\xbc"}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct strbuf text = STRBUF_INIT;
        char *shown;

        strbuf_printf(&text, "0::/machine.slice/machine-%s.scope\n", names[i][0]);
        shown = unit_of(text.data);
        assert_string_equal(shown + strlen("machine:"), names[i][1]);
        free(shown);
        strbuf_release(&text);
    }
}

/* A parser that is worse than linear takes minutes for these. */
static void long_texts_take_no_long_time(void **state)
{
    static const char *const pieces[] = {
        "/a",       "/..",   "/pod" UID, "/kubepods/pod" UID, "kubepods",        "/kubepods-pod",
        "/docker",  "-pod",  "/",        "/" ID("1"),         "\n0::/a.service", ":",
        "/libpod-", "/lxc/", "x",        "/user@1.service",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        struct strbuf text = STRBUF_INIT;

        strbuf_puts(&text, "0::");
        while (text.length < 1000000)
            strbuf_puts(&text, pieces[i]);
        parses(text.data, text.length);
        strbuf_release(&text);
    }
}

/* No cgroup has such a name (NAME_MAX), so it is nobody's. */
static void a_part_of_4_kib_is_no_name(void **state)
{
    struct strbuf text = STRBUF_INIT;

    (void)state;
    strbuf_puts(&text, "0::/");
    for (int i = 0; i < 4096; i++)
        strbuf_putc(&text, 'x');
    assert_false(parses(text.data, text.length));
    strbuf_puts(&text, "/a.service\n");
    assert_true(parses(text.data, text.length));
    strbuf_release(&text);
}

/* --- Names ------------------------------------------------------------------------------------ */

static struct cgroup_unit parsed(const char *text)
{
    struct cgroup_unit unit;

    assert_true(cgroup_parse(text, strlen(text), &unit));
    return unit;
}

static void words_name_a_container(void **state)
{
    static const char *const good[] = {"docker:" SHOWN("1"),
                                       SHOWN("1"),
                                       "4f3a12bc",
                                       "4f3a12bc9d",
                                       ID("1"),
                                       "docker:" ID("1"),
                                       "docker:4f3a12bc",
                                       "docker-" ID("1") ".scope"};
    static const char *const bad[] = {"",
                                      "4f3a12b",
                                      "4F3A12BC",
                                      "4f3a12bd",
                                      "docker",
                                      "docker:",
                                      "podman:" SHOWN("1"),
                                      ID("1") "a",
                                      "4f3a12bc9d01.scope",
                                      "docker-",
                                      "system.slice"};
    CLEANUP_CGROUP_UNIT struct cgroup_unit unit =
        parsed("0::/system.slice/docker-" ID("1") ".scope\n");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        if (!cgroup_unit_matches(&unit, true, good[i]))
            fail_msg("'%s' does not name it", good[i]);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (cgroup_unit_matches(&unit, true, bad[i]))
            fail_msg("'%s' names it", bad[i]);
    }
    cgroup_unit_set_name(&unit, "web");
    assert_string_equal(unit.unit, "docker:web");
    assert_true(cgroup_unit_matches(&unit, true, "web"));
    assert_true(cgroup_unit_matches(&unit, true, "docker:web"));
    assert_true(cgroup_unit_matches(&unit, true, "docker:" SHOWN("1")));
    assert_false(cgroup_unit_matches(&unit, true, "we"));
    assert_false(cgroup_unit_matches(&unit, true, "podman:web"));
}

static void words_name_what_a_table_escapes(void **state)
{
    CLEANUP_CGROUP_UNIT struct cgroup_unit machine =
        parsed("0::/machine.slice/machine-my\\x20box.scope\n");
    CLEANUP_CGROUP_UNIT struct cgroup_unit service =
        parsed("0::/system.slice/app-a\\x2db.service\n");
    CLEANUP_CGROUP_UNIT struct cgroup_unit other = parsed("0::/system.slice/app-a-b.service\n");

    (void)state;
    assert_string_equal(machine.unit, "machine:my box");
    assert_true(cgroup_unit_matches(&machine, true, "my\\x20box"));
    assert_true(cgroup_unit_matches(&machine, true, "machine:my\\x20box"));
    assert_false(cgroup_unit_matches(&machine, true, "my\\x2dbox"));
    /* What systemd escapes in a name is part of it. */
    assert_string_equal(service.unit, "app-a\\x2db.service");
    assert_true(cgroup_unit_matches(&service, true, "app-a\\x2db.service"));
    assert_true(cgroup_unit_matches(&service, true, "app-a\\x5cx2db.service"));
    assert_false(cgroup_unit_matches(&other, true, "app-a\\x2db.service"));
    assert_false(cgroup_unit_matches(&other, true, "app-a\\x5cx2db.service"));
}

static void words_name_a_pod_and_its_container(void **state)
{
    CLEANUP_CGROUP_UNIT struct cgroup_unit unit =
        parsed("0::/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID("5") ".scope\n");

    (void)state;
    assert_true(cgroup_unit_matches(&unit, true, UID));
    assert_true(cgroup_unit_matches(&unit, true, "pod:" UID));
    assert_false(cgroup_unit_matches(&unit, true, "03f3f104"));
    assert_true(cgroup_unit_matches(&unit, true, ID("5")));
    assert_false(cgroup_unit_matches(&unit, false, ID("5")));
    cgroup_unit_set_name(&unit, "web-0_prod_app");
    assert_string_equal(unit.unit, "pod:web-0_prod");
    for (int by_container = 0; by_container < 2; by_container++) {
        assert_true(cgroup_unit_matches(&unit, by_container, "web-0_prod"));
        assert_true(cgroup_unit_matches(&unit, by_container, "pod:web-0_prod"));
        assert_true(cgroup_unit_matches(&unit, by_container, UID));
        assert_int_equal(cgroup_unit_matches(&unit, by_container, "web-0_prod_app"), by_container);
        assert_false(cgroup_unit_matches(&unit, by_container, "web-0"));
    }
}

/* A user may call a service as one of the system's is called. */
static void a_users_own_service_is_not_the_systems(void **state)
{
    CLEANUP_CGROUP_UNIT struct cgroup_unit own =
        parsed("0::" MANAGER "/app.slice/postgresql.service\n");
    CLEANUP_CGROUP_UNIT struct cgroup_unit system = parsed("0::/system.slice/postgresql.service\n");

    (void)state;
    assert_true(own.by_user);
    assert_false(system.by_user);
    assert_false(cgroup_unit_matches(&own, true, "postgresql.service"));
    assert_true(cgroup_unit_matches(&own, true, "user@1000:postgresql.service"));
    assert_true(cgroup_unit_matches(&system, true, "postgresql.service"));
    assert_false(cgroup_unit_matches(&system, true, "postgresql"));
    assert_false(cgroup_unit_same(&own, &system));
    assert_true(cgroup_unit_same(&own, &own));
}

static void containers_of_a_pod_are_one_unit(void **state)
{
    CLEANUP_CGROUP_UNIT struct cgroup_unit one = parsed("0::/kubepods/pod" UID "/" ID("1"));
    CLEANUP_CGROUP_UNIT struct cgroup_unit two = parsed("0::/kubepods/pod" UID "/" ID("2"));
    CLEANUP_CGROUP_UNIT struct cgroup_unit none = parsed("0::/kubepods/pod" UID);

    (void)state;
    assert_true(cgroup_unit_same(&one, &two) && cgroup_unit_same(&one, &none));
    assert_true(cgroup_unit_same_container(&one, &one));
    assert_true(cgroup_unit_same_container(&none, &none));
    assert_false(cgroup_unit_same_container(&one, &two));
    assert_false(cgroup_unit_same_container(&one, &none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_text_gives_its_unit),
        cmocka_unit_test(what_is_no_line_gives_nothing),
        cmocka_unit_test(hostile_names_stay_as_they_are),
        cmocka_unit_test(escapes_of_machines_are_undone),
        cmocka_unit_test(long_texts_take_no_long_time),
        cmocka_unit_test(a_part_of_4_kib_is_no_name),
        cmocka_unit_test(words_name_a_container),
        cmocka_unit_test(words_name_what_a_table_escapes),
        cmocka_unit_test(words_name_a_pod_and_its_container),
        cmocka_unit_test(a_users_own_service_is_not_the_systems),
        cmocka_unit_test(containers_of_a_pod_are_one_unit),
    };

    return cmocka_run_group_tests_name("model/cgroup", tests, NULL, NULL);
}
