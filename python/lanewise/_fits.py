"""What `fit` and `minimize_problems` found."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from lanewise._bounds import Array
from lanewise._files import replaced
from lanewise._objectives import Rows
from lanewise._tables import Groups, Table, is_table, numbers_of
from lanewise._task import EndNumbers, Layout, Numbers, Task

if TYPE_CHECKING:
    import os

_Numbers = TypeVar("_Numbers", bound="Numbers | EndNumbers")

_STATUSES = np.array(["converged", "max-iterations", "no-rows", "no-value", "stopped"])


class Named(np.ndarray[Any, np.dtype[np.float64]]):
    """An array whose last axis goes over variables: ``x["k"]`` is the part of one. What is computed of it is a plain array."""

    names: list[str]

    @staticmethod
    def of(array: Array, names: list[str]) -> Named:
        """The array with the names of its last axis."""
        named = array.view(Named)
        named.names = names
        return named

    def __array_finalize__(self, _made_of: Any) -> None:
        self.names = []

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return getattr(ufunc, method)(*map(_plain, inputs), **options)

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, str):
            return _plain(self)[key]
        if key not in self.names:
            raise KeyError(f"{key!r}; the variables are {', '.join(self.names)}")
        return _plain(self)[..., self.names.index(key)]

    def __repr__(self) -> str:
        return repr(_plain(self))

    def __reduce__(self) -> Any:
        return Named.of, (_plain(self), self.names)


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Named) else value


class Prediction(NamedTuple):
    """The fitted model at rows."""

    value: Array
    """[..., M]"""
    half_width: Array
    """[..., M] Half the width of the band around it that holds the model with the confidence asked for."""

    @property
    def lower(self) -> Array:
        """[..., M] The lower edge of the band."""
        return self.value - self.half_width

    @property
    def upper(self) -> Array:
        """[..., M] The upper edge of the band."""
        return self.value + self.half_width


@dataclass(frozen=True)
class Source:
    """What was fitted, and how users call its parts."""

    task: Task
    layout: Layout
    predictors: dict[str, str]
    """The names in the formulas of the columns that the model reads, by the users' names."""


class _Found(Generic[_Numbers]):
    """What came of each problem, be it a fit or another minimum."""

    _value: str
    """What the least value is called."""
    _words: tuple[str, str]
    """What the formula and what was found are called."""

    def __init__(self, names: list[str], numbers: _Numbers, source: Source) -> None:
        self.names = names
        self.formula = source.task.formula
        self._numbers = numbers
        self._source = source
        layout = source.layout
        self.groups = {} if layout.groups is None else layout.groups.keys
        self.x = Named.of(numbers.x.reshape(*layout.lead, len(names)), names)
        self.n_used = self._counts(numbers.n_used)
        self.n_left_out = self._counts(numbers.n_left_out)
        self.runs = self._counts(numbers.runs)
        self.agree = self._counts(numbers.agree)
        self.status: Any = _STATUSES[numbers.status].reshape(layout.lead)[()]
        self.success: Any = self.status == "converged"

    def __len__(self) -> int:
        return self._source.layout.problems

    @property
    def _errors(self) -> Array | None:
        """[P, d] Standard errors, where there are any."""
        return None

    def to_dict(self) -> dict[str, npt.NDArray[Any]]:
        """Columns with a row for each problem, the last axis first to vary: ``pandas.DataFrame(found.to_dict())``."""
        table: dict[str, npt.NDArray[Any]] = {}

        def add(name: str, column: npt.NDArray[Any]) -> None:
            while name in table:
                name += "_"
            table[name] = column

        for name, keys in self.groups.items():
            add(name, keys)
        for j, name in enumerate(self.names):
            add(name, self._numbers.x[:, j])
            if self._errors is not None:
                add(f"{name}_stderr", self._errors[:, j])
        for name in (self._value, "n_used", "n_left_out", "runs", "agree", "status"):
            add(name, np.reshape(getattr(self, name), -1))
        return table

    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """Writes these columns as a file of Parquet, whole or not at all.

        Raises
        ------
        ImportError
            Where there is no pyarrow.
        """
        import pyarrow
        import pyarrow.parquet

        with replaced(Path(path)) as temporary:
            pyarrow.parquet.write_table(pyarrow.table(self.to_dict()), temporary)

    def __repr__(self) -> str:
        rows = self._summary()
        width = max(len(name) for name, _ in rows)
        lines = [f"{name:>{width}}: {value}" for name, value in rows]
        cells = [self._heads(), *self._cells()]
        widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
        lines += ["  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths)) for row in cells]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        summary = "".join(
            f"<tr><th style='text-align:right'>{html.escape(name)}</th>"
            f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
            for name, value in self._summary()
        )
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self._heads())
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>" for cells in self._cells()
        )
        return f"<table>{summary}</table><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _counts(self, counts: npt.NDArray[np.uint64]) -> Any:
        return counts.astype(np.int64).reshape(self._source.layout.lead)[()]

    def _summary(self) -> list[tuple[str, str]]:
        statuses, counts = np.unique(np.reshape(self.status, -1), return_counts=True)
        order = np.argsort(-counts, kind="stable")
        said = ", ".join(f"{counts[i]} {statuses[i]}" for i in order) or "0"
        lead = self._source.layout.lead
        shape = f" ({' x '.join(map(str, lead))})" if len(lead) > 1 else ""
        model = self.formula if len(self.formula) <= _MOST_CHARACTERS else self.formula[:_MOST_CHARACTERS] + " ..."
        what, found = self._words
        return [(what, model), (found, f"{said}{shape}")]

    def _heads(self) -> list[str]:
        shown = [
            head for name in self.names[:_MOST_COLUMNS] for head in ((name,) if self._errors is None else (name, "±"))
        ]
        more = ["..."] if len(self.names) > _MOST_COLUMNS else []
        lead = len(self._source.layout.lead)
        place = list(self.groups) or (["#"] if lead else [])
        return [*place, *shown, *more, self._value, "n", "agree", "status"]

    def _cells(self) -> list[list[str]]:
        rows = []
        for p in range(min(len(self), _MOST_ROWS)):
            numbers = self._numbers
            shown = [
                f"{array[p, j]:.{digits}g}"
                for j in range(min(len(self.names), _MOST_COLUMNS))
                for array, digits in ((numbers.x, 6), (self._errors, 2))
                if array is not None
            ]
            more = ["..."] if len(self.names) > _MOST_COLUMNS else []
            rows.append(
                [
                    *self._place(p),
                    *shown,
                    *more,
                    f"{getattr(numbers, self._value)[p]:.6g}",
                    str(numbers.n_used[p]),
                    f"{numbers.agree[p]} of {numbers.runs[p]}",
                    str(_STATUSES[numbers.status[p]]),
                ]
            )
        if len(self) > _MOST_ROWS:
            rows.append(["..."] + [""] * (len(self._heads()) - 1))
        return rows

    def _place(self, p: int) -> list[str]:
        if self.groups:
            return [str(keys[p]) for keys in self.groups.values()]
        lead = self._source.layout.lead
        return [",".join(str(i) for i in np.unravel_index(p, lead))] if lead else []


