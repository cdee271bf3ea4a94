"""The C interface of lanewise (``lanewise/lanewise.h``), by ctypes."""

from __future__ import annotations

import ctypes
import functools
import os
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_double, c_int, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any

ABI = 1
"""The version of the C interface that this package was written for (``LANEWISE_ABI``)."""

OK, OUT_OF_MEMORY, INVALID, NOTHING_FINITE, CALLBACK_FAILED, FAILED = range(6)


class CProgress(ctypes.Structure):
    """``lanewise_progress``."""

    _fields_ = [
        ("phase", c_char_p),
        *(
            (name, c_uint64)
            for name in (
                "iteration",
                "iterations",
                "runs",
                "runs_begun",
                "runs_alive",
                "minima",
                "run_iterations",
            )
        ),
        *((name, c_double) for name in ("share", "best_f", "seconds")),
    ]


class CFitProgress(ctypes.Structure):
    """``lanewise_fit_progress``."""

    _fields_ = [*((name, c_uint64) for name in ("problems", "done", "runs")), ("seconds", c_double)]


# Arrays are passed as addresses, which is quicker than typed pointers.
GradientCallback = CFUNCTYPE(c_int, c_void_p, c_size_t, c_void_p, c_void_p, c_void_p, c_void_p)
ValueCallback = CFUNCTYPE(c_int, c_void_p, c_size_t, c_void_p, c_void_p, c_void_p)
ProgressCallback = CFUNCTYPE(c_int, c_void_p, POINTER(CProgress))
StopCallback = CFUNCTYPE(c_int, c_void_p)
CheckpointCallback = CFUNCTYPE(c_int, c_void_p, c_void_p, c_size_t)
FitProgressCallback = CFUNCTYPE(c_int, c_void_p, POINTER(CFitProgress))
PathCallback = CFUNCTYPE(c_int, c_void_p, c_uint64, ctypes.c_int64, c_double, c_void_p)

