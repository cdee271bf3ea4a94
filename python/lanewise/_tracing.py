"""Functions of numpy, recorded: called once with traced values, then differentiated and compiled by the library."""

from __future__ import annotations

import functools
import os
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TypeVar

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from lanewise import _library

MOST_NODES = 2_000_000
"""Operations and numbers that a function may record."""

WAY_OUT = (
    "Or leave tracing out: pass jac=True with a callback fun(X[B, d]) -> (f[B], g[B, d]), "
    "or jac='2-point' with one of values alone."
)


class TracingError(TypeError):
    """A function does something that cannot be recorded. The message has the line, and the way out."""


class Tape:
    """What a function did with its variables, operation by operation; see `trace`.

    Attributes
    ----------
    operations : ndarray of uint8 [n]
        The number of the operation of each node (``lanewise_operation``).
    a, b, c : ndarray of uint32 [n]
        Its operands, which are nodes before it; `a` is the coordinate of a variable.
    numbers : ndarray of float [n]
        The number of a constant.
    value : int
        The node of the value.
    dimension : int
        The number of variables.
    """

    def __init__(
        self,
        operations: npt.NDArray[np.uint8],
        a: npt.NDArray[np.uint32],
        b: npt.NDArray[np.uint32],
        c: npt.NDArray[np.uint32],
        numbers: npt.NDArray[np.float64],
        value: int,
        dimension: int,
    ) -> None:
        self.operations = operations
        self.a = a
        self.b = b
        self.c = c
        self.numbers = numbers
        self.value = value
        self.dimension = dimension

    def __len__(self) -> int:
        return len(self.operations)

    def columns(self) -> list[npt.NDArray[Any]]:
        """The columns as the library reads them.

        Raises
        ------
        ValueError
            Where one has another length.
        """
        types: dict[str, Any] = {
            "operations": np.uint8,
            "a": np.uint32,
            "b": np.uint32,
            "c": np.uint32,
            "numbers": np.float64,
        }
        columns = [np.ascontiguousarray(getattr(self, name), kind) for name, kind in types.items()]
        if any(column.shape != (len(self),) for column in columns):
            raise ValueError("the columns of a tape are not equally long")
        return columns

    def __repr__(self) -> str:
        return f"Tape({len(self)} nodes of {self.dimension} variables)"


_here = threading.local()
"""Of a thread: the recording that is under way."""

_PACKAGES = tuple(str(Path(path).parent) + "/" for path in (__file__, np.__file__))


def current() -> Recording | None:
    """The recording of this thread, if one is under way."""
    return getattr(_here, "recording", None)


