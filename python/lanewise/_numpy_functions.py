"""numpy's functions of arrays, for traced values: a table of our own, and those that numpy itself can go through."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lanewise._elementwise import RULES, as_number, select
from lanewise._tracing import Condition, Traced, TracedArray, as_array, has_traced, of_constants, refuse, require_double

# ---- Universal functions ----


def _broadcast(rule: Callable[..., Any], operands: int) -> Callable[..., Any]:
    """A rule of elements over plain arrays of objects."""
    ufunc = np.frompyfunc(rule, operands, 1)

    def function(*values: Any) -> Any:
        if not any(isinstance(value, np.ndarray) for value in values):
            return rule(*values)
        return ufunc(
            *(value if isinstance(value, np.ndarray) else as_array(value).view(np.ndarray) for value in values)
        )

    return function


@functools.cache
def _elementwise(name: str, operands: int) -> Callable[..., Any]:
    return _broadcast(RULES[name], operands)


def _objects(value: Any) -> Any:
    """A plain array of objects, or one object."""
    if isinstance(value, (Traced, float, int)):
        return value
    if isinstance(value, TracedArray):
        return value.view(np.ndarray)
    return as_array(value).view(np.ndarray)


def _wrap(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return (
            value.view(TracedArray)
            if value.dtype == object and value.ndim > 0
            else value[()]
            if value.ndim == 0
            else value
        )
    if isinstance(value, (list, tuple)):
        return type(value)(_wrap(element) for element in value)
    return value


def call_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A universal function, one of whose arguments is traced, or an array that may hold traced values."""
    name = ufunc.__name__
    out = options.pop("out", None)
    if not has_traced([*inputs, *options.values()]):
        result = of_constants(getattr(ufunc, method)(*map(_floats, inputs), **_each_float(options)))
        return result if out is None else _written(result, out)
    _check_options(name, options)
    if method == "__call__" and name in _OF_MANY:
        result = _OF_MANY[name](*inputs, **options)
    elif name not in RULES:
        refuse(
            f"{name} of traced values",
            "It has no derivatives here: use functions that have (doc/python-tracing.md).",
        )
    elif method == "__call__":
        where = options.pop("where", True)
        result = _wrap(_elementwise(name, ufunc.nin)(*map(_objects, inputs)))
        if where is not True:
            if out is None:
                refuse(f"np.{name} with where= and no out=", "Use np.where(condition, a, b).")
            result = np.where(where, result, out[0])
    elif method == "reduce":
        result = _reduce(name, *inputs, **options)
    elif method == "accumulate":
        result = _accumulate(name, *inputs, **options)
    elif method == "outer":
        a, b = (as_array(x) for x in inputs)
        result = ufunc(a.reshape(a.shape + (1,) * b.ndim), b)
    else:
        refuse(f"np.{name}.{method} of traced values", "Use np.sum, np.where or a loop.")
    return result if out is None else _written(result, out)


def _check_options(name: str, options: dict[str, Any]) -> None:
    require_double(f"np.{name}", options.pop("dtype", None))
    for ignored in ("casting", "order", "subok"):
        options.pop(ignored, None)


def _written(result: Any, out: Any) -> Any:
    """In-place operators and ``out=`` write into an array that is there."""
    target = out[0] if isinstance(out, tuple) else out
    if target is None:
        return result
    if not isinstance(target, TracedArray) and target.dtype != object:
        refuse(
            f"traced values are written into an array of {target.dtype}, which cannot hold them",
            "Make one that can in the function, by np.array, np.zeros or np.zeros_like(x); or write y = y + x.",
        )
    target[...] = result
    return target


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, tuple) else (axis,)
    return tuple(_axis(a, ndim) for a in axes)


def _axis(axis: Any, ndim: int) -> int:
    if not -ndim <= axis < ndim:
        raise ValueError(f"axis {axis} is out of bounds for array of dimension {ndim}")
    return int(axis) % ndim


