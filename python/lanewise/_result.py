"""What was found, in the manner of SciPy's ``OptimizeResult``."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas

Array = npt.NDArray[np.float64]

_MESSAGES = {
    "completed": (0, "every run ended on its own"),
    "settled": (0, "going on would hardly find a better value"),
    "target": (0, "the target value was reached"),
    "max-time": (1, "the time was up"),
    "max-evaluations": (1, "the evaluations were spent"),
    "interrupted": (2, "the search was interrupted"),
    "out-of-memory": (3, "there was not the memory to go on"),
    "parts-missing": (1, "not all of its parts are here"),
}


@dataclass(frozen=True)
class Minimum:
    """A distinct local minimum: a place where runs ended or a polish led."""

    fun: float
    """The value."""
    x: Array
    """[d] The point."""
    hits: int
    """Starts whose run ended here."""
    offspring: int
    """Further runs that did."""
    finished: bool
    """A run converged here, or a polish came to its end."""
    polished: bool
    """To full precision."""
    continuum: bool
    """Other points beside it are as low: a line, an edge, a ring or a face of minima."""
    gradient_norm: float
    """Euclidean norm of the projected gradient."""
    at_bound: npt.NDArray[np.int8]
    """[d] -1 at the lower bound, 1 at the upper, else 0."""
    start_ids: npt.NDArray[np.int64]
    """Of the runs that ended here, best first, then of those merged; none in parts without the option `start_ids`."""


@dataclass(frozen=True)
class Coverage:
    """What the search may not have seen."""

    runs: int
    """Runs of drawn starts that came to a minimum."""
    found_once: int
    """Of these: those that came to a minimum that no other came to."""
    unseen_probability: float | None
    """The chance that another start's run comes to a new minimum; None where it is not known."""


@dataclass(frozen=True)
class Audit:
    """What pruning may have cost, from the starts whose runs go on where others are pruned."""

    spared: int
    better_than_leader: int
    regret: float


@dataclass(frozen=True)
class Work:
    """What the search took."""

    seconds: float
    run_iterations: int
    """Iterations, summed over runs."""
    evaluations: int
    """Values with gradients, summed over runs."""
    run_iterations_per_second: float
    lane_occupancy: float
    """Share of the computed lanes that held a live run."""


@dataclass(frozen=True)
class Region:
    """The part of the box in which most starts were drawn."""

    lower: Array
    upper: Array


@dataclass(frozen=True)
class Parts:
    """Which parts of a search are in a result."""

    of: int
    """How many there are."""
    merged: list[int]
    """Those that are in it, from 1 on."""
    tail_share: float
    """The share of the minima beyond the best 1000 that they tell. Below 1, `minima_found` and `coverage` are estimates."""


@dataclass(frozen=True)
class History:
    """How the best value fell, from one stage to the next."""

    seconds: Array
    run_iterations: npt.NDArray[np.int64]
    fun: Array
    """The best value so far."""


