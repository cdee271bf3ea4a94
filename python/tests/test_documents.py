"""The examples of the pages and docstrings run as they stand."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest

import lanewise

PAGES = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
IMPORT = re.compile(r"^\s*(?:import|from) (\w+)", re.MULTILINE)
OWN = {"lanewise", "numpy"}


def blocks() -> list[Any]:
    """Every block of Python with its page and number."""
    pages = [PAGES / "README.md", *sorted((PAGES / "doc").glob("*.md"))]
    return [
        pytest.param(page.name, code, id=f"{page.stem}-{number}")
        for page in pages
        if page.exists()
        for number, code in enumerate(BLOCK.findall(page.read_text()), 1)
    ]


@pytest.mark.parametrize(("page", "code"), blocks())
def test_block(page: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in sorted({*IMPORT.findall(code), *(["matplotlib"] if "lanewise.plot" in code else [])} - OWN):
        pytest.importorskip(package)
    if "lanewise.plot" in code:
        import matplotlib

        matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "example.py"
    file.write_text(code)
    exec(compile(code, str(file), "exec"), {"__name__": "__main__"})


def modules() -> list[str]:
    """The modules of the package that need nothing but numpy."""
    names = [f"lanewise.{module.name}" for module in pkgutil.iter_modules(lanewise.__path__)]
    return [name for name in names if name.split(".")[1] not in ("__main__", "plot", "botorch", "optuna")] + [
        "lanewise"
    ]


@pytest.mark.parametrize("name", modules())
def test_docstrings(name: str) -> None:
    failures, _ = doctest.testmod(importlib.import_module(name))
    assert failures == 0
