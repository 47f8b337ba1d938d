from __future__ import annotations

import dataclasses

import reports
from reports import OUTPUT, STATE

from rnnshape.show.marks import Part, families, letter, marks


def test_letters_go_on_after_z() -> None:
    assert [letter(number) for number in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


def test_equal_tensors_carry_the_mark_whole() -> None:
    (found,) = marks([reports.gru_state])
    output, state = found.of("output"), found.of("final_state")
    assert output[0].mark is state[0].mark
    assert (output[0].part, output[0].own, output[0].others) == (Part.WHOLE, (), ("final_state",))
    assert (output[0].mark.letter, output[0].mark.number) == ("A", 0)


def test_a_slice_carries_the_mark_as_a_slice() -> None:
    (found,) = marks([reports.bidirectional_sequences])
    first, second = found.of("whole_sequence_output")
    assert (first.part, first.own, first.others) == (Part.SLICE, ("[:, -1, :4]",), ("forward_final_state",))
    assert (second.mark.letter, second.own) == ("B", ("[:, 0, 4:]",))
    assert found.of("backward_final_state")[0].part is Part.WHOLE


def test_the_sides_of_a_merge_carry_the_mark_as_merged() -> None:
    for report in (reports.bidirectional_sum, reports.bidirectional_concat):
        (found,) = marks([report])
        assert found.of("output")[0].part is Part.WHOLE
        for name in ("forward_final_state", "backward_final_state"):
            assert [(one.part, one.others) for one in found.of(name)] == [(Part.MERGED, ("output",))]


def test_a_name_inside_another_name_is_not_that_name() -> None:
    report = dataclasses.replace(
        reports.gru_state,
        tensors=(OUTPUT, STATE, dataclasses.replace(STATE, name="state"), dataclasses.replace(STATE, name="x_output")),
        equal=reports.statements(("output", "final_state + x_output")),
    )
    (found,) = marks([report])
    assert found.of("state") == ()
    assert [one.part for one in found.of("x_output")] == [Part.MERGED]


def test_two_slices_of_one_tensor_in_one_class() -> None:
    report = dataclasses.replace(
        reports.gru_state,
        tensors=(reports.SEQUENCE, STATE),
        equal=reports.statements(
            ("whole_sequence_output[:, -1, :]", "whole_sequence_output[rows, last_step]", "final_state")
        ),
    )
    (carried,) = marks([report])[0].of("whole_sequence_output")
    assert (carried.own, carried.others) == (("[:, -1, :]", "[rows, last_step]"), ("final_state",))


def test_close_comes_after_equal_and_has_its_own_mark() -> None:
    report = dataclasses.replace(
        reports.lstm_both, close=reports.statements(("final_memory_state", "final_carry_state"))
    )
    (found,) = marks([report])
    assert [(mark.letter, mark.is_close) for mark in found.all] == [("A", False), ("B", True)]


def test_every_flag_combination_shares_letters_and_other_queries_begin_anew() -> None:
    found = marks([*reports.all_flags, reports.gru_state])
    assert [mark.letter for some in found for mark in some.all] == ["A"] * 5
    assert len({id(mark) for some in found[:4] for mark in some.all}) == 1
    assert found[4].all[0] is not found[0].all[0]
    assert found[0].of("output")[0].others == ("final_memory_state", "whole_sequence_output[:, -1, :]")


def test_a_combination_that_comes_again_begins_another_family() -> None:
    assert list(map(len, families([*reports.all_flags, *reports.all_flags]))) == [4, 4]
    assert list(map(len, families([reports.gru, reports.gru]))) == [1, 1]


def test_statements_that_share_an_expression_are_one_fact_in_a_family() -> None:
    first, second = reports.all_flags[1], reports.all_flags[3]
    first = dataclasses.replace(first, equal_across=reports.statements(("final_carry_state", "output")))
    second = dataclasses.replace(second, equal_across=())
    found = marks([first, second])
    assert len({id(mark) for some in found for mark in some.all}) == 1


def test_what_noise_makes_hold_in_one_report_alone_has_a_mark_in_that_report_alone() -> None:
    family = [dataclasses.replace(report, equal_across=()) for report in reports.all_flags]
    found = marks(family)
    assert [[mark.letter for mark in some.all] for some in found] == [[], ["A"], [], ["B"]]
    assert found[1].of("final_memory_state")[0].others == ("output",)
    assert found[3].of("final_memory_state")[0].others == ("whole_sequence_output[:, -1, :]",)


def test_what_is_undecided_is_said_to_be_so() -> None:
    undecided = dataclasses.replace(reports.gru_state, equal=(), undecided=("final_state",))
    assert "not compared, since the values vary too little: final_state" in str(undecided)
