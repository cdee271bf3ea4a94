"""What lanewise does: searches, batches, and looks at single points."""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from lanewise._bounds import Bounds, unbounded, variables_of
from lanewise._executor import Executors, Handing
from lanewise._objectives import Array, Function, Gradients, Jac, Objective, Traced, Values, objective_of
from lanewise._parts import Called, PartedSearch, SearchTask, are_in_parts
from lanewise._problem import Interrupt, Problem
from lanewise._progress import Progress
from lanewise._result import BatchResult, GradientCheck, Profile, Result, statuses_of
from lanewise._search import State, interrupted, points_of, require_dimension, require_words, search, set_starts
from lanewise._verify import verify

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from lanewise._options import BatchOptions, SearchOptions


def minimize(
    fun: Function,
    bounds: Bounds,
    *,
    jac: Jac = None,
    args: tuple[Any, ...] = (),
    parameters: Mapping[str, float] | None = None,
    data: Any = None,
    tables: Mapping[str, npt.ArrayLike] | None = None,
    x0: Result | npt.ArrayLike | None = None,
    check: bool = True,
    progress: bool | Callable[[Progress], object] = False,
    stop: Callable[[], object] | None = None,
    checkpoint: str | os.PathLike[str] | Callable[..., object] | None = None,
    resume: State | None = None,
    on_interrupt: Literal["raise", "return"] = "raise",
    executor: Executors | None = None,
    in_flight: int | None = None,
    part_timeout: float | None = None,
    **options: Unpack[SearchOptions],
) -> Result:
    """Searches a box for the global minimum of a function, by thousands of independent Adam runs at once.

    Parameters
    ----------
    fun
        What to minimise. One of

        - a formula (doc/language.md): ``"(1 - x)^2 + 100*(y - x^2)^2"``;
        - a numpy function ``fun(x, *args)`` of one vector x [d]. It is called once with a traced vector, and what
          it does is recorded, differentiated and compiled. Its values are then compared with those of the recording;
        - with ``jac=True``, a callback ``fun(X, *args) -> (f, g)`` of many points X [B, d] that returns their values
          f [B] and gradients g [B, d];
        - with a callable `jac`, ``fun(X, *args) -> f`` beside ``jac(X, *args) -> g``;
        - with ``jac="2-point"``, a callback ``fun(X, *args) -> f`` of values alone. Gradients are taken by central
          differences: use it for what is no formula.

        A callback is called from the calling thread, once a round with all points that are wanted. X is its own to keep.
        Arrays that it returns can be of numpy, torch, JAX or anything with DLPack. A value or gradient that is NaN ends
        the run of that point, and no other.
    bounds
        Where to search: pairs ``(lower, upper)``, ``scipy.optimize.Bounds``, or a mapping from the names of a formula's
        variables (`Bounds`).
    jac, args
        See `fun`.
    parameters
        Constants of a formula, by name.
    data
        A table of pandas, polars or pyarrow, or a dict of columns: ``rows(E)`` in a formula is the sum of E over its rows, in
        which the names of columns mean the row's numbers.
    tables
        Numbers of a formula by name and index: ``c[i]``.
    x0
        Starts that are given, [d] or [B, d], or an earlier result whose minima are the starts. With `starts` others
        are drawn beside them.
    check
        Whether a traced function is compared with the plain one, and starts with a message where they differ.
    progress
        True shows a bar: tqdm's where it can be imported. A callable is called with a `Progress` between two stages.
    stop
        Is asked often; what is true ends the search with what it has found.
    checkpoint
        A file that is written anew every 30 s (`every`) and when the search ends, or a callable that takes the bytes. Of a
        search in parts a folder, with a file for each part, or a callable that takes the part's number and the bytes.
    resume
        A state to go on from: such bytes, or the name of such a file or folder. What is found has the same bits as if the search
        had never stopped.
    on_interrupt
        What Ctrl-C does when the running callback has returned: raise KeyboardInterrupt, whose attribute `result` is what
        was found so far, or return that.
    executor
        Who works on the `parts` of the search (doc/python-parts.md): an object with ``submit(function, *args)`` that returns a
        future, or a callable that makes one, which is replaced where it breaks. Each part then has one thread, unless `threads`
        says another number.
    in_flight
        How many parts are handed to the executor at once: twice its workers, unless given.
    part_timeout
        Seconds after which a part that is worked on is taken for lost, and handed out again.
    **options
        By the names of the command line, with underscores; see `SearchOptions`.

    Returns
    -------
    Result
        The best point `x`, its value `fun`, the distinct `minima` and more.

    Raises
    ------
    ValueError, TypeError
        Before any work, naming the argument, its value and what is allowed.
    TracingError
        Where the function cannot be traced, with the line, and the way out.
    NothingFinite
        Where value or gradient are not finite at any start.
    RuntimeError
        Where a part was lost four times.

    Examples
    --------
    >>> import numpy as np, lanewise
    >>> def rosenbrock(x):
    ...     return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    >>> result = lanewise.minimize(rosenbrock, [(-5, 5)] * 10)
    >>> bool(np.allclose(result.x, 1))
    True
    """
    handing = None if executor is None else Handing(executor, in_flight, part_timeout)
    variables = variables_of(bounds)
    with Problem(variables, dict(options)) as problem:
        objective = objective_of(
            fun, problem.dimension, jac=jac, args=args, parameters=parameters, data=data, tables=tables
        )
        _set_objective(problem, objective, fun, args, check)
        if are_in_parts(handing, dict(options), checkpoint is not None or resume is not None):
            is_called = isinstance(objective, (Gradients, Values)) and handing is not None
            sent = Called(fun, jac, args) if is_called else objective
            task = SearchTask(variables, sent, set_starts(problem, x0), dict(options))
            parts = PartedSearch(
                problem,
                task,
                progress=progress,
                stop=stop,
                checkpoint=checkpoint,
                resume=resume,
                on_interrupt=on_interrupt,
            )
            return parts.result(handing)
        return search(
            problem,
            x0=x0,
            progress=progress,
            stop=stop,
            checkpoint=checkpoint,
            resume=resume,
            on_interrupt=on_interrupt,
        )