def _place() -> str:
    """The line of the user's code that is running: the innermost frame outside of this package and numpy."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if _is_of_user(frame):
            return f"{frame.f_code.co_filename}, line {frame.f_lineno}: "
        frame = frame.f_back
    return ""


def _is_of_user(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    return not file.startswith((*_PACKAGES, "<__array_function__")) and "/scipy/" not in file


def refuse(what: str, way_out: str, place: str | None = None) -> NoReturn:
    """Raises a TracingError, and notes it: what swallows the exception does not make the trace right."""
    recording = current()
    last_way_out = WAY_OUT if recording is None else recording.way_out
    error = TracingError(f"{_place() if place is None else place}{what}. {way_out} {last_way_out}")
    if recording is not None and recording.error is None:
        recording.error = error
    raise error


class Recording:
    """Where the operations of one traced function go."""

    def __init__(self, dimension: int, way_out: str = WAY_OUT) -> None:
        self.error: TracingError | None = None
        self.way_out = way_out
        self._nodes: list[tuple[int, ...]] = []  # operation and operands
        self._numbers: dict[int, float] = {}  # of constants
        self._known: dict[tuple[int, ...], int] = {}
        self._constants: dict[bytes, int] = {}
        self.variables = [Traced(self, self._add((NUMBER_OF["variable"], j))) for j in range(dimension)]

    def _add(self, node: tuple[int, ...]) -> int:
        if len(self._nodes) >= MOST_NODES:
            refuse(f"the function records more than {MOST_NODES} operations", "Write it with fewer.")
        self._nodes.append(node)
        return len(self._nodes) - 1

    def node(self, value: Any) -> int:
        """The node of a traced value or a number."""
        if isinstance(value, Traced):
            if value._recording is not self:
                self._refuse_stranger()
            return value._node
        number = _as_float(value)
        key = struct.pack("d", number)  # -0 is another number than 0, and NaN is itself
        node = self._constants.get(key)
        if node is None:
            node = self._constants[key] = self._add((NUMBER_OF["constant"],))
            self._numbers[node] = number
        return node

    def apply(self, name: str, operands: tuple[Any, ...]) -> Traced:
        """Records an operation on traced values and numbers; the same one is the same node."""
        if current() is not self:
            self._refuse_stranger()
        key = (NUMBER_OF[name], *map(self.node, operands))
        node = self._known.get(key)
        if node is None:
            node = self._known[key] = self._add(key)
        return (Condition if name in _TRUTHS else Traced)(self, node)

    def tape(self, value: Any, dimension: int) -> Tape:
        """What was recorded, with the node of the value."""
        value_node = self.node(value)
        rows = np.array([(*node, 0, 0, 0)[:4] for node in self._nodes], np.uint32)
        operations, a, b, c = np.ascontiguousarray(rows.T)
        numbers = np.zeros(len(rows))
        numbers[list(self._numbers)] = list(self._numbers.values())
        return Tape(operations.astype(np.uint8), a, b, c, numbers, value_node, dimension)

    def _refuse_stranger(self) -> NoReturn:
        refuse(
            "a traced value is used outside of the trace, or the thread, that made it",
            "Let the function use its own argument alone.",
        )


_TRUTHS = frozenset({"lt", "le", "eq", "ne", "logical_and", "logical_or", "logical_not"})


class _Numbers(dict[str, int]):
    """The numbers of operations, asked of the library once each."""

    def __missing__(self, name: str) -> int:
        self[name] = int(_library.call("operation", name.encode()))
        return self[name]


NUMBER_OF = _Numbers()


def _as_float(value: Any) -> float:
    if isinstance(value, (complex, np.complexfloating)) or (isinstance(value, np.ndarray) and value.dtype.kind == "c"):
        refuse("a complex number", "Use real numbers alone.")
    try:
        return float(value)
    except (TypeError, ValueError):
        refuse(f"{type(value).__name__} {value!r} where a number is needed", "Use numbers and arrays of numbers.")


class _Operators:
    """The operators of numbers, for traced values. What numpy's functions have, they have too."""

    __slots__ = ()
    __array_priority__ = 1000.0
    __hash__ = None  # type: ignore[assignment]

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        from lanewise._numpy_functions import call_ufunc

        if any(isinstance(x, Selection) for x in inputs):
            return NotImplemented  # it knows how
        return call_ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        from lanewise._numpy_functions import call_function

        return call_function(function, arguments, options)

    def __bool__(self) -> bool:
        refuse(
            "a branch on a traced value (if, while, and, or, not, in, a chained comparison, min() or max() of Python), "
            "which is not known while the function is traced",
            "Use np.where(condition, a, b), np.minimum, np.maximum, &, | and ~.",
        )

    def __float__(self) -> float:
        refuse(
            "a traced value is turned into a float, as math.sin(x) and the assignment to an array of floats do",
            "Use numpy's functions (np.sin(x)), and arrays made in the function (np.zeros, np.zeros_like(x)).",
        )

    def __int__(self) -> int:
        refuse("int() of a traced value", "Use np.floor or np.trunc.")

    def __index__(self) -> int:
        refuse("a traced value is an index, or a length", "Choose by np.where(condition, a, b).")

    def __complex__(self) -> complex:
        refuse("a traced value is turned into a complex number", "Use real numbers alone.")

    def __round__(self, digits: int | None = None) -> Any:
        return np.round(self, digits or 0)  # type: ignore[call-overload]

    def __trunc__(self) -> Any:
        refuse("math.trunc() of a traced value", "Use np.trunc.")

    def __floor__(self) -> Any:
        refuse("math.floor() of a traced value", "Use np.floor.")

    def __ceil__(self) -> Any:
        refuse("math.ceil() of a traced value", "Use np.ceil.")


def _infix(name: str, is_swapped: bool = False) -> Callable[..., Any]:
    """An operator of a traced scalar. Of two numbers it is recorded at once; numpy does the rest."""
    from lanewise._elementwise import RULES

    ufunc: Any = getattr(np, name)

    def operator(self: Traced, other: Any) -> Any:
        operands = (other, self) if is_swapped else (self, other)
        if isinstance(other, (Traced, float, int)):
            return RULES[name](*operands)
        return ufunc(*operands)

    return operator


