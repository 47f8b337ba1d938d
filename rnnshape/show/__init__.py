"""Report -> something to look at. Nothing here computes anything new about a layer.

rows         what every format shows of an answer, as data without a format: rows, facts, notes
sections     reports as such data; `notes` and `marks` are its parts
overview     several answers: what varies (`varying`), a row each, the rest once; `matrix`: the four of --all-flags
answers      the parts that several answers are shown in; `table`: those on a screen; `many`: the tables of several
program/     what only answers to code have: their rows, their graph, where and why one stopped
layout       a section as lines; `lines`, `grid`, `fold`, `shorter`: what fits a width
look         what there is to write on, and lines that fit it; `palette`: the colours
diagram/     the layer unrolled over time, or who feeds whom in code
code         a script that does the same; `keras_code` spells a layer in it, `mask_code` its mask,
             `unreturned_code` what the layer does not return
formats      every form that answers are written in: `text`, `json`, `markdown`, `html`, `svg`,
             `spreadsheet` (CSV), `latex`, `plain`
blocks       answers as the blocks of a page, which HTML, Markdown and LaTeX spell; `columns` of their tables
save         one of them in a file
picture      what a terminal shows, as pieces in their places; `strokes` draws its lines
console      what the terminal can show
error        what went wrong
progress     how far many queries are
"""
