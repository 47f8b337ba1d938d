"""The same question with other seeds: the same answer. `python -m tests.fuzz` asks more of them, and drawn ones."""

from __future__ import annotations

from random import Random

import pytest
from fuzz import seeds

SEEDS = range(5)
ASKED = [question for at, question in enumerate(seeds.questions()) if at % 5 < 2]


@pytest.mark.parametrize("question", ASKED, ids=[f"{at}-{layer[:40]}" for at, (layer, _) in enumerate(ASKED)])
def test_every_seed_gives_the_same_statements(question: seeds.Question) -> None:
    assert seeds.differences(question, SEEDS) == []


def test_the_drawn_questions_are_from_all_over() -> None:
    random = Random(0)  # noqa: S311 - the same ones again, please
    drawn = [seeds.question(random) for _ in range(200)]
    options = {name for _, one in drawn for name in one}
    assert {"mask", "initial_state", "training", "bidirectional", "all_flags"} <= options


def test_a_difference_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeds, "answers", lambda _, seed: [{"equal": (("a", "b"),) if seed < 3 else (), "close": None}])
    assert seeds.differences(("lstm", {}), range(3)) == []
    assert len(seeds.differences(("lstm", {}), SEEDS)) == 2
