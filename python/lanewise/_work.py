"""Work on many problems, and how it is watched."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np

from lanewise._executor import Crew, Handing, Unfinished, pack
from lanewise._files import writer
from lanewise._problem import Interrupt
from lanewise._progress import FitProgress, make_bar
from lanewise._search import State, interrupted
from lanewise._task import Task
from lanewise._watch import Watch

Numbers = TypeVar("Numbers")
Found = TypeVar("Found")


def work_on(
    task: Task,
    act: Callable[..., Numbers],
    tell: Callable[[Numbers], Found],
    *,
    progress: bool | Callable[[FitProgress], object],
    stop: Callable[[], object] | None,
    checkpoint: str | os.PathLike[str] | Callable[[bytes], object] | None,
    resume: State | None,
    on_interrupt: Literal["raise", "return"],
    handing: Handing | None = None,
    parts: int | None = None,
) -> Found:
    """What `tell` makes of what ``act(task, problem, state)`` finds with the problem of the task and the state to go on from.

    With `handing` others work on it, in parts.

    Raises
    ------
    KeyboardInterrupt
        With what was found, where Ctrl-C ended it and `on_interrupt` is "raise".
    """
    if parts is not None and parts < 1:
        raise ValueError(f"parts: {parts}; at least 1 is expected")
    if handing is not None and (checkpoint is not None or resume is not None):
        raise TypeError(
            f"{'resume' if checkpoint is None else 'checkpoint'}: fits that an executor works on keep no state"
        )
    with ExitStack() as stack:
        bar: Any = make_bar(progress)
        if bar is not None:
            stack.callback(bar.close)
        if handing is not None:
            job = _FitsInParts(task, act, bar, stop)
            interrupt = stack.enter_context(job.watch.interrupt)
            numbers = job.work(stack.enter_context(Crew(handing)), parts)
        else:
            problem = stack.enter_context(task.problem())
            if bar is not None:
                problem.set_fit_progress(bar)
            if checkpoint is not None:
                problem.set_checkpoint(checkpoint if callable(checkpoint) else writer(Path(checkpoint)))
            interrupt = stack.enter_context(Interrupt())
            problem.set_stop(lambda: interrupt.is_seen or (stop is not None and stop()))
            numbers = act(task, problem, _state(resume))
        found = tell(numbers)
    if interrupt.is_seen and on_interrupt == "raise":
        raise interrupted(found)
    return found


def _state(resume: State | None) -> bytes | None:
    if resume is None or isinstance(resume, (bytes, bytearray, memoryview)):
        return None if resume is None else bytes(resume)
    return Path(resume).read_bytes()


# ---- In parts ----


@dataclass(frozen=True)
class _FitPart:
    """Some of the problems, as they go to a worker."""

    task: Task
    act: Callable[..., Any]

    def __call__(self, max_time: float | None) -> Any:
        task = replace(self.task, options={**self.task.options, "max_time": max_time})
        with task.problem() as problem, Interrupt() as interrupt:
            problem.set_stop(lambda: interrupt.is_seen)
            numbers = self.act(task, problem, None)
        if interrupt.is_seen:
            raise Unfinished(None, "interrupted")
        return numbers


class _FitsInParts:
    """Ranges of problems, as the one who hands them out sees them: a `Job`."""

    def __init__(self, task: Task, act: Callable[..., Any], bar: Any, stop: Callable[[], object] | None) -> None:
        self.watch = Watch(stop, task.options.get("max_time"))
        self._task, self._act, self._bar = task, act, bar
        self._count = len(task.rows.first_rows) - 1
        self._parts = 1
        self._done = self._runs = 0
        self._numbers = self._none_yet()

    def work(self, crew: Crew, parts: int | None) -> Any:
        """What the problems come to."""
        if parts is None:
            parts = max(self._count // _MOST_OF_PART, min(2 * crew.workers(), self._count // _LEAST_OF_PART))
        self._parts = max(min(parts, self._count), 1)
        if self._count > 0:
            crew.work_on(range(1, self._parts + 1), self)
        return self._numbers

    def name(self, part: int) -> str:
        """See `Job`."""
        problems = self._problems(part)
        return f"part {part} of {self._parts} (problems {problems.start} to {problems.stop - 1})"

    def hand_out(self, part: int) -> tuple[bytes, tuple[Any, ...]]:
        """See `Job`."""
        problems = self._problems(part)
        task = self._task.part(np.arange(problems.start, problems.stop))
        threads = task.options.get("threads")
        task = replace(task, options={**task.options, "threads": 1 if threads is None else threads})
        return pack(_FitPart(task, self._act)), (self.watch.time_of_part(),)

    def take(self, part: int, found: Any) -> None:
        """See `Job`."""
        problems = self._problems(part)
        for name, all_numbers in vars(self._numbers).items():
            all_numbers[problems.start : problems.stop] = getattr(found, name)
        self._done += len(problems)
        self._runs += int(found.runs.sum())
        if self._bar is not None:
            self._bar(FitProgress(self._count, self._done, self._runs, self.watch.seconds()))

    def keep(self, part: int, state: None) -> None:
        """See `Job`: there is nothing to go on from."""

    def seconds_left(self) -> float | None:
        """See `Job`."""
        return self.watch.seconds_left()

    def _problems(self, part: int) -> range:
        return range((part - 1) * self._count // self._parts, part * self._count // self._parts)

    def _none_yet(self) -> Any:
        """The numbers of fits that were stopped at once. So all is looked at, here, before any of it is handed out."""
        with self._task.problem() as problem:
            problem.set_stop(lambda: True)
            return self._act(self._task, problem, None)


_LEAST_OF_PART, _MOST_OF_PART = 50, 1000
"""Problems of a part, unless the caller says how many parts there are."""
