"""Files, which are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def _beside(file: Path) -> Path:
    return file.with_name(f".{file.name}-{os.getpid()}.tmp")


@contextmanager
def replaced(file: Path) -> Iterator[Path]:
    """A file beside this one, which takes its place when it is written."""
    temporary = _beside(file)
    try:
        yield temporary
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)


def writer(file: Path) -> Callable[[bytes], None]:
    """What writes the file anew with each call. One that cannot be written fails at once."""
    temporary = _beside(file)
    temporary.touch()
    temporary.unlink()

    def write(state: bytes) -> None:
        with replaced(file) as temporary:
            temporary.write_bytes(state)

    return write
