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

# _shmtool_live COLUMN: what the segments of this machine (or of --sysroot) have in it, each once. Names have
# \x20 and \x5c there for blanks and backslashes, and are quoted for the command line.
_shmtool_live() {
    local values i
    mapfile -t values < <("${shmtool[@]}" ls --no-header -c "$1" 2>/dev/null |
        sed 's/ *$//; /^$/d; s/\\x20/ /g; s/\\x5c/\\/g' | sort -u)
    for i in "${!values[@]}"; do
        printf -v "values[$i]" %q "${values[i]}"
    done
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

# Units; containers without their kind, since bash takes docker:web apart at the colon.
_shmtool_units() {
    local word values
    mapfile -t values < <("${shmtool[@]}" ls --no-header -c unit 2>/dev/null | sed 's/ *$//' | sort -u)
    for word in "${values[@]}"; do
        [[ ! $word =~ ^[a-z]+: ]] || word=${word#*:}
        [[ -z $word || $word == user@*:* ]] || _shmtool_add "$word"
    done
}

# The ids that are not on the line yet.
_shmtool_ids() {
    local id ids
    mapfile -t ids < <("${shmtool[@]}" ls -q 2>/dev/null)
    for id in "${ids[@]}"; do
        [[ " ${COMP_WORDS[*]:at + 1:COMP_CWORD - at - 1} " == *" $id "* ]] || _shmtool_add "$id"
    done
}

# The numbers of IPC namespaces, or files.
_shmtool_namespaces() {
    local numbers
    if [[ $cur == */* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur") && compopt -o filenames 2>/dev/null
        return
    fi
    mapfile -t numbers < <("${shmtool[@]}" ns -q 2>/dev/null)
    _shmtool_add "${numbers[@]}"
}

# _shmtool_value OPTION: the values of an option; fails when it takes none
_shmtool_value() {
    local pids
    case $command:$1 in
        limits:--set)
            _shmtool_add shmmax= shmall= shmmni= shm_rmid_forced=
            _shmtool_no_space
            ;;
        key:--find | *:--key | ls:-k | stat:-k | who:-k | rm:-k | set:-k | restore:-k | du:-k | watch:-k | wait:-k | doctor:-k | create:-k) _shmtool_keys ;;
        ls:-o | stat:-o | who:-o | rm:-o | set:-o | restore:-o | du:-o | watch:-o | wait:-o | create:-o | *:--owner) _shmtool_live owner ;;
        *:--creator) _shmtool_live creator ;;
        *:--group) _shmtool_live group ;;
        *:--state) _shmtool_list used dest orphan idle unknown ;;
        *:--cpid) _shmtool_live cpid ;;
        *:--unit) _shmtool_units ;;
        *:--program) _shmtool_live program ;;
        *:--pid)
            mapfile -t pids < <("${shmtool[@]}" who -q 2>/dev/null)
            _shmtool_add "${pids[@]}"
            ;;
        ls:-c | ls:--columns | ls:--sort | watch:-c | watch:--columns)
            _shmtool_list key shmid owner uid group gid creator cuid creator_group cgid perms bytes rss swap \
                nattch status state cpid lpid atime dtime ctime command unit program program_by protected namespace container host
            ;;
        who:-c | who:--columns | who:--sort)
            _shmtool_list shmid key pid uid user access maps command namespace container host
            ;;
        key:-c | key:--columns | key:--sort) _shmtool_list key proj shmid owner bytes nattch path host ;;
        ns:-c | ns:--columns | ns:--sort)
            _shmtool_list namespace kind container user pid processes segments bytes orphans held host
            ;;
        du:--by) _shmtool_list owner creator group key state command unit program namespace container size ;;
        du:-c | du:--columns | du:--sort)
            _shmtool_list owner uid creator cuid group gid key state command unit program namespace container size segments \
                bytes rss rss_unknown swap attached orphans host
            ;;
        metrics:--by) _shmtool_add owner container program ;;
        metrics:--textfile)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur") && compopt -o filenames 2>/dev/null
            ;;
        *:--time) _shmtool_add iso epoch age short ;;
        *:--color) _shmtool_add auto always never ;;
        wait:--until) _shmtool_add gone present unattached attached orphan ;;
        watch:--interval | watch:--for | wait:--timeout) _shmtool_add 100ms 10s 1m 1h ;;
        *:--older-than | *:--newer-than) _shmtool_add 10m 2h 1d 7d ;;
        create:--perms) _shmtool_add 600 640 660 666 ;;
        create:--ftok) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && compopt -o filenames 2>/dev/null ;;
        *:--perms) _shmtool_add 666 -022 /022 ;;
        *:-s | *:--size | *:--offset | *:--length | *:--nattch | rm:--max | set:--max | watch:--count | run:--left-status | *:-p | *:--proj | doctor:--mode | doctor:--flags) ;;
        run:--report) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && compopt -o filenames 2>/dev/null ;;
        rm:--save) mapfile -t COMPREPLY < <(compgen -d -- "$cur") && compopt -o filenames 2>/dev/null ;;
        doctor:--attach) _shmtool_add ro rw ;;
        doctor:--severity) _shmtool_add info warning error ;;
        *) return 1 ;;
    esac
}

_shmtool_options() {
    local selection='--key --owner --creator --group --size --nattch --dest --locked --attached --unattached
        --orphan --state --older-than --newer-than --cpid --pid --perms --unit --program --protected --unprotected'
    local output='--columns --sort --human --numeric --time --color --no-header --quiet --json --ndjson --csv'
    local options=''
    case $command in
        '') options='--namespace --all-namespaces --sysroot --help --version' ;;
        ls) options="$selection $output --long --fail-if-none --help" ;;
        stat) options="$selection --json --help" ;;
        who) options="$selection $output --help" ;;
        rm | set)
            [[ $command == set ]] || options=--save
            options="$options $selection --all --yes --interactive --dry-run --max --ignore-missing --verbose --quiet
                --json --even-protected --help"
            ;;
        run) options='--verbose --wait --isolate --exact --explain --left-status --keep --report --help' ;;
        limits) options='--set --persist --yes --dry-run --json --help' ;;
        key) options="--proj --find $output --help" ;;
        doctor) options='--key --size --exclusive --mode --flags --huge --attach --severity --json --help' ;;
        ns) options="$output --long --help" ;;
        du) options="$selection --by --system --huge $output --help" ;;
        watch)
            options="$selection --interval --count --for --initial --columns --numeric --time --color --quiet
                --ndjson --help"
            ;;
        wait) options="$selection --until --timeout --help" ;;
        metrics) options='--by --textfile --help' ;;
        create) options='--size --key --ftok --proj --perms --owner --huge --noreserve --lock --help' ;;
        capture) options='--no-arguments --help' ;;
        restore) options="$selection --same-id --dry-run --verbose --json --help" ;;
        cat) options='--hex --offset --length --yes --verbose --help' ;;
    esac
    # shellcheck disable=SC2086 # words
    _shmtool_add $options
}

_shmtool_operand() {
    case $command in
        '') _shmtool_add ls stat who rm run limits key doctor ns du watch wait metrics create set cat restore capture help ;;
        ls | stat | who | rm | du | watch | wait | cat) _shmtool_ids ;;
        set)
            _shmtool_ids
            _shmtool_add owner= group= perms= locked=yes locked=no
            _shmtool_no_space
            ;;
        ns) _shmtool_namespaces ;;
        restore | capture) mapfile -t COMPREPLY < <(compgen -d -- "$cur") && compopt -o filenames 2>/dev/null ;;
        key) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && compopt -o filenames 2>/dev/null ;;
        help) _shmtool_add ls stat who rm run limits key doctor ns du watch wait metrics create set cat restore capture ;;
    esac
}

# _shmtool_find_command: sets $command and its place $at, and adds --sysroot and -N to the words of $shmtool
_shmtool_find_command() {
    for ((at = 1; at < COMP_CWORD; at++)); do
        case ${COMP_WORDS[at]} in
            --sysroot | --namespace | -N)
                local option=${COMP_WORDS[at]}
                # bash takes --sysroot=DIR apart at the equals sign
                [[ ${COMP_WORDS[at + 1]} != '=' ]] || ((at++))
                ((++at < COMP_CWORD)) || return
                shmtool+=("$option" "${COMP_WORDS[at]}")
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
        case ${COMP_WORDS[i]} in
            --left-status | --report)
                # bash takes --report=FILE apart at the equals sign
                [[ ${COMP_WORDS[i + 1]} != '=' ]] || ((i++))
                ((++i < COMP_CWORD)) || return 1
                continue
                ;;
            -*) continue ;;
        esac
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
    elif [[ $previous == --namespace || $previous == -N ]]; then
        _shmtool_namespaces
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