class Traced(_Operators):
    """A number of a function that is being traced: a variable, or what was computed of them."""

    __slots__ = ("_node", "_recording")

    shape: tuple[int, ...] = ()
    ndim = 0
    size = 1
    dtype = np.dtype(object)

    def __init__(self, recording: Recording, node: int) -> None:
        self._recording = recording
        self._node = node

    def __getattr__(self, name: str) -> Any:
        """The methods of numpy's scalars; and those by which numpy's functions go over plain arrays of objects."""
        if not name.startswith("_"):
            if hasattr(TracedArray, name):
                return getattr(as_array(self), name)
            from lanewise._elementwise import RULES

            if name in RULES:
                return functools.partial(getattr(np, name), self)
        raise AttributeError(f"a traced value has no attribute {name!r}")

    def __repr__(self) -> str:
        return f"<traced value {self._node}>"

    def __format__(self, spec: str) -> str:
        if spec:
            self.__float__()
        return repr(self)

    def __copy__(self) -> Traced:
        return self

    def __deepcopy__(self, _memo: Any) -> Traced:
        return self

    def __reduce__(self) -> Any:
        refuse("a traced value is pickled", "Let the function compute its value itself.")

    def __divmod__(self, other: Any) -> Any:
        return np.divmod(self, other)

    def __rdivmod__(self, other: Any) -> Any:
        return np.divmod(other, self)

    def __pos__(self) -> Any:
        return self

    def __neg__(self) -> Any:
        return np.negative(self)

    def __abs__(self) -> Any:
        return np.absolute(self)

    def __invert__(self) -> Any:
        return np.invert(self)


class Condition(Traced):
    """What comparing traced values gives: 1 or 0, and what `np.where` goes by."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<traced condition {self._node}>"


class TracedArray(_Operators, np.ndarray[Any, np.dtype[Any]]):
    """An array of traced values and numbers. numpy indexes, slices and reshapes it as any other."""

    def __getitem__(self, key: Any) -> Any:
        if _has_conditions(key):
            return Selection(as_array(self.copy()), self._whole_mask(key))
        return super().__getitem__(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        if not _has_conditions(key):
            super().__setitem__(key, _plain(value))
            return
        mask = self._whole_mask(key)
        if isinstance(value, Selection):
            value = value.of(mask)
        elif np.ndim(value) > 0:
            refuse("an array is assigned to elements that a traced mask chooses", "Use np.where(mask, a, b).")
        super().__setitem__(..., np.where(mask, value, self))

    def _whole_mask(self, key: Any) -> TracedArray:
        """The mask for each element. One of fewer dimensions chooses along the first ones, as numpy's do."""
        mask = as_array(key) if isinstance(key, (Traced, np.ndarray)) else None
        if mask is None or mask.shape != self.shape[: mask.ndim]:
            refuse(
                "a traced mask as a part of an index, or of another shape than the array", "Use np.where(mask, a, b)."
            )
        whole = np.empty(self.shape, object).view(np.ndarray)
        whole[...] = mask.view(np.ndarray).reshape(mask.shape + (1,) * (self.ndim - mask.ndim))
        return whole.view(TracedArray)

    def __iter__(self) -> Iterator[Any]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def __contains__(self, _value: Any) -> bool:
        return self.__bool__()

    def __bool__(self) -> bool:
        return bool(self._only("bool"))

    def __float__(self) -> float:
        return float(self._only("float"))

    def __int__(self) -> int:
        return int(self._only("int"))

    def __index__(self) -> int:
        return int(self._only("index").__index__())

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if dtype is None or np.dtype(dtype) == object:
            return self.view(np.ndarray)
        return np.array([float(value) for value in self.flat], dtype).reshape(self.shape)

    def astype(self, dtype: Any, *_arguments: Any, **_options: Any) -> Any:
        """The array itself as floats; whole numbers cannot be traced."""
        if np.dtype(dtype).kind not in "fO":
            refuse(f".astype({np.dtype(dtype)}) of traced values", "Use floats, np.floor or np.trunc.")
        return self.copy() if _options.get("copy", True) else self

    def _only(self, what: str) -> Any:
        if self.size != 1:
            if what == "bool":
                _Operators.__bool__(self)
            raise TypeError("only arrays of one element can be turned into a number")
        return self.reshape(-1).view(np.ndarray)[0]


