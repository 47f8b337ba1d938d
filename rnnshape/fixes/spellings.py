"""What Keras 1 and 2 called things that Keras 3 calls otherwise: one table for each sort of name.

An old name that maps to "" has no successor: the argument is left out. Every row was tried with Keras 3.
"""

from __future__ import annotations

MODULES = {
    **{
        f"layers.{old}": "layers"
        for old in (
            "recurrent", "core", "convolutional", "embeddings", "normalization", "wrappers", "pooling", "merge",
            "noise", "advanced_activations", "local", "convolutional_recurrent", "cudnn_recurrent", "containers",
            "legacy", "rnn", "experimental.preprocessing", "recurrent_v2", "normalization_v2", "attention", "merging",
            "regularization", "reshaping",
        )
    },
    "engine": "layers",
    "engine.topology": "layers",
    "engine.base_layer": "layers",
    "engine.input_layer": "layers",
    "engine.training": "models",
    "engine.sequential": "models",
    "engine.functional": "models",
    "objectives": "losses",
    "initializations": "initializers",
    "utils.np_utils": "utils",
    "utils.vis_utils": "utils",
    "utils.visualize_util": "utils",
    "utils.generic_utils": "utils",
    "utils.data_utils": "utils",
    "utils.training_utils": "utils",
    "backend.tensorflow_backend": "backend",
}  # fmt: skip
"""Modules of `keras`: what stands behind `keras.`, and what stands there today."""

CLASSES = {
    "CuDNNLSTM": "LSTM",
    "CuDNNGRU": "GRU",
    "TimeDistributedDense": "Dense",
    "AbstractRNNCell": "Layer",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "LSTMV2": "LSTM",
    "GRUV2": "GRU",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
    "ConvRecurrent2D": "ConvLSTM2D",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "Merge": "Concatenate",
    "merge": "concatenate",
}
"""Classes and functions of `keras.layers`; `Merge` and `merge` become what their `mode=` says."""

MERGE_MODES = {
    "concat": "Concatenate", "sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum", "dot": "Dot",
}  # fmt: skip

RECURRENT_ARGUMENTS = {
    "output_dim": "units",
    "nb_units": "units",
    "hidden_dim": "units",
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "forget_bias_init": "",
    "inner_activation": "recurrent_activation",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "consume_less": "",
    "truncate_gradient": "",
    "time_major": "",
    "nb_filter": "filters",
    "border_mode": "padding",
    "subsample": "strides",
    "num_units": "units",
}
"""Arguments of recurrent layers and cells."""

DENSE_ARGUMENTS = {
    "output_dim": "units",
    "nb_units": "units",
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
    "input_length": "",
}

CONVOLUTION_ARGUMENTS = {
    **DENSE_ARGUMENTS,
    "nb_filter": "filters",
    "nb_filters": "filters",
    "output_dim": "filters",
    "filter_length": "kernel_size",
    "border_mode": "padding",
    "subsample": "strides",
    "subsample_length": "strides",
    "stride": "strides",
    "pool_length": "pool_size",
    "dim_ordering": "data_format",
}

EMBEDDING_ARGUMENTS = {
    "init": "embeddings_initializer",
    "W_regularizer": "embeddings_regularizer",
    "W_constraint": "embeddings_constraint",
    "dropout": "",
}

