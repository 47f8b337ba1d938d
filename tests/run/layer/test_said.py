"""What an expression says of its input is its input; a size that contradicts it is refused, one that fits is taken."""

from __future__ import annotations

import pytest

from rnnshape import explore
from rnnshape.errors import InvalidQuery
from rnnshape.expression import parse
from rnnshape.run.layer.said import Said, resized, said_of

# --- read from the expression alone

SAID = {
    "LSTM(4)": None,
    "LSTM(4, input_shape=(7, 3))": Said((None, 7, 3)),
    "LSTM(4, input_shape=[None, 3])": Said((None, None, 3)),
    "LSTM(4, batch_input_shape=(5, 7, 3))": Said((5, 7, 3)),
    "GRU(4, input_dim=3)": Said((None, 3), last_only=True),
    "Embedding(50, 8)": None,
    "Embedding(input_dim=50, output_dim=8)": None,
    "Embedding(50, 8, input_length=10)": Said((None, 10)),
    "Embedding(50, 8, input_length=[10, 4])": Said((None, 10, 4)),
    "Bidirectional(LSTM(4), input_shape=(7, 3))": Said((None, 7, 3)),
    "Bidirectional(LSTM(4, input_shape=(7, 3)), merge_mode='sum')": Said((None, 7, 3)),
    "Bidirectional(layer=LSTM(4, input_shape=(7, 3)))": Said((None, 7, 3)),
    "TimeDistributed(Dense(4), input_shape=(7, 3))": Said((None, 7, 3)),
    "TimeDistributed(LSTM(4, input_shape=(7, 3)))": Said((None, None, 7, 3)),
    "RNN([LSTMCell(4), GRUCell(2)], input_shape=(7, 3))": Said((None, 7, 3)),
    "Sequential([LSTM(4)])": None,
    "Sequential([Input((7, 3)), LSTM(4)])": Said((None, 7, 3), by_model=True),
    "Sequential([Input(shape=(7, 3), dtype='int32', batch_size=2)])": Said((2, 7, 3), "int32", by_model=True),
    "Sequential([InputLayer((7,), 2, 'int64'), Embedding(9, 4)])": Said((2, 7), "int64", by_model=True),
    "Sequential([Input(batch_shape=(5, None, 3)), LSTM(4)])": Said((5, None, 3), by_model=True),
    "Sequential([LSTM(4, input_shape=(7, 3)), Dense(1)])": Said((None, 7, 3), by_model=True),
    "Sequential([Sequential([Input((7, 3)), GRU(2)]), Dense(4)])": Said((None, 7, 3), by_model=True),
    "Sequential(layers=[Input((7, 3)), LSTM(4)])": Said((None, 7, 3), by_model=True),
    "mine.Layer(4, input_dim=3)": None,
}


@pytest.mark.parametrize("expression", SAID)
def test_what_an_expression_says(expression):
    assert said_of(parse(expression)) == SAID[expression]


@pytest.mark.parametrize("expression", [one for one, said in SAID.items() if said is not None])
def test_other_sizes_in_the_places_of_those_that_were_given(expression):
    """What was left open stays so, and nothing else changes."""
    call, said = parse(expression), SAID[expression]
    rank = 3 if said.last_only else len(said.shape)
    assert resized(call, said.of_rank(rank)) == call
    other = tuple(range(20, 20 + rank))
    changed = said_of(resized(call, other))
    assert (
        changed.shape
        == tuple(None if old is None else new for old, new in zip(said.of_rank(rank), other, strict=True))[
            -len(said.shape) :
        ]
    )


@pytest.mark.parametrize("shape", ["7", "(0, 3)", "(7, 'a')", "(7.0, 3)"])
def test_what_is_no_shape(shape):
    with pytest.raises(InvalidQuery, match="input"):
        said_of(parse(f"LSTM(4, input_shape={shape})"))


# --- run

