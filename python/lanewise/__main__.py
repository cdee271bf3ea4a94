"""``python -m lanewise plot RESULT.json --out FILE``: pictures of a result that was written as JSON."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lanewise import plot
from lanewise._result import Result
from lanewise.plot._style import require_matplotlib

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SUFFIXES = (".png", ".svg", ".pdf")
_OF_A_RESULT: dict[str, Callable[..., object]] = {
    "waterfall": plot.waterfall,
    "minima": plot.minima,
    "parallel": plot.parallel,
    "history": plot.history,
}
_OF_A_FORMULA = ("surface", "contour", "path", "basins")


def main(arguments: Sequence[str] | None = None) -> int:
    """Draws what the command line asks for. Returns the exit code: 0, or 2 where the input is bad."""
    options = _parser().parse_args(arguments)
    try:
        if options.out.suffix not in _SUFFIXES:
            raise ValueError(f"--out: {options.out}; a name that ends in {', '.join(_SUFFIXES)} is expected")
        _write(_draw(options), options.out)
    except (ImportError, OSError, ValueError) as error:
        print(f"lanewise: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lanewise", description="What the Python package does from a shell."
    )
    plotting = parser.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "plot", help="draw a result", description="Draws a result that was written as JSON."
    )
    plotting.add_argument("result", type=Path, metavar="RESULT.json", help="as lanewise minimize --json writes it")
    plotting.add_argument("--out", type=Path, required=True, metavar="FILE", help="a .png, .svg or .pdf")
    plotting.add_argument(
        "--kind",
        choices=("overview", *_OF_A_RESULT, *_OF_A_FORMULA),
        default="overview",
        help="which picture; the last four are of formulas (default: %(default)s)",
    )
    plotting.add_argument(
        "--variables",
        metavar="X,Y",
        help="the two variables of surface, contour, path and basins; others are held at the best point",
    )
    plotting.add_argument("--start-id", type=int, metavar="N", help="whose path is drawn (default: of the best run)")
    return parser


def _draw(options: argparse.Namespace) -> Figure:
    kind: str = options.kind
    if options.variables is not None and kind not in _OF_A_FORMULA:
        raise ValueError(f"--variables: {options.variables}; it is for {', '.join(_OF_A_FORMULA)}, not for {kind}")
    if options.start_id is not None and kind != "path":
        raise ValueError(f"--start-id: {options.start_id}; it is for path, not for {kind}")
    require_matplotlib()
    from matplotlib.figure import Figure

    result = Result.from_json(options.result.read_text(encoding="utf-8"))
    figure = Figure(layout="constrained")
    if kind == "overview":
        plot.overview(result, figure)
    elif kind in _OF_A_RESULT:
        _OF_A_RESULT[kind](result, ax=figure.add_subplot())
    else:
        _draw_formula(figure, result, options)
    return figure


def _draw_formula(figure: Figure, result: Result, options: argparse.Namespace) -> None:
    kind: str = options.kind
    formula = result.expression
    if formula is None:
        raise ValueError(
            f"--kind {kind}: {options.result} is of a function, not of a formula; "
            f"lanewise.plot.{kind} draws it in Python"
        )
    variables = None if options.variables is None else _two_names(options.variables)
    ax = figure.add_subplot(projection="3d" if kind == "surface" else None)
    if kind == "surface":
        plot.surface(formula, result, variables=variables, ax=ax)
    elif kind == "contour":
        plot.contour(formula, result, variables=variables, ax=ax)
    elif kind == "basins":
        plot.basins(formula, result, variables=variables, ax=ax)
    else:
        start_id = options.start_id
        if start_id is None:
            start_id = json.loads(result.to_json())["best"]["start_id"]
        plot.path(formula, result, start_id=start_id, variables=variables, ax=ax)


def _two_names(text: str) -> tuple[str, str]:
    names = [name.strip() for name in text.split(",")]
    if len(names) != 2:
        raise ValueError(f"--variables: {text}; two names are expected, as in x,y")
    return names[0], names[1]


def _write(figure: Figure, file: Path) -> None:
    """Writes the picture whole or not at all."""
    picture = io.BytesIO()
    figure.savefig(picture, format=file.suffix[1:], dpi=150)
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        part.write_bytes(picture.getvalue())
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
