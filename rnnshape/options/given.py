"""What was given -> the options, each read by its reader; and which of them go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rnnshape.errors import InvalidQuery, nearest
from rnnshape.options.listed import NAMES, Options, option_of, typed
from rnnshape.options.option import Part


def read_options(raw: Mapping[str, object], *, known: Sequence[str] = NAMES) -> Options:
    """Return the options that were given by name, as strings or as Python's values.

    Args:
        raw: what was given, by name.
        known: the names that may be given: those of the question, or `ALL` on the command line.

    Raises:
        InvalidQuery: no such option, a value that is none of its values, or options that do not go together.

    """
    for name in raw:
        if name not in known:
            near = nearest(name, known)
            hint = f"Did you mean {near}?" if near else f"There are {', '.join(known)}."
            raise InvalidQuery(f"There is no option {name}. Received: {name}={raw[name]!r}", hint=hint)
    options = Options(**{name: option_of(name).read(name, value) for name, value in raw.items()})
    sizes = [name for name in options.given(Part.INPUT) if name != "input"]
    if options.input is not None and sizes:
        message = f"--input gives the whole shape, so {typed(sizes[0])} does not go with it."
        raise InvalidQuery(message, hint=f"Leave out --input or {typed(sizes[0])}.")
    if options.merge_mode is not None and not options.bidirectional:
        raise InvalidQuery("--merge-mode belongs to a Bidirectional layer.", hint="Add --bidirectional.")
    for name in ("return_sequences", "return_state"):
        if options.all_flags and getattr(options, name):
            message = f"--all-flags runs every combination, so {typed(name)} does not go with it."
            raise InvalidQuery(message, hint=f"Leave out {typed(name)}.")
    return options


def for_code(options: Options) -> None:
    """Refuse what does not go with code, which says everything else itself.

    Raises:
        InvalidQuery: an option was given that is about a single layer.

    """
    for name in (name for part in Part for name in options.given(part)):
        option = option_of(name)
        if not (option.with_code or option.of_command) and getattr(options, name) != option.default:
            if option.part is Part.SHOWN:
                message = f"{typed(name)} is about a single layer, and does not go with code."
                raise InvalidQuery(message, hint=f"Leave it out, or give a layer by its name: gru {typed(name)}")
            message = f"The code says which layers run, and on which input, so {typed(name)} does not go with it."
            raise InvalidQuery(
                message, hint=f"Write it into the code, or give a layer by its name: gru {typed(name)} …"
            )


def for_layers(options: Options) -> None:
    """Refuse what goes with code alone.

    Raises:
        InvalidQuery: such an option was given.

    """
    for name in options.given(Part.CODE):
        message = f"{typed(name)} goes with code, and there is none here."
        raise InvalidQuery(message, hint="Give a file, or call the layer on a tensor: rnnshape 'y = LSTM(units)(x)'")
