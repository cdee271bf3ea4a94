"""Fits of models to the rows of one problem or of many."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union

import numpy as np
import numpy.typing as npt

from lanewise._bounds import _NAME, Array, Variable
from lanewise._files import writer
from lanewise._fits import Fits, Source
from lanewise._minimize import State, interrupted, require_words
from lanewise._model import Names, Signature, formula_of, signature_of, verify_model
from lanewise._objectives import Column, Rows, words_of
from lanewise._problem import Interrupt
from lanewise._progress import FitProgress, make_bar
from lanewise._tables import Table, group_rows, is_table, names_of_list, numbers_of
from lanewise._task import Layout, Task
from lanewise._verify import _between

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from lanewise._options import FitOptions

Model = Union[str, Callable[..., Any]]
Loss = Literal["squared", "huber", "soft-l1", "cauchy", "poisson", "logistic"]


def fit(
    model: Model,
    x: Any = None,
    y: Any = None,
    bounds: Any = None,
    sigma: Any = None,
    absolute_sigma: bool = False,
    params: Mapping[str, Any] | None = None,
    starts: int | None = 8,
    *,
    p0: Any = None,
    weights: Any = None,
    data: Any = None,
    group: Any = None,
    tables: Mapping[str, npt.ArrayLike] | None = None,
    loss: Loss = "squared",
    loss_scale: float = 1.0,
    check: bool = True,
    progress: bool | Callable[[FitProgress], object] = False,
    stop: Callable[[], object] | None = None,
    checkpoint: str | os.PathLike[str] | Callable[[bytes], object] | None = None,
    resume: State | None = None,
    on_interrupt: Literal["raise", "return"] = "raise",
    **options: Unpack[FitOptions],
) -> Fits:
    """Fits a model to data: once, or for each voxel, pixel, subject or group by itself, from many starts.

    Parameters
    ----------
    model
        A formula (doc/language.md) ``"a*exp(-k*x)"``, or a numpy function ``f(x, *params)`` of the rows x that returns a value
        for each. Its names are those of its signature. It is called once with traced rows, and becomes a formula; what it does
        with a row may not depend on other rows. With several columns, x is a mapping of them.
    x
        What the model is a function of: [N] for all problems, or of the shape of `y`. The formula calls it ``x``; a mapping
        ``{"t": t, "dose": dose}`` has names of its own. With `data`, names of columns.
    y
        What the model is to come to, [..., N]. The last axis goes over rows; a fit is made for each index of those before. With
        `data`, the name of a column, or a formula of columns: ``"log(signal)"``.
    bounds
        What is found: ``{"a": (0, 10), "k": (1e-6, 1, "log"), "v[3]": (0, 1)}``, or for a function pairs in the order of its
        signature. A bound is a number, or an array over the leading axes of `y`.
    sigma, weights
        Standard deviations of y, or weights, 1 / sigma^2: numbers of the shapes of `x`, or a formula. Unless given, 1.
    absolute_sigma
        Whether sigma is known as it is, and not only up to a factor that the residuals tell, as of
        ``scipy.optimize.curve_fit``.
    params
        What else the model takes: numbers, or arrays over the leading axes of `y`. A function can have defaults for it.
    starts
        How many starts are drawn for each problem. None: as many as it takes, until it is unlikely that more find a better fit.
    p0
        A start for each problem, beside those that are drawn: a mapping from names, or an array [d] or [..., d]. With
        ``starts=0`` it is the only one.
    data
        A table with a row for each observation, of pandas, polars, pyarrow, or a dict of columns. x, y, sigma, weights and
        group are then names of columns. A formula can name any column.
    group
        Rows with the same key are a problem: a column [N], or several by name, in whatever order the rows are.
    tables
        Numbers of a formula by name and index: ``c[i]``.
    loss, loss_scale
        What is summed over the rows (lanewise/fit.hpp): "squared", "huber", "soft-l1", "cauchy", "poisson" or "logistic".
    check
        Whether a traced model is compared with the plain one at some rows.
    progress
        True shows a bar. A callable is called with a `FitProgress`.
    stop, checkpoint, resume, on_interrupt
        As of `minimize`.
    **options
        See `FitOptions`.

    Returns
    -------
    Fits
        ``x [..., d], stderr, cov [..., d, d], rss [...], n_used, agree, status`` and more. A fit that fails is NaN, with a status.

    Raises
    ------
    ValueError, TypeError
        Before any work, naming the argument, its value and what is allowed.
    TracingError
        Where a function cannot be traced, with the line, and the way out.

    Examples
    --------
    >>> import numpy as np, lanewise
    >>> t = np.linspace(0, 4, 30)
    >>> y = np.stack([3 * np.exp(-1.5 * t), 2 * np.exp(-0.5 * t)])
    >>> def decay(t, a, k):
    ...     return a * np.exp(-k * t)
    >>> fits = lanewise.fit(decay, t, y, {"a": (0, 10), "k": (0, 5)})
    >>> fits.x.round(6).tolist()
    [[3.0, 1.5], [2.0, 0.5]]
    """
    require_words(stop, on_interrupt)
    given = _Given(data, group, x, y)
    named = _variables(bounds, given.layout, None if isinstance(model, str) else signature_of(model), params)
    given_starts = None if p0 is None else _starts(p0, named, given.layout)
    told = {**options, **({} if starts is None else {"starts": starts}), "absolute_sigma": absolute_sigma, "loss": loss.replace("_", "-"), "loss_scale": loss_scale}
    source = _source(model, given, named, params, sigma, weights, tables, check)
    source = replace(source, task=replace(source.task, starts=given_starts, options=told))
    names = [name for variable in named for name in variable.coordinates()]
    with ExitStack() as stack:
        bar = make_bar(progress)
        if bar is not None:
            stack.callback(bar.close)
        problem = stack.enter_context(source.task.problem())
        if bar is not None:
            problem.set_fit_progress(bar)
        if checkpoint is not None:
            problem.set_checkpoint(checkpoint if callable(checkpoint) else writer(Path(checkpoint)))
        interrupt = stack.enter_context(Interrupt())
        problem.set_stop(lambda: interrupt.is_seen or (stop is not None and stop()))
        fits = Fits(names, source.task.fit(problem, _state(resume)), source)
    if interrupt.is_seen and on_interrupt == "raise":
        raise interrupted(fits)
    return fits


def _state(resume: State | None) -> bytes | None:
    if resume is None or isinstance(resume, (bytes, bytearray, memoryview)):
        return None if resume is None else bytes(resume)
    return Path(resume).read_bytes()


# ---- Data ----


class _Given:
    """The data as they were given: which values are columns, and how rows are problems."""

    def __init__(self, data: Any, group: Any, x: Any, y: Any) -> None:
        self.table = None if data is None else Table(data)
        if y is None:
            raise ValueError("y: None; what the model is to come to is expected")
        self.x = self._predictors(x)
        self.y = y
        self.layout = self._layout(group)

    def is_column(self, value: Any) -> bool:
        """Whether a value stands for numbers of rows, and not for a formula."""
        return not isinstance(value, str) or (self.table is not None and value in self.table.names)

    def numbers(self, value: Any, what: str) -> Array:
        """The numbers of a column, be it given by name or as it is."""
        if isinstance(value, str) and self.table is not None:
            return self.table.numbers(value, what)
        return numbers_of(value, what)

    def _predictors(self, x: Any) -> Any:
        if x is None or isinstance(x, str):
            if isinstance(x, str) and self.table is None:
                raise TypeError(f"x: {x!r}; a name is for data=")
            return x
        if is_table(x):
            return {name: Table(x).column(name, "x") for name in Table(x).names}
        if self.table is not None and not isinstance(x, np.ndarray) and all(isinstance(name, str) for name in x):
            return {name: name for name in x}
        return x

    def _layout(self, group: Any) -> Layout:
        if self.is_column(self.y):
            shape = self.numbers(self.y, "y").shape
        elif self.table is not None and self.table.names:
            shape = np.shape(self.table.column(self.table.names[0], "y"))
        else:
            raise TypeError(f"y: {self.y!r}; numbers are expected, or with data= a name or formula")
        if not shape:
            raise ValueError("y: one number; an array [..., N] is expected")
        if group is None:
            return Layout(shape[:-1], shape[-1])
        if len(shape) != 1:
            raise ValueError(f"group: for a y of shape {shape}; one row for each observation is expected")
        groups = group_rows(self._keys(group))
        if groups.order.shape != shape:
            raise ValueError(f"group: {groups.order.size} keys; there are {shape[0]} rows")
        return Layout((len(groups.first_rows) - 1,), shape[0], groups)

    def _keys(self, group: Any) -> dict[str, Any]:
        if isinstance(group, Mapping):
            return dict(group)
        if self.table is not None and (isinstance(group, str) or not isinstance(group, np.ndarray)):
            listed = list(group) if not isinstance(group, str) else [group]
            if all(isinstance(name, str) and name in self.table.names for name in listed) or isinstance(group, str):
                return {name: self.table.column(name, "group") for name in names_of_list(group, "group")}
        return {"group": group}


# ---- Variables ----


@dataclass(frozen=True)
class _Bounded:
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


def _variables(
    bounds: Any, layout: Layout, signature: Signature | None, params: Mapping[str, Any] | None
) -> list[_Bounded]:
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


def _bounded(text: Any, pair: Any, layout: Layout, names: Names | None) -> _Bounded:
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
        _of_problems(otherwise if part is None else part, layout, length, f"bounds: {text}")
        for part, otherwise in zip(parts, (-np.inf, np.inf))
    )
    name = user if names is None else names.add(user, "p")
    return _Bounded(user, name, length, lower, upper, None if len(parts) == 2 else parts[2] == "log")


def _of_problems(value: Any, layout: Layout, length: int | None, what: str) -> Array:
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


def _stacked(named: list[_Bounded], bounds: list[Array], layout: Layout) -> Array | None:
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


def _starts(p0: Any, named: list[_Bounded], layout: Layout) -> Array:
    """[P, d]"""
    if isinstance(p0, Mapping):
        unknown = [name for name in p0 if name not in [variable.user for variable in named]]
        lacking = [variable.user for variable in named if variable.user not in p0]
        if unknown or lacking:
            raise ValueError(f"p0: {'there is no variable' if unknown else 'it lacks'} {(unknown or lacking)[0]!r}")
        parts = [_of_problems(p0[v.user], layout, v.length, f"p0: {v.user}") for v in named]
        return np.ascontiguousarray(
            np.hstack([np.broadcast_to(part, (layout.problems, part.shape[-1])) for part in parts])
        )
    numbers = numbers_of(p0, "p0")
    shape = (*layout.lead, sum(variable.size for variable in named))
    try:
        return np.ascontiguousarray(np.broadcast_to(numbers, shape)).reshape(layout.problems, shape[-1])
    except ValueError:
        raise ValueError(f"p0: shape {numbers.shape}; {(shape[-1],)} or {shape} is expected") from None


# ---- What the model reads ----


@dataclass(frozen=True)
class _Parameters:
    """What a model takes beside rows and variables, by the users' names."""

    numbers: dict[str, float]
    of_problems: dict[str, Array]
    """[P] Those that differ by problem."""
    constants: dict[str, Any]
    """What a function is handed as it is."""

    @staticmethod
    def of(params: Mapping[str, Any], layout: Layout, is_formula: bool) -> _Parameters:
        of_problems = {
            name: _of_problems(value, layout, None, f"params: {name}").reshape(-1)
            for name, value in params.items()
            if np.ndim(value) > 0
        }
        constants = {name: value for name, value in params.items() if name not in of_problems}
        if not is_formula:
            return _Parameters({}, of_problems, constants)
        numbers = {name: float(numbers_of(value, f"params: {name}")) for name, value in constants.items()}
        return _Parameters(numbers, of_problems, {})

    def with_names(self, names: Names) -> dict[str, str]:
        """Names for those that differ by problem, in the formula of a function."""
        return {name: names.add(name, "q") for name in self.of_problems}


