# Completion of shmtool for fish: commands, options, and live ids, keys, owners and processes.

# The program and its --sysroot or -N, as they stand on the line; what restore restores is in its folder.
function __shmtool
    set --local words (commandline -opc)
    set --local program $words[1]
    for i in (seq 2 (count $words))
        switch $words[$i]
            case '--sysroot=*' '--namespace=*'
                set -a program $words[$i]
            case --sysroot --namespace -N
                test $i -lt (count $words); and set -a program $words[$i] $words[(math $i + 1)]
            case restore
                set --local dir
                for word in $words[(math $i + 1)..]
                    test -d $word; and set dir $word; and break
                end
                test -n "$dir"; or return
                set -a program --sysroot $dir
        end
    end
    command $program $argv 2>/dev/null
end

# What the segments have in a column, each once.
function __shmtool_live
    # Names have \x20 and \x5c there for blanks and backslashes.
    __shmtool ls --no-header -c $argv[1] | string trim | string replace -a '\\x20' ' ' |
        string replace -a '\\x5c' '\\' | sort -u
end

function __shmtool_keys
    __shmtool_live key | string match -v 0x00000000
end

# The ids, with what distinguishes them.
function __shmtool_ids
    __shmtool ls --no-header -c shmid,owner,bytes,state | string replace -r '^(\S+) +' '$1\t'
end

# The numbers of IPC namespaces, with what keeps them.
function __shmtool_namespaces
    __shmtool ns --no-header -c namespace,held | string replace -r '^(\S+) +' '$1\t'
end

# The last part of a list that is separated by commas.
function __shmtool_list
    set --local head (commandline -ct | string replace -r '^--[a-z-]+=' '' | string replace -r '[^,]*$' '')
    printf "$head%s\n" $argv
end

set --local commands ls stat who rm run limits key doctor ns du watch wait metrics create set cat restore capture help
set --local selecting '__fish_seen_subcommand_from ls stat who rm set du watch wait restore'
set --local columns key shmid owner uid group gid creator cuid creator_group cgid perms bytes rss swap nattch \
    status state cpid lpid atime dtime ctime command unit program program_by protected namespace container host
set --local sums owner creator group key state command unit program namespace container size

complete -c shmtool -f
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -l sysroot -x -a '(__fish_complete_directories)' \
    -d 'read this tree instead of the live system'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -s N -l namespace -x -a '(__shmtool_namespaces)' \
    -d 'in this IPC namespace'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -s A -l all-namespaces -d 'in every IPC namespace'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -s V -l version -d 'show the version'
complete -c shmtool -s h -l help -d 'show the options'

complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -a ls -d 'list segments'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -a stat -d 'all that can be known of segments'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -a who -d 'processes that have them attached'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -a rm -d 'remove segments'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -a run -d 'run a program and clean up after it'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -a limits -d 'show or set the limits'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -a key -d 'ftok keys of files'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -a doctor -d 'what is wrong'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -a ns -d 'IPC namespaces'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -a du -d 'sums of memory'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -a watch -d 'say what happens to segments'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -a wait -d 'wait until something is so'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -a metrics -d 'numbers for a monitoring system'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -a create -d 'make a segment'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -a set -d 'change owner, group, permissions or lock'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -a cat -d 'the bytes of a segment'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -a restore -d 'make again what rm --save has saved'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -a capture -d 'write the tree that --sysroot reads'
complete -c shmtool -n "not __fish_seen_subcommand_from $commands" -a help -d 'show help'
complete -c shmtool -n '__fish_seen_subcommand_from help' -a 'ls stat who rm run limits key doctor ns du watch wait metrics create set cat restore capture'

