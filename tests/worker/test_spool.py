"""What is read ahead of standard input is there once more for whoever reads it next."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rnnshape.worker.spool import MOST

AGAIN = """
import os, sys
from rnnshape.worker import spool
spool.read_ahead()
first = len(os.read(0, 2 * spool.MOST))
os.lseek(0, 0, os.SEEK_SET)
print(first, len(sys.stdin.read()))
"""


@pytest.mark.parametrize("size", [0, 1, 70_000, MOST])
def test_it_is_there_once_more(size):
    done = subprocess.run([sys.executable, "-c", AGAIN], input=b"x" * size, capture_output=True, check=True, timeout=60)
    assert done.stdout.split() == [b"%d" % size] * 2


def test_what_has_no_end_is_read_up_to_the_most():
    command = ["sh", "-c", f'yes | {sys.executable} -c "$0"', AGAIN]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert done.stdout.split() == [b"%d" % MOST] * 2