class Result(Mapping[str, Any]):
    """What a search found. Fields can be read as attributes and as items.

    Attributes
    ----------
    x : ndarray [d]
        The best point that the search visited.
    fun : float
        The value there.
    jac : ndarray [d] or None
        The gradient there; None of a result that was read from JSON.
    success : bool
        The search came to its end, and the best point is a minimum or as good as the target.
    status : int
        0: it came to its end; 1: a limit ended it; 2: it was interrupted; 3: memory ran out.
    reason : str
        "completed", "settled", "target", "max-time", "max-evaluations", "interrupted", "out-of-memory" or "parts-missing".
    message : str
        The same as a sentence.
    nfev, njev, nit : int
        Evaluations, which are values with gradients, and iterations, both summed over runs.
    minima : list of Minimum
        The distinct minima, best first.
    xl, funl : ndarray [m, d], ndarray [m]
        Their points and values.
    hits : ndarray of int [m]
        How many starts' runs ended at each.
    minima_found : int
        How many distinct minima there are; the best 1000 are described (option `minima`).
    variables : dict
        The best point by the names of the variables.
    names : list of str
        The names of the coordinates: "x", "v[3]".
    lower, upper : ndarray [d]
        The bounds.
    coverage : Coverage
    audit : Audit
    work : Work
    region : Region or None
    parts : Parts or None
        None where the search was not in parts.
    runs : dict
        How the runs of the starts ended, by run status.
    options : dict
        All options that were used.
    expression : str or None
        The formula, if the objective was one.
    parameters : dict
        Its parameters.
    history : History or None
        How the best value fell; None of a result that was read from JSON.
    """

    x: Array
    fun: float
    jac: Array | None
    success: bool
    status: int
    reason: str
    message: str
    nfev: int
    njev: int
    nit: int
    minima: list[Minimum]
    xl: Array
    funl: Array
    hits: npt.NDArray[np.int64]
    minima_found: int
    variables: dict[str, Any]
    names: list[str]
    lower: Array
    upper: Array
    coverage: Coverage
    audit: Audit
    work: Work
    region: Region | None
    parts: Parts | None
    runs: dict[str, int]
    options: dict[str, Any]
    expression: str | None
    parameters: dict[str, float]
    history: History | None

    def __init__(self, text: str, jac: Array | None = None, history: History | None = None) -> None:
        self._text = text
        try:
            told = json.loads(text)
            self._read(told)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"this is no result of lanewise as JSON: {error!r}") from None
        self.jac = jac
        self.history = history

    @staticmethod
    def from_json(text: str) -> Result:
        """Reads a result that `to_json` or ``lanewise minimize --json`` wrote.

        Raises
        ------
        ValueError
            Where it is none.
        """
        return Result(text)

    def to_json(self) -> str:
        """The result as the command line writes it; doc/json.md has the layout."""
        return self._text

    def to_frame(self) -> pandas.DataFrame:
        """The minima as a table of pandas: a row each, with value, hits and coordinates.

        Raises
        ------
        ImportError
            Where there is no pandas.
        """
        import pandas

        columns: dict[str, Any] = {"fun": self.funl, "hits": self.hits}
        for name in ("offspring", "finished", "polished", "continuum", "gradient_norm"):
            columns[name] = [getattr(minimum, name) for minimum in self.minima]
        for j, name in enumerate(self.names):
            columns[name] = self.xl[:, j]
        return pandas.DataFrame(columns)

    def __getitem__(self, key: str) -> Any:
        if key not in _FIELDS:
            raise KeyError(key)
        return getattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(_FIELDS)

    def __len__(self) -> int:
        return len(_FIELDS)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_FIELDS})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Result) and self._text == other._text

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return Result, (self._text, self.jac, self.history)

    def __repr__(self) -> str:
        rows = self._summary()
        width = max(len(name) for name, _ in rows)
        lines = [f"{name:>{width}}: {value}" for name, value in rows]
        lines.append(f"{'minima':>{width}}: {self._count_of_minima()}")
        lines += [" " * (width + 2) + line for line in self._table_of_minima()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = [*self._summary(), ("minima", self._count_of_minima())]
        summary = "".join(
            f"<tr><th style='text-align:right'>{html.escape(name)}</th>"
            f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
            for name, value in rows
        )
        head = "".join(f"<th>{html.escape(name)}</th>" for name in ("f", "hits", "offspring", *self._shown_names()))
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"
            for cells in self._cells_of_minima()
        )
        return f"<table>{summary}</table><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _read(self, told: dict[str, Any]) -> None:
        problem, best, work = told["problem"], told["best"], told["work"]
        self.x = np.array(best["x"], float)
        self.fun = float(best["f"])
        self.reason = told["status"]
        self.status, message = _MESSAGES[self.reason]
        self.message = f"{self.reason}: {message}"
        self.success = self.status == 0 and (best["finished"] or self.reason == "target")
        self.nfev = self.njev = work["evaluations"]
        self.nit = work["run_iterations"]
        self.minima = [_minimum(minimum) for minimum in told["minima"]]
        self.minima_found = told["minima_found"]
        self.xl = np.array([minimum.x for minimum in self.minima]).reshape(-1, self.x.size)
        self.funl = np.array([minimum.fun for minimum in self.minima])
        self.hits = np.array([minimum.hits for minimum in self.minima], np.int64)
        self.variables = {
            name: np.array(value, float) if isinstance(value, list) else float(value)
            for name, value in best["variables"].items()
        }
        self.names = []
        lower: list[float] = []
        upper: list[float] = []
        for variable in problem["variables"]:
            length = variable.get("length")
            if length is None:
                self.names.append(variable["name"])
            else:
                self.names += [f"{variable['name']}[{j}]" for j in range(length)]
            lower += np.ravel(variable["lower"]).tolist()
            upper += np.ravel(variable["upper"]).tolist()
        self.lower, self.upper = np.array(lower), np.array(upper)
        self.coverage = Coverage(**told["coverage"])
        self.audit = Audit(**told["audit"])
        self.work = Work(**work)
        region = told.get("region")
        self.region = region and Region(np.array(region["lower"], float), np.array(region["upper"], float))
        parts = told.get("parts")
        self.parts = parts and Parts(**parts)
        self.runs = told["runs"]
        self.options = told["options"]
        self.expression = problem.get("expression")
        self.parameters = problem.get("parameters", {})

    def _summary(self) -> list[tuple[str, str]]:
        with np.printoptions(precision=8, threshold=12, edgeitems=4, linewidth=100):
            x = str(self.x).replace("\n", "")
        unseen = self.coverage.unseen_probability
        return [
            ("message", self.message),
            ("success", str(self.success)),
            ("fun", repr(self.fun)),
            ("x", x),
            ("nfev", str(self.nfev)),
            ("runs", f"{self.runs['started']} starts, {self.runs['offspring']} offspring"),
            (
                "unseen",
                "not known" if unseen is None else f"another run finds a new minimum with a chance of {unseen:.2g}",
            ),
            ("time", f"{self.work.seconds:.3g} s"),
        ]

    def _count_of_minima(self) -> str:
        more = "" if len(self.minima) <= _MOST_ROWS else f", the best {_MOST_ROWS} are"
        about = "about " if self.parts is not None and self.parts.tail_share < 1 else ""
        return f"{about}{self.minima_found} distinct{more}"

    def _shown_names(self) -> list[str]:
        return [*self.names[:_MOST_COLUMNS], *(["..."] if len(self.names) > _MOST_COLUMNS else [])]

    def _cells_of_minima(self) -> list[list[str]]:
        rows = []
        for minimum in self.minima[:_MOST_ROWS]:
            more = ["..."] if minimum.x.size > _MOST_COLUMNS else []
            x = [f"{value:.6g}" for value in minimum.x[:_MOST_COLUMNS]]
            rows.append([f"{minimum.fun:.9g}", str(minimum.hits), str(minimum.offspring), *x, *more])
        return rows

    def _table_of_minima(self) -> list[str]:
        rows = [["f", "hits", "offspring", *self._shown_names()], *self._cells_of_minima()]
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        return ["  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths)) for row in rows]


_MOST_ROWS = 10
_MOST_COLUMNS = 6
_FIELDS = tuple(name for name in Result.__annotations__ if not name.startswith("_"))


def _minimum(told: dict[str, Any]) -> Minimum:
    norm = told["gradient_norm"]
    return Minimum(
        fun=float(told["f"]),
        x=np.array(told["x"], float),
        hits=told["hits"],
        offspring=told["offspring"],
        finished=told["finished"],
        polished=told["polished"],
        continuum=told["continuum"],
        gradient_norm=float("nan") if norm is None else float(norm),
        at_bound=np.array(told["at_bound"], np.int8),
        start_ids=np.array(told["start_ids"], np.int64),
    )


_RUN_STATUSES = {
    0: "converged-gradient",
    1: "converged-value",
    2: "max-iterations",
    5: "nan-at-start",
    6: "nan-on-the-way",
    7: "stopped",
}


@dataclass(frozen=True, eq=False)
class BatchResult:
    """Where each run of `minimize_batch` ended, in the order of the starts. One broken run touches no other."""

    x: Array
    """[B, d] The best point that each run visited; where it started, if there is no value there."""
    fun: Array
    """[B] The values there; NaN where a start has no finite value and gradient."""
    jac: Array | None
    """[B, d] The gradients there; None where they were not asked for."""
    nit: npt.NDArray[np.int64]
    """[B] Iterations."""
    nfev: npt.NDArray[np.int64]
    """[B] Evaluations: values with gradients."""
    status: npt.NDArray[np.str_]
    """[B] "converged-gradient", "converged-value", "max-iterations", "nan-at-start", "nan-on-the-way" or "stopped"."""

    @property
    def success(self) -> npt.NDArray[np.bool_]:
        """[B] Whether each run has converged."""
        return np.char.startswith(self.status, "converged")

    def __len__(self) -> int:
        return len(self.fun)


def statuses_of(codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.str_]:
    """The run statuses by name."""
    names = np.array([_RUN_STATUSES.get(code, "") for code in range(max(_RUN_STATUSES) + 1)])
    return names[codes]


@dataclass(frozen=True)
class GradientCheck:
    """Whether a gradient is the derivative of its value."""

    passed: bool
    """Nothing is wrong, and there was a finite value somewhere."""
    text: str
    """The verdict as a sentence."""
    tolerance: float
    points: int
    """Points that were looked at."""
    points_not_finite: int
    """Of these: without a finite value."""
    points_unsettled: int
    """Of these: where it cannot be told for some variable."""
    wrong: list[str]
    """The coordinates whose derivative is wrong at some point."""
    unsettled: list[str]
    """The coordinates for which it cannot be told at any point."""
    worst: dict[str, Any] | None
    """Of the component that is off by most: variable, x, gradient, difference, difference_error, relative_error."""

    def __bool__(self) -> bool:
        return self.passed


@dataclass(frozen=True)
class Profile:
    """A result, and where the time of its search went."""

    result: Result
    report: str
    """Seconds by activity and thread, and how near the search came to what the machine can do."""
    timeline: str
    """JSON for chrome://tracing and ui.perfetto.dev."""

    def __str__(self) -> str:
        return self.report
