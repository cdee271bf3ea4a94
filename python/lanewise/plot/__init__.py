"""Pictures of functions, runs and results, by matplotlib.

Each function draws one picture on the axes `ax` and returns them; without `ax` it makes a figure of pyplot. `overview` and `fits`
draw on a figure.
doc/plots.md shows them all.

>>> import lanewise
>>> result = lanewise.minimize("(x^2 + y - 11)^2 + (x + y^2 - 7)^2", {"x": (-5, 5), "y": (-5, 5)})
>>> ax = lanewise.plot.waterfall(result)
>>> ax.figure.savefig("waterfall.png")
"""

from __future__ import annotations

from lanewise.plot._fits import fits
from lanewise.plot._landscape import basins, contour, path, surface
from lanewise.plot._overview import overview
from lanewise.plot._results import history, minima, parallel, waterfall

__all__ = ["basins", "contour", "fits", "history", "minima", "overview", "parallel", "path", "surface", "waterfall"]
