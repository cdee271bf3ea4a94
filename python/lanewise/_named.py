"""What is found and what is given, by the users' names: variables with bounds and starts, parameters, functions as models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lanewise._bounds import _NAME, Array, Variable
from lanewise._fits import Source
from lanewise._model import Names, Signature, formula_of, signature_of, verify_model
from lanewise._objectives import Column
from lanewise._tables import numbers_of
from lanewise._task import Layout, Task
from lanewise._verify import _between


@dataclass(frozen=True)
class Bounded:
    """A variable as users call it, with its bounds for each problem."""

    user: str
    name: str
    """In the formula."""
    length: int | None
    lower: Array
    upper: Array
    """[size], or [P, size] where they differ by problem."""
    log: bool | None

    @property
    def size(self) -> int:
        return self.length or 1

    def coordinates(self) -> list[str]:
        return [self.user] if self.length is None else [f"{self.user}[{j}]" for j in range(self.length)]

    def variable(self) -> Variable:
        """With bounds that hold those of all problems."""
        lower = self.lower if self.lower.ndim == 1 else _over_problems(np.fmin, self.lower)
        upper = self.upper if self.upper.ndim == 1 else _over_problems(np.fmax, self.upper)
        return Variable(self.name, self.length, np.ascontiguousarray(lower), np.ascontiguousarray(upper), self.log)


def _over_problems(of: np.ufunc, bounds: Array) -> Array:
    return np.zeros(bounds.shape[1]) if len(bounds) == 0 else np.asarray(of.reduce(bounds))


def variables_of(
    bounds: Any, layout: Layout, signature: Signature | None, params: Mapping[str, Any] | None
) -> list[Bounded]:
    """The variables of the model, in the order of its signature."""
    if bounds is None:
        raise ValueError("bounds: None; the bounds of each variable are expected, {'a': (0, 1)}")
    lb, ub = getattr(bounds, "lb", None), getattr(bounds, "ub", None)
    if lb is not None and ub is not None and not isinstance(bounds, Mapping):
        bounds = list(zip(np.atleast_1d(lb), np.atleast_1d(ub)))
    if not isinstance(bounds, Mapping):
        bounds = _by_name(list(bounds), signature, params or {})
    names = Names()
    variables = [
        _bounded(text, pair, layout, names if signature is not None else None) for text, pair in bounds.items()
    ]
    if not variables:
        raise ValueError("bounds: there is no variable")
    if signature is not None:
        _require_signature(signature, [variable.user for variable in variables], params or {})
        known = {name: place for place, name in enumerate(signature.names)}
        variables.sort(key=lambda variable: known.get(variable.user, len(known)))
    return variables


def _by_name(pairs: list[Any], signature: Signature | None, params: Mapping[str, Any]) -> dict[str, Any]:
    if signature is None:
        raise TypeError("bounds: names are expected for a formula, {'a': (0, 1)}")
    names = [name for name in signature.names if name not in params]
    if signature.is_open:
        names += [f"p{j}" for j in range(len(pairs) - len(names))]
    required = [name for name in names if name not in signature.defaults]
    if not len(required) <= len(pairs) <= len(names):
        raise ValueError(f"bounds: {len(pairs)} pairs; the model has {', '.join(names)}")
    return dict(zip(names, pairs))


def _require_signature(signature: Signature, variables: list[str], params: Mapping[str, Any]) -> None:
    both = [name for name in variables if name in params]
    if both:
        raise TypeError(f"params: {both[0]!r} has bounds, too")
    for what, given in (("bounds", variables), ("params", list(params))):
        unknown = [name for name in given if name not in signature.names and not signature.is_open]
        if unknown:
            raise TypeError(f"{what}: the model has no {unknown[0]!r}; it has {', '.join(signature.names)}")
    lacking = [n for n in signature.names if n not in variables and n not in params and n not in signature.defaults]
    if lacking:
        raise TypeError(f"bounds: there are none of {lacking[0]!r}, and params do not have it")


def _bounded(text: Any, pair: Any, layout: Layout, names: Names | None) -> Bounded:
    match = _NAME.match(text) if isinstance(text, str) else None
    if match is None and (names is None or not isinstance(text, str) or not text.isidentifier()):
        raise ValueError(f"bounds: {text!r}; a name is expected, or a name with a length as in 'v[10]'")
    user = match[1] if match else text
    length = int(match[2]) if match and match[2] else None
    if length == 0:
        raise ValueError(f"bounds: {text}: a vector has at least 1 element")
    parts = list(pair) if isinstance(pair, (Sequence, np.ndarray)) and not isinstance(pair, str) else []
    if len(parts) not in (2, 3) or (len(parts) == 3 and parts[2] not in ("log", "linear")):
        raise ValueError(
            f"bounds: {text}: {pair!r}; (lower, upper) is expected, and behind it 'log', 'linear' or nothing"
        )
    lower, upper = (
        numbers_by_problem(otherwise if part is None else part, layout, length, f"bounds: {text}")
        for part, otherwise in zip(parts, (-np.inf, np.inf))
    )
    name = user if names is None else names.add(user, "p")
    return Bounded(user, name, length, lower, upper, None if len(parts) == 2 else parts[2] == "log")


def numbers_by_problem(value: Any, layout: Layout, length: int | None, what: str) -> Array:
    """A number [size], or numbers over the leading axes [P, size]."""
    numbers = numbers_of(value, what)
    if numbers.ndim == 0:
        return np.full(length or 1, float(numbers))
    shape = layout.lead if length is None else (*layout.lead, length)
    try:
        numbers = np.broadcast_to(numbers, shape)
    except ValueError:
        raise ValueError(f"{what}: shape {numbers.shape}; a number or {shape} is expected") from None
    return np.ascontiguousarray(numbers).reshape(layout.problems, length or 1)


def stacked(named: list[Bounded], bounds: list[Array], layout: Layout) -> Array | None:
    """[P, d] The bounds that differ by problem; NaN where they do not. None where no bound does."""
    if all(bound.ndim == 1 for bound in bounds):
        return None
    stacked = np.full((layout.problems, sum(variable.size for variable in named)), np.nan)
    at = 0
    for bound in bounds:
        if bound.ndim == 2:
            stacked[:, at : at + bound.shape[1]] = bound
        at += bound.shape[-1]
    return stacked


def starts_of(p0: Any, named: list[Bounded], layout: Layout, what: str = "p0") -> Array:
    """[P, d]"""
    if isinstance(p0, Mapping):
        unknown = [name for name in p0 if name not in [variable.user for variable in named]]
        lacking = [variable.user for variable in named if variable.user not in p0]
        if unknown or lacking:
            raise ValueError(f"{what}: {'there is no variable' if unknown else 'it lacks'} {(unknown or lacking)[0]!r}")
        parts = [numbers_by_problem(p0[v.user], layout, v.length, f"{what}: {v.user}") for v in named]
        return np.ascontiguousarray(
            np.hstack([np.broadcast_to(part, (layout.problems, part.shape[-1])) for part in parts])
        )
    numbers = numbers_of(p0, what)
    shape = (*layout.lead, sum(variable.size for variable in named))
    try:
        return np.ascontiguousarray(np.broadcast_to(numbers, shape)).reshape(layout.problems, shape[-1])
    except ValueError:
        raise ValueError(f"{what}: shape {numbers.shape}; {(shape[-1],)} or {shape} is expected") from None


@dataclass(frozen=True)
class Parameters:
    """What a model takes beside rows and variables, by the users' names."""

    numbers: dict[str, float]
    of_problems: dict[str, Array]
    """[P] Those that differ by problem."""
    constants: dict[str, Any]
    """What a function is handed as it is."""

    @staticmethod
    def of(params: Mapping[str, Any], layout: Layout, is_formula: bool) -> Parameters:
        of_problems = {
            name: numbers_by_problem(value, layout, None, f"params: {name}").reshape(-1)
            for name, value in params.items()
            if np.ndim(value) > 0
        }
        constants = {name: value for name, value in params.items() if name not in of_problems}
        if not is_formula:
            return Parameters({}, of_problems, constants)
        numbers = {name: float(numbers_of(value, f"params: {name}")) for name, value in constants.items()}
        return Parameters(numbers, of_problems, {})

    def with_names(self, names: Names) -> dict[str, str]:
        """Names for those that differ by problem, in the formula of a function."""
        return {name: names.add(name, "q") for name in self.of_problems}


