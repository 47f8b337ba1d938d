_rnnshape() {
    local IFS=$'\n'
    COMPREPLY=($(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD="$COMP_CWORD" _RNNSHAPE_COMPLETE=complete_bash \
        "${1/#\~/$HOME}" 2>/dev/null))
    # Where there is no word, bash offers files: not where none may stand.
    if [[ ${COMPREPLY[0]} == : ]]; then
        COMPREPLY=()
        compopt +o default 2>/dev/null
    fi
}

complete -o default -F _rnnshape rnnshape
