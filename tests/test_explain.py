"""The sentences: each rests on a finding of the report, and is not there without it."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys

import pytest
from asked import found
from reports import EVERY, all_flags, bidirectional_sequences, constant, huge, lstm_both, statements

from rnnshape.errors import RnnshapeError
from rnnshape.explain import MOST, explain
from rnnshape.expression import parse
from rnnshape.report import Report
from rnnshape.torch_names import torch_names

REPORTS = found()
ALL = {
    **REPORTS,
    **{
        f"{name}-{at}": item
        for name, items in EVERY.items()
        if name not in ("markup", "stacked")
        for at, item in enumerate(items)
        if not isinstance(item, RnnshapeError)
    },
}
CODE = re.compile(r"\w+\[[^\]]*\]|\w*(?:output|final_\w+)\b")


def said(report: Report) -> str:
    return "\n".join(explain(report))


def without_findings(report: Report) -> Report:
    return dataclasses.replace(
        report, equal=(), close=None, same_shape_different_values=(), broken=None, equal_across=None, states=None,
        constant=None, returned=dataclasses.replace(report.returned, container="tuple"),
    )  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_they_are_few_and_short(name):
    sentences = explain(ALL[name])
    assert len(sentences) <= MOST
    assert len(set(sentences)) == len(sentences)
    for sentence in sentences:
        assert sentence.endswith(".")
        assert len(re.sub(r"\w*_\w+|\[[^\]]*\]", "", sentence)) < 200


@pytest.mark.parametrize("name", ALL)
def test_without_a_finding_there_is_no_sentence_but_the_names_in_pytorch(name):
    sentences = explain(without_findings(ALL[name]))
    assert [sentence for sentence in sentences if not sentence.startswith("In PyTorch")] == []


@pytest.mark.parametrize("name", ALL)
def test_each_equality_that_is_claimed_was_found(name):
    report = ALL[name]
    statements = [*report.equal, *(report.close or ()), *(report.equal_across or ()), *(report.broken or ())]
    claims = re.findall(
        r"([\w.]+(?:\[[^\]]*\])?) is(?:, but for rounding,)? (\w*final_\w+|\w+\[[^\]]*\])", said(report)
    )
    for one, other in claims:
        if "h_n" in other or "c_n" in other or other.startswith("output["):
            continue
        if one == "and":
            continue
        assert any(
            {one, other} <= set(statement) or (one in statement and any(other in code for code in statement))
            or (one == "output" and other in statement) for statement in statements
        ), (one, other)  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_each_inequality_that_is_claimed_was_looked_for(name):
    report = ALL[name]
    for one, other in re.findall(r"(\w+\[[^\]]*\]) is not (\w+)", said(report)):
        assert not any({one, other} <= set(statement) for statement in (*report.equal, *(report.close or ())))


def test_what_is_said_of_an_lstm():
    assert [sentence.partition(":")[0] for sentence in explain(REPORTS["lstm"])[1:3]] == [
        "final_carry_state, the carry state c after the last timestep, is equal to nothing else that came back",
        "final_memory_state comes before final_carry_state",
    ]
    assert explain(REPORTS["lstm"])[0].startswith("whole_sequence_output[:, -1, :] is final_memory_state, the hidden")
    assert explain(REPORTS["lstm"])[3].endswith(" with initial_state=[final_memory_state, final_carry_state].")


def test_tensors_that_the_layer_does_not_return_change_nothing():
    more = dataclasses.replace(lstm_both.tensors[0], name="every_final_carry_state", path=None)
    (statement,) = statements(("every_final_carry_state[:, -1, :]", "final_memory_state"))
    report = dataclasses.replace(lstm_both, tensors=(*lstm_both.tensors, more), equal=(*lstm_both.equal, statement))
    assert explain(report) == explain(lstm_both)


def test_the_traps_of_a_bidirectional_layer():
    text = said(REPORTS["bi"])
    assert "whole_sequence_output[:, 0, 4:] is backward_final_memory_state." in text
    assert "whole_sequence_output[:, -1, 4:] is not backward_final_memory_state: there, the backward layer has" in text
    assert "no single step of a sequence holds both" in said(REPORTS["bi-last"])
    assert "merge_mode merges the outputs, and the states stay apart" in said(REPORTS["bi-ave"])
    # Where the trap holds after all, it is none.
    equal = (
        *bidirectional_sequences.equal[:1],
        *statements((*bidirectional_sequences.equal[1], "whole_sequence_output[:, -1, 4:]")),
    )
    assert "is not" not in said(dataclasses.replace(bidirectional_sequences, equal=equal))


def test_the_other_traps():
    assert "return_state adds nothing here" in said(REPORTS["gru-state"])
    assert "return_state adds nothing" not in said(REPORTS["lstm-last"])
    assert "its step -1 is timestep 0" in said(REPORTS["lstm-backwards"])
    masked = said(REPORTS["mask-lengths"])
    assert "with the mask it is not: take whole_sequence_output[rows, last_step]." in masked
    assert "Masked steps at the end repeat" in said(REPORTS["mask-right"])
    assert "Masked steps at the end repeat" not in masked
    assert "not a tuple" in said(REPORTS["gru"])
    assert "one single value throughout" in said(constant)
    assert "is, but for rounding, final_state" in said(huge)
    assert "initial_state=[[cell_0_final_memory_state, cell_0_final_carry_state], [cell_1_final_state]]" in said(
        REPORTS["stack"]
    )
    assert "initial_state" not in said(REPORTS["cell"])


def test_what_holds_between_the_combinations():
    sentence = "Without return_sequences, the output is whole_sequence_output[:, -1, :]."
    assert all(sentence in explain(report) for report in all_flags)
    apart = statements(
        ("output", "concatenate([forward_final_state, backward_final_state], axis=-1)"),
        ("whole_sequence_output[:, -1, :4]", "forward_final_state"),
    )
    both = dataclasses.replace(bidirectional_sequences, equal_across=apart)
    assert "Without return_sequences, the output is not whole_sequence_output[:, -1, :]." in explain(both)
    assert not any("Without return_sequences" in one for one in explain(lstm_both))


def test_pytorch_is_spoken_of_only_where_it_computes_the_same():
    for name in ("lstm-backwards", "bi-sum", "bi-none", "stack", "conv-2d", "mask-right", "cell", "dense"):
        assert torch_names(REPORTS[name]) == {}
        assert "PyTorch" not in said(REPORTS[name])
    for layer in (
        "GRU(4, reset_after=False)",
        "LSTM(4, activation='relu')",
        "Bidirectional(LSTM(4), backward_layer=GRU(4))",
    ):
        assert torch_names(dataclasses.replace(REPORTS["gru"], layer=parse(layer))) == {}
    assert "two biases" not in said(dataclasses.replace(lstm_both, layer=parse("LSTM(4, use_bias=False)")))


def test_it_imports_next_to_nothing():
    code = "import sys, rnnshape.explain; print(*{'rich', 'numpy', 'keras', 'tensorflow', 'torch'} & set(sys.modules))"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert process.stdout.split() == []


def test_the_sentences_are_those_that_they_were(golden):
    golden("explain.txt", "\n".join(f"# {report.layer}\n{said(report)}\n" for report in REPORTS.values()))


def test_a_layer_of_one_s_own_may_take_its_states_in_another_order():
    report = REPORTS["lstm"]
    own = dataclasses.replace(report, layer=parse("mine.LSTM(4, return_state=True)"))
    assert any("To go on from here" in sentence for sentence in explain(report))
    assert not any("To go on from here" in sentence for sentence in explain(own))