@dataclass(frozen=True)
class TracedModel:
    """A function as a model, and how its arguments are called in the formula."""

    model: Callable[..., Any]
    is_single: bool
    """It is called with an array, and not with a mapping of columns."""
    named: list[Bounded]
    of_problems: dict[str, str]
    constants: Mapping[str, Any]
    source: Source

    def formula(self) -> str:
        """The function as a formula."""
        predictors = self.source.predictors
        return formula_of(
            self.model,
            signature_of(self.model),
            next(iter(predictors.values())) if self.is_single else predictors,
            {variable.user: (variable.name, variable.length) for variable in self.named},
            self.of_problems,
            self.constants,
        )

    def verify(self, task: Task) -> None:
        """Compares the formula with the function at some of the rows."""
        by_name = {column.name: column for column in task.rows.columns}
        columns = [by_name[name] for name in self.source.predictors.values()]
        rows = _sample(columns, task.rows.first_rows) if columns else np.empty((1, 0))
        if len(rows) == 0:
            return
        lower, upper = (np.concatenate([getattr(v, bound) for v in task.variables]) for bound in ("lower", "upper"))
        points = _between(lower, upper, np.random.default_rng(0).random((_POINTS, lower.size)))
        fixed = np.array([task.problem_parameters[name][0] for name in self.of_problems.values()])
        points = np.hstack([points, np.broadcast_to(fixed, (_POINTS, fixed.size))])
        names = [*self.source.predictors.values(), *self._coordinates(), *self.of_problems.values()]
        verify_model(task.formula, names, self._call, rows, points)

    def _coordinates(self) -> list[str]:
        return [name for variable in self.named for name in replace(variable, user=variable.name).coordinates()]

    def _call(self, rows: Array, point: Array) -> Any:
        values = dict(self.constants)
        at = 0
        for variable in self.named:
            values[variable.user] = point[at] if variable.length is None else point[at : at + variable.size]
            at += variable.size
        values.update(zip(self.of_problems, point[at:]))
        of_row = {user: rows[:, j].copy() for j, user in enumerate(self.source.predictors)}
        x = next(iter(of_row.values())) if self.is_single else of_row
        return signature_of(self.model).call(self.model, x, values)


_POINTS = 3
_ROWS = 7
"""A traced model is compared with the plain one at so many points and rows."""


def _sample(columns: list[Column], first_rows: npt.NDArray[np.uintp]) -> Array:
    """[n, columns] Some rows without a missing value."""
    lengths = np.diff(first_rows.astype(np.int64))
    full = np.flatnonzero(lengths)
    if len(full) == 0:
        return np.empty((0, len(columns)))
    generator = np.random.default_rng(0)
    problems = generator.choice(full, 20 * _ROWS)
    rows = (generator.random(problems.size) * lengths[problems]).astype(np.int64)
    at = first_rows.astype(np.int64)[problems] + rows
    numbers = np.column_stack([column.numbers[rows if column.is_shared else at] for column in columns])
    return np.asarray(numbers[np.isfinite(numbers).all(axis=1)][:_ROWS])
