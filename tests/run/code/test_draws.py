"""What two draws of code do not tell, more of them do: an answer is the same for every seed."""

from __future__ import annotations

import pytest

from rnnshape.programs import Source, explore_code

PROGRAMS = {
    # One unit that is dead for every second choice of weights.
    "x = Input((5, 4))\ny, h = SimpleRNN(1, activation='relu', return_state=True)(x)": (("y", "h"),),
    "x = Input((5, 4))\nq, h = SimpleRNN(1, activation='relu', return_sequences=True, return_state=True)(x)": (
        ("q[:, -1, :]", "h"),
    ),
    # Values that explode, unless the weights are small.
    "x = Input((200, 4))\ny, s = SimpleRNN(16, activation='exponential', return_state=True)(x)": (("y", "s"),),
}


@pytest.mark.parametrize("text", PROGRAMS)
def test_an_answer_about_code_is_the_same_for_every_seed(text):
    for seed in range(8):
        report = explore_code(Source(text), seed=seed)
        assert (report.equal, report.close, report.undecided) == (PROGRAMS[text], None, None), seed


def test_what_the_code_itself_makes_constant_takes_no_more_draws():
    report = explore_code(Source("x = Input((5, 4))\ns = tf.zeros((3, 2))\ny = GRU(2)(x, initial_state=s)"))
    assert (report.constant, report.ran.draws) == (("s",), 2)