def _source(
    model: Model,
    given: _Given,
    named: list[_Bounded],
    params: Mapping[str, Any] | None,
    sigma: Any,
    weights: Any,
    tables: Mapping[str, npt.ArrayLike] | None,
    check: bool,
) -> Source:
    layout, is_formula = given.layout, isinstance(model, str)
    parameters = _Parameters.of(params or {}, layout, is_formula)
    texts = [text for text in (given.y, sigma, weights) if isinstance(text, str) and not given.is_column(text)]
    words = words_of(" ".join([*texts, *([model] if isinstance(model, str) else [])]))
    known = {variable.name for variable in named}
    if is_formula:
        known |= {*parameters.numbers, *parameters.of_problems}
    names = Names({*known, *words})
    of_problems = (
        dict(zip(parameters.of_problems, parameters.of_problems)) if is_formula else parameters.with_names(names)
    )
    columns: dict[str, Column] = {}
    if given.table is not None:
        for word in words:
            if word in given.table.names and word not in known:
                columns[word] = layout.column(word, given.numbers(word, "formula"), f"column {word!r}")
    predictors = _predictors(model, given, names, columns)

    def formula(value: Any, wanted: str) -> str | None:
        if value is None:
            return None
        if not given.is_column(value):
            return str(value)
        if isinstance(value, str):
            if value in columns:
                return value
            wanted = value
        numbers = given.numbers(value, wanted)
        if numbers.ndim == 0:
            return repr(float(numbers))
        is_free = wanted not in known and wanted not in columns and not (is_formula and wanted in words_of(str(model)))
        name = wanted if is_free and _IDENTIFIER.match(wanted) else names.add(wanted)
        columns[name] = layout.column(name, numbers, wanted)
        return name

    response, deviation, weight = (formula(v, w) for v, w in ((given.y, "y"), (sigma, "sigma"), (weights, "weights")))
    rows = Rows(layout.first_rows(), list(columns.values()))
    task = Task(
        formula=str(model) if is_formula else "",
        variables=[variable.variable() for variable in named],
        rows=rows,
        response=response or "0",
        sigma=deviation,
        weights=weight,
        parameters=parameters.numbers,
        tables={name: numbers_of(table, f"tables: {name}").reshape(-1) for name, table in (tables or {}).items()},
        problem_parameters={of_problems[name]: numbers for name, numbers in parameters.of_problems.items()},
        lower=_stacked(named, [variable.lower for variable in named], layout),
        upper=_stacked(named, [variable.upper for variable in named], layout),
    )
    source = Source(task, layout, predictors)
    if isinstance(model, str):
        return source
    traced = _Traced(model, not isinstance(given.x, Mapping), named, of_problems, parameters.constants, source)
    source = replace(source, task=replace(task, formula=traced.formula()))
    if check:
        traced.verify(source.task)
    return source


