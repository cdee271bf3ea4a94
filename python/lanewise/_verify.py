"""Whether what was recorded of a function is the function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lanewise._objectives import Array
from lanewise._problem import Problem
from lanewise._tracing import TracingError

_POINTS = 5
_TOLERANCE = 1e-8


def verify(problem: Problem, fun: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Compares value and gradient of a traced function with the plain one at random points of the box.

    Raises
    ------
    TracingError
        Where they differ: the function depends on something else than x, or on the values of x in a way that
        cannot be traced.
    """
    lower, upper = problem.bounds()
    generator = np.random.default_rng(0)
    points = _between(lower, upper, generator.random((_POINTS, lower.size)))
    inwards = np.where(points > _between(lower, upper, np.array(0.5)), -1.0, 1.0)
    ahead = inwards * np.where(lower == upper, 0.0, _reach(points, lower, upper))
    f, g = problem.evaluate(points)
    for x, step, value, gradient in zip(points, ahead, f, g):
        plain = _plain(fun, x, args)
        scale = abs(value) + np.abs(gradient * x).sum()
        if not _agree(plain, value, _TOLERANCE * scale):
            raise TracingError(
                f"the traced function is {value!r} at x = {x!r}, and the plain one {plain!r}: it depends on something else "
                "than x, as random numbers or what is changed from call to call, or it takes another way there. "
                + _WAY_OUT
            )
        slopes = [(_plain(fun, x + share * step, args) - _plain(fun, x, args)) / share for share in (2e-7, 1e-7)]
        _compare_slope(slopes, float(gradient @ step), float(np.abs(gradient * step).sum()), scale, x)


_WAY_OUT = (
    "Write it with numpy functions of x alone, pass jac=True with a callback fun(X) -> (f, g), or jac='2-point' with a callback "
    "of values. check=False leaves this comparison out."
)


def _between(lower: Array, upper: Array, share: Array) -> Array:
    """Points of the box; within 1 of a bound, or of 0, where the other or both are infinite."""
    low = np.where(np.isfinite(lower), lower, np.where(np.isfinite(upper), upper - 1, -1.0))
    high = np.where(np.isfinite(upper), upper, np.where(np.isfinite(lower), low + 1, 1.0))
    return low + (high - low) * share


def _reach(points: Array, lower: Array, upper: Array) -> Array:
    width = upper - lower
    return np.where(np.isfinite(width), width / 4, np.maximum(np.abs(points), 1.0))


def _plain(fun: Callable[..., Any], x: Array, args: tuple[Any, ...]) -> float:
    with np.errstate(all="ignore"):
        return float(np.asarray(fun(x.copy(), *args)).reshape(()))


def _agree(a: float, b: float, tolerance: float) -> bool:
    return a == b or abs(a - b) <= tolerance or not (np.isfinite(a) or np.isfinite(b))


def _compare_slope(slopes: list[float], traced: float, size: float, scale: float, x: Array) -> None:
    """Differences that agree with each other have to agree with the gradient."""
    wide, narrow = slopes
    noise = 1e-6 * scale  # what rounding of the values makes of a step of 1e-7, many times over
    if not np.isfinite([wide, narrow, traced]).all() or abs(wide - narrow) > 0.01 * abs(narrow) + noise:
        return
    if abs(narrow - traced) > 0.1 * max(abs(narrow), size) + noise:
        raise TracingError(
            f"the traced function falls by {traced!r} along a line at x = {x!r}, and the plain one by {narrow!r}. "
            + _WAY_OUT
        )
