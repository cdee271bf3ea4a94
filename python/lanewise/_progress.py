"""How a search stands, and a bar that shows it."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Union

from lanewise import _library


@dataclass(frozen=True)
class Progress:
    """How a search stands, told between two stages of its runs."""

    phase: str
    """"starts", "offspring" or "polish"; "parts" between the parts that an executor works on."""
    iteration: int
    """Iterations done by the runs that are still going; of "parts" those that are done."""
    iterations: int
    """Of each of these runs; 0 while runs go on by L-BFGS or are polished. Of "parts" all of them."""
    runs: int
    """Starts asked for."""
    runs_begun: int
    runs_alive: int
    minima: int
    """Polished so far; not all may be distinct."""
    run_iterations: int
    """Iterations done, summed over runs."""
    share: float
    """Of the starts' iterations that are done or spared, 0 to 1."""
    best_f: float
    """Best value so far; infinite while there is none."""
    seconds: float

    @staticmethod
    def of(told: _library.CProgress) -> Progress:
        """What the library tells."""
        fields: dict[str, Any] = {name: getattr(told, name) for name, *_ in told._fields_}
        return Progress(**{**fields, "phase": told.phase.decode()})

    def text(self) -> str:
        """The line that the program ``lanewise`` shows."""
        if self.phase == "parts":
            figures = "  ".join(f"{name} {figure}" for name, figure in self.figures().items())
            return f"part {self.iteration} of {self.iterations}  {figures}"
        told = _library.CProgress(self.phase.encode(), *list(vars(self).values())[1:])
        buffer = ctypes.create_string_buffer(512)
        _library.call("progress_text", ctypes.byref(told), buffer, len(buffer))
        return buffer.value.decode()

    def figures(self) -> dict[str, object]:
        """What a bar says beside the share."""
        rate = self.run_iterations / self.seconds / 1e6 if self.seconds > 0 else 0.0
        return {"best": f"{self.best_f:.6g}", "minima": self.minima, "M it/s": f"{rate:.3g}"}


@dataclass(frozen=True)
class FitProgress:
    """How fits stand."""

    problems: int
    """All of them."""
    done: int
    runs: int
    """That have ended."""
    seconds: float

    phase: ClassVar[str] = "fits"

    @staticmethod
    def of(told: _library.CFitProgress) -> FitProgress:
        """What the library tells."""
        return FitProgress(**{name: getattr(told, name) for name, *_ in told._fields_})

    @property
    def share(self) -> float:
        """Of the problems that are done, 0 to 1."""
        return self.done / max(self.problems, 1)

    def text(self) -> str:
        """A line that shows it."""
        rate = self.done / self.seconds if self.seconds > 0 else 0.0
        return f"fits {self.done} of {self.problems}, {self.runs} runs, {rate:.3g} fits/s"

    def figures(self) -> dict[str, object]:
        """What a bar says beside the share."""
        return {"fits": self.done, "runs": self.runs}


class Bar(Protocol):
    """Shows how a search stands, or fits."""

    def __call__(self, progress: Any, /) -> object: ...
    def close(self) -> None: ...


_Told = Union[Progress, FitProgress]


class _Line:
    """The bar of the command line: a line on stderr that is written over on a terminal."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._next = 0.0
        self._is_shown = False

    def __call__(self, progress: _Told, /) -> None:
        if progress.seconds < self._next:
            return
        self._next = progress.seconds + (0.1 if self._is_terminal else 1.0)
        text = progress.text()
        print(
            f"\r{text}\033[K" if self._is_terminal else text,
            end="" if self._is_terminal else "\n",
            file=sys.stderr,
        )
        sys.stderr.flush()
        self._is_shown = self._is_terminal

    def close(self) -> None:
        if self._is_shown:
            print(file=sys.stderr)


class _Tqdm:
    """A bar of tqdm, which knows terminals and notebooks."""

    def __init__(self, tqdm: Callable[..., Any]) -> None:
        self._bar = tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}<{remaining}{postfix}")
        self._next = 0.0

    def __call__(self, progress: _Told, /) -> None:
        if progress.seconds < self._next and progress.share < 1:
            return
        self._next = progress.seconds + 0.1
        self._bar.set_description(progress.phase, refresh=False)
        self._bar.set_postfix(progress.figures(), refresh=False)
        self._bar.update(max(0.0, 100 * progress.share - self._bar.n))
        self._bar.refresh()

    def close(self) -> None:
        self._bar.close()


class _Called:
    """The caller's own function."""

    def __init__(self, function: Callable[[Any], object]) -> None:
        self._function = function

    def __call__(self, progress: _Told, /) -> None:
        self._function(progress)

    def close(self) -> None:
        pass


def make_bar(progress: bool | Callable[[Any], object]) -> Bar | None:
    """What shows progress: the caller's function, else tqdm where it can be imported, else a line."""
    if callable(progress):
        return _Called(progress)
    if not progress:
        return None
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return _Line()
    return _Tqdm(tqdm)
