"""Report -> its JSON document: one line, or indented for a person's eyes."""

from __future__ import annotations

import json
from typing import Any

from rnnshape.show.rows import Answers


def as_json(document: dict[str, Any], *, pretty: bool = False) -> str:
    """Return the document as JSON text, keys in the document's order, without a newline at its end.

    It is ASCII, so that it is the same on every terminal and in every locale.
    """
    return json.dumps(document, indent=2 if pretty else None, allow_nan=False)


def render(answers: Answers, shown: object = None) -> str:  # noqa: ARG001
    """Return the documents, one a line; the only one is indented. No picture changes them."""
    documents = [answer.to_dict() for answer in answers]
    return "".join(as_json(document, pretty=len(documents) == 1) + "\n" for document in documents)
