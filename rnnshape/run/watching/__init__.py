"""Watching layers that Python calls: code that is executed because its user asked for it, and blocks of a program.

- code_of: a layer that exists, as the code that makes it
- history: what a symbolic tensor of Keras's was made by
- frames: which line of the watched code is running, and what its names are bound to
- recomputed: what a line computes with a library's functions
- lines: what a line says of a tensor
- notes: which tensors there are, and what the code calls them
- observer: every call of a layer, noted as the interpreter notes it
- execute: code, run as Python would run it
- preserved: the state of Keras, TensorFlow and NumPy, put back as it was
"""
