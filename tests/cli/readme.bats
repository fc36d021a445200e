# Every command of shmtool that README.md names is understood, and does something: each is run as it stands there, with
# a user, a segment, a folder and a program of this test in place of the reader's.

# shellcheck disable=SC2016 # the commands are README's
load common

# commands: those of README.md, one a line: in text and tables, and behind the prompts of blocks of code
commands() {
    {
        grep -oE '`[^`]*shmtool [^`]*`' "$SRC/README.md" | tr -d '`' | sed 's/\\|/|/g'
        sed -nE 's/^    [$#] (.*)/\1/p' "$SRC/README.md" | sed -E 's/ {2,}#.*//; s/^clush .* shmtool/shmtool/' | grep 'shmtool '
    } | sort -u
}

# ours COMMAND: the same with what there is here
ours() {
    local command=$1
    command=$(sed -E "s/\\b(ID|1703938|1867776)\\b/$id/g; s/\\b(zc|postgres|USERNAME)\\b/daemon/g; s|/srv|$dir|g; s/\\bFILE\\b/./g
        s/\\bPROGRAM\\b|\\.\\/a\\.out.*|\\.\\/server|make check/true/; s/-N web/-N \$\$/; s/\\bCOMMAND\\b/ls/; s/ … / /g; s/ \\.\\.\\.//g
        s/\\b(DIR|bundle)\\b/captured/g; s/\\bNAME=VALUE\\b/perms=600/" <<<"$command")
    # What would go on for ever, or wait for what does not come.
    case $command in
    *'shmtool watch'*) command+=' --for 10ms' ;;
    'shmtool wait') command+=" $id --until present" ;;
    *"shmtool wait"*) command="${command/--timeout 30s/} --timeout 10ms" ;;
    'shmtool create') command+=' --size 1' ;;
    'shmtool set') command+=" perms=600 $id" ;;
    'shmtool cat') command+=" -x $id" ;;
    esac
    printf '%s' "$command"
}

# fresh: the folders as the commands find them: one that was saved, one that was captured, and neither where it is written
fresh() {
    rm -rf saved captured
    id=$(make_seg -k 0x00143511 -s 4096) || return 1
    case $1 in
    *--save* | 'shmtool capture '*) return ;;
    *saved*) "$SHMTOOL" rm -q --save saved "$id" && "$HELPERS/mkseg" >/dev/null ;;
    *captured*)
        [[ $1 != *restore* ]] || "$SHMTOOL" rm -q --save captured "$id"
        [[ $1 == *restore* ]] || "$SHMTOOL" capture captured
        ;;
    esac
}

@test "each command that README.md names is understood" {
    need_ns
    need_root
    local line command count=0
    dir=$BATS_TEST_TMPDIR/place
    mkdir "$dir" "$dir/bin"
    ln -s "$SHMTOOL" "$dir/bin/shmtool"
    cd "$dir" || return 1
    unshare --pid --fork --mount-proc true 2>/dev/null || skip "no PID namespace can be made here"
    while IFS= read -r line; do
        "$SHMTOOL" rm -q --all --yes
        id=ID
        fresh "$(ours "$line")" || fail "nothing to run '$line' on" || return 1
        command=$(ours "$line")
        [[ $command == *saved* && $command != *--save* ]] && command=${command//$id/$(ls saved/content)}
        # Where nobody else's namespaces are, and nobody answers.
        run_split env PATH="$dir/bin:$PATH" USER=daemon unshare --pid --fork --mount-proc bash -c "$command" </dev/null
        [[ $status =~ ^[013]$ ]] || fail "'$line', run as '$command', ends with status $status" || return 1
        count=$((count + 1))
    done < <(commands)
    echo "# $count commands" >&3
    ((count >= 50))
}
