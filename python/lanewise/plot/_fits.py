"""A picture of fits: data, curves, bands and residuals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lanewise._bounds import Array
from lanewise._fits import Fits
from lanewise.plot._style import COLOURS, OTHER_MINIMA, count, require_matplotlib, spaced

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_POINTS = 200
"""Of a curve."""


def fits(
    result: Fits,
    n: int = 9,
    *,
    problems: Sequence[int] | None = None,
    confidence: float = 0.95,
    figure: Figure | None = None,
) -> Figure:
    """Draws fits: the data with the fitted model and the band that holds it, and the residuals beneath.

    Of more fits than `n` so many are drawn, evenly chosen. Where the model reads several columns the first one is
    the horizontal axis, and the model is drawn at the rows alone.

    Parameters
    ----------
    result
        What `lanewise.fit` returned.
    n
        How many fits are drawn at most; at least 1.
    problems
        Which fits are drawn, by their index; those of maps are counted with the last axis first.
    confidence
        Of the band, above 0 and below 1.
    figure
        An empty figure to draw on; a new one of pyplot unless given.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        Where `n` is less than 1, there is no such problem, or the model reads no column.
    ImportError
        Where there is no matplotlib.

    Examples
    --------
    >>> import numpy as np, lanewise
    >>> t = np.linspace(0, 4, 20)
    >>> result = lanewise.fit("a*exp(-k*x)", t, 3 * np.exp(-t) + 0.1 * np.sin(9 * t), {"a": (0, 9), "k": (0, 9)})
    >>> figure = lanewise.plot.fits(result)
    """
    require_matplotlib()
    if n < 1:
        raise ValueError(f"n: {n}; at least 1 fit is drawn")
    drawn = _chosen(result, n, problems)
    part = result.part(drawn)
    if not part.predictors:
        raise ValueError("result: the model reads no column, so there is nothing to draw it over")
    columns = math.ceil(math.sqrt(len(drawn)))
    rows = math.ceil(len(drawn) / columns)
    if figure is None:
        import matplotlib.pyplot

        figure = matplotlib.pyplot.figure(layout="constrained")
    figure.set_size_inches(max(5.0, 3.2 * columns), max(4.0, 3.4 * rows))
    grid = figure.add_gridspec(2 * rows, columns, height_ratios=[3, 1] * rows)
    for place in range(len(drawn)):
        row, column = divmod(place, columns)
        above = figure.add_subplot(grid[2 * row, column])
        below = figure.add_subplot(grid[2 * row + 1, column], sharex=above)
        _panel(above, below, part.part([place]), _label(result, drawn[place]), confidence)
        if column == 0:
            above.set_ylabel(part.response)
            below.set_ylabel("residual")
    of_all = (
        f"{spaced(len(drawn))} of {count(len(result), 'fit')}" if len(drawn) < len(result) else count(len(drawn), "fit")
    )
    converged = int(np.count_nonzero(result.success))
    figure.suptitle(
        f"{of_all}, {'all' if converged == len(result) else spaced(converged)} converged; "
        f"bands hold the model with {100 * confidence:g} %",
        fontsize="medium",
    )
    return figure


def _chosen(result: Fits, n: int, problems: Sequence[int] | None) -> list[int]:
    if problems is None:
        return [round(p) for p in np.linspace(0, len(result) - 1, min(n, len(result))).tolist()]
    chosen = [int(p) for p in problems]
    for p in chosen:
        if not 0 <= p < len(result):
            raise ValueError(f"problems: {p}; there are {len(result)}, counted from 0")
    if not chosen:
        raise ValueError("problems: there is none to draw")
    return chosen


def _label(result: Fits, problem: int) -> str:
    """What tells a fit from the others."""
    if result.groups:
        return ", ".join(f"{name} {keys[problem]}" for name, keys in result.groups.items())
    place = np.unravel_index(problem, np.shape(result.rss)) if np.ndim(result.rss) else ()
    return f"[{', '.join(map(str, place))}]" if place else ""


def _panel(above: Axes, below: Axes, fit: Fits, label: str, confidence: float) -> None:
    """Draws one fit."""
    name, x = next(iter(fit.predictors.items()))
    y = fit.observed().reshape(-1)
    at_rows = fit.predict().value.reshape(-1)
    above.plot(x, y, ".", color=OTHER_MINIMA, markersize=5, zorder=3)
    if np.isfinite(fit.x).all() and np.isfinite(x).any():
        if len(fit.predictors) == 1:
            _curve(above, fit, x, confidence)
        else:
            above.plot(x, at_rows, "o", markerfacecolor="none", color=COLOURS[0], markersize=6)
    below.axhline(0, color=COLOURS[0], linewidth=1)
    below.vlines(x, 0, y - at_rows, color="#BBBBBB", linewidth=0.8)
    below.plot(x, y - at_rows, ".", color=OTHER_MINIMA, markersize=4)
    above.tick_params(labelbottom=False)
    below.set_xlabel(name)
    status = str(np.reshape(fit.status, -1)[0])
    parts = [part for part in (label, "" if status == "converged" else status) if part]
    above.set_title(": ".join(parts), fontsize="small")


def _curve(ax: Axes, fit: Fits, x: Array, confidence: float) -> None:
    across = np.linspace(np.nanmin(x), np.nanmax(x), _POINTS)
    prediction = fit.predict(across, confidence)
    value, half_width = prediction.value.reshape(-1), prediction.half_width.reshape(-1)
    if np.isfinite(half_width).any():
        ax.fill_between(across, value - half_width, value + half_width, color=COLOURS[0], alpha=0.2, linewidth=0)
    ax.plot(across, value, color=COLOURS[0], linewidth=1.5)
