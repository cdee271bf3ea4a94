"""Searches in parts: each is worked on by an executor, or here, and what they find is merged."""

from __future__ import annotations

import functools
import math
import os
import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Union

import numpy as np

from lanewise._bounds import Array, Variable
from lanewise._errors import NothingFinite
from lanewise._executor import Crew, Handing, Unfinished, pack
from lanewise._files import writer
from lanewise._objectives import Function, Jac, Objective, objective_of
from lanewise._problem import Merged, Problem, Refused
from lanewise._progress import Bar, Progress, make_bar
from lanewise._result import Result
from lanewise._search import history_of, interrupted, require_words, search
from lanewise._watch import Watch

Keep = Union[str, "os.PathLike[str]", Callable[[int, bytes], object]]


@dataclass(frozen=True)
class Called:
    """A callback as users hand it over: what calls it is made where that is done."""

    fun: Function
    jac: Jac
    args: tuple[Any, ...]


@dataclass(frozen=True)
class Found:
    """What a part has found."""

    state: bytes
    f: float
    minima: int
    starts: int
    """Of the part."""
    all_starts: int
    run_iterations: int


@dataclass(frozen=True)
class SearchTask:
    """What a part of a search needs to know. It goes to the workers."""

    variables: list[Variable] | list[str]
    objective: Objective | Called
    starts: Array | None
    options: dict[str, Any] = field(default_factory=dict)

    def __call__(
        self,
        part: int,
        name: str,
        handed: bytes,
        state: bytes | None,
        max_time: float | None,
        *,
        keep: Callable[[bytes], object] | None = None,
        stop: Callable[[], object] | None = None,
        progress: bool | Callable[[Progress], object] = False,
    ) -> Found:
        """Works on a part, from its state on where there is one; `name` is what errors call that.

        Raises
        ------
        Unfinished
            With a state, where it did not come to its end.
        """
        states: list[bytes] = []

        def kept(last: bytes) -> None:
            states[:] = [last]
            if keep is not None:
                keep(last)

        options = {**self.options, "part": f"{part}/{self.options['parts']}", "max_time": max_time}
        with Problem(self.variables, options) as problem:
            problem.set_objective(self._objective(problem.dimension))
            problem.set_handed(handed)
            result = None
            try:
                result = search(
                    problem,
                    x0=self.starts,
                    progress=progress,
                    stop=stop,
                    checkpoint=kept,
                    resume=state,
                    on_interrupt="return",
                    gradient=False,
                )
            except NothingFinite:
                pass
            except Refused as error:
                if state is None:
                    raise
                raise ValueError(f"{name}: {error}") from None
            if not states or problem.part_of_state(states[0]) != part:
                raise Unfinished(states[0] if states else state, "interrupted" if result is None else result.reason)
        if result is None:
            return Found(states[0], np.nan, 0, 0, 0, 0)
        all_starts = result.options["starts"] + (0 if self.starts is None else len(self.starts))
        return Found(states[0], result.fun, result.minima_found, result.runs["started"], all_starts, result.nit)

    def packed(self) -> bytes:
        """For the workers of an executor: one thread each, unless another number is asked for."""
        threads = self.options.get("threads")
        # States are kept when a part has ended: those before stay where it is worked on.
        options = {**self.options, "threads": 1 if threads is None else threads, "minima": 1, "every": 1e9}
        function = self.objective.fun if isinstance(self.objective, Called) else None
        return pack(replace(self, options=options), function)

    def _objective(self, dimension: int) -> Objective:
        if isinstance(self.objective, Called):
            return objective_of(self.objective.fun, dimension, jac=self.objective.jac, args=self.objective.args)
        return self.objective


def are_in_parts(handing: Handing | None, options: dict[str, Any], keeps_states: bool) -> bool:
    """Whether parts are handed out here, and are not the library's affair.

    Raises
    ------
    TypeError
        Where options do not go with an executor.
    """
    parts, part = options.get("parts"), options.get("part")
    if handing is None:
        return bool(parts) and not part and keeps_states
    if not parts:
        raise TypeError(
            f"parts: {parts!r}; with an executor a number of parts is expected. What is found depends on it, "
            "and not on who works on them"
        )
    if part:
        raise TypeError(f"part: {part!r}; an executor works on all parts")
    return True


