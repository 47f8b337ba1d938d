"""The reports that Python's users get: they show and save themselves, and are the pure data in everything else."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

import rnnshape
from rnnshape import ProgramReport, Report, explore, program_report, report
from rnnshape.show.console import as_text
from rnnshape.show.table import table

REPORTS = {
    "a layer": lambda: explore("gru", return_state=True, batch=2, time=3),
    "code": lambda: explore("x = Input((3, 2))\ny = LSTM(4)(x)"),
    "code with a fix": lambda: explore("x = Input((3, 2))\ny = LSTM(4)(x)\nz = LSTM(4)(y)"),
}


@pytest.fixture(params=REPORTS)
def found(request):
    return REPORTS[request.param]()


def test_a_report_is_data_that_shows_itself(found, tmp_path):
    assert isinstance(found, report.Report | program_report.ProgramReport)
    assert isinstance(found, rnnshape.Report | rnnshape.ProgramReport)
    assert str(found) == as_text(table([found]))
    found.save(tmp_path / "answer.json")
    assert json.loads((tmp_path / "answer.json").read_text()) == found.to_dict()


def test_a_report_comes_back_from_its_document(found):
    assert type(found).from_dict(found.to_dict()) == found
    assert pickle.loads(pickle.dumps(found)) == copy.deepcopy(found) == found


def test_the_report_with_the_fix_shows_itself_too():
    fixed = REPORTS["code with a fix"]().with_fix
    assert type(fixed) is ProgramReport
    assert "LSTM" in str(fixed)


def test_the_pure_data_shows_nothing():
    assert not hasattr(report.Report, "_repr_html_")
    assert hasattr(Report, "_repr_html_")


def test_a_report_saves_itself(tmp_path):
    explore("gru", return_state=True, batch=2, time=3).save(tmp_path / "answer.txt")
    assert "final_state" in (tmp_path / "answer.txt").read_text(encoding="utf-8")
