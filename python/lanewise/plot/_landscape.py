"""Pictures of a function over two of its variables: surface, contour, a run's path, the basins of starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lanewise._bounds import Bounds
from lanewise._objectives import Function, Jac
from lanewise._result import Result
from lanewise.plot._plane import Landscape, Plane, Shades, Variables
from lanewise.plot._style import (
    COLOURS,
    MOST_VECTORS,
    OTHER_MINIMA,
    axes,
    count,
    legend_below,
    minimum_label,
    require_matplotlib,
    rest_label,
    sense,
    spaced,
    thinned,
    title,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from typing_extensions import Unpack

    from lanewise._options import SearchOptions


_GREYS = ("#8C8C8C", "#FFFFFF")


def surface(
    fun: Function,
    bounds: Bounds | Result,
    *,
    jac: Jac = None,
    args: tuple[Any, ...] = (),
    parameters: Mapping[str, float] | None = None,
    variables: Variables | None = None,
    at: Result | npt.ArrayLike | None = None,
    points: int = 81,
    maximize: bool | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draws a function of two variables as a surface.

    Values that span many decades are drawn in their logarithm. Where the function is not finite there is
    a hole.

    Parameters
    ----------
    fun, jac, args, parameters
        As of `lanewise.minimize`.
    bounds
        As of `lanewise.minimize`, or a result, which has a box and, of a formula, its parameters.
    variables
        The two variables of the picture, by name or index; unless given, the first two that are not fixed.
    at
        A point [d], or a result with its best one, where the other variables are held. A result as `bounds`
        need not be repeated.
    points
        Values of each variable at which `fun` is evaluated; at least 2.
    maximize
        Whether the highest value is the best. Unless given, as of the result, and else not.
    ax
        Where to draw: 3-D axes, as of ``figure.add_subplot(projection="3d")``; a new figure of pyplot unless
        given.

    Returns
    -------
    mpl_toolkits.mplot3d.axes3d.Axes3D

    Raises
    ------
    ValueError, TypeError
        Naming the argument, its value and what is allowed; or where there is no finite value.
    ImportError
        Where there is no matplotlib.

    Examples
    --------
    >>> import lanewise
    >>> ax = lanewise.plot.surface("x^2 + y^2", {"x": (-1, 1), "y": (-1, 1)})
    """
    require_matplotlib()
    if ax is not None and ax.name != "3d":
        raise ValueError(f"ax: {ax.name} axes; a surface needs 3-D axes: figure.add_subplot(projection='3d')")
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    options = {} if maximize is None else {"maximize": maximize}
    landscape = Landscape(fun, bounds, jac=jac, args=args, parameters=parameters, at=at, options=options)
    plane = landscape.plane(variables, points)
    shades = landscape.shades(plane.f)
    ax = axes(ax, projection="3d")
    powers = FuncFormatter(lambda power, _: f"$10^{{{power:g}}}$")
    x, y = (np.log10(grid) if along.log else grid for along, grid in ((plane.x, plane.at_x), (plane.y, plane.at_y)))
    z = np.log10(shades.values) if shades.is_log else shades.values
    ax.plot_surface(x, y, z.filled(np.nan), cmap=shades.colours, rcount=points, ccount=points, antialiased=False)
    for axis, is_log in ((ax.xaxis, plane.x.log), (ax.yaxis, plane.y.log), (ax.zaxis, shades.is_log)):
        axis.set_major_locator(MaxNLocator(5, integer=is_log))
        if is_log:
            axis.set_major_formatter(powers)
    ax.set_xlabel(plane.x.name)
    ax.set_ylabel(plane.y.name)
    ax.set_zlabel(shades.label)
    title(ax, plane.held, sense(landscape.maximize))
    return ax


