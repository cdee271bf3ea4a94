"""lanewise as the optimizer of scikit-learn's Gaussian processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lanewise._lbfgsb import EPSILON, minimize_as_lbfgsb
from lanewise._objectives import Array
from lanewise._pointwise import each


@dataclass(frozen=True)
class _Optimizer:
    starts: int
    seed: int

    def __call__(
        self, obj_func: Callable[..., tuple[float, Array]], initial_theta: Array, bounds: Array
    ) -> tuple[Array, float]:
        starts = initial_theta[np.newaxis]
        if self.starts > 1:
            if not np.isfinite(bounds).all():
                raise ValueError(
                    f"starts: {self.starts}; others than the kernel's own can be drawn where all its bounds are finite"
                )
            generator = np.random.default_rng(self.seed)
            drawn = generator.uniform(bounds[:, 0], bounds[:, 1], (self.starts - 1, len(bounds)))
            starts = np.vstack([starts, drawn])
        evaluate = each(obj_func)
        ends = minimize_as_lbfgsb(
            lambda x, _: evaluate(x),
            starts,
            bounds,
            ftol=1e7 * EPSILON,  # these are what scikit-learn's own optimizer has
            gtol=1e-5,
            iterations=15000,
            max_evaluations=15000,
        )
        best = int(np.argmin(ends.fun))
        return ends.x[best], float(ends.fun[best])


def sklearn_optimizer(starts: int = 64, *, seed: int = 0) -> Callable[..., tuple[Array, float]]:
    """An optimizer for ``GaussianProcessRegressor(optimizer=...)`` and ``GaussianProcessClassifier``.

    The hyperparameters of the kernel are looked for from `starts` starts by L-BFGS, so that ``n_restarts_optimizer`` stays 0. The
    first start is the kernel's own, the others are drawn between the bounds of its logarithms.

    Parameters
    ----------
    starts
        Where to go from, at least 1.
    seed
        The starts are a function of it.

    Returns
    -------
    callable
        It can be pickled and cloned.

    Raises
    ------
    ValueError
        Where `starts` is less than 1; when fitting, where bounds are infinite and more than one start is asked for.

    Examples
    --------
    >>> import lanewise
    >>> optimizer = lanewise.sklearn_optimizer(starts=64, seed=1)
    """
    if starts < 1:
        raise ValueError(f"starts: {starts}; at least 1 is needed")
    return _Optimizer(starts, seed)
