# shellcheck shell=bash
# What the checks share: lists of files, and how they tell that something is wrong.

set -u
shopt -s nullglob

# shellcheck disable=SC2034 # the checks end with it
found_something=0

# complain WHERE WHAT: prints it and remembers that the check fails
complain() {
    echo "$1: $2"
    # shellcheck disable=SC2034
    found_something=1
}

# all_c_files: every C source and header of the project, tests too
all_c_files() {
    local files=(include/*/*.h src/*/*.[ch] tests/*/*.[ch])
    need_some "${files[@]}"
    printf '%s\n' "${files[@]}"
}

# need_some FILE...: a check that finds nothing to look at is a broken check
need_some() {
    (($#)) || {
        echo "${BASH_SOURCE[-1]}: found no files to check" >&2
        exit 1
    }
}

# project_files: every text file that belongs to the project (not built, not ignored)
project_files() {
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files --cached --others --exclude-standard
    else
        find . -path ./build -prune -o -path ./.git -prune -o -type f -print | sed 's|^\./||'
    fi | while IFS= read -r file; do
        # A deleted file is listed until the deletion is committed.
        [[ ! -f $file ]] || printf '%s\n' "$file"
    done | sort -u
}

# compile_flags: what the compiler is told about every source file, one word a line
compile_flags() {
    printf '%s\n' -std=c17 -D_GNU_SOURCE -Iinclude '-DSHMTOOL_VERSION="0"'
    ${PKG_CONFIG:-pkg-config} --cflags smartcols jansson cmocka | xargs -n 1
}
