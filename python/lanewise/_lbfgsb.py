"""L-BFGS from many starts at once, each of which ends where L-BFGS-B would: what BoTorch and Optuna ask of their optimizer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lanewise._minimize import minimize_batch
from lanewise._objectives import Array, Ids

if TYPE_CHECKING:
    from lanewise._options import BatchOptions

EPSILON = float(np.finfo(float).eps)

_OVER = -1e300
"""The target, which is also the value that a run is handed when it is to end."""

_ENOUGH = 2
"""A run ends when so many evaluations in a row hardly changed its value. The first step of L-BFGS is a short probe: one alone
says nothing."""


@dataclass(frozen=True)
class Ends:
    """Where the runs ended, in the order of the starts."""

    x: Array
    """[B, d] The best points."""
    fun: Array
    """[B] The values there; infinite where a run has met no finite value and gradient."""
    nit: npt.NDArray[np.int64]
    """[B] Iterations."""


class _Runs:
    """A callback for `minimize_batch` that keeps what each run has found, and ends it when that is enough."""

    def __init__(
        self,
        evaluate: Callable[[Array, Ids], tuple[Array, Array]],
        x0: Array,
        bounds: Array,
        ftol: float,
        gtol: float,
    ) -> None:
        self.x = x0.copy()
        self.fun = np.full(len(x0), np.inf)
        self._evaluate = evaluate
        self._bounds = bounds
        self._ftol, self._gtol = ftol, gtol
        self._unchanged = np.zeros(len(x0), np.int64)
        self._is_over = np.zeros(len(x0), np.bool_)

    def __call__(self, x: Array, ids: Ids) -> tuple[Array, Array]:
        f, g = np.full(len(x), _OVER), np.zeros_like(x)
        goes_on = ~self._is_over[ids]
        if goes_on.any():
            f[goes_on], g[goes_on] = self._look(x[goes_on], ids[goes_on])
        return f, g

    def _look(self, x: Array, ids: Ids) -> tuple[Array, Array]:
        f, g = self._evaluate(x, ids)
        best = self.fun[ids]
        is_finite = np.isfinite(f) & np.isfinite(g).all(axis=1)
        is_best = is_finite & (f <= best)
        self.x[ids[is_best]], self.fun[ids[is_best]] = x[is_best], f[is_best]
        is_unchanged = np.zeros(len(x), np.bool_)
        both = is_finite & np.isfinite(best)
        size = np.maximum(np.maximum(np.abs(f[both]), np.abs(best[both])), 1)
        is_unchanged[both] = np.abs(f[both] - best[both]) <= self._ftol * size
        self._unchanged[ids] = np.where(is_unchanged, self._unchanged[ids] + 1, 0)
        slope = np.abs(np.clip(x - g, self._bounds[:, 0], self._bounds[:, 1]) - x).max(axis=1)
        is_over = (self._unchanged[ids] >= _ENOUGH) | (is_best & (slope <= self._gtol))
        self._is_over[ids] = is_over
        return np.where(is_over, _OVER, f), np.where(is_over[:, np.newaxis], 0, g)


def minimize_as_lbfgsb(
    evaluate: Callable[[Array, Ids], tuple[Array, Array]],
    x0: Array,
    bounds: Array,
    *,
    ftol: float,
    gtol: float,
    iterations: int,
    max_evaluations: int,
    max_time: float | None = None,
) -> Ends:
    """Minimises from each start for itself, all at once, until its value or its gradient says that it is enough.

    `minimize_batch` goes on until the point is known. For who wants the value that is too far: the last runs of a batch then
    take most of the rounds.

    Parameters
    ----------
    evaluate
        ``evaluate(X, ids) -> (f, g)``: values [n] and gradients [n, d] at points [n, d] of the starts `ids` [n], whose runs go
        on. It is called once a round.
    x0
        The starts, [B, d].
    bounds
        [d, 2]; they may be infinite.
    ftol
        A run ends where two evaluations in a row differ from its best value by at most this times ``max(|f|, 1)``, or sooner,
        where the tolerance of `minimize_batch` that is set here says so: two steps in a row by a thousandth of x at most.
    gtol
        A run ends where no component of the projected gradient is larger.
    iterations, max_evaluations
        Of each run at most.
    max_time
        Seconds, of all runs.
    """
    runs = _Runs(evaluate, np.clip(x0, bounds[:, 0], bounds[:, 1]), bounds, ftol, gtol)
    options: BatchOptions = {
        "tolerance": 1e-3,
        "target": _OVER,
        "iterations": iterations,
        "max_evaluations": max_evaluations * len(x0),
    }
    if max_time is not None:
        options["max_time"] = max_time
    ends = minimize_batch(runs, runs.x.copy(), bounds, jac=True, pass_ids=True, gradients=False, **options)
    return Ends(runs.x, runs.fun, ends.nit)