class Fits(_Found[Numbers]):
    """What came of each problem.

    Arrays have the leading axes of `y`, or one axis for the groups. Those of a single problem have none.

    Attributes
    ----------
    names : list of str
        The variables.
    x : array [..., d]
        Their best values; ``x["k"]`` is the part of one. NaN where there is none.
    stderr : array [..., d]
        Standard errors, the roots of the diagonal of `cov`.
    cov : ndarray [..., d, d]
        The covariance.
    rss : ndarray [...]
        Residual sum of squares; of another loss than "squared" its least value.
    n_used, n_left_out : ndarray of int [...]
        Rows without a missing value, and those with one.
    runs, agree : ndarray of int [...]
        Runs that were made, and how many of them came to a sum as low as the best.
    status : ndarray of str [...]
        "converged", "max-iterations", "no-rows", "no-value" or "stopped".
    success : ndarray of bool [...]
        Whether it has converged.
    groups : dict
        The keys of the groups [P] by the names of their columns; empty where there are none.
    formula : str
        The model, as a formula.
    response : str
        What it was fitted to, as a formula.
    predictors : dict
        The columns that the model reads, at the rows that were fitted, by their names.
    """

    _value = "rss"
    _words = ("model", "fits")

    def __init__(self, names: list[str], numbers: Numbers, source: Source) -> None:
        super().__init__(names, numbers, source)
        lead, d = source.layout.lead, len(names)
        self.response = source.task.response or "0"
        self.stderr = Named.of(numbers.stderr.reshape(*lead, d), names)
        self.cov = numbers.cov.reshape(*lead, d, d)
        self.rss: Any = numbers.rss.reshape(lead)[()]

    @property
    def _errors(self) -> Array:
        return self._numbers.stderr

    def predict(self, x: Any = None, confidence: float = 0.95) -> Prediction:
        """The fitted model, and the band that holds it with this confidence.

        Parameters
        ----------
        x
            Where: as of `fit`, for every problem [M] or for each its own [..., M]; a mapping or table where the model reads
            several columns. None: at the rows it was fitted to.
        confidence
            Above 0 and below 1.

        Returns
        -------
        Prediction
            ``value`` and ``half_width``, [..., M]. At the rows of groups they are in the order of the rows.
        """
        layout, rows = self._rows_at(x)
        value, half_width = self._source.task.at(rows).predict(self._numbers, confidence)
        return Prediction(layout.of_rows(value), layout.of_rows(half_width))

    def observed(self) -> Array:
        """The response that was fitted, at its rows: y, or what the formula makes of columns."""
        task = self._source.task
        response = replace(task, formula=self.response)
        numbers = self._numbers
        anywhere = replace(
            numbers,
            x=np.zeros_like(numbers.x),
            cov=np.zeros_like(numbers.cov),
            status=np.zeros_like(numbers.status),
        )
        value, _ = response.predict(anywhere, confidence=0.95)
        return self._source.layout.of_rows(value)

    def part(self, problems: Sequence[int]) -> Fits:
        """Some of the fits, by index: of maps they are counted with the last axis first. They have one leading axis."""
        chosen = np.asarray(problems, np.intp)
        layout, numbers = self._source.layout, self._numbers
        of_part = self._source.task.part(chosen)
        groups = layout.groups
        if groups is not None:
            keys = {name: values[chosen] for name, values in groups.keys.items()}
            groups = Groups(keys, of_part.rows.first_rows, np.arange(of_part.rows.first_rows[-1], dtype=np.intp))
        rows = layout.count if groups is None else len(groups.order)
        source = Source(of_part, Layout((len(chosen),), rows, groups), self._source.predictors)
        return Fits(self.names, Numbers(**{name: values[chosen] for name, values in vars(numbers).items()}), source)

    @property
    def predictors(self) -> dict[str, Array]:
        """See `Fits`."""
        by_name = {column.name: column for column in self._source.task.rows.columns}
        return {user: by_name[name].numbers for user, name in self._source.predictors.items()}

    def _rows_at(self, x: Any) -> tuple[Layout, Rows]:
        if x is None:
            return self._source.layout, self._source.task.rows
        predictors = self._source.predictors
        if is_table(x):
            table = Table(x)
            given = {name: numbers_of(table.column(name, "x"), f"x: {name}") for name in predictors}
        elif len(predictors) == 1:
            given = {next(iter(predictors)): numbers_of(x, "x")}
        else:
            raise TypeError(f"x: the model reads the columns {', '.join(predictors)}; a mapping or table is expected")
        lead = self._source.layout.lead
        count = max((array.shape[-1] if array.ndim else 1 for array in given.values()), default=1)
        layout = Layout(lead, count)
        columns = [layout.column(predictors[name], array, f"x: {name}") for name, array in given.items()]
        return layout, Rows(layout.first_rows(), columns)


