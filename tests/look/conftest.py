"""Where the hand-made reports and the screens are: next door, in `tests/show`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "show"))
