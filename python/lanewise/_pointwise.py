"""Functions of one point as callbacks of many: for packages that evaluate a point at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lanewise._objectives import Array


def each(function: Callable[[Array], tuple[Any, Any]]) -> Callable[[Array], tuple[Array, Array]]:
    """``fun(X) -> (f, g)`` from ``function(x) -> (value, gradient)``."""

    def callback(x: Array) -> tuple[Array, Array]:
        f, g = np.empty(len(x)), np.empty_like(x)
        for i, point in enumerate(x):
            value, gradient = function(point)
            f[i], g[i] = _number(value), np.reshape(gradient, point.shape)
        return f, g

    return callback


def each_value(function: Callable[[Array], Any]) -> Callable[[Array], Array]:
    """``fun(X) -> f`` from ``function(x) -> value``."""
    return lambda x: np.array([_number(function(point)) for point in x])


def _number(value: Any) -> float:
    """The number that a function returned, which may be in an array of its own."""
    return float(np.asarray(value).item())
