"""The completion scripts, which a shell loads once and which ask `completion` at each TAB: shown, and installed.

Those for bash and PowerShell are Typer's. Its script for fish asks twice at each TAB, and the one for zsh does nothing
at the first; so these two are ours.
"""

from __future__ import annotations

from pathlib import Path

from rnnshape.errors import RnnshapeError

_ZSH = """\
#compdef rnnshape

_rnnshape() {
  eval "$(env _RNNSHAPE_COMPLETE=complete_zsh _RNNSHAPE_LINE="${(j: :)words[1,CURRENT]}" rnnshape 2>/dev/null)"
}

# At the first TAB, zsh runs a file of $fpath in the place of the function in it.
if [[ $funcstack[1] == _rnnshape ]]; then
  _rnnshape "$@"
else
  compdef _rnnshape rnnshape
fi
"""

_FISH = """\
function __rnnshape_offers
    set --local typed (commandline --cut-at-cursor --current-process | string collect)
    set --local offers (env _RNNSHAPE_COMPLETE=complete_fish _RNNSHAPE_LINE=$typed rnnshape 2>/dev/null)
    # Without words to offer, the program says nothing.
    if test -z "$offers"
        set --local word (commandline --current-token --cut-at-cursor)
        set --local joined (string match --regex -- '^--[^=]*=' $word)
        for path in (__fish_complete_path (string replace -- "$joined" '' $word))
            printf '%s\\n' "$joined$path"
        end
    else
        printf '%s\\n' $offers
    end
end

complete --command rnnshape --no-files --arguments '(__rnnshape_offers)'
"""


_OURS = {"zsh": _ZSH, "fish": _FISH}
_TYPERS = ("bash", "pwsh", "powershell")
_ASK = {"prog_name": "rnnshape", "complete_var": "_RNNSHAPE_COMPLETE"}


def script(shell: str) -> str:
    """Return the script of one of bash, zsh, fish, pwsh and powershell."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]  # its home is private

    return _OURS.get(shell) or f"{get_completion_script(shell=shell, **_ASK)}\n"


def shell_around() -> str:
    """Return the name of the shell that started this program.

    Raises:
        RnnshapeError: it is none of the five, or nobody knows.

    """
    import shellingham

    try:
        name, _ = shellingham.detect_shell()
    except (shellingham.ShellDetectionFailure, RuntimeError, OSError):
        name = None
    if name not in {*_OURS, *_TYPERS}:
        received = "It cannot be told which shell this is" if name is None else f"This shell is {name}"
        raise RnnshapeError(f"{received}; there is completion for bash, zsh, fish and PowerShell.")
    return str(name)


def install(shell: str) -> Path:
    """Install the script for this user, where the shell finds it when it starts next, and return the path.

    Raises:
        RnnshapeError: the home cannot be written to.

    """
    from typer.completion import install as install_typers  # type: ignore[attr-defined]

    try:
        path: Path = install_typers(shell=shell, **_ASK)[1]
        if shell in _OURS:
            path.write_text(script(shell), encoding="utf-8")
    except (OSError, RuntimeError) as error:
        raise RnnshapeError(
            f"The completion cannot be installed: {error}", hint="--show-completion shows it, to put it elsewhere."
        ) from None
    return path
