"""The box of a picture: its coordinates, by name, with their scales."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lanewise._bounds import Array, Bounds, Variable, variables_of
from lanewise._problem import Problem
from lanewise._result import Result


@dataclass(frozen=True)
class Coordinate:
    """One coordinate of the box."""

    name: str
    lower: float
    upper: float
    log: bool

    @property
    def scale(self) -> str:
        """What matplotlib calls its scale."""
        return "log" if self.log else "linear"

    def grid(self, count: int) -> Array:
        """So many values from bound to bound, [count]."""
        spaced = np.geomspace if self.log else np.linspace
        return spaced(self.lower, self.upper, count)

    def share(self, x: npt.ArrayLike) -> Array:
        """How far values are on the way from the lower bound, 0, to the upper one, 1; 0.5 if it is fixed."""
        values = np.asarray(x, float)
        if self.lower == self.upper:
            return np.full(values.shape, 0.5)
        lower, upper = self.lower, self.upper
        if self.log:
            values, lower, upper = np.log(values), np.log(lower), np.log(upper)
        # Halves, since the width of the largest box is infinite.
        return (values / 2 - lower / 2) / (upper / 2 - lower / 2)


def box_of(bounds: Bounds | Result) -> list[Variable]:
    """The variables of `bounds`, or those of a result."""
    if isinstance(bounds, Result):
        return _variables_of_result(bounds)
    return [_variable_of_text(variable) if isinstance(variable, str) else variable for variable in variables_of(bounds)]


def coordinates_of(variables: Sequence[Variable]) -> list[Coordinate]:
    """The coordinates of the variables, in their order."""
    return [
        Coordinate(
            variable.name if variable.length is None else f"{variable.name}[{j}]",
            float(variable.lower[j]),
            float(variable.upper[j]),
            bool(variable.log),
        )
        for variable in variables
        for j in range(variable.size)
    ]


def _variables_of_result(result: Result) -> list[Variable]:
    return [
        Variable(
            variable["name"],
            variable.get("length"),
            np.atleast_1d(np.array(variable["lower"], float)),
            np.atleast_1d(np.array(variable["upper"], float)),
            variable.get("log"),
        )
        for variable in json.loads(result.to_json())["problem"]["variables"]
    ]


def _variable_of_text(text: str) -> Variable:
    """What the library reads in "v[3]=0:1 log"."""
    with Problem([text]) as problem:
        lower, upper = problem.bounds()
    name, _, rest = text.partition("=")
    name, bracket, _ = name.strip().partition("[")
    is_vector = bool(bracket) or rest.lstrip().startswith("[")
    scale = {"log": True, "linear": False}.get(text.split()[-1])
    return Variable(name.strip(), lower.size if is_vector else None, lower, upper, scale)
