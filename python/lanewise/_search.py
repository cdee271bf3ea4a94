"""A search of a problem whose objective is set, and how it is watched."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, Union

import numpy as np
import numpy.typing as npt

from lanewise import _library
from lanewise._files import writer
from lanewise._objectives import Array
from lanewise._problem import Interrupt, Problem
from lanewise._progress import Progress, make_bar
from lanewise._result import History, Result

State = Union[bytes, str, "os.PathLike[str]"]


def search(
    problem: Problem,
    name: str = "minimize",
    *more: Any,
    x0: Result | npt.ArrayLike | None = None,
    progress: bool | Callable[[Progress], object] = False,
    stop: Callable[[], object] | None = None,
    checkpoint: str | os.PathLike[str] | Callable[[bytes], object] | None = None,
    resume: State | None = None,
    on_interrupt: Literal["raise", "return"] = "raise",
    gradient: bool = True,
) -> Result:
    """A search of a problem whose objective is set; see `minimize`. `gradient`: the result has one at its point."""
    require_words(stop, on_interrupt)
    set_starts(problem, x0)
    if checkpoint is not None:
        problem.set_checkpoint(checkpoint if callable(checkpoint) else writer(Path(checkpoint)))
    history: list[tuple[float, int, float]] = []
    handle = ctypes.c_void_p()
    with ExitStack() as stack:
        bar = make_bar(progress)
        if bar is not None:
            stack.callback(bar.close)

        def tell(at: Progress) -> None:
            if np.isfinite(at.best_f):
                history.append((at.seconds, at.run_iterations, at.best_f))
            if bar is not None:
                bar(at)

        problem.set_progress(tell)
        interrupt = stack.enter_context(Interrupt())
        problem.set_stop(lambda: interrupt.is_seen or (stop is not None and stop()))
        if resume is None:
            problem.call(name, ctypes.byref(handle), *more)
        else:
            state = bytes(resume) if isinstance(resume, (bytes, bytearray, memoryview)) else Path(resume).read_bytes()
            problem.call("resume", state, len(state), ctypes.byref(handle))
    result = Result(_library.text_of(handle))
    history.append((result.work.seconds, result.nit, result.fun))
    result.history = history_of(history)
    if interrupt.is_seen and result.reason == "interrupted" and on_interrupt == "raise":
        raise interrupted(result)
    if gradient:
        result.jac = problem.evaluate(result.x.reshape(1, -1))[1][0]
    return result


def set_starts(problem: Problem, x0: Result | npt.ArrayLike | None) -> Array | None:
    """Sets the starts that are given, if there are any; see `minimize`."""
    if x0 is None:
        return None
    starts = points_of(x0.xl if isinstance(x0, Result) else x0, "x0")
    require_dimension(starts, problem, "x0")
    if len(starts) == 0:
        raise ValueError("x0: there is no point")
    problem.set_starts(starts)
    return starts


def history_of(told: list[tuple[float, int, float]]) -> History:
    """From seconds, iterations and best values."""
    seconds, iterations, best = (np.array(column) for column in zip(*told))
    return History(seconds, iterations, best)


def interrupted(result: Any) -> KeyboardInterrupt:
    """What Ctrl-C raises, with what was found so far."""
    raised = KeyboardInterrupt("the work was interrupted; .result is what it has found so far")
    raised.result = result  # type: ignore[attr-defined]
    return raised


def require_words(stop: Any, on_interrupt: Any) -> None:
    """Refuses what these two cannot be."""
    if stop is not None and not callable(stop):
        raise TypeError(f"stop: {stop!r}; a callable is expected")
    if on_interrupt not in ("raise", "return"):
        raise ValueError(f"on_interrupt: {on_interrupt!r}; 'raise' or 'return' is expected")


def points_of(x: npt.ArrayLike, what: str) -> Array:
    if x is None:
        raise ValueError(f"{what}: None; an array of points [B, d] is expected")
    try:
        points = np.array(x, dtype=np.float64, order="C", ndmin=2)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what}: {error}; an array of points [B, d] is expected") from None
    if points.ndim != 2:
        raise ValueError(f"{what}: shape {points.shape}; an array of points [B, d] is expected")
    return points


def require_dimension(points: Array, problem: Problem, what: str) -> None:
    if points.shape[1] != problem.dimension:
        raise ValueError(f"{what}: {points.shape[1]} coordinates; the box has {problem.dimension}")
