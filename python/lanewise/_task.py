"""What is fitted to what, or minimised, as the library is handed it. It can be pickled: the results keep it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lanewise._bounds import Array, Variable
from lanewise._objectives import Column, Rows
from lanewise._problem import Problem, as_bytes
from lanewise._tables import Groups, numbers_of


@dataclass(frozen=True)
class Layout:
    """How the arrays of users become rows of problems: the last axis goes over rows and those before over problems; or there
    are groups of rows.
    """

    lead: tuple[int, ...]
    """The shape of the problems."""
    count: int
    """Rows of each problem; of all where there are groups."""
    groups: Groups | None = None

    @property
    def problems(self) -> int:
        """How many there are."""
        return math.prod(self.lead)

    def first_rows(self) -> npt.NDArray[np.uintp]:
        """[P + 1] Where the rows of each problem begin."""
        if self.groups is not None:
            return self.groups.first_rows
        return np.asarray(np.arange(self.problems + 1) * self.count, np.uintp)

    def column(self, name: str, values: Any, what: str) -> Column:
        """A column from values for all rows, or for those of every problem.

        Raises
        ------
        ValueError
            Naming `what` has another shape.
        """
        numbers = numbers_of(values, what)
        is_shared = self.groups is None and bool(self.lead) and numbers.ndim <= 1
        shape = (self.count,) if is_shared or self.groups is not None else (*self.lead, self.count)
        try:
            numbers = np.broadcast_to(numbers, shape)
        except ValueError:
            wanted = f"{(self.count,)} or {shape}" if len(shape) > 1 else f"{shape}"
            raise ValueError(f"{what}: shape {numbers.shape}; {wanted} is expected") from None
        if self.groups is not None:
            numbers = numbers[self.groups.order]
        return Column(name, np.ascontiguousarray(numbers).reshape(-1), is_shared)

    def of_rows(self, values: Array) -> Array:
        """Values of all rows in the users' shape."""
        if self.groups is None:
            return values.reshape(*self.lead, self.count)
        unfolded = np.empty_like(values)
        unfolded[self.groups.order] = values
        return unfolded


@dataclass(frozen=True)
class Task:
    """A model, or another objective, with its variables and rows. Names are those of the formulas."""

    formula: str
    variables: list[Variable]
    rows: Rows
    response: str | None = "0"
    """None: the formula is no model, but what is minimised."""
    sigma: str | None = None
    weights: str | None = None
    parameters: dict[str, float] = field(default_factory=dict)
    tables: dict[str, Array] = field(default_factory=dict)
    problem_parameters: dict[str, Array] = field(default_factory=dict)
    """[P]"""
    lower: Array | None = None
    upper: Array | None = None
    starts: Array | None = None
    """[P, d] What differs by problem."""
    options: dict[str, Any] = field(default_factory=dict)
    maximize: bool = False

    def at(self, rows: Rows) -> Task:
        """The same at other rows."""
        return replace(self, rows=rows)

    def part(self, problems: npt.NDArray[np.intp]) -> Task:
        """The same for some of the problems, by index."""
        begins, ends = (self.rows.first_rows.astype(np.int64)[problems + i] for i in (0, 1))
        lengths = ends - begins
        first_rows = np.concatenate([[0], np.cumsum(lengths)])
        at = np.arange(first_rows[-1]) + np.repeat(begins - first_rows[:-1], lengths)
        columns = [
            column if column.is_shared else replace(column, numbers=column.numbers[at]) for column in self.rows.columns
        ]
        return replace(
            self,
            rows=Rows(first_rows.astype(np.uintp), columns),
            problem_parameters={name: values[problems] for name, values in self.problem_parameters.items()},
            **{name: values[problems] for name in _OF_PROBLEMS if (values := getattr(self, name)) is not None},
        )

    @contextmanager
    def problem(self) -> Iterator[Problem]:
        """A problem of the library that has it all.

        Raises
        ------
        ValueError, TypeError
            Naming what is wrong with it.
        """
        with Problem(self.variables) as problem:
            for name, value in self.options.items():
                problem.set_option(name, value, "fit_option")
            for name, number in self.parameters.items():
                problem.call("set_parameter", name.encode(), number)
            for name, numbers in self.tables.items():
                problem.set_table(name, numbers)
            problem.set_rows(self.rows)
            for name, numbers in self.problem_parameters.items():
                problem.call("add_problem_parameter", name.encode(), numbers.ctypes.data)
            problem.call("set_problem_bounds", _address(self.lower), _address(self.upper))
            problem.call("set_problem_starts", _address(self.starts))
            if self.response is None:
                problem.set_option("maximize", self.maximize)
                problem.call("set_expression", as_bytes("the formula", self.formula))
            else:
                texts = {"model": self.formula, "y": self.response, "sigma": self.sigma, "weights": self.weights}
                problem.call("set_model", *(text and as_bytes(what, text) for what, text in texts.items()))
            yield problem

    def fit(self, problem: Problem, state: bytes | None = None) -> Numbers:
        """The fits of the problem that was made of it."""
        count, d = len(self.rows.first_rows) - 1, problem.dimension
        found = Numbers.empty(count, d)
        problem.call("fit", state, len(state or b""), *(array.ctypes.data for array in vars(found).values()))
        return found

    def minimize(self, problem: Problem, state: bytes | None = None, most: int = 0) -> EndNumbers:
        """The minima of the problem that was made of it, and up to `most` of each."""
        found = EndNumbers.empty(len(self.rows.first_rows) - 1, problem.dimension, most)
        arrays = [array.ctypes.data for array in vars(found).values()]
        problem.call("minimize_problems", state, len(state or b""), *arrays[:7], most, *arrays[7:])
        return found

    def predict(self, numbers: Numbers, confidence: float) -> tuple[Array, Array]:
        """The model at the rows, and half the width of its band."""
        value = np.empty(int(self.rows.first_rows[-1]))
        half_width = np.empty_like(value)
        inputs = (numbers.x, numbers.cov, numbers.rss, numbers.status, numbers.n_used)
        with self.problem() as problem:
            addresses = (array.ctypes.data for array in inputs)
            problem.call("predict", *addresses, confidence, value.ctypes.data, half_width.ctypes.data)
        return value, half_width


