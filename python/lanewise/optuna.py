"""lanewise as the local optimizer of Optuna's Gaussian-process sampler."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from lanewise._minimize import minimize_batch
from lanewise._objectives import Array, Ids

KNOWN = ((4, 6), (5, 0))
"""The first and the last version of Optuna, (major, minor), whose optimizer is known."""

_ARGUMENTS = (
    "func_and_grad", "x0_batched", "batched_args", "bounds", "m", "factr", "pgtol", "max_evals", "max_iters", "max_line_search",
)  # fmt: skip

_lock = threading.Lock()
_entered = 0
_original: Callable[..., Any] | None = None


@contextmanager
def batched() -> Iterator[None]:
    """While it is entered, ``optuna.samplers.GPSampler`` maximises its acquisition functions by lanewise.

    The starts that Optuna chooses are worked on at once, each by L-BFGS in lanes, and Optuna's function is called once a round
    with those that have not converged. It may be entered again within itself, and from several threads.

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
    global _entered, _original
    module = _module()
    with _lock:
        if _entered == 0:
            _original, module.batched_lbfgsb = module.batched_lbfgsb, _batched_lbfgsb
        _entered += 1
    try:
        yield
    finally:
        with _lock:
            _entered -= 1
            if _entered == 0:
                module.batched_lbfgsb, _original = _original, None


def _module() -> Any:
    """Optuna's module with its optimizer, where that is what is known."""
    import optuna

    version = tuple(int(part) for part in optuna.__version__.split(".")[:2])
    try:
        from optuna._gp import batched_lbfgsb as module
    except ImportError:
        module = None
    if not KNOWN[0] <= version <= KNOWN[1] or module is None or not _is_known(module):
        first, last = (".".join(map(str, known)) for known in KNOWN)
        raise RuntimeError(
            f"optuna {optuna.__version__}: lanewise.optuna.batched() knows the optimizer of versions {first} to {last}"
        )
    return module


def _is_known(module: Any) -> bool:
    function = module.batched_lbfgsb
    return function is _batched_lbfgsb or tuple(inspect.signature(function).parameters) == _ARGUMENTS


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

    def callback(x: Array, ids: Ids) -> tuple[Array, Array]:
        return func_and_grad(x, *([of_start[i] for i in ids] for of_start in batched_args))

    box = None if bounds is None else np.asarray(bounds, float)
    starts = x0_batched if box is None else np.clip(x0_batched, box[:, 0], box[:, 1])
    ends = minimize_batch(
        callback,
        starts,
        box,
        jac=True,
        pass_ids=True,
        gradients=False,
        iterations=max_iters,
        max_evaluations=max_evals * len(starts),
        tolerance=1e-3,
    )
    return ends.x, ends.fun, ends.nit
