# shellcheck shell=bash
# Completion of shmtool for bash: commands, options, and live ids, keys, owners and processes.

# _shmtool_add WORD...: those that begin with what is typed. Not by compgen -W, which would expand what
# stands in a user's name.
_shmtool_add() {
    local word
    for word; do
        [[ $word != "$cur"* ]] || COMPREPLY+=("$word")
    done
}

# _shmtool_list WORD...: the last part of a list that is separated by commas
_shmtool_list() {
    local head='' word
    [[ $cur != *,* ]] || head=${cur%,*},
    if [[ -z $head && $cur == [+-]* ]]; then
        head=${cur:0:1}
    elif [[ ${cur#"$head"} == -* ]]; then
        head+=-
    fi
    for word; do
        [[ $head$word != "$cur"* ]] || COMPREPLY+=("$head$word")
    done
    _shmtool_no_space
}

_shmtool_no_space() {
    compopt -o nospace 2>/dev/null || true
}

# _shmtool_live COLUMN: what the segments of this machine (or of --sysroot) have in it, each once
_shmtool_live() {
    local values
    mapfile -t values < <("${shmtool[@]}" ls --no-header -c "$1" 2>/dev/null | sed 's/ *$//' | sort -u)
    _shmtool_add "${values[@]}"
}

# In the form that is typed: 0x00001234 or 0x1234.
_shmtool_keys() {
    local values form='s/^//'
    [[ $cur != 0x[1-9a-f]* ]] || form='s/^0x0*/0x/'
    mapfile -t values < <("${shmtool[@]}" ls --no-header -c key 2>/dev/null | grep -v '^0x00000000$' |
        sed "$form" | sort -u)
    _shmtool_add "${values[@]}"
}

# The ids that are not on the line yet.
_shmtool_ids() {
    local id ids
    mapfile -t ids < <("${shmtool[@]}" ls -q 2>/dev/null)
    for id in "${ids[@]}"; do
        [[ " ${COMP_WORDS[*]:at + 1:COMP_CWORD - at - 1} " == *" $id "* ]] || _shmtool_add "$id"
    done
}

# _shmtool_value OPTION: the values of an option; fails when it takes none
_shmtool_value() {
    local pids
    case $command:$1 in
        limits:--set)
            _shmtool_add shmmax= shmall= shmmni= shm_rmid_forced=
            _shmtool_no_space
            ;;
        key:--find | *:--key | ls:-k | stat:-k | who:-k | rm:-k | du:-k | doctor:-k) _shmtool_keys ;;
        ls:-o | stat:-o | who:-o | rm:-o | du:-o | *:--owner) _shmtool_live owner ;;
        *:--creator) _shmtool_live creator ;;
        *:--group) _shmtool_live group ;;
        *:--state) _shmtool_list used dest orphan idle unknown ;;
        *:--cpid) _shmtool_live cpid ;;
        *:--pid)
            mapfile -t pids < <("${shmtool[@]}" who -q 2>/dev/null)
            _shmtool_add "${pids[@]}"
            ;;
        ls:-c | ls:--columns | ls:--sort)
            _shmtool_list key shmid owner uid group gid creator cuid creator_group cgid perms bytes rss swap \
                nattch status state cpid lpid atime dtime ctime command host
            ;;
        who:-c | who:--columns | who:--sort) _shmtool_list shmid key pid uid user access maps command host ;;
        key:-c | key:--columns | key:--sort) _shmtool_list key proj shmid owner bytes nattch path host ;;
        du:--by) _shmtool_list owner creator group key state command size ;;
        du:-c | du:--columns | du:--sort)
            _shmtool_list owner uid creator cuid group gid key state command size segments bytes rss rss_unknown swap \
                attached orphans host
            ;;
        metrics:--by) _shmtool_add owner ;;
        metrics:--textfile)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur") && compopt -o filenames 2>/dev/null
            ;;
        *:--time) _shmtool_add iso epoch age short ;;
        *:--color) _shmtool_add auto always never ;;
        *:--older-than | *:--newer-than) _shmtool_add 10m 2h 1d 7d ;;
        *:-s | *:--size | *:--nattch | rm:--max | key:-p | key:--proj | doctor:--mode) ;;
        doctor:--severity) _shmtool_add info warning error ;;
        *) return 1 ;;
    esac
}

_shmtool_options() {
    local selection='--key --owner --creator --group --size --nattch --dest --locked --attached --unattached
        --orphan --state --older-than --newer-than --cpid --pid'
    local output='--columns --sort --human --numeric --time --color --no-header --quiet --json --ndjson --csv'
    local options=''
    case $command in
        '') options='--sysroot --help --version' ;;
        ls) options="$selection $output --long --fail-if-none --help" ;;
        stat) options="$selection --json --help" ;;
        who) options="$selection $output --help" ;;
        rm)
            options="$selection --all --yes --interactive --dry-run --max --ignore-missing --verbose --quiet
                --json --help"
            ;;
        run) options='--verbose --isolate --help' ;;
        limits) options='--set --persist --yes --dry-run --json --help' ;;
        key) options="--proj --find $output --help" ;;
        du) options="$selection --by --system --huge $output --help" ;;
        metrics) options='--by --textfile --help' ;;
        doctor) options='--key --size --exclusive --mode --severity --json --help' ;;
    esac
    # shellcheck disable=SC2086 # words
    _shmtool_add $options
}

_shmtool_operand() {
    case $command in
        '') _shmtool_add ls stat who rm run limits key doctor du metrics help ;;
        ls | stat | who | rm | du) _shmtool_ids ;;
        key) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && compopt -o filenames 2>/dev/null ;;
        help) _shmtool_add ls stat who rm run limits key doctor du metrics ;;
    esac
}

# _shmtool_find_command: sets $command and its place $at, and adds --sysroot to the words of $shmtool
_shmtool_find_command() {
    for ((at = 1; at < COMP_CWORD; at++)); do
        case ${COMP_WORDS[at]} in
            --sysroot)
                # bash takes --sysroot=DIR apart at the equals sign
                [[ ${COMP_WORDS[at + 1]} != '=' ]] || ((at++))
                ((++at < COMP_CWORD)) || return
                shmtool+=(--sysroot "${COMP_WORDS[at]}")
                ;;
            -*) ;;
            *)
                command=${COMP_WORDS[at]}
                return
                ;;
        esac
    done
}

# _shmtool_run: after run's own options comes another command line
_shmtool_run() {
    local i
    for ((i = at + 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -* ]] && continue
        # The program is there: its arguments are files, or whatever completes it.
        if declare -F _command_offset >/dev/null; then
            _command_offset "$i"
        else
            mapfile -t COMPREPLY < <(compgen -f -- "$cur") && compopt -o filenames 2>/dev/null
        fi
        return
    done
    [[ $cur == -* ]] && return 1
    mapfile -t COMPREPLY < <(compgen -c -- "$cur")
}

_shmtool() {
    local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command='' at shmtool=("$1")
    COMPREPLY=()
    if [[ $cur == '=' ]]; then
        cur=''
    elif [[ $previous == '=' ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    _shmtool_find_command
    if [[ $previous == --sysroot && $command == '' ]]; then
        mapfile -t COMPREPLY < <(compgen -d -- "$cur") && compopt -o filenames 2>/dev/null
    elif [[ $command == run ]] && _shmtool_run; then
        :
    elif _shmtool_value "$previous"; then
        :
    elif [[ $cur == -* ]]; then
        _shmtool_options
    else
        _shmtool_operand
    fi
}

complete -F _shmtool shmtool
