"""Functions and callbacks that several tests use."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def rosenbrock(x: Any) -> Any:
    """Of one point, as numpy users write it."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def rosenbrock_batch(x: Array) -> tuple[Array, Array]:
    """Values and gradients of many points."""
    across, along = x[:, 1:] - x[:, :-1] ** 2, 1 - x[:, :-1]
    g = np.zeros_like(x)
    g[:, 1:] += 200 * across
    g[:, :-1] -= 400 * x[:, :-1] * across + 2 * along
    return (100 * across**2 + along**2).sum(axis=1), g


def rastrigin(x: Any) -> Any:
    """Of one point."""
    return 10 * len(x) + np.sum(x**2 - 10 * np.cos(2 * np.pi * x))


def sphere_batch(x: Array) -> tuple[Array, Array]:
    """Values and gradients of many points."""
    return (x**2).sum(axis=1), 2 * x


HIMMELBLAU = "(x^2 + y - 11)^2 + (x + y^2 - 7)^2"
HIMMELBLAU_BOUNDS = {"x": (-5, 5), "y": (-5, 5)}
