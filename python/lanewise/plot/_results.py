"""Pictures of what a search found: its runs, its best value over time, its minima."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lanewise._bounds import Array
from lanewise._result import Result
from lanewise.plot._box import Coordinate, box_of, coordinates_of
from lanewise.plot._style import (
    COLOURS,
    MOST_VECTORS,
    OTHER_MINIMA,
    axes,
    count,
    described,
    is_maximised,
    legend_below,
    minimum_label,
    number,
    rest_label,
    sense,
    thinned,
    title,
    value_axis,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Names and bounds of more variables than this do not fit below the axis.
_MOST_NAMES = 8


def waterfall(result: Result, ax: Axes | None = None) -> Axes:
    """Draws the value at which each run of a start ended, best first: a step for each minimum.

    Of more than 100 000 runs, so many are drawn, evenly chosen. The scale is logarithmic where the values
    differ by more than two decades. Differences below 1e-15, or 2^-40 of the best value or
    of the largest difference, are drawn as 0.

    Parameters
    ----------
    result
        What `lanewise.minimize` returned, or `Result.from_json` read.
    ax
        Where to draw; a new figure of pyplot unless given.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ImportError
        Where there is no matplotlib.

    Examples
    --------
    >>> import lanewise
    >>> result = lanewise.minimize("x[0]^2 + sin(5*x[0])", [(-3, 3)], starts=100)
    >>> ax = lanewise.plot.waterfall(result)
    """
    ax = axes(ax)
    runs = int(result.hits.sum())
    ranks = thinned(runs)
    of = np.searchsorted(np.cumsum(result.hits), ranks, side="right")
    worse = value_axis(ax, result.funl, result.fun, is_maximised(result))
    for i, minimum in enumerate(result.minima[: len(COLOURS)]):
        drawn = ranks[of == i]
        if drawn.size:
            _dots(ax, drawn, np.full(drawn.size, worse[i]), COLOURS[i], minimum_label(i, minimum))
    others = of >= len(COLOURS)
    if others.any():
        _dots(ax, ranks[others], worse[of[others]], OTHER_MINIMA, rest_label(result))
    if runs:
        legend_below(ax)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel("run, best first")
    title(
        ax,
        f"{count(runs, 'run')} of {count(result.runs['started'], 'start')} ended",
        f"at {described(result, len(result.minima))}",
        f"{count(ranks.size, 'run')} drawn" if ranks.size < runs else "",
        sense(is_maximised(result)),
    )
    return ax


def history(result: Result, ax: Axes | None = None) -> Axes:
    """Draws how the best value came to its end, over the iterations of all runs.

    Parameters
    ----------
    result
        What `lanewise.minimize` returned. One that was read from JSON has no history.
    ax
        Where to draw; a new figure of pyplot unless given.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        Where the result has no history.
    ImportError
        Where there is no matplotlib.

    Examples
    --------
    >>> import lanewise
    >>> result = lanewise.minimize("x[0]^2 + sin(5*x[0])", [(-3, 3)], starts=100)
    >>> ax = lanewise.plot.history(result)
    """
    told = result.history
    if told is None:
        raise ValueError("result: history is None, as of one that was read from JSON; draw it where the search is done")
    ax = axes(ax)
    worse = value_axis(ax, told.fun, result.fun, is_maximised(result))
    ax.step(told.run_iterations, worse, where="post", color=COLOURS[0], marker=".", markersize=4)
    if told.run_iterations[0] > 0:
        ax.set_xscale("log")
    ax.set_xlabel("iterations of all runs")
    title(ax, f"best value of {count(result.runs['started'], 'start')}", sense(is_maximised(result)))
    return ax


def minima(result: Result, most: int = 20, ax: Axes | None = None) -> Axes:
    """Draws how often the best minima were reached: by runs of starts, and by their offspring.

    Parameters
    ----------
    result
        What `lanewise.minimize` returned, or `Result.from_json` read.
    most
        How many minima are drawn at most; at least 1.
    ax
        Where to draw; a new figure of pyplot unless given.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        Where `most` is less than 1.
    ImportError
        Where there is no matplotlib.

    Examples
    --------
    >>> import lanewise
    >>> result = lanewise.minimize("x[0]^2 + sin(5*x[0])", [(-3, 3)], starts=100)
    >>> ax = lanewise.plot.minima(result)
    """
    if most < 1:
        raise ValueError(f"most: {most}; at least 1 minimum is drawn")
    ax = axes(ax)
    drawn = result.minima[:most]
    rows = np.arange(len(drawn))
    hits = np.array([minimum.hits for minimum in drawn])
    offspring = np.array([minimum.offspring for minimum in drawn])
    colours = [COLOURS[i] if i < len(COLOURS) else OTHER_MINIMA for i in rows]
    ax.barh(rows, hits, color=colours)
    ax.barh(rows, offspring, left=hits, color="#DDDDDD", label="offspring")
    for row, minimum in zip(rows, drawn):
        ax.annotate(
            f"{minimum.hits} + {minimum.offspring}" + ("" if minimum.finished else ", unfinished"),
            (minimum.hits + minimum.offspring, row),
            xytext=(3, 0),
            textcoords="offset points",
            verticalalignment="center",
            fontsize="small",
        )
    ax.set_yticks(rows, [f"{row + 1}: f = {number(minimum.fun, 8)}" for row, minimum in zip(rows, drawn)])
    ax.set_ylim(len(drawn) - 0.4, -0.6)
    ax.margins(x=0.3)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel("runs of starts (coloured) + offspring (grey)")
    title(ax, described(result, len(drawn)), sense(is_maximised(result)))
    return ax


def parallel(result: Result, ax: Axes | None = None) -> Axes:
    """Draws each minimum as a line across the variables, between their bounds: parallel coordinates.

    Variables on a log scale go in their logarithm. Of more than 100 000 minima, so many are drawn, evenly
    chosen.

    Parameters
    ----------
    result
        What `lanewise.minimize` returned, or `Result.from_json` read.
    ax
        Where to draw; a new figure of pyplot unless given.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ImportError
        Where there is no matplotlib.

    Examples
    --------
    >>> import lanewise
    >>> result = lanewise.minimize("sum(i, 0, 3, x[i]^4 - x[i]^2 + x[i]/9)", [(-2, 2)] * 4, starts=100)
    >>> ax = lanewise.plot.parallel(result)
    """
    ax = axes(ax)
    from matplotlib.collections import LineCollection

    coordinates = coordinates_of(box_of(result))
    shares = np.column_stack([along.share(result.xl[:, j]) for j, along in enumerate(coordinates)])
    across = np.arange(len(coordinates))
    named = min(len(result.minima), len(COLOURS))
    for i in range(named):
        ax.plot(
            across,
            shares[i],
            color=COLOURS[i],
            marker="o",
            markersize=4,
            label=minimum_label(i, result.minima[i]),
            zorder=3 - i / len(COLOURS),  # the best lies on top
        )
    others = named + thinned(len(result.minima) - named)
    if others.size:
        lines = np.stack([np.broadcast_to(across, (others.size, across.size)), shares[others]], axis=2)
        ax.add_collection(
            LineCollection(
                list(lines),
                colors=OTHER_MINIMA,
                linewidths=0.5,
                alpha=float(np.clip(20 / others.size, 0.05, 0.5)),
                rasterized=others.size > MOST_VECTORS,
            )
        )
        ax.plot([], [], color=OTHER_MINIMA, linewidth=0.5, label=rest_label(result))
    ax.set_xlim(-0.3, len(coordinates) - 0.7)
    ax.set_ylim(-0.03, 1.03)
    _name_coordinates(ax, coordinates)
    if result.minima:
        ax.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    drawn = named + others.size
    title(
        ax,
        f"{described(result, len(result.minima))} between the bounds",
        f"{count(drawn, 'minimum')} drawn" if drawn < len(result.minima) else "",
        sense(is_maximised(result)),
    )
    return ax


def _dots(ax: Axes, ranks: npt.NDArray[np.int64], worse: Array, colour: str, label: str) -> None:
    ax.scatter(ranks + 1, worse, s=9, color=colour, label=label, rasterized=ranks.size > MOST_VECTORS)


def _name_coordinates(ax: Axes, coordinates: list[Coordinate]) -> None:
    """Names below the axis, with the bounds where there is room; bounds that all have are at the side."""
    ranges = [_range(along) for along in coordinates]
    if len(set(ranges)) == 1:
        shares = [0, 1] if coordinates[0].log else np.linspace(0, 1, 5)
        ax.set_yticks(shares, [number(value) for value in coordinates[0].grid(len(shares))])
        ax.set_ylabel("value, log scale" if coordinates[0].log else "value")
    else:
        ax.set_yticks([0, 1], ["lower\nbound", "upper\nbound"])
    if len(coordinates) > _MOST_NAMES:
        every = -(-len(coordinates) // _MOST_NAMES)
        shown = range(0, len(coordinates), every)
        ax.set_xticks(shown, [coordinates[j].name for j in shown])
        return
    is_said = len(set(ranges)) > 1
    ax.set_xticks(
        range(len(coordinates)),
        [f"{along.name}\n{text}" if is_said else along.name for along, text in zip(coordinates, ranges)],
    )
    for j in range(len(coordinates)):
        ax.axvline(j, color="#BBBBBB", linewidth=0.8, zorder=0)


def _range(along: Coordinate) -> str:
    bounds = f"{number(along.lower)}\nto {number(along.upper)}"
    return f"{bounds}\n(log)" if along.log else bounds