OTHER_ARGUMENTS = {
    "Dropout": {"p": "rate"},
    "SpatialDropout1D": {"p": "rate"},
    "GaussianNoise": {"sigma": "stddev"},
    "GaussianDropout": {"p": "rate"},
    "BatchNormalization": {
        "mode": "", "gamma_init": "gamma_initializer", "beta_init": "beta_initializer", "input_length": "",
    },
    "LeakyReLU": {"alpha": "negative_slope"},
    "Model": {"input": "inputs", "output": "outputs"},
    "Input": {"batch_input_shape": "batch_shape", "input_shape": "shape"},
    "InputLayer": {"batch_input_shape": "batch_shape"},
    "fit": {
        "nb_epoch": "epochs", "show_accuracy": "", "samples_per_epoch": "steps_per_epoch",
        "nb_val_samples": "validation_steps", "max_q_size": "", "max_queue_size": "", "nb_worker": "",
        "workers": "", "use_multiprocessing": "", "pickle_safe": "",
    },
    "evaluate": {"show_accuracy": "", "val_samples": "steps", "max_queue_size": "", "workers": "",
                 "use_multiprocessing": ""},
    "predict": {"val_samples": "steps", "max_queue_size": "", "workers": "", "use_multiprocessing": ""},
    "compile": {"class_mode": "", "sample_weight_mode": "", "theano_mode": ""},
    "get_initial_state": {"dtype": "", "inputs": ""},
    "RepeatVector": {"output_dim": "n"},
    "Permute": {},
    "Lambda": {},
    "concatenate": {"concat_axis": "axis"},
    "Concatenate": {"concat_axis": "axis"},
    "dot": {"dot_axes": "axes"},
    **{name: {"lr": "learning_rate", "schedule_decay": ""}
       for name in ("SGD", "Adam", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam")},
}  # fmt: skip
"""Arguments by the name of what is called: a layer, a method, an optimizer."""

VALUES = {
    ("data_format", "th"): "channels_first",
    ("data_format", "tf"): "channels_last",
}
"""Values that are called otherwise, by the new name of their argument."""

METHODS = {
    "fit_generator": "fit",
    "evaluate_generator": "evaluate",
    "predict_generator": "predict",
    "predict_proba": "predict",
    "predict_classes": "predict",
}
"""Methods of models."""

BACKEND_FUNCTIONS = {
    "permute_dimensions": "transpose",
    "int_shape": "shape",
    "batch_dot": "matmul",
    "repeat_elements": "repeat",
    "pow": "power",
    "clip": "clip",
    **{
        name: name
        for name in (
            "abs", "all", "any", "arange", "argmax", "argmin", "cast", "concatenate", "cos", "cumprod", "cumsum", "dot",
            "equal", "exp", "expand_dims", "eye", "greater", "greater_equal", "less", "less_equal", "log", "max",
            "maximum", "mean", "min", "minimum", "not_equal", "ones", "ones_like", "prod", "relu", "reshape",
            "round", "shape", "sigmoid", "sign", "sin", "softmax", "softplus", "sqrt", "square", "squeeze", "stack",
            "std", "sum", "tanh", "tile", "transpose", "var", "zeros", "zeros_like",
        )
    },
}  # fmt: skip
"""Functions of `keras.backend`, and what `keras.ops` has instead."""

TENSORFLOW_FUNCTIONS = {
    "reduce_mean": "mean",
    "reduce_sum": "sum",
    "reduce_max": "max",
    "reduce_min": "min",
    "reduce_prod": "prod",
    "concat": "concatenate",
    "gather": "take",
    "unstack": "unstack",
    "pow": "power",
    "nn.tanh": "tanh",
    **{f"math.{name}": name for name in ("exp", "log", "sqrt")},
    **{
        name: name
        for name in (
            "abs", "add", "argmax", "argmin", "cast", "cos", "einsum", "equal", "exp", "expand_dims", "matmul",
            "maximum", "minimum", "multiply", "ones_like", "repeat", "reshape", "round", "shape", "sigmoid", "sign",
            "sin", "split", "sqrt", "square", "squeeze", "stack", "subtract", "tanh", "tile", "transpose", "where",
            "zeros_like", "nn.softmax", "nn.relu", "nn.sigmoid",
        )
    },
}  # fmt: skip
"""Functions of `tensorflow`, and what `keras.ops` has instead, which takes symbolic tensors, too."""


ARGUMENTS = {
    **dict.fromkeys(
        ("LSTM", "GRU", "SimpleRNN", "RNN", "LSTMCell", "GRUCell", "SimpleRNNCell", "ConvLSTM1D", "ConvLSTM2D",
         "ConvLSTM3D", "CuDNNLSTM", "CuDNNGRU"), RECURRENT_ARGUMENTS),
    **dict.fromkeys(("Dense", "TimeDistributedDense"), DENSE_ARGUMENTS),
    **dict.fromkeys(
        (f"{front}{n}D" for n in (1, 2, 3) for front in (
            "Conv", "Convolution", "SeparableConv", "MaxPooling", "AveragePooling", "Deconvolution",
            "AtrousConvolution", "UpSampling", "ZeroPadding")), CONVOLUTION_ARGUMENTS),
    "Embedding": EMBEDDING_ARGUMENTS,
    **OTHER_ARGUMENTS,
}  # fmt: skip
"""Everything about arguments: what is called -> the old name -> today's."""

INPUT_ARGUMENTS = ("batch_input_shape", "input_length", "batch_size", "input_dtype")
"""Arguments of any layer that say what its input is; today an `Input` in front of it says so."""


def today(old: str) -> str | None:
    """Return what a class, function, method or argument is called today; None for a name that is not old."""
    for table in (CLASSES, METHODS):
        if old in table:
            return table[old]
    if old == "batch_input_shape":
        return "Input(batch_shape=…)"
    return next((names[old] for names in ARGUMENTS.values() if names.get(old)), None)


def today_module(name: str) -> str | None:
    """Return where a module is today: `keras.layers` for `keras.layers.recurrent`; None where it has not moved."""
    for root in ("tensorflow.python.keras", "tensorflow.contrib.keras", "tensorflow.keras", "tf.keras", "keras"):
        if name == root or name.startswith(f"{root}."):
            behind = name[len(root) + 1 :]
            front = "tensorflow.keras" if root.startswith("tensorflow.") else root
            moved = ".".join(part for part in (front, MODULES.get(behind, behind)) if part)
            return moved if moved != name else None
    return None
