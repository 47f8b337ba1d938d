function __rnnshape_offers
    set --local typed (commandline --cut-at-cursor --current-process | string collect)
    set --local tokens (commandline --tokenize --cut-at-cursor --current-process)
    set --local program (string replace --regex -- '^~(?=/)' $HOME $tokens[1])
    set --local offers (env _RNNSHAPE_COMPLETE=complete_fish _RNNSHAPE_LINE=$typed $program 2>/dev/null)
    # Without words to offer, the program says nothing, or a colon where no file may stand.
    if test "$offers" = ':'
        return
    else if test -z "$offers"
        set --local word (commandline --current-token --cut-at-cursor)
        set --local joined (string match --regex -- '^--[^=]*=' $word)
        for path in (__fish_complete_path (string replace -- "$joined" '' $word))
            printf '%s\n' "$joined$path"
        end
    else
        printf '%s\n' $offers
    end
end

complete --command rnnshape --no-files --arguments '(__rnnshape_offers)'
