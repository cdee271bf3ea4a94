"""One objective, minimised for many problems at once."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Union

import numpy as np
import numpy.typing as npt

from lanewise._executor import Executors, Handing
from lanewise._fits import ProblemEnds, Source
from lanewise._model import Names, signature_of
from lanewise._named import Parameters, TracedModel, stacked, starts_of, variables_of
from lanewise._objectives import Rows, words_of
from lanewise._progress import FitProgress
from lanewise._search import State, require_words
from lanewise._tables import Table, group_rows, names_of_list, numbers_of
from lanewise._task import Layout, Task
from lanewise._work import work_on

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from lanewise._options import FitOptions


def minimize_problems(
    fun: Union[str, Callable[..., Any]],
    bounds: Mapping[str, Any] | Sequence[Any],
    params: Mapping[str, Any] | None = None,
    *,
    data: Any = None,
    group: Any = None,
    tables: Mapping[str, npt.ArrayLike] | None = None,
    starts: int | None = 16,
    x0: Any = None,
    minima: int = 0,
    maximize: bool = False,
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
) -> ProblemEnds:
    """Minimises one objective for thousands of problems, each by itself, from many starts.

    Problems differ in parameters, bounds, starts and rows of data. Runs of drawn starts go a way by Adam, then all by Newton's
    method with exact second derivatives, up to some twenty variables. A problem that fails is NaN, with a status, and touches no
    other.

    Parameters
    ----------
    fun
        A formula (doc/language.md) ``"(x - a)^2 + y^4"``, in which rows(E) is the sum of E over the rows of a problem; or a numpy
        function ``f(x, y, a)`` of variables and parameters that returns a number. Its names are those of its signature. It is
        called once with traced numbers, and becomes a formula.
    bounds
        What is found: ``{"x": (0, 10), "k": (1e-6, 1, "log"), "v[3]": (0, 1)}``, or for a function pairs in the order of its
        signature. A bound is a number, or an array with a number for each problem.
    params
        What else the objective takes: numbers, or arrays with one for each problem. The problems have the shape that these
        arrays and those of `bounds`, `data` and `x0` have together: [P], or more axes.
    data
        A table with a row for each observation, of pandas, polars, pyarrow, or a dict of columns: of a formula, which can name
        any column. A column is [N], the rows of every problem or with `group` of all, or [..., N]. NaN leaves a row out.
    group
        Rows with the same key are a problem: a column [N], or several by name, in whatever order the rows are.
    tables
        Numbers of a formula by name and index: ``c[i]``.
    starts
        How many starts are drawn for each problem. None: as many as it takes, until it is unlikely that more find a better value.
    x0
        A start for each problem, beside those that are drawn: a mapping from names, or an array [d] or [..., d]. With
        ``starts=0`` it is the only one.
    minima
        How many minima of each problem are told, beside the best.
    maximize
        Whether the largest values are looked for.
    check
        Whether a traced function is compared with the plain one at some points.
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
    ProblemEnds
        ``x [..., d], f [...], status, runs, agree, n_used, minima`` and more.

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
    >>> a = np.array([1.0, 2.0, 3.0])
    >>> ends = lanewise.minimize_problems("(x^2 - a)^2 + x", {"x": (-5, 5)}, {"a": a})
    >>> ends.x["x"].round(3).tolist()
    [-1.107, -1.473, -1.772]
    """
    require_words(stop, on_interrupt)
    handing = None if executor is None else Handing(executor, in_flight, part_timeout)
    of_fits = [name for name in ("loss", "loss_scale", "absolute_sigma") if name in options]
    if of_fits:
        raise TypeError(f"{of_fits[0]}: is an option of fit alone")
    if minima < 0:
        raise ValueError(f"minima: {minima}; at least 0 is expected")
    source, names = _source(fun, bounds, params or {}, data, group, tables, x0, check)
    told = options if starts is None else {**options, "starts": starts}
    source = replace(source, task=replace(source.task, options=dict(told), maximize=maximize))
    return work_on(
        source.task,
        functools.partial(Task.minimize, most=minima),
        lambda numbers: ProblemEnds(names, numbers, source),
        progress=progress,
        stop=stop,
        checkpoint=checkpoint,
        resume=resume,
        on_interrupt=on_interrupt,
        handing=handing,
        parts=parts,
    )


def _source(
    fun: Union[str, Callable[..., Any]],
    bounds: Any,
    params: Mapping[str, Any],
    data: Any,
    group: Any,
    tables: Mapping[str, npt.ArrayLike] | None,
    x0: Any,
    check: bool,
) -> tuple[Source, list[str]]:
    """What is minimised, and the names of the coordinates."""
    is_formula = isinstance(fun, str)
    model = None if isinstance(fun, str) else _as_model(fun)
    if not is_formula and (data is not None or tables):
        raise TypeError(f"{'tables' if data is None else 'data'}: of formulas alone; a function gets parameters")
    columns = {} if data is None else _columns(str(fun), Table(data), _names_of(bounds, params))
    layout = _layout(bounds, params, columns, x0, None if group is None else _keys(group, data))
    named = variables_of(bounds, layout, None if model is None else signature_of(model), params)
    parameters = Parameters.of(params, layout, is_formula)
    names = Names(variable.name for variable in named)
    own = {name: name for name in parameters.of_problems} if is_formula else parameters.with_names(names)
    rows = [layout.column(name, numbers, f"column {name!r}") for name, numbers in columns.items()]
    task = Task(
        formula=str(fun) if is_formula else "",
        variables=[variable.variable() for variable in named],
        rows=Rows(layout.first_rows(), rows),
        response=None,
        parameters=parameters.numbers,
        tables={name: numbers_of(table, f"tables: {name}").reshape(-1) for name, table in (tables or {}).items()},
        problem_parameters={own[name]: numbers for name, numbers in parameters.of_problems.items()},
        lower=stacked(named, [variable.lower for variable in named], layout),
        upper=stacked(named, [variable.upper for variable in named], layout),
        starts=None if x0 is None else starts_of(x0, named, layout, "x0"),
    )
    source = Source(task, layout, {})
    if model is not None:
        traced = TracedModel(model, False, named, own, parameters.constants, source)
        source = replace(source, task=replace(task, formula=traced.formula()))
        if check and layout.problems:
            traced.verify(source.task)
    return source, [name for variable in named for name in variable.coordinates()]


def _as_model(fun: Callable[..., Any]) -> Callable[..., Any]:
    """As a model of rows, which it does not look at."""
    if not callable(fun):
        raise TypeError(f"fun: {type(fun).__name__}; a formula or a function is expected")

    @functools.wraps(fun)
    def model(_rows: Any, *args: Any, **by_name: Any) -> Any:
        return fun(*args, **by_name)

    own = inspect.signature(fun)
    rows = inspect.Parameter("_rows", inspect.Parameter.POSITIONAL_ONLY)
    model.__signature__ = own.replace(parameters=[rows, *own.parameters.values()])  # type: ignore[attr-defined]
    return model


# ---- How problems lie ----


def _names_of(bounds: Any, params: Mapping[str, Any]) -> set[str]:
    variables = [str(name).partition("[")[0] for name in bounds] if isinstance(bounds, Mapping) else []
    return {*variables, *params}


def _columns(formula: str, table: Table, known: set[str]) -> dict[str, Any]:
    """The columns that the formula names."""
    names = [name for name in words_of(formula) if name in table.names and name not in known]
    return {name: numbers_of(table.column(name, "formula"), f"column {name!r}") for name in names}


def _keys(group: Any, data: Any) -> dict[str, Any]:
    if isinstance(group, Mapping):
        return dict(group)
    if data is None:
        raise TypeError("group: is of rows; there is no data")
    if isinstance(group, str) or (isinstance(group, (list, tuple)) and all(isinstance(name, str) for name in group)):
        return {name: Table(data).column(name, "group") for name in names_of_list(group, "group")}
    return {"group": group}


def _layout(bounds: Any, params: Mapping[str, Any], columns: Mapping[str, Any], x0: Any, keys: Any) -> Layout:
    if keys is not None:
        groups = group_rows(keys)
        return Layout((len(groups.first_rows) - 1,), len(groups.order), groups)
    shapes = {
        **_shapes_of_bounds(bounds),
        **{f"params: {name}": np.shape(value) for name, value in params.items()},
        **{f"column {name!r}": np.shape(numbers)[:-1] for name, numbers in columns.items()},
    }
    if x0 is not None and not isinstance(x0, Mapping):
        shapes["x0"] = np.shape(x0)[:-1]
    try:
        lead = np.broadcast_shapes(*shapes.values())
    except ValueError:
        said = ", ".join(f"{what} {shape}" for what, shape in shapes.items() if shape)
        raise ValueError(f"the problems have no shape in common: {said}") from None
    count = max((numbers.shape[-1] if numbers.ndim else 1 for numbers in columns.values()), default=0)
    return Layout(tuple(lead), count)


def _shapes_of_bounds(bounds: Any) -> dict[str, tuple[int, ...]]:
    """Of the bounds that are arrays over problems; those that are none are refused elsewhere."""
    pairs = bounds.items() if isinstance(bounds, Mapping) else enumerate(bounds if isinstance(bounds, Sequence) else [])
    shapes = {}
    for name, pair in pairs:
        for side, bound in zip(("lower", "upper"), pair if isinstance(pair, (tuple, list)) else ()):
            if bound is not None and not isinstance(bound, str):
                shape = np.shape(bound)
                shapes[f"bounds: {name} {side}"] = shape[:-1] if "[" in str(name) else shape
    return shapes
