function __rnnshape_offers
    set --local typed (commandline --cut-at-cursor --current-process | string collect)
    set --local offers (env _RNNSHAPE_COMPLETE=complete_fish _RNNSHAPE_LINE=$typed rnnshape 2>/dev/null)
    # Without words to offer, the program says nothing.
    if test -z "$offers"
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
