"""What `explore` refuses to be asked."""

from __future__ import annotations

import pytest

import rnnshape
from rnnshape import explore
from rnnshape.errors import InvalidQuery


def test_what_is_no_question_to_python():
    with pytest.raises(InvalidQuery, match="layer must be a layer's name"):
        explore(5)
    with pytest.raises(InvalidQuery, match="Received: options for 2"):
        explore("gru", units=[4, 5])
    with pytest.raises(InvalidQuery, match="There is no option unit"):
        explore("gru", unit=4)
    assert "explore" in dir(rnnshape)
