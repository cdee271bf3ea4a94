"""Draws the pictures of doc/plots.md anew: runs each of its blocks of Python and saves what it drew.

    python python/doc_pictures.py

It needs lanewise, matplotlib and Pillow, which comes with matplotlib.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot
from PIL import Image

_DOC = Path(__file__).resolve().parent.parent / "doc"
_BLOCK = re.compile(r"^```python\n(.*?)^```\n\n!\[[^\]]*\]\((plots/\w+\.png)\)", re.MULTILINE | re.DOTALL)


def main() -> None:
    """Writes each picture and tells its size."""
    for code, name in _BLOCK.findall((_DOC / "plots.md").read_text(encoding="utf-8")):
        drawn: dict[str, Any] = {}
        exec(compile(code, name, "exec"), drawn)
        figure = drawn["figure"] if "figure" in drawn else drawn["ax"].figure
        _save(figure, _DOC / name)
        matplotlib.pyplot.close("all")
        print(f"{name}: {(_DOC / name).stat().st_size / 1000:.0f} kB")


def _save(figure: Any, file: Path) -> None:
    """A PNG of 256 colours, as small as such pictures can be."""
    file.parent.mkdir(exist_ok=True)
    picture = io.BytesIO()
    is_large = figure.get_size_inches()[0] > 8
    figure.savefig(picture, dpi=64 if is_large else 90)
    Image.open(picture).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)


if __name__ == "__main__":
    main()
