"""What is read ahead of standard input is there once more for whoever reads it next."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rnnshape.worker.spool import MOST, count_layers

AGAIN = (
    "import os, sys; from rnnshape.worker import spool; n = len(spool.read_ahead()); print(n, len(sys.stdin.read()))"
)


@pytest.mark.parametrize("size", [0, 1, 70_000, MOST])
def test_it_is_there_once_more(size):
    done = subprocess.run([sys.executable, "-c", AGAIN], input=b"x" * size, capture_output=True, check=True, timeout=60)
    assert done.stdout.split() == [b"%d" % size] * 2


def test_what_has_no_end_is_read_up_to_the_most():
    command = ["sh", "-c", f"yes | {sys.executable} -c '{AGAIN}'"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert done.stdout.split() == [b"%d" % MOST] * 2


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("gru\nLSTM(4)\n\n# a comment\nBidirectional(LSTM(4), merge_mode='sum')\n", 3),
        ("LSTM(4, return_state=True)\n" * 100, 100),
        ("x = Input((3, 4))\ny = LSTM(4)(x)\n", 0),
        ("from keras.layers import LSTM\nLSTM(4)\n", 0),
        ("def f(x):\n    return LSTM(4)(x)\n", 0),
        (">>> LSTM(4)\n", 0),
        ("  LSTM(4)  \n", 1),
        ("keras.Sequential([\n    LSTM(4),\n    Dense(1)\n])\n", 0),
        ('{"cells": []}', 0),
    ],
)
def test_a_list_of_layers_is_told_from_code(text, count):
    assert count_layers(text.encode()) == count