@dataclass(frozen=True)
class Numbers:
    """What the library writes of fits, in the order in which it takes the arrays."""

    x: Array
    stderr: Array
    cov: Array
    rss: Array
    status: npt.NDArray[np.uint8]
    n_used: npt.NDArray[np.uint64]
    n_left_out: npt.NDArray[np.uint64]
    runs: npt.NDArray[np.uint64]
    agree: npt.NDArray[np.uint64]

    @staticmethod
    def empty(count: int, d: int) -> Numbers:
        """Arrays for so many problems of d coordinates."""
        counts = [np.zeros(count, np.uint64) for _ in range(4)]
        return Numbers(
            np.empty((count, d)),
            np.empty((count, d)),
            np.empty((count, d, d)),
            np.empty(count),
            np.empty(count, np.uint8),
            *counts,
        )


@dataclass(frozen=True)
class EndNumbers:
    """What the library writes of minima, in the order in which it takes the arrays."""

    x: Array
    f: Array
    status: npt.NDArray[np.uint8]
    n_used: npt.NDArray[np.uint64]
    n_left_out: npt.NDArray[np.uint64]
    runs: npt.NDArray[np.uint64]
    agree: npt.NDArray[np.uint64]
    minima: npt.NDArray[np.uint64]
    """[P] How many are told."""
    minima_x: Array
    minima_f: Array
    minima_runs: npt.NDArray[np.uint64]

    @staticmethod
    def empty(count: int, d: int, most: int) -> EndNumbers:
        """Arrays for so many problems of d coordinates, and up to so many minima of each."""
        n_used, n_left_out, runs, agree, minima = np.zeros((5, count), np.uint64)
        return EndNumbers(
            np.empty((count, d)),
            np.empty(count),
            np.empty(count, np.uint8),
            n_used,
            n_left_out,
            runs,
            agree,
            minima,
            np.empty((count, most, d)),
            np.empty((count, most)),
            np.zeros((count, most), np.uint64),
        )


_OF_PROBLEMS = ("lower", "upper", "starts")


def _address(array: Array | None) -> int | None:
    return None if array is None else array.ctypes.data
