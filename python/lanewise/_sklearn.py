"""lanewise as the optimizer of scikit-learn's Gaussian processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lanewise._minimize import minimize
from lanewise._objectives import Array
from lanewise._pointwise import each


@dataclass(frozen=True)
class _Optimizer:
    options: dict[str, Any] = field(default_factory=dict)

    def __call__(
        self, obj_func: Callable[..., tuple[float, Array]], initial_theta: Array, bounds: Array
    ) -> tuple[Array, float]:
        found = minimize(
            each(obj_func), bounds, jac=True, x0=np.clip(initial_theta, *np.transpose(bounds)), **self.options
        )
        return found.x, found.fun


def sklearn_optimizer(starts: int = 64, **options: Any) -> Callable[..., tuple[Array, float]]:
    """An optimizer for ``GaussianProcessRegressor(optimizer=...)`` and ``GaussianProcessClassifier``.

    The hyperparameters of the kernel are looked for from `starts` starts, the first of which is the kernel's own, so that
    ``n_restarts_optimizer`` stays 0. Each goes by L-BFGS until it converges.

    Parameters
    ----------
    starts
        Where to go from, at least 1.
    **options
        Of `minimize`.

    Returns
    -------
    callable
        It can be pickled and cloned.

    Examples
    --------
    >>> import lanewise
    >>> optimizer = lanewise.sklearn_optimizer(starts=64, seed=1)
    """
    if starts < 1:
        raise ValueError(f"starts: {starts}; at least 1 is needed")
    drawn = {"starts": starts - 1} if starts > 1 else {}
    usual: dict[str, Any] = {"rule": "lbfgs", "explore": 1, "offspring": False, "polish": False}
    return _Optimizer({**usual, **drawn, **options})