_IDENTITIES = {"add": 0.0, "multiply": 1.0, "logical_and": True, "logical_or": False, "logaddexp": -math.inf}


def _reduce(
    name: str, a: Any, axis: Any = 0, keepdims: bool = False, initial: Any = None, where: Any = True, **_: Any
) -> Any:
    array = as_array(a)
    if where is not True:
        if name not in _IDENTITIES:
            refuse(f"np.{name}.reduce with where=", "Use np.where(condition, a, b) first.")
        array = as_array(np.where(where, array, _IDENTITIES[name]))
    axes = _axes(axis, array.ndim)
    kept = [j for j in range(array.ndim) if j not in axes]
    rows = array.view(np.ndarray).transpose([*axes, *kept]).reshape((-1, *(array.shape[j] for j in kept)))
    initial = None if initial is np._NoValue else initial
    if initial is None and len(rows) == 0:
        if name not in _IDENTITIES:
            raise ValueError("zero-size array to reduction operation which has no identity")
        initial = _IDENTITIES[name]
    if name in ("add", "multiply"):
        rows = _NUMBERS(rows) if rows.size else rows
    rule = _elementwise(name, 2)
    result: Any = rows[0] if initial is None else initial
    for row in rows[1 if initial is None else 0 :]:
        result = rule(result, row)
    if len(kept) > 0 and not isinstance(result, np.ndarray):
        result = np.full([array.shape[j] for j in kept], result, object)
    if _keep(keepdims):
        shape = [1 if j in axes else size for j, size in enumerate(array.shape)]
        result = as_array(result).view(np.ndarray).reshape(shape)
    return _wrap(result)


def _accumulate(name: str, a: Any, axis: int = 0, **_: Any) -> Any:
    array = np.moveaxis(as_array(a).view(np.ndarray), axis, 0)
    if name in ("add", "multiply") and array.size:
        array = _NUMBERS(array)
    rule = _elementwise(name, 2)
    result = np.empty_like(array)
    for i, row in enumerate(array):
        result[i] = row if i == 0 else rule(result[i - 1], row)
    return _wrap(np.moveaxis(result, 0, axis))


_NUMBERS = np.frompyfunc(as_number, 1, 1)


def _sum_last(products: Any) -> Any:
    """Of products. Of conditions it is a condition, as numpy has it."""
    return _reduce("logical_or" if _are_conditions(products) else "add", products, axis=-1)


def _matmul(a: Any, b: Any, **options: Any) -> Any:
    _refuse_options("matmul", options)
    a, b = as_array(a), as_array(b)
    if a.ndim == 0 or b.ndim == 0:
        raise ValueError("matmul: an operand has no dimension; use *")
    left = a[np.newaxis, :] if a.ndim == 1 else a
    right = b[:, np.newaxis] if b.ndim == 1 else b
    if left.shape[-1] != right.shape[-2]:
        raise ValueError(f"matmul: shapes {a.shape} and {b.shape} do not go together")
    product = _sum_last(left[..., :, np.newaxis, :] * np.swapaxes(right, -1, -2)[..., np.newaxis, :, :])
    product = as_array(product)
    if a.ndim == 1:
        product = product[..., 0, :]
    if b.ndim == 1:
        product = as_array(product)[..., 0]
    return _wrap(np.asarray(product, object)) if isinstance(product, np.ndarray) else product


