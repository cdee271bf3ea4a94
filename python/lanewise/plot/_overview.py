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
    """Draws a waterfall, the minima and their parallel coordinates; history and basins where known.

    There is a history unless the result was read from JSON, and there are basins of a formula that has two
    variables or more.

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
    if figure is None:
        import matplotlib.pyplot

        figure = matplotlib.pyplot.figure(layout="constrained")
    figure.set_size_inches(5 * columns, 9)
    # Each row has margins of its own, as legends beside and below need room.
    upper, lower = figure.subfigures(2, 1)
    for place, draw in enumerate(panels[:columns]):
        draw(upper.add_subplot(1, columns, place + 1))
    for place, draw in enumerate(panels[columns:]):
        draw(lower.add_subplot(1, columns, place + 1))
    parallel(result, ax=lower.add_subplot(1, columns, (len(panels) - columns + 1, columns)))
    best = f"{'highest' if is_maximised(result) else 'lowest'} f = {number(result.fun, 10)}"
    found = f"{count(result.minima_found, 'minimum')} by {count(result.runs['started'], 'start')}"
    figure.suptitle(f"{best}\n{found}, {result.reason}")
    return figure
