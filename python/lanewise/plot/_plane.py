"""A function over two of its variables: where it is evaluated, and how its values are coloured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lanewise._bounds import Array, Bounds, Variable
from lanewise._objectives import Function, Jac, Objective, objective_of
from lanewise._options import SearchOptions
from lanewise._problem import Problem
from lanewise._result import Result
from lanewise.plot._box import Coordinate, box_of, coordinates_of
from lanewise.plot._style import difference_label, is_maximised, number

Variables = tuple[str | int, str | int]
"""Two variables, by name or index."""

_LEVELS = 50
_MOST_HELD = 3
# Options of a result that say how its search was run, on which no start and no path depends.
_OF_THE_SEARCH = {"every", "isa", "jit", "max_time", "memory", "minima", "settle", "target", "threads"}
_OF_THE_SEARCH |= {"part", "parts", "rounds", "start_ids"}


@dataclass(frozen=True)
class Shades:
    """Values as they are coloured."""

    values: np.ma.MaskedArray[Any, Any]
    """Of the function, or how much worse they are than the best, on a log scale. Masked where not finite."""
    levels: Array
    is_log: bool
    label: str
    colours: str
    """The name of the colour map; what is best is dark."""


@dataclass(frozen=True)
class Plane:
    """A grid over two variables, with the values there."""

    i: int
    j: int
    x: Coordinate
    y: Coordinate
    at_x: Array
    """[n, n]"""
    at_y: Array
    """[n, n]"""
    f: Array
    """[n, n]"""
    held: str
    """What the title says of the other variables."""


class Landscape:
    """A function over a box, and what its pictures need beside it.

    Attributes
    ----------
    maximize : bool
        Whether the highest value is the best.
    best : float or None
        The best value, where a result tells it.
    at : ndarray [d] or None
        Where variables outside of the picture are held.
    """

    def __init__(
        self,
        fun: Function,
        bounds: Bounds | Result,
        *,
        jac: Jac,
        args: tuple[Any, ...],
        parameters: Mapping[str, float] | None,
        at: Result | npt.ArrayLike | None,
        options: Mapping[str, Any],
    ) -> None:
        self._variables: list[Variable] = box_of(bounds)
        self.coordinates = coordinates_of(self._variables)
        self._options = dict(options)
        self._given: Array | None = None
        self.best: float | None = None
        if isinstance(bounds, Result):
            self._take_over(bounds)
            at = bounds if at is None else at
            if parameters is None and isinstance(fun, str):
                parameters = bounds.parameters
        self.maximize = bool(self._options.get("maximize"))
        self.at: Array | None = None
        if at is not None:
            self.at = self._point("at", at.x if isinstance(at, Result) else at)
        self._objective: Objective = objective_of(fun, len(self.coordinates), jac=jac, args=args, parameters=parameters)

    def plane(self, variables: Variables | None, points: int) -> Plane:
        """The function over two variables, at so many values of each.

        Raises
        ------
        ValueError
            Naming the argument: there are no two such variables, no point for the others, or no finite value.
        """
        if points < 2:
            raise ValueError(f"points: {points}; at least 2 values of each variable are needed")
        i, j = self._two(variables)
        x, y = self.coordinates[i], self.coordinates[j]
        at_x, at_y = np.meshgrid(x.grid(points), y.grid(points))
        d = len(self.coordinates)
        if self.at is None and d > 2:
            raise ValueError(f"at: None; the box has {d} variables, and a point is needed where the others are held")
        grid = np.empty((points * points, d))
        grid[:] = 0 if self.at is None else self.at
        grid[:, i], grid[:, j] = at_x.ravel(), at_y.ravel()
        f = np.empty(len(grid))
        with self._problem() as problem:
            problem.call("evaluate", len(grid), grid.ctypes.data, f.ctypes.data, None)
        if not np.isfinite(f).any():
            raise ValueError("fun: there is no finite value in the picture")
        return Plane(i, j, x, y, at_x, at_y, f.reshape(at_x.shape), self._held(i, j))

    def shades(self, f: Array) -> Shades:
        """How values are coloured: by their logarithm where they span many decades."""
        values = np.ma.masked_invalid(f)
        losses = -values if self.maximize else values
        lowest = float(losses.min())
        if self.best is not None:
            lowest = min(lowest, -self.best if self.maximize else self.best)
        worse = losses - lowest
        positive = worse[worse > 0].compressed()
        if positive.size and positive.max() > 50 * np.quantile(positive, 0.05):
            floor = 10 ** np.floor(np.log10(np.quantile(positive, 0.01)))
            if 0 <= lowest <= floor:  # where the best is about 0, values need no difference
                worse, lowest = losses, 0.0
            return Shades(
                np.ma.maximum(worse, floor),
                np.geomspace(floor, positive.max(), _LEVELS),
                True,
                difference_label(-lowest if self.maximize else lowest, self.maximize),
                "viridis",
            )
        low, high = float(values.min()), float(values.max())
        levels = np.linspace(low, high if high > low else low + max(abs(low), 1), _LEVELS)
        return Shades(values, levels, False, "f", "viridis_r" if self.maximize else "viridis")

    def starts(self, ids: npt.NDArray[np.int64]) -> Array:
        """Where the starts with these ids begin, [n, d]."""
        with self._problem() as problem:
            return problem.starts(ids.astype(np.uint64))

    def path(self, start_id: int, x0: npt.ArrayLike | None) -> tuple[Array, Array]:
        """Where the run of a start goes, from there on: values [n] and points [n, d]. `x0`: it is start 0."""
        values: list[float] = []
        visited: list[Array] = []

        def visit(_start: int, _iteration: int, f: float, x: Array) -> None:
            values.append(f)
            visited.append(x)

        with self._problem() as problem:
            if x0 is not None:
                problem.set_starts(self._point("x0", x0)[np.newaxis])
            problem.paths(np.array([start_id], np.uint64), _ALL_ITERATIONS, visit)
        return np.array(values), np.array(visited)

    @contextmanager
    def _problem(self) -> Iterator[Problem]:
        with Problem(self._variables, self._options) as problem:
            problem.set_objective(self._objective)
            if self._given is not None:
                problem.set_starts(self._given)
            yield problem

    def _take_over(self, result: Result) -> None:
        """What a result says of its search, unless options say another."""
        told = {
            name: value
            for name, value in result.options.items()
            if name in SearchOptions.__annotations__ and name not in _OF_THE_SEARCH
        }
        if told["starts"] == 0:  # there are given ones alone, as in a problem that is told nothing of drawn ones
            del told["starts"]
        self._options = told | self._options
        if result.options["start_points"]:
            self._given = np.array(result.options["start_points"], float)
        if bool(self._options["maximize"]) == is_maximised(result):
            self.best = result.fun

    def _point(self, what: str, x: npt.ArrayLike) -> Array:
        point = np.array(x, float)
        d = len(self.coordinates)
        if point.shape != (d,):
            raise ValueError(f"{what}: shape {point.shape}; a point of {d} coordinates is expected")
        return point

    def _two(self, variables: Variables | None) -> tuple[int, int]:
        names = [along.name for along in self.coordinates]
        if variables is None:
            free = [i for i, along in enumerate(self.coordinates) if along.lower < along.upper]
            if len(free) < 2:
                raise ValueError(f"bounds: {len(free)} variables that are not fixed; a picture needs two")
            i, j = free[:2]
        else:
            i, j = (_index(variable, names) for variable in _pair(variables))
        if i == j:
            raise ValueError(f"variables: {names[i]!r} twice; two different ones are expected")
        for along in (self.coordinates[i], self.coordinates[j]):
            if not (np.isfinite([along.lower, along.upper]).all() and along.lower < along.upper):
                raise ValueError(
                    f"bounds: {along.name} from {along.lower} to {along.upper}; "
                    "a picture needs finite bounds that differ"
                )
        return i, j

    def _held(self, i: int, j: int) -> str:
        others = [k for k in range(len(self.coordinates)) if k not in (i, j)]
        if not others or self.at is None:
            return ""
        if len(others) > _MOST_HELD:
            return f"{len(others)} other variables held"
        return "at " + ", ".join(f"{self.coordinates[k].name} = {number(self.at[k])}" for k in others)


_ALL_ITERATIONS = 2**62


def _pair(variables: Any) -> Sequence[Any]:
    if isinstance(variables, str) or not isinstance(variables, Sequence) or len(variables) != 2:
        raise ValueError(f"variables: {variables!r}; two names or indices are expected")
    return variables


def _index(variable: str | int, names: list[str]) -> int:
    if isinstance(variable, str):
        if variable in names:
            return names.index(variable)
    elif -len(names) <= variable < len(names):
        return variable % len(names)
    shown = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
    raise ValueError(f"variables: {variable!r}; a name or index of {shown} is expected")
