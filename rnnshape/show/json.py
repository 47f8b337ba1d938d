"""Report -> its JSON document: one line, or indented for a person's eyes."""

from __future__ import annotations

import json
from typing import Any


def as_json(document: dict[str, Any], *, pretty: bool = False) -> str:
    """Return the document as JSON text, keys in the document's order, without a newline at its end.

    It is ASCII, so that it is the same on every terminal and in every locale.
    """
    return json.dumps(document, indent=2 if pretty else None, allow_nan=False)
