"""What the same tensors are called in PyTorch, for the layers that both have.

With the weights copied over, the numbers are the same; the tests hold this against PyTorch itself.
"""

from __future__ import annotations

from rnnshape.catalogue import BIDIRECTIONAL, Layer, by_class
from rnnshape.expression import Call
from rnnshape.report import Report
from rnnshape.structure import Direction, Role

_HARMLESS = (
    "units", "return_sequences", "return_state", "stateful", "unroll", "use_cudnn", "name", "use_bias", "seed",
    "dropout", "recurrent_dropout", "kernel_initializer", "recurrent_initializer", "bias_initializer",
    "kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint",
    "recurrent_constraint", "bias_constraint", "unit_forget_bias", "trainable",
)  # fmt: skip
"""Arguments that change nothing in what the layer computes from given weights, or that PyTorch has, too."""


def torch_names(report: Report) -> dict[str, str]:
    """Return, for each tensor of the report, what holds the same values in PyTorch.

    The expressions are over `output`, `h_n` and, of an LSTM, `c_n`, as `output, (h_n, c_n) = lstm(inputs)` and
    `output, h_n = gru(inputs)` give them with `batch_first=True`. Empty where PyTorch has no such layer.
    """
    found = _layer(report)
    if found is None:
        return {}
    _, _, both = found
    known = {tensor.name: _name(tensor.role, both=both) for tensor in report.returned_tensors}
    return {name: code for name, code in known.items() if code is not None} if None not in known.values() else {}


def _name(role: Role, *, both: bool) -> str | None:
    """Return what holds the values of a tensor of this role; None where nothing does."""
    if role.number is not None or role.cell is not None:
        return None
    if role.is_state:
        direction = list(Direction).index(role.direction) if role.direction else 0
        return f"{role.state.letter}_n[{direction}]" if role.state else None
    if role.is_sequence:
        return "output"
    return "torch.cat([h_n[0], h_n[1]], dim=-1)" if both else "output[:, -1]"


def torch_sentence(report: Report) -> str | None:
    """Return the sentence that names the tensors in PyTorch; None where PyTorch has no such layer."""
    names, found = torch_names(report), _layer(report)
    if not names or found is None:
        return None
    call, layer, both = found
    more = ", bidirectional=True" if both else ""
    listed = ", ".join(f"{name} is {code}" for name, code in names.items())
    said = (
        f"In PyTorch, from nn.{layer.torch.name if layer.torch else layer.keras}(…, batch_first=True{more}), {listed}"
    )
    states = {f"{tensor.role.state.letter}_n": None for tensor in report.returned_tensors if tensor.role.state}
    if states:
        said += f"; {' and '.join(states)} never {'have' if len(states) > 1 else 'has'} the batch first"
    biases = "" if call.argument("use_bias") is False else _biases(layer)
    return f"{said}{biases}."


def _biases(layer: Layer) -> str:
    if layer.torch is not None and layer.torch.gates:
        ours = ", ".join(gate.letter for gate in layer.cell.gates)
        return f"; the gates are in the order {', '.join(layer.torch.gates)} instead of {ours}"
    return "; the two biases add up to the one of Keras"


def _layer(report: Report) -> tuple[Call, Layer, bool] | None:
    """Return the recurrent layer, its row, and whether it runs in both directions, where PyTorch computes the same."""
    call = report.layer
    both = call.name == BIDIRECTIONAL
    if both:
        if call.is_users or len(call.args) != 1 or call.argument("merge_mode", "concat") != "concat":
            return None
        if {name for name, _ in call.kwargs} - {"merge_mode", "name"} or not isinstance(call.args[0], Call):
            return None
        call = call.args[0]
    row = by_class(call.name)
    if row is None or row.torch is None or row.keras != call.name or call.is_users or len(call.args) > 1:
        return None
    if report.mask is not None or report.training or {name for name, _ in call.kwargs} - set(_HARMLESS):
        return None
    return call, row, both
