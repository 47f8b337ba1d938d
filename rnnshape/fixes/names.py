"""The names that a typing error is likeliest to have been meant for."""

from __future__ import annotations

ACTIVATIONS = (
    "relu", "sigmoid", "softmax", "tanh", "linear", "elu", "selu", "gelu", "softplus", "softsign", "hard_sigmoid",
    "exponential", "swish", "leaky_relu", "relu6",
)  # fmt: skip

LOSSES = (
    "categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy", "mse", "mae", "mape", "msle",
    "mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_logarithmic_error",
    "kl_divergence", "poisson", "hinge", "squared_hinge", "cosine_similarity", "huber", "log_cosh",
)  # fmt: skip

OPTIMIZERS = ("adam", "sgd", "rmsprop", "adagrad", "adadelta", "adamax", "nadam", "ftrl")

ARGUMENTS = (
    "units", "activation", "recurrent_activation", "use_bias", "kernel_initializer", "recurrent_initializer",
    "bias_initializer", "unit_forget_bias", "kernel_regularizer", "recurrent_regularizer", "bias_regularizer",
    "activity_regularizer", "kernel_constraint", "dropout", "recurrent_dropout", "seed", "return_sequences",
    "return_state", "go_backwards", "stateful", "unroll", "reset_after", "zero_output_for_mask", "input_shape", "name",
    "merge_mode", "backward_layer", "filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate",
    "pool_size", "rate", "input_dim", "output_dim", "mask_zero", "mask_value", "axis", "axes", "initial_state",
    "mask", "training", "inputs", "outputs", "loss", "optimizer", "metrics", "epochs", "batch_size", "verbose",
    "validation_split", "validation_data", "shuffle", "callbacks", "learning_rate", "shape", "batch_shape", "dtype",
    "target_shape", "output_shape", "normalize", "trainable",
)  # fmt: skip

MODULES = (
    "layers", "models", "optimizers", "losses", "metrics", "callbacks", "utils", "initializers", "regularizers",
    "constraints", "activations", "ops", "datasets", "preprocessing", "applications", "random", "backend",
)  # fmt: skip

LAYERS = (
    "LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "TimeDistributed", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D",
    "LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells", "Dense", "Dropout", "Activation", "Embedding", "Flatten",
    "Reshape", "Permute", "RepeatVector", "Lambda", "Masking", "Conv1D", "Conv2D", "Conv3D", "MaxPooling1D",
    "MaxPooling2D", "AveragePooling1D", "GlobalAveragePooling1D", "GlobalMaxPooling1D", "GlobalAveragePooling2D",
    "BatchNormalization", "LayerNormalization", "Concatenate", "Add", "Multiply", "Average", "Maximum", "Dot",
    "Attention", "AdditiveAttention", "MultiHeadAttention", "SpatialDropout1D", "Input", "Model", "Sequential",
    "concatenate", "add", "multiply", "dot",
)  # fmt: skip
