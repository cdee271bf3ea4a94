"""lanewise as a method of scipy.optimize.minimize."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import lanewise
from functions import rastrigin, rosenbrock, rosenbrock_batch

optimize = pytest.importorskip("scipy.optimize")


def both(x: Any) -> Any:
    f, g = rosenbrock_batch(np.atleast_2d(x))
    return f[0], g[0]


@pytest.mark.parametrize(
    ("fun", "jac", "options"),
    [
        (rosenbrock, None, {}),
        (both, True, {}),
        (lambda x: both(x)[0], lambda x: both(x)[1], {}),
        (lambda x: float(both(x)[0]), None, {"trace": False}),
    ],
)
def test_from_a_start(fun: Any, jac: Any, options: Any) -> None:
    method: Any = {"jac": jac, "method": lanewise.scipy_method, "options": options}
    for bounds in (None, [(-5, 5)] * 3, optimize.Bounds([-5] * 3, [5] * 3)):
        found = optimize.minimize(fun, [-1.2, 1, 0.5], bounds=bounds, **method)
        assert isinstance(found, optimize.OptimizeResult)
        assert found.success and found.x == pytest.approx([1, 1, 1], abs=1e-4)
        assert found.jac.shape == (3,) and found.nfev > 5 and found.nit > 3
    held = optimize.minimize(fun, [2, 2, 2], bounds=[(1.5, 5)] * 3, **method)
    assert held.x[0] == 1.5


def test_the_whole_box() -> None:
    local = optimize.minimize(rastrigin, [3.1, -2.2], bounds=[(-5.12, 5.12)] * 2, method=lanewise.scipy_method)
    assert local.fun > 1
    found = optimize.minimize(
        rastrigin,
        [3.1, -2.2],
        bounds=[(-5.12, 5.12)] * 2,
        method=lanewise.scipy_method,
        options={"starts": 200, "seed": 3},
    )
    assert found.fun < 1e-12 and len(found.minima) > 20 and found.xl.shape[1] == 2
    assert "xl: " in repr(found)
    with pytest.raises(ValueError, match="bounds"):
        optimize.minimize(rastrigin, [3.1, -2.2], method=lanewise.scipy_method, options={"starts": 200})


def test_args_tolerance_and_iterations() -> None:
    def bowl(x: Any, center: Any, scale: float) -> Any:
        return scale * np.sum((x - center) ** 2)

    found = optimize.minimize(bowl, [0.0, 0.0], args=(np.array([1, 2]), 3.0), method=lanewise.scipy_method)
    assert found.x == pytest.approx([1, 2])
    rough = optimize.minimize(rosenbrock, [-1.2, 1], method=lanewise.scipy_method, tol=0.5)
    fine = optimize.minimize(rosenbrock, [-1.2, 1], method=lanewise.scipy_method, tol=1e-12)
    assert rough.nfev < fine.nfev
    short = optimize.minimize(rosenbrock, [-1.2, 1], method=lanewise.scipy_method, options={"maxiter": 3})
    assert not short.success and short.nit == 3 and short.message == "max-iterations"


def test_basinhopping() -> None:
    found = optimize.basinhopping(
        rastrigin,
        [2.1, -1.8],
        niter=60,
        stepsize=1.0,
        minimizer_kwargs={"method": lanewise.scipy_method, "bounds": [(-5.12, 5.12)] * 2},
        rng=np.random.default_rng(0),
    )
    assert found.fun < 1e-10
    beside = optimize.basinhopping(
        rastrigin,
        [5.1, -5.1],
        niter=20,
        stepsize=4.0,  # it steps out of the box
        minimizer_kwargs={"method": lanewise.scipy_method, "bounds": [(-5.12, 5.12)] * 2},
        rng=np.random.default_rng(0),
    )
    assert beside.minimization_failures == 0


def test_bounds_as_scipy_has_them() -> None:
    for bounds in (optimize.Bounds(-5, 0.5), [(-5, 0.5)] * 2, [(None, 0.5)] * 2, np.array([[-5, 0.5]] * 2)):
        found = optimize.minimize(rosenbrock, [9.0, 0.0], bounds=bounds, constraints=[], method=lanewise.scipy_method)
        assert found.x == pytest.approx([0.5, 0.25])
    whole = optimize.minimize(
        rosenbrock, [9.0, 0.0], bounds=optimize.Bounds(-5, 5), method=lanewise.scipy_method, options={"starts": 20}
    )
    assert whole.x == pytest.approx([1, 1])
    with pytest.raises(ValueError, match="bounds: 3 pairs; x0 has 2 coordinates"):
        optimize.minimize(rosenbrock, [0.0, 0.0], bounds=[(0, 1)] * 3, method=lanewise.scipy_method)


def test_values_in_arrays_and_wrong_gradients() -> None:
    found = optimize.minimize(
        lambda x: np.array([x @ x]), [1.0, 2.0], jac=lambda x: (2 * x)[np.newaxis], method=lanewise.scipy_method
    )
    assert found.x == pytest.approx([0, 0], abs=1e-6)
    with pytest.raises(ValueError, match="reshape"):
        optimize.minimize(lambda x: x @ x, [1.0, 2.0], jac=lambda x: 2.0, method=lanewise.scipy_method)


def test_what_it_does_not_take() -> None:
    for more in (
        {"constraints": [{"type": "eq", "fun": lambda x: x[0]}]},
        {"callback": lambda x: None},
        {"hess": lambda x: np.eye(2)},
    ):
        with pytest.raises(ValueError, match=next(iter(more))):
            optimize.minimize(rosenbrock, [0.0, 0.0], method=lanewise.scipy_method, **more)
    with pytest.raises(TypeError, match="unknown option"):
        optimize.minimize(rosenbrock, [0.0, 0.0], method=lanewise.scipy_method, options={"gtoll": 3})
    with pytest.raises(lanewise.TracingError):
        optimize.minimize(lambda x: x[0] if x[1] > 0 else x[1], [0.0, 0.0], method=lanewise.scipy_method)
