"""HTML as it is read: the tables with their cells, and the text."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_ALONE = {"meta", "br", "col"}


@dataclass
class Cell:
    tag: str
    attributes: dict[str, str | None]
    text: str = ""


@dataclass
class Table:
    caption: str = ""
    bodies: int = 0
    head: list[Cell] = field(default_factory=list)
    rows: list[list[Cell]] = field(default_factory=list)


class Page(HTMLParser):
    """A page that is read strictly: every tag is closed, in order."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.tables: list[Table] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text = ""
        self.feed(document)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag in _ALONE:
            return
        self.open.append(tag)
        if tag == "table":
            self.tables.append(Table())
        elif tag == "tbody":
            self.tables[-1].bodies += 1
        elif tag == "tr" and "thead" not in self.open:
            self.tables[-1].rows.append([])
        elif tag in ("td", "th"):
            cells = self.tables[-1].head if "thead" in self.open else self.tables[-1].rows[-1]
            cells.append(Cell(tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open:
            return
        self.text += data
        if "caption" in self.open:
            self.tables[-1].caption += data
        for tag in ("td", "th"):
            if tag in self.open:
                cells = self.tables[-1].head if "thead" in self.open else self.tables[-1].rows[-1]
                cells[-1].text += data
