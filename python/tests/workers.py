"""Callbacks that do something to the process they are called in, and an executor that does what it is told."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from functions import Array, sphere_batch


def is_first(folder: str, times: int = 1) -> bool:
    """True so many times, over all processes."""
    for number in range(times):
        try:
            os.close(os.open(Path(folder) / str(number), os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            continue
        return True
    return False


def sphere_that_kills(x: Array, folder: str, times: int = 1) -> tuple[Array, Array]:
    """Ends its process without a word, so many times."""
    if is_first(folder, times):
        os.kill(os.getpid(), signal.SIGKILL)
    return sphere_batch(x)


def sphere_that_hangs(x: Array, folder: str) -> tuple[Array, Array]:
    """Once it takes an hour."""
    if is_first(folder):
        time.sleep(3600)
    return sphere_batch(x)


def sphere_that_fails(x: Array, folder: str) -> tuple[Array, Array]:
    """Raises what it raises each time, and counts its calls."""
    is_first(folder, 100)
    raise KeyError("the name of a parameter")


def sphere_that_waits(x: Array, folder: str) -> tuple[Array, Array]:
    """Takes a while, in its fifteenth call."""
    is_first(folder, 100)
    if len(os.listdir(folder)) == 15:
        time.sleep(0.6)
    return sphere_batch(x)


class Here:
    """Works where it is called. With its first calls it does what the words say: "work", "hang", or what is raised."""

    def __init__(self, *deeds: str | BaseException) -> None:
        self.deeds = deque(deeds)
        self.hung: list[Callable[[], None]] = []
        self.calls = 0

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.calls += 1
        deed = self.deeds.popleft() if self.deeds else "work"
        if isinstance(deed, BaseException):
            future.set_exception(deed)
        elif deed == "hang":
            self.hung.append(lambda: future.set_result(function(*args)))
        else:
            future.set_result(function(*args))
        return future


class RayExecutor:
    """Ray as an executor; doc/python-parts.md has it, too."""

    def __init__(self) -> None:
        import ray

        self._call = ray.remote(lambda function, *args: function(*args))

    def submit(self, function: Any, /, *args: Any) -> Any:
        return self._call.remote(function, *args).future()