def minimize_batch(
    fun: Function,
    x0: npt.ArrayLike,
    bounds: Bounds | None = None,
    *,
    jac: Jac = None,
    args: tuple[Any, ...] = (),
    parameters: Mapping[str, float] | None = None,
    data: Any = None,
    tables: Mapping[str, npt.ArrayLike] | None = None,
    pass_ids: bool = False,
    gradients: bool = True,
    check: bool = True,
    stop: Callable[[], object] | None = None,
    on_interrupt: Literal["raise", "return"] = "raise",
    **options: Unpack[BatchOptions],
) -> BatchResult:
    """Minimises from each start for itself, all at once, and tells where each ended.

    Nothing is drawn, merged, pruned or polished: a row of the result depends on its own start alone. The rule is L-BFGS unless
    `rule` says another.

    Parameters
    ----------
    fun, jac, args, parameters, data, tables, check
        As of `minimize`.
    x0
        The starts, [B, d].
    bounds
        As of `minimize`; they may be infinite, and are where there are none.
    pass_ids
        Whether the callback is told which starts its points belong to: it is then called as ``fun(X, *args, ids=ids)``, with
        indices into `x0` of shape [B] that shrink with the runs that go on. So data can differ by start.
    gradients
        Whether the result has `jac`, for which all ends are evaluated once more.
    stop, on_interrupt
        As of `minimize`. Runs that are still going then tell how far they have come.
    **options
        See `BatchOptions`.

    Returns
    -------
    BatchResult
        ``x [B, d], fun [B], jac [B, d], nit [B], nfev [B], status [B]``.

    Raises
    ------
    ValueError, TypeError, TracingError
        As `minimize`.

    Examples
    --------
    >>> import numpy as np, lanewise
    >>> ends = lanewise.minimize_batch(lambda x: (x[0] - 1) ** 2 + x[1] ** 2, np.zeros((3, 2)))
    >>> ends.x[0].tolist(), ends.status[0].item()
    ([1.0, 0.0], 'converged-gradient')
    """
    require_words(stop, on_interrupt)
    starts = points_of(x0, "x0")
    count, d = starts.shape
    variables = unbounded(d) if bounds is None else variables_of(bounds)
    with Problem(variables, dict(options)) as problem, Interrupt() as interrupt:
        require_dimension(starts, problem, "x0")
        objective = objective_of(
            fun, d, jac=jac, args=args, parameters=parameters, data=data, tables=tables, pass_ids=pass_ids
        )
        _set_objective(problem, objective, fun, args, check)
        problem.set_stop(lambda: interrupt.is_seen or (stop is not None and stop()))
        x, f, g = np.empty_like(starts), np.empty(count), np.empty_like(starts)
        status = np.empty(count, np.uint8)
        iterations, evaluations = np.empty(count, np.int64), np.empty(count, np.int64)
        columns = (starts, x, f, g if gradients else None, status, iterations, evaluations)
        addresses = (None if column is None else column.ctypes.data for column in columns)
        problem.call("minimize_batch", count, *addresses)
        ends = BatchResult(x, f, g if gradients else None, iterations, evaluations, statuses_of(status))
        if interrupt.is_seen and on_interrupt == "raise":
            raise interrupted(ends)
    return ends


