"""Batches: each start for itself, in order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lanewise
from functions import rosenbrock, rosenbrock_batch


def test_each_start_for_itself() -> None:
    x0 = np.random.default_rng(0).uniform(-2, 2, (50, 4))
    ends = lanewise.minimize_batch(rosenbrock, x0, [(-5, 5)] * 4)
    assert ends.x.shape == ends.jac.shape == (50, 4)
    assert ends.fun.shape == ends.nit.shape == ends.nfev.shape == ends.status.shape == (50,)
    assert ends.success.all() and len(ends) == 50
    f, g = lanewise.evaluate(rosenbrock, ends.x)
    assert np.array_equal(f, ends.fun) and np.array_equal(g, ends.jac)
    for i in (0, 17, 49):
        alone = lanewise.minimize_batch(rosenbrock, x0[i], [(-5, 5)] * 4)
        assert np.array_equal(alone.x[0], ends.x[i]) and alone.nfev[0] == ends.nfev[i]
    order = np.random.default_rng(1).permutation(50)
    permuted = lanewise.minimize_batch(rosenbrock, x0[order], [(-5, 5)] * 4)
    assert np.array_equal(permuted.x, ends.x[order])


def test_without_bounds_and_with_half_of_them() -> None:
    free = lanewise.minimize_batch(rosenbrock_batch, [[3.0, 4.0]], jac=True)
    assert free.x[0] == pytest.approx([1, 1])
    half = lanewise.minimize_batch(rosenbrock, [[3.0, 4.0]], [(1.5, None), (None, None)])
    assert half.x[0] == pytest.approx([1.5, 2.25])


def test_indices_of_live_starts() -> None:
    x0 = np.random.default_rng(0).uniform(-2, 2, (30, 2))
    centers = np.linspace(-1, 1, 30)
    seen: list[Any] = []

    def callback(x: Any, power: int, ids: Any = None) -> Any:
        seen.append(ids)
        assert len(ids) == len(x) and len(np.unique(ids)) == len(ids)
        away = x - centers[ids][:, None]
        return (away**power).sum(axis=1), power * away ** (power - 1)

    ends = lanewise.minimize_batch(callback, x0, [(-5, 5)] * 2, jac=True, args=(2,), pass_ids=True)
    assert ends.x == pytest.approx(np.repeat(centers[:, None], 2, axis=1))
    assert sum(map(len, seen)) == ends.nfev.sum() + 30  # the gradients in the end
    assert ends.jac == pytest.approx(np.zeros((30, 2)), abs=1e-6)

    values = lanewise.minimize_batch(
        lambda x, ids: ((x - centers[ids][:, None]) ** 2).sum(axis=1), x0, [(-5, 5)] * 2, jac="2-point",
        pass_ids=True,
    )  # fmt: skip
    assert values.x == pytest.approx(ends.x, abs=1e-6)


def test_broken_starts_touch_no_other() -> None:
    x0 = np.array([[1.0], [-1.0], [np.e]])
    ends = lanewise.minimize_batch(lambda x: np.log(x[0]) ** 2, x0, [(-5, 5)])
    assert ends.status.tolist()[1] == "nan-at-start"
    assert np.isnan(ends.fun[1]) and ends.x[1] == -1
    assert ends.fun[2] < 1e-16


def test_rules_options_and_limits() -> None:
    x0 = np.full((3, 2), 2.0)
    adam = lanewise.minimize_batch(rosenbrock, x0, [(-5, 5)] * 2, rule="adam", iterations=30)
    assert (adam.nit == 30).all() and set(adam.status) == {"max-iterations"}
    loose = lanewise.minimize_batch(rosenbrock, x0, [(-5, 5)] * 2, tolerance=0.5)
    tight = lanewise.minimize_batch(rosenbrock, x0, [(-5, 5)] * 2, tolerance=1e-12)
    assert (loose.nfev < tight.nfev).all()
    largest = lanewise.minimize_batch("-(x[0]-1)^2", [[0.0]], [(-5, 5)], maximize=True)
    assert largest.x[0, 0] == 1
    stopped = lanewise.minimize_batch(rosenbrock, x0, [(-5, 5)] * 2, stop=lambda: True)
    assert set(stopped.status) <= {"stopped"}
    with pytest.raises(ValueError, match="seed: not an option of minimize_batch"):
        lanewise.minimize_batch(rosenbrock, x0, [(-5, 5)] * 2, seed=1)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="x0: 2 coordinates; the box has 3"):
        lanewise.minimize_batch(rosenbrock, x0, [(-5, 5)] * 3)
    with pytest.raises(TypeError, match="pass_ids"):
        lanewise.minimize_batch(rosenbrock, x0, pass_ids=True)
    assert len(lanewise.minimize_batch("x[0]^2", np.empty((0, 1)), [(-1, 1)])) == 0


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 5),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["lbfgs", "adam", "rmsprop"]),
)
def test_splitting_a_batch_changes_no_bit(count: int, d: int, seed: int, rule: Any) -> None:
    x0 = np.random.default_rng(seed).uniform(-2, 2, (count, d))

    def bumps(x: Any) -> Any:
        return np.sum(x**2 + np.sin(3 * x)) + np.prod(np.cos(x))

    options: Any = {"rule": rule, "iterations": 60}
    whole = lanewise.minimize_batch(bumps, x0, [(-3, 3)] * d, **options)
    cut = count // 2
    parts = [lanewise.minimize_batch(bumps, part, [(-3, 3)] * d, **options) for part in (x0[:cut], x0[cut:])]
    assert np.array_equal(whole.x, np.concatenate([part.x for part in parts]))
    assert np.array_equal(whole.nfev, np.concatenate([part.nfev for part in parts]))