def contour(
    fun: Function,
    bounds: Bounds | Result,
    *,
    jac: Jac = None,
    args: tuple[Any, ...] = (),
    parameters: Mapping[str, float] | None = None,
    variables: Variables | None = None,
    at: Result | npt.ArrayLike | None = None,
    points: int = 201,
    maximize: bool | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draws a function of two variables as a filled contour with a colour bar. Dark is good.

    Values that span many decades are coloured by their logarithm. Where the function is not finite it is
    white.

    Parameters
    ----------
    fun, bounds, jac, args, parameters, variables, at, points, maximize
        As of `surface`.
    ax
        Where to draw; a new figure of pyplot unless given.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError, TypeError, ImportError
        As `surface`.

    Examples
    --------
    >>> import lanewise
    >>> ax = lanewise.plot.contour("x^2 + y^2", {"x": (-1, 1), "y": (-1, 1)})
    """
    require_matplotlib()
    options = {} if maximize is None else {"maximize": maximize}
    landscape = Landscape(fun, bounds, jac=jac, args=args, parameters=parameters, at=at, options=options)
    plane = landscape.plane(variables, points)
    ax = axes(ax)
    _fill(ax, plane, landscape.shades(plane.f))
    title(ax, plane.held, sense(landscape.maximize))
    return ax


def path(
    fun: Function,
    bounds: Bounds | Result,
    *,
    start_id: int | None = None,
    x0: npt.ArrayLike | None = None,
    jac: Jac = None,
    args: tuple[Any, ...] = (),
    parameters: Mapping[str, float] | None = None,
    variables: Variables | None = None,
    at: Result | npt.ArrayLike | None = None,
    points: int = 201,
    ax: Axes | None = None,
    **options: Unpack[SearchOptions],
) -> Axes:
    """Draws the path of a run over a filled contour: a white dot for each iteration, joined by a line.

    Parameters
    ----------
    fun, bounds, jac, args, parameters, variables, points
        As of `surface`. A result as `bounds` has the options of its search, too.
    start_id
        The start of the run, as a search with these options draws it; 0 unless given.
    x0
        A start of your own, [d], in place of `start_id`.
    at
        As of `surface`; unless given, where the path has its best value.
    ax
        Where to draw; a new figure of pyplot unless given.
    **options
        Those of `lanewise.minimize`: `rule`, `alpha`, `iterations`, `scale`, `schedule`, `seed` ...

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError, TypeError, ImportError
        As `surface`.

    Examples
    --------
    >>> import lanewise
    >>> ax = lanewise.plot.path("x^2 + y^2", {"x": (-1, 1), "y": (-1, 1)}, iterations=60)
    """
    if start_id is not None and x0 is not None:
        raise ValueError(f"start_id: {start_id}; with x0 there is no other start")
    require_matplotlib()
    landscape = Landscape(fun, bounds, jac=jac, args=args, parameters=parameters, at=at, options=options)
    values, visited = landscape.path(start_id or 0, x0)
    if at is None:
        losses = -values if landscape.maximize else values
        landscape.at = visited[np.argmin(np.where(np.isnan(losses), np.inf, losses))]
    plane = landscape.plane(variables, points)
    ax = axes(ax)
    _fill(ax, plane, landscape.shades(plane.f))
    dots = visited[thinned(len(visited))]
    ax.plot(
        dots[:, plane.i],
        dots[:, plane.j],
        color="white",
        linewidth=0.8,
        marker="o",
        markersize=4,
        markeredgecolor="black",
        markeredgewidth=0.3,
    )
    title(
        ax,
        f"path of {f'start {start_id or 0}' if x0 is None else 'x0'}, {count(len(visited) - 1, 'iteration')}",
        plane.held,
        sense(landscape.maximize),
    )
    return ax


def basins(
    fun: Function,
    result: Result,
    *,
    jac: Jac = None,
    args: tuple[Any, ...] = (),
    variables: Variables | None = None,
    points: int = 201,
    ax: Axes | None = None,
) -> Axes:
    """Draws where the runs of a search began, coloured by the minimum where they ended, over a grey contour.

    Stars are the minima. Runs that were pruned, broke or were cut off came to none. Of more than 100 000
    starts, so many are drawn, evenly chosen.

    Parameters
    ----------
    fun, jac, args
        What was searched, as `lanewise.minimize` got it. Parameters of a formula are in the result.
    result
        What `lanewise.minimize` returned, or `Result.from_json` read.
    variables, points
        As of `surface`. Other variables are held at the best point.
    ax
        Where to draw; a new figure of pyplot unless given.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError, TypeError, ImportError
        As `surface`.

    Examples
    --------
    >>> import lanewise
    >>> himmelblau = "(x^2 + y - 11)^2 + (x + y^2 - 7)^2"
    >>> result = lanewise.minimize(himmelblau, {"x": (-5, 5), "y": (-5, 5)})
    >>> ax = lanewise.plot.basins(himmelblau, result)
    """
    require_matplotlib()
    if any(minimum.start_ids.size < minimum.hits for minimum in result.minima):
        raise ValueError("result: its parts do not tell which starts came to which minimum; search with start_ids=True")
    landscape = Landscape(fun, result, jac=jac, args=args, parameters=None, at=None, options={})
    plane = landscape.plane(variables, points)
    ax = axes(ax)
    _fill(ax, plane, landscape.shades(plane.f), is_grey=True)
    started = result.runs["started"]
    ids = thinned(started)
    starts = landscape.starts(ids)[:, [plane.i, plane.j]]
    minimum_of = np.full(started, -1)
    for i, minimum in enumerate(result.minima):
        minimum_of[minimum.start_ids] = i
    of = minimum_of[ids]
    size = float(np.clip(8000 / ids.size, 1, 16))

    def dots(which: npt.NDArray[np.bool_], label: str, **style: Any) -> None:
        if which.any():
            ax.scatter(*starts[which].T, s=size, label=label, rasterized=ids.size > MOST_VECTORS, **style)

    for i, minimum in enumerate(result.minima[: len(COLOURS)]):
        dots(of == i, minimum_label(i, minimum), color=COLOURS[i], linewidths=0)
        place = minimum.x[[plane.i, plane.j]]
        ax.scatter(*place, s=140, marker="*", color=COLOURS[i], edgecolors="black", zorder=3)
    dots(of >= len(COLOURS), rest_label(result), color=OTHER_MINIMA, linewidths=0, zorder=0.8)
    is_cut = len(result.minima) < result.minima_found
    dots(
        of < 0,
        f"not at the best {spaced(len(result.minima))} minima" if is_cut else "came to no minimum",
        color="white",
        edgecolors=OTHER_MINIMA,
        linewidths=np.sqrt(size) / 8,
        zorder=0.6,
    )
    legend_below(ax, markerscale=5 / np.sqrt(size))
    title(
        ax,
        f"{count(started, 'start')}, by the minimum where their runs ended",
        f"{count(ids.size, 'start')} drawn" if ids.size < started else "",
        plane.held,
        sense(landscape.maximize),
    )
    return ax


def _fill(ax: Axes, plane: Plane, shades: Shades, is_grey: bool = False) -> None:
    """A filled contour with its colour bar, below all else; in vector formats it is an image."""
    from matplotlib.colors import LinearSegmentedColormap, LogNorm
    from matplotlib.ticker import LogLocator, MaxNLocator

    filled = ax.contourf(
        plane.at_x,
        plane.at_y,
        shades.values,
        shades.levels,
        norm=LogNorm(shades.levels[0], shades.levels[-1]) if shades.is_log else None,
        cmap=LinearSegmentedColormap.from_list("greys", _GREYS) if is_grey else shades.colours,
        zorder=-1,
    )
    ax.set_rasterization_zorder(0)
    ticks = LogLocator() if shades.is_log else MaxNLocator(8)
    ax.figure.colorbar(filled, ax=ax, label=shades.label, ticks=ticks)
    ax.set_xscale(plane.x.scale)
    ax.set_yscale(plane.y.scale)
    ax.set_xlim(plane.x.lower, plane.x.upper)
    ax.set_ylim(plane.y.lower, plane.y.upper)
    ax.set_xlabel(plane.x.name)
    ax.set_ylabel(plane.y.name)
