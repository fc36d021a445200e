# contrib/ansible: the task file is sound, removes what it should, and reports changes truthfully.

load common

setup() {
    common_setup
    need_program ansible-playbook
    need_ns
    export HOME=$BATS_TEST_TMPDIR ANSIBLE_LOCALHOST_WARNING=False ANSIBLE_INVENTORY_UNPARSED_WARNING=False
    export ANSIBLE_NOCOLOR=1 ANSIBLE_RETRY_FILES_ENABLED=False
    cat >"$BATS_TEST_TMPDIR/play.yml" <<PLAY
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.include_tasks: $SRC/contrib/ansible/shmtool.yml
    - ansible.builtin.debug:
        msg: "outcome {{ shmtool_outcome.removed }} removed, {{ shmtool_outcome.selected }} selected"
PLAY
}

# play [OPTION]...: runs the tasks with nothing too young
play() {
    run_split ansible-playbook -i localhost, "$@" -e shmtool_program="$SHMTOOL" \
        -e "ansible_python_interpreter={{ ansible_playbook_python }}" "$BATS_TEST_TMPDIR/play.yml"
}

@test "ansible-playbook accepts the syntax" {
    play --syntax-check
    assert_status 0
}

@test "changed when something went, and only then" {
    orphan=$(make_seg)
    keyed=$(make_seg --key 0x1234)
    held=$(make_seg)
    start_helper holdseg "$held"

    play
    assert_status 0
    assert_out_matches 'changed=0 .*failed=0'
    assert_exists "$orphan"

    play --check -e shmtool_older_than=0s
    assert_status 0
    assert_out_matches 'changed=1 .*failed=0'
    assert_out_has 'outcome 0 removed, 1 selected'
    assert_exists "$orphan"

    play -e shmtool_older_than=0s
    assert_status 0
    assert_out_matches 'changed=1 .*failed=0'
    assert_out_has 'outcome 1 removed, 1 selected'
    assert_gone "$orphan"
    assert_exists "$keyed" "$held"

    play -e shmtool_older_than=0s
    assert_status 0
    assert_out_matches 'changed=0 .*failed=0'
}

@test "other selections are followed, and a failure is one" {
    keyed=$(make_seg --key 0x1234 --count 2)
    play -e shmtool_older_than=0s -e shmtool_max=1 -e '{"shmtool_select": ["--orphan"]}'
    [[ $status != 0 ]]
    assert_out_matches 'changed=0 .*failed=1'
    # shellcheck disable=SC2086 # ids
    assert_exists $keyed
    play -e shmtool_older_than=0s -e '{"shmtool_select": ["--orphan"]}'
    assert_status 0
    assert_out_matches 'changed=1 .*failed=0'
    # shellcheck disable=SC2086
    assert_gone $keyed
}