_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "version": (c_char_p, []),
    "new": (c_void_p, []),
    "free": (None, [c_void_p]),
    "error": (c_char_p, [c_void_p]),
    "add_variable": (c_int, [c_void_p, c_char_p, c_size_t, c_void_p, c_void_p, c_int]),
    "add_variable_text": (c_int, [c_void_p, c_char_p]),
    "dimension": (c_size_t, [c_void_p]),
    "bounds": (c_int, [c_void_p, c_void_p, c_void_p]),
    "set_parameter": (c_int, [c_void_p, c_char_p, c_double]),
    "set_option": (c_int, [c_void_p, c_char_p, c_char_p]),
    "option_name": (c_char_p, [c_size_t]),
    "set_expression": (c_int, [c_void_p, c_char_p]),
    "set_program": (
        c_int,
        [c_void_p, c_size_t, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_uint32],
    ),
    "operation": (c_int, [c_char_p]),
    "set_gradient_callback": (c_int, [c_void_p, GradientCallback, c_void_p]),
    "set_value_callback": (c_int, [c_void_p, ValueCallback, c_double, c_void_p]),
    "set_starts": (c_int, [c_void_p, c_size_t, c_void_p]),
    "set_progress": (c_int, [c_void_p, ProgressCallback, c_void_p]),
    "progress_text": (c_size_t, [POINTER(CProgress), c_char_p, c_size_t]),
    "set_stop": (c_int, [c_void_p, StopCallback, c_void_p]),
    "set_checkpoint": (c_int, [c_void_p, CheckpointCallback, c_void_p]),
    "minimize": (c_int, [c_void_p, POINTER(c_void_p)]),
    "resume": (c_int, [c_void_p, c_char_p, c_size_t, POINTER(c_void_p)]),
    "set_handed": (c_int, [c_void_p, c_char_p, c_size_t]),
    "part_of_state": (c_int, [c_void_p, c_char_p, c_size_t, POINTER(c_uint64)]),
    "merge": (
        c_int,
        [c_void_p, c_size_t, c_void_p, c_void_p, c_int, *[POINTER(c_void_p)] * 2, POINTER(c_size_t), POINTER(c_int)],
    ),
    "profile": (c_int, [c_void_p, POINTER(c_void_p), POINTER(c_char_p), POINTER(c_char_p)]),
    "minimize_batch": (
        c_int,
        [c_void_p, c_size_t, *[c_void_p] * 7],
    ),
    "evaluate": (c_int, [c_void_p, c_size_t, c_void_p, c_void_p, c_void_p]),
    "check_gradient": (
        c_int,
        [c_void_p, c_size_t, c_double, POINTER(c_int), POINTER(c_char_p), POINTER(c_char_p)],
    ),
    "starts": (c_int, [c_void_p, c_size_t, c_void_p, c_void_p]),
    "paths": (c_int, [c_void_p, c_size_t, c_void_p, c_size_t, PathCallback, c_void_p]),
    "set_rows": (c_int, [c_void_p, c_size_t, c_void_p]),
    "add_column": (c_int, [c_void_p, c_char_p, c_size_t, c_void_p, c_int]),
    "add_problem_parameter": (c_int, [c_void_p, c_char_p, c_void_p]),
    "set_problem_bounds": (c_int, [c_void_p, c_void_p, c_void_p]),
    "set_problem_starts": (c_int, [c_void_p, c_void_p]),
    "set_table": (c_int, [c_void_p, c_char_p, c_size_t, c_void_p]),
    "set_model": (c_int, [c_void_p, *[c_char_p] * 4]),
    "set_fit_option": (c_int, [c_void_p, c_char_p, c_char_p]),
    "fit_option_name": (c_char_p, [c_size_t]),
    "set_fit_progress": (c_int, [c_void_p, FitProgressCallback, c_void_p]),
    "fit": (c_int, [c_void_p, c_char_p, c_size_t, *[c_void_p] * 9]),
    "minimize_problems": (c_int, [c_void_p, c_char_p, c_size_t, *[c_void_p] * 7, c_size_t, *[c_void_p] * 4]),
    "predict": (c_int, [c_void_p, *[c_void_p] * 5, c_double, c_void_p, c_void_p]),
    "free_result": (None, [c_void_p]),
    "json": (c_char_p, [c_void_p]),
    "table": (c_char_p, [c_void_p]),
}


def _path() -> str:
    """The library beside this file, or the one that the environment variable LANEWISE_LIBRARY names."""
    name = os.environ.get("LANEWISE_LIBRARY")
    return name if name else str(Path(__file__).with_name(f"liblanewise_c.so.{ABI}"))


def _load() -> Any:
    path = _path()
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(f"lanewise: the library {path} cannot be loaded: {error}") from error
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, f"lanewise_{name}")
        function.restype = result
        function.argtypes = arguments
    return library


_library = _load()


def call(name: str, *arguments: Any) -> Any:
    """Calls ``lanewise_<name>``. Other Python threads run meanwhile."""
    return getattr(_library, f"lanewise_{name}")(*arguments)


def text_of(handle: c_void_p) -> str:
    """The JSON of a result of the library, which is given up."""
    try:
        text = call("json", handle)
        if text is None:
            raise MemoryError("lanewise: not enough memory")
        return str(text.decode())
    finally:
        call("free_result", handle)


def version() -> str:
    """The version of the library, "major.minor.patch"."""
    return str(call("version").decode())


@functools.cache
def known_options(of: str = "option") -> frozenset[str]:
    """The names of all options of searches and batches, or with "fit_option" of fits."""
    return frozenset([*option_names(of), *(["tolerance"] if of == "option" else [])])


def option_names(of: str = "option") -> list[str]:
    """The names of the options of a search, or with "fit_option" of fits, written as Python does."""
    names: list[str] = []
    while (name := call(f"{of}_name", len(names))) is not None:
        names.append(name.decode().replace("-", "_"))
    return names
