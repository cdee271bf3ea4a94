"""What the pictures have in common: axes, numbers, colours, thinning, and the scale of values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lanewise._bounds import Array
from lanewise._result import Minimum, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_DRAWN = 100_000
"""Of more runs, so many are drawn."""

MOST_VECTORS = 2000
"""More dots or lines are an image in a vector format."""

# Seven colours that the colour-blind can tell apart, too (Okabe and Ito); minima after them share one.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
OTHER_MINIMA = "#444444"

# Values that differ by less count as equal: absolutely, or as a share of the best or the largest difference.
_SAME_VALUE = 1e-15
_SAME_SHARE = 2.0**-40


def require_matplotlib() -> None:
    """Raises ImportError where there is no matplotlib."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise ImportError("lanewise.plot draws with matplotlib, which is missing: pip install matplotlib") from None


def axes(ax: Axes | None, projection: str | None = None) -> Axes:
    """The axes to draw on; new ones of pyplot where there are none."""
    require_matplotlib()
    if ax is not None:
        return ax
    import matplotlib.pyplot

    return matplotlib.pyplot.figure(layout="constrained").add_subplot(projection=projection)


def number(value: float, digits: int = 5) -> str:
    """A number as pictures show it."""
    return f"{value:.{digits}g}".replace("-", "\N{MINUS SIGN}")


def spaced(of: int) -> str:
    """A count as pictures show it: "20 000"."""
    return f"{of:,}".replace(",", "\N{NO-BREAK SPACE}")


def count(of: int, noun: str) -> str:
    """How many there are: "1 run", "20 000 runs", "2 minima"."""
    plural = {"minimum": "minima"}.get(noun, noun + "s")
    return f"{spaced(of)} {noun if of == 1 else plural}"


def described(result: Result, drawn: int) -> str:
    """How many minima are drawn: "4 minima", "the best 1 000 of 9 508 minima"."""
    found = count(result.minima_found, "minimum")
    return found if drawn == result.minima_found else f"the best {spaced(drawn)} of {found}"


def is_maximised(result: Result) -> bool:
    """Whether the search looked for the highest value."""
    return bool(result.options["maximize"])


def title(ax: Axes, *parts: str) -> None:
    """Sets the title, a line for each part that says something."""
    ax.set_title("\n".join(part for part in parts if part), fontsize="medium")


def sense(maximize: bool) -> str:
    """What a title says of a search for the highest value."""
    return "maximised" if maximize else ""


def minimum_label(index: int, minimum: Minimum) -> str:
    """What a legend calls a minimum."""
    return f"{index + 1}: f = {number(minimum.fun)} ({count(minimum.hits, 'run')})"


def rest_label(result: Result) -> str:
    """What a legend calls the minima that have no colour of their own."""
    return f"{spaced(len(result.minima) - len(COLOURS))} more"


def thinned(of: int) -> npt.NDArray[np.int64]:
    """Indices below `of`, evenly spaced: all, or `MOST_DRAWN`."""
    if of <= MOST_DRAWN:
        return np.arange(of)
    return np.asarray(np.linspace(0, of - 1, MOST_DRAWN).round(), np.int64)


def value_axis(ax: Axes, values: npt.ArrayLike, best: float, maximize: bool) -> Array:
    """Sets up the vertical axis for how much worse values are than the best; returns these differences.

    The scale is logarithmic where they differ by more than two decades, with 0 in a linear part below.
    """
    worse: Array = np.maximum(best - np.asarray(values) if maximize else np.asarray(values) - best, 0)
    most = float(worse.max(initial=0))
    worse[worse <= max(_SAME_VALUE, _SAME_SHARE * max(most, abs(best)))] = 0
    ax.set_ylabel(difference_label(best, maximize))
    positive = worse[worse > 0]
    if positive.size and most > 100 * positive.min():
        least = 10 ** np.floor(np.log10(positive.min()))
        ax.set_yscale("symlog", linthresh=least, linscale=0.5)
        ax.set_ylim(-least / 3, most * 3)
    else:
        top = most if positive.size else 1
        ax.set_ylim(-0.05 * top, 1.05 * top)
    return worse


def difference_label(best: float, maximize: bool) -> str:
    """The label of an axis or colour bar for differences from the best value."""
    if best == 0:
        return "\N{MINUS SIGN}f" if maximize else "f"
    named = f"best f = {number(best)}"
    return f"below {named}" if maximize else f"above {named}"


def legend_below(ax: Axes, **options: Any) -> None:
    """A legend below the name of the horizontal axis."""
    ax.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, 0), borderaxespad=5, ncol=2, **options)
