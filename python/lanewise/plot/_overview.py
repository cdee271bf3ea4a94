"""Several pictures of a result in one figure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from lanewise._result import Result
from lanewise.plot._landscape import basins
from lanewise.plot._results import history, minima, parallel, waterfall
from lanewise.plot._style import count, is_maximised, number, require_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def overview(result: Result, figure: Figure | None = None) -> Figure:
    """Draws a waterfall, the minima, and their parallel coordinates; the history and the basins where they are known.

    There is a history unless the result was read from JSON, and there are basins of a formula that has two variables
    or more.

    Parameters
    ----------
    result
        What `lanewise.minimize` returned, or `Result.from_json` read.
    figure
        An empty figure to draw on; a new one of pyplot unless given.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        Where there is no matplotlib.

    Examples
    --------
    >>> import lanewise
    >>> result = lanewise.minimize("x^2 + y^2 + sin(5*x)", {"x": (-3, 3), "y": (-3, 3)}, starts=100)
    >>> figure = lanewise.plot.overview(result)
    """
    require_matplotlib()
    formula = result.expression
    panels: list[Callable[[Axes], Axes]] = [
        lambda ax: waterfall(result, ax=ax),
        lambda ax: minima(result, most=10, ax=ax),
    ]
    if formula is not None and np.count_nonzero(result.lower < result.upper) >= 2:
        panels.append(lambda ax: basins(formula, result, ax=ax))
    if result.history is not None:
        panels.append(lambda ax: history(result, ax=ax))
    columns = 3 if len(panels) > 3 else 2
    size = (6 * columns, 10)
    if figure is None:
        import matplotlib.pyplot

        figure = matplotlib.pyplot.figure(layout="constrained")
    figure.set_size_inches(size)
    grid = figure.add_gridspec(2, columns)
    for place, draw in enumerate(panels):
        draw(figure.add_subplot(grid[place // columns, place % columns]))
    parallel(result, ax=figure.add_subplot(grid[1, len(panels) - columns :]))
    best = f"{'highest' if is_maximised(result) else 'lowest'} f = {number(result.fun, 10)}"
    found = f"{count(result.minima_found, 'minimum')} by {count(result.runs['started'], 'start')}, {result.reason}"
    figure.suptitle(f"{best}\n{found}")
    return figure