# Selecting segments.
complete -c shmtool -n "$selecting" -a '(__shmtool_ids)'
complete -c shmtool -n "$selecting" -s k -l key -x -a '(__shmtool_keys)' -d 'this key'
complete -c shmtool -n "$selecting" -s o -l owner -x -a '(__shmtool_live owner)' -d 'owned by this user'
complete -c shmtool -n "$selecting" -l creator -x -a '(__shmtool_live creator)' -d 'created by this user'
complete -c shmtool -n "$selecting" -l group -x -a '(__shmtool_live group)' -d 'owned by this group'
complete -c shmtool -n "$selecting" -s s -l size -x -d 'bytes: N, N..M, N.. or ..M'
complete -c shmtool -n "$selecting" -l nattch -x -d 'attached this often'
complete -c shmtool -n "$selecting" -l dest -d 'marked for destruction'
complete -c shmtool -n "$selecting" -l locked -d 'locked in memory'
complete -c shmtool -n "$selecting" -l attached -d 'attached by somebody'
complete -c shmtool -n "$selecting" -l unattached -d 'attached by nobody'
complete -c shmtool -n "$selecting" -l orphan -d 'attached by nobody, creator and last user dead'
complete -c shmtool -n "$selecting" -l state -x -a '(__shmtool_list used dest orphan idle unknown)' -d 'one of these states'
complete -c shmtool -n "$selecting" -l older-than -x -a '10m 2h 1d 7d' -d 'last used or changed at least this long ago'
complete -c shmtool -n "$selecting" -l newer-than -x -a '10m 2h 1d 7d' -d 'last used or changed less than this ago'
complete -c shmtool -n "$selecting" -l cpid -x -a '(__shmtool_live cpid)' -d 'created by this process'
complete -c shmtool -n "$selecting" -l perms -x -a '666 -022 /022' -d 'these permission bits, all or any of them'
complete -c shmtool -n "$selecting" -l pid -x -a '(__shmtool who -q)' -d 'attached by this process now'
complete -c shmtool -n "$selecting" -l unit -x -a '(__shmtool_live unit)' -d 'of this unit or container'
complete -c shmtool -n "$selecting" -l protected -d 'protected by a line of /etc/shmtool.conf'
complete -c shmtool -n "$selecting" -l unprotected -d 'protected by none'
complete -c shmtool -n "$selecting" -l program -x -a '(__shmtool_live program)' -d 'of this program'

complete -c shmtool -n '__fish_seen_subcommand_from ls ns' -s l -l long -d 'more columns'
complete -c shmtool -n '__fish_seen_subcommand_from ls' -s c -l columns -x -a "(__shmtool_list $columns)" -d 'these columns'
complete -c shmtool -n '__fish_seen_subcommand_from watch' -s c -l columns -x -a "(__shmtool_list $columns)" -d 'these columns'
complete -c shmtool -n '__fish_seen_subcommand_from ls' -l sort -x -a "(__shmtool_list $columns)" -d 'sort by value'
complete -c shmtool -n '__fish_seen_subcommand_from who' -s c -l columns -x -a '(__shmtool_list shmid key pid uid user access maps command namespace container host)' -d 'these columns'
complete -c shmtool -n '__fish_seen_subcommand_from who' -l sort -x -a '(__shmtool_list shmid key pid uid user access maps command namespace container host)' -d 'sort by value'
complete -c shmtool -n '__fish_seen_subcommand_from key' -s c -l columns -x -a '(__shmtool_list key proj shmid owner bytes nattch path host)' -d 'these columns'
complete -c shmtool -n '__fish_seen_subcommand_from key' -l sort -x -a '(__shmtool_list key proj shmid owner bytes nattch path host)' -d 'sort by value'
complete -c shmtool -n '__fish_seen_subcommand_from ns' -s c -l columns -x -a '(__shmtool_list namespace kind container user pid processes segments bytes orphans held host)' -d 'these columns'
complete -c shmtool -n '__fish_seen_subcommand_from ns' -l sort -x -a '(__shmtool_list namespace kind container user pid processes segments bytes orphans held host)' -d 'sort by value'
complete -c shmtool -n '__fish_seen_subcommand_from ns' -a '(__shmtool_namespaces)'
complete -c shmtool -n '__fish_seen_subcommand_from ns' -s q -l quiet -d 'numbers alone'
complete -c shmtool -n '__fish_seen_subcommand_from ls who key ns du' -s H -l human -d 'sizes as 1.5M'
complete -c shmtool -n '__fish_seen_subcommand_from ls who key ns du watch' -s n -l numeric -d 'numbers instead of names'
complete -c shmtool -n '__fish_seen_subcommand_from ls who key ns du watch' -l time -x -a 'iso epoch age short' -d 'form of times'
complete -c shmtool -n '__fish_seen_subcommand_from ls who key ns du watch' -l color -x -a 'auto always never' -d 'colors on a terminal'
complete -c shmtool -n '__fish_seen_subcommand_from ls who key ns du' -l no-header -d 'no header line'
complete -c shmtool -n '__fish_seen_subcommand_from ls watch' -s q -l quiet -d 'ids alone'
complete -c shmtool -n '__fish_seen_subcommand_from who' -s q -l quiet -d 'pids alone'
complete -c shmtool -n '__fish_seen_subcommand_from key' -s q -l quiet -d 'keys alone'
complete -c shmtool -n '__fish_seen_subcommand_from ls who key ns du watch' -l ndjson -d 'one JSON object per line'
complete -c shmtool -n '__fish_seen_subcommand_from ls who key ns du' -l csv -d 'comma-separated values'
complete -c shmtool -n '__fish_seen_subcommand_from ls' -l fail-if-none -d 'exit 1 when nothing matched'
complete -c shmtool -n '__fish_seen_subcommand_from ls stat who rm set limits key doctor ns du restore' -l json -d 'one JSON document'