def _dot(a: Any, b: Any, out: Any = None) -> Any:
    a, b = as_array(a), as_array(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    if a.ndim <= 2 and b.ndim <= 2:
        return _matmul(a, b)
    return np.tensordot(a, b, (a.ndim - 1, max(b.ndim - 2, 0)))


def _divmod(a: Any, b: Any, **_: Any) -> Any:
    return np.floor_divide(a, b), np.remainder(a, b)


def _vecdot(a: Any, b: Any, **options: Any) -> Any:
    _refuse_options("vecdot", options)
    return _sum_last(as_array(a) * b)


def _refuse_options(name: str, options: dict[str, Any]) -> None:
    if options:
        refuse(f"np.{name} of traced values with {', '.join(options)}", "Use np.sum(a * b, axis=...).")


_OF_MANY: dict[str, Callable[..., Any]] = {
    "matmul": _matmul,
    "vecdot": _vecdot,
    "divmod": _divmod,
}


# ---- Functions ----


def call_function(function: Any, arguments: Sequence[Any], options: dict[str, Any]) -> Any:
    """A function of numpy, one of whose arguments is traced, or an array that may hold traced values."""
    name = _name_of(function)
    out = options.pop("out", None)
    if not has_traced([*arguments, *options.values()]):
        result = of_constants(function(*map(_floats, arguments), **_each_float(options)))
        return result if out is None else _written(result, out)
    if name in FUNCTIONS:
        require_double(f"np.{name}", options.get("dtype"))
        result = _wrap(FUNCTIONS[name](*arguments, **options))
        return result if out is None else _written(result, out)
    if name not in THROUGH:
        refuse(
            f"np.{name} of traced values",
            "It cannot be traced: use functions that can (doc/python-tracing.md).",
        )
    arguments = [_each(argument) for argument in arguments]
    return _wrap(function._implementation(*arguments, **{key: _each(value) for key, value in options.items()}))


def _floats(argument: Any) -> Any:
    """Plain floats in the place of arrays that hold no traced value."""
    if isinstance(argument, TracedArray):
        floats = np.empty(argument.shape)
        floats[...] = argument.view(np.ndarray)
        return floats
    if isinstance(argument, (list, tuple)):
        return type(argument)(map(_floats, argument))
    return argument


def _each_float(options: dict[str, Any]) -> dict[str, Any]:
    return {name: _floats(value) for name, value in options.items()}


def _name_of(function: Any) -> str:
    module = (getattr(function, "__module__", "") or "").replace("numpy", "", 1).lstrip(".")
    name = str(function.__name__)
    return f"{module}.{name}" if module in ("linalg", "fft", "polynomial.polynomial") else name


def _each(argument: Any) -> Any:
    """What numpy's own code can take: arrays of traced values where there are traced values."""
    if isinstance(argument, Traced):
        return as_array(argument)
    if isinstance(argument, (list, tuple)) and has_traced(argument):
        if all(isinstance(element, (Traced, float, int)) for element in argument):
            return as_array(list(argument))
        return type(argument)(as_array(element) if has_traced(element) else element for element in argument)
    return argument


def _keep(keepdims: Any) -> bool:
    return keepdims is not np._NoValue and bool(keepdims)


def _reduction(name: str) -> Callable[..., Any]:
    def function(
        a: Any,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        keepdims: Any = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        where = True if where is np._NoValue else where
        result = _reduce(name, a, axis=axis, keepdims=_keep(keepdims), initial=initial, where=where)
        return result if out is None else _written(result, out)

    return function


def _extremum(name: str) -> Callable[..., Any]:
    of = _reduction(name)

    def function(
        a: Any,
        axis: Any = None,
        out: Any = None,
        keepdims: Any = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        return of(a, axis, None, out, keepdims, initial, where)

    return function


def _count(array: TracedArray, axis: Any) -> int:
    return math.prod(array.shape[j] for j in _axes(axis, array.ndim))


def _mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True
) -> Any:
    array = as_array(a)
    if where is not True and where is not np._NoValue:
        return np.sum(np.where(where, array, 0.0), axis=axis, keepdims=_keep(keepdims)) / np.sum(
            np.broadcast_to(where, array.shape), axis=axis, keepdims=_keep(keepdims)
        )
    return _reduce("add", array, axis=axis, keepdims=_keep(keepdims)) / _count(array, axis)


def _average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False) -> Any:
    array = as_array(a)
    if weights is None:
        weights = 1.0
    elif axis is not None and np.ndim(weights) == 1 and array.ndim > 1:
        weights = as_array(weights).reshape([-1 if j == _axis(axis, array.ndim) else 1 for j in range(array.ndim)])
    weights = np.broadcast_to(as_array(weights), array.shape)
    total = _reduce("add", weights, axis=axis, keepdims=_keep(keepdims))
    mean = _reduce("add", array * weights, axis=axis, keepdims=_keep(keepdims)) / total
    return (mean, total) if returned else mean


def _var(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    correction: Any = None,
    **options: Any,
) -> Any:
    if any(value is not np._NoValue and value is not True for value in options.values()):
        refuse(f"np.var with {', '.join(options)}", "Use np.mean of np.where(condition, a, b).")
    array = as_array(a)
    ddof = ddof if correction is None or correction is np._NoValue else correction
    away = array - _mean(array, axis, keepdims=True)
    return _reduce("add", away * away, axis=axis, keepdims=_keep(keepdims)) / (_count(array, axis) - ddof)


def _std(*arguments: Any, **options: Any) -> Any:
    return np.sqrt(_var(*arguments, **options))


def _any_of(name: str) -> Callable[..., Any]:
    def function(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True) -> Any:
        where = True if where is np._NoValue else where
        return _reduce(
            name,
            as_array(a) != 0 if not _are_conditions(a) else a,
            axis=axis,
            keepdims=_keep(keepdims),
            where=where,
        )

    return function


def _are_conditions(a: Any) -> bool:
    array = as_array(a)
    return array.size > 0 and all(isinstance(element, (Condition, bool, np.bool_)) for element in array.flat)


def _cumulative(name: str) -> Callable[..., Any]:
    def function(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        array = as_array(a)
        return _accumulate(name, array.reshape(-1) if axis is None else array, 0 if axis is None else axis)

    return function


_SELECT = _broadcast(select, 3)


def _where(condition: Any, *branches: Any) -> Any:
    if len(branches) != 2:
        refuse("np.where with one argument", "Pass np.where(condition, a, b).")
    return _SELECT(_objects(condition), *map(_objects, branches))


def _select_function(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    result = default
    for condition, choice in zip(reversed(list(condlist)), reversed(list(choicelist))):
        result = _wrap(_where(condition, choice, result))
    return result


def _piecewise(x: Any, condlist: Any, funclist: Any, *arguments: Any, **options: Any) -> Any:
    if not isinstance(condlist, (list, tuple)):
        condlist = list(condlist) if np.ndim(condlist) > np.ndim(x) else [condlist]
    values = [function(x, *arguments, **options) if callable(function) else function for function in funclist]
    result: Any = values[len(condlist)] if len(values) > len(condlist) else 0.0
    for condition, value in zip(condlist, values):
        result = _wrap(_where(condition, value, result))
    return result


def _einsum(subscripts: Any, *operands: Any, out: Any = None, optimize: Any = False, **options: Any) -> Any:
    if not isinstance(subscripts, str) or "." in subscripts:
        refuse("np.einsum with '...' or lists of indices", "Write all indices as letters.")
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    inputs = left.split(",")
    if len(inputs) != len(operands):
        raise ValueError(f"einsum: {len(inputs)} operands in {subscripts!r}, and {len(operands)} are given")
    letters = sorted(set("".join(inputs)))
    output = right if arrow else "".join(c for c in letters if "".join(inputs).count(c) == 1)
    order = output + "".join(c for c in letters if c not in output)
    product: Any = 1.0
    for labels, operand in zip(inputs, operands):
        array = as_array(operand)
        if len(labels) != array.ndim:
            raise ValueError(f"einsum: {labels!r} for an operand of {array.ndim} dimensions")
        while len(set(labels)) < len(labels):
            twice = next(c for c in labels if labels.count(c) > 1)
            first, second = (j for j, c in list(enumerate(labels)) if c == twice)
            array = as_array(np.diagonal(array.view(np.ndarray), 0, first, second))
            labels = "".join(c for c in labels if c != twice) + twice
        array = array.transpose([labels.index(c) for c in order if c in labels])
        product = product * array.reshape(
            [array.shape[sorted(labels, key=order.index).index(c)] if c in labels else 1 for c in order]
        )
    axes = tuple(range(len(output), len(order)))
    return _reduce("add", product, axis=axes) if axes else product


def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    a, b = as_array(a), as_array(b)
    if isinstance(axes, int):
        of_a, of_b = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        of_a, of_b = ([int(j) for j in np.atleast_1d(part)] for part in axes)
    of_a, of_b = [_axis(j, a.ndim) for j in of_a], [_axis(j, b.ndim) for j in of_b]
    left = [j for j in range(a.ndim) if j not in of_a]
    right = [j for j in range(b.ndim) if j not in of_b]
    shape = [a.shape[j] for j in left] + [b.shape[j] for j in right]
    rows = a.transpose([*left, *of_a]).reshape(math.prod(a.shape[j] for j in left), -1)
    columns = b.transpose([*of_b, *right]).reshape(-1, math.prod(b.shape[j] for j in right))
    return as_array(_matmul(rows, columns)).reshape(shape)


def _inner(a: Any, b: Any) -> Any:
    a, b = as_array(a), as_array(b)
    return a * b if a.ndim == 0 or b.ndim == 0 else _tensordot(a, b, (a.ndim - 1, b.ndim - 1))


def _vdot(a: Any, b: Any) -> Any:
    return _reduce("add", as_array(a).reshape(-1) * as_array(b).reshape(-1))


def _outer(a: Any, b: Any, out: Any = None) -> Any:
    return as_array(a).reshape(-1, 1) * as_array(b).reshape(1, -1)


def _trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None) -> Any:
    return _sum_last(as_array(a).diagonal(offset, axis1, axis2))


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    array = as_array(x)
    if axis is None and ord is None:
        array = as_array(array.reshape(-1)) if not keepdims else array
    elif axis is None and array.ndim == 2:
        if ord != "fro":
            refuse(
                f"np.linalg.norm of a matrix with ord={ord!r}",
                "Of matrices the Frobenius norm can be traced.",
            )
        ord = None
    elif isinstance(axis, tuple) and len(axis) == 2 and ord not in (None, "fro"):
        refuse(f"np.linalg.norm of matrices with ord={ord!r}", "Of matrices the Frobenius norm can be traced.")
    size = abs(array)
    if ord in (None, 2, "fro"):
        return np.sqrt(_reduce("add", array * array, axis=axis, keepdims=keepdims))
    if ord == math.inf:
        return _reduce("maximum", size, axis=axis, keepdims=keepdims)
    if ord == -math.inf:
        return _reduce("minimum", size, axis=axis, keepdims=keepdims)
    if ord == 0:
        return _reduce("add", array != 0, axis=axis, keepdims=keepdims)
    if ord == 1:
        return _reduce("add", size, axis=axis, keepdims=keepdims)
    return _reduce("add", size**ord, axis=axis, keepdims=keepdims) ** (1.0 / ord)


def _interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    if period is not None:
        refuse("np.interp with period=", "Use np.mod first.")
    if has_traced(xp):
        refuse("np.interp between traced places", "The places xp have to be constants.")
    places, values = [float(p) for p in np.asarray(xp)], list(as_array(fp).flat)
    result = values[-1] if right is None else right
    last = as_array(x)
    result = _wrap(_where(last == places[-1], values[-1], result))
    for i in reversed(range(len(places) - 1)):
        slope = (values[i + 1] - values[i]) / (places[i + 1] - places[i])
        line = values[i] + slope * (last - places[i])
        result = _wrap(_where(last < places[i + 1], line, result))
    return _where(last < places[0], values[0] if left is None else left, result)


def _polyval(p: Any, x: Any) -> Any:
    result: Any = 0.0
    for coefficient in as_array(p):
        result = result * x + coefficient
    return result


def _polynomial_polyval(x: Any, c: Any, tensor: bool = True) -> Any:
    return _polyval(as_array(c)[::-1], x)


def _convolve(a: Any, v: Any, mode: str = "full") -> Any:
    a, v = as_array(a), as_array(v)
    if len(v) > len(a):
        a, v = v, a
    n, m = len(a), len(v)
    full = as_array(
        [
            _reduce("add", a[max(0, k - m + 1) : k + 1] * v[::-1][max(0, m - 1 - k) : m - max(0, k - n + 1)])
            for k in range(n + m - 1)
        ]
    )
    if mode == "full":
        return full
    first, length = (m - 1, n - m + 1) if mode == "valid" else ((m - 1) // 2, n)
    return full[first : first + length]


def _correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    if len(v) > len(a):
        return _correlate(v, a, mode)[::-1]
    return _convolve(a, as_array(v)[::-1], mode)


def _like(fill: Any) -> Callable[..., Any]:
    def function(
        prototype: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, **_: Any
    ) -> Any:
        if dtype is not None and np.dtype(dtype) not in (np.dtype(object), np.dtype(float)):
            return np.full(as_array(prototype).shape if shape is None else shape, fill, dtype)
        array = np.empty(as_array(prototype).shape if shape is None else shape, object)
        array[...] = fill
        return array.view(TracedArray)

    return function


def _full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    **_: Any,
) -> Any:
    array = np.empty(as_array(a).shape if shape is None else shape, object).view(TracedArray)
    array[...] = fill_value
    return array


def _count_nonzero(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return _reduce("add", as_array(a) != 0, axis=axis, keepdims=keepdims)


def _round(a: Any, decimals: int = 0, out: Any = None) -> Any:
    scale = 10.0**decimals
    result = np.rint(a) if decimals == 0 else np.rint(as_array(a) * scale) / scale
    return result if out is None else _written(result, out)


def _ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    array = as_array(a)
    return _reduce("maximum", array, axis=axis, keepdims=_keep(keepdims)) - _reduce(
        "minimum", array, axis=axis, keepdims=_keep(keepdims)
    )


def _clip(
    a: Any,
    a_min: Any = None,
    a_max: Any = None,
    out: Any = None,
    *,
    min: Any = None,
    max: Any = None,
    **_: Any,
) -> Any:
    low, high = (
        next((b for b in pair if b is not None and b is not np._NoValue), None) for pair in ((a_min, min), (a_max, max))
    )
    result = as_array(a) if isinstance(a, np.ndarray) else a
    if low is not None:
        result = np.maximum(result, low)
    if high is not None:
        result = np.minimum(result, high)
    return result if out is None else _written(result, out)


def _nan_free(name: str) -> Callable[..., Any]:
    """nansum and nanprod: NaN counts as nothing."""
    reduction, identity = _reduction(name), _IDENTITIES[name]

    def function(a: Any, axis: Any = None, **options: Any) -> Any:
        array = as_array(a)
        return reduction(_wrap(_where(np.isnan(array), identity, array)), axis=axis, **options)

    return function


def _elementwise_function(name: str) -> Callable[..., Any]:
    return lambda x: _wrap(_elementwise(name, 1)(_objects(x)))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sum": _reduction("add"), "prod": _reduction("multiply"), "mean": _mean, "var": _var, "std": _std,
    "max": _extremum("maximum"), "amax": _extremum("maximum"), "min": _extremum("minimum"), "amin": _extremum("minimum"),
    "average": _average, "ptp": _ptp, "any": _any_of("logical_or"), "all": _any_of("logical_and"), "count_nonzero": _count_nonzero,
    "nansum": _nan_free("add"), "nanprod": _nan_free("multiply"),
    "cumsum": _cumulative("add"), "cumprod": _cumulative("multiply"),
    "dot": _dot, "vdot": _vdot, "inner": _inner, "outer": _outer, "tensordot": _tensordot, "einsum": _einsum,
    "trace": _trace, "linalg.norm": _norm, "where": _where, "select": _select_function, "piecewise": _piecewise, "clip": _clip,
    "interp": _interp, "polyval": _polyval, "polynomial.polynomial.polyval": _polynomial_polyval,
    "convolve": _convolve, "correlate": _correlate, "sinc": _elementwise_function("sinc"), "round": _round,
    "round_": _round, "around": _round,
    "zeros_like": _like(0.0), "ones_like": _like(1.0), "empty_like": _like(0.0), "full_like": _full_like,
    "fix": _elementwise_function("trunc"), "real": lambda x: x, "real_if_close": lambda x, tol=100: x,
    "iscomplexobj": lambda x: False, "isrealobj": lambda x: True, "shape": lambda x: as_array(x).shape,
    "ndim": lambda x: as_array(x).ndim, "size": lambda x, axis=None: as_array(x).size if axis is None else as_array(x).shape[axis],
}  # fmt: skip
"""Functions with a rule of our own, by name."""

THROUGH = frozenset(
    [
        "append",
        "array_split",
        "atleast_1d",
        "atleast_2d",
        "atleast_3d",
        "broadcast_arrays",
        "broadcast_to",
        "column_stack",
        "concatenate",
        "copy",
        "cross",
        "delete",
        "diag",
        "diagflat",
        "diagonal",
        "diff",
        "dsplit",
        "dstack",
        "ediff1d",
        "expand_dims",
        "flip",
        "fliplr",
        "flipud",
        "gradient",
        "hsplit",
        "hstack",
        "insert",
        "kron",
        "linalg.cross",
        "linalg.diagonal",
        "linalg.matmul",
        "linalg.matrix_norm",
        "linalg.multi_dot",
        "linalg.outer",
        "linalg.tensordot",
        "linalg.trace",
        "linalg.vecdot",
        "linalg.vector_norm",
        "matrix_transpose",
        "meshgrid",
        "moveaxis",
        "pad",
        "permute_dims",
        "polyadd",
        "polyder",
        "polyint",
        "polymul",
        "polysub",
        "ravel",
        "repeat",
        "reshape",
        "resize",
        "roll",
        "rollaxis",
        "rot90",
        "split",
        "squeeze",
        "stack",
        "swapaxes",
        "take",
        "take_along_axis",
        "tile",
        "transpose",
        "trapezoid",
        "trapz",
        "tril",
        "triu",
        "unstack",
        "vander",
        "vsplit",
        "vstack",
    ]
)
"""Functions that numpy's own code can go through: they move elements, or are composed of others of these."""


# ---- scipy.special's functions that are no universal functions ----


def _logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    if return_sign:
        refuse("logsumexp with return_sign", "Use np.log of a sum.")
    array = as_array(a)
    if b is not None:
        array = as_array(np.where(np.asarray(b) == 0, -math.inf, array))  # what counts for nothing is not the largest
    top = _reduce("maximum", array, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    scaled = np.exp(array - top)
    total = np.log(_reduce("add", scaled if b is None else scaled * b, axis=axis, keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axis)


def _softmax(x: Any, axis: Any = None) -> Any:
    array = as_array(x)
    e = np.exp(array - _reduce("maximum", array, axis=axis, keepdims=True))
    return e / _reduce("add", e, axis=axis, keepdims=True)


def _log_softmax(x: Any, axis: Any = None) -> Any:
    array = as_array(x)
    return array - _logsumexp(array, axis=axis, keepdims=True)


SPECIAL: dict[str, Callable[..., Any]] = {
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
}