_IDENTIFIER = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)


def _predictors(model: Model, given: _Given, names: Names, columns: dict[str, Column]) -> dict[str, str]:
    """Adds the columns of x; the names of those that the model reads, by the users' names."""
    x = given.x
    sources = dict(x) if isinstance(x, Mapping) else {} if x is None else {x if isinstance(x, str) else "x": x}
    if not isinstance(model, str):
        if not sources:
            raise ValueError("x: None; what the function is called with is expected")
        predictors = {user: names.add(user) for user in sources}
    else:
        words = words_of(model)
        if x is not None and not isinstance(x, (Mapping, str)) and "x" not in words:
            raise ValueError("x: the formula has no x; give it the name that it has there, as in x={'t': t}")
        predictors = {word: word for word in words if word in columns or word in sources}
    for user, value in sources.items():
        name = predictors.get(user)
        if name is not None and name not in columns:
            columns[name] = given.layout.column(name, given.numbers(value, f"x: {user}"), f"x: {user}")
    return predictors


@dataclass(frozen=True)
class _Traced:
    """A function as a model, and how its arguments are called in the formula."""

    model: Callable[..., Any]
    is_single: bool
    """It is called with an array, and not with a mapping of columns."""
    named: list[_Bounded]
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
        rows = _sample([by_name[name] for name in self.source.predictors.values()], task.rows.first_rows)
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