class Selection(NDArrayOperatorsMixin, _Operators):
    """The elements of an array that a mask of traced conditions chooses, as in ``x[x < 0]``. How many there are is not known.

    It can be computed with, element by element, and assigned to the elements that the same mask chooses, as in
    ``x[x < 0] *= 2`` and ``y[x < 0] = -x[x < 0]``.
    """

    def __init__(self, array: TracedArray, mask: TracedArray) -> None:
        self._array = array
        self._mask = mask

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        options.pop("out", None)  # of in-place operators: what they give is assigned
        if method != "__call__" or options or any(isinstance(x, np.ndarray) and x.ndim > 0 for x in inputs):
            self._refuse()
        whole = [x.of(self._mask) if isinstance(x, Selection) else x for x in inputs]
        return Selection(as_array(ufunc(*whole)), self._mask)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        self._refuse()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse()

    def __len__(self) -> int:
        self._refuse()

    def __iter__(self) -> Iterator[Any]:
        self._refuse()

    def __getitem__(self, key: Any) -> Any:
        self._refuse()

    def of(self, mask: TracedArray) -> TracedArray:
        """The array, where it was chosen by this mask."""
        if [_node_of(a) for a in mask.flat] != [_node_of(a) for a in self._mask.flat]:
            refuse(
                "elements that one traced mask chooses are put together with those of another",
                "Use np.where(mask, a, b).",
            )
        return self._array

    def _refuse(self) -> NoReturn:
        refuse(
            "a mask of traced conditions as an index, x[mask]",
            "Use np.where(mask, a, b), as in np.sum(np.where(mask, x, 0)).",
        )


def _node_of(value: Any) -> Any:
    return value._node if isinstance(value, Traced) else bool(value)


def _method(name: str) -> Callable[..., Any]:
    def method(self: TracedArray, *arguments: Any, **options: Any) -> Any:
        return getattr(np, name)(self, *arguments, **options)

    method.__name__ = name
    method.__doc__ = f"As ``np.{name}``."
    return method


for _name in (
    "sum", "prod", "mean", "var", "std", "max", "min", "any", "all", "dot", "clip", "cumsum", "cumprod", "round", "ptp",
    "argmax", "argmin", "argsort", "sort", "nonzero", "searchsorted", "partition", "argpartition", "choose", "trace",
):  # fmt: skip
    setattr(TracedArray, _name, _method(_name))


def as_array(value: Any) -> TracedArray:
    """An array of objects, its elements traced values and numbers."""
    if isinstance(value, TracedArray):
        return value
    if isinstance(value, Traced):
        array = np.empty((), object)
        array[()] = value
        return array.view(TracedArray)
    plain: npt.NDArray[Any] = _plain(value)
    return plain.view(TracedArray)


def _plain(value: Any) -> Any:
    """The same without the class; numbers become Python's."""
    if isinstance(value, Traced):
        return value
    array: Any = _ORIGINALS["array"](value, dtype=object, copy=True) if not isinstance(value, np.ndarray) else value
    if array.dtype.kind == "c":
        refuse("complex numbers", "Use real numbers alone.")
    return array.astype(object).view(np.ndarray)


def has_traced(value: Any) -> bool:
    """Whether there is a traced value in it."""
    if isinstance(value, Traced):
        return True
    if isinstance(value, np.ndarray):
        return value.dtype == object and any(isinstance(element, Traced) for element in value.flat)
    if isinstance(value, (list, tuple)):
        return any(map(has_traced, value))
    return False


def _has_conditions(key: Any) -> bool:
    if isinstance(key, Traced):
        return isinstance(key, Condition)
    if isinstance(key, tuple):
        return any(map(_has_conditions, key))
    return isinstance(key, np.ndarray) and has_traced(key)


# ---- What numpy does not dispatch, for the time of a trace ----

_FILLED = ("zeros", "ones", "empty", "full", "eye", "identity", "linspace")
_CONVERTED = ("array", "asarray", "asanyarray", "ascontiguousarray", "asfarray")
_ORIGINALS: dict[str, Any] = {name: getattr(np, name) for name in (*_FILLED, *_CONVERTED) if name in np.__dict__}
_OF_LISTS = (
    "sum", "prod", "mean", "average", "var", "std", "max", "min", "amax", "amin", "ptp", "any", "all", "cumsum", "cumprod",
    "count_nonzero", "sort", "median", "argmax", "argmin",
)  # fmt: skip
"""Functions that do not look into a list for what dispatches."""


