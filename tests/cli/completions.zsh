# What zsh would offer behind a command line: zsh -f completions.zsh COMPLETIONS LINE SCRATCH-DIRECTORY
# Prints the candidates, one a line. zsh completes in its line editor only, so a second one gets a terminal.
zmodload zsh/zpty
export COMPLETIONS=$1 SCRATCH=$3
local line=$2 out

cat >$SCRATCH/setup <<'SETUP'
PROMPT= PS2=
autoload -Uz compinit
# What it finds in a second is kept for the next call.
compinit -u -C -d ${SCRATCH:h}/functions
source $COMPLETIONS
compdef _shmtool shmtool
# Every candidate goes through compadd; -O, -A and -D only ask which ones would match.
compadd () {
    local -a hits
    if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
        builtin compadd "$@"
        return
    fi
    builtin compadd -A hits "$@"
    (( $#hits )) || return 1
    print -rl -- $hits >>$SCRATCH/hits
    builtin compadd "$@"
}
show () {
    _main_complete
    print done >$SCRATCH/done
}
zle -C show complete-word show
bindkey '^I' show
print ready >$SCRATCH/ready
SETUP

# wait_for FILE: and read what the other one writes meanwhile, or it would stop
wait_for () {
    integer end=$((SECONDS + 60))
    until [[ -s $SCRATCH/$1 ]]; do
        zpty -r -t editor out
        (( SECONDS < end )) || exit 1
        sleep 0.02
    done
}

: >$SCRATCH/hits
zpty editor 'TERM=dumb zsh -f -i'
zpty -w editor 'source $SCRATCH/setup'
wait_for ready
zpty -w -n editor $line$'\t'
wait_for done
zpty -d editor
sort -u $SCRATCH/hits