ANSWERED = [
    ("LSTM(4, input_shape=(7, 3))", {}, [32, 7, 3], 128),
    ("LSTM(4, input_shape=(7, 3))", {"batch": 5, "time": 7, "features": 3}, [5, 7, 3], 128),
    ("LSTM(4, input_shape=(None, 3))", {"time": 9}, [32, 9, 3], 128),
    ("LSTM(4, input_shape=(7, 3))", {"input": (2, 7, 3)}, [2, 7, 3], 128),
    ("Bidirectional(LSTM(4, input_shape=(7, 3)))", {}, [32, 7, 3], 256),
    ("TimeDistributed(Dense(4), input_shape=(7, 3))", {}, [32, 7, 3], 16),
    ("RNN(LSTMCell(4), input_shape=(7, 3))", {"mask": "lengths:5,3"}, [2, 7, 3], 128),
    ("Dense(4, input_shape=(3,))", {}, [32, 3], 16),
    ("ConvLSTM1D(2, 3, input_shape=(4, 9, 1))", {}, [32, 4, 9, 1], 80),
    ("Sequential([Input((7, 3)), LSTM(4)])", {"batch": None}, [None, 7, 3], 128),
    ("Sequential([Input(batch_shape=(5, 7, 3)), LSTM(4, stateful=True)])", {}, [5, 7, 3], 128),
    ("Sequential([Sequential([Input((7, 3)), LSTM(4)])])", {}, [32, 7, 3], 128),
    ("Sequential([Input((100000, 3)), LSTM(4)])", {}, [32, 100000, 3], 128),
    # Keras adds the axis of one.
    ("Sequential([Input((8, 1)), LSTM(4), Dense(1)])", {"input": (6, 8)}, [6, 8], 101),
]


@pytest.mark.parametrize(("expression", "options", "shape", "parameters"), ANSWERED, ids=str)
def test_it_is_the_input(expression, options, shape, parameters):
    document = explore(expression, **options).to_dict()
    assert document["input"]["shape"] == shape
    assert document["parameters"]["total"] == parameters


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8"])
def test_tokens_are_of_the_dtype_that_was_said(dtype):
    document = explore(f"Sequential([Input((7,), dtype={dtype!r}), Embedding(9, 4), LSTM(2)])").to_dict()
    assert document["input"] == {"shape": [32, 7], "axes": ["batch", "timesteps"], "dtype": dtype}


def test_whole_numbers_that_are_no_tokens():
    document = explore("Sequential([Input((7, 3), dtype='int32'), GRU(2)])").to_dict()
    assert document["input"]["dtype"] == "int32"


def test_no_weights_are_made_where_they_would_not_fit():
    document = explore("Sequential([Input((100, 500)), LSTM(200000)])").to_dict()
    assert document["tensors"][0]["shape"] == [32, 200000]
    assert document["ran"]["reduced_to"]["layer"] == "Sequential([Input((5, 7)), LSTM(19)])"


CONTRADICTED = [
    ("LSTM(4, input_shape=(7, 3))", {"time": 20}, "--time 20"),
    ("LSTM(4, input_shape=(7, 3))", {"time": None}, "--time none"),
    ("LSTM(4, input_shape=(7, 3))", {"input": (5, 8, 3)}, "--input 5,8,3"),
    ("GRU(4, input_shape=(7, 3))", {"features": 8, "time": 20}, "--time 20 --features 8"),
    ("Sequential([Input((7, 3)), LSTM(4)])", {"time": 20, "features": 8}, "--time 20 --features 8"),
    ("Sequential([Input(batch_shape=(5, 7, 3)), LSTM(4)])", {"batch": 6}, "--batch 6"),
    ("ConvLSTM1D(2, 3, input_shape=(4, 9, 1))", {"space": (5,)}, "--space 5"),
    ("Dense(4, input_shape=(3,))", {"time": 5}, "--time 5"),
]


@pytest.mark.parametrize(("expression", "options", "received"), CONTRADICTED, ids=str)
def test_a_size_that_contradicts_it_is_refused(expression, options, received):
    with pytest.raises(InvalidQuery) as refused:
        explore(expression, **options)
    said = said_of(parse(expression)).shape
    assert str(said) in refused.value.message
    assert refused.value.message.endswith(f"Received: {received}")


def test_a_mask_of_other_steps_is_refused():
    with pytest.raises(InvalidQuery, match="The mask has 3 steps, the time axis 7"):
        explore("LSTM(4, input_shape=(7, 3))", mask="1,1,0")


@pytest.mark.filterwarnings("ignore:Do not pass an")
def test_a_layer_that_was_given_a_shape_by_python():
    """What the constructor took is asked of the layer, whatever its class is."""
    import keras

    from rnnshape.query import Sizes
    from rnnshape.run.layer.anatomy import layout_of

    class Mine(keras.layers.GRU):
        pass

    layout = layout_of(Mine(4, input_shape=(7, 3)), Sizes(), call=parse("mine.Mine(4, input_shape=(7, 3))"))
    assert layout.shape == (32, 7, 3)
    layout = layout_of(keras.layers.LSTM(4, input_dim=3), Sizes(), call=parse("LSTM(4, input_dim=3)"))
    assert layout.shape == (32, 10, 3)
