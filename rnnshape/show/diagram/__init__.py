"""The diagram: the layer unrolled over time, and each returned tensor where it leaves.

drawn   the whole of it: the plan that fits the width, the picture, the legend
scene   what is to be seen: rows of cells, their states, what leaves where
sketch  the sheet: the columns of the steps
unroll  the rows of cells, drawn on it
labels  the words beside what leaves
layers  boxes instead, for what is no cell over time
canvas  characters in their places
"""

from rnnshape.show.diagram.drawn import diagram

__all__ = ["diagram"]
