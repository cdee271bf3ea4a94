"""What is minimised: a formula, a traced function, or a callback."""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Union

import numpy as np
import numpy.typing as npt

from lanewise._tables import Table, numbers_of
from lanewise._tracing import Tape, trace

Array = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]

Function = Union[str, Tape, Callable[..., Any]]
"""A formula; a numpy function of one vector, or what `trace` made of it; or a batched callback."""

Jac = Union[None, bool, Literal["2-point"], Callable[..., Any]]
"""Where gradients come from: None for formulas and numpy functions, whose derivatives are exact; True for a callback
``fun(X) -> (f, g)``; a callable ``jac(X) -> g`` beside ``fun(X) -> f``; "2-point" for differences of ``fun(X) -> f``."""


@dataclass(frozen=True)
class Column:
    """Numbers of rows: of all problems one after the other, or, where they are shared, those that every problem has."""

    name: str
    numbers: Array
    is_shared: bool


@dataclass(frozen=True)
class Rows:
    """Rows of problems with their columns."""

    first_rows: npt.NDArray[np.uintp]
    """[P + 1]"""
    columns: list[Column]


@dataclass(frozen=True)
class Formula:
    """A formula in the variables of the box, with its parameters, data and tables."""

    text: str
    parameters: Mapping[str, float] = field(default_factory=dict)
    rows: Rows | None = None
    tables: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Traced:
    """A recorded function."""

    tape: Tape


@dataclass(frozen=True)
class Gradients:
    """Values and gradients of many points: ``evaluate(X, ids) -> (f, g)``."""

    evaluate: Callable[[Array, Ids | None], tuple[Any, Any]]
    wants_ids: bool


@dataclass(frozen=True)
class Values:
    """Values of many points: ``evaluate(X, ids) -> f``."""

    evaluate: Callable[[Array, Ids | None], Any]
    wants_ids: bool


Objective = Union[Formula, Traced, Gradients, Values]


def objective_of(
    fun: Function,
    dimension: int,
    *,
    jac: Jac = None,
    args: tuple[Any, ...] = (),
    parameters: Mapping[str, float] | None = None,
    data: Any = None,
    tables: Mapping[str, npt.ArrayLike] | None = None,
    pass_ids: bool = False,
) -> Objective:
    """What `fun`, `jac` and the rest of the arguments of `minimize` mean.

    Raises
    ------
    TypeError, ValueError
        Naming the argument, where they do not go together.
    """
    if not isinstance(args, tuple):
        raise TypeError(f"args: {args!r}; a tuple is expected")
    if isinstance(fun, str):
        if jac is not None or args or pass_ids:
            raise TypeError("jac, args and pass_ids are for functions; fun is a formula, which has its derivatives")
        return Formula(
            fun,
            {_name(name): _number(name, value) for name, value in (parameters or {}).items()},
            _rows_of(fun, data),
            {_name(name): numbers_of(table, f"tables: {name}").reshape(-1) for name, table in (tables or {}).items()},
        )
    if parameters or data is not None or tables:
        what = "parameters are" if parameters else "data and tables are"
        raise TypeError(f"{what} for formulas; a function gets its constants by args")
    if jac is None or jac is False:
        if pass_ids:
            raise TypeError("pass_ids is for callbacks, with jac=True or jac='2-point'; fun would be traced")
        if isinstance(fun, Tape):
            if args:
                raise TypeError("args: a traced function has got its arguments when it was traced")
            if fun.dimension != dimension:
                raise ValueError(f"fun: a traced function of {fun.dimension} variables; the box has {dimension}")
            return Traced(fun)
        if not callable(fun):
            raise TypeError(f"fun: {type(fun).__name__}; a formula or a function is expected")
        return Traced(trace(fun, dimension, args))
    if isinstance(fun, Tape):
        raise TypeError("jac: a traced function has its derivatives already")
    function: Callable[..., Any] = fun

    def call(of: Callable[..., Any], x: Array, ids: Ids | None) -> Any:
        return of(x, *args, ids=ids) if pass_ids else of(x, *args)

    if isinstance(jac, str):
        if jac != "2-point":
            raise ValueError(f"jac: {jac!r}; None, True, a callable or '2-point' is expected")
        return Values(lambda x, ids: call(function, x, ids), pass_ids)
    if callable(jac):
        gradient = jac
        return Gradients(lambda x, ids: (call(function, x, ids), call(gradient, x, ids)), pass_ids)
    if jac is not True:
        raise TypeError(f"jac: {jac!r}; None, True, a callable or '2-point' is expected")
    return Gradients(lambda x, ids: _two(call(function, x, ids)), pass_ids)


_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def words_of(formula: str) -> list[str]:
    """The names in a formula, each once."""
    return list(dict.fromkeys(_WORD.findall(formula)))


def _rows_of(formula: str, data: Any) -> Rows | None:
    """The columns of a table that a formula names."""
    if data is None:
        return None
    table = Table(data)
    columns = [Column(name, table.numbers(name, "data"), False) for name in words_of(formula) if name in table.names]
    count = columns[0].numbers.size if columns else 0
    return Rows(np.array([0, count], np.uintp), columns)


def _name(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"parameters: {name!r}; a name is expected")
    return name


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"parameters: {name}: {value!r}; a number is expected") from None


def _two(returned: Any) -> tuple[Any, Any]:
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        raise TypeError(
            f"fun returned {_kind(returned)}; with jac=True it returns two: the values f[B] and the gradients g[B, d]"
        )
    return returned[0], returned[1]


def _kind(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return type(value).__name__ if shape is None else f"{type(value).__name__} of shape {tuple(shape)}"


def array_at(address: int, *shape: int) -> Array:
    """The doubles at an address, as an array that refers to them."""
    memory: Any = (ctypes.c_double * math.prod(shape)).from_address(address)
    array: Array = np.frombuffer(memory).reshape(shape)
    return array


def ids_at(address: int | None, count: int) -> Ids | None:
    """A copy of the numbers of runs at an address, if there are any."""
    if not address:
        return None
    memory: Any = (ctypes.c_uint32 * count).from_address(address)
    return np.frombuffer(memory, np.uint32).astype(np.int64)


def copy_into(target: Array, returned: Any, what: str) -> None:
    """Copies what a callback returned, be it of numpy, torch, JAX or another library with DLPack.

    Raises
    ------
    TypeError
        Where it holds no real numbers.
    ValueError
        Where its shape is another than that of `target`.
    """
    if type(returned) is not np.ndarray and hasattr(returned, "detach"):  # a tensor of torch may be part of a graph
        returned = returned.detach()
    try:
        array = _as_array(returned)
    except ValueError as error:
        raise ValueError(f"fun returned {what} that are no array: {error}") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"fun returned {what} of type {array.dtype}; real numbers are needed")
    if array.shape != target.shape:
        raise ValueError(f"fun returned {what} of shape {array.shape}; shape {target.shape} is needed")
    target[...] = array


def _as_array(returned: Any) -> npt.NDArray[Any]:
    if not isinstance(returned, np.ndarray) and hasattr(returned, "__dlpack__"):
        try:
            return np.from_dlpack(returned)
        except (BufferError, RuntimeError, TypeError, ValueError):
            pass  # numpy cannot take it so, as read-only ones before 2.0; it may know another way
    return np.asarray(returned)
