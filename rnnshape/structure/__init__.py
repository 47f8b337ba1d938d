"""What a report is made of, as data: terms of statements, roles of tensors, and how the return value is unpacked.

Each is written as text in one way only. Only `reading` goes the other way, for documents.

    terms    tensors, slices and merges of them
    roles    what a tensor is to its layer
    unpack   the assignment that unpacks the return value
    reading  text of a document -> terms, roles, unpacking
"""

from __future__ import annotations

from rnnshape.structure.roles import OUTPUT, Direction, Nest, Role, RoleKind
from rnnshape.structure.terms import Expression, Form, Index, Listed, Merge, Place, Side, Term, Zeros
from rnnshape.structure.unpack import Invocation, Path, Unpack

__all__ = [
    "OUTPUT",
    "Direction",
    "Expression",
    "Form",
    "Index",
    "Invocation",
    "Listed",
    "Merge",
    "Nest",
    "Path",
    "Place",
    "Role",
    "RoleKind",
    "Side",
    "Term",
    "Unpack",
    "Zeros",
]