def evaluate(
    fun: Function,
    x: npt.ArrayLike,
    bounds: Bounds | None = None,
    *,
    jac: Jac = None,
    args: tuple[Any, ...] = (),
    parameters: Mapping[str, float] | None = None,
    data: Any = None,
    tables: Mapping[str, npt.ArrayLike] | None = None,
) -> tuple[Any, Array]:
    """Values and gradients as a search has them.

    Parameters
    ----------
    fun, jac, args, parameters, data, tables
        As of `minimize`.
    x
        A point [d] or points [B, d].
    bounds
        The variables of a formula, as of `minimize`; unless given, it has the one vector ``x``.

    Returns
    -------
    f, g
        A number and [d], or [B] and [B, d].

    Examples
    --------
    >>> import lanewise
    >>> f, g = lanewise.evaluate("x[0]^2 * x[1]", [3, 2])
    >>> f, g.tolist()
    (18.0, [12.0, 9.0])
    """
    is_one = np.ndim(x) == 1
    points = points_of(x, "x")
    variables = unbounded(points.shape[1]) if bounds is None else variables_of(bounds)
    with Problem(variables) as problem:
        require_dimension(points, problem, "x")
        objective = objective_of(
            fun, problem.dimension, jac=jac, args=args, parameters=parameters, data=data, tables=tables
        )
        problem.set_objective(objective)
        f, g = problem.evaluate(points)
    return (float(f[0]), g[0]) if is_one else (f, g)


def check_gradient(
    fun: Function,
    bounds: Bounds,
    *,
    jac: Jac = None,
    args: tuple[Any, ...] = (),
    parameters: Mapping[str, float] | None = None,
    data: Any = None,
    tables: Mapping[str, npt.ArrayLike] | None = None,
    points: int = 16,
    tolerance: float = 1e-6,
    seed: int = 0,
) -> GradientCheck:
    """Compares the gradient with differences of the value, one variable at a time.

    Parameters
    ----------
    fun, bounds, jac, args, parameters, data, tables
        As of `minimize`.
    points
        How many points of the box are looked at.
    tolerance
        Relative error up to which gradient and differences agree.
    seed
        The points are a function of it.

    Returns
    -------
    GradientCheck
        It is true where nothing is wrong; `text` says what was found.

    Examples
    --------
    >>> import lanewise
    >>> bool(lanewise.check_gradient("sin(x)*y", {"x": (0, 1), "y": (0, 1)}))
    True
    """
    with Problem(variables_of(bounds), {"seed": seed}) as problem:
        objective = objective_of(
            fun, problem.dimension, jac=jac, args=args, parameters=parameters, data=data, tables=tables
        )
        problem.set_objective(objective)
        passed, told = ctypes.c_int(), ctypes.c_char_p()
        problem.call("check_gradient", points, tolerance, ctypes.byref(passed), None, ctypes.byref(told))
        return GradientCheck(**json.loads(told.value or b""))


def profile(
    fun: Function,
    bounds: Bounds,
    *,
    jac: Jac = None,
    args: tuple[Any, ...] = (),
    parameters: Mapping[str, float] | None = None,
    data: Any = None,
    tables: Mapping[str, npt.ArrayLike] | None = None,
    x0: Result | npt.ArrayLike | None = None,
    check: bool = True,
    **options: Unpack[SearchOptions],
) -> Profile:
    """Searches as `minimize`, and tells where the time went and what the machine could do (doc/profile.md).

    Returns
    -------
    Profile
        With the `result`, a `report` for people and a `timeline` for chrome://tracing.
    """
    with Problem(variables_of(bounds), dict(options)) as problem:
        objective = objective_of(
            fun, problem.dimension, jac=jac, args=args, parameters=parameters, data=data, tables=tables
        )
        _set_objective(problem, objective, fun, args, check)
        report, timeline = ctypes.c_char_p(), ctypes.c_char_p()
        result = search(problem, "profile", ctypes.byref(report), ctypes.byref(timeline), x0=x0)
        return Profile(result, (report.value or b"").decode(), (timeline.value or b"").decode())


def _set_objective(
    problem: Problem,
    objective: Objective,
    fun: Function,
    args: tuple[Any, ...],
    check: bool,
) -> None:
    problem.set_objective(objective)
    if check and isinstance(objective, Traced) and callable(fun):
        verify(problem, fun, args)
