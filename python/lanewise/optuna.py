"""lanewise as the local optimizer of Optuna's Gaussian-process sampler."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np

from lanewise._lbfgsb import EPSILON, minimize_as_lbfgsb
from lanewise._objectives import Array, Ids

KNOWN = ((4, 6), (5, 0))
"""The first and the last version of Optuna, (major, minor), whose optimizer is known."""

_ARGUMENTS = (
    "func_and_grad", "x0_batched", "batched_args", "bounds", "m", "factr", "pgtol", "max_evals", "max_iters", "max_line_search",
)  # fmt: skip

_lock = threading.Lock()
_entered = 0
_own: Any = None


@contextmanager
def batched() -> Iterator[None]:
    """While it is entered, ``optuna.samplers.GPSampler`` maximises its acquisition functions by lanewise.

    The starts that Optuna chooses are worked on at once, each by L-BFGS in lanes, and Optuna's function is called once a round
    with those that have not converged. It may be entered again within itself, and from several threads; while any of them is in it,
    all of them have it.

    Raises
    ------
    RuntimeError
        Where the version of Optuna is none of those that are known.

    Examples
    --------
    ::

        with lanewise.optuna.batched():
            study.optimize(objective, n_trials=100)
    """
    global _entered, _own
    # Where the function is defined is not where it is looked up: Optuna's lazy imports keep copies of a module's names.
    caller = _caller()
    with _lock:
        if _entered == 0:
            _own, caller.batched_lbfgsb = caller.batched_lbfgsb, SimpleNamespace(batched_lbfgsb=_batched_lbfgsb)
        _entered += 1
    try:
        yield
    finally:
        with _lock:
            _entered -= 1
            if _entered == 0:
                caller.batched_lbfgsb, _own = _own, None


def _caller() -> Any:
    """Optuna's module that calls its optimizer, where that is what is known."""
    import optuna

    version = tuple(int(part) for part in optuna.__version__.split(".")[:2])
    try:
        from optuna._gp import batched_lbfgsb, optim_mixed
    except ImportError:
        is_known = False
    else:
        arguments = tuple(inspect.signature(batched_lbfgsb.batched_lbfgsb).parameters)
        is_known = arguments == _ARGUMENTS and hasattr(optim_mixed, "batched_lbfgsb")
    if not is_known or not KNOWN[0] <= version <= KNOWN[1]:
        first, last = (".".join(map(str, known)) for known in KNOWN)
        raise RuntimeError(
            f"optuna {optuna.__version__}: lanewise.optuna.batched() knows the optimizer of versions {first} to {last}"
        )
    return optim_mixed


def _batched_lbfgsb(
    func_and_grad: Callable[..., tuple[Array, Array]],
    x0_batched: Array,
    batched_args: tuple[list[Any], ...] = (),
    bounds: Sequence[tuple[float, float]] | None = None,
    m: int = 10,
    factr: float = 1e7,
    pgtol: float = 1e-5,
    max_evals: int = 15000,
    max_iters: int = 15000,
    max_line_search: int = 20,
) -> tuple[Array, Array, Any]:
    """What Optuna's function of this name does: points [B, d], values [B] and iterations [B]."""

    def evaluate(x: Array, ids: Ids) -> tuple[Array, Array]:
        return func_and_grad(x, *([of_start[i] for i in ids] for of_start in batched_args))

    box = [(-np.inf, np.inf)] * x0_batched.shape[1] if bounds is None else bounds
    ends = minimize_as_lbfgsb(
        evaluate,
        x0_batched,
        np.asarray(box, float),
        ftol=factr * EPSILON,
        gtol=pgtol,
        iterations=max_iters,
        max_evaluations=max_evals,
    )
    return ends.x, ends.fun, ends.nit
