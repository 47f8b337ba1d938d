"""Programs' traces, made by hand: what the tests of answering and showing look at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnnshape import trace as seen
from rnnshape.answer import report_of
from rnnshape.program_report import Assumed, Cause, ChangedLine, Fix, Operand, PassedOver, ProgramInput
from rnnshape.report import Versions

VERSIONS = Versions(rnnshape="0.1.0", keras="3.15.1", tensorflow="2.21.0", python="3.11.7")

CODE = """\
encoder_inputs = Input(shape=(None, 71))
encoder_outputs, state_h, state_c = LSTM(256, return_state=True)(encoder_inputs)
decoder_inputs = Input(shape=(None, 93))
decoder = LSTM(256, return_sequences=True, return_state=True)
decoder_outputs, _, _ = decoder(decoder_inputs, initial_state=[state_h, state_c])
outputs = Dense(93, activation="softmax")(decoder_outputs)
"""


def values(*shape: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.random.default_rng([seed, draw]).standard_normal(shape).astype("float32") for draw in (0, 1))


def _input(name, line, features, seed):
    given = ProgramInput(
        name=name,
        variable=name,
        line=line,
        shape=(None, None, features),
        axes=("batch", "timesteps", "features"),
        dtype="float32",
    )
    return given, tensor(name, line, None, (None, None, features), values(3, 5, 7, seed=seed), "input", has_time=True)


def tensor(name, line, step, shape, draws, meaning, path=(), **more):
    axes = ("batch", "timesteps", "units")[:: 1 if len(shape) == 3 else 2]
    more.setdefault("variable", name)
    return seen.TracedTensor(
        name=name,
        line=line,
        step=step,
        path=path,
        shape=shape,
        axes=axes,
        dtype="float32",
        meaning=meaning,
        draws=draws,
        **more,
    )


def seq2seq() -> seen.CodeTrace:
    """An encoder and a decoder, with values that equal what they would equal."""
    encoder, encoder_tensor = _input("encoder_inputs", 1, 71, 1)
    decoder, decoder_tensor = _input("decoder_inputs", 3, 93, 2)
    h, c = values(3, 4, seed=3), values(3, 4, seed=4)
    sequence = values(3, 5, 4, seed=5)
    last = tuple(array[:, -1, :] for array in sequence)
    h_words, c_words = "hidden state h after the last timestep", "carry state c after the last timestep"
    return seen.CodeTrace(
        source="seq2seq.py",
        lines=tuple(CODE.splitlines()),
        executed=False,
        inputs=(encoder, decoder),
        steps=(
            seen.TracedStep(
                line=2,
                layer="LSTM(256, return_state=True)",
                name="lstm",
                kind=seen.StepKind.LAYER,
                inputs=("encoder_inputs",),
                returns=("encoder_outputs", "state_h", "state_c"),
                parameters=335_872,
            ),
            seen.TracedStep(
                line=5,
                layer="LSTM(256, return_sequences=True, return_state=True)",
                name="lstm_1",
                kind=seen.StepKind.LAYER,
                inputs=("decoder_inputs",),
                initial_state=("state_h", "state_c"),
                returns=("decoder_outputs", "lstm_1_final_memory_state", "lstm_1_final_carry_state"),
                parameters=358_400,
            ),
            seen.TracedStep(
                line=6,
                layer='Dense(93, activation="softmax")',
                name="dense",
                kind=seen.StepKind.LAYER,
                inputs=("decoder_outputs",),
                returns=("outputs",),
                parameters=23_901,
            ),
        ),
        tensors=(
            encoder_tensor,
            tensor("encoder_outputs", 2, 0, (None, 256), h, "output of the last timestep", (0,)),
            tensor("state_h", 2, 0, (None, 256), h, h_words, (1,)),
            tensor("state_c", 2, 0, (None, 256), c, c_words, (2,)),
            decoder_tensor,
            tensor(
                "decoder_outputs", 5, 1, (None, None, 256), sequence, "output at every timestep", (0,), has_time=True
            ),
            tensor("lstm_1_final_memory_state", 5, 1, (None, 256), last, h_words, (1,), variable="_"),
            tensor("lstm_1_final_carry_state", 5, 1, (None, 256), values(3, 4, seed=6), c_words, (2,), variable="_"),
            tensor(
                "outputs", 6, 2, (None, None, 93), values(3, 5, 93, seed=7), "output at every timestep", has_time=True
            ),
        ),
        assumed=(Assumed(name="latent_dim", code="256"),),
        skipped=(PassedOver(line=8, what="model.compile"), PassedOver(line=9, what="model.summary")),
        parameters=718_173,
        sizes=(("batch", 3), ("timesteps", 5)),
        draws=2,
    )


BROKEN = """\
model = Sequential()
model.add(Dense(6, input_shape=(1,)))
model.add(LSTM(16))
"""


def broken() -> seen.CodeTrace:
    """A stack that loses its time axis before a recurrent layer."""
    whole = seq2seq()
    dense = tensor("dense", 2, 0, (None, 6), values(3, 6, seed=1), "output", variable=None)
    return replace(
        whole,
        source="standard input",
        lines=tuple(BROKEN.splitlines()),
        inputs=(),
        steps=whole.steps[2:],
        tensors=(dense,),
        assumed=(),
        parameters=12,
        stop=seen.Stop(
            code="keras-refused",
            line=3,
            column=10,
            end_line=3,
            end_column=18,
            kind="ValueError",
            message="Input 0 of layer lstm is incompatible with the layer: expected ndim=3, found ndim=2.",
            operands=(Operand(code="dense", shape=(None, 6), line=2),),
        ),
    )


def answered(trace: seen.CodeTrace):
    """Return the report, with a cause and a fix where the program stopped."""
    if trace.stop is None:
        return report_of(trace, VERSIONS)
    fix = Fix(
        line=2,
        code="model.add(Dense(6, input_shape=(None, 1)))",
        then=(None, 16),
        removes=(ChangedLine(2, "model.add(Dense(6, input_shape=(1,)))"),),
        adds=(ChangedLine(2, "model.add(Dense(6, input_shape=(None, 1)))"),),
    )
    return report_of(trace, VERSIONS, fixes=[fix], cause=Cause(line=2, what="`dense` has no time axis"))
