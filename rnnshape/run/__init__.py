"""What is asked -> trace, with the real Keras. The one room where Keras and TensorFlow are imported.

- engine: the import, once, quietly, and what may hook into it; afresh: what Keras remembers, put back
- drawing: the draws of a program, be it one layer or code; tensors: what is asked of a tensor
- layer: a query -> the trace of one layer's call
- code: a program -> the trace of its calls; read, not executed
- watching: a file that Python executes -> the trace of its calls
"""