complete -c shmtool -n '__fish_seen_subcommand_from rm' -l save -x -a '(__fish_complete_directories)' -d 'write each there before it goes'
complete -c shmtool -n '__fish_seen_subcommand_from rm set' -l all -d 'every segment there is'
complete -c shmtool -n '__fish_seen_subcommand_from rm set' -l even-protected -d 'protected segments too'
complete -c shmtool -n '__fish_seen_subcommand_from rm set limits' -s y -l yes -d 'do not ask'
complete -c shmtool -n '__fish_seen_subcommand_from rm set' -s i -l interactive -d 'always ask'
complete -c shmtool -n '__fish_seen_subcommand_from rm set limits restore' -l dry-run -d 'show it, change nothing'
complete -c shmtool -n '__fish_seen_subcommand_from rm set' -l max -x -d 'do nothing if more are selected'
complete -c shmtool -n '__fish_seen_subcommand_from rm set' -l ignore-missing -d 'a missing id is no error'
complete -c shmtool -n '__fish_seen_subcommand_from rm set run restore' -s v -l verbose -d 'say what was done'
complete -c shmtool -n '__fish_seen_subcommand_from rm set' -s q -l quiet -d 'no summary'

complete -c shmtool -n '__fish_seen_subcommand_from run' -l isolate -d 'in an IPC namespace of its own'
complete -c shmtool -n '__fish_seen_subcommand_from run' -l exact -d 'trace every shmget'
complete -c shmtool -n '__fish_seen_subcommand_from run' -l explain -d 'say why each shmget fails'
complete -c shmtool -n '__fish_seen_subcommand_from run' -l wait -d 'wait for all descendants'
complete -c shmtool -n '__fish_seen_subcommand_from run' -l left-status -x -d 'end with this if it left any'
complete -c shmtool -n '__fish_seen_subcommand_from run' -l keep -d 'remove nothing'
complete -c shmtool -n '__fish_seen_subcommand_from run' -l report -r -F -d 'write what it left, as JSON'
complete -c shmtool -n '__fish_seen_subcommand_from run' -x -a '(__fish_complete_subcommand --fcs-skip=2)'

complete -c shmtool -n '__fish_seen_subcommand_from limits' -l set -x \
    -a 'shmmax= shmall= shmmni= shm_rmid_forced=' -d 'set a limit'
complete -c shmtool -n '__fish_seen_subcommand_from limits' -l persist -d 'keep it over a reboot'

complete -c shmtool -n '__fish_seen_subcommand_from key' -F
complete -c shmtool -n '__fish_seen_subcommand_from key' -s p -l proj -x -d '1 to 255, or one character'
complete -c shmtool -n '__fish_seen_subcommand_from key' -l find -x -a '(__shmtool_keys)' -d 'files that could have made this key'

complete -c shmtool -n '__fish_seen_subcommand_from doctor' -s k -l key -x -a '(__shmtool_keys)' -d 'predict shmget with this key'
complete -c shmtool -n '__fish_seen_subcommand_from doctor' -s s -l size -x -d 'predict it with this size'
complete -c shmtool -n '__fish_seen_subcommand_from doctor' -l exclusive -d 'predict it with IPC_EXCL'
complete -c shmtool -n '__fish_seen_subcommand_from doctor' -l mode -x -d 'permission bits, octal'
complete -c shmtool -n '__fish_seen_subcommand_from doctor' -l flags -x -d 'all flags, as programs print them'
complete -c shmtool -n '__fish_seen_subcommand_from doctor' -l huge -d 'predict it with huge pages'
complete -c shmtool -n '__fish_seen_subcommand_from doctor' -l attach -x -a 'ro rw' -d 'predict shmat after it'
complete -c shmtool -n '__fish_seen_subcommand_from doctor' -l severity -x -a 'info warning error' -d 'only these and above'

