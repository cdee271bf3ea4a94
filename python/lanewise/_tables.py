"""Columns of tables, be they of pandas, polars, pyarrow or a dict, and rows by group. None of these packages is imported."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lanewise._bounds import Array


class Table:
    """A table: whatever hands out its columns by their names.

    Raises
    ------
    TypeError
        Where it is no such thing.
    """

    def __init__(self, data: Any) -> None:
        self._data = data
        self.names = _names_of(data)

    def column(self, name: str, what: str) -> Any:
        """A column as the table has it.

        Raises
        ------
        ValueError
            Naming `what` wants it, where there is none of that name.
        """
        if name not in self.names:
            near = difflib.get_close_matches(name, self.names, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(map(repr, self.names))}"
            raise ValueError(f"{what}: data have no column {name!r}; {hint}")
        return self._data[name]

    def numbers(self, name: str, what: str) -> Array:
        """A column as numbers; a missing value is NaN."""
        numbers = numbers_of(self.column(name, what), f"column {name!r}")
        if numbers.ndim != 1:
            raise ValueError(f"column {name!r}: shape {numbers.shape}; one number for each row is expected")
        return numbers


def is_table(value: Any) -> bool:
    """Whether it hands out columns by name."""
    return isinstance(value, Mapping) or (
        not isinstance(value, np.ndarray) and hasattr(value, "__getitem__") and hasattr(value, "columns")
    )


def _names_of(data: Any) -> list[str]:
    if isinstance(data, Mapping):
        names: Any = data.keys()
    elif hasattr(data, "column_names"):  # pyarrow, whose columns are arrays
        names = data.column_names
    elif hasattr(data, "columns"):
        names = data.columns
    elif isinstance(data, np.ndarray) and data.dtype.names is not None:
        names = data.dtype.names
    else:
        raise TypeError(f"data: {type(data).__name__}; a table, or a dict of columns by name, is expected")
    return [name for name in names if isinstance(name, str)]


def numbers_of(values: Any, what: str) -> Array:
    """Contiguous numbers in double precision; a missing value is NaN. They are a copy only where they have to be.

    Raises
    ------
    ValueError
        Naming `what` they are, where they are no real numbers.
    """
    try:
        if isinstance(values, np.ma.MaskedArray):
            values = np.ma.filled(values.astype(np.float64), np.nan)
        array = np.asarray(values)
        if array.dtype.kind not in "fiubO":
            raise TypeError(f"type {array.dtype}")
        return np.asarray(array, np.float64, order="C")
    except (TypeError, ValueError) as error:
        to_numpy = getattr(values, "to_numpy", None)
        if to_numpy is not None:
            try:  # pandas, whose own missing value is no number
                return np.asarray(to_numpy(dtype="float64", na_value=np.nan), order="C")
            except (TypeError, ValueError):
                pass
        raise ValueError(f"{what}: {error}; real numbers are expected") from None


@dataclass(frozen=True)
class Groups:
    """Rows by group. Groups are in the order in which their keys come, rows in that in which they are given."""

    keys: dict[str, npt.NDArray[Any]]
    """[P] By the names of the columns of keys."""
    first_rows: npt.NDArray[np.uintp]
    """[P + 1] Where the rows of each begin."""
    order: npt.NDArray[np.intp]
    """[row] Which of the rows that were given comes there."""


def group_rows(keys: Mapping[str, Any]) -> Groups:
    """The rows with the same keys as groups.

    Raises
    ------
    ValueError
        Where columns of keys differ in length.
    """
    columns = {name: np.asarray(column) for name, column in keys.items()}
    rows = {column.shape for column in columns.values()}
    if len(rows) != 1 or len(next(iter(rows))) != 1:
        raise ValueError(f"group: shapes {', '.join(map(str, rows))}; one key for each row is expected")
    codes = np.zeros(next(iter(rows)), np.intp)
    for column in columns.values():
        # Objects need not have an order; their texts do.
        uniques, of_row = np.unique(column.astype(str) if column.dtype == object else column, return_inverse=True)
        _, codes = np.unique(codes * len(uniques) + of_row.reshape(-1), return_inverse=True)
    _, first, codes = np.unique(codes, return_index=True, return_inverse=True)
    in_order = np.argsort(first, kind="stable")
    rank = np.empty(len(first), np.intp)
    rank[in_order] = np.arange(len(first))
    codes = rank[codes]
    counts = np.bincount(codes, minlength=len(first))
    return Groups(
        {name: column[first[in_order]] for name, column in columns.items()},
        np.concatenate([[0], np.cumsum(counts)]).astype(np.uintp),
        np.argsort(codes, kind="stable"),
    )


def names_of_list(names: str | Sequence[str], what: str) -> list[str]:
    """One name or several as a list.

    Raises
    ------
    TypeError
        Naming `what` they are, where they are something else.
    """
    listed = [names] if isinstance(names, str) else list(names)
    if not all(isinstance(name, str) for name in listed):
        raise TypeError(f"{what}: {names!r}; names of columns are expected")
    return listed
