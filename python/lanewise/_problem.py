"""A problem of the C interface: handed over what users say, asked for work, with errors as exceptions."""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from types import FrameType, TracebackType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lanewise import _library
from lanewise._bounds import Variable
from lanewise._errors import NothingFinite
from lanewise._objectives import (
    Array,
    Formula,
    Gradients,
    Objective,
    Rows,
    Traced,
    Values,
    array_at,
    copy_into,
    ids_at,
)
from lanewise._options import as_text
from lanewise._progress import FitProgress, Progress


def as_bytes(what: str, text: str) -> bytes:
    """The text as the library reads it."""
    if "\0" in text:
        raise ValueError(f"{what} has a character NUL, at {text.index(chr(0))}")
    return text.encode()


class Merged(NamedTuple):
    """What the parts of a search found, brought together."""

    text: str | None
    """The JSON of the result, if there is one yet."""
    handed: bytes
    """For the parts of the next round."""
    is_settled: bool
    """No further round is needed."""


class Refused(ValueError):
    """What the library refuses, and no callback raised."""


class Problem:
    """An objective over a box with its options. One is made for each call, and belongs to its thread.

    Parameters
    ----------
    variables
        The variables of the box; texts are for the library to read.
    options
        By the names of `SearchOptions` or `BatchOptions`; those that are None are not set.

    Raises
    ------
    TypeError
        Where there is no option of a name.
    ValueError
        Naming what is wrong with a bound or an option, and what is allowed.
    """

    def __init__(self, variables: Sequence[Variable] | Sequence[str], options: Mapping[str, Any] | None = None) -> None:
        self._handle: int | None = _library.call("new")
        if self._handle is None:
            raise MemoryError("lanewise: not enough memory")
        self._kept: list[Any] = []  # callbacks and arrays that the library refers to
        self._raised: BaseException | None = None
        try:
            for variable in variables:
                self._add(variable)
            for name, value in (options or {}).items():
                self.set_option(name, value)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Problem:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives up its memory."""
        _library.call("free", self._handle)
        self._handle = None
        self._kept.clear()

    @property
    def dimension(self) -> int:
        """The number of coordinates."""
        return int(_library.call("dimension", self._handle))

    def call(self, name: str, *arguments: Any) -> None:
        """Calls ``lanewise_<name>(problem, ...)``.

        Raises
        ------
        ValueError, NothingFinite, MemoryError, RuntimeError
            As the library says; what a callback raised is raised here.
        """
        code = _library.call(name, self._handle, *arguments)
        if self._raised is not None:
            raised, self._raised = self._raised, None
            raise raised
        if code == _library.OK:
            return
        message = _library.call("error", self._handle).decode()
        if code == _library.OUT_OF_MEMORY:
            raise MemoryError(message)
        if code == _library.INVALID:
            raise Refused(message)
        if code == _library.NOTHING_FINITE:
            raise NothingFinite(message)
        raise RuntimeError(message)

    def set_objective(self, objective: Objective) -> None:
        """Sets what is minimised."""
        if isinstance(objective, Formula):
            for name, value in objective.parameters.items():
                self.call("set_parameter", name.encode(), float(value))
            for name, numbers in objective.tables.items():
                self.set_table(name, numbers)
            if objective.rows is not None:
                self.set_rows(objective.rows)
            self.call("set_expression", as_bytes("the formula", objective.text))
        elif isinstance(objective, Traced):
            tape = objective.tape
            columns = tape.columns()
            self.call("set_program", len(tape), *(column.ctypes.data for column in columns), tape.value)
        elif isinstance(objective, Gradients):
            self._set_callback("set_gradient_callback", _library.GradientCallback, self._gradients(objective))
        else:
            self._set_callback("set_value_callback", _library.ValueCallback, self._values(objective), 0.0)

    def set_option(self, name: str, value: Any, of: str = "option") -> None:
        """Sets an option of searches and batches, or with "fit_option" of fits; one that is None is not set."""
        try:
            if value is not None:
                self.call(f"set_{of}", name.encode(), as_text(name, value).encode())
            elif name not in _library.known_options(of):
                self.call(f"set_{of}", name.encode(), b"")
        except ValueError as error:
            if str(error).startswith("unknown option"):
                raise TypeError(str(error)) from None
            raise

    def set_starts(self, starts: Array) -> None:
        """Sets the starts [count, d] that come before drawn ones."""
        self.call("set_starts", len(starts), starts.ctypes.data)

    def set_progress(self, tell: Callable[[Progress], object]) -> None:
        """Has `tell` called between two stages."""

        def told(_data: Any, progress: Any) -> int:
            return self._guard(lambda: tell(Progress.of(progress.contents)))

        self._set_callback("set_progress", _library.ProgressCallback, told)

    def set_rows(self, rows: Rows) -> None:
        """Sets the rows of data, of one problem or of many."""
        self._kept.append(rows)
        self.call("set_rows", len(rows.first_rows) - 1, rows.first_rows.ctypes.data)
        for column in rows.columns:
            self.call(
                "add_column",
                as_bytes("the name of a column", column.name),
                column.numbers.size,
                column.numbers.ctypes.data,
                int(column.is_shared),
            )

    def set_table(self, name: str, numbers: Array) -> None:
        """Sets numbers of a formula, by name and index."""
        self.call("set_table", as_bytes("the name of a table", name), numbers.size, numbers.ctypes.data)

    def set_fit_progress(self, tell: Callable[[FitProgress], object]) -> None:
        """Has `tell` called while fits are made."""

        def told(_data: Any, progress: Any) -> int:
            return self._guard(lambda: tell(FitProgress.of(progress.contents)))

        self._set_callback("set_fit_progress", _library.FitProgressCallback, told)

    def set_stop(self, stop: Callable[[], object]) -> None:
        """Has `stop` asked often; what is true ends the search with what it has."""

        def asked(_data: Any) -> int:
            answer = False

            def ask() -> None:
                nonlocal answer
                answer = bool(stop())

            # A search that is to fail ends as one that is stopped; `call` raises then.
            return self._guard(ask) or int(answer)

        self._set_callback("set_stop", _library.StopCallback, asked)

    def set_checkpoint(self, keep: Callable[[bytes], object]) -> None:
        """Has `keep` handed states to go on from."""

        def handed(_data: Any, state: int, size: int) -> int:
            return self._guard(lambda: keep(ctypes.string_at(state, size)))

        self._set_callback("set_checkpoint", _library.CheckpointCallback, handed)

    def set_handed(self, handed: bytes) -> None:
        """Sets what a merge handed out, for a part of a later round."""
        self.call("set_handed", handed, len(handed))

    def part_of_state(self, state: bytes) -> int:
        """The number of the part that the state is of, where that is done; else 0."""
        part = ctypes.c_uint64()
        self.call("part_of_state", state, len(state), ctypes.byref(part))
        return part.value

    def merge(self, states: Sequence[bytes], allow_missing: bool) -> Merged:
        """Brings together what parts found."""
        result, handed = ctypes.c_void_p(), ctypes.c_void_p()
        size, is_settled = ctypes.c_size_t(), ctypes.c_int()
        addresses = (ctypes.c_char_p * len(states))(*states)
        sizes = (ctypes.c_size_t * len(states))(*map(len, states))
        told = (ctypes.byref(out) for out in (result, handed, size, is_settled))
        self.call("merge", len(states), addresses, sizes, int(allow_missing), *told)
        return Merged(
            _library.text_of(result) if result else None,
            ctypes.string_at(handed.value, size.value) if handed.value else b"",
            bool(is_settled.value),
        )

    def evaluate(self, points: Array) -> tuple[Array, Array]:
        """Values [B] and gradients [B, d] at points [B, d]."""
        f, g = np.empty(len(points)), np.empty_like(points)
        self.call("evaluate", len(points), points.ctypes.data, f.ctypes.data, g.ctypes.data)
        return f, g

    def bounds(self) -> tuple[Array, Array]:
        """Lower and upper bounds [d]."""
        lower, upper = np.empty(self.dimension), np.empty(self.dimension)
        self.call("bounds", lower.ctypes.data, upper.ctypes.data)
        return lower, upper

    def starts(self, ids: npt.NDArray[np.uint64]) -> Array:
        """The points [n, d] where the starts with these ids begin."""
        x = np.empty((len(ids), self.dimension))
        self.call("starts", len(ids), ids.ctypes.data, x.ctypes.data)
        return x

    def paths(
        self,
        ids: npt.NDArray[np.uint64],
        iterations: int,
        visit: Callable[[int, int, float, Array], object],
    ) -> None:
        """Hands every point of the paths of some starts to `visit(start_id, iteration, f, x)`."""
        d = self.dimension

        def visited(_data: Any, start: int, iteration: int, f: float, x: int) -> int:
            return self._guard(lambda: visit(start, iteration, f, array_at(x, d).copy()))

        callback = _library.PathCallback(visited)
        self.call("paths", len(ids), ids.ctypes.data, iterations, callback, None)

    def _add(self, variable: Variable | str) -> None:
        if isinstance(variable, str):
            self.call("add_variable_text", variable.encode())
            return
        scale = -1 if variable.log is None else int(variable.log)
        self.call(
            "add_variable",
            variable.name.encode(),
            variable.length or 0,
            variable.lower.ctypes.data,
            variable.upper.ctypes.data,
            scale,
        )

    def _set_callback(self, setter: str, kind: Any, function: Callable[..., int], *more: Any) -> None:
        callback = kind(function)
        self._kept.append(callback)
        self.call(setter, callback, *more, None)

    def _guard(self, act: Callable[[], object]) -> int:
        """Runs the caller's code in a callback of the library, which no exception may leave."""
        try:
            act()
        except BaseException as raised:
            self._raised = raised
            return 1
        return 0

    def _gradients(self, objective: Gradients) -> Callable[..., int]:
        d = self.dimension
        view = _Views()

        def evaluate(_data: Any, count: int, x: int, ids: int | None, f: int, g: int) -> int:
            def act() -> None:
                numbers = ids_at(ids, count) if objective.wants_ids else None
                values, gradients = objective.evaluate(view(x, count, d).copy(), numbers)
                copy_into(view(f, count), values, "values f")
                copy_into(view(g, count, d), gradients, "gradients g")

            return self._guard(act)

        return evaluate

    def _values(self, objective: Values) -> Callable[..., int]:
        d = self.dimension
        view = _Views()

        def evaluate(_data: Any, count: int, x: int, ids: int | None, f: int) -> int:
            def act() -> None:
                numbers = ids_at(ids, count) if objective.wants_ids else None
                copy_into(view(f, count), objective.evaluate(view(x, count, d).copy(), numbers), "values f")

            return self._guard(act)

        return evaluate


class _Views:
    """Arrays over the memory of the library. It is the same from round to round, mostly: the last ones are kept."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, ...], Array] = {}

    def __call__(self, address: int, *shape: int) -> Array:
        key = (address, *shape)
        if key not in self._kept:
            if len(self._kept) >= 8:
                self._kept.clear()
            self._kept[key] = array_at(address, *shape)
        return self._kept[key]


class Interrupt:
    """While it is entered, the first Ctrl-C is noted and nothing else; the second raises KeyboardInterrupt.

    So a callback that is running comes to its end. On other threads than the main one, and where the program
    has a handler of its own, nothing changes.
    """

    def __init__(self) -> None:
        self.is_seen = False
        self._is_installed = False

    def __enter__(self) -> Interrupt:
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._note)
            self._is_installed = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._is_installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self.is_seen:
            raise KeyboardInterrupt
        self.is_seen = True
