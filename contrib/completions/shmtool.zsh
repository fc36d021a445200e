#compdef shmtool
# Completion of shmtool for zsh: commands, options, and live ids, keys, owners and processes.

# The program with its --sysroot or -N: _shmtool_call ARG...
_shmtool_call() {
    _call_program segments "${(@q)shmtool_program}" "${(@q)@}" 2>/dev/null
}

# _shmtool_live COLUMN DESCRIPTION: what the segments have in it, each once
_shmtool_live() {
    local -aU values
    values=(${${(f)"$(_shmtool_call ls --no-header -c $1)"}%%[[:space:]]#})
    [[ $1 != key ]] || values=(${values:#0x00000000})
    # Names have \x20 and \x5c there for blanks and backslashes.
    values=(${${${values:#-}//\\x20/ }//\\x5c/\\})
    _wanted values expl $2 compadd -a values
}

# The ids that are not on the line yet, with what distinguishes them.
_shmtool_ids() {
    local -a rows ids
    local row
    rows=(${(f)"$(_shmtool_call ls --no-header -c shmid,owner,bytes,state)"})
    for row in $rows; do
        (( ${words[(I)${row%% *}]} )) || ids+=("${row%% *}:${${row#* }## #}")
    done
    _describe -t segments segment ids
}

_shmtool_pids() {
    local -a pids
    pids=(${(f)"$(_shmtool_call who -q)"})
    _wanted processes expl process compadd -a pids
}

# The numbers of IPC namespaces, with what keeps them.
_shmtool_namespaces() {
    local -a rows namespaces
    local row
    rows=(${(f)"$(_shmtool_call ns --no-header -c namespace,held)"})
    for row in $rows; do
        namespaces+=("${row%% *}:${${row#* }## #}")
    done
    _describe -t namespaces namespace namespaces
}

# _shmtool_columns COLUMN...
_shmtool_columns() {
    compset -P '[+-]'
    _values -s , column "$@"
}

# _shmtool_output COLUMN...: sets $output, the options of output of a command with these columns
_shmtool_output() {
    output=(
        '*'{-c+,--columns=}"[these columns]:columns:_shmtool_columns $*"
        "*--sort=[sort by value]:columns:_shmtool_columns $*"
        {-H,--human}'[sizes as 1.5M]'
        {-n,--numeric}'[numbers instead of names]'
        '--time=[form of times]:form:(iso epoch age short)'
        '--color=[colors on a terminal]:when:(auto always never)'
        '--no-header[no header line]'
        '(--json --ndjson --csv)'{-q,--quiet}'[ids, pids, keys or numbers alone]'
        '(-q --quiet --ndjson --csv)--json[one JSON document]'
        '(-q --quiet --json --csv)--ndjson[one JSON object per line]'
        '(-q --quiet --json --ndjson)--csv[comma-separated values]'
    )
}

_shmtool_commands() {
    local -a commands
    commands=(
        'ls:list segments'
        'stat:all that can be known of segments, in words'
        'who:processes that have segments attached'
        'rm:remove segments'
        'run:run a program and remove the segments it leaves'
        'limits:show or set the limits of shared memory'
        'key:ftok keys of files'
        'doctor:why shmget fails, what is wrong here'
        'ns:IPC namespaces of this host and what is in them'
        'du:sums of memory, by owner or anything else'
        'watch:say what happens to segments'
        'wait:wait until something is so'
        'metrics:numbers for a monitoring system'
        'create:make a segment'
        'set:change owner, group, permissions or lock'
        'cat:the bytes of a segment'
        'restore:make again what rm --save has saved'
        'capture:write the tree that --sysroot reads'
        'help:show help'
    )
    _describe -t commands command commands
}

_shmtool_set_operand() {
    _shmtool_ids
    compadd -S '' owner= group= perms= locked=yes locked=no
}

_shmtool() {
    local curcontext=$curcontext state line expl
    local -a shmtool_program selection acting output
    local -A opt_args
    integer at

    shmtool_program=(${(Q)words[1]})
    for ((at = 2; at < CURRENT; at++)); do
        case $words[at] in
            --sysroot=*|--namespace=*) shmtool_program+=(${(Q)words[at]}) ;;
            --sysroot|--namespace|-N) shmtool_program+=(${words[at]} ${(Q)words[++at]}) ;;
            -*) ;;
            *) break ;;
        esac
    done
    selection=(
        '*'{-k+,--key=}'[this key]:key: _shmtool_live key key'
        '*'{-o+,--owner=}'[owned by this user]:owner: _shmtool_live owner owner'
        '*--creator=[created by this user]:creator: _shmtool_live creator creator'
        '*--group=[owned by this group]:group: _shmtool_live group group'
        '*'{-s+,--size=}'[bytes]:N, N..M, N.. or ..M: '
        '*--nattch=[attached this often]:N, N..M, N.. or ..M: '
        '--dest[marked for destruction]'
        '--locked[locked in memory]'
        '--attached[attached by somebody]'
        '--unattached[attached by nobody]'
        '--orphan[attached by nobody, creator and last user dead]'
        '*--state=[one of these states]:state:_values -s , state used dest orphan idle unknown'
        '--older-than=[last used or changed at least this long ago]:age:(10m 2h 1d 7d)'
        '--newer-than=[last used or changed less than this ago]:age:(10m 2h 1d 7d)'
        '*--cpid=[created by this process]:process: _shmtool_live cpid process'
        '*--perms=[these permission bits, all or any of them]:mode:(666 -022 /022)'
        '*--pid=[attached by this process now]:process:_shmtool_pids'
        '*--unit=[of this unit or container]:unit: _shmtool_live unit unit'
        '--protected[protected by a line of /etc/shmtool.conf]'
        '--unprotected[protected by none]'
        '*--program=[of this program]:program: _shmtool_live program program'
        '*:segment:_shmtool_ids'
    )
    acting=(
        '(- *)'{-h,--help}'[show the options]'
        '--all[every segment there is]'
        '(-i --interactive)'{-y,--yes}'[do not ask]'
        '(-y --yes)'{-i,--interactive}'[always ask]'
        '--dry-run[show what would be done]'
        '--max=[do nothing if more are selected]:number: '
        '--even-protected[protected segments too]'
        '--ignore-missing[a missing id is no error]'
        '(-q --quiet)'{-v,--verbose}'[print a line for each segment]'
        '(-v --verbose)'{-q,--quiet}'[no summary]'
        '--json[the outcome as a JSON document]'
    )
    _arguments -C \
        '(-A --all-namespaces --sysroot)'{-N+,--namespace=}'[in this IPC namespace]:namespace:_shmtool_namespaces' \
        '(-N --namespace --sysroot)'{-A,--all-namespaces}'[in every IPC namespace]' \
        '--sysroot=[read this tree instead of the live system]:directory:_files -/' \
        '(- *)'{-h,--help}'[show help]' \
        '(- *)'{-V,--version}'[show the version]' \
        '1:command:_shmtool_commands' \
        '*::argument:->arguments' && return
    [[ $state == arguments ]] || return
    curcontext=${curcontext%:*:*}:shmtool-$line[1]:
    case $line[1] in
        ls)
            _shmtool_output key shmid owner uid group gid creator cuid creator_group cgid perms bytes rss swap \
                nattch status state cpid lpid atime dtime ctime command unit program program_by protected namespace container host
            _arguments -s : $selection $output '(- *)'{-h,--help}'[show the options]' \
                {-l,--long}'[more columns]' \
                '--fail-if-none[exit 1 when nothing matched]'
            ;;
        stat) _arguments -s : $selection '(- *)'{-h,--help}'[show the options]' '--json[one JSON document]' ;;
        who)
            _shmtool_output shmid key pid uid user access maps command namespace container host
            _arguments -s : $selection $output '(- *)'{-h,--help}'[show the options]'
            ;;
        rm)
            _arguments -s : $selection $acting '--save=[write each there before it goes]:folder:_files -/'
            ;;
        set)
            selection=(${selection:#\*:*} '*:segment:_shmtool_set_operand')
            _arguments -s : $selection $acting
            ;;
        run)
            _arguments -s : '(- *)'{-h,--help}'[show the options]' {-v,--verbose}'[name what was removed]' \
                '--wait[wait for all descendants]' '(--exact)--isolate[in an IPC namespace of its own]' \
                '(--isolate)--exact[trace every shmget]' \
                '--explain[say why each shmget fails]' \
                '--left-status=[end with this if it left any]:status\: 1 to 125: ' \
                '--keep[remove nothing]' '--report=[write what it left, as JSON]:file:_files' '*::program:_normal'
            ;;
        limits)
            _arguments : '(- *)'{-h,--help}'[show the options]' \
                '*--set=[set a limit]:limit:compadd -S = shmmax shmall shmmni shm_rmid_forced' \
                '--persist[keep it over a reboot]' {-y,--yes}'[do not ask]' \
                '--dry-run[show it, change nothing]' '--json[one JSON document]'
            ;;
        key)
            _shmtool_output key proj shmid owner bytes nattch path host
            _arguments -s : $output '(- *)'{-h,--help}'[show the options]' '(-p --proj)'{-p+,--proj=}'[1 to 255, or one character]:proj: ' \
                '--find=[files that could have made this key]:key: _shmtool_live key key' '*:file:_files'
            ;;
        doctor)
            _arguments -s : '(- *)'{-h,--help}'[show the options]' \
                '(-k --key)'{-k+,--key=}'[predict shmget with this key]:key: _shmtool_live key key' \
                '(-s --size)'{-s+,--size=}'[predict it with this size]:bytes: ' \
                '(--flags)--exclusive[predict it with IPC_EXCL]' '(--flags)--mode=[permission bits, octal]:mode: ' \
                '(--exclusive --mode --huge)--flags=[all flags, as programs print them]:flags: ' \
                '(--flags)--huge=-[predict it with huge pages]::page size: ' \
                '--attach=[predict shmat after it]:access:(ro rw)' \
                '--severity=[of the machine, only these and above]:severity:(info warning error)' \
                '--json[one JSON document]'
            ;;
        ns)
            _shmtool_output namespace kind container user pid processes segments bytes orphans held host
            _arguments -s : $output '(- *)--help[show the options]' {-l,--long}'[more columns]' \
                '*:namespace:_shmtool_namespaces'
            ;;
        du)
            _shmtool_output owner uid creator cuid group gid key state command unit program namespace container size segments \
                bytes rss rss_unknown swap attached orphans host
            _arguments -s : $selection $output '(- *)'{-h,--help}'[show the options]' \
                '*--by=[sums by these]:columns:_values -s , column owner creator group key state command unit program namespace container size' \
                '--system[also what Shmem of the system consists of]' \
                '--huge=-[also how many huge pages they would need]::size:(2M 1G)'
            ;;
        watch)
            _shmtool_output key shmid owner uid group gid creator cuid creator_group cgid perms bytes rss swap \
                nattch status state cpid lpid atime dtime ctime command unit program program_by protected namespace container host
            # Of output what makes sense line by line.
            output=(${output:#*--(sort|human|no-header|json|csv)[=\[]*})
            _arguments -s : $selection $output '(- *)'{-h,--help}'[show the options]' \
                '--interval=[look this often]:time:(100ms 1s 10s)' \
                '--count=[end after so many events]:number: ' \
                '--for=[end after this time]:time:(10s 1m 1h)' \
                '--initial[first list what is there]'
            ;;
        wait)
            _arguments -s : $selection '(- *)'{-h,--help}'[show the options]' \
                '--until=[what is waited for]:what:(gone present unattached attached orphan)' \
                '--timeout=[give up after this time]:time:(10s 1m 1h)'
            ;;
        metrics)
            _arguments : '(- *)'{-h,--help}'[show the options]' '--by=[segments and bytes by this]:word:(owner container program)' \
                '--textfile=[replace this file]:file:_files'
            ;;
        create)
            _arguments -s : '(- *)'{-h,--help}'[show the options]' \
                '(-s --size)'{-s+,--size=}'[how many bytes]:bytes: ' \
                '(-k --key --ftok -p --proj)'{-k+,--key=}'[with this key]:key: ' \
                '(-k --key)--ftok=[with the ftok key of this file]:file:_files' \
                '(-p --proj -k --key)'{-p+,--proj=}'[1 to 255, or one character]:proj: ' \
                '--perms=[permission bits, octal]:mode:(600 640 660 666)' \
                '(-o --owner)'{-o+,--owner=}'[owned by this user]:user:_users' \
                '(--lock)--huge=-[of huge pages]::page size: ' \
                '--noreserve[without a promise of memory]' '(--huge)--lock[never to be swapped out]'
            ;;
        cat)
            _arguments -s : '(- *)'{-h,--help}'[show the options]' {-x,--hex}'[a hex dump]' \
                '--offset=[from this byte on]:bytes: ' '--length=[this many bytes]:bytes: ' \
                {-y,--yes}'[also where much would be allocated]' {-v,--verbose}'[say how it is read]' \
                '1:segment:_shmtool_ids'
            ;;
        restore)
            selection=(${selection:#\*:*})
            _arguments -s : $selection '(- *)'{-h,--help}'[show the options]' '--same-id[with the ids that they had]' \
                '--dry-run[show what would be made]' {-v,--verbose}'[say what does not come back]' \
                '--json[the outcome as a JSON document]' '1:folder:_files -/'
            ;;
        capture)
            _arguments : '(- *)'{-h,--help}'[show the options]' '--no-arguments[command lines end after the name]' '1:folder:_files -/'
            ;;
        help) _shmtool_commands ;;
    esac
}

_shmtool "$@"
