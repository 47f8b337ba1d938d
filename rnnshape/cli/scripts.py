"""The completion scripts, which a shell loads once and which ask `completion` at each TAB: shown, and installed.

The one for PowerShell is Typer's. Its script for bash offers files where no file may stand, the one for fish asks twice
at each TAB, and the one for zsh does nothing at the first; so these are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rnnshape.errors import InvalidQuery, RnnshapeError, nearest
from rnnshape.options import SHELLS

_BASH = """\
_rnnshape() {
    local IFS=$'\\n'
    COMPREPLY=($(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD="$COMP_CWORD" _RNNSHAPE_COMPLETE=complete_bash \\
        "${1/#\\~/$HOME}" 2>/dev/null))
    # Where there is no word, bash offers files: not where none may stand.
    if [[ ${COMPREPLY[0]} == : ]]; then
        COMPREPLY=()
        compopt +o default 2>/dev/null
    fi
}

complete -o default -F _rnnshape rnnshape
"""

_ZSH = """\
#compdef rnnshape

_rnnshape() {
  local program=${~${(Q)words[1]}}
  eval "$(env _RNNSHAPE_COMPLETE=complete_zsh _RNNSHAPE_LINE="${(j: :)words[1,CURRENT]}" $program 2>/dev/null)"
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
            printf '%s\\n' "$joined$path"
        end
    else
        printf '%s\\n' $offers
    end
end

complete --command rnnshape --no-files --arguments '(__rnnshape_offers)'
"""


_OURS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
_TYPERS = ("pwsh", "powershell")
_ASK = {"prog_name": "rnnshape", "complete_var": "_RNNSHAPE_COMPLETE"}


def named(words: Sequence[str]) -> str:
    """Return the shell that the words name, or else the one that started this program.

    Raises:
        InvalidQuery: the words are no shell.
        RnnshapeError: nothing is said, and nobody knows the shell around us.

    """
    if not words:
        return shell_around()
    if len(words) == 1 and words[0].lower() in SHELLS:
        return words[0].lower()
    near = nearest(words[0], SHELLS)
    message = f"There is completion for bash, zsh, fish and powershell. Received: {' '.join(words)}"
    raise InvalidQuery(
        message, hint=f"Did you mean {near}?" if near else "Leave the name out for the shell that you are in."
    )


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
        received = "This shell is unknown." if name is None else f"This shell is {name}."
        message = f"{received} There is completion for bash, zsh, fish and PowerShell."
        raise RnnshapeError(message, hint="Name one of these: rnnshape --install-completion bash")
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
