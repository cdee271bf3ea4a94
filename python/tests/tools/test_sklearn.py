"""lanewise as the optimizer of scikit-learn's Gaussian processes."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import lanewise

pytest.importorskip("sklearn")
from sklearn.base import clone
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, ExpSineSquared, WhiteKernel
from sklearn.model_selection import GridSearchCV


@pytest.mark.parametrize("seed", range(3))
def test_as_likely_as_with_restarts(seed: int) -> None:
    generator = np.random.default_rng(seed)
    x = generator.uniform(0, 6, (30, 1))
    y = np.sin(3 * x[:, 0]) + 0.3 * x[:, 0] + 0.1 * generator.normal(size=30)
    kernel = ConstantKernel() * ExpSineSquared(periodicity_bounds=(0.5, 10)) + RBF() + WhiteKernel()
    theirs = GaussianProcessRegressor(kernel, n_restarts_optimizer=20, random_state=0).fit(x, y)
    ours = GaussianProcessRegressor(kernel, optimizer=lanewise.sklearn_optimizer(seed=seed)).fit(x, y)
    assert ours.log_marginal_likelihood_value_ > theirs.log_marginal_likelihood_value_ - 1e-4


def test_classifier_clone_pickle_and_grid() -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(40, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    optimizer = lanewise.sklearn_optimizer(starts=8)
    model = clone(GaussianProcessClassifier(1.0 * RBF(), optimizer=optimizer)).fit(x, y)
    assert model.score(x, y) > 0.9
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.predict(x), model.predict(x))
    grid = GridSearchCV(
        GaussianProcessRegressor(RBF(), optimizer=optimizer), {"alpha": [1e-6, 1e-2]}, cv=3, error_score="raise"
    )
    grid.fit(x, x[:, 0])
    assert grid.best_score_ > 0.5


def test_one_start_is_the_kernels_own() -> None:
    x = np.linspace(0, 5, 20)[:, None]
    y = np.sin(x[:, 0])
    ours = GaussianProcessRegressor(RBF(0.5), optimizer=lanewise.sklearn_optimizer(starts=1)).fit(x, y)
    theirs = GaussianProcessRegressor(RBF(0.5)).fit(x, y)
    assert ours.kernel_.theta == pytest.approx(theirs.kernel_.theta, rel=1e-3)
    with pytest.raises(ValueError, match="starts"):
        lanewise.sklearn_optimizer(starts=0)


def test_infinite_bounds_and_kernels_that_do_not_factorise() -> None:
    x = np.linspace(0, 5, 20)[:, None]
    y = np.sin(x[:, 0])
    kernel = RBF(0.5, (1e-5, np.inf))
    one = GaussianProcessRegressor(kernel, optimizer=lanewise.sklearn_optimizer(starts=1)).fit(x, y)
    assert one.kernel_.length_scale == pytest.approx(
        GaussianProcessRegressor(RBF(0.5)).fit(x, y).kernel_.length_scale, rel=1e-3
    )
    with pytest.raises(ValueError, match=r"starts: 2; .*finite"):
        GaussianProcessRegressor(kernel, optimizer=lanewise.sklearn_optimizer(starts=2)).fit(x, y)
    twice = np.vstack([x, x])
    with pytest.raises(np.linalg.LinAlgError, match="alpha"):
        GaussianProcessRegressor(RBF(), alpha=0, optimizer=lanewise.sklearn_optimizer(starts=3)).fit(
            twice, np.append(y, y)
        )


def test_it_takes_no_more_evaluations_than_restarts_of_its_own() -> None:
    generator = np.random.default_rng(0)
    x = generator.uniform(-2, 2, (30, 2))
    y = x[:, 0] ** 2 + np.sin(4 * x[:, 1])
    kernel = ConstantKernel() * RBF([1.0, 1.0]) + WhiteKernel()
    calls = []

    class Counted(GaussianProcessRegressor):  # type: ignore[misc]
        def log_marginal_likelihood(self, *args: Any, **more: Any) -> Any:
            calls.append(1)
            return super().log_marginal_likelihood(*args, **more)

    theirs = Counted(kernel, n_restarts_optimizer=15, random_state=0).fit(x, y)
    own = len(calls)
    calls.clear()
    ours = Counted(kernel, optimizer=lanewise.sklearn_optimizer(starts=16)).fit(x, y)
    assert len(calls) < 1.4 * own
    assert ours.log_marginal_likelihood_value_ > theirs.log_marginal_likelihood_value_ - 1e-5