class _Folder:
    """States of parts, in a folder."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        self._count = count

    def file(self, part: int) -> Path:
        return self.folder / f"part-{part}-of-{self._count}.state"

    def write(self, part: int, state: bytes) -> None:
        writer(self.file(part))(state)

    def read(self, part: int) -> bytes | None:
        file = self.file(part)
        return file.read_bytes() if file.exists() else None

    def require_count(self) -> None:
        """Refuses a folder with the states of another number of parts."""
        for file in self.folder.glob("part-*-of-*.state"):
            if not file.name.endswith(f"-of-{self._count}.state"):
                raise ValueError(f"resume: {str(file)!r} is of another number of parts than {self._count}")


def _writer_of(checkpoint: Keep | None, count: int) -> Callable[[int, bytes], object]:
    if checkpoint is None:
        return lambda _part, _state: None
    if callable(checkpoint):
        return checkpoint
    folder = Path(checkpoint)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"checkpoint: {str(folder)!r}; of a search in parts a folder is expected")
    folder.mkdir(parents=True, exist_ok=True)
    return _Folder(folder, count).write


def _folder_of(resume: Any, checkpoint: Keep | None, count: int) -> _Folder | None:
    if resume is None:
        return None
    if not isinstance(resume, (str, os.PathLike)):
        raise TypeError(
            f"resume: {type(resume).__name__}; of a search in parts the folder with their states is expected"
        )
    folder = Path(resume)
    is_new = _is_same(checkpoint, folder)
    if not folder.is_dir() and not (is_new and not folder.exists()):
        raise ValueError(f"resume: {str(folder)!r}; a folder is expected, with the states of parts")
    return _Folder(folder, count)


def _is_same(checkpoint: Keep | None, folder: Path) -> bool:
    return checkpoint is not None and not callable(checkpoint) and Path(checkpoint).absolute() == folder.absolute()


class PartedSearch:
    """A search in parts, as the one who hands them out sees it: a `Job`.

    Parameters
    ----------
    problem
        With objective, starts and options of the search.
    task
        The same for workers.
    progress, stop, checkpoint, resume, on_interrupt
        As of `minimize`.
    """

    def __init__(
        self,
        problem: Problem,
        task: SearchTask,
        *,
        progress: bool | Callable[[Progress], object],
        stop: Callable[[], object] | None,
        checkpoint: Keep | None,
        resume: Any,
        on_interrupt: Literal["raise", "return"],
    ) -> None:
        require_words(stop, on_interrupt)
        self._problem, self._task = problem, task
        self._progress, self._on_interrupt = progress, on_interrupt
        options = task.options
        self._parts, self._rounds = int(options["parts"]), int(options.get("rounds") or 1)
        self._watch = Watch(stop, options.get("max_time"))
        self._is_worse = float.__lt__ if options.get("maximize") else float.__gt__
        self._names = {part: f"part {part}" for part in range(1, self._parts + 1)}
        self._under_way: dict[int, bytes] = {}
        self._found: dict[int, bytes] = {}
        """States of parts, of those that are done."""
        self._handed, self._packed = b"", b""
        self._starts = self._begun = self._minima = self._iterations = 0
        self._best = -math.inf if options.get("maximize") else math.inf
        self._history: list[tuple[float, int, float]] = []
        self._bar: Bar | None = None
        self._require_options()
        folder = _folder_of(resume, checkpoint, self._parts)
        self._write = _writer_of(checkpoint, self._parts)
        if folder is not None:
            self._read(folder)
            if not _is_same(checkpoint, folder.folder):
                for part, state in (self._under_way | self._found).items():
                    self._write(part, state)

    def result(self, handing: Handing | None) -> Result:
        """What the parts find: those whom they are handed to, or this process where that is nobody.

        Raises
        ------
        KeyboardInterrupt
            With what was found, where Ctrl-C ended it and `on_interrupt` is "raise".
        """
        if handing is not None:
            self._packed = self._task.packed()
        with ExitStack() as stack:
            self._bar = make_bar(self._progress)
            if self._bar is not None:
                stack.callback(self._bar.close)
            stack.enter_context(self._watch.interrupt)
            merged = self._work(None if handing is None else stack.enter_context(Crew(handing)))
        result = None if merged is None or merged.text is None else self._result(merged.text)
        if (
            self._watch.interrupt.is_seen
            and self._on_interrupt == "raise"
            and (not result or result.reason == "interrupted")
        ):
            raise interrupted(result)
        if result is None and self._found:
            raise NothingFinite("nothing finite was found in the parts that were worked on")
        if result is None:
            raise RuntimeError(f"the search ended ({self._watch.ended}) before any of its {self._parts} parts did")
        result.jac = self._problem.evaluate(result.x.reshape(1, -1))[1][0]
        return result

    def _work(self, crew: Crew | None) -> Merged | None:
        for number in range(1, self._rounds + 1):
            first, last = ((number - i) * self._parts // self._rounds for i in (1, 0))
            todo = [part for part in range(first + 1, last + 1) if part not in self._found]
            if crew is None:
                self._work_here(todo)
            else:
                crew.work_on(todo, self)
            if self._watch.ended is not None:
                break
            merged = self._merge(allow_missing=False, until=last)
            is_there = merged.text is not None and Result(merged.text).reason == "target"
            if number == self._rounds or merged.is_settled or is_there:
                return merged
            self._handed = merged.handed
        return self._so_far()

    def _work_here(self, parts: list[int]) -> None:
        for part in parts:
            if self._watch.is_over():
                return
            try:
                found = self._task(
                    *self._arguments(part),
                    keep=functools.partial(self.keep, part),
                    stop=self._watch.is_over,
                    progress=False if self._bar is None else self._tell_of_part,
                )
            except Unfinished as unfinished:
                self._watch.ended = self._watch.ended or unfinished.reason
                return
            self.take(part, found)

    # ---- What a crew asks ----

    def name(self, part: int) -> str:
        """See `Job`."""
        return f"part {part} of {self._parts}"

    def hand_out(self, part: int) -> tuple[bytes, tuple[Any, ...]]:
        """See `Job`."""
        return self._packed, self._arguments(part)

    def take(self, part: int, found: Found) -> None:
        """See `Job`."""
        self._write(part, found.state)
        self._under_way.pop(part, None)
        self._found[part] = found.state
        self._starts = found.all_starts or self._starts
        self._begun += found.starts
        self._minima += found.minima
        self._iterations += found.run_iterations
        if self._is_worse(self._best, found.f):
            self._best = found.f
        if math.isfinite(self._best):
            self._history.append((self._watch.seconds(), self._iterations, self._best))
        if self._bar is not None:
            self._bar(self._progress_now())

    def keep(self, part: int, state: bytes | None) -> None:
        """See `Job`."""
        if state is not None:
            self._under_way[part] = state
            self._write(part, state)

    def seconds_left(self) -> float | None:
        """See `Job`."""
        return self._watch.seconds_left()

    # ---- States ----

    def _arguments(self, part: int) -> tuple[Any, ...]:
        return part, self._names[part], self._handed, self._under_way.get(part), self._watch.time_of_part()

    def _so_far(self) -> Merged | None:
        """None where no part has found anything. States of other searches, also of parts under way, are refused."""
        try:
            return self._merge(allow_missing=True, states=self._under_way | self._found)
        except NothingFinite:
            return None
        except ValueError as error:
            if "no part to merge" not in str(error):
                raise
            return None

    def _merge(
        self, allow_missing: bool, until: int | None = None, states: Mapping[int, bytes] | None = None
    ) -> Merged:
        states = self._found if states is None else states
        parts = [part for part in sorted(states) if until is None or part <= until]
        try:
            return self._problem.merge([states[part] for part in parts], allow_missing)
        except ValueError as error:
            said = re.sub(r"\bstate (\d+)\b", lambda match: self._names[parts[int(match[1])]], str(error))
            raise ValueError(said) from None

    def _require_options(self) -> None:
        self._so_far()  # the library looks at the options before it misses the parts

    def _read(self, folder: _Folder) -> None:
        """What there is already. That of another search is refused."""
        folder.require_count()
        for part in self._names:
            state = folder.read(part)
            if state is None:
                continue
            self._names[part] = str(folder.file(part))
            try:
                number = self._problem.part_of_state(state)
            except ValueError as error:
                raise ValueError(f"{self._names[part]}: {error}") from None
            if number not in (0, part):
                raise ValueError(f"{self._names[part]}: this is part {number}")
            (self._found if number else self._under_way)[part] = state
        if self._found or self._under_way:
            merged = self._so_far()
            if merged is not None and merged.text is not None:
                so_far = Result(merged.text)
                self._best, self._minima, self._iterations = so_far.fun, so_far.minima_found, so_far.nit
                self._starts = so_far.runs["started"]
                self._begun = self._starts * len(self._found) // self._parts

    def _result(self, text: str) -> Result:
        if self._watch.ended is not None:
            text = text.replace('"parts-missing"', f'"{self._watch.ended}"', 1)
        result = Result(text)
        result.history = history_of([*self._history, (self._watch.seconds(), result.nit, result.fun)])
        return result

    # ---- How it stands ----

    def _progress_now(self) -> Progress:
        return Progress(
            phase="parts",
            iteration=len(self._found),
            iterations=self._parts,
            runs=self._starts,
            runs_begun=self._begun,
            runs_alive=0,
            minima=self._minima,
            run_iterations=self._iterations,
            share=len(self._found) / self._parts,
            best_f=self._best,
            seconds=self._watch.seconds(),
        )

    def _tell_of_part(self, at: Progress) -> None:
        """Of one that is worked on here."""
        assert self._bar is not None
        now = self._progress_now()
        best = at.best_f if self._is_worse(now.best_f, at.best_f) else now.best_f
        self._bar(
            replace(
                at,
                runs=max(now.runs, at.runs),
                runs_begun=now.runs_begun + at.runs_begun,
                minima=now.minima + at.minima,
                run_iterations=now.run_iterations + at.run_iterations,
                share=now.share + at.share / self._parts,
                best_f=best,
                seconds=now.seconds,
            )
        )
