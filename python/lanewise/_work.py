"""Work on many problems, and how it is watched."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, TypeVar

from lanewise._files import writer
from lanewise._problem import Interrupt, Problem
from lanewise._progress import FitProgress, make_bar
from lanewise._search import State, interrupted
from lanewise._task import Task

Found = TypeVar("Found")


def work_on(
    task: Task,
    act: Callable[[Problem, bytes | None], Found],
    *,
    progress: bool | Callable[[FitProgress], object],
    stop: Callable[[], object] | None,
    checkpoint: str | os.PathLike[str] | Callable[[bytes], object] | None,
    resume: State | None,
    on_interrupt: Literal["raise", "return"],
) -> Found:
    """What `act` finds with the problem of the task and the state to go on from.

    Raises
    ------
    KeyboardInterrupt
        With what was found, where Ctrl-C ended it and `on_interrupt` is "raise".
    """
    with ExitStack() as stack:
        bar: Any = make_bar(progress)
        if bar is not None:
            stack.callback(bar.close)
        problem = stack.enter_context(task.problem())
        if bar is not None:
            problem.set_fit_progress(bar)
        if checkpoint is not None:
            problem.set_checkpoint(checkpoint if callable(checkpoint) else writer(Path(checkpoint)))
        interrupt = stack.enter_context(Interrupt())
        problem.set_stop(lambda: interrupt.is_seen or (stop is not None and stop()))
        found = act(problem, _state(resume))
    if interrupt.is_seen and on_interrupt == "raise":
        raise interrupted(found)
    return found


def _state(resume: State | None) -> bytes | None:
    if resume is None or isinstance(resume, (bytes, bytearray, memoryview)):
        return None if resume is None else bytes(resume)
    return Path(resume).read_bytes()
