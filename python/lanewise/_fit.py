"""Fits of models to the rows of one problem or of many."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Union

import numpy as np
import numpy.typing as npt

from lanewise._bounds import Array
from lanewise._executor import Executors, Handing
from lanewise._fits import Fits, Source
from lanewise._model import Names, signature_of
from lanewise._named import Bounded, Parameters, TracedModel, stacked, starts_of, variables_of
from lanewise._objectives import Column, Rows, words_of
from lanewise._progress import FitProgress
from lanewise._search import State, require_words
from lanewise._tables import Table, group_rows, is_table, names_of_list, numbers_of
from lanewise._task import Layout, Task
from lanewise._work import work_on

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
    executor: Executors | None = None,
    parts: int | None = None,
    in_flight: int | None = None,
    part_timeout: float | None = None,
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
    executor, in_flight, part_timeout
        As of `minimize`: who works on the problems, in parts (doc/python-parts.md). There are no checkpoints then.
    parts
        How many parts the problems are handed to an executor in. What is found does not depend on it.
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
    RuntimeError
        Where a part was lost four times.

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
    handing = None if executor is None else Handing(executor, in_flight, part_timeout)
    given = _Given(data, group, x, y)
    named = variables_of(bounds, given.layout, None if isinstance(model, str) else signature_of(model), params)
    given_starts = None if p0 is None else starts_of(p0, named, given.layout)
    told = {
        **options,
        **({} if starts is None else {"starts": starts}),
        "absolute_sigma": absolute_sigma,
        "loss": loss.replace("_", "-"),
        "loss_scale": loss_scale,
    }
    source = _source(model, given, named, params, sigma, weights, tables, check)
    source = replace(source, task=replace(source.task, starts=given_starts, options=told))
    names = [name for variable in named for name in variable.coordinates()]
    return work_on(
        source.task,
        Task.fit,
        lambda numbers: Fits(names, numbers, source),
        progress=progress,
        stop=stop,
        checkpoint=checkpoint,
        resume=resume,
        on_interrupt=on_interrupt,
        handing=handing,
        parts=parts,
    )


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


# ---- What the model reads ----


def _source(
    model: Model,
    given: _Given,
    named: list[Bounded],
    params: Mapping[str, Any] | None,
    sigma: Any,
    weights: Any,
    tables: Mapping[str, npt.ArrayLike] | None,
    check: bool,
) -> Source:
    layout, is_formula = given.layout, isinstance(model, str)
    parameters = Parameters.of(params or {}, layout, is_formula)
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
        lower=stacked(named, [variable.lower for variable in named], layout),
        upper=stacked(named, [variable.upper for variable in named], layout),
    )
    source = Source(task, layout, predictors)
    if isinstance(model, str):
        return source
    traced = TracedModel(model, not isinstance(given.x, Mapping), named, of_problems, parameters.constants, source)
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
