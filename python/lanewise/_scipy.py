"""lanewise as a method of ``scipy.optimize.minimize``."""

from __future__ import annotations

from collections.abc import Callable, Sized
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lanewise._minimize import minimize, minimize_batch
from lanewise._objectives import Array
from lanewise._pointwise import each, each_value

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult


def scipy_method(
    fun: Callable[..., Any],
    x0: npt.ArrayLike,
    args: tuple[Any, ...] = (),
    *,
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,
    bounds: Any = None,
    constraints: Any = (),
    callback: Any = None,
    trace: bool = True,
    **options: Any,
) -> OptimizeResult:
    """Minimises from `x0`: ``scipy.optimize.minimize(fun, x0, method=lanewise.scipy_method, bounds=..., options={...})``.

    As SciPy's own methods it goes from `x0` to a minimum, by L-BFGS: so it can be the local method of ``basinhopping``. With
    ``options={"starts": 1000}`` it searches the box for the global minimum, from `x0` and so many starts more.

    Parameters
    ----------
    fun, x0, args, bounds
        As of ``scipy.optimize.minimize``. `fun` is a function of one point. Where `x0` is outside of the bounds, the nearest
        point inside takes its place.
    jac
        True, or a callable. Without it `fun` is traced, and its derivatives are exact. SciPy keeps "2-point" and its like from
        methods that are not its own: `trace` is for that.
    trace
        False: differences are taken of a `fun` without `jac`, which cannot be traced or should not.
    **options
        Those of `minimize_batch`, or with `starts` those of `minimize`; `maxiter`, `maxfun` and `tol` as SciPy's methods have them.

    Returns
    -------
    scipy.optimize.OptimizeResult
        With `starts` it has the distinct `minima` (`Minimum`) too, their points `xl`, values `funl` and `hits`.

    Raises
    ------
    ValueError
        Where there are constraints, a callback or second derivatives: these are not for this method.
    TypeError
        Of options that are none of those above.
    TracingError
        Where `fun` cannot be traced.
    """
    from scipy.optimize import OptimizeResult

    for name, given in (("callback", callback), ("hess", hess), ("hessp", hessp)):
        if given is not None:
            raise ValueError(f"{name}: lanewise.scipy_method does not take any")
    if constraints is not None and not (isinstance(constraints, Sized) and len(constraints) == 0):
        raise ValueError("constraints: lanewise.scipy_method does not take any beside bounds")
    objective, how = _objective(fun, args, jac, trace)
    options = {_NAMES.get(name, name): value for name, value in options.items()}
    start = np.atleast_1d(np.asarray(x0, float))
    box = _box(bounds, start)
    start = np.clip(start, box[:, 0], box[:, 1])
    if options.get("starts"):
        if bounds is None:
            raise ValueError("bounds: a search with starts needs a box")
        found = minimize(objective, box, x0=start, jac=how, **options)
        return OptimizeResult({name: found[name] for name in _FIELDS})
    options.pop("starts", None)
    ends = minimize_batch(objective, start[np.newaxis], box, jac=how, **options)
    status = str(ends.status[0])
    return OptimizeResult(
        x=ends.x[0],
        fun=float(ends.fun[0]),
        jac=None if ends.jac is None else ends.jac[0],
        nit=int(ends.nit[0]),
        nfev=int(ends.nfev[0]),
        njev=int(ends.nfev[0]),
        success=bool(ends.success[0]),
        status=0 if ends.success[0] else 1,
        message=status,
    )


_FIELDS = ("x", "fun", "jac", "nit", "nfev", "njev", "success", "status", "message", "minima", "xl", "funl", "hits")
"""What the result of a search with starts has; ``scipy.optimize.shgo`` has the names, too."""

_NAMES = {"maxiter": "iterations", "maxfun": "max_evaluations", "tol": "tolerance"}
"""What SciPy calls some of the options."""


def _box(bounds: Any, start: Array) -> Array:
    """[d, 2] The bounds, infinite where there are none."""
    if bounds is None:
        bounds = [(None, None)] * start.size
    if hasattr(bounds, "lb") and hasattr(bounds, "ub"):  # one number can stand for all coordinates
        bounds = zip(np.broadcast_to(bounds.lb, start.shape), np.broadcast_to(bounds.ub, start.shape))
    pairs = [(-np.inf if low is None else low, np.inf if high is None else high) for low, high in bounds]
    if len(pairs) != start.size:
        raise ValueError(f"bounds: {len(pairs)} pairs; x0 has {start.size} coordinates")
    return np.array(pairs, float)


def _objective(fun: Callable[..., Any], args: tuple[Any, ...], jac: Any, trace: bool) -> tuple[Callable[..., Any], Any]:
    """A function for `minimize`, and what `jac` is of it."""
    if jac is None or jac is False:
        if trace:
            return (lambda x: fun(x, *args)), None
        return each_value(lambda x: fun(x, *args)), "2-point"
    if jac is True:
        return each(lambda x: fun(x, *args)), True
    if callable(jac):
        return each(lambda x: (fun(x, *args), jac(x, *args))), True
    raise ValueError(f"jac: {jac!r}; None, True or a callable is expected")
