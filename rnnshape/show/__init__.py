"""Report -> something to look at. Nothing here computes anything new about a layer.

table        one row for each tensor, and several queries in one table
comparison   how the layers compare: parameters, times
notes        the lines above and below a table
marks        which letter and colour stands for what is equal
grid, fold   rows and cells that fit a width; text and code that does
diagram/     the layer unrolled over time
code         a script that does the same; `keras_code` spells a layer in it
formats      every form that answers are written in: `text`, `json`, `markdown`, `html` (its tables in `web`), `svg`,
             `spreadsheet` (CSV), `latex`, `plain`
columns      which columns a form has of an answer's tensors
save         one of them in a file
picture      what a terminal shows, as pieces in their places; `strokes` draws its lines
console      what the terminal can show
error        what went wrong
progress     how far many queries are
"""
