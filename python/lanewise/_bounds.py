"""The box: variables and their bounds, in the shapes that users write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Union

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class BoundsLike(Protocol):
    """An object with lower and upper bounds, as ``scipy.optimize.Bounds``."""

    lb: Any
    ub: Any


Bounds = Union[Mapping[str, Any], Sequence[Any], npt.ArrayLike, BoundsLike]
"""Where to search. One of

- a sequence of pairs ``(lower, upper)``, one for each coordinate, or an array of shape [d, 2];
- an object with ``lb`` and ``ub``, as ``scipy.optimize.Bounds``;
- a mapping from the names of the variables of a formula to their bounds: ``{"x": (-5, 5), "v[10]": (0, 1),
  "w": [(0, 1), (2, 5)]}``, where ``v`` and ``w`` are vectors of 10 and 2 elements;
- texts as the command line has them: ``["x=-5:5", "v[10]=0:1", "k=1e-9:1 log"]``.

A pair may have a third element, ``"log"`` or ``"linear"``: on a log scale a search goes in ``log(x)``. None is an infinite
bound. Equal bounds fix a variable.
"""

_LONGEST = 1_000_000
_NAME = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\[\s*(\d+)\s*\])?\s*\Z")


@dataclass(frozen=True)
class Variable:
    """A variable of the box: a number where `length` is None, else a vector."""

    name: str
    length: int | None
    lower: Array
    upper: Array
    log: bool | None = None

    @property
    def size(self) -> int:
        """Its coordinates."""
        return self.lower.size


def variables_of(bounds: Bounds) -> list[Variable] | list[str]:
    """The variables that `bounds` describes; texts are left for the library to read.

    Raises
    ------
    ValueError
        Naming the variable, where bounds are not of one of the shapes of `Bounds`.
    """
    if isinstance(bounds, str):
        return [bounds]
    lb, ub = getattr(bounds, "lb", None), getattr(bounds, "ub", None)
    if isinstance(bounds, Mapping):
        return [_named(name, of) for name, of in bounds.items()]
    if lb is not None and ub is not None:
        lower, upper = np.broadcast_arrays(np.atleast_1d(_flat(lb)), _flat(ub))
        if lower.size == 0:
            raise ValueError("bounds: there is no variable")
        return [Variable("x", lower.size, _flat(lower), _flat(upper))]
    items = list(_iterable(bounds))
    if not items:
        raise ValueError("bounds: there is no variable")
    if all(isinstance(item, str) for item in items):
        return items
    return _vector(items)


def unbounded(dimension: int) -> list[Variable]:
    """A vector ``x`` whose elements may be anything."""
    if dimension == 0:
        raise ValueError("a point has 0 coordinates; at least 1 is needed")
    infinite = np.full(dimension, np.inf)
    return [Variable("x", dimension, -infinite, infinite)]


def _iterable(bounds: Any) -> Iterable[Any]:
    try:
        return list(bounds)
    except TypeError:
        raise ValueError(
            f"bounds: {type(bounds).__name__}; pairs (lower, upper), a mapping or Bounds are expected"
        ) from None


def _flat(array: Any) -> Array:
    return np.ascontiguousarray(array, dtype=np.float64).reshape(-1)


def _bound(bound: Any, otherwise: float) -> float:
    return otherwise if bound is None else float(bound)


def _pair(what: str, pair: Any) -> tuple[float, float, bool | None]:
    """Lower bound, upper bound, and whether it is on a log scale, if that is said."""
    try:
        parts = list(pair)
        lower, upper = _bound(parts[0], -np.inf), _bound(parts[1], np.inf)
    except (TypeError, ValueError, IndexError):
        raise ValueError(f"bounds: {what}: {pair!r}; a pair (lower, upper) is expected") from None
    if len(parts) == 2:
        return lower, upper, None
    if len(parts) == 3 and parts[2] in ("log", "linear"):
        return lower, upper, bool(parts[2] == "log")
    raise ValueError(f"bounds: {what}: {pair!r}; behind a pair (lower, upper) comes 'log' or 'linear', or nothing")


def _vector(items: list[Any]) -> list[Variable]:
    """A vector ``x``; numbers ``x0``, ``x1`` ... where some of them alone are on a log scale."""
    pairs = [_pair(f"coordinate {j}", item) for j, item in enumerate(items)]
    lower, upper, logs = zip(*pairs)
    if len(set(logs)) == 1:
        return [Variable("x", len(pairs), _flat(lower), _flat(upper), logs[0])]
    return [Variable(f"x{j}", None, _flat(low), _flat(high), log) for j, (low, high, log) in enumerate(pairs)]


def _named(text: str, bounds: Any) -> Variable:
    match = _NAME.match(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"bounds: {text!r}; a name is expected, or a name with a length as in 'v[10]'")
    name, length = match[1], int(match[2]) if match[2] else None
    if length is not None and not 1 <= length <= _LONGEST:
        raise ValueError(f"bounds: {text}: a vector has 1 to {_LONGEST} elements")
    if hasattr(bounds, "lb") and hasattr(bounds, "ub"):
        bounds = list(zip(np.atleast_1d(bounds.lb), np.atleast_1d(bounds.ub)))
    parts = list(bounds) if isinstance(bounds, (Sequence, np.ndarray)) else [bounds]
    if parts and all(isinstance(part, (Sequence, np.ndarray)) and not isinstance(part, str) for part in parts):
        if length is not None and length != len(parts):
            raise ValueError(f"bounds: {text}: there are {len(parts)} pairs")
        pairs = [_pair(f"{name}[{j}]", part) for j, part in enumerate(parts)]
        lower, upper, logs = zip(*pairs)
        if len(set(logs)) != 1:
            raise ValueError(f"bounds: {name}: all elements of a vector are on a log scale, or none is")
        return Variable(name, len(pairs), _flat(lower), _flat(upper), logs[0])
    low, high, log = _pair(name, bounds)
    size = 1 if length is None else length
    return Variable(name, length, np.full(size, low), np.full(size, high), log)
