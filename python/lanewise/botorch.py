"""lanewise as the optimizer of BoTorch's acquisition functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lanewise._errors import NothingFinite
from lanewise._lbfgsb import EPSILON, minimize_as_lbfgsb
from lanewise._objectives import Array, Ids

if TYPE_CHECKING:
    from torch import Tensor

_OPTIONS = ("maxiter", "maxfun", "ftol", "factr", "pgtol", "tol")


def gen_candidates(
    initial_conditions: Tensor,
    acquisition_function: Any,
    lower_bounds: float | Tensor | None = None,
    upper_bounds: float | Tensor | None = None,
    inequality_constraints: Any = None,
    equality_constraints: Any = None,
    nonlinear_inequality_constraints: Any = None,
    options: Mapping[str, Any] | None = None,
    fixed_features: Mapping[int, float | Tensor] | None = None,
    timeout_sec: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Maximises an acquisition function from each of the initial conditions, all at once.

    It takes the place of BoTorch's ``gen_candidates_scipy``::

        optimize_acqf(acqf, bounds, q=1, num_restarts=20, raw_samples=512, gen_candidates=lanewise.botorch.gen_candidates)

    The acquisition function and its gradient are evaluated once a round, for the restarts that have not converged.

    Parameters
    ----------
    initial_conditions
        Starts, [b, q, d] or [q, d].
    acquisition_function
        Of points [b, q, d], with values [b].
    lower_bounds, upper_bounds
        Numbers, or of each column [d]; None: there is none.
    options
        As BoTorch has them for L-BFGS-B. A restart ends after `maxiter` iterations (2000) or `maxfun` evaluations (15000), where
        two evaluations in a row change its value f by at most ``ftol * max(|f|, 1)`` (`ftol` is 2.2e-9, or `factr` times the
        machine's epsilon), or where no component of the projected gradient is larger than `pgtol`, also called `tol` (1e-5).
    fixed_features
        Columns that keep a value, by index: a number, or one for each restart [b] or point [b, q].
    timeout_sec
        Seconds after which it ends with what it has.

    Returns
    -------
    candidates, values
        Shaped as `initial_conditions`, and [b]; minus infinity where a restart has met no finite value and gradient.

    Raises
    ------
    NothingFinite
        Where none has.
    NotImplementedError
        Where there are constraints beside the bounds.
    TypeError
        Of options that are none of these.
    """
    import torch

    if inequality_constraints or equality_constraints or nonlinear_inequality_constraints:
        raise NotImplementedError(
            "lanewise.botorch.gen_candidates takes bounds and fixed features, and no other constraints"
        )
    starts = initial_conditions if initial_conditions.ndim == 3 else initial_conditions.unsqueeze(0)
    b, q, d = starts.shape
    fixed = dict(fixed_features or {})
    free = [j for j in range(d) if j not in fixed and j - d not in fixed]
    template = starts.detach().clone()
    for column, value in fixed.items():
        template[..., column] = _per_point(value, template)

    def candidates(x: Tensor, ids: Ids | None) -> Tensor:
        """The points [B, q, d] with these free columns [B, q, free]."""
        if len(free) == d:
            return x
        whole = template if ids is None else template[torch.as_tensor(ids, device=template.device)]
        return whole.index_copy(-1, torch.as_tensor(free, device=x.device), x)

    def negated(x: Array, ids: Ids) -> tuple[Array, Array]:
        point = torch.as_tensor(x, dtype=starts.dtype, device=starts.device).reshape(-1, q, len(free))
        point.requires_grad_(True)
        values = -acquisition_function(candidates(point, ids))
        (gradient,) = torch.autograd.grad(values.sum(), point)
        return _array(values), _array(gradient).reshape(x.shape)

    bounds = _bounds(lower_bounds, upper_bounds, d, free, q)
    ends = minimize_as_lbfgsb(
        negated, _array(starts[..., free]).reshape(b, -1), bounds, max_time=timeout_sec, **_limits(options or {})
    )
    if not np.isfinite(ends.fun).any():
        raise NothingFinite("acquisition_function: value or gradient are not finite at any of the initial conditions")
    with torch.no_grad():
        best = torch.as_tensor(ends.x, dtype=starts.dtype, device=starts.device).reshape(b, q, len(free))
        found = candidates(best, None).reshape(initial_conditions.shape)
    return found, -torch.as_tensor(ends.fun, dtype=starts.dtype, device=starts.device)


def _limits(options: Mapping[str, Any]) -> dict[str, Any]:
    """When a restart ends."""
    for name, value in options.items():
        if name not in _OPTIONS:
            raise TypeError(f"options: {name}={value!r}: unknown option; {', '.join(_OPTIONS)} are known")
    of = {name: value for name, value in options.items() if value is not None}
    return {
        "iterations": of.get("maxiter", 2000),
        "max_evaluations": of.get("maxfun", 15000),
        "ftol": of.get("ftol", of.get("factr", 1e7) * EPSILON),
        "gtol": of.get("tol", of.get("pgtol", 1e-5)),
    }


def _array(tensor: Tensor) -> Array:
    array: Array = tensor.detach().cpu().double().numpy()
    return array


def _per_point(value: Any, template: Tensor) -> Any:
    """A number, or numbers [b, 1] or [b, q] of the points of each restart."""
    ndim = getattr(value, "ndim", 0)
    if ndim == 0:
        return value
    value = value.to(template)
    return value.unsqueeze(-1).expand(template.shape[:-1]) if ndim == 1 else value.expand(template.shape[:-1])


def _bounds(lower: Any, upper: Any, d: int, free: list[int], q: int) -> Array:
    """[q * free, 2]"""

    def of(bound: Any, otherwise: float) -> Array:
        if bound is None:
            return np.full(len(free), otherwise)
        columns = _array(bound) if hasattr(bound, "detach") else np.asarray(bound, float)
        return np.broadcast_to(columns, (d,))[free]

    return np.tile(np.stack([of(lower, -np.inf), of(upper, np.inf)], axis=1), (q, 1))
