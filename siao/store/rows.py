"""Database rows to Structs and back. A Struct's fields stand in the order of its table's columns (a test compares)."""

import types
import typing
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from msgspec import Struct

S = TypeVar("S", bound=Struct)
Convert = Callable[[Any], Any]


def reader(kind: type[S]) -> Callable[[Sequence[Any]], S]:
    """A function from a row, columns in field order, to `kind`; text becomes the enumeration the field names. Columns that came behind
    them are left: a table may be a migration ahead of a worker that is about to be replaced."""
    hints, known = typing.get_type_hints(kind), len(kind.__struct_fields__)
    fixes = [(i, fix) for i, name in enumerate(kind.__struct_fields__) if (fix := _converter(hints[name]))]

    def read(row: Sequence[Any]) -> S:
        values = list(row[:known])
        for i, fix in fixes:
            if values[i] is not None:
                values[i] = fix(values[i])
        return kind(*values)

    return read


def _converter(hint: Any) -> Convert | None:
    args = typing.get_args(hint)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return next((c for arg in args if (c := _converter(arg))), None)
    if typing.get_origin(hint) is tuple:
        inner = _converter(args[0])
        return (lambda values: tuple(map(inner, values))) if inner else tuple
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {str(member): member for member in hint}.__getitem__
    return None


def values(rows: Iterable[Struct]) -> list[tuple[Any, ...]]:
    """Rows as the composite values of their table's type."""
    return [tuple(getattr(row, name) for name in row.__struct_fields__) for row in rows]