complete -c shmtool -n '__fish_seen_subcommand_from watch' -l interval -x -a '100ms 1s 10s' -d 'look this often'
complete -c shmtool -n '__fish_seen_subcommand_from watch' -l count -x -d 'end after so many events'
complete -c shmtool -n '__fish_seen_subcommand_from watch' -l for -x -a '10s 1m 1h' -d 'end after this time'
complete -c shmtool -n '__fish_seen_subcommand_from watch' -l initial -d 'first list what is there'
complete -c shmtool -n '__fish_seen_subcommand_from wait' -l until -x -a 'gone present unattached attached orphan' \
    -d 'what is waited for'
complete -c shmtool -n '__fish_seen_subcommand_from wait' -l timeout -x -a '10s 1m 1h' -d 'give up after this time'

complete -c shmtool -n '__fish_seen_subcommand_from du' -l by -x -a "(__shmtool_list $sums)" -d 'sums by these'
complete -c shmtool -n '__fish_seen_subcommand_from du' -l system -d 'what Shmem consists of'
complete -c shmtool -n '__fish_seen_subcommand_from du' -l huge -d 'huge pages that they would need'
complete -c shmtool -n '__fish_seen_subcommand_from du' -s c -l columns -x -a "(__shmtool_list $sums uid cuid gid segments bytes rss rss_unknown swap attached orphans host)" -d 'these columns'
complete -c shmtool -n '__fish_seen_subcommand_from du' -l sort -x -a "(__shmtool_list $sums uid cuid gid segments bytes rss rss_unknown swap attached orphans host)" -d 'sort by value'
complete -c shmtool -n '__fish_seen_subcommand_from du' -s q -l quiet -d 'what sums are by alone'

complete -c shmtool -n '__fish_seen_subcommand_from metrics' -l by -x -a 'owner container program' -d 'segments and bytes by this'
complete -c shmtool -n '__fish_seen_subcommand_from metrics' -l textfile -r -F -d 'replace this file'

complete -c shmtool -n '__fish_seen_subcommand_from create' -s s -l size -x -d 'how many bytes'
complete -c shmtool -n '__fish_seen_subcommand_from create' -s k -l key -x -d 'with this key'
complete -c shmtool -n '__fish_seen_subcommand_from create' -l ftok -r -F -d 'with the ftok key of this file'
complete -c shmtool -n '__fish_seen_subcommand_from create' -s p -l proj -x -d '1 to 255, or one character'
complete -c shmtool -n '__fish_seen_subcommand_from create' -l perms -x -a '600 640 660 666' -d 'permission bits, octal'
complete -c shmtool -n '__fish_seen_subcommand_from create' -s o -l owner -x -a '(__fish_complete_users)' -d 'owned by this user'
complete -c shmtool -n '__fish_seen_subcommand_from create' -l huge -d 'of huge pages'
complete -c shmtool -n '__fish_seen_subcommand_from create' -l noreserve -d 'without a promise of memory'
complete -c shmtool -n '__fish_seen_subcommand_from create' -l lock -d 'never to be swapped out'

complete -c shmtool -n '__fish_seen_subcommand_from set' -a 'owner= group= perms= locked=yes locked=no' -d 'what is set'

complete -c shmtool -n '__fish_seen_subcommand_from cat' -a '(__shmtool_ids)'
complete -c shmtool -n '__fish_seen_subcommand_from cat' -s x -l hex -d 'a hex dump'
complete -c shmtool -n '__fish_seen_subcommand_from cat' -l offset -x -d 'from this byte on'
complete -c shmtool -n '__fish_seen_subcommand_from cat' -l length -x -d 'this many bytes'
complete -c shmtool -n '__fish_seen_subcommand_from cat' -s y -l yes -d 'also where much would be allocated'
complete -c shmtool -n '__fish_seen_subcommand_from cat' -s v -l verbose -d 'say how it is read'

complete -c shmtool -n '__fish_seen_subcommand_from restore capture' -x -a '(__fish_complete_directories)'
complete -c shmtool -n '__fish_seen_subcommand_from restore' -l same-id -d 'with the ids that they had'
complete -c shmtool -n '__fish_seen_subcommand_from capture' -l no-arguments -d 'command lines end after the name'