def _wrapper(name: str, original: Any) -> Any:
    @functools.wraps(original)
    def wrapper(*arguments: Any, **options: Any) -> Any:
        if current() is None or sys._getframe(1).f_globals.get("__name__", "").startswith("lanewise."):
            return original(*arguments, **options)
        if name in _FILLED:
            return _filled(name, original, arguments, options)
        value = arguments[0] if arguments else options.get("object", options.get("a"))
        if not has_traced(value):
            array = original(*arguments, **options)
            return array if isinstance(value, np.ndarray) and name != "array" else of_constants(array)
        dtype = options.pop("dtype", arguments[1] if len(arguments) > 1 else None)
        require_double(f"np.{name}", dtype)
        plain = value.view(np.ndarray) if isinstance(value, np.ndarray) else value
        return original(plain, dtype=object, **options).view(TracedArray)

    return wrapper


def _of_list(original: Any) -> Any:
    @functools.wraps(original)
    def wrapper(a: Any, *arguments: Any, **options: Any) -> Any:
        is_traced = current() is not None and isinstance(a, (list, tuple)) and has_traced(a)
        return original(as_array(a) if is_traced else a, *arguments, **options)

    return wrapper


def _filled(name: str, original: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """An array made in the function: where it is one of floats, traced values can be written into it."""
    fill = options.get("fill_value", arguments[1] if name == "full" and len(arguments) > 1 else None)
    if has_traced(fill):
        shape = options.get("shape", arguments[0] if arguments else ())
        array = np.empty(shape, object).view(TracedArray)
        array[...] = fill
        return array
    if options.get("dtype") == np.dtype(object):
        options = {**options, "dtype": float}  # that of a traced array
    made = original(*arguments, **options)
    return of_constants(made * 0 if name == "empty" and made.dtype.kind == "f" else made)


def of_constants(made: Any) -> Any:
    """An array of floats as one that can hold traced values, too, while a function is traced."""
    if current() is not None and type(made) is np.ndarray and made.dtype.kind == "f" and made.ndim > 0:
        return made.astype(object).view(TracedArray)
    return made


def require_double(what: str, dtype: Any) -> None:
    """Refuses to compute traced values in another type than double precision."""
    if dtype is not None and dtype is not np._NoValue and np.dtype(dtype) not in (np.dtype(object), np.dtype(float)):
        refuse(f"{what} of traced values with dtype {np.dtype(dtype)}", "Use floats of double precision.")


_patch_lock = threading.Lock()
_patched_names: dict[tuple[int, str], list[Any]] = {}
"""What is replaced now: namespace, original and how many traces need it, by namespace and name."""


@contextmanager
def _patched(function: Callable[..., Any]) -> Iterator[None]:
    """Has numpy's and SciPy's functions that dispatch nothing look for traced values first: where they are found as
    attributes of their modules, and where the function's own module has imported them by name. On other threads they do what
    they always do.
    """
    from lanewise._numpy_functions import SPECIAL

    wrappers: dict[int, Any] = {id(original): _wrapper(name, original) for name, original in _ORIGINALS.items()}
    wrappers |= {id(original): _of_list(original) for original in (getattr(np, name) for name in _OF_LISTS)}
    special = sys.modules.get("scipy.special")
    if special is not None:
        for name, traced in SPECIAL.items():
            wrappers[id(getattr(special, name))] = _special(getattr(special, name), traced)
    mine = []
    with _patch_lock:
        for space in _namespaces(function, special):
            for name, value in list(space.items()):
                key = (id(space), name)
                if key in _patched_names:
                    _patched_names[key][2] += 1
                elif id(value) in wrappers:
                    _patched_names[key] = [space, value, 1]
                    space[name] = wrappers[id(value)]
                else:
                    continue
                mine.append(key)
    try:
        yield
    finally:
        with _patch_lock:
            for key in mine:
                space, original, count = _patched_names[key]
                _patched_names[key][2] = count - 1
                if count == 1:
                    del _patched_names[key]
                    space[key[1]] = original


def _new_lock() -> None:
    """In a forked process no other thread traces."""
    global _patch_lock
    _patch_lock = threading.Lock()


os.register_at_fork(after_in_child=_new_lock)


def _special(original: Any, traced: Callable[..., Any]) -> Any:
    @functools.wraps(original)
    def wrapper(*arguments: Any, **options: Any) -> Any:
        is_traced = current() is not None and has_traced([*arguments, *options.values()])
        return (traced if is_traced else original)(*arguments, **options)

    return wrapper


def _namespaces(function: Any, special: Any) -> list[dict[str, Any]]:
    while isinstance(function, functools.partial):
        function = function.func
    if not hasattr(function, "__globals__") and not hasattr(function, "__func__"):
        function = getattr(type(function), "__call__", function)
    function = getattr(function, "__func__", function)
    spaces = [vars(np)]
    if special is not None:
        spaces.append(vars(special))
    own = getattr(function, "__globals__", None)
    if own is not None:
        spaces.append(own)
    return spaces


def trace(fun: Callable[..., Any], dimension: int, args: tuple[Any, ...] = ()) -> Tape:
    """Records a function of one vector: calls it once with a traced vector, and notes what it computes of it.

    `minimize` does so by itself; a tape serves where a function is minimised many times, or elsewhere: it can be pickled.

    Parameters
    ----------
    fun
        A numpy function ``fun(x, *args)`` of a vector x [dimension] that returns a number. It must take the same way for every x.
    dimension
        The number of variables, at least 1.
    args
        What else it gets.

    Returns
    -------
    Tape

    Raises
    ------
    TracingError
        Where it does something that cannot be recorded, with the line, and the way out.

    Examples
    --------
    >>> import numpy as np, lanewise
    >>> tape = lanewise.trace(lambda x: np.sum(x**2), 3)
    >>> lanewise.minimize(tape, [(-1, 1)] * 3).fun
    0.0
    """
    if not callable(fun) or isinstance(fun, Tape):
        raise TypeError(f"fun: {type(fun).__name__}; a function is expected")
    if not isinstance(dimension, (int, np.integer)) or dimension < 1:
        raise ValueError(f"dimension: {dimension!r}; a whole number of at least 1 is needed")
    return record(
        lambda x: fun(x, *args),
        dimension,
        lambda recording, value: recording.tape(_scalar(value, fun), dimension),
        of=fun,
    )


Of = TypeVar("Of")


def record(
    call: Callable[[Any], Any],
    dimension: int,
    finish: Callable[[Recording, Any], Of],
    *,
    of: Callable[..., Any],
    way_out: str = WAY_OUT,
) -> Of:
    """What `finish` makes of the recording of the function `of`, which is called with traced values by `call`."""
    recording = Recording(dimension, way_out)
    x = np.empty(dimension, object)
    x[:] = recording.variables
    outer, _here.recording = current(), recording
    try:
        with _patched(of), np.errstate(all="ignore"):
            value = call(x.view(TracedArray))
        if recording.error is None:
            finished = finish(recording, value)
    except TracingError:
        if recording.error is None:
            raise
    except Exception as error:
        if recording.error is None:
            _here.recording = outer
            _tell_of_tracing(error, call, dimension, way_out)
            raise
    finally:
        _here.recording = outer
    if recording.error is not None:
        raise recording.error
    return finished


def _tell_of_tracing(error: Exception, call: Callable[[Any], Any], dimension: int, way_out: str) -> None:
    """Says that an exception is one of tracing, where plain numbers raise none."""
    try:
        with np.errstate(all="ignore"):
            call(np.linspace(0.25, 0.75, dimension))
    except Exception:
        return
    traceback, place = error.__traceback__, ""
    while traceback is not None:
        if _is_of_user(traceback.tb_frame):
            place = f"{traceback.tb_frame.f_code.co_filename}, line {traceback.tb_lineno}: "
        traceback = traceback.tb_next
    raise TracingError(
        f"{place}{type(error).__name__}: {error}. With plain numbers the function raises nothing: this cannot be traced. {way_out}"
    ) from error


def place_of(function: Any) -> str:
    """Where a function begins."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return "" if code is None else f"{code.co_filename}, line {code.co_firstlineno}: "


def _scalar(value: Any, function: Any) -> Any:
    if isinstance(value, (Traced, float, int, np.number, np.bool_)):
        return value
    place = place_of(function)
    if not isinstance(value, (np.ndarray, list, tuple)):
        refuse(f"the function returns {type(value).__name__}", "Return one number.", place)
    array = as_array(value)
    if array.size != 1:
        refuse(f"the function returns shape {array.shape}", "Return one number, the value at x.", place)
    return array.reshape(-1).view(np.ndarray)[0]


def _add_operators() -> None:
    for name, operator in {
        "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "pow": "power", "mod": "remainder",
        "floordiv": "floor_divide", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
    }.items():  # fmt: skip
        setattr(Traced, f"__{name}__", _infix(operator))
        setattr(Traced, f"__r{name}__", _infix(operator, is_swapped=True))
    for name, operator in {
        "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal",
    }.items():  # fmt: skip
        setattr(Traced, f"__{name}__", _infix(operator))
    Traced.__hash__ = None  # type: ignore[assignment]


_add_operators()
