# A --sysroot in which any file may be something else: an answer or an error, never a wait or a crash.

load ../cli/common

FIXTURE=$SRC/tests/fixtures/processes

# replace KIND FILE: puts something of another kind in the file's place
replace() {
    rm -f "$2"
    case $1 in
    fifo) mkfifo "$2" ;;
    directory) mkdir "$2" ;;
    loop) ln -s "${2##*/}" "$2" ;;
    dangling) ln -s nowhere "$2" ;;
    sparse) truncate -s 10G "$2" ;;
    empty) : >"$2" ;;
    noise) head -c 20000 "$SHMTOOL" >"$2" ;;
    esac
}

# every_command TREE: each that reads a tree, bounded in time and in memory; JSON is kept in $documents
every_command() {
    local words
    # A sanitizer's shadow takes more address space than any machine has.
    [[ $sanitized ]] || ulimit -v 1000000
    for words in 'ls -l' 'ls --json' 'ls --orphan -q' 'stat 3' 'stat --json 3' 'who' 'who --json' 'limits' \
        'limits --json' 'doctor' 'doctor --json'; do
        # shellcheck disable=SC2086 # words
        timeout 60 "$SHMTOOL" --sysroot "$1" $words >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" </dev/null
        status=$?
        [[ $status == [014] ]] || fail "status $status: shmtool --sysroot $1 $words" || return 1
        [[ $status != 4 || -s $BATS_TEST_TMPDIR/err ]] || fail "4 without a word: $words" || return 1
        [[ $words != *--json* ]] || cat "$BATS_TEST_TMPDIR/out" >>"$documents"
    done
}

# in_place_of_each KIND: of every file of a tree in turn
in_place_of_each() {
    local file tried=0 tree=$BATS_TEST_TMPDIR/tree
    need_program python3
    documents=$BATS_TEST_TMPDIR/documents
    sanitized=$(grep -l __asan_init "$SHMTOOL") || true
    cp -r "$FIXTURE" "$tree"
    while read -r file; do
        replace "$1" "$tree/$file"
        (every_command "$tree") || fail "$1 in place of $file" || return 1
        rm -rf "${tree:?}/$file"
        cp "$FIXTURE/$file" "$tree/$file"
        tried=$((tried + 1))
    done < <(cd "$FIXTURE" && find . -type f)
    ((tried > 20)) || fail "$tried files only" || return 1
    python3 -c '
import json, sys
text = open(sys.argv[1]).read().lstrip()
count = 0
while text:
    document, end = json.JSONDecoder().raw_decode(text)
    text = text[end:].lstrip()
    count += 1
sys.exit(count < 100)' "$documents" || fail "no JSON, or too little"
}

@test "in place of each file: a FIFO" {
    in_place_of_each fifo
}

@test "in place of each file: a directory" {
    in_place_of_each directory
}

@test "in place of each file: a symbolic link to itself" {
    in_place_of_each loop
}

@test "in place of each file: a symbolic link to nothing" {
    in_place_of_each dangling
}

@test "in place of each file: ten gigabytes of nothing" {
    truncate -s 10G "$BATS_TEST_TMPDIR/sparse" || skip "no sparse files here"
    in_place_of_each sparse
}

@test "in place of each file: an empty one" {
    in_place_of_each empty
}

@test "in place of each file: noise" {
    in_place_of_each noise
}
