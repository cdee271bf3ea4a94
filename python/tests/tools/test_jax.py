"""Beside JAX: the gradients of traced functions, and arrays of JAX taken back."""

from __future__ import annotations

import types
from typing import Any

import numpy as np
import pytest

import lanewise
from numpy_functions import FUNCTIONS, Case

jax = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)
jnp = jax.numpy


def in_jax(case: Case) -> Any:
    """The function with jax.numpy in the place of numpy."""
    function: Any = case.function
    return types.FunctionType(function.__code__, {**function.__globals__, "np": jnp}, function.__name__)


@pytest.mark.parametrize("case", [case for case in FUNCTIONS if case.is_of_jax], ids=str)
def test_value_and_gradient(case: Case) -> None:
    x = np.random.default_rng(3).uniform(case.lower, case.upper, (5, case.dimension))
    f, g = lanewise.evaluate(lanewise.trace(case.function, case.dimension), x)
    both = jax.value_and_grad(in_jax(case))
    for point, value, gradient in zip(x, f, g):
        expected, slope = both(jnp.asarray(point))
        assert value == pytest.approx(float(expected), rel=1e-12, abs=1e-12)
        assert gradient == pytest.approx(np.asarray(slope), rel=1e-9, abs=1e-9)


def test_most_of_them_are_compared() -> None:
    assert sum(case.is_of_jax for case in FUNCTIONS) >= 65


def test_arrays_of_jax_are_taken_back() -> None:
    both = jax.jit(jax.vmap(jax.value_and_grad(lambda x: jnp.sum(x**2) + jnp.sum(jnp.cos(3 * x)))))
    result = lanewise.minimize(lambda x: both(x), [(-5, 5)] * 2, jac=True, starts=20)
    plain = lanewise.minimize(lambda x: np.sum(x**2) + np.sum(np.cos(3 * x)), [(-5, 5)] * 2, starts=20)
    assert result.fun == pytest.approx(plain.fun)
    single = jax.jit(lambda x: tuple(part.astype(jnp.float32) for part in both(x)))
    assert lanewise.minimize(single, [(-5, 5)] * 2, jac=True, starts=20).fun == pytest.approx(plain.fun, abs=1e-5)