class ProblemMinimum(NamedTuple):
    """A place where runs of a problem ended."""

    f: float
    x: Named
    """[d]"""
    runs: int
    """That ended there."""


class ProblemEnds(_Found[EndNumbers]):
    """What `minimize_problems` found of each problem.

    Arrays have the shape of the problems, or one axis for the groups. Those of a single problem have none.

    Attributes
    ----------
    names : list of str
        The variables.
    x : array [..., d]
        Their best values; ``x["k"]`` is the part of one. NaN where there is none.
    f : ndarray [...]
        The value there.
    n_used, n_left_out : ndarray of int [...]
        Rows without a missing value, and those with one.
    runs, agree : ndarray of int [...]
        Runs that were made, and how many of them came to a value as good as the best.
    status : ndarray of str [...]
        "converged", "max-iterations", "no-rows", "no-value" or "stopped".
    success : ndarray of bool [...]
        Whether it has converged.
    minima : ndarray of lists [...]
        The best minima, as many as were asked for, best first: ``f``, ``x`` and how many ``runs`` ended there.
    groups : dict
        The keys of the groups [P] by the names of their columns; empty where there are none.
    formula : str
        What was minimised.
    """

    _value = "f"

    def __init__(self, names: list[str], numbers: EndNumbers, source: Source) -> None:
        self._words = ("formula", "maxima" if source.task.maximize else "minima")
        super().__init__(names, numbers, source)
        self.f: Any = numbers.f.reshape(source.layout.lead)[()]
        minima = np.empty(len(self), object)
        for p, count in enumerate(numbers.minima):
            minima[p] = [
                ProblemMinimum(float(f), Named.of(x, names), int(runs))
                for f, x, runs in zip(
                    numbers.minima_f[p, :count], numbers.minima_x[p, :count], numbers.minima_runs[p, :count]
                )
            ]
        self.minima: Any = minima.reshape(source.layout.lead)[()]


_MOST_ROWS = 10
_MOST_COLUMNS = 6
_MOST_CHARACTERS = 100
