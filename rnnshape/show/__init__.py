"""Report -> something to look at. Nothing here computes anything new about a layer.

rows         what every format shows of an answer, as data without a format: rows, facts, notes
sections     reports as such data; `facts`, `notes`, `marks`, `terms` are its parts
overview     several answers: what varies (`varying`), a row each, the rest once; `matrix`: the four of --all-flags
table        an answer on a screen; `many`: several; `program/`: that of code
layout       a section as lines; `lines`, `grid`, `fold`, `shorter`: what fits a width
look         what there is to write on; `palette`: the colours
diagram/     the layer unrolled over time
code         a script that does the same; `keras_code` spells a layer in it
json         the document
save         any of it in a file: `picture` (SVG, HTML), `markdown`, `spreadsheet` (CSV)
console      what the terminal can show
error        what went wrong
progress     how far many queries are
"""
